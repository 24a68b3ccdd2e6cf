package app_test

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/uuid"

	"mandat/internal/apptest"
	"mandat/internal/journal"
	"mandat/internal/org"
	"mandat/internal/page"
)

// A visitor of the matrix: a column of testdata/matrix.txt.
type visitor struct {
	name string
	by   journal.Actor // nobody's for who is not signed in
	may  func(route page.Route) bool
}

// Which of Jeanne's things, or of those of her organisation, a visitor may change: nothing; what belongs to one audience.
func nothing(page.Route) bool { return false }

func audience(a page.Audience) func(page.Route) bool {
	return func(r page.Route) bool { return r.Audience == a }
}

// visitors are everybody there is, from whom has the fewest rights.
func visitors(t testing.TB, site *apptest.Site) []visitor {
	t.Helper()
	must(t, site.Directory.Join(t.Context(), journal.Program(), site.Ines.Person, site.Elsewhere, org.RoleReferent))
	fraud, prefecture := recipients(t, site)
	return []visitor{
		{name: "nobody", may: secret},
		{name: "citizen", may: secret},
		{name: "suspended", by: site.Samir, may: nothing},
		{name: "auditor", by: site.Sofia, may: suspends},
		{name: "fraud", by: fraud, may: nothing},
		{name: "prefectur", by: prefecture, may: nothing},                // of the department where Jeanne works
		{name: "other", by: site.Ines, may: nothing},                     // aidant and referent of another organisation
		{name: "untrained", by: site.Nora, may: nothing},                 // never certified
		{name: "referent", by: site.Odile, may: audience(page.Referent)}, // of Jeanne's organisation, and no aidant
		{name: "administr", by: site.Adele, may: audience(page.Administrator)},
		{name: "colleague", by: site.Paul, may: audience(page.Aidant)},
	}
}

// suspends is what an auditor changes of what others did: they suspend, and lift that.
func suspends(r page.Route) bool {
	return r.Pattern == "/audit/dossiers/{inquiry}/mesures" || r.Pattern == "/audit/dossiers/{inquiry}/levees"
}

// secret is who holds the secret of an invitation, or of a link for a citizen's phone: nobody else knows its address.
func secret(r page.Route) bool {
	return r.Pattern == "/invitation/{token}" || r.Pattern == "/i/{token}"
}

// visit opens a visitor's session for one request: a route may end it. The citizen's browser has been sent here by FranceConnect.
func (v visitor) visit(t testing.TB, site *apptest.Site) *apptest.Visitor {
	t.Helper()
	if v.name == "suspended" { // after they signed in
		defer site.Suspend(t, v.by)
	}
	if v.by.Person != uuid.Nil {
		return site.Visit(t, v.by)
	}
	out := site.Stranger(t)
	if v.name == "citizen" {
		out.Keep(out.Get(apptest.Request()))
		if out.Cookie == "" {
			t.Error("the citizen's browser has no session")
		}
	}
	return out
}

// Every route, asked by everybody, with a complete form and the ids of Jeanne's things. testdata/matrix.txt says what each
// gets, with a star where something of Jeanne's or of her organisation changed; a new route has no line there and fails.
func TestMatrix(t *testing.T) {
	t.Parallel()
	site := apptest.Start(t, func(o *apptest.Options) { o.Before, o.Proxied = withoutJobs(t), true })
	must(t, site.App.CatchUp(t.Context()))
	everybody := visitors(t, site)
	m := &matrix{t: t, site: site, static: strings.TrimPrefix(regexp.MustCompile(`/static/[^"]+\.css`).FindString(site.Stranger(t).Get("/").Body), "/static/")}
	var out strings.Builder
	_, _ = fmt.Fprintf(&out, "%-60s", "# what everybody gets for Jeanne's things")
	for _, v := range everybody {
		_, _ = fmt.Fprintf(&out, " %-9s", v.name)
	}
	_, _ = fmt.Fprintln(&out, " jeanne")
	for _, route := range site.App.Routes() {
		name := route.Method + " " + route.Pattern
		if _, known := forms[name]; route.Method == http.MethodPost && !known {
			t.Errorf("%s has no form", name)
			continue
		}
		_, _ = fmt.Fprintf(&out, "%-60s", name)
		s := m.stage(route)
		for _, v := range everybody {
			cell, changed := m.cell(v, s)
			_, _ = fmt.Fprintf(&out, " %-9s", cell)
			if changed {
				s = m.stage(route)
			}
		}
		_, _ = fmt.Fprintf(&out, " %s\n", m.ask(s.owner, s))
		if a, err := site.Visit(t, site.Jeanne).Do(t.Context(), http.MethodPut, s.fill(route.Pattern), nil); err != nil || a.Status != http.StatusMethodNotAllowed {
			t.Errorf("PUT %s: %d, %v", route.Pattern, a.Status, err)
		}
	}
	golden(t, "testdata/matrix.txt", out.String())
	m.onlyRefusals(everybody)
}

// withoutJobs pauses the jobs: a mail's link or code is written when it is sent, and sessions that hold no more are purged, in the
// jobs' own time, while a visitor who changed nothing is here.
func withoutJobs(t testing.TB) func(*apptest.Site) {
	return func(site *apptest.Site) {
		var queue string
		site.Row(t, `insert into river_queue (name, metadata, paused_at, created_at, updated_at) values ('acts', '{}', now(), now(), now()),
			('default', '{}', now(), now(), now()) returning name`, nil, &queue)
	}
}

type matrix struct {
	t      testing.TB
	site   *apptest.Site
	static string // path of a file that is served
	n      int    // of stages
}

// cell asks for a route as a visitor, and fails the test if that changed what they may not change.
func (m *matrix) cell(v visitor, s *stage) (cell string, changed bool) {
	m.t.Helper()
	browser := v.visit(m.t, m.site)
	s.prepare()
	before := m.things(v.by)
	cell = m.ask(browser, s)
	what := differing(before, m.things(v.by))
	if len(what) > 0 && !v.may(s.route) {
		m.t.Errorf("%s %s: the %s changed %v", s.route.Method, s.route.Pattern, v.name, what)
	}
	if len(what) > 0 {
		cell += "*"
	}
	if v.name == "suspended" {
		must(m.t, m.site.Directory.Resume(m.t.Context(), journal.Program(), v.by.Person))
	}
	return cell, len(what) > 0
}

// ask sends a request and says what came of it: a status, or where it led.
func (m *matrix) ask(v *apptest.Visitor, s *stage) string {
	m.t.Helper()
	method, pattern := s.route.Method, s.route.Pattern
	path, form := s.fill(pattern), url.Values(nil)
	if method == http.MethodPost {
		form = url.Values{}
		for name, values := range forms[method+" "+pattern] {
			for _, value := range values {
				form.Add(name, s.fill(value))
			}
		}
	}
	if path == "/idp/authorize" && method == http.MethodGet {
		path = apptest.Request()
	}
	a, err := apptest.Answer{}, error(nil)
	if file := form.Get("file"); file != "" {
		form.Del("file")
		a, err = v.Upload(m.t.Context(), path, form, file)
	} else {
		a, err = v.Do(m.t.Context(), method, path, form)
	}
	must(m.t, err)
	if a.Status >= 500 && a.Status != http.StatusServiceUnavailable {
		m.t.Errorf("%s %s: %d", method, pattern, a.Status)
	}
	return outcome(a)
}

func outcome(a apptest.Answer) string {
	to := a.At
	switch {
	case to.Path == "":
		return strconv.Itoa(a.Status)
	case to.Path == "/connexion" && a.Status == http.StatusSeeOther:
		return "sign-in"
	case to.Path == "/connexion/confirmation" && a.Status == http.StatusSeeOther:
		return "step-up"
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

// held are the tables in which Jeanne's things are, with what in them is not a visitor's ($1) own, nor the other organisation's ($2).
var held = map[string]string{
	"organisation": "id <> $2", "organisation_hours": "organisation_id <> $2", "person": "id <> $1", "person_identity": "person_id <> $1", "person_contact": "person_id <> $1", "person_contact_former": "person_id <> $1",
	"membership": "person_id <> $1 and organisation_id <> $2", "invitation": "organisation_id is distinct from $2", "certification": "person_id <> $1",
	"certification_import": "created_by <> $1", "charter_acceptance": "person_id <> $1", "credential_passkey": "person_id <> $1", "credential_totp": "person_id <> $1",
	"credential_recovery": "person_id <> $1", "credential_reset": "asked_by <> $1 or person_id <> $1", "credential_card": "true", "mandate_draft": "person_id <> $1 and state <> 'abandoned'",
	"mandate": "true", "mandate_power": "true", "mandate_handover": "true", "mandate_evidence": "true", "report_use": "true", "report_account": "true", "attestation": "true", "idp_login": "person_id <> $1", "franceconnect_link": "person_id <> $1", "notify_message": "false",
	"session": "person_id <> $1",
}

// things is a digest of what each table holds that is nobody of a visitor's. A row that was written again has changed.
func (m *matrix) things(by journal.Actor) map[string]string {
	m.t.Helper()
	elsewhere := uuid.Nil
	if by.Person == m.site.Ines.Person {
		elsewhere = m.site.Elsewhere
	}
	var parts []string
	for _, table := range slices.Sorted(maps.Keys(held)) {
		const row = "hashtextextended(xmin::text || ctid::text, 0)" // cheaper to read than what is in it
		parts = append(parts, `select '`+table+`' as name, count(*) || ' ' || coalesce(sum(`+row+`), 0) as sum from `+table+` x where `+held[table])
	}
	var out map[string]string
	m.site.Row(m.t, `select json_object_agg(name, sum) from (`+strings.Join(parts, " union all ")+`) t where $1::uuid is not null and $2::uuid is not null`, []any{by.Person, elsewhere}, &out)
	return out
}

func differing(before, after map[string]string) []string {
	var out []string
	for table := range before {
		if before[table] != after[table] {
			out = append(out, table)
		}
	}
	slices.Sort(out)
	return out
}

// onlyRefusals fails the test if those who may nothing here did something: the journal has only what concerns themselves.
func (m *matrix) onlyRefusals(everybody []visitor) {
	m.t.Helper()
	own := []string{"session.opened", "session.closed", "session.ended", "session.stepped_up", "power.refused", "journal.exported", "journal.searched", "journal.viewed", "journal.compared", "unsealing.asked", "unsealing.granted", "unsealing.refused", "unsealing.withdrawn", "unsealing.ended", "unsealing.looked", "sample.checked", "anomaly.closed", "anomaly.rule_changed", "anomaly.tried", "statistics.exported", "charter.accepted", "person.changed",
		"factor.added", "factor.removed", "factor.recovery_made"}
	for _, v := range everybody {
		if v.name != "suspended" && v.name != "auditor" && v.name != "fraud" && v.name != "prefectur" && v.name != "other" {
			continue
		}
		own := own
		if v.name == "auditor" {
			own = slices.Concat(own, journal.ActionsOf("inquiry", "signal"), []string{"mandate.suspended", "mandate.resumed"})
		}
		if v.name == "fraud" || v.name == "prefectur" {
			own = slices.Concat(own, journal.ActionsOf("recipient"), []string{"signal.raised"})
		}
		var acts []string
		m.site.Row(m.t, `select coalesce(array_agg(distinct action), '{}') from journal_entry where person_id = $1 and action <> all ($2)
			and organisation_id is distinct from $3`, []any{v.by.Person, own, m.site.Elsewhere}, &acts)
		if len(acts) > 0 {
			m.t.Errorf("the %s did %v", v.name, acts)
		}
	}
}
