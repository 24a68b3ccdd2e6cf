package e2e

import (
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/jackc/pgx/v5"

	"mandat/internal/credential"
	"mandat/internal/evidence"
	"mandat/internal/fixture"
	"mandat/internal/journal"
	"mandat/internal/page"
	"mandat/web"
)

// paper is a page with one form that a passkey signs, and no more: what js/passkey.js and a browser make of a signature.
type paper struct {
	*fixture.World
	pages   *page.Pages
	factors *credential.Register
	digest  []byte
	signed  []string           // what was sent with each form: "agreed", "code"
	last    evidence.Assertion // of the last signature
	url     string
}

const paperText = `{{define "main"}}<h1>{{t "aidant.recap.title"}}</h1>
<form method="post" action="/signature" novalidate>
  <input type="checkbox" name="agreed" id="agreed" aria-label="{{t "aidant.recap.title"}}">
  {{template "sign" (args "Options" "/options")}}<button type="submit" id="code">{{t "recap.confirm"}}</button>
</form>
{{template "passkey" (args "Kind" "create" "Begin" "/cle" "Finish" "/cle/reponse" "Button" (t "recap.confirm") "Without" (t "sign.without") "Name" "")}}{{end}}`

func newPaper(t *testing.T) *paper {
	t.Helper()
	p := &paper{World: fixture.New(t), digest: make([]byte, 32)}
	files := fstest.MapFS{"templates/aidant/paper.html": {Data: []byte(paperText)}}
	err := fs.WalkDir(web.Files, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		content, err := fs.ReadFile(web.Files, name)
		files[name] = &fstest.MapFile{Data: content}
		return err
	})
	if err == nil {
		p.pages, err = page.Load(files, page.Options{})
	}
	if err != nil {
		t.Fatal(err)
	}
	r := page.NewRouter(page.RouterOptions{Pages: p.pages, Log: slog.New(slog.DiscardHandler)})
	r.Get("/{$}", page.Browser, p.show)
	r.Post("/cle", page.Browser, p.begin)
	r.Post("/cle/reponse", page.Browser, p.finish)
	r.Post("/options", page.Browser, p.options)
	r.Post("/signature", page.Browser, p.sign)
	server := httptest.NewServer(r.Start())
	t.Cleanup(server.Close)
	_, port, err := net.SplitHostPort(server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	p.url = "http://localhost:" + port
	p.factors, err = credential.New(p.DB, p.Journal, p.Keys, p.Clock, credential.Config{RPID: "localhost", Origins: []string{p.url}, Name: "Mandat"}, credential.Hooks{})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

type paperPage struct{ page.Common }

func (p *paper) show(w http.ResponseWriter, r *http.Request) error {
	return p.pages.Render(w, r, http.StatusOK, "aidant/paper.html", &paperPage{page.Common{Title: "aidant.recap.title", Scripts: []string{"js/passkey.js"}}})
}

func (p *paper) begin(w http.ResponseWriter, r *http.Request) error {
	question, err := p.factors.BeginPasskey(r.Context(), p.Jeanne, p.Jeanne.Session)
	if err != nil {
		return err
	}
	return page.WriteJSON(w, http.StatusOK, json.RawMessage(question))
}

func (p *paper) finish(w http.ResponseWriter, r *http.Request) error {
	var made struct{ Response json.RawMessage }
	body, err := io.ReadAll(r.Body)
	if err == nil {
		err = json.Unmarshal(body, &made)
	}
	if err == nil {
		_, err = p.factors.AddPasskey(r.Context(), p.Jeanne, p.Jeanne.Session, "Clé", made.Response)
	}
	if err != nil {
		return err
	}
	return page.WriteJSON(w, http.StatusOK, map[string]string{"location": "/"})
}

// options answers what a key is to sign, or that there is none.
func (p *paper) options(w http.ResponseWriter, r *http.Request) error {
	var sent struct{ Form map[string]string }
	body, err := io.ReadAll(r.Body)
	if err == nil {
		err = json.Unmarshal(body, &sent)
	}
	if err != nil {
		return err
	}
	if sent.Form["agreed"] != "on" {
		return page.Refuse(w, http.StatusUnprocessableEntity, "agreed")
	}
	question, err := p.factors.BeginSignature(r.Context(), p.Jeanne, p.digest)
	if errors.Is(err, credential.ErrNoFactor) {
		return page.Refuse(w, http.StatusForbidden, "no_key")
	}
	if err != nil {
		return err
	}
	return page.WriteJSON(w, http.StatusOK, json.RawMessage(question))
}

func (p *paper) sign(w http.ResponseWriter, r *http.Request) error {
	form, err := page.ParseForm(r)
	if err != nil {
		return err
	}
	how := "code"
	if answer := form.Value("assertion"); answer != "" {
		how = "passkey"
		b := &pgx.Batch{}
		s := p.factors.Sign(b, p.Jeanne, []byte(answer))
		err := p.Journal.RecordAfter(r.Context(), p.Jeanne, b, func(tx *journal.Tx) (journal.Event, error) {
			made, err := s.Check(tx, p.digest)
			p.last = made.Evidence()
			return journal.Event{Action: "mandate.listed"}, err
		})
		if err := p.factors.Settle(r.Context(), s, err); err != nil {
			return err
		}
	}
	p.signed = append(p.signed, how+" "+form.Value("agreed"))
	page.Redirect(w, r, "/")
	return nil
}

// A passkey signs a form in a real browser: the form is sent with the answer, refusals are said in place and lose nothing, and coming back
// to it finds no answer of before.
func TestSignature_InTheBrowser(t *testing.T) {
	t.Parallel()
	at := newPaper(t)
	p := arrive(t, habits{lang: "fr"})
	says := func(key string) {
		t.Helper()
		p.until("text "+key, func() bool {
			return ask[string](p, `document.querySelector("form [data-passkey-status]").textContent`) == p.text(key)
		})
	}
	const button = "form [data-passkey-go]"
	p.open(at.url + "/")
	p.click(button)
	says("sign.agreed")
	p.tick("#agreed")
	p.click(button)
	says("sign.no_key")
	authenticator := p.plug()
	p.press(`[data-passkey="create"] [data-passkey-go]`)
	p.tick("#agreed")
	p.press(button)
	if got := strings.Join(at.signed, ", "); got != "passkey on" {
		t.Errorf("signed %q", got)
	}
	if at.last.Origin != at.url || at.last.RPID != "localhost" {
		t.Errorf("signed on %s for %s", at.last.Origin, at.last.RPID)
	}
	p.leads(func() { ask[bool](p, `(setTimeout(() => history.back()), true)`) })
	if left := ask[string](p, `document.querySelector("[data-passkey-answer]").value`); left != "" {
		t.Errorf("the answer of before is still there: %.40s", left)
	}
	authenticator.unplug()
	p.open(at.url + "/")
	p.tick("#agreed")
	p.press("#code")
	if got := strings.Join(at.signed, ", "); got != "passkey on, code on" {
		t.Errorf("signed %q", got)
	}
}

// Without scripts there is the code, and no button that does nothing.
func TestSignature_WithoutScripts(t *testing.T) {
	t.Parallel()
	at := newPaper(t)
	p := arrive(t, habits{lang: "fr", noScripts: true})
	p.open(at.url + "/")
	if ask[bool](p, `document.querySelector("form [data-passkey-go]").checkVisibility()`) {
		t.Error("a button that does nothing")
	}
	p.press("#code")
	if got := strings.Join(at.signed, ", "); got != "code " {
		t.Errorf("signed %q", got)
	}
}
