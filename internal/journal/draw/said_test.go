package draw

import (
	"crypto/sha256"
	"errors"
	"maps"
	"slices"
	"testing"
	"testing/fstest"
	"time"

	"mandat/internal/journal/format"
	"mandat/internal/journal/verify"
)

// What the journal says was drawn when nothing could be is named: by an order that lapsed, and by one that waits.
func TestRecompute_NamesADrawOfNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.fill(20)
	place := w.order(Population{}, 3, nil)
	w.keep(all...)
	d := w.keepAfter(Term+time.Second, all...)
	w.stamp(d, w.authority)
	w.event(ActionDrawn, Stated{Sample: w.sampleAt(place), Order: place})
	if d, err := w.recompute(place, ""); err != nil || d.State != Lapsed || len(d.Differences) != 1 {
		t.Errorf("lapsed: %+v, %v", d.Differences, err)
	}
	w = newWorld(t)
	w.fill(20)
	place = w.order(Population{}, 3, nil)
	w.keep(all...)
	w.event(ActionDrawn, Stated{Sample: w.sampleAt(place), Order: place})
	if d, err := w.recompute(place, ""); !errors.Is(err, ErrUndrawn) || d.State != Waiting || len(d.Differences) != 1 {
		t.Errorf("waiting: %+v, %v", d.Differences, err)
	}
}

// sampleAt is the id of the sample that is ordered at a place.
func (w *world) sampleAt(place int64) string {
	w.t.Helper()
	l, what := format.ParseJSON(w.lines[place][:len(w.lines[place])-1])
	if what != "" {
		w.t.Fatal(what)
	}
	o, err := ParseOrder(l.Body)
	w.must(err)
	return o.Sample
}

// Nobody hides behind what was forgotten: a place that is there and does not fit was not drawn, however low its lot.
func TestRecompute_WhatIsForgottenExcusesNothingElse(t *testing.T) {
	t.Parallel()
	w, place := drawable(t, 100, 7, rsa, nil)
	d, err := w.recompute(place, "")
	w.must(err)
	seed, err := SeedOf(d.Placed, d.Moment, "")
	w.must(err)
	lowest := slices.SortedFunc(slices.Values(d.Stated.Places), func(a, b int64) int {
		if lotOf(seed, a).before(lotOf(seed, b)) {
			return -1
		}
		return 1
	})
	other, gone := int64(-1), int64(-1)
	for p := range place {
		switch {
		case p%5 < 2: // of the population
		case lotOf(seed, p).before(lotOf(seed, lowest[6])):
			other = p
		default:
			gone = p
		}
	}
	if other < 0 || gone < 0 {
		t.Fatal("no place has a lot low enough: take another log")
	}
	w.say(place, "", func(s *Stated) {
		s.Population++ // as if the one that will be gone had fitted
		s.Places = slices.Sorted(slices.Values(append(slices.Clone(lowest[:6]), other)))
	})
	w.forget(gone)
	if d, err := w.recompute(place, ""); err != nil || len(d.Differences) != 1 {
		t.Errorf("%v, %v", d.Differences, err)
	}
}

// Where fewer fit than are wanted none of them is left out for what was forgotten, the one with the highest lot neither.
func TestRecompute_OfFewNoneIsLeftOut(t *testing.T) {
	t.Parallel()
	w, place := drawable(t, 60, 20, Population{Service: "impots"}, nil)
	d, err := w.recompute(place, "")
	w.must(err)
	seed, err := SeedOf(d.Placed, d.Moment, "")
	w.must(err)
	highest := d.Stated.Places[0]
	for _, p := range d.Stated.Places {
		if lotOf(seed, highest).before(lotOf(seed, p)) {
			highest = p
		}
	}
	var gone []int64
	for p := range place {
		if p%5 != 3 && len(gone) < 2 && lotOf(seed, p).before(lotOf(seed, highest)) {
			gone = append(gone, p)
		}
	}
	w.say(place, "", func(s *Stated) {
		s.Population++
		s.Places = slices.Sorted(slices.Values(append(slices.DeleteFunc(s.Places, func(p int64) bool { return p == highest }), gone...)))
	})
	w.forget(gone...)
	if d, err := w.recompute(place, ""); err != nil || len(d.Differences) != 1 {
		t.Errorf("%v, %v", d.Differences, err)
	}
}

// A witness that was asked twice has one word: the first.
func TestMomentOf_TakesTheEarliestOfSeveral(t *testing.T) {
	t.Parallel()
	var places [][]int64
	for _, order := range [][2]int{{0, 1}, {1, 0}} {
		w := newWorld(t)
		w.fill(60)
		place := w.order(Population{}, 7, nil)
		w.keep(all...)
		c := w.keep(1, 2)
		signed := w.kept[len(w.kept)-1]
		times := []time.Time{w.now, w.now.Add(time.Minute)}
		for _, i := range order {
			signed = append(signed, w.witnesses[0].Cosign(c.Text(), times[i])...)
		}
		w.kept[len(w.kept)-1] = signed
		w.stamp(c, w.authority)
		d, err := w.recompute(place, "")
		w.must(err)
		if !d.Cosignatures[0].At.Equal(times[0].Truncate(time.Second)) {
			t.Errorf("in the order %v it is the one of %v", order, d.Cosignatures[0].At)
		}
		w.agree("two cosignatures of one witness", place, "")
		places = append(places, d.Stated.Places)
	}
	if len(places[0]) != 7 {
		t.Errorf("%v", places)
	}
}

// An export of a part may lack what fits.
func TestReader_WantsEverything(t *testing.T) {
	t.Parallel()
	w, _ := drawable(t, 20, 3, Population{}, nil)
	files := maps.Clone(w.export().(fstest.MapFS)) //nolint:forcetypeassert // export makes it
	files[format.RequestName] = &fstest.MapFile{Data: format.Request{Form: format.FormJSON, To: 10}.Text()}
	delete(files, format.SumsName)
	var list []byte
	for _, name := range slices.Sorted(maps.Keys(files)) {
		list = format.AppendSum(list, sha256.Sum256(files[name].Data), name)
	}
	files[format.SumsName] = &fstest.MapFile{Data: list}
	if _, err := verify.NewReader(files, w.trust.Policy); !errors.Is(err, verify.ErrPart) {
		t.Errorf("%v", err)
	}
	delete(files, format.SumsName)
	delete(files, format.RequestName)
	if _, err := verify.NewReader(files, w.trust.Policy); !errors.Is(err, verify.ErrPart) {
		t.Errorf("without a list of its files: %v", err)
	}
}
