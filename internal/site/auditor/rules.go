package auditor

import (
	"errors"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/google/uuid"

	"mandat/internal/anomaly"
	"mandat/internal/db"
	"mandat/internal/journal"
	"mandat/internal/org"
	"mandat/internal/page"
	"mandat/internal/prose"
	"mandat/internal/session"
	"mandat/internal/site/staff"
)

// rule is a version of a rule as pages show it.
type rule struct {
	anomaly.Rule
	limited
}

func ruleOf(r anomaly.Rule) rule { return rule{r, limited{limitsOf(r.Key, r.Thresholds)}} }

// Changer is the pseudonym of who put it in force; "" when it came with the program.
func (r rule) Changer() string {
	if r.ChangedBy == uuid.Nil {
		return ""
	}
	return journal.Pseudonym(r.ChangedBy)
}

type rulesPage struct {
	page.Common
	Rules []rule
}

// listRules shows the rules as they are in force.
func (s *Alerts) listRules(w http.ResponseWriter, r *http.Request) error {
	at, err := staff.SignedIn(r)
	if err != nil {
		return err
	}
	all, err := s.Anomalies.Rules(r.Context(), at.Actor())
	if err != nil {
		return alertRefusal(err)
	}
	data := &rulesPage{Common: page.Common{Title: rulesLink.Text, Trail: underAlerts, Current: alertsPath}}
	for _, x := range all {
		data.Rules = append(data.Rules, ruleOf(x))
	}
	return s.Pages.Render(w, r, http.StatusOK, "anomaly/rules.html", data)
}

// trial is one as pages show it.
type trial struct {
	anomaly.Trial
	Tried       limited
	Again, Lost []knownAlerts
}

// knownAlerts are alerts that there are, by how they stand or were closed.
type knownAlerts struct {
	Kind  string // key of its text
	Count int
}

func knownOf(by map[string]int) []knownAlerts {
	var out []knownAlerts
	for _, how := range slices.Sorted(maps.Keys(by)) {
		key := "alerts.state." + how
		if slices.Contains(anomaly.Kinds(), how) {
			key = "alerts.kind." + how
		}
		out = append(out, knownAlerts{key, by[how]})
	}
	return out
}

func trialOf(t anomaly.Trial) trial {
	out := trial{Trial: t, Tried: limited{limitsOf(t.Rule, t.Thresholds)}}
	out.From, out.To = noon(t.From), noon(t.To)
	if t.Result != nil {
		out.Again, out.Lost = knownOf(t.Result.Again), knownOf(t.Result.Lost)
	}
	return out
}

type rulePage struct {
	page.Common
	Rule     rule
	Versions []rule
	Trials   []trial
	Months   []rate
	Notice   string
}

// showRule shows a rule, with a form to change or try it.
func (s *Alerts) showRule(w http.ResponseWriter, r *http.Request) error {
	at, err := staff.SignedIn(r)
	if err != nil {
		return err
	}
	versions, err := s.Anomalies.History(r.Context(), at.Actor(), r.PathValue("rule"))
	if err != nil {
		return alertRefusal(err)
	}
	values := url.Values{}
	for _, b := range versions[0].Bounds {
		n := versions[0].Thresholds[b.Name]
		values.Set(b.Name, strconv.Itoa(n))
		if b.Whether() {
			values.Set(b.Name, map[int]string{1: "on"}[n])
		}
	}
	if versions[0].Enabled {
		values.Set("enabled", "on")
	}
	today := s.Clock.Now().In(prose.Paris)
	values.Set("du", today.AddDate(0, 0, -30).Format(time.DateOnly))
	values.Set("au", today.Format(time.DateOnly))
	f, err := s.acts().Kept(r, rulesPath+"/"+versions[0].Key, page.FilledForm(values))
	if err != nil {
		return err
	}
	notice, err := s.acts().Notice(r, at)
	if err != nil {
		return err
	}
	return s.ruleForm(w, r, at, versions, f, http.StatusOK, notice)
}

func (s *Alerts) ruleForm(w http.ResponseWriter, r *http.Request, at *session.Session, versions []anomaly.Rule, f *page.Form, status int, notice string) error {
	key := versions[0].Key
	data := &rulePage{Common: page.Common{Title: "alerts.rule." + key, Trail: underRules, Current: alertsPath, Form: f, Here: rulesPath + "/" + key}, Rule: ruleOf(versions[0]), Notice: notice}
	for _, v := range versions {
		data.Versions = append(data.Versions, ruleOf(v))
	}
	trials, err := s.Anomalies.Trials(r.Context(), at.Actor(), key)
	if err != nil {
		return alertRefusal(err)
	}
	for _, t := range trials {
		data.Trials = append(data.Trials, trialOf(t))
	}
	_, months, err := s.Anomalies.Rates(r.Context(), at.Actor(), key)
	if err != nil {
		return alertRefusal(err)
	}
	for _, m := range months {
		data.Months = append(data.Months, rate{m, prose.Day(page.Lang(r), m.Month.Year(), m.Month.Month(), 0)})
	}
	return s.Pages.Render(w, r, status, "anomaly/rule.html", data)
}

// sent reads the form of a rule, whose thresholds it has checked against their bounds.
func (s *Alerts) sent(r *http.Request) (*session.Session, []anomaly.Rule, anomaly.Rule, *page.Form, error) {
	at, f, err := staff.Sent(r)
	if err != nil {
		return nil, nil, anomaly.Rule{}, nil, err
	}
	versions, err := s.Anomalies.History(r.Context(), at.Actor(), r.PathValue("rule"))
	if err != nil {
		return nil, nil, anomaly.Rule{}, nil, alertRefusal(err)
	}
	want := anomaly.Rule{Key: versions[0].Key, Enabled: f.Ticked("enabled"), Thresholds: map[string]int{}}
	want.Version, _ = strconv.Atoi(f.Value("version")) // 0 is no version
	for _, b := range versions[0].Bounds {
		if b.Whether() {
			want.Thresholds[b.Name] = map[bool]int{true: 1}[f.Ticked(b.Name)]
			continue
		}
		n, err := strconv.Atoi(f.Text(b.Name, 6))
		if err != nil || n < b.Least || n > b.Most {
			f.Fail(b.Name, "alerts.wrong.number")
		}
		want.Thresholds[b.Name] = n
	}
	return at, versions, want, f, nil
}

// doChange puts another version of a rule in force.
func (s *Alerts) doChange(w http.ResponseWriter, r *http.Request) error {
	at, versions, want, f, err := s.sent(r)
	if err != nil {
		return err
	}
	if !f.Failed() {
		err = s.Anomalies.Change(r.Context(), at.Actor(), want)
	}
	path := rulesPath + "/" + want.Key
	switch {
	case f.Failed():
	case errors.Is(err, org.ErrFactorTooOld):
		return s.acts().Later(w, r, path, f)
	case errors.Is(err, anomaly.ErrBounds):
		f.Fail(versions[0].Bounds[0].Name, "alerts.wrong.same")
	case errors.Is(err, db.ErrConflict):
		return page.NewProblem(http.StatusConflict, "alerts.problem.changed", rulesPath)
	case err != nil:
		return alertRefusal(err)
	default:
		return s.acts().Finish(w, r, at, path, "alerts.rules.was_changed")
	}
	return s.ruleForm(w, r, at, versions, f, http.StatusUnprocessableEntity, "")
}

// doTry has thresholds tried on history.
func (s *Alerts) doTry(w http.ResponseWriter, r *http.Request) error {
	at, versions, want, f, err := s.sent(r)
	if err != nil {
		return err
	}
	from, wrongFrom := time.Parse(time.DateOnly, f.Text("du", 10))
	to, wrongTo := time.Parse(time.DateOnly, f.Text("au", 10))
	if wrongFrom != nil || wrongTo != nil {
		f.Fail("du", "alerts.wrong.period")
	}
	if !f.Failed() {
		_, err = s.Anomalies.Try(r.Context(), at.Actor(), want.Key, want.Thresholds, from, to)
	}
	switch {
	case f.Failed():
	case errors.Is(err, anomaly.ErrPeriod):
		f.Fail("du", "alerts.wrong.period")
	case errors.Is(err, db.ErrConflict):
		return page.NewProblem(http.StatusConflict, "alerts.problem.trying", rulesPath)
	case err != nil:
		return alertRefusal(err)
	default:
		return s.acts().Finish(w, r, at, rulesPath+"/"+want.Key, "alerts.trial.was_asked")
	}
	return s.ruleForm(w, r, at, versions, f, http.StatusUnprocessableEntity, "")
}
