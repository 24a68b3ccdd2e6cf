package desk

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/pquerna/otp/totp"
	"golang.org/x/net/html"

	"mandat/internal/browse"
	"mandat/internal/charter"
	"mandat/internal/journal"
	"mandat/internal/org"
	"mandat/internal/softkey"
)

// Newcomer adds somebody whom ProConnect does not know, with roles in Here, who has accepted the charter. Their address is
// name@exemple.invalid.
func (d *Desk) Newcomer(t testing.TB, name string, roles ...string) journal.Actor {
	t.Helper()
	id, err := d.Directory.AddPerson(t.Context(), journal.Program(), org.Person{Email: name + "@exemple.invalid", EmailVerified: true, GivenName: name, UsualName: "Fictif"}, d.Here, roles...)
	must(t, err)
	must(t, d.Charter.Publish(t.Context()))
	by := journal.Actor{Kind: journal.Aidant, Person: id, Organisation: d.Here}
	must(t, d.Charter.Accept(t.Context(), by, charter.Version, charter.Sum()))
	return by
}

// App gives a person an application, and returns what shows its code of the moment. Its first code has been used: the clock moves on.
func (d *Desk) App(t testing.TB, by journal.Actor) (code func() string) {
	t.Helper()
	by.FactorAt, by.Enrolling = time.Time{}, true
	app, err := d.Factors.StartApp(t.Context(), by)
	must(t, err)
	code = func() string { return CodeOf(t, app.Key, d.Clock.Now()) }
	_, err = d.Factors.ConfirmApp(t.Context(), by, code(), netip.IPv6Loopback())
	must(t, err)
	d.Clock.Advance(time.Minute)
	return code
}

// CodeOf is the code that an application with this key shows at an instant.
func CodeOf(t testing.TB, key string, now time.Time) string {
	t.Helper()
	out, err := totp.GenerateCode(strings.ReplaceAll(key, " ", ""), now)
	must(t, err)
	return out
}

// Key is a passkey of this site that is nobody's yet.
func (d *Desk) Key(t testing.TB) *softkey.Key {
	t.Helper()
	k, err := softkey.New(d.URL, "localhost")
	must(t, err)
	return k
}

// Script posts JSON as a module on the browser's page would, with the browser's cookies, and returns what came.
func (d *Desk) Script(t testing.TB, b *browse.Browser, path string, body any) (status int, answer map[string]any) {
	t.Helper()
	encoded, err := json.Marshal(body)
	must(t, err)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, d.URL+path, bytes.NewReader(encoded))
	must(t, err)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	for _, c := range b.Cookies() {
		if c.Host == req.URL.Hostname() {
			req.AddCookie(&http.Cookie{Name: c.Name, Value: c.Value})
		}
	}
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := client.Do(req)
	must(t, err)
	defer func() { _ = res.Body.Close() }()
	received, err := io.ReadAll(res.Body)
	must(t, err)
	cookies := b.Cookies()
	for _, c := range res.Cookies() {
		cookies = slices.DeleteFunc(cookies, func(old browse.Cookie) bool { return old.Name == c.Name && old.Host == req.URL.Hostname() })
		if c.MaxAge >= 0 {
			cookies = append(cookies, browse.Cookie{Host: req.URL.Hostname(), Path: "/", Name: c.Name, Value: c.Value, HTTPOnly: c.HttpOnly, SameSite: c.SameSite, Created: time.Now()})
		}
	}
	b.SetCookies(cookies)
	if strings.HasPrefix(res.Header.Get("Content-Type"), "application/json") {
		must(t, json.Unmarshal(received, &answer))
	}
	return res.StatusCode, answer
}

// AddKey adds a passkey in a browser in which its person may: it does what the page's module does.
func (d *Desk) AddKey(t testing.TB, b *browse.Browser, k *softkey.Key, name string) (status int, answer map[string]any) {
	t.Helper()
	status, question := d.Script(t, b, "/compte/facteurs/cle/debut", map[string]any{"name": name})
	if status != http.StatusOK {
		return status, question
	}
	if question["location"] != nil { // a factor has to be given first
		return http.StatusSeeOther, question
	}
	asked, err := json.Marshal(question)
	must(t, err)
	made, err := k.Create(asked)
	must(t, err)
	return d.Script(t, b, "/compte/facteurs/cle/fin", map[string]any{"name": name, "response": json.RawMessage(made)})
}

// Question asks what a passkey is to sign in this browser.
func (d *Desk) Question(t testing.TB, b *browse.Browser) []byte {
	t.Helper()
	status, question := d.Script(t, b, keyAddress(b, "data-begin", "/connexion/cle"), map[string]any{})
	if status != http.StatusOK {
		t.Fatalf("asking for a passkey: %d %v", status, question)
	}
	asked, err := json.Marshal(question)
	must(t, err)
	return asked
}

// keyAddress is an address that the browser's page gives to its module, or, on a page without one, otherwise.
func keyAddress(b *browse.Browser, attribute, otherwise string) string {
	if b.Document() == nil {
		return otherwise
	}
	for n := range b.Document().Descendants() {
		if !slices.ContainsFunc(n.Attr, func(a html.Attribute) bool { return a.Key == "data-passkey" && a.Val == "get" }) {
			continue
		}
		for _, a := range n.Attr {
			if a.Key == attribute {
				return a.Val
			}
		}
	}
	return otherwise
}

// UseKey gives a passkey in a browser: it does what the page's module does.
func (d *Desk) UseKey(t testing.TB, b *browse.Browser, k *softkey.Key) (status int, answer map[string]any) {
	t.Helper()
	signed, err := k.Get(d.Question(t, b))
	must(t, err)
	return d.Answer(t, b, signed)
}

// Answer sends what a passkey signed, as the page's module does.
func (d *Desk) Answer(t testing.TB, b *browse.Browser, signed []byte) (status int, answer map[string]any) {
	t.Helper()
	return d.Script(t, b, keyAddress(b, "data-finish", "/connexion/cle/reponse"), map[string]any{"response": json.RawMessage(signed)})
}

// HalfIn asks for a link to an address, opens it in the same browser and presses its button.
func (d *Desk) HalfIn(t testing.TB, b *browse.Browser, email string) {
	t.Helper()
	d.AskLink(t, b, email)
	must(t, b.Get(d.Link(t)))
	must(t, b.Press("Continuer", nil))
}

// AskLink types an address on the sign-in page.
func (d *Desk) AskLink(t testing.TB, b *browse.Browser, email string) {
	t.Helper()
	must(t, b.Get(d.URL+"/connexion"))
	must(t, b.Press("Recevoir un lien", map[string][]string{"email": {email}}))
}

// Who is the person who is signed in in a browser, nil when nobody is: by the row of its cookie.
func (d *Desk) Who(t testing.TB, b *browse.Browser) uuid.UUID {
	t.Helper()
	secret, _ := b.Cookie("mandat")
	var person *uuid.UUID
	conn := d.Connect(t, d.Superuser)
	if err := conn.QueryRow(t.Context(), `select (select person_id from session where cookie = sha256($1::bytea))`, []byte(secret)).Scan(&person); err != nil {
		t.Fatal(err)
	}
	if person == nil {
		return uuid.Nil
	}
	return *person
}

// Member is the person with an address, as an aidant of Here.
func (d *Desk) Member(t testing.TB, email string) journal.Actor {
	t.Helper()
	p, err := d.Directory.FindByEmail(t.Context(), email)
	must(t, err)
	return journal.Actor{Kind: journal.Aidant, Person: p.ID, Organisation: d.Here}
}
