package counter

import (
	"slices"
	"strconv"
	"time"

	"mandat/internal/org"
	"mandat/internal/page"
	"mandat/internal/procedure"
	"mandat/internal/terms"
)

// termsPage is counter/terms.html. Every procedure has its level and its one case in the page; the style sheet shows them for those that are ticked.
type termsPage struct {
	page.Common
	Action       string // where the form is sent
	Resumed      bool   // the terms of a draft that exists
	Identified   bool   // changing them drops the identity
	Notice       string // i18n key of a message, "" if none
	Organisation org.Organisation
	Transfer     *transferBox // the mandate of another organisation whose place it takes, nil for none
	Themes       []themeChoice
	Seek         string // what is looked for among the procedures, "" for nothing
	Found        int    // how many of them it finds
	Durations    []durationChoice
	Ahead        time.Time // the last day on which a mandate can begin
}

type themeChoice struct {
	Key, Name  string
	Procedures []procedureChoice
	Chosen     int
	Open       bool
	Hidden     bool // nothing of it is looked for, or chosen
}

type procedureChoice struct {
	procedure.Procedure
	Chosen bool
	Level  procedure.Level // that which is chosen, or proposed
	Words  string          // by which it is found
	Hidden bool            // something else is looked for, and it is not chosen
	EndsAt time.Time       // when the procedure's longest time ends before the mandate, zero otherwise
}

type durationChoice struct {
	Days   int
	EndsAt time.Time
	Chosen bool
}

// offer fills in what can be chosen, and what the form chooses of it.
func (p *termsPage) offer(c *procedure.Catalogue, lang string, now time.Time) {
	period, _ := readPeriod(p.Form)
	p.Seek = p.Form.Value("seek")
	sought := fold(p.Seek)
	known := slices.Contains(terms.Days, period.Days) || !period.Until.IsZero()
	for _, theme := range c.Themes() {
		choice := themeChoice{Key: theme.Key, Name: theme.Name.In(lang), Open: p.Form.Value("untick") == theme.Key}
		for _, x := range theme.Procedures {
			if !p.Organisation.Allows(x.Key) {
				continue
			}
			one := procedureChoice{Procedure: x, Chosen: p.Form.Has("procedures", x.Key), Level: readLevel(p.Form, x)}
			if own := period.Span(now, x.MaxDays).Until; known && own.Before(period.Span(now, terms.MaxDays).Until) {
				one.EndsAt = own
			}
			if one.Chosen {
				choice.Chosen++
				choice.Open = true
			}
			p.seek(&choice, &one, sought, lang)
			choice.Procedures = append(choice.Procedures, one)
		}
		if choice.Hidden = sought != "" && !choice.Open; choice.Procedures != nil {
			p.Themes = append(p.Themes, choice)
		}
	}
	for _, days := range terms.Days {
		ends := terms.Terms{Days: days, From: period.From}.Span(now, terms.MaxDays).Until
		p.Durations = append(p.Durations, durationChoice{days, ends, p.Form.Has("days", strconv.Itoa(days))})
	}
	p.Ahead = terms.DayOf(now).AddDate(0, 0, terms.MaxAhead)
}

// seek shows a procedure that is looked for, and hides one that is not, unless it is chosen.
func (p *termsPage) seek(choice *themeChoice, one *procedureChoice, sought, lang string) {
	one.Words = wordsOf(one.Procedure, lang)
	switch found := foundBy(one.Words, sought); {
	case sought == "":
	case found:
		p.Found++
		choice.Open = true
	default:
		one.Hidden = !one.Chosen
	}
}

// readLevel is the level that a form chooses for a procedure, if the procedure has it, or the one that is proposed: to act, which is what most come for, or the
// least that there is.
func readLevel(form *page.Form, p procedure.Procedure) procedure.Level {
	if l := procedure.Level(form.Value(levelField(p.Key))); p.Offers(l) {
		return l
	}
	if p.Offers(procedure.Act) {
		return procedure.Act
	}
	return p.Levels[0]
}
