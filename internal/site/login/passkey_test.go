package login_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"testing"
	"time"

	"mandat/internal/browse"
	"mandat/internal/desk"
	"mandat/internal/journal"
	"mandat/internal/org"
	"mandat/internal/softkey"
)

// keyed is somebody with a passkey, signed in nowhere.
func keyed(t *testing.T, d *desk.Desk, name string) (journal.Actor, *softkey.Key) {
	t.Helper()
	by, key, b := d.Newcomer(t, name, org.RoleAidant), d.Key(t), browse.New()
	code := d.App(t, by)
	d.HalfIn(t, b, name+"@exemple.invalid")
	press(t, b, "Valider le code", "code", code())
	if status, answer := d.AddKey(t, b, key, "Clé"); status != 200 {
		t.Fatalf("adding a passkey: %d %v", status, answer)
	}
	press(t, at(t, d, b), "quitter")
	d.Clock.Advance(time.Minute)
	return by, key
}

// at is a browser on a page that has the button to sign out.
func at(t *testing.T, d *desk.Desk, b *browse.Browser) *browse.Browser {
	t.Helper()
	get(t, b, d.URL+"/espace")
	return b
}

// A passkey alone signs in: it is something they have, and it has checked its person.
func TestPasskey_AloneSignsIn(t *testing.T) {
	t.Parallel()
	d, _ := open(t)
	lea, key := keyed(t, d, "lea")
	b := browse.New()
	get(t, b, d.URL+"/ailleurs")
	status, answer := d.UseKey(t, b, key)
	if status != 200 || answer["location"] != "/ailleurs" || d.Who(t, b) != lea.Person {
		t.Fatalf("%d %v", status, answer)
	}
	if n := d.Number(t, `select count(*) from session where person_id = $1 and method = 'passkey' and factor_kind = 'passkey'`, lea.Person); n != 1 {
		t.Errorf("%d sessions", n)
	}
}

// send gives an answer to the site as the module would.
func send(t *testing.T, d *desk.Desk, b *browse.Browser, signed []byte) (int, map[string]any) {
	t.Helper()
	return d.Script(t, b, "/connexion/cle/reponse", map[string]any{"response": json.RawMessage(signed)})
}

func signed(t *testing.T, k *softkey.Key, question []byte) []byte {
	t.Helper()
	out, err := k.Get(question)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// What a passkey signed counts once, in the browser that asked for it, and only from a key that is known.
func TestPasskey_Refuses(t *testing.T) {
	t.Parallel()
	d, _ := open(t)
	lea, key := keyed(t, d, "lea")
	mine, other := browse.New(), browse.New()
	answer := signed(t, key, d.Question(t, mine))
	d.Question(t, other)
	if status, said := send(t, d, other, answer); status != 403 || said["problem"] != "refused" || d.Who(t, other) == lea.Person {
		t.Errorf("in another browser: %d %v", status, said)
	}
	if status, said := send(t, d, browse.New(), answer); status != 400 || said["problem"] != "late" {
		t.Errorf("in a browser without a session: %d %v", status, said)
	}
	if status, said := send(t, d, mine, answer); status != 200 {
		t.Fatalf("where it was asked for: %d %v", status, said)
	}
	if status, _ := send(t, d, mine, answer); status == 200 {
		t.Error("the same answer again")
	}
	stranger, again := d.Key(t), browse.New()
	stranger.Forced, stranger.Handle = true, key.Handle
	if status, said := send(t, d, again, signed(t, stranger, d.Question(t, again))); status != 403 || said["problem"] != "refused" || d.Who(t, again) == lea.Person {
		t.Errorf("an unknown key: %d %v", status, said)
	}
	for name, body := range map[string]string{"nothing": "", "no JSON": "x", "no answer": "{}", "a list": "[]", "another type": `{"response": 5}`} {
		if status, _ := d.Script(t, again, "/connexion/cle/reponse", json.RawMessage(orNull(body))); status < 400 || status >= 500 {
			t.Errorf("%s: %d", name, status)
		}
	}
	if n := noted(t, d, "passkey_wrong", nil); n < 2 {
		t.Errorf("%d lines in the security log", n)
	}
}

func orNull(body string) string {
	if !json.Valid([]byte(body)) {
		return `"` + body + `"`
	}
	return body
}

// Too late is too late.
func TestPasskey_IsAskedForFiveMinutes(t *testing.T) {
	t.Parallel()
	d, _ := open(t)
	_, key := keyed(t, d, "lea")
	b := browse.New()
	answer := signed(t, key, d.Question(t, b))
	d.Clock.Advance(6 * time.Minute)
	if status, said := send(t, d, b, answer); status != 403 {
		t.Errorf("%d %v", status, said)
	}
}

// A suspended person's key opens nothing, and the page is told so in a word.
func TestPasskey_OfASuspendedPerson(t *testing.T) {
	t.Parallel()
	d, _ := open(t)
	lea, key := keyed(t, d, "lea")
	d.World.Behind(t, `update person set suspended_at = now(), suspended_why = 'decided' where id = $1`, lea.Person)
	b := browse.New()
	if status, said := d.UseKey(t, b, key); status != 403 || said["problem"] != "closed" || d.Who(t, b) == lea.Person {
		t.Errorf("%d %v", status, said)
	}
}

// After a link, only the person of the link is asked: another one's key does not answer for them.
func TestPasskey_AfterALinkIsThatPersons(t *testing.T) {
	t.Parallel()
	d, _ := open(t)
	lea, mine := keyed(t, d, "lea")
	_, other := keyed(t, d, "max")
	b := browse.New()
	d.HalfIn(t, b, "lea@exemple.invalid")
	other.Forced = true
	if status, said := send(t, d, b, signed(t, other, d.Question(t, b))); status != 403 {
		t.Errorf("another person's key: %d %v", status, said)
	}
	if n := noted(t, d, "passkey_wrong", lea.Person); n != 1 {
		t.Errorf("%d lines in the security log", n)
	}
	if status, said := d.UseKey(t, b, mine); status != 200 || d.Who(t, b) != lea.Person {
		t.Errorf("their own key: %d %v", status, said)
	}
	if n := d.Number(t, `select count(*) from session where person_id = $1 and method = 'mail_link'`, lea.Person); n != 1 {
		t.Errorf("%d sessions by a link", n)
	}
}

// Other sites cannot make a browser ask or answer.
func TestPasskey_NotFromAnotherSite(t *testing.T) {
	t.Parallel()
	d, _ := open(t)
	b := browse.New()
	get(t, b, d.URL+"/connexion")
	for _, path := range []string{"/connexion/cle", "/connexion/cle/reponse", "/connexion/lien", "/connexion/facteur"} {
		if err := b.PostFrom("https://elsewhere.invalid/", d.URL+path, url.Values{"email": {"lea@exemple.invalid"}}); err != nil {
			t.Fatal(err)
		}
		if b.Status() != http.StatusForbidden {
			t.Errorf("%s: %d", path, b.Status())
		}
	}
}
