package login_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"mandat/internal/browse"
	"mandat/internal/desk"
	"mandat/internal/journal"
	"mandat/internal/org"
	"mandat/internal/page"
	"mandat/internal/softkey"
)

const typedLate = "text=Zo%C3%A9"

// late is what is sent from a page of somebody's that was left open.
func late(author uuid.UUID) url.Values {
	return url.Values{"author": {page.AuthorOf(author)}, "text": {"Zoé"}, "code": {"123456"}, "assertion": {"{}"}, "agreed": {"on"}}
}

// sends posts to a page, and looks what the sign-in page says.
func sends(t *testing.T, d *desk.Desk, b *browse.Browser, path string, values url.Values, key string) {
	t.Helper()
	acted := d.Acted.Load()
	if err := b.Post(d.URL+path, values); err != nil {
		t.Fatal(err)
	}
	expect(t, d, b, 200, "login.title")
	for _, k := range []string{"login.ended.kept", "login.ended.lost"} {
		if got := told(t, d, b, k); got != (k == key) {
			t.Errorf("%s is said: %v, want %s", k, got, key)
		}
	}
	if d.Acted.Load() != acted {
		t.Error("it was done")
	}
}

// told reports whether a page says a text.
func told(t *testing.T, d *desk.Desk, b *browse.Browser, key string) bool {
	t.Helper()
	text, err := d.Pages.Text("fr", key)
	if err != nil {
		t.Fatal(err)
	}
	plain := func(s string) string { return strings.Join(strings.Fields(s), " ") }
	return strings.Contains(plain(b.Text()), plain(text))
}

// waits is what the page of the form has in it.
func waits(t *testing.T, d *desk.Desk, b *browse.Browser) string {
	t.Helper()
	get(t, b, d.URL+"/ailleurs")
	_, rest, _ := strings.Cut(string(b.Body()), `<p id="waited">`)
	out, _, _ := strings.Cut(rest, "<")
	return out
}

// team is Léa and Max, each with a passkey.
func team(t *testing.T) (d *desk.Desk, lea journal.Actor, hers *softkey.Key, max journal.Actor, his *softkey.Key) {
	t.Helper()
	d, _ = open(t)
	lea, hers = keyed(t, d, "lea")
	max, his = keyed(t, d, "max")
	return d, lea, hers, max, his
}

// What somebody sent after their session had ended is not done, waits sealed, without what must not be kept, and is there once when they have signed in
// again in that browser, on its page, to be sent by themselves.
func TestLate_ComesBackToItsPerson(t *testing.T) {
	t.Parallel()
	for how, leave := range left {
		if how == "suspended" {
			continue
		}
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			d, lea, hers, _, _ := team(t)
			b := browse.New()
			goesOn(t, d, b, hers)
			leave(t, d, b, lea)
			sends(t, d, b, "/ailleurs", late(lea.Person), "login.ended.kept")
			if n := d.Number(t, `select count(*) from session where kept_form is not null and position('Zo%C3' in encode(kept_form, 'escape')) = 0 and person_id is null`); n != 1 {
				t.Errorf("%d forms wait", n)
			}
			d.Clock.Advance(29 * time.Minute)
			get(t, b, d.URL+"/connexion?lang=fr") // looked at again, it says so still
			if !told(t, d, b, "login.ended.kept") {
				t.Error("it is said once only")
			}
			if to := goesOn(t, d, b, hers); to != "/ailleurs" {
				t.Errorf("goes on at %s", to)
			}
			if got := waits(t, d, b); got != typedLate {
				t.Errorf("%q waits", got)
			}
			if got := waits(t, d, b); got != "" || d.Acted.Load() != 0 {
				t.Errorf("again: %q; done %d times", got, d.Acted.Load())
			}
		})
	}
}

// It is nobody else's: who signs in next at that browser does not get it, nor does it come back after them; nor is there anything in another browser, or too late.
func TestLate_ForNobodyElse(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]func(*testing.T, *desk.Desk, *browse.Browser, *softkey.Key, *softkey.Key) *browse.Browser{
		"another person": func(t *testing.T, d *desk.Desk, b *browse.Browser, _, his *softkey.Key) *browse.Browser {
			t.Helper()
			if to := goesOn(t, d, b, his); to != "/espace" {
				t.Errorf("goes on at %s", to)
			}
			return b
		},
		"after another person": func(t *testing.T, d *desk.Desk, b *browse.Browser, hers, his *softkey.Key) *browse.Browser {
			t.Helper()
			goesOn(t, d, b, his)
			press(t, at(t, d, b), "quitter")
			goesOn(t, d, b, hers)
			return b
		},
		"another browser": func(t *testing.T, d *desk.Desk, _ *browse.Browser, hers, _ *softkey.Key) *browse.Browser {
			t.Helper()
			other := browse.New()
			goesOn(t, d, other, hers)
			return other
		},
		"too late": func(t *testing.T, d *desk.Desk, b *browse.Browser, hers, _ *softkey.Key) *browse.Browser {
			t.Helper()
			d.Clock.Advance(31 * time.Minute)
			goesOn(t, d, b, hers)
			return b
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d, lea, hers, _, his := team(t)
			b := browse.New()
			goesOn(t, d, b, his) // he works there too
			press(t, at(t, d, b), "quitter")
			goesOn(t, d, b, hers)
			d.Clock.Advance(31 * time.Minute)
			sends(t, d, b, "/ailleurs", late(lea.Person), "login.ended.kept")
			if got := waits(t, d, c(t, d, b, hers, his)); got != "" {
				t.Errorf("%q waits", got)
			}
		})
	}
}

// Whose it is, the page says from which it was sent, and not who signed in last.
func TestLate_IsWhoseFilledItIn(t *testing.T) {
	t.Parallel()
	d, lea, hers, _, his := team(t)
	for who, key := range map[string]*softkey.Key{"max": his, "lea": hers} {
		b := browse.New()
		goesOn(t, d, b, hers)
		press(t, at(t, d, b), "quitter") // another page of hers stays open
		goesOn(t, d, b, his)
		d.Clock.Advance(31 * time.Minute)
		sends(t, d, b, "/ailleurs", late(lea.Person), "login.ended.kept")
		goesOn(t, d, b, key)
		if got := waits(t, d, b); (got == typedLate) != (who == "lea") {
			t.Errorf("%s: %q waits", who, got)
		}
	}
}

// Nothing is kept of who says that they are nobody who was there, nor of a form with a code or a key's answer, nor is a stranger told anything.
func TestLate_KeepsNothingElse(t *testing.T) {
	t.Parallel()
	d, lea, hers, max, _ := team(t)
	empty := late(lea.Person)
	empty.Del("text")
	unsigned := late(lea.Person)
	unsigned.Del("author")
	for what, x := range map[string]struct {
		path   string
		values url.Values
	}{
		"somebody who was never there": {"/ailleurs", late(max.Person)},
		"nobody":                       {"/ailleurs", unsigned},
		"nothing but what is not kept": {"/ailleurs", empty},
		"a code of an application":     {"/compte/facteurs/application", late(lea.Person)},
		"a code of a number":           {"/compte/telephone/code", late(lea.Person)},
	} {
		b := browse.New()
		goesOn(t, d, b, hers)
		d.Clock.Advance(31 * time.Minute)
		sends(t, d, b, x.path, x.values, "login.ended.lost")
		if n := d.Number(t, `select count(*) from session where kept_form is not null or kept is not null`); n != 0 {
			t.Errorf("%s: %d forms wait", what, n)
		}
		if status, answer := d.Script(t, b, "/compte/facteurs/cle/debut", map[string]any{"name": "x"}); status != http.StatusUnauthorized || answer["problem"] != "ended" {
			t.Errorf("a module is told %d %v", status, answer)
		}
	}
	d.Behind(t, `delete from session`)
	sends(t, d, browse.New(), "/ailleurs", late(lea.Person), "")
	if n := d.Number(t, `select count(*) from session`); n != 0 {
		t.Errorf("a stranger is given %d sessions", n)
	}
}

// For who has several organisations it is there in the one whose page it was.
func TestLate_WithSeveralOrganisations(t *testing.T) {
	t.Parallel()
	d, lea, hers, _, _ := team(t)
	if err := d.Directory.Join(t.Context(), journal.Program(), lea.Person, d.Elsewhere, org.RoleAidant); err != nil {
		t.Fatal(err)
	}
	o, err := d.Directory.Organisation(t.Context(), d.Elsewhere)
	if err != nil {
		t.Fatal(err)
	}
	path := "/structures/" + o.PublicID.String() + "/ailleurs"
	b := browse.New()
	goesOn(t, d, b, hers)
	d.Clock.Advance(31 * time.Minute)
	sends(t, d, b, path, late(lea.Person), "login.ended.kept")
	if to := goesOn(t, d, b, hers); to != path {
		t.Errorf("goes on at %s", to)
	}
	get(t, b, d.URL+strings.Replace(path, o.PublicID.String(), publicID(t, d, d.Here), 1))
	if strings.Contains(string(b.Body()), typedLate) {
		t.Error("it is in the other organisation")
	}
	get(t, b, d.URL+path)
	if !strings.Contains(string(b.Body()), typedLate) {
		t.Error("it is gone")
	}
}

func publicID(t *testing.T, d *desk.Desk, organisation uuid.UUID) string {
	t.Helper()
	o, err := d.Directory.Organisation(t.Context(), organisation)
	if err != nil {
		t.Fatal(err)
	}
	return o.PublicID.String()
}
