package anomaly

import (
	"time"

	"github.com/google/uuid"
)

// detector is a rule while the log goes by. see takes the next act, and returns what the rule finds with it, or nil: what it finds again with each further act of the same
// day is dropped by who asks. forget lets go of what lies before a time: the log has gone on for a day since.
type detector interface {
	see(a *act) *Finding
	forget(before time.Time)
}

// back is how far before a day its rules look: a draft lives so long, and no window is longer.
const back = 24 * time.Hour

// subject is an aidant in an organisation.
type subject struct{ organisation, person uuid.UUID }

func (a *act) subject() subject { return subject{a.organisation, a.person} }

// ref is an act that was counted.
type ref struct {
	at    time.Time
	index int64
}

// mostKept is how many acts of one aidant are remembered at once: more than any threshold asks for.
const mostKept = 512

// recent remembers the last acts of each aidant.
type recent[K comparable] map[K][]ref

// add remembers an act, forgets those of its aidant that are older than within, and returns the rest.
func (m recent[K]) add(k K, a *act, within time.Duration) []ref {
	kept := m[k]
	n := 0
	for n < len(kept) && (!kept[n].at.After(a.at.Add(-within)) || len(kept)-n >= mostKept) {
		n++
	}
	kept = append(kept[n:], ref{a.at, a.index})
	if cap(kept) > 4*len(kept) && cap(kept) > 64 {
		kept = append([]ref(nil), kept...)
	}
	m[k] = kept
	return kept
}

// forget lets go of those whose last act lies before a time.
func (m recent[K]) forget(before time.Time) {
	for k, refs := range m {
		if refs[len(refs)-1].at.Before(before) {
			delete(m, k)
		}
	}
}

// onDay is an aidant on a day.
type onDay struct {
	subject
	day time.Time
}

func (a *act) onDay() onDay { return onDay{a.subject(), a.day} }

// found is a finding about the aidant of an act.
func (a *act) found(r Rule, refs []ref, figures map[string]int) *Finding {
	f := &Finding{Rule: r.Key, Version: r.Version, Organisation: a.organisation, Person: a.person, Day: a.day, Figures: figures, First: refs[0].at, Last: refs[0].at}
	for _, x := range refs {
		if x.at.Before(f.First) {
			f.First = x.at
		}
		if x.at.After(f.Last) {
			f.Last = x.at
		}
	}
	for _, x := range refs[max(0, len(refs)-mostEntries):] {
		f.Entries = append(f.Entries, x.index)
	}
	return f
}

// detectors are those of the rules that are in force, and look at days.
func detectors(rules map[string]Rule, places map[uuid.UUID]*place) []detector {
	var out []detector
	add := func(key string, make func(Rule) detector) {
		if r, ok := rules[key]; ok && r.Enabled {
			out = append(out, make(r))
		}
	}
	add(OddHours, func(r Rule) detector { return newHours(r, places) })
	add(Burst, func(r Rule) detector { return &burst{r, recent[subject]{}} })
	add(SoonUsed, newSoon)
	add(RefusedSteps, func(r Rule) detector { return &refused{r, recent[subject]{}} })
	add(SameDevice, newDevice)
	return out
}
