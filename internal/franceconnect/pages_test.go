package franceconnect

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"mandat/internal/page"
	"mandat/internal/page/pagetest"
	"mandat/internal/procedure"
	"mandat/internal/qr"
	"mandat/internal/terms"
)

// everyPage is each page of this area, in each shape it can have.
func everyPage(t *testing.T) map[string]func() (string, page.Page) {
	t.Helper()
	code, err := qr.New("https://mandat.exemple.test/i/" + newSecret())
	if err != nil {
		t.Fatal(err)
	}
	waiting := func(state, refusal string, code *qr.Code) func() (string, page.Page) {
		return func() (string, page.Page) {
			p := &waitingPage{Common: page.Common{Title: "franceconnect.waiting.title", Trail: []page.Link{{Href: "/espace", Text: "page.nav.space"}}},
				Draft: uuid.MustParse("01939b1c-7c5e-7000-8000-000000000001"), State: state, Number: 472, Until: time.Date(2026, 11, 22, 14, 0, 0, 0, time.UTC), Code: code,
				Typed: "mandat.exemple.test/i/7k3mq-0x4wz-9p2rt-8v6nb-5y1gha"}
			if refusal != "" {
				p.Refusal = refusalKey(refusal)
			}
			if p.Live() {
				p.Scripts = []string{"js/phone.js"}
			}
			return "franceconnect/waiting.html", p
		}
	}
	phone := func(unavailable bool) func() (string, page.Page) {
		return func() (string, page.Page) {
			return "franceconnect/phone.html", &phonePage{Common: page.Common{Title: "franceconnect.phone.title"}, Asks: "Maison France Services", Number: 472, Unavailable: unavailable, Transfers: unavailable,
				Asked:  terms.Terms{From: time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC), Payments: unavailable, BankDetails: unavailable},
				Powers: []terms.Outlined{{Procedure: procedure.Procedure{Name: procedure.Text{"fr": "Demander le RSA", "en": "Ask for RSA"}}, Level: procedure.Act, Case: true, Until: time.Date(2026, 12, 22, 23, 59, 59, 0, time.UTC)}}}
		}
	}
	end := func(title string, p endPage) func() (string, page.Page) {
		return func() (string, page.Page) {
			p.Common = page.Common{Title: title}
			return "franceconnect/end.html", &p
		}
	}
	out := map[string]func() (string, page.Page){
		"made": waiting(linkMade, "", &code), "opened": waiting(linkOpened, "", &code), "hidden": waiting(linkOpened, "", nil), "left": waiting(linkLeft, "", nil),
		"answered": waiting(linkAnswered, "", nil), "expired": waiting(linkExpired, "", nil), "phone": phone(false), "no FranceConnect": phone(true),
		"done": end("franceconnect.end.done", endPage{Done: true}), "declined": end("franceconnect.end.declined", endPage{Declined: true}), "running": end("franceconnect.end.not_done", endPage{}),
	}
	for _, key := range Notices() {
		name := strings.TrimPrefix(key, noticePrefix)
		out["refused: "+name] = waiting(linkRefused, name, nil)
	}
	for _, name := range ownRefusals {
		out["refused: "+name] = waiting(linkRefused, name, nil)
		out["end: "+name] = end("franceconnect.end.not_done", endPage{Refusal: refusalKey(name)})
	}
	return out
}

func TestPages_AreSoundInBothLanguages(t *testing.T) {
	t.Parallel()
	p := pagetest.Pages(t)
	var rendered []string
	for _, make := range everyPage(t) {
		for _, lang := range pagetest.Languages {
			name, data := make()
			rendered = append(rendered, name)
			pagetest.Render(t, p, name, lang, page.Who{Name: "Maëlle Le Goff", Organisation: "Maison France Services", Role: "aidant"}, data)
		}
	}
	pagetest.Covered(t, p, "franceconnect", rendered)
}

// Every page that says what went wrong exists in both languages.
func TestProblems_HaveTheirTexts(t *testing.T) {
	t.Parallel()
	p := pagetest.Pages(t)
	for _, name := range []string{"over", "taken", "professional", "other_browser", "slow", "often"} {
		for _, part := range []string{".title", ".what", ".safe", ".next"} {
			for _, lang := range pagetest.Languages {
				if _, err := p.Text(lang, "franceconnect."+name+part, "Time", "14 h"); err != nil {
					t.Error(err)
				}
			}
		}
	}
}

func TestSecretOf(t *testing.T) {
	t.Parallel()
	secret := newSecret()
	if len(secret) != secretLength || secretOf(secret) != secret || secretOf(strings.ToUpper(grouped(secret))) != secret || newSecret() == secret {
		t.Errorf("%q, %q", secret, grouped(secret))
	}
	if got := secretOf("OIL0 -" + strings.Repeat("z", 22)); got != "0110"+strings.Repeat("z", 22) {
		t.Errorf("letters that look like digits: %q", got)
	}
	for _, none := range []string{"", "fin", secret + "0", secret[1:], strings.Repeat("é", 26)} {
		if secretOf(none) != "" {
			t.Errorf("%q could be one", none)
		}
	}
	if parts := strings.Split(grouped(secret), "-"); len(parts) != 5 || strings.Join(parts, "") != secret {
		t.Errorf("in groups: %v", parts)
	}
}

// On a site served over HTTPS, no page of another host or over plain HTTP can set the cookies that bind phones and links.
func TestCookies(t *testing.T) {
	t.Parallel()
	rp := &RP{secure: true}
	w := httptest.NewRecorder()
	rp.keep(w, rp.phoneCookie(), "x", longestLink, http.SameSiteLaxMode)
	rp.keep(w, rp.shownCookie(uuid.MustParse("01939b1c-7c5e-7000-8000-000000000001")), "x", LinkLife, http.SameSiteStrictMode)
	var got []string
	for _, c := range w.Result().Cookies() {
		if !c.Secure || !c.HttpOnly || c.Path != "/" || c.Domain != "" || c.MaxAge > 1200 || c.MaxAge < 600 {
			t.Errorf("%v", c)
		}
		got = append(got, c.Name)
	}
	if !slices.Equal(got, []string{"__Host-telephone", "__Host-lien-01939b1c-7c5e-7000-8000-000000000001"}) {
		t.Errorf("cookies %v", got)
	}
	if (&RP{}).phoneCookie() != "telephone" {
		t.Error("a plain site has a cookie with a prefix that needs HTTPS")
	}
}
