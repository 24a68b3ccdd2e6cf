package anomaly

import (
	"context"
	"slices"
	"strconv"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
	"mandat/internal/opening"
	"mandat/internal/org"
)

// hours finds acts for citizens done while an organisation is closed, as clocks go where it is: so many of an aidant on a day there. An organisation has the hours that it said were its own
// on that day, or else the rule's. Where it is, it is asked today: of one that moved, the past is looked at by the clock of now.
type hours struct {
	Rule
	usual   opening.Week
	places  map[uuid.UUID]*place // those that differ from nowhere
	nowhere *place               // on the mainland, with the usual hours
	kept    recent[onDay]
}

// place is where and when an organisation is open, and its hours on the day that was asked for last: acts come day by day.
type place struct {
	opening.Schedule
	zone  *time.Location
	day   time.Time
	hours opening.Hours
}

func placeOf(s opening.Schedule) *place {
	return &place{Schedule: s, zone: opening.Zone(s.Department)}
}

func (p *place) open(day, local time.Time, usual opening.Week) bool {
	if !day.Equal(p.day) {
		p.day, p.hours = day, p.Around(day, usual)
	}
	return p.hours.Open(local)
}

func newHours(r Rule, places map[uuid.UUID]*place) *hours {
	return &hours{r, Usual(r.Thresholds), places, placeOf(opening.Schedule{}), recent[onDay]{}}
}

// Usual is the week that the thresholds of the rule odd_hours make: the hours of those who have none of their own.
func Usual(thresholds map[string]int) opening.Week {
	var w opening.Week
	open := opening.Span{Opens: 60 * thresholds["opens"], Closes: 60 * thresholds["closes"]}
	for day := range w.Days {
		if day < 5 || day == 5 && thresholds["saturday"] == 1 || day == 6 && thresholds["sunday"] == 1 {
			w.Days[day] = open
		}
	}
	w.Holidays = thresholds["holidays"] == 1
	return w
}

func (h *hours) see(a *act) *Finding {
	if !slices.Contains(touching, a.action) {
		return nil
	}
	p := h.places[a.organisation]
	if p == nil {
		p = h.nowhere
	}
	local := a.at.In(p.zone)
	day := opening.Day(local)
	if p.open(day, local, h.usual) {
		return nil
	}
	k := onDay{a.subject(), day}
	refs := h.kept.add(k, a, 2*back)
	if len(refs) < h.Thresholds["acts"] {
		return nil
	}
	figures := map[string]int{"acts": len(refs)}
	if _, own := p.On(k.day, h.usual); own > 0 {
		figures["hours"] = own
	}
	if opening.Apart(p.Department) {
		figures["department"], _ = strconv.Atoi(p.Department) // those codes are numbers
	}
	f := a.found(h.Rule, refs, figures)
	f.Day = k.day
	return f
}

func (h *hours) forget(before time.Time) { h.kept.forget(before) }

// places reads where organisations are, and when each said that it is open: those that differ from nowhere.
func (r *Register) places(ctx context.Context) (map[uuid.UUID]*place, error) {
	out := map[uuid.UUID]*place{}
	err := r.auditor.Read(ctx, db.System(), func(tx pgx.Tx) error {
		all, err := org.Schedules(ctx, tx)
		for id, s := range all {
			if len(s.Versions) > 0 || opening.Apart(s.Department) {
				out[id] = placeOf(s)
			}
		}
		return err
	})
	return out, err
}
