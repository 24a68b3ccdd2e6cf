package login_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"mandat/internal/browse"
	"mandat/internal/desk"
	"mandat/internal/maillink"
	"mandat/internal/org"
	"mandat/internal/session"
	"mandat/internal/token"
)

// A link and a code: the whole way of somebody whom ProConnect does not know.
func TestLink_ThenACodeSignsIn(t *testing.T) {
	t.Parallel()
	d, _ := open(t)
	lea := d.Newcomer(t, "lea", org.RoleAidant)
	code := d.App(t, lea)
	b := browse.New()
	get(t, b, d.URL+"/ailleurs") // where they were going
	press(t, b, "Recevoir un lien", "email", "Lea@exemple.invalid")
	expect(t, d, b, 200, "login.link.sent.title")
	get(t, b, d.Link(t))
	expect(t, d, b, 200, "login.link.open.title")
	press(t, b, "Continuer")
	expect(t, d, b, 200, "login.factor.title")
	press(t, b, "Valider le code", "code", code())
	if b.H1() != "ailleurs" || b.TextByID("who") != "aidant "+lea.Person.String()+" "+d.Here.String() {
		t.Fatalf("at %v: %s", b.URL(), b.Text())
	}
	if n := d.Number(t, `select count(*) from session where person_id = $1 and method = 'mail_link' and factor_kind = 'app' and half_person is null`, lea.Person); n != 1 {
		t.Errorf("%d sessions", n)
	}
	if n := d.Number(t, `select count(*) from journal_entry where action = 'session.opened' and person_id = $1 and body::jsonb->'detail' = '{"method": "mail_link", "factor": "app"}'`, lea.Person); n != 1 {
		t.Errorf("%d entries", n)
	}
}

// answered is what a request for a link gets, without what differs between any two requests.
type answered struct {
	Status, Rows, Messages int
	Header                 http.Header
	Body                   string
}

func ask(t *testing.T, d *desk.Desk, email string) (out answered) {
	t.Helper()
	rows, messages := d.Number(t, `select count(*) from maillink`), len(d.Post.Of(maillink.Kind))
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, d.URL+"/connexion/lien", strings.NewReader(url.Values{"email": {email}}.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	res, err := (&http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}).Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"Date", "X-Request-Id"} {
		res.Header.Del(name)
	}
	for i, cookie := range res.Cookies() {
		res.Header["Set-Cookie"][i] = strings.Replace(res.Header["Set-Cookie"][i], cookie.Value, "", 1)
	}
	return answered{res.StatusCode, d.Number(t, `select count(*) from maillink`) - rows, len(d.Post.Of(maillink.Kind)) - messages, res.Header, string(body)}
}

// Nobody learns from the answer, nor from what is left behind, whether an address is known. Only a known one gets a mail.
func TestLink_TheSameAnswerForEveryAddress(t *testing.T) {
	t.Parallel()
	d, _ := open(t)
	lea, max := d.Newcomer(t, "lea", org.RoleAidant), d.Newcomer(t, "max", org.RoleAidant)
	d.App(t, lea)
	d.App(t, max)
	d.Behind(t, `set session_replication_role = replica; update person set suspended_at = now(), suspended_why = 'decided' where email = 'max@exemple.invalid'`)
	want := ask(t, d, "lea@exemple.invalid")
	if want.Status != http.StatusSeeOther || want.Header.Get("Location") != "/connexion/lien" || want.Rows != 1 || want.Messages != 1 || d.Link(t) == "" {
		t.Fatalf("a known address: %+v", want)
	}
	for name, email := range map[string]string{"unknown": "nobody@exemple.invalid", "suspended": "max@exemple.invalid", "no factor": "jeanne@exemple.invalid"} {
		if diff := cmp.Diff(want, ask(t, d, email)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		if mailed := d.Link(t) != ""; mailed != (name == "no factor") {
			t.Errorf("%s: mailed is %v", name, mailed)
		}
	}
	for range 4 { // more than one address may ask for at once
		if diff := cmp.Diff(want, ask(t, d, "lea@exemple.invalid")); diff != "" {
			t.Errorf("throttled: %s", diff)
		}
	}
	if d.Link(t) != "" {
		t.Error("the fourth link in a row was sent")
	}
	d.Clock.Advance(6 * time.Minute)
	if ask(t, d, "lea@exemple.invalid"); d.Link(t) == "" {
		t.Error("nothing is sent after six minutes")
	}
}

// Strangers who go on asking for somebody's links, from wherever, keep nobody out: that person asks in a browser in which they have
// signed in before, or from another network.
func TestLink_StrangersUseUpWhatIsForStrangers(t *testing.T) {
	t.Parallel()
	d, _ := open(t)
	lea := d.Newcomer(t, "lea", org.RoleAidant)
	code := d.App(t, lea)
	mine := browse.New()
	d.HalfIn(t, mine, "lea@exemple.invalid")
	press(t, mine, "Valider le code", "code", code())
	if d.Who(t, mine) != lea.Person {
		t.Fatal("not signed in")
	}
	if err := mine.Post(d.URL+"/deconnexion", nil); err != nil {
		t.Fatal(err)
	}
	d.Clock.Advance(time.Hour)
	at, err := d.Sessions.Ensure(httptest.NewRecorder(), httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil))
	if err != nil {
		t.Fatal(err)
	}
	ask := func(from string) bool {
		t.Helper()
		if err := d.Links.Request(t.Context(), at, "lea@exemple.invalid", netip.MustParseAddr(from), token.Bytes(32)); err != nil {
			t.Fatal(err)
		}
		return d.Link(t) != ""
	}
	for i := range 6 {
		if sent := ask("192.0.2.1"); sent != (i < 3) {
			t.Errorf("request %d of a stranger: sent is %t", i+1, sent)
		}
	}
	if !ask("192.0.2.2") {
		t.Error("one network has used up another's")
	}
	sent := 0
	for i := range 20 {
		if ask(fmt.Sprintf("198.51.100.%d", i)) {
			sent++
		}
	}
	if sent != 6 {
		t.Errorf("strangers in many networks have had %d more sent, want 6", sent)
	}
	for i := range 40 { // for anybody, from the network that she shares with them
		if err := d.Links.Request(t.Context(), at, fmt.Sprintf("nobody-%d@exemple.invalid", i), netip.MustParseAddr("127.0.0.1"), token.Bytes(32)); err != nil {
			t.Fatal(err)
		}
	}
	max := d.Newcomer(t, "max", org.RoleAidant)
	if err := d.Links.Request(t.Context(), at, "max@exemple.invalid", netip.MustParseAddr("127.0.0.1"), token.Bytes(32)); err != nil || d.Link(t) != "" {
		t.Errorf("%v: a network's allowance is never used up: %s", err, max.Person)
	}
	for i := range 4 {
		if d.AskLink(t, mine, "lea@exemple.invalid"); (d.Link(t) != "") != (i < 3) {
			t.Errorf("request %d in her own browser", i+1)
		}
	}
}

// What is no address gets its mistake told, whoever has which.
func TestLink_RefusesWhatIsNoAddress(t *testing.T) {
	t.Parallel()
	d, _ := open(t)
	b := browse.New()
	for _, email := range []string{"", "lea", "lea@", "@exemple.invalid", "lea@exemple", "Léa <lea@exemple.invalid>", "a@b@exemple.invalid"} {
		d.AskLink(t, b, email)
		if b.Status() != http.StatusUnprocessableEntity {
			t.Errorf("%q: %d", email, b.Status())
		}
	}
	if n := d.Number(t, `select count(*) from maillink`); n != 0 {
		t.Errorf("%d links", n)
	}
}

func TestLink_WorksOnce(t *testing.T) {
	t.Parallel()
	d, b := asked(t)
	link := d.Link(t)
	get(t, b, link)
	press(t, b, "Continuer")
	expect(t, d, b, 200, "login.factor.title")
	if err := b.Post(link, nil); err != nil {
		t.Fatal(err)
	}
	expect(t, d, b, 410, "login.problem.link_late.title")
	get(t, b, link)
	expect(t, d, b, 410, "login.problem.link_late.title")
	if n := noted(t, d, "link_late", nil); n != 2 {
		t.Errorf("%d lines in the security log", n)
	}
}

func TestLink_IsOverAfterFiveMinutes(t *testing.T) {
	t.Parallel()
	d, b := asked(t)
	link := d.Link(t)
	get(t, b, link)
	d.Clock.Advance(maillink.Life)
	press(t, b, "Continuer")
	expect(t, d, b, 410, "login.problem.link_late.title")
	get(t, b, d.URL+"/connexion/facteur")
	expect(t, d, b, 403, "login.problem.half_late.title")
}

// People read their mail on the telephone: what they do there is refused, and the link goes on being good where it was asked for.
// Without that browser's cookie it is worth nothing, so it need not be spoilt.
func TestLink_OpenedElsewhereStaysGoodWhereItWasAskedFor(t *testing.T) {
	t.Parallel()
	d, mine := asked(t)
	phone, other := browse.New(), browse.New()
	link := d.Link(t)
	get(t, other, d.URL+"/ailleurs") // a browser with a session of its own
	for _, b := range []*browse.Browser{phone, other} {
		get(t, b, link)
		expect(t, d, b, 200, "login.link.elsewhere.title")
		if err := b.Post(link, nil); err != nil {
			t.Fatal(err)
		}
		expect(t, d, b, 403, "login.link.elsewhere.title")
		get(t, b, d.URL+"/connexion/facteur")
		expect(t, d, b, 403, "login.problem.half_late.title")
	}
	if n := noted(t, d, "link_elsewhere", nil); n != 2 {
		t.Errorf("%d lines in the security log", n)
	}
	get(t, mine, link)
	press(t, mine, "Continuer")
	expect(t, d, mine, 200, "login.factor.title")
}

// Programs that look into mails open every link, some of them often, and some in the name of the browser.
func TestLink_ScannersSpendNothing(t *testing.T) {
	t.Parallel()
	d, b := asked(t)
	link := d.Link(t)
	secret, _ := b.Cookie("mandat")
	for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodGet, http.MethodOptions} {
		for _, cookie := range []string{"", secret} {
			req, err := http.NewRequestWithContext(context.WithoutCancel(t.Context()), method, link, nil)
			if err != nil {
				t.Fatal(err)
			}
			if cookie != "" {
				req.AddCookie(&http.Cookie{Name: "mandat", Value: cookie})
			}
			res, err := http.DefaultClient.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			body, _ := io.ReadAll(res.Body)
			_ = res.Body.Close()
			if bytes.Contains(body, []byte(link[strings.LastIndex(link, "/")+1:])) {
				t.Error("the secret is on the page")
			}
		}
	}
	get(t, b, link)
	press(t, b, "Continuer")
	expect(t, d, b, 200, "login.factor.title")
}

// A mail that is sent again carries another link; the one before is dead.
func TestLink_WrittenAgainReplacesTheOneBefore(t *testing.T) {
	t.Parallel()
	d, b := asked(t)
	first, second := d.Link(t), d.Link(t)
	get(t, b, first)
	expect(t, d, b, 410, "login.problem.link_late.title")
	get(t, b, second)
	expect(t, d, b, 200, "login.link.open.title")
}

// Who has opened a link and given no factor is signed in nowhere, and not for ever.
func TestLink_HalfSignedInOpensNothing(t *testing.T) {
	t.Parallel()
	d, _ := open(t)
	lea := d.Newcomer(t, "lea", org.RoleAidant)
	code := d.App(t, lea)
	b := browse.New()
	get(t, b, d.URL+"/connexion")
	before, _ := b.Cookie("mandat")
	d.HalfIn(t, b, "lea@exemple.invalid")
	if after, _ := b.Cookie("mandat"); after == before {
		t.Error("the session's secret is the same as before")
	}
	closed(t, d, b)
	d.Clock.Advance(session.HalfLife)
	press(t, b, "Valider le code", "code", code())
	expect(t, d, b, 403, "login.problem.half_late.title")
	if who := d.Who(t, b); who != [16]byte{} {
		t.Errorf("signed in: %v", who)
	}
}

// Links nobody used are forgotten.
func TestLink_Purge(t *testing.T) {
	t.Parallel()
	d, _ := open(t)
	ask(t, d, "nobody@exemple.invalid")
	if err := d.Links.Purge(t.Context()); err != nil || d.Number(t, `select count(*) from maillink`) != 1 {
		t.Errorf("purged too early, %v", err)
	}
	d.Clock.Advance(maillink.Life + time.Second)
	if err := d.Links.Purge(t.Context()); err != nil || d.Number(t, `select count(*) from maillink`) != 0 {
		t.Errorf("not purged, %v", err)
	}
}

// The secret of a link exists in the mail and nowhere else.
func TestLink_OnlyTheMailHasTheSecret(t *testing.T) {
	t.Parallel()
	d, _ := asked(t)
	link := d.Link(t)
	secret := link[strings.LastIndex(link, "/")+1:]
	if n := d.Number(t, `select count(*) from maillink where token_hash = sha256($1::bytea)`, []byte(secret)); n != 1 {
		t.Errorf("%d rows have its hash", n)
	}
	if n := d.Number(t, `select count(*) from maillink m where strpos(m::text, $1) > 0 or strpos(m::text, encode($2::bytea, 'hex')) > 0`, secret, []byte(secret)); n != 0 {
		t.Error("the secret is in the database")
	}
}
