package caseload

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"mandat/internal/citizen"
	"mandat/internal/journal"
	"mandat/internal/mandate"
)

// The tabs of an organisation's list.
const (
	TabCurrent   = "current"   // in force, those that end soon among them
	TabSoon      = "soon"      // in force, and over within Soon
	TabScheduled = "scheduled" // signed, and not in force yet
	TabEnded     = "ended"
)

// Tabs lists the tabs, in their order on the page.
var Tabs = []string{TabCurrent, TabSoon, TabScheduled, TabEnded}

// Filter says which mandates of an organisation are listed. The zero value is the first page of those in force.
type Filter struct {
	Tab        string    // one of Tabs; "" is TabCurrent
	Words      string    // of a citizen's name, or a birth date, as typed (citizen.Seek); "" is everybody
	Procedures []string  // keys of the catalogue, of which the mandate gives one; of a mandate that is not over, still. nil is any
	Person     uuid.UUID // who follows the mandate up: signed it, or took it over from who did; nil is anybody
	EndsBefore time.Time // of what gives something until then at the most; zero is any time
	Page       int       // from 1; 0 is the first
}

func (f Filter) tab() string {
	if slices.Contains(Tabs, f.Tab) {
		return f.Tab
	}
	return TabCurrent
}

// maxPage keeps the number of a page in bounds: no organisation has so many.
const maxPage = 1_000_000

func (f Filter) page() int { return min(max(f.Page, 1), maxPage) }

// isDesk reports whether the page is one that everybody has before them without looking for anything.
func (f Filter) isDesk() bool { return f.page() == 1 && len(f.Kinds()) == 0 }

// Kinds names what the filter filters by, beside the tab.
func (f Filter) Kinds() []string {
	var out []string
	for _, k := range []struct {
		name string
		used bool
	}{{"words", f.Words != ""}, {"procedures", f.Procedures != nil}, {"person", f.Person != uuid.Nil}, {"ends_before", !f.EndsBefore.IsZero()}} {
		if k.used {
			out = append(out, k.name)
		}
	}
	return out
}

// MinLetters is how many letters of a name have to be typed: some names have no more than two.
const MinLetters = 2

func (f Filter) sought() (citizen.Sought, error) {
	s := citizen.Seek(f.Words)
	if f.Words != "" && s.Letters() < MinLetters && !s.Dated() {
		return s, citizen.ErrTooShort
	}
	return s, nil
}

// order is the order of a list, lasts until when a mandate m of it lasts.
func (f Filter) order(lasts string) string {
	if f.tab() == TabSoon {
		return lasts + `, m.id`
	}
	return `m.signed_at desc, m.id`
}

// errNobody says that there is nobody on the list.
var errNobody = errors.New("the list is empty")

// listed is the detail of the entry of a list; mandate.Searched is that of a search.
type listed struct {
	Mandates int    `json:"mandates"`
	Of       string `json:"of,omitempty"`
}

// event is what looking at a page leaves: a search always, a list if it showed somebody.
func (f Filter) event(shown int) (journal.Event, error) {
	if f.Words != "" {
		return journal.Event{Action: "citizen.searched", Detail: mandate.Searched{Results: shown}}, nil
	}
	if shown == 0 {
		return journal.Event{}, errNobody
	}
	detail := listed{Mandates: shown}
	if f.Person != uuid.Nil {
		detail.Of = f.Person.String()
	}
	return journal.Event{Action: "mandate.listed", Detail: detail}, nil
}

// empty takes errNobody from an error: an empty list is shown, and leaves nothing.
func empty(err error) error {
	if errors.Is(err, errNobody) {
		return nil
	}
	return err
}

// conditions are SQL about mandates m, with its values.
type conditions struct {
	texts  []string
	values []any
	now    string // placeholder of the time
	lasts  string // until when a mandate lasts
}

// conditions returns those of everything but the tab. The texts differ by which filters are used, so that each has a plan of its own.
func (f Filter) conditions(by journal.Actor, now time.Time, whose []uuid.UUID) *conditions {
	c := &conditions{lasts: lasting}
	c.and(`m.organisation_id = ` + c.value(by.Organisation))
	if f.Person != uuid.Nil {
		c.values = append(c.values, f.Person) // owners names its values $1 and $2
		c.and(`m.person_id in (` + owners + ` select person from owner)`)
	}
	c.now = c.value(now)
	if f.Words != "" {
		c.whose(whose)
	}
	if f.Procedures != nil {
		c.and(c.gives(c.value(f.Procedures)))
	}
	if !f.EndsBefore.IsZero() {
		c.and(lasting + ` < ` + c.value(f.EndsBefore))
	}
	return c
}

// few is how many citizens are found one by one in the index of mandates by citizen sooner than all mandates of an organisation are gone through.
const few = 500

// whose is the condition that a mandate is one of these citizens'. Of many, each mandate of the organisation is looked up in a table of them: "is true" keeps
// the planner from joining instead, one by one.
func (c *conditions) whose(citizens []uuid.UUID) {
	if len(citizens) <= few {
		c.and(`m.citizen_id = any (` + c.value(citizens) + `::uuid[])`)
		return
	}
	c.and(`(m.citizen_id in (select unnest(` + c.value(citizens) + `::uuid[]))) is true`)
}

// gives is the condition that a mandate gives one of some procedures, or gave it if it is over. Each of the three questions has an index of its own.
func (c *conditions) gives(procedures string) string {
	powers := func(state string) string {
		return `m.id in (select p.mandate_id from mandate_power p where p.organisation_id = $1 and p.state = '` + state + `' and p.procedure = any(` + procedures + `))`
	}
	return `(` + powers(mandate.Standing) + ` or ` + powers(mandate.Scheduled) + ` or (` + c.over() + `) and ` + powers(mandate.Ended) + `)`
}

func (c *conditions) and(text string) { c.texts = append(c.texts, text) }

func (c *conditions) all() string { return strings.Join(c.texts, ` and `) }

// value adds a value and returns its placeholder.
func (c *conditions) value(v any) string {
	c.values = append(c.values, v)
	return "$" + strconv.Itoa(len(c.values))
}

// tab is the condition of a tab. A state that is neither standing nor ended is one that has yet to begin.
func (c *conditions) tab(name string) string {
	switch name {
	case TabSoon:
		return `m.state = 'standing' and ` + c.lasts + ` > ` + c.now + ` and ` + c.lasts + ` <= ` + c.now + `::timestamptz + interval '` + strconv.Itoa(int(Soon.Hours())) + ` hours'`
	case TabScheduled:
		return `m.state not in ('standing', 'ended') and ` + c.lasts + ` > ` + c.now
	case TabEnded:
		return `(` + c.over() + `)`
	}
	return `m.state = 'standing' and ` + c.lasts + ` > ` + c.now
}

// over is the condition that nothing of a mandate lasts.
func (c *conditions) over() string { return `m.state = 'ended' or ` + c.lasts + ` <= ` + c.now }

// counts counts the mandates of each tab.
func (c *conditions) counts() string {
	out := make([]string, len(Tabs))
	for i, name := range Tabs {
		out[i] = `count(*) filter (where ` + c.tab(name) + `)`
	}
	return strings.Join(out, `, `)
}
