package app_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"mandat/internal/apptest"
	"mandat/internal/journal"
	"mandat/internal/page"
)

// What asks for no second factor of the last fifteen minutes: it changes nothing, or only takes rights away, or is about the account's own words.
var unhurried = []string{
	"POST /admin/conservation/{policy}", // a dry run
	"POST /admin/personnes", "POST /admin/imports",
	"POST /admin/tableau", "POST /referent/tableau", // figures, in which nobody is
	"POST /compte/courriel/code", "POST /compte/telephone/code", // the code that was sent is the proof; asking for it needed the factor
	"POST /compte/facteurs/carte/heure",                                // two codes of the card are a factor
	"POST /compte/facteurs/cle/debut", "POST /compte/facteurs/cle/fin", // of a script, which goes where it is told (account.TestPasskey_KeepsTheNameAtAStepUp)
	"POST /compte/facteurs/remise/annuler", "POST /compte/sessions/autres", "POST /compte/sessions/{browser}/fermer", // time may matter
	"POST /compte/profil",
	"POST /mandats/{mandate}/telephone/code", "POST /mandats/{mandate}/telephone/retrait", // as with one's own number; and to remove it protects the citizen
	"POST /espace", "POST /mandats/nouveau", "POST /mandats/transfert", "POST /mandats/{mandate}/renouvellement", "POST /brouillons/{draft}", "POST /brouillons/{draft}/abandon", "POST /brouillons/{draft}/autre-personne", "POST /brouillons/{draft}/reprise", "POST /brouillons/{draft}/recapitulatif", "POST /brouillons/{draft}/ecran",
	"POST /brouillons/{draft}/identite", "POST /brouillons/{draft}/identite/piece", "POST /brouillons/{draft}/identite/connue", "POST /brouillons/{draft}/identite/connue/choix",
	"POST /brouillons/{draft}/sms", "POST /brouillons/{draft}/sms/annulation", // a draft is nothing yet: its signature asks
	"POST /brouillons/{draft}/signature/options",                                                            // of a script; the passkey is the factor
	"POST /brouillons/{draft}/identite/telephone", "POST /brouillons/{draft}/identite/telephone/annulation", // as on this screen
	"POST /mandats/{mandate}/telephone/exception", // nobody has asked here: there is no field to fill in (aidant.TestPhone_WantsAColleague)
	"POST /mandats", "POST /mandats/{mandate}/usages", "POST /mandats/{mandate}/usages/{use}", "POST /mandats/{mandate}/compte-rendu", "POST /mandats/{mandate}/recu", // a search, accounts of what was done, and a paper of the citizen's
	"POST /referent/constats/{finding}", "POST /referent/constats/{finding}/rapport", // a reply, and a paper, which take nothing from anybody
	"POST /referent/journal/controle", // says that something was looked at
	"POST /brouillons/{draft}/temoin", // of a colleague's draft (counter.TestWitness_TheSecondColleague)
}

// What is no text of somebody's: codes, which are good for once, the buttons and hidden fields of the page, and files, which a page cannot fill in.
var unkept = []string{"trial", "code", "second", "act", "identity", "reset", "factor", "file", "format"}

// Every form of an account, of aidants, of referents and of administrators, sent 16 minutes after the second factor: it is not done, the factor is asked for, and
// the page that comes then has everything that was entered. A form that is new is tried too.
func TestStale_EveryForm(t *testing.T) {
	t.Parallel()
	site := apptest.Start(t, func(o *apptest.Options) { o.Before = withoutJobs(t) })
	visitors(t, site) // some of them work elsewhere too
	m := &matrix{t: t, site: site}
	tried := 0
	for _, route := range site.App.Routes() {
		name := route.Method + " " + route.Pattern
		if route.Method != http.MethodPost || !slices.Contains([]page.Audience{page.Account, page.Aidant, page.Referent, page.Administrator}, route.Audience) || slices.Contains(unhurried, name) {
			continue
		}
		if !slices.ContainsFunc([]string{"/compte", "/espace", "/brouillons", "/mandats", "/referent", "/admin"}, func(area string) bool { return strings.HasPrefix(route.Pattern, area) }) {
			continue
		}
		tried++
		s := m.stage(route)
		v := map[page.Audience]*apptest.Visitor{page.Account: s.owner, page.Aidant: s.owner, page.Referent: site.Visit(t, site.Odile), page.Administrator: site.Visit(t, site.Adele)}[route.Audience]
		s.prepare()
		before := m.entriesOf(v.By)
		m.age(v.By, 16*time.Minute)
		a, form := m.send(v, s)
		for _, c := range (&http.Response{Header: a.Header}).Cookies() { // some acts change it before they are done
			if c.Name == "mandat" {
				v.Cookie = c.Value
			}
		}
		if name == "POST /admin/imports/confirmation" { // the file is too large to keep, and stays in the page
			if a.Status != http.StatusConflict || !strings.Contains(a.Body, form.Get("content")) {
				t.Errorf("%s: %d", name, a.Status)
			}
			continue
		}
		if got := outcome(a); got != "step-up" || m.entriesOf(v.By) != before {
			t.Errorf("%s: %s, %d entries", name, got, m.entriesOf(v.By)-before)
			continue
		}
		var back string
		site.Row(t, `select return_path from session where person_id = $1 and return_path is not null order by seen_at desc limit 1`, []any{v.By.Person}, &back)
		for _, kept := range []string{"value", "email", "invalid", "?"} {
			if strings.Contains(back, kept) {
				t.Errorf("%s: what was entered stands in the address %s", name, back)
			}
		}
		m.age(v.By, 0)
		shown, err := v.Do(t.Context(), http.MethodGet, back, nil)
		if err != nil || shown.Status != http.StatusOK {
			t.Errorf("%s: comes back to %s, %d, %v", name, back, shown.Status, err)
			continue
		}
		for field, values := range form {
			for _, value := range values {
				if !slices.Contains(unkept, field) && !holds(t, shown.Body, field, value) {
					t.Errorf("%s: %s = %q is lost at %s", name, field, value, back)
				}
			}
		}
	}
	if tried < 40 {
		t.Errorf("%d forms were tried", tried)
	}
}

// entriesOf counts the acts of somebody, but for what they read.
func (m *matrix) entriesOf(by journal.Actor) int {
	m.t.Helper()
	var n int
	m.site.Row(m.t, `select count(*) from journal_entry where person_id = $1 and action <> 'mandate.consulted'`, []any{by.Person}, &n)
	return n
}

// age makes a person's second factor one that was given so long ago, in every browser.
func (m *matrix) age(by journal.Actor, old time.Duration) {
	m.t.Helper()
	var n int
	m.site.Row(m.t, `with aged as (update session set factor_at = $2 where person_id = $1 returning 1) select count(*) from aged`, []any{by.Person, m.site.Clock.Now().Add(-old)}, &n)
}

// send sends the form of a route.
func (m *matrix) send(v *apptest.Visitor, s *stage) (apptest.Answer, url.Values) {
	m.t.Helper()
	form := url.Values{}
	for name, values := range forms[s.route.Method+" "+s.route.Pattern] {
		for _, value := range values {
			form.Add(name, s.fill(value))
		}
	}
	path := s.fill(s.route.Pattern)
	if file := form.Get("file"); file != "" {
		form.Del("file")
		a, err := v.Upload(m.t.Context(), path, form, file)
		must(m.t, err)
		return a, form
	}
	a, err := v.Do(m.t.Context(), s.route.Method, path, form)
	must(m.t, err)
	return a, form
}

// holds reports whether a page has a field with a value in it, ticked or chosen if it is one to tick or choose.
func holds(t *testing.T, body, name, value string) bool {
	t.Helper()
	doc, err := html.Parse(strings.NewReader(body))
	must(t, err)
	for n := range doc.Descendants() {
		has := map[string]string{}
		for _, a := range n.Attr {
			has[a.Key] = a.Val
		}
		_, checked := has["checked"]
		_, selected := has["selected"]
		switch {
		case n.Data == "input" && has["name"] == name && has["value"] == value:
			if box := has["type"] == "checkbox" || has["type"] == "radio"; !box || checked {
				return true
			}
		case n.Data == "option" && has["value"] == value && selected:
			return true
		case n.Data == "textarea" && has["name"] == name && n.FirstChild != nil && n.FirstChild.Data == value:
			return true
		}
	}
	return false
}
