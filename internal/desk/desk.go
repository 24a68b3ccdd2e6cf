// Package desk serves the sign-in and identification of Mandat for tests: the real router, pages, sessions and relying
// parties on a database of their own, with placeholders where the pages of aidants and auditors are.
package desk

import (
	"context"
	"fmt"
	"html"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/uuid"

	"mandat/internal/browse"
	"mandat/internal/contact"
	"mandat/internal/credential"
	"mandat/internal/fixture"
	"mandat/internal/franceconnect"
	"mandat/internal/idp"
	"mandat/internal/journal"
	"mandat/internal/maillink"
	"mandat/internal/org"
	"mandat/internal/page"
	"mandat/internal/page/pagetest"
	"mandat/internal/proconnect"
	"mandat/internal/session"
	"mandat/internal/signin"
	"mandat/internal/site/account"
	"mandat/internal/site/login"
)

// Desk is a running site.
type Desk struct {
	*fixture.World
	URL           string // http://localhost:PORT
	Sessions      *session.Sessions
	Factors       *credential.Register
	Contacts      *contact.Register
	Door          *signin.Door
	Links         *maillink.Links
	Post          *Post
	ProConnect    *proconnect.RP
	FranceConnect *franceconnect.RP
	Provider      *idp.Provider
	Pages         *page.Pages
	Router        *page.Router
	Acted         atomic.Int32 // how often POST /ailleurs was done
}

// Open starts a site. setup is told its address, and returns how it is registered at the two providers; addresses of our
// own that it leaves out are filled in.
func Open(t testing.TB, setup func(address string) (proconnect.Config, franceconnect.Config)) *Desk {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	_, port, err := net.SplitHostPort(listener.Addr().String())
	must(t, err)
	d := &Desk{World: fixture.New(t), URL: "http://localhost:" + port}
	pc, fc := setup(d.URL)
	pc.RedirectURL, pc.HomeURL = d.URL+"/connexion/proconnect/retour", d.URL+"/"
	fc.RedirectURL, fc.EndURL = d.URL+"/connexion/franceconnect/retour", d.URL+"/connexion/franceconnect/fin"
	d.people(t)
	d.ProConnect, err = proconnect.New(pc, proconnect.Parts{Directory: d.Directory, Sessions: d.Sessions, Door: d.Door, Factors: d.Factors, Invitations: d.Invitations, Journal: d.Journal, Clock: d.Clock})
	must(t, err)
	d.Pages = pagetest.PagesFor(t, page.Options{SignOutOrigins: []string{d.ProConnect.Origin()}})
	d.FranceConnect, err = franceconnect.New(fc, franceconnect.Parts{DB: d.DB, Sessions: d.Sessions, Drafts: d.Drafts, Catalogue: d.Catalogue, Pages: d.Pages, Clock: d.Clock})
	must(t, err)
	d.Router = page.NewRouter(page.RouterOptions{Pages: d.Pages, Log: slog.New(slog.NewTextHandler(t.Output(), nil)), CrossOrigin: idp.CrossOrigin(), Organised: idp.Organised()})
	d.Provider = d.provider(t)
	d.mount(t)
	server := httptest.NewUnstartedServer(d.Router.Start())
	must(t, server.Listener.Close())
	server.Listener = listener
	server.Start()
	t.Cleanup(server.Close)
	return d
}

func (d *Desk) mount(t testing.TB) {
	t.Helper()
	d.Router.Guard(page.Browser, d.Sessions.Browser)
	d.Router.Guard(page.Account, d.Sessions.Account)
	d.Router.Guard(page.Aidant, d.Sessions.Aidant)
	d.Router.Guard(page.Referent, d.Sessions.Referent)
	d.Router.Guard(page.Administrator, d.Sessions.Administrator)
	d.Router.Guard(page.Auditor, d.Sessions.Auditor)
	d.Router.Guard(page.Fraud, d.Sessions.Fraud)
	d.Router.Guard(page.Prefecture, d.Sessions.Prefecture)
	(&login.Site{Pages: d.Pages, ProConnect: d.ProConnect, Sessions: d.Sessions, Door: d.Door, Links: d.Links, Factors: d.Factors, Charter: d.Charter, Invitations: d.Invitations, Logins: d.Provider,
		Directory: d.Directory, Clock: d.Clock, Contact: login.Contact{Phone: "+33 1 99 00 00 00", Email: "aide@exemple.invalid"}}).Mount(d.Router)
	(&account.Site{Pages: d.Pages, Sessions: d.Sessions, Door: d.Door, Factors: d.Factors, Directory: d.Directory, Contacts: d.Contacts, Certifications: d.Certifications, Press: d.press(t),
		Journal: d.Journal, Clock: d.Clock}).Mount(d.Router)
	d.FranceConnect.Mount(d.Router)
	d.Provider.Mount(d.Router)
	d.Router.Get("/{$}", page.Browser, d.show("accueil"))
	d.Router.Get("/espace", page.Aidant, d.show("espace"))
	d.Router.Get("/ailleurs", page.Aidant, d.showForm)
	d.Router.ComeBack("POST /ailleurs", page.Back{Fields: []string{"text", "more-"}})
	d.Router.Post("/ailleurs", page.Aidant, func(w http.ResponseWriter, r *http.Request) error {
		d.Acted.Add(1)
		return d.show("ailleurs")(w, r)
	})
	d.Router.Get("/audit", page.Auditor, d.show("audit"))
	d.Router.Get("/referent", page.Referent, d.show("referent"))
	d.Router.Get("/admin", page.Administrator, d.show("admin"))
	d.Router.Get("/fort", page.Aidant, func(w http.ResponseWriter, r *http.Request) error { return d.Sessions.SendToStepUp(w, r, "/ailleurs") })
	d.Router.Get("/brouillons/{draft}/identite", page.Aidant, d.showIdentity)
	d.Router.Get("/brouillons/{draft}/recapitulatif", page.Aidant, d.show("recapitulatif"))
}

// show is a placeholder that says who is signed in.
func (d *Desk) show(title string) page.Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		return d.write(w, title, who(r)+`<form method="post" action="/deconnexion"><button>quitter</button></form>`)
	}
}

func who(r *http.Request) string {
	text := "nobody"
	if at := session.From(r.Context()); at != nil {
		text = fmt.Sprintf("%s %s %s", at.Role, at.Person, at.Organisation)
	}
	return `<p id="who">` + text + `</p>`
}

// showForm is a page with a form, filled in with what waited for its person.
func (d *Desk) showForm(w http.ResponseWriter, r *http.Request) error {
	form, err := d.Sessions.KeptForm(r, "/ailleurs", nil)
	if err != nil {
		return err
	}
	at := session.From(r.Context())
	return d.write(w, "ailleurs", who(r)+fmt.Sprintf(`<form method="post" action="/deconnexion"><button>quitter</button></form>
		<form method="post"><input type="hidden" name="author" value="%s"><p id="waited">%s</p><button>envoyer</button></form>`, page.AuthorOf(at.Person), html.EscapeString(form.Some("text", "more-", "code", "author").Encode())))
}

// showIdentity stands for the draft's identity page: it shows the message that was left for it.
func (d *Desk) showIdentity(w http.ResponseWriter, r *http.Request) error {
	id, err := uuid.Parse(r.PathValue("draft"))
	if err != nil {
		return err
	}
	notice, err := d.Sessions.Notice(r.Context(), session.From(r.Context()), franceconnect.About(id))
	if err != nil {
		return err
	}
	return d.write(w, "identite", `<p id="notice">`+html.EscapeString(notice)+`</p><form method="post"><button>identifier</button></form>`)
}

func (d *Desk) write(w http.ResponseWriter, title, body string) error {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", "form-action 'self' "+d.ProConnect.Origin()+" "+d.FranceConnect.Origin())
	_, err := fmt.Fprintf(w, "<!doctype html><title>%s</title><h1>%s</h1>%s", title, title, body)
	return err
}

// Person adds somebody whom a provider names by sub. Without an organisation they are an auditor.
func (d *Desk) Person(t testing.TB, issuer, sub string, organisation uuid.UUID, roles ...string) uuid.UUID {
	t.Helper()
	id, err := d.Directory.AddPerson(t.Context(), journal.Program(), org.Person{Issuer: issuer, Sub: sub, Email: strings.ToLower(sub) + "@exemple.invalid",
		GivenName: "Prénom", UsualName: "Nom", Auditor: organisation == uuid.Nil}, organisation, roles...)
	must(t, err)
	fixture.Agree(t, d.Database, d.Clock.Now(), id)
	if slices.Contains(roles, org.RoleAidant) {
		fixture.Certify(t, d.Database, d.Clock.Now(), id)
	}
	return id
}

// Behind runs a statement as superuser, behind the program's back.
func (d *Desk) Behind(t testing.TB, sql string, args ...any) {
	t.Helper()
	_, err := d.Connect(t, d.Superuser).Exec(t.Context(), sql, args...)
	must(t, err)
}

// Number reads a number as superuser.
func (d *Desk) Number(t testing.TB, sql string, args ...any) int {
	t.Helper()
	var n int
	must(t, d.Connect(t, d.Superuser).QueryRow(t.Context(), sql, args...).Scan(&n))
	return n
}

// SignIn walks to ProConnect and stops where it asks who it is, or (a rogue provider asks nothing) where it led.
func (d *Desk) SignIn(t testing.TB, b *browse.Browser) {
	t.Helper()
	must(t, b.Get(d.URL+session.SignInPath))
	must(t, b.Press("ProConnect", nil))
}

// AtOnce opens an address many times at the same moment with a browser's cookie, and returns the statuses, sorted.
func (d *Desk) AtOnce(t testing.TB, b *browse.Browser, address string, times int) []int {
	t.Helper()
	secret, _ := b.Cookie("mandat")
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	var wg sync.WaitGroup
	out := make([]int, times)
	for i := range out {
		wg.Go(func() {
			req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
			if err != nil {
				t.Error(err)
				return
			}
			req.AddCookie(&http.Cookie{Name: "mandat", Value: secret})
			res, err := client.Do(req)
			if err != nil {
				t.Error(err)
				return
			}
			_, _ = io.Copy(io.Discard, res.Body)
			_ = res.Body.Close()
			out[i] = res.StatusCode
		})
	}
	wg.Wait()
	slices.Sort(out)
	return out
}

// Draft starts a draft for whoever is signed in with this person and organisation.
func (d *Desk) Draft(t testing.TB, person, organisation uuid.UUID) uuid.UUID {
	t.Helper()
	draft, err := d.Drafts.Start(context.WithoutCancel(t.Context()), journal.Actor{Kind: journal.Aidant, Person: person, Organisation: organisation}, fixture.Terms(fixture.Tax))
	must(t, err)
	return draft.ID
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
