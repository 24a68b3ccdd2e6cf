package anomaly

import (
	"context"
	"math/bits"
	"slices"
	"time"
)

// The rule far_from_peers looks at a week of everybody. Aidants who did enough in it are put beside those who worked about as many days of it: one or two, or more. Half of a group did
// no more than its median; half of its figures lie no further from that than the spread (the median of the distances). Neither moves much when one figure is wild, unlike a mean. Who did more than the
// median by so many times the spread is found. Who always does much, and all others little, is found each week; who does little is not.

// tally is what one aidant did in a week.
type tally struct {
	subject
	acts int
	days uint8 // one bit for each
}

// many reports on how many days, of the two sorts that are told apart.
func (t *tally) many() bool { return bits.OnesCount8(t.days) > 2 }

// week finds who is far from their peers in the week that begins on a Monday.
func (r *Register) week(ctx context.Context, rule Rule, monday time.Time, progress func(int64)) ([]Finding, error) {
	tallies := map[subject]*tally{}
	from, end, err := r.weekAt(ctx, monday)
	if err != nil {
		return nil, err
	}
	err = r.ofWeek(ctx, monday, from, end, func(a *act) {
		t := tallies[a.subject()]
		if t == nil {
			t = &tally{subject: a.subject()}
			tallies[t.subject] = t
		}
		t.acts++
		t.days |= 1 << a.day.Weekday()
	}, progress)
	if err != nil {
		return nil, err
	}
	found := map[subject]*Finding{}
	for _, f := range compare(rule, tallies) {
		f.Day = monday
		found[subject{f.Organisation, f.Person}] = f
	}
	if len(found) == 0 {
		return nil, nil
	}
	refs := recent[subject]{}
	err = r.ofWeek(ctx, monday, from, end, func(a *act) {
		f := found[a.subject()]
		if f == nil {
			return
		}
		if f.First.IsZero() || a.at.Before(f.First) {
			f.First = a.at
		}
		if a.at.After(f.Last) {
			f.Last = a.at
		}
		refs.add(a.subject(), a, 8*back)
	}, func(int64) {})
	var out []Finding
	for who, f := range found {
		last := refs[who]
		for _, x := range last[max(0, len(last)-mostEntries):] {
			f.Entries = append(f.Entries, x.index)
		}
		if len(f.Entries) > 0 { // else all of them were forgotten in between
			out = append(out, *f)
		}
	}
	return out, err
}

// weekAt is between which indexes a week lies.
func (r *Register) weekAt(ctx context.Context, monday time.Time) (from, end int64, err error) {
	if from, err = r.indexAt(ctx, begins(monday)); err != nil {
		return 0, 0, err
	}
	end, err = r.indexAt(ctx, begins(monday.AddDate(0, 0, 7)).Add(2*jitter))
	return from, end, err
}

// ofWeek hands over the acts for citizens of a week.
func (r *Register) ofWeek(ctx context.Context, monday time.Time, from, end int64, each func(*act), progress func(int64)) error {
	after := monday.AddDate(0, 0, 7)
	for at := from; at < end; at += step {
		err := r.read(ctx, at, min(at+step, end), func(a *act) {
			if !a.day.Before(monday) && a.day.Before(after) && slices.Contains(touching, a.action) {
				each(a)
			}
		})
		if err != nil {
			return err
		}
		progress(min(step, end-at))
	}
	return nil
}

// compare puts each aidant beside their peers.
func compare(rule Rule, tallies map[subject]*tally) []*Finding {
	groups := map[bool][]*tally{}
	for _, t := range tallies {
		if t.acts >= rule.Thresholds["acts"] {
			groups[t.many()] = append(groups[t.many()], t)
		}
	}
	var out []*Finding
	for _, g := range groups {
		if len(g) < rule.Thresholds["peers"] {
			continue
		}
		figures := make([]int, len(g))
		for i, t := range g {
			figures[i] = t.acts
		}
		middle := median(figures)
		for i := range figures {
			figures[i] = max(figures[i]-middle, middle-figures[i])
		}
		spread := max(median(figures), 1)
		for _, t := range g {
			if times := (t.acts - middle) / spread; times >= rule.Thresholds["times"] {
				out = append(out, &Finding{Rule: rule.Key, Version: rule.Version, Organisation: t.organisation, Person: t.person,
					Figures: map[string]int{"acts": t.acts, "days": bits.OnesCount8(t.days), "peers": len(g), "median": middle, "spread": spread, "times": times}})
			}
		}
	}
	return out
}

// median is the lower one of the two in the middle: a figure that somebody has. It sorts.
func median(figures []int) int {
	slices.Sort(figures)
	return figures[(len(figures)-1)/2]
}
