package draw

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"mandat/internal/journal/format"
	"mandat/internal/journal/verify"
)

// Drawn is what somebody found who drew a sample again from an export.
type Drawn struct {
	Placed
	Moment

	State       string // Waiting, Ready, Lapsed
	Stated      Stated // what follows from the export
	Said        bool   // an entry says what became of it
	SaidAt      int64  // its place
	Forgotten   int64  // entries before the order of which nothing is left: whether they are of the population, nobody can tell any more
	Unsure      int64  // of these, those that would be drawn if they were
	Differences []string
}

// What becomes of an order.
const (
	Waiting = "waiting" // for witnesses, the authority or the share; Why says for what
	Ready   = "ready"   // it is drawn
	Lapsed  = "lapsed"  // it never is
)

// ErrNoOrder says that the log has no order at a place.
var ErrNoOrder = errors.New("the journal has no order of a sample at this place")

// Recompute draws the sample of the order at a place again, from an export that verify.Log has found whole, and holds it to what the log says of it. share is for who
// knows it before the log does; else "". The error of an order that is still waited for is ErrUnwitnessed, ErrUndrawn or ErrShare, with what is
// known; one that lapsed is no error.
func Recompute(ctx context.Context, r *verify.Reader, t Trust, place int64, share Share) (Drawn, error) {
	d := Drawn{}
	said, err := d.find(ctx, r, place)
	if err != nil {
		return d, err
	}
	if len(said) > 0 {
		d.Said, d.SaidAt = true, said[0].index
		share = Share(cmp.Or(said[0].Detail.Share, string(share)))
	}
	for _, more := range said[min(len(said), 1):] {
		d.differs("entry %d says again what became of it", more.index)
	}
	d.Moment, err = MomentOf(ctx, d.Placed, t, exported(r))
	switch {
	case errors.Is(err, ErrLapsed):
		d.State = Lapsed
		if d.Said && said[0].Action != ActionLapsed {
			d.differs("it had lapsed, and entry %d says that it was drawn", d.SaidAt)
		}
		return d, nil
	case err != nil:
		d.State = Waiting
		if d.Said && said[0].Action == ActionDrawn {
			d.differs("entry %d says that it was drawn: %v", d.SaidAt, err)
		}
		return d, err
	}
	if d.Said && said[0].Action == ActionLapsed {
		return d, d.lapsed(said[0])
	}
	seed, err := SeedOf(d.Placed, d.Moment, share)
	if err != nil {
		d.State = Waiting
		if d.Said {
			d.differs("entry %d says that it was drawn, with a share to which the order is not bound", d.SaidAt)
		}
		return d, err
	}
	if d.Said && d.Share != "" && d.shareLate(said[0].At, ShareGrace) {
		d.differs("entry %d says that it was drawn when the share could not be given any more", d.SaidAt)
	}
	d.State = Ready
	return d, d.draw(ctx, r, seed, share, said)
}

func (d *Drawn) differs(what string, args ...any) {
	d.Differences = append(d.Differences, fmt.Sprintf(what, args...))
}

// lapsed is for an order that could be drawn, and of which the log says that it lapsed.
func (d *Drawn) lapsed(said verdict) error {
	d.State = Lapsed
	if said.Detail.Why != WhyShare || d.Share == "" || !d.shareLate(said.At, 0) {
		d.differs("entry %d says that it lapsed, and it could be drawn", said.index)
	}
	return nil
}

// find reads the order, and what later entries say of it.
func (d *Drawn) find(ctx context.Context, r *verify.Reader, place int64) (said []verdict, err error) {
	found := false
	err = r.Lines(ctx, func(l format.Line) error {
		switch {
		case l.Index < place || l.Over:
		case l.Index == place:
			o, err := ParseOrder(l.Body)
			if err != nil {
				return fmt.Errorf("%w: %w", ErrNoOrder, err)
			}
			d.Placed, found = Placed{Order: o, Place: place, Commitment: l.Commitment}, true
		case bytes.Contains(l.Body, []byte(d.Sample)):
			if v, ok := verdictOn(d.Sample, l.Index, l.Body); ok {
				said = append(said, v)
			}
		}
		return nil
	})
	if err == nil && !found {
		err = ErrNoOrder
	}
	return said, err
}

// draw goes through the entries before the order.
func (d *Drawn) draw(ctx context.Context, r *verify.Reader, seed Seed, share Share, said []verdict) error {
	choice := NewChoice(seed, d.Wanted)
	census := NewCensus(choice)
	var gone []int64
	var fits []int64 // of those that the log says were drawn
	var stated []int64
	if len(said) > 0 {
		stated = said[0].Detail.Places
	}
	err := r.Lines(ctx, func(l format.Line) error {
		switch {
		case l.Index >= d.Place:
			return errEnough
		case l.Over:
			gone = append(gone, l.Index)
		case d.Population.Fits(l.Body):
			census.Add(l.Index)
			if slices.Contains(stated, l.Index) {
				fits = append(fits, l.Index)
			}
		}
		return nil
	})
	if !errors.Is(err, errEnough) { // the order itself follows them
		return err
	}
	d.Stated, d.Forgotten = State(d.Placed, d.Moment, share, census), int64(len(gone))
	d.Unsure = unsure(choice, gone)
	if d.Said {
		d.hold(said[0].Detail.Stated, choice, gone, fits)
	}
	return nil
}

var errEnough = errors.New("what follows the order is not of its population")

// unsure counts the forgotten places that would be drawn if they were of the population.
func unsure(c *Choice, gone []int64) (n int64) {
	for _, place := range gone {
		if len(c.lots) < c.wanted || lotOf(c.seed, place).before(c.lots[0]) {
			n++
		}
	}
	return n
}

// hold names what the log says otherwise. Entries that were forgotten since may have been of the population: then the log's
// count may be larger by as many, places of theirs may stand among those drawn, and they push out as many of the others.
func (d *Drawn) hold(said Stated, c *Choice, gone, fits []int64) {
	want := d.Stated
	for _, f := range []struct {
		what       string
		said, want any
	}{
		{"the order's place", said.Order, want.Order}, {"the checkpoint under which the order was witnessed", said.Witnessed, want.Witnessed},
		{"the checkpoint that was drawn from", said.Size, want.Size}, {"its root", said.Root, want.Root}, {"the times of its cosignatures", fmt.Sprint(said.CosignedAt), fmt.Sprint(want.CosignedAt)},
		{"its timestamp", said.TimestampSHA256, want.TimestampSHA256}, {"the time of that", said.StampedAt, want.StampedAt}, {"the share", said.Share, want.Share},
	} {
		if f.said != f.want {
			d.differs("%s is %v, and entry %d says %v", f.what, f.want, d.SaidAt, f.said)
		}
	}
	if said.Population < want.Population || said.Population > want.Population+d.Forgotten || said.Population == want.Population && said.PopulationSHA256 != want.PopulationSHA256 {
		d.differs("the population is of %d entries, %d more are forgotten, and entry %d says %d", want.Population, d.Forgotten, d.SaidAt, said.Population)
	}
	if !d.follows(said, c, gone, fits) {
		d.differs("what is drawn is %v, and entry %d says %v", want.Places, d.SaidAt, said.Places)
	}
}

// follows reports whether the places that the log says were drawn are the lowest of a population of so many: each fits or is forgotten, and all that
// fit and are lower than the highest of them are among them.
func (d *Drawn) follows(said Stated, c *Choice, gone, fits []int64) bool {
	if int64(len(said.Places)) != min(int64(d.Wanted), said.Population) || !slices.IsSorted(said.Places) || len(slices.Compact(slices.Clone(said.Places))) != len(said.Places) {
		return false
	}
	highest := lot{}
	for _, place := range said.Places {
		if !slices.Contains(fits, place) && !slices.Contains(gone, place) {
			return false
		}
		if l := lotOf(c.seed, place); highest.before(l) {
			highest = l
		}
	}
	// What is chosen from those that are left holds every lower one: as many were chosen as are wanted.
	for _, l := range c.lots {
		if !slices.Contains(said.Places, l.place) && (l.before(highest) || len(said.Places) < d.Wanted) {
			return false
		}
	}
	return true
}

// exported finds checkpoints in an export.
func exported(r *verify.Reader) Source {
	return func(ctx context.Context, after int64, stamped bool) (Kept, error) {
		var k Kept
		err := r.Kept(after, func(size int64, signed []byte) (bool, error) {
			token, err := r.Timestamp(size)
			if err != nil || stamped && token == nil {
				return err == nil, err
			}
			k = Kept{bytes.Clone(signed), token}
			return false, ctx.Err()
		})
		return k, err
	}
}
