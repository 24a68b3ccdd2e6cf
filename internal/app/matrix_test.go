package app_test

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/google/uuid"

	"mandat/internal/apptest"
	"mandat/internal/fixture"
	"mandat/internal/journal"
)

// What a complete form of each POST is: a refusal must not be one of a form that was empty.
var forms = map[string]url.Values{
	"POST /audit/comparaison":                 {},
	"POST /audit/export":                      {},
	"POST /brouillons/{draft}":                {"procedures": {fixture.Tax}, "days": {"31"}, "no_protection": {"on"}, "informed": {"on"}},
	"POST /brouillons/{draft}/abandon":        {},
	"POST /brouillons/{draft}/autre-personne": {},
	"POST /brouillons/{draft}/confirmation":   {},
	"POST /brouillons/{draft}/identite":       {},
	"POST /brouillons/{draft}/signature":      {"agreed": {"on"}, "identified": {"{identified}"}},
	"POST /connexion/confirmation":            {},
	"POST /connexion/proconnect":              {},
	"POST /deconnexion":                       {},
	"POST /espace":                            {"recherche": {"dubois"}},
	"POST /idp/authorize":                     mustQuery(apptest.Request()),
	"POST /idp/end_session":                   {"post_logout_redirect_uri": {"https://ailleurs.exemple.invalid/"}},
	"POST /idp/logins/{login}/annuler":        {},
	"POST /idp/logins/{login}/demarche":       {"demarche": {fixture.Tax}},
	"POST /idp/logins/{login}/usager":         {"usager": {"{citizen}"}},
	"POST /idp/token":                         {"grant_type": {"authorization_code"}, "code": {strings.Repeat("A", 64)}, "redirect_uri": {apptest.ClientCallback}, "client_id": {apptest.ClientID}, "client_secret": {apptest.ClientSecret}},
	"POST /idp/userinfo":                      {"access_token": {strings.Repeat("A", 64)}},
	"POST /mandats/nouveau":                   {"procedures": {fixture.Tax}, "days": {"31"}, "no_protection": {"on"}, "informed": {"on"}},
	"POST /mandats/{mandate}/fin":             {"reason": {"citizen"}},
}

func mustQuery(address string) url.Values {
	u, err := url.Parse(address)
	if err != nil {
		panic(err)
	}
	return u.Query()
}

// stage is everything a route may be about, made anew for each route: all of it is Jeanne's.
type stage struct {
	jeanne                  *apptest.Visitor
	draft, mandate, citizen uuid.UUID
	login                   string // of the state that the route wants
	identified              string // what the recap of the draft shows
}

func newStage(t testing.TB, site *apptest.Site, n int, pattern string) stage {
	t.Helper()
	s := stage{jeanne: site.Visit(t, site.Jeanne)}
	m := site.Sign(t, s.jeanne.By, fixture.Citizen(n), fixture.Tax)
	s.mandate, s.citizen = m.ID, m.Citizen
	s.draft = site.Draft(t, s.jeanne.By, fixture.Citizen(n), fixture.Housing)
	agreement, err := s.jeanne.Agreement(t.Context(), s.draft)
	must(t, err)
	s.identified = agreement.Get("identified")
	path, err := s.jeanne.Begin(t.Context())
	must(t, err)
	if strings.HasSuffix(pattern, "/demarche") {
		must(t, s.jeanne.Choose(t.Context(), path, m.Citizen))
	}
	s.login = strings.TrimPrefix(path, "/idp/logins/")
	return s
}

// paths are the values of patterns that are about nothing of anybody's.
func (s stage) path(pattern, static string) string {
	return strings.NewReplacer("{draft}", s.draft.String(), "{mandate}", s.mandate.String(), "{login}", s.login, "{citizen}", s.citizen.String(), "{identified}", s.identified,
		"{token}", strings.Repeat("A", 22), "{file...}", static, "{path...}", "0/000.p/1", "{$}", "").Replace(pattern)
}

// rows is what the database holds of a stage: nobody else's visit may change it.
func (s stage) rows(t testing.TB, site *apptest.Site) string {
	t.Helper()
	var out string
	site.Row(t, `select concat((select d::text from mandate_draft d where id = $1), (select m::text from mandate m where id = $2),
		(select l::text from idp_login l where id = $3), (select string_agg(p::text, ',') from mandate_power p where mandate_id = $2))`, []any{s.draft, s.mandate, s.login}, &out)
	return out
}

// Every route, asked by everybody, with a complete form and the ids of Jeanne's things. testdata/matrix.txt says what each
// gets; a new route has no line there and fails.
func TestMatrix(t *testing.T) {
	t.Parallel()
	site := apptest.Start(t)
	must(t, site.App.CatchUp(t.Context()))
	static := strings.TrimPrefix(regexp.MustCompile(`/static/[^"]+\.css`).FindString(site.Stranger(t).Get("/").Body), "/static/")
	var out strings.Builder
	_, _ = fmt.Fprintf(&out, "%-55s %-9s %-9s %-9s %-9s %-9s %s\n", "# what everybody gets for Jeanne's things", "nobody", "other", "referent", "auditor", "colleague", "jeanne")
	for n, route := range site.App.Routes() {
		name := route.Method + " " + route.Pattern
		if _, known := forms[name]; route.Method == http.MethodPost && !known {
			t.Errorf("%s has no form", name)
			continue
		}
		s := newStage(t, site, n, route.Pattern)
		before := s.rows(t, site)
		_, _ = fmt.Fprintf(&out, "%-55s", name)
		for _, v := range []*apptest.Visitor{site.Stranger(t), site.Visit(t, site.Ines), site.Visit(t, site.Odile), site.Visit(t, site.Sofia)} {
			_, _ = fmt.Fprintf(&out, " %-9s", ask(t, v, s, route.Method, route.Pattern, static))
		}
		if after := s.rows(t, site); after != before {
			t.Errorf("%s: somebody else changed Jeanne's things", name)
		}
		_, _ = fmt.Fprintf(&out, " %-9s", ask(t, site.Visit(t, site.Paul), newStage(t, site, 1000+n, route.Pattern), route.Method, route.Pattern, static))
		_, _ = fmt.Fprintf(&out, " %s\n", ask(t, s.jeanne, s, route.Method, route.Pattern, static))
		if a, err := site.Visit(t, site.Jeanne).Do(t.Context(), http.MethodPut, s.path(route.Pattern, static), nil); err != nil || a.Status != http.StatusMethodNotAllowed {
			t.Errorf("PUT %s: %d, %v", route.Pattern, a.Status, err)
		}
	}
	golden(t, "testdata/matrix.txt", out.String())
	onlyRefusals(t, site)
}

// ask sends a request and says what came of it: a status, or where it led.
func ask(t testing.TB, v *apptest.Visitor, s stage, method, pattern, static string) string {
	t.Helper()
	path, form := s.path(pattern, static), url.Values(nil)
	if method == http.MethodPost {
		form = url.Values{}
		for name, values := range forms[method+" "+pattern] {
			for _, value := range values {
				form.Add(name, s.path(value, static))
			}
		}
	}
	if path == "/idp/authorize" && method == http.MethodGet {
		path = apptest.Request()
	}
	a, err := v.Do(t.Context(), method, path, form)
	must(t, err)
	if a.Status >= 500 && a.Status != http.StatusServiceUnavailable {
		t.Errorf("%s %s: %d", method, pattern, a.Status)
	}
	to := a.At
	switch {
	case to.Path == "":
		return strconv.Itoa(a.Status)
	case to.Path == "/connexion" && a.Status == http.StatusSeeOther:
		return "sign-in"
	case strings.Contains(to.String(), "/api/v2/authorize"):
		return "provider"
	case strings.Contains(to.String(), "/api/v2/session/end"):
		return "sign-out"
	case strings.HasPrefix(to.String(), apptest.ClientCallback) && to.Query().Get("code") != "":
		return "code"
	case strings.HasPrefix(to.String(), apptest.ClientCallback):
		return to.Query().Get("error")
	}
	return strconv.Itoa(a.Status)
}

// onlyRefusals fails the test if those who may not did something: the journal has only their sign-ins, refusals, and the
// auditor's exports.
func onlyRefusals(t testing.TB, site *apptest.Site) {
	t.Helper()
	for who, by := range map[string]journal.Actor{"other": site.Ines, "referent": site.Odile, "auditor": site.Sofia} {
		var acts []string
		site.Row(t, `select coalesce(array_agg(distinct action), '{}') from journal_entry
			where person_id = $1 and action not in ('session.opened', 'session.closed', 'power.refused', 'journal.exported', 'person.added')`, []any{by.Person}, &acts)
		if len(acts) > 0 {
			t.Errorf("the %s did %v", who, acts)
		}
	}
}
