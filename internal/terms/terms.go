// Package terms is what a mandate says: the powers asked for, from when until when, and what the citizen consented to apart.
//
// Terms are what the aidant enters with the citizen, and may be wrong (Check). Frozen is what was agreed, in the words of
// that day: it is sealed under the citizen's key, and its SHA-256 stands in the entry of the signature. Nothing here knows a
// database.
package terms

import (
	"cmp"
	"slices"
	"time"

	"mandat/internal/private"
	"mandat/internal/procedure"
	"mandat/internal/prose"
)

// Days are the durations that are chosen with one tap.
var Days = []int{1, 31, 182, 365}

// The limits of what can be asked.
const (
	MaxDays   = 365 // of any power, whatever its procedure allows
	MaxAhead  = 92  // days between the signature and the first day
	MaxPowers = 40  // that one person can read before they agree
	MaxCase   = 64  // characters
)

// Asked is one power asked for.
type Asked struct {
	Procedure string          // key of the catalogue
	Level     procedure.Level // what the aidant may do there
	Case      string          // the reference of the one file it is for, "" for every one
}

// Terms is what the aidant enters with the citizen before anybody is identified.
type Terms struct {
	Powers       []Asked
	Days         int       // one of Days; 0 when Until is given
	From         time.Time // the first day, as a date in UTC; zero is the day of the signature
	Until        time.Time // the last day, as a date in UTC; zero when Days is given
	Payments     bool      // the citizen consents, apart, to payments in their name
	BankDetails  bool      // the citizen consents, apart, to changes of their bank details
	Warned       bool      // the warning of every procedure that has one was read with the citizen
	NoProtection bool      // the citizen declares to be under no protection measure (Code civil 425 ff.)
	Informed     bool      // the information notice was read with the citizen
	Tell         bool      // the citizen is told by mail, if they have an address
}

// Procedures lists the keys of what is asked, in its order.
func (t Terms) Procedures() []string {
	out := make([]string, len(t.Powers))
	for i, p := range t.Powers {
		out[i] = p.Procedure
	}
	return out
}

// Check returns what is wrong with the terms on a day, by field: "procedures": "none", "unknown", "twice" or "too_many"; "levels":
// "unknown", for a level that the procedure does not have; "cases": "invalid", for a reference that is none (goodCase), or "private" for
// one that holds a number or a secret which must stand nowhere (private.Holds); "days": "invalid"; "from": "past" or "too_far";
// "until": "before" or "too_long"; "payments": "missing", or "needless" when nothing is to be paid; "bank_details": "needless" when they can
// be changed nowhere; "warned", "no_protection" and "informed": "missing". It is empty for good terms.
func (t Terms) Check(c *procedure.Catalogue, now time.Time) map[string]string {
	wrong := map[string]string{}
	t.checkPowers(c, wrong)
	t.checkPeriod(DayOf(now), wrong)
	if !t.NoProtection {
		wrong["no_protection"] = "missing"
	}
	if !t.Informed {
		wrong["informed"] = "missing"
	}
	return wrong
}

func (t Terms) checkPowers(c *procedure.Catalogue, wrong map[string]string) {
	switch {
	case len(t.Powers) == 0:
		wrong["procedures"] = "none"
	case len(t.Powers) > MaxPowers:
		wrong["procedures"] = "too_many"
		return
	}
	for i, asked := range t.Powers {
		p, ok := c.Find(asked.Procedure)
		if !ok {
			wrong["procedures"] = "unknown"
			continue
		}
		if slices.ContainsFunc(t.Powers[:i], func(o Asked) bool { return o.Procedure == asked.Procedure && FoldCase(o.Case) == FoldCase(asked.Case) }) {
			wrong["procedures"] = "twice"
		}
		if !slices.Contains(p.Levels, asked.Level) {
			wrong["levels"] = "unknown"
		}
		switch {
		case !goodCase(asked.Case):
			wrong["cases"] = "invalid"
		case private.Holds(asked.Case) != "":
			wrong["cases"] = "private"
		}
		if asked.Level == procedure.Pay && !t.Payments {
			wrong["payments"] = "missing"
		}
		if p.Warning != nil && !t.Warned {
			wrong["warned"] = "missing"
		}
	}
	if t.Payments && !t.pays() {
		wrong["payments"] = "needless"
	}
	if t.BankDetails && !t.banks(c) {
		wrong["bank_details"] = "needless"
	}
}

// pays tells whether a power goes as far as paying.
func (t Terms) pays() bool {
	return slices.ContainsFunc(t.Powers, func(a Asked) bool { return a.Level == procedure.Pay })
}

// banks tells whether bank details can be changed in a procedure, which takes more than to look at it.
func (t Terms) banks(c *procedure.Catalogue) bool {
	return slices.ContainsFunc(t.Powers, func(a Asked) bool {
		p, _ := c.Find(a.Procedure)
		return p.BankDetails && a.Level != procedure.See
	})
}

func (t Terms) checkPeriod(today time.Time, wrong map[string]string) {
	first := today
	if !t.From.IsZero() {
		switch first = t.From; {
		case first.Before(today):
			wrong["from"] = "past"
		case first.After(today.AddDate(0, 0, MaxAhead)):
			wrong["from"] = "too_far"
		}
	}
	switch {
	case t.Until.IsZero():
		if !slices.Contains(Days, t.Days) {
			wrong["days"] = "invalid"
		}
	case t.Days != 0:
		wrong["days"] = "invalid"
	case t.Until.Before(first):
		wrong["until"] = "before"
	case t.Until.After(first.AddDate(0, 0, MaxDays)):
		wrong["until"] = "too_long"
	}
}

// Span is when a power begins and ends. Its end is 23:59:59 in Paris of its last day.
type Span struct{ From, Until time.Time }

// Span returns from when until when these terms hold if they are signed at a time; nothing lasts longer than most days.
func (t Terms) Span(signed time.Time, most int) Span {
	s := Span{From: signed}
	if first := StartOf(t.From); !t.From.IsZero() && first.After(signed) {
		s.From = first
	}
	s.Until = EndOf(s.From, cmp.Or(t.Days, MaxDays))
	if !t.Until.IsZero() {
		s.Until = EndOf(noon(t.Until), 0)
	}
	if last := EndOf(s.From, most); last.Before(s.Until) {
		s.Until = last
	}
	return s
}

// EndOf returns when a mandate of some days, counted from t, ends: at 23:59:59 in Paris of its last day. One day is tomorrow,
// 31 the 31st day after.
func EndOf(t time.Time, days int) time.Time {
	day := t.In(prose.Paris)
	return time.Date(day.Year(), day.Month(), day.Day()+days, 23, 59, 59, 0, prose.Paris).UTC()
}

// StartOf returns the first instant in Paris of a date.
func StartOf(date time.Time) time.Time {
	return time.Date(date.Year(), date.Month(), date.Day(), 0, 0, 0, 0, prose.Paris).UTC()
}

// DayOf returns the date in Paris at t, as a date in UTC.
func DayOf(t time.Time) time.Time {
	day := t.In(prose.Paris)
	return time.Date(day.Year(), day.Month(), day.Day(), 0, 0, 0, 0, time.UTC)
}

// noon is a time of a date that is that date in Paris all year.
func noon(date time.Time) time.Time {
	return time.Date(date.Year(), date.Month(), date.Day(), 12, 0, 0, 0, prose.Paris)
}
