package anomaly

import (
	"slices"
	"time"

	"mandat/internal/prose"
)

// hours finds acts for citizens done before an organisation opens, after it closes, on Sundays and on public holidays, as the clock goes in Paris: so many of an aidant on a
// day. It knows one time for all organisations, and not the holidays of overseas departments and Alsace-Moselle.
type hours struct {
	Rule
	holidays map[time.Time]bool
	kept     recent[onDay]
}

func (h *hours) see(a *act) *Finding {
	if !slices.Contains(touching, a.action) || !h.odd(a) {
		return nil
	}
	refs := h.kept.add(a.onDay(), a, 2*back)
	if len(refs) < h.Thresholds["acts"] {
		return nil
	}
	return a.found(h.Rule, refs, map[string]int{"acts": len(refs)})
}

func (h *hours) odd(a *act) bool {
	hour := a.at.In(prose.Paris).Hour()
	return hour < h.Thresholds["opens"] || hour >= h.Thresholds["closes"] || a.day.Weekday() == time.Sunday || h.holidays[a.day]
}

func (h *hours) forget(before time.Time) { h.kept.forget(before) }
