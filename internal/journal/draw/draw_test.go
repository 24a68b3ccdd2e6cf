package draw

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"mandat/internal/journal/format"
)

var rsa = Population{Procedure: "caf-rsa"}

func TestFits(t *testing.T) {
	t.Parallel()
	const here, there = "01939b1c-7c5e-7000-8000-0123456789ab", "01939b1c-7c5e-7000-8000-0123456789ff"
	w := newWorld(t)
	w.fill(10)
	for _, c := range []struct {
		p    Population
		want []int64
	}{
		{Population{}, []int64{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}},
		{Population{Actions: []string{"power.used"}}, []int64{0, 3, 5, 8}},
		{Population{Actions: []string{"power.used", "session.opened"}}, []int64{0, 3, 4, 5, 8, 9}},
		{Population{Actions: []string{"power"}}, nil},
		{Population{Organisation: here}, []int64{0, 1, 5, 6}},
		{Population{Organisation: there, Actions: []string{"mandate.signed"}}, []int64{2, 7}},
		{rsa, []int64{0, 1, 5, 6}},
		{Population{Procedure: "ants-permis"}, []int64{1, 2, 6, 7}},
		{Population{Procedure: "ants-permis", Organisation: there}, []int64{2, 7}},
		{Population{Service: "impots"}, []int64{3, 8}}, {Population{Service: "caf"}, []int64{0, 5}}, {Population{Service: "unknown"}, nil},
		{Population{Since: "2026-11-21T10:00:03.000000Z", Until: "2026-11-21T10:00:05.000000Z"}, []int64{2, 3}},
		{Population{Since: "2026-11-21T10:00:09.000000Z"}, []int64{8, 9}},
	} {
		var got []int64
		for i, line := range w.lines {
			l, _, what := format.FormJSON.Parse(line[:len(line)-1])
			if what != "" {
				t.Fatal(what)
			}
			if c.p.Fits(l.Body) {
				got = append(got, int64(i))
			}
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%+v: %v, want %v", c.p, got, c.want)
		}
	}
}

// Every place is drawn as often as any other, alone and with each other one.
func TestChoice_IsUniform(t *testing.T) {
	t.Parallel()
	const places, wanted, draws = 40, 8, 4000
	random := rand.New(rand.NewPCG(11, 12))
	var once [places]float64
	var both [places][places]float64
	for range draws {
		var seed Seed
		for i := range seed {
			seed[i] = byte(random.Uint32())
		}
		c := NewChoice(seed, wanted)
		for place := range int64(places) {
			c.add(1000 + 7*place)
		}
		got := c.Places()
		if len(got) != wanted || !slices.IsSorted(got) || len(slices.Compact(slices.Clone(got))) != wanted {
			t.Fatalf("%v", got)
		}
		for _, a := range got {
			once[(a-1000)/7]++
			for _, b := range got {
				both[(a-1000)/7][(b-1000)/7]++
			}
		}
	}
	// Without replacement the squares are smaller than those of independent draws, by (N-n)/(N-1).
	expected, sum := float64(draws)*wanted/places, 0.0
	for _, n := range once {
		sum += (n - expected) * (n - expected) / expected
	}
	sum *= float64(places-1) / float64(places-wanted)
	if sum > 72.05 || sum < 15 { // of 39 degrees of freedom: one in a thousand is above, one in five thousand below
		t.Errorf("chi-square %.1f of 39 degrees of freedom", sum)
	}
	expected = float64(draws) * wanted * (wanted - 1) / (places * (places - 1))
	for a := range both {
		for b := range a {
			if off := math.Abs(both[a][b]-expected) / math.Sqrt(expected); off > 5 {
				t.Errorf("%d and %d are drawn together %.0f times, of %.0f", a, b, both[a][b], expected)
			}
		}
	}
}

// What is drawn is drawn again, by whoever has an export: before the journal says it, and after.
func TestRecompute(t *testing.T) {
	t.Parallel()
	w, place := drawable(t, 100, 7, rsa, nil)
	before, err := w.recompute(place, "")
	if err != nil || before.State != Ready || before.Said || len(before.Stated.Places) != 7 || before.Stated.Population != 40 {
		t.Fatalf("%+v, %v", before, err)
	}
	for _, p := range before.Stated.Places {
		if p >= place || p%5 > 1 {
			t.Errorf("%d is not of the population", p)
		}
	}
	w.fill(20) // more that would fit, and a later checkpoint that could be drawn from
	w.stamp(w.keep(all...), w.authority)
	w.say(place, "", nil)
	w.fill(2)
	after, err := w.recompute(place, "")
	if err != nil || !after.Said || len(after.Differences) > 0 || !slices.Equal(after.Stated.Places, before.Stated.Places) {
		t.Fatalf("%+v, %v", after, err)
	}
}

// Nobody gets another sample past whoever draws again.
func TestRecompute_NamesWhatDiffers(t *testing.T) {
	t.Parallel()
	for what, change := range map[string]func(*Stated){
		"another place":            func(s *Stated) { s.Places[3] += 5 },
		"one less":                 func(s *Stated) { s.Places = s.Places[1:] },
		"one more":                 func(s *Stated) { s.Places = append(s.Places, s.Places[6]+5) },
		"one twice":                func(s *Stated) { s.Places[1] = s.Places[0] },
		"not in order":             func(s *Stated) { slices.Reverse(s.Places) },
		"one after the order":      func(s *Stated) { s.Places[6] = s.Order + 4 },
		"one that does not fit":    func(s *Stated) { s.Places[0] = 2 },
		"another population":       func(s *Stated) { s.Population-- },
		"a larger population":      func(s *Stated) { s.Population++ },
		"other places of it":       func(s *Stated) { s.PopulationSHA256 = strings.Repeat("0", 64) },
		"another checkpoint":       func(s *Stated) { s.Size-- },
		"another first checkpoint": func(s *Stated) { s.Witnessed-- },
		"another root":             func(s *Stated) { s.Root = "AAAA" },
		"other times":              func(s *Stated) { s.CosignedAt = s.CosignedAt[1:] },
		"another timestamp":        func(s *Stated) { s.TimestampSHA256 = strings.Repeat("0", 64) },
		"another time of it":       func(s *Stated) { s.StampedAt = "2026-11-21T10:00:00.000000Z" },
		"another order":            func(s *Stated) { s.Order-- },
		"a share":                  func(s *Stated) { s.Share = strings.Repeat("0", 64) },
	} {
		w, place := drawable(t, 100, 7, rsa, nil)
		w.say(place, "", change)
		if d, err := w.recompute(place, ""); len(d.Differences) == 0 {
			t.Errorf("%s: not named; %+v, %v", what, d, err)
		}
	}
	w, place := drawable(t, 100, 7, rsa, nil)
	w.say(place, "", nil)
	w.say(place, "", nil)
	if d, err := w.recompute(place, ""); err != nil || len(d.Differences) != 1 {
		t.Errorf("drawn twice: %+v, %v", d.Differences, err)
	}
	w, place = drawable(t, 100, 7, rsa, nil)
	d, err := w.recompute(place, "")
	w.must(err)
	w.event(ActionLapsed, map[string]any{"sample": d.Sample, "number": d.Number, "why": WhyLate})
	if d, err := w.recompute(place, ""); err != nil || len(d.Differences) != 1 {
		t.Errorf("lapsed, and it could be drawn: %+v, %v", d.Differences, err)
	}
}

// It is drawn from one checkpoint, and from no other that somebody might like better.
func TestMomentOf(t *testing.T) {
	t.Parallel()
	type wants struct {
		witnessed, drawn int64 // 0: there is none
		err              error
	}
	for what, c := range map[string]struct {
		do   func(w *world) wants
		then func(*Order)
	}{
		"nothing was cosigned":                 {do: func(w *world) wants { w.keep(); w.keep(); return wants{err: ErrUnwitnessed} }},
		"it is witnessed, and nothing follows": {do: func(w *world) wants { a := w.keep(all...); return wants{a.Size, 0, ErrUndrawn} }},
		"the one that witnesses it is stamped, and is not drawn from": {do: func(w *world) wants {
			a := w.keep(all...)
			w.stamp(a, w.authority)
			return wants{a.Size, 0, ErrUndrawn}
		}},
		"what follows is not stamped": {do: func(w *world) wants { a := w.keep(all...); w.keep(all...); return wants{a.Size, 0, ErrUndrawn} }},
		"what follows is stamped, and not cosigned": {do: func(w *world) wants {
			a := w.keep(all...)
			w.stamp(w.keep(), w.authority)
			return wants{a.Size, 0, ErrUndrawn}
		}},
		"one witness of the order is missing, though the quorum stands": {do: func(w *world) wants {
			w.keep(0, 1)
			a := w.keep(all...)
			w.stamp(w.keep(0, 2), w.authority)
			d := w.keep(all...)
			w.stamp(d, w.authority)
			return wants{a.Size, d.Size, nil}
		}},
		"a witness that the order does not name counts for nothing": {do: func(w *world) wants {
			a := w.keep(0, 1)
			w.stamp(w.keep(0, 2), w.authority)
			return wants{a.Size, 0, ErrUndrawn}
		}, then: func(o *Order) { o.Witnesses = o.Witnesses[:2] }},
		"the first that is stamped, not the next": {do: func(w *world) wants {
			a := w.keep(all...)
			w.keep(all...)
			d := w.keep(all...)
			w.stamp(d, w.authority)
			w.stamp(w.keep(all...), w.authority)
			return wants{a.Size, d.Size, nil}
		}},
		"it is witnessed too late": {do: func(w *world) wants {
			a := w.keepAfter(Term+time.Second, all...)
			return wants{a.Size, a.Size, ErrLapsed}
		}},
		"it is cosigned too late": {do: func(w *world) wants {
			a := w.keep(all...)
			d := w.keepAfter(Term+time.Second, all...)
			w.now = w.now.Add(-Term - time.Second)
			w.stamp(d, w.authority)
			w.now = w.now.Add(Term + time.Second)
			return wants{a.Size, d.Size, ErrLapsed}
		}},
		"it is stamped too late": {do: func(w *world) wants {
			a := w.keep(all...)
			d := w.keep(all...)
			w.now = w.now.Add(Term + time.Second)
			w.stamp(d, w.authority)
			return wants{a.Size, d.Size, ErrLapsed}
		}},
	} {
		w := newWorld(t)
		w.fill(20)
		place := w.order(Population{}, 3, c.then)
		want := c.do(w)
		d, err := w.recompute(place, "")
		if errors.Is(want.err, ErrLapsed) && err == nil && d.State == Lapsed {
			err = ErrLapsed
		}
		if !errors.Is(err, want.err) || want.err == nil && err != nil || d.Witnessed.Size != want.witnessed || d.Drawn.Size != want.drawn {
			t.Errorf("%s: %d, %d, %v; want %+v", what, d.Witnessed.Size, d.Drawn.Size, err, want)
		}
	}
}

// What is under a checkpoint that does not cover the order, or a timestamp of another one, does not count. Such an export is not whole, so the rule is
// asked itself.
func TestMomentOf_BelievesNoSource(t *testing.T) {
	t.Parallel()
	w, place := drawable(t, 20, 3, Population{}, nil)
	first := w.kept[0]
	other := newWorld(t)
	other.fill(40)
	d, err := w.recompute(place, "")
	w.must(err)
	of := func(kept ...Kept) Source {
		return func(context.Context, int64, bool) (Kept, error) {
			if len(kept) == 0 {
				return Kept{}, nil
			}
			k := kept[0]
			kept = kept[1:]
			return k, nil
		}
	}
	good := Kept{w.kept[1], w.stamps[d.Drawn.Size]}
	forged := slices.Clone(first)
	if at := len(forged) - 10; forged[at] == 'A' {
		forged[at] = 'B'
	} else {
		forged[at] = 'A'
	}
	for what, c := range map[string]struct {
		from Source
		want error
	}{
		"the truth":                             {of(Kept{Signed: first}, good), nil},
		"the first does not cover the order":    {of(Kept{Signed: w.before(place)}, Kept{Signed: first}, good), errAny},
		"it is not larger":                      {of(Kept{Signed: first}, Kept{first, good.Stamp}), errAny},
		"of another log":                        {of(Kept{Signed: other.signed(all...)}, good), errAny},
		"a cosignature is another":              {of(Kept{Signed: forged}, good), ErrUndrawn},
		"the timestamp is of another":           {of(Kept{Signed: first}, Kept{w.kept[1], w.foreign()}), ErrUndrawn},
		"the timestamp is by another authority": {of(Kept{Signed: first}, Kept{w.kept[1], w.stampedBy(d.Drawn)}), ErrUndrawn},
	} {
		m, err := MomentOf(t.Context(), d.Placed, w.trust, c.from)
		if errors.Is(c.want, errAny) && err != nil {
			continue
		}
		if !errors.Is(err, c.want) || c.want == nil && (err != nil || m.Drawn.Size != d.Drawn.Size) {
			t.Errorf("%s: %+v, %v", what, m, err)
		}
	}
}

var errAny = errors.New("any")

// before is a checkpoint that does not cover the entry at a place, and is cosigned.
func (w *world) before(place int64) []byte {
	part := *w
	part.leaves = w.leaves[:place]
	return part.signed(all...)
}

// foreign is a timestamp of another checkpoint.
func (w *world) foreign() []byte {
	part := *w
	part.leaves, part.stamps = w.leaves[:5], map[int64][]byte{}
	part.stamp(part.checkpoint(), w.authority)
	return part.stamps[5]
}

// stampedBy is a timestamp by an authority that the order does not name.
func (w *world) stampedBy(c format.Checkpoint) []byte {
	part := *w
	part.stamps = map[int64][]byte{}
	part.stamp(c, w.newAuthority())
	return part.stamps[int64(len(w.leaves))]
}

// Whoever checks believes whom they name, not whom the order names.
func TestRecompute_ByWhomItIsBelieved(t *testing.T) {
	t.Parallel()
	w, place := drawable(t, 20, 3, Population{}, nil)
	stranger := newWorld(t)
	if _, err := w.recomputeWith(Trust{w.trust.Policy, stranger.trust.Authorities}, place, ""); !errors.Is(err, ErrAuthority) {
		t.Errorf("another authority: %v", err)
	}
	if _, err := w.recomputeWith(Trust{stranger.trust.Policy, w.trust.Authorities}, place, ""); !errors.Is(err, ErrQuorum) {
		t.Errorf("other witnesses: %v", err)
	}
	for what, change := range map[string]func(*Order){
		"too few witnesses": func(o *Order) { o.Witnesses = o.Witnesses[:1] },
		"one witness twice": func(o *Order) { o.Witnesses = []string{o.Witnesses[0], o.Witnesses[1], o.Witnesses[0]} },
		"one unknown":       func(o *Order) { o.Witnesses = append(o.Witnesses, "temoin.test/w+01234567") },
	} {
		w, place := drawable(t, 20, 3, Population{}, change)
		if _, err := w.recompute(place, ""); !errors.Is(err, ErrQuorum) {
			t.Errorf("%s: %v", what, err)
		}
	}
	for what, change := range map[string]func(*Order){
		"no witness":   func(o *Order) { o.Witnesses = nil },
		"no authority": func(o *Order) { o.Authorities = nil },
		"none wanted":  func(o *Order) { o.Wanted = 0 },
		"too many":     func(o *Order) { o.Wanted = Most + 1 },
		"a longer term": func(o *Order) {
			o.EndsAt = w.now.Add(30 * 24 * time.Hour).Format(timeFormat)
		},
		"a share that is none": func(o *Order) { o.Share = "abc" },
	} {
		w, place := drawable(t, 20, 3, Population{}, change)
		if _, err := w.recompute(place, ""); !errors.Is(err, ErrNoOrder) {
			t.Errorf("%s: %v", what, err)
		}
	}
	for _, other := range []int64{place - 1, place + 1, 1000} {
		if _, err := w.recompute(other, ""); !errors.Is(err, ErrNoOrder) {
			t.Errorf("entry %d: %v", other, err)
		}
	}
}

// An order that is bound to a share is drawn with it and with nothing else.
func TestRecompute_Share(t *testing.T) {
	t.Parallel()
	share := Share(strings.Repeat("ab", 32))
	bound := func(o *Order) { o.Share = share.Sum() }
	w, place := drawable(t, 100, 7, rsa, bound)
	for _, wrong := range []Share{"", Share(strings.Repeat("ac", 32)), Share(strings.ToUpper(string(share)))} {
		if d, err := w.recompute(place, wrong); !errors.Is(err, ErrShare) || d.State != Waiting {
			t.Errorf("%q: %+v, %v", wrong, d, err)
		}
	}
	with, err := w.recompute(place, share)
	w.must(err)
	w.say(place, share, nil)
	d, err := w.recompute(place, "")
	if err != nil || len(d.Differences) > 0 || !slices.Equal(d.Stated.Places, with.Stated.Places) {
		t.Errorf("%+v, %v", d, err)
	}
	w, place = drawable(t, 100, 7, rsa, bound)
	w.say(place, share, func(s *Stated) { s.Share = strings.Repeat("ac", 32) })
	if d, err := w.recompute(place, ""); !errors.Is(err, ErrShare) || len(d.Differences) == 0 {
		t.Errorf("drawn with another share: %+v, %v", d, err)
	}
	w, place = drawable(t, 100, 7, rsa, nil)
	if _, err := w.recompute(place, share); !errors.Is(err, ErrShare) {
		t.Errorf("a share that nobody asked for: %v", err)
	}
	for late, differences := range map[time.Duration]int{ShareFor - time.Hour: 1, ShareFor + time.Hour: 0} {
		w, place = drawable(t, 100, 7, rsa, bound)
		w.now = w.now.Add(late)
		w.event(ActionLapsed, map[string]any{"sample": fmt.Sprintf("01939b1c-7c5e-7000-8000-%012d", place), "number": "2026-0001", "why": WhyShare})
		if d, err := w.recompute(place, ""); err != nil || len(d.Differences) != differences || d.State != Lapsed {
			t.Errorf("lapsed for want of the share after %v: %+v, %v", late, d, err)
		}
	}
	for late, differences := range map[time.Duration]int{ShareFor + ShareGrace - 10*time.Minute: 0, ShareFor + ShareGrace + 10*time.Minute: 1} {
		w, place = drawable(t, 100, 7, rsa, bound)
		w.now = w.now.Add(late)
		w.say(place, share, nil)
		if d, err := w.recompute(place, ""); err != nil || len(d.Differences) != differences {
			t.Errorf("drawn with a share after %v: %+v, %v", late, d, err)
		}
	}
}

// Fewer than are wanted, or none: all of them.
func TestRecompute_FewOrNone(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		p    Population
		want int
	}{{Population{Service: "nobody"}, 0}, {Population{Service: "impots"}, 4}} {
		w, place := drawable(t, 20, 10, c.p, nil)
		w.say(place, "", nil)
		d, err := w.recompute(place, "")
		if err != nil || len(d.Differences) > 0 || len(d.Stated.Places) != c.want || d.Stated.Population != int64(c.want) {
			t.Errorf("%+v: %+v, %v", c.p, d.Stated, err)
		}
	}
}

// Entries that are forgotten after the draw hide nothing: what was drawn is still held to the rule.
func TestRecompute_AfterForgetting(t *testing.T) {
	t.Parallel()
	w, place := drawable(t, 100, 7, rsa, nil)
	d, err := w.recompute(place, "")
	w.must(err)
	drawn := d.Stated.Places
	w.say(place, "", nil)
	w.forget(drawn[2], drawn[5], 2, 3)
	d, err = w.recompute(place, "")
	if err != nil || len(d.Differences) > 0 || d.Forgotten != 4 || d.Stated.Population != 38 || slices.Equal(d.Stated.Places, drawn) || d.Unsure < 2 {
		t.Errorf("%+v, %v", d, err)
	}
	for what, change := range map[string]func(*Stated){
		"one that is lower is left out": func(s *Stated) {
			s.Places = s.Places[1:]
			for other := int64(95); len(s.Places) < 7; other -= 5 { // another one that fits in its place
				if !slices.Contains(s.Places, other) {
					s.Places = append(s.Places, other)
				}
			}
			slices.Sort(s.Places)
		},
		"a population that is too large": func(s *Stated) { s.Population += 5 },
		"one that does not fit":          func(s *Stated) { s.Places[0] = 4 },
	} {
		w, place := drawable(t, 100, 7, rsa, nil)
		w.say(place, "", change)
		w.forget(2, 3, 7)
		if d, err := w.recompute(place, ""); err != nil || len(d.Differences) == 0 {
			t.Errorf("%s: %+v, %v", what, d, err)
		}
	}
}
