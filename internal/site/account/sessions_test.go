package account_test

import (
	"regexp"
	"testing"

	"mandat/internal/browse"
)

// People see where they are signed in, by words and network, and end one of them or all others; what they end is over at once.
func TestSessions_EndOneAndAllOthers(t *testing.T) {
	t.Parallel()
	d, lea, code, b := home(t)
	second, third := browse.New(), browse.New()
	second.SetHeader("User-Agent", "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0")
	third.SetHeader("User-Agent", "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1")
	enter(t, d, second, code)
	enter(t, d, third, code)
	if n := len(d.Post.Of("new_device")); n != 2 {
		t.Errorf("told of %d new browsers", n)
	}
	get(t, b, d.URL+"/compte/sessions")
	says(t, b, 200, "Firefox, Windows", "Safari, iPhone", "Ce réseau-ci", "127.0.0.0/24", "Lien par courriel", "Cette session")
	if err := b.Post("/compte/sessions/"+idOf(t, b, "Firefox, Windows")+"/fermer", nil); err != nil {
		t.Fatal(err)
	}
	says(t, b, 200, "La session est fermée")
	get(t, second, d.URL+"/espace")
	if second.H1() == "espace" {
		t.Error("the session that was ended goes on")
	}
	get(t, third, d.URL+"/espace")
	if third.H1() != "espace" {
		t.Error("another session was ended too")
	}
	get(t, b, d.URL+"/compte/sessions")
	press(t, b, "Fermer toutes mes autres sessions")
	says(t, b, 200, "Toutes vos autres sessions sont fermées", "Vous n’avez pas d’autre session ouverte")
	get(t, third, d.URL+"/espace")
	if third.H1() == "espace" {
		t.Error("the session that was ended goes on")
	}
	if n := d.Number(t, `select count(*) from session where person_id = $1`, lea.Person); n != 1 {
		t.Errorf("%d sessions", n)
	}
	if n := d.Number(t, `select count(*) from session_device where person_id = $1`, lea.Person); n != 1 {
		t.Errorf("%d browsers are known", n)
	}
	enter(t, d, third, code)
	if n := len(d.Post.Of("new_device")); n != 3 {
		t.Errorf("told %d times, after a sign-in in a browser that was ended", n)
	}
	if n := d.Number(t, `select 10 * count(*) + count(*) filter (where body::jsonb->'detail'->>'all' = 'true') from journal_entry where action = 'session.ended' and person_id = $1`, lea.Person); n != 21 {
		t.Errorf("entries %d", n)
	}
}

// idOf is the id under which a line of the list is ended.
func idOf(t *testing.T, b *browse.Browser, words string) string {
	t.Helper()
	line := regexp.MustCompile(`(?s)<th scope="row">` + words + `</th>.*?/compte/sessions/([0-9a-f]+)/fermer`).FindSubmatch(b.Body())
	if line == nil {
		t.Fatalf("no line for %s: %s", words, b.Text())
	}
	return string(line[1])
}

// Nobody ends somebody else's.
func TestSessions_OnlyOnesOwn(t *testing.T) {
	t.Parallel()
	d, lea, _, b := home(t)
	var theirs string
	max := d.Newcomer(t, "max", "aidant")
	code, other := d.App(t, max), browse.New()
	d.HalfIn(t, other, "max@exemple.invalid")
	press(t, other, "Valider le code", "code", code())
	if err := d.Connect(t, d.Superuser).QueryRow(t.Context(), `select encode(browser, 'hex') from session where person_id = $1`, max.Person).Scan(&theirs); err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{theirs, "00", "x"} {
		if err := b.Post("/compte/sessions/"+id+"/fermer", nil); err != nil || b.Status() != 404 {
			t.Errorf("%s: %d, %v", id, b.Status(), err)
		}
	}
	if n := d.Number(t, `select count(*) from session where person_id in ($1, $2)`, lea.Person, max.Person); n != 2 {
		t.Errorf("%d sessions", n)
	}
}

// The page says when too many codes were asked for, and keeps what was typed.
func TestContact_TooOften(t *testing.T) {
	t.Parallel()
	d, _, _, b := home(t)
	for range 5 {
		get(t, b, d.URL+"/compte/telephone")
		press(t, b, "Envoyer le code", "value", "06 12 34 56 78")
		says(t, b, 200, "Code reçu")
	}
	get(t, b, d.URL+"/compte/telephone")
	press(t, b, "Envoyer le code", "value", "06 12 34 56 79")
	says(t, b, 429, "Attendez une heure")
	if n := len(d.Post.Of("contact_phone")); n != 5 {
		t.Errorf("%d messages", n)
	}
}
