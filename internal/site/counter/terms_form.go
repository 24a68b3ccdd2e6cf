package counter

import (
	"maps"
	"net/url"
	"slices"
	"strconv"
	"time"

	"mandat/internal/page"
	"mandat/internal/procedure"
	"mandat/internal/prose"
	"mandat/internal/terms"
)

// The fields of one procedure.
func levelField(key string) string  { return "level-" + key }
func caseField(key string) string   { return "case-" + key }
func warnedField(key string) string { return "warned-" + key }

// untilDay is the value of "days" that says that the last day is chosen.
const untilDay = "until"

const dayLayout = "02/01/2006"

// entered is the form that terms were entered with, without the declarations: they are made again with the citizen.
func entered(t terms.Terms) *page.Form {
	v := url.Values{"procedures": t.Procedures(), "days": {strconv.Itoa(t.Days)}}
	for _, p := range t.Powers {
		v.Set(levelField(p.Procedure), string(p.Level))
		v.Set(caseField(p.Procedure), p.Case)
	}
	if !t.Until.IsZero() {
		v.Set("days", untilDay)
		v.Set("until", t.Until.Format(dayLayout))
	}
	if !t.From.IsZero() {
		v.Set("from", t.From.Format(dayLayout))
	}
	for field, yes := range map[string]bool{"payments": t.Payments, "bank_details": t.BankDetails, "quiet": !t.Tell} {
		if yes {
			v.Set(field, "on")
		}
	}
	return page.FilledForm(v)
}

// readTerms reads the form and notes its mistakes in the order of the page.
func (s *Site) readTerms(form *page.Form) terms.Terms {
	t, unreadable := readPeriod(form)
	t.Payments, t.BankDetails, t.Tell = form.Ticked("payments"), form.Ticked("bank_details"), !form.Ticked("quiet")
	t.NoProtection, t.Informed = form.Ticked("no_protection"), form.Ticked("informed")
	unread := map[string]bool{} // warnings of procedures that have one: each was read if somebody has said so, and none was where there is none
	for _, key := range form.Values("procedures") {
		asked := terms.Asked{Procedure: key, Level: procedure.Level(form.Value(levelField(key))), Case: terms.TidyCase(form.Value(caseField(key)))}
		p, known := s.Catalogue.Find(key)
		if known && asked.Level == "" {
			asked.Level = readLevel(form, p)
		}
		if p.Warning != nil {
			unread[key] = !form.Has("warned", key)
		}
		t.Powers = append(t.Powers, asked)
	}
	t.Warned = len(unread) > 0 && !slices.Contains(slices.Collect(maps.Values(unread)), true)
	wrong := t.Check(s.Catalogue, s.Clock.Now())
	maps.Copy(wrong, unreadable)
	if unreadable["until"] != "" {
		delete(wrong, "days")
	}
	for _, field := range []string{"informed", "procedures", "", "payments", "bank_details", "days", "until", "from", "no_protection"} {
		switch code := wrong[field]; {
		case field == "":
			s.failPowers(form, t, unread)
		case code != "":
			form.Fail(field, "aidant.terms.wrong."+field+"."+code)
		}
	}
	return t
}

// readPeriod reads from when until when, and says, by field, which day cannot be read. A last day counts unless a duration is chosen.
func readPeriod(form *page.Form) (t terms.Terms, wrong map[string]string) {
	wrong = map[string]string{}
	read := func(field string, to *time.Time) {
		if text := form.Value(field); text != "" {
			var ok bool
			if *to, ok = prose.ReadDay(text); !ok {
				wrong[field] = "unreadable"
			}
		}
	}
	read("from", &t.From)
	chosen := form.Value("days")
	if chosen != "" && chosen != untilDay {
		t.Days, _ = strconv.Atoi(chosen)
		return t, wrong
	}
	read("until", &t.Until)
	if chosen == untilDay && form.Value("until") == "" {
		wrong["until"] = "missing"
	}
	return t, wrong
}

// failPowers notes what is wrong with one power, at its fields, in the order of the page.
func (s *Site) failPowers(form *page.Form, t terms.Terms, unread map[string]bool) {
	for _, theme := range s.Catalogue.Themes() {
		for _, p := range theme.Procedures {
			i := slices.IndexFunc(t.Powers, func(a terms.Asked) bool { return a.Procedure == p.Key })
			if i < 0 {
				continue
			}
			wrong := terms.Terms{Powers: t.Powers[i : i+1]}.Check(s.Catalogue, s.Clock.Now())
			if wrong["levels"] != "" {
				form.Fail(levelField(p.Key), "aidant.terms.wrong.levels.unknown")
			}
			if code := wrong["cases"]; code != "" {
				form.Fail(caseField(p.Key), "aidant.terms.wrong.cases."+code)
			}
			if unread[p.Key] {
				form.Fail(warnedField(p.Key), "aidant.terms.wrong.warned.missing")
			}
		}
	}
}
