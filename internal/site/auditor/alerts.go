package auditor

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/google/uuid"

	"mandat/internal/anomaly"
	"mandat/internal/clock"
	"mandat/internal/db"
	"mandat/internal/journal"
	"mandat/internal/opening"
	"mandat/internal/org"
	"mandat/internal/page"
	"mandat/internal/prose"
	"mandat/internal/session"
	"mandat/internal/site/staff"
)

// Alerts serves the pages of alerts, and of the rules that find them (rules.go).
type Alerts struct {
	Pages     *page.Pages
	Sessions  *session.Sessions
	Anomalies *anomaly.Register
	Clock     *clock.Clock
}

const (
	alertsPath = "/audit/alertes"
	rulesPath  = "/audit/regles"
)

var (
	alertsLink  = page.Link{Href: alertsPath, Text: "alerts.list.title"}
	rulesLink   = page.Link{Href: rulesPath, Text: "alerts.rules.title"}
	underAlerts = append(trail[:1:1], alertsLink)
	underRules  = append(trail[:1:1], rulesLink)
)

// Mount adds the pages' routes.
func (s *Alerts) Mount(r *page.Router) {
	r.Get(alertsPath, page.Auditor, s.list)
	r.Get("/audit/alertes/{alert}", page.Auditor, s.show)
	r.Post("/audit/alertes/{alert}", page.Auditor, s.doClose)
	r.Get(rulesPath, page.Auditor, s.listRules)
	r.Get("/audit/regles/{rule}", page.Auditor, s.showRule)
	r.Post("/audit/regles/{rule}", page.Auditor, s.doChange)
	r.Post("/audit/regles/{rule}/essai", page.Auditor, s.doTry)
}

// acts are those of these pages.
func (s *Alerts) acts() staff.Acts {
	return staff.Acts{Sessions: s.Sessions, Clock: s.Clock, About: "audit", Refusal: alertRefusal}
}

// alertRefusal turns what the rules refuse into words.
func alertRefusal(err error) error {
	switch {
	case errors.Is(err, org.ErrYourself):
		return page.NewProblem(http.StatusConflict, "alerts.problem.yours", alertsPath)
	case errors.Is(err, db.ErrConflict):
		return page.NewProblem(http.StatusConflict, "alerts.problem.closed", alertsPath)
	case errors.Is(err, org.ErrMayNot):
		return page.ErrForbidden
	}
	return err
}

// alert is one as pages show it.
type alert struct {
	anomaly.Alert
	Says    string
	Limited limited // the thresholds of its version; only on its own page
}

// Whom is the pseudonym of the aidant, Where that of the organisation, and Closer that of who closed it.
func (a alert) Whom() string { return journal.Pseudonym(a.Person) }

// Where is the pseudonym of the organisation.
func (a alert) Where() string { return journal.Pseudonym(a.Organisation) }

// Closer is the pseudonym of who closed it.
func (a alert) Closer() string { return journal.Pseudonym(a.ClosedBy) }

// Taken reports whether it is in a case.
func (a alert) Taken() bool { return a.Case != uuid.Nil }

// Journal leads to what the aidant did there on that day, or in that week.
func (a alert) Journal() string {
	last := a.Day
	if a.Week() {
		last = last.AddDate(0, 0, 6)
	}
	return "/audit/journal?" + url.Values{"personne": {a.Person.String()}, "structure": {a.Organisation.String()}, "du": {a.Day.Format(time.DateOnly)}, "au": {last.Format(time.DateOnly)}}.Encode()
}

// noon of a day is the day in Paris too.
func noon(day time.Time) time.Time { return day.Add(12 * time.Hour) }

// says is the sentence of an alert: its figures, and the thresholds as they are given.
func (s *Alerts) says(lang string, a *anomaly.Alert, limits map[string]int) (string, error) {
	zone, key := prose.Paris, "alerts.says."+a.Rule
	if a.Rule == anomaly.OddHours {
		zone = opening.Zone(departmentOf(a))
	}
	args := []any{"Day", prose.Date(lang, noon(a.Day)), "First", prose.ClockIn(lang, a.First, zone), "Last", prose.ClockIn(lang, a.Last, zone)}
	switch a.Rule {
	case anomaly.SharedPhone:
		args[3] = prose.Date(lang, a.First)
	case anomaly.OddHours:
		week := anomaly.Usual(limits)
		if a.Hours != nil {
			week, key = *a.Hours, key+"_own"
		}
		args = append(args, "Zone", opening.ZoneWords(lang, departmentOf(a)), "Hours", week.Words(lang))
	}
	for name, n := range a.Figures {
		if name == "hours" { // the number of a version, whose hours are told
			continue
		}
		args = append(args, camel(name), n)
	}
	for name, n := range limits {
		args = append(args, "Limit"+camel(name), n)
	}
	text, err := s.Pages.Text(lang, key, args...)
	if err != nil || a.Rule != anomaly.OddHours || !opening.Holiday(a.Day, departmentOf(a)) {
		return text, err
	}
	feast, err := s.Pages.Text(lang, "alerts.says.on_holiday")
	return text + " " + feast, err
}

// departmentOf is where the organisation of an alert about odd hours is, when it has a clock or holidays of its own.
func departmentOf(a *anomaly.Alert) string {
	if n := a.Figures["department"]; n > 0 {
		return strconv.Itoa(n)
	}
	return ""
}

// limited is a list of thresholds.
type limited struct{ Limits []limit }

// limit is a threshold, by the key of its name. One that says whether is 1 or 0.
type limit struct {
	Name    string
	Value   int
	Whether bool
}

// limitsOf are the thresholds of a rule, in their order on pages.
func limitsOf(rule string, thresholds map[string]int) []limit {
	var out []limit
	for _, name := range []string{"opens", "closes", "saturday", "sunday", "holidays", "acts", "refusals", "citizens", "minutes", "mandates", "peers", "times"} {
		if n, ok := thresholds[name]; ok {
			out = append(out, limit{"alerts.threshold." + rule + "." + name, n, slices.Contains([]string{"saturday", "sunday", "holidays"}, name)})
		}
	}
	return out
}

type alertsPage struct {
	page.Common
	Keys   []string
	Alerts []alert
	Older  string // address of the next page, "" when there is none
	Rates  []rate
	Notice string
}

// rate is a line of a table of rates.
type rate struct {
	anomaly.Rate
	Of string // what it is of: a rule, or a month
}

const alertsSize = 50

// list shows alerts, and how often rules were mistaken.
func (s *Alerts) list(w http.ResponseWriter, r *http.Request) error {
	at, err := staff.SignedIn(r)
	if err != nil {
		return err
	}
	f := page.FilledForm(r.URL.Query())
	data := &alertsPage{Common: page.Common{Title: alertsLink.Text, Trail: trail, Current: alertsPath, Form: f, KeepQuery: []string{"regle", "etat", "avant", "apres"}}, Keys: anomaly.Keys()}
	wanted := anomaly.Wanted{Rule: f.Choice("regle", anomaly.Keys()...), Closed: f.Has("etat", "closes")}
	if micros, err := strconv.ParseInt(f.Value("avant"), 10, 64); err == nil && micros > 0 {
		wanted.Before = time.UnixMicro(micros)
		wanted.After, _ = uuid.Parse(f.Value("apres")) // uuid.Nil: none of that very time
	}
	all, err := s.Anomalies.List(r.Context(), at.Actor(), wanted, alertsSize)
	if err != nil {
		return alertRefusal(err)
	}
	if len(all) == alertsSize {
		last := all[alertsSize-1]
		q := url.Values{"avant": {strconv.FormatInt(last.FoundAt.UnixMicro(), 10)}, "apres": {last.ID.String()}}
		for _, name := range []string{"regle", "etat"} {
			if v := f.Value(name); v != "" {
				q.Set(name, v)
			}
		}
		data.Older = alertsPath + "?" + q.Encode()
	}
	if data.Alerts, err = s.alerts(r, at, all); err != nil {
		return err
	}
	rates, _, err := s.Anomalies.Rates(r.Context(), at.Actor(), wanted.Rule)
	if err != nil {
		return alertRefusal(err)
	}
	for _, x := range rates {
		name, err := s.Pages.Text(page.Lang(r), "alerts.rule."+x.Rule)
		if err != nil {
			return err
		}
		data.Rates = append(data.Rates, rate{x, name})
	}
	if data.Notice, err = s.acts().Notice(r, at); err != nil {
		return err
	}
	return s.Pages.Render(w, r, http.StatusOK, "anomaly/alerts.html", data)
}

// alerts puts alerts into words.
func (s *Alerts) alerts(r *http.Request, at *session.Session, all []anomaly.Alert) ([]alert, error) {
	limits, err := s.Anomalies.Thresholds(r.Context(), at.Actor())
	if err != nil {
		return nil, alertRefusal(err)
	}
	out := make([]alert, len(all))
	for i := range all {
		out[i].Alert = all[i]
		if out[i].Says, err = s.says(page.Lang(r), &all[i], limits[anomaly.Named{Key: all[i].Rule, Version: all[i].Version}]); err != nil {
			return nil, err
		}
	}
	return out, nil
}

type alertPage struct {
	page.Common
	Alert  alert
	Mine   bool           // it is about who looks
	Cases  []anomaly.Case // into which it may be taken
	Kinds  []string
	Max    int
	Notice string
}

// show shows one alert.
func (s *Alerts) show(w http.ResponseWriter, r *http.Request) error {
	at, id, err := staff.WithID(r, "alert")
	if err != nil {
		return err
	}
	notice, err := s.acts().Notice(r, at)
	if err != nil {
		return err
	}
	return s.render(w, r, at, id, page.FilledForm(nil), http.StatusOK, notice)
}

func (s *Alerts) render(w http.ResponseWriter, r *http.Request, at *session.Session, id uuid.UUID, f *page.Form, status int, notice string) error {
	a, err := s.Anomalies.Find(r.Context(), at.Actor(), id)
	if err != nil {
		return alertRefusal(err)
	}
	says, err := s.says(page.Lang(r), &a, a.Limits)
	if err != nil {
		return err
	}
	name, err := s.Pages.Text(page.Lang(r), "alerts.rule."+a.Rule)
	if err != nil {
		return err
	}
	data := &alertPage{Common: page.Common{Title: "alerts.one.title", TitleArgs: map[string]any{"Rule": name}, Trail: underAlerts, Current: alertsPath, Form: f},
		Alert: alert{a, says, limited{limitsOf(a.Rule, a.Limits)}}, Mine: a.Person == at.Person, Kinds: anomaly.Kinds(), Max: anomaly.WordsMax, Notice: notice}
	if a.State == anomaly.Open && !data.Mine {
		if data.Cases, err = s.Anomalies.Cases(r.Context(), at.Actor()); err != nil {
			return alertRefusal(err)
		}
	}
	return s.Pages.Render(w, r, status, "anomaly/alert.html", data)
}

// doClose closes an alert, or takes it into a case when the form names one.
func (s *Alerts) doClose(w http.ResponseWriter, r *http.Request) error {
	_, id, err := staff.WithID(r, "alert")
	if err != nil {
		return err
	}
	at, f, err := staff.Sent(r)
	if err != nil {
		return err
	}
	if into, err := uuid.Parse(f.Value("dossier")); err == nil {
		return s.acts().Press(w, r, at, alertsPath+"/"+id.String(), "alerts.one.was_taken", func() error { return s.Anomalies.Take(r.Context(), at.Actor(), id, into) })
	}
	kind := f.Choice("motif", anomaly.Kinds()...)
	if kind == "" {
		f.Fail("motif", "alerts.wrong.kind")
		return s.render(w, r, at, id, f, http.StatusUnprocessableEntity, "")
	}
	switch err := s.Anomalies.Close(r.Context(), at.Actor(), id, kind, f.Value("raison")); {
	case errors.Is(err, anomaly.ErrReason):
		f.Fail("raison", "alerts.wrong.words")
	case errors.Is(err, anomaly.ErrSecret):
		f.Fail("raison", "alerts.wrong.secret")
	case err != nil:
		return alertRefusal(err)
	default:
		return s.acts().Finish(w, r, at, alertsPath+"/"+id.String(), "alerts.one.was_closed")
	}
	return s.render(w, r, at, id, f, http.StatusUnprocessableEntity, "")
}
