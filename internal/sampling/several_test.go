package sampling_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"

	"mandat/internal/db"
	"mandat/internal/inquiry"
	"mandat/internal/journal/draw"
	"mandat/internal/journal/verify"
	"mandat/internal/journal/witness"
	"mandat/internal/notify"
	"mandat/internal/org"
	"mandat/internal/sampling"
	"mandat/internal/tsa"
)

// The same entry in two samples is looked at in each; an inquiry that is given as what came of it has to have that very entry.
func TestCheck_InOneOfSeveral(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	all := sampling.Wish{Wanted: 500, Reason: sampling.Routine}
	w.cosigned(t, 0, 1)
	first, second := w.order(t, w.sofia, all), w.order(t, w.alma, all)
	w.ready(t)
	must(t, w.register.Draw(t.Context()))
	a, b := w.look(t, first), w.look(t, second)
	if len(a.Drawn) != int(a.Place) || len(b.Drawn) != int(b.Place) || a.Place == b.Place {
		t.Fatalf("%d of %d, %d of %d", len(a.Drawn), a.Place, len(b.Drawn), b.Place)
	}
	cases := inquiry.New(w.DB, w.Journal, w.Keys, w.Directory, w.Mandates, w.Clock, notify.Queue)
	of := func(index int64) uuid.UUID {
		t.Helper()
		q, err := cases.Open(t.Context(), w.sofia, index)
		must(t, err)
		return q.ID
	}
	index, another := a.Drawn[0].Index, a.Drawn[1].Index
	q, elsewhere := of(index), of(another)
	if err := w.register.Check(t.Context(), w.sofia, first, index, elsewhere); !errors.Is(err, db.ErrNotFound) {
		t.Errorf("an inquiry that has another entry: %v", err)
	}
	must(t, w.register.Check(t.Context(), w.sofia, first, index, q))
	if a, b = w.look(t, first), w.look(t, second); a.Checked != 1 || b.Checked != 0 || b.Drawn[0].Outcome != "" || a.Entries != len(a.Drawn) || b.Entries != len(b.Drawn) {
		t.Errorf("in one %d of %d, in the other %d of %d", a.Checked, a.Entries, b.Checked, b.Entries)
	}
	must(t, w.register.Check(t.Context(), w.sofia, second, index, uuid.Nil))
	w.sound(t)
	w.Behind(t, `update person set suspended_at = now(), suspended_why = 'decided' where id = $1`, w.alma.Person)
	if list, err := w.register.List(t.Context(), w.alma); !errors.Is(err, org.ErrMayNot) || len(list) > 0 {
		t.Errorf("a suspended auditor lists %+v, %v", list, err)
	}
}

// A sample of which the journal has no order is not drawn, and is named.
func TestDraw_WithoutAnOrder(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.cosigned(t, 0, 1)
	id := w.order(t, w.sofia, wish)
	w.unguarded(t, `update sample set ordered_at = ordered_at + interval '1 second', ends_at = ends_at + interval '1 second' where id = $1`, id)
	w.ready(t)
	if err := w.register.Draw(t.Context()); !errors.Is(err, draw.ErrNoOrder) {
		t.Error(err)
	}
}

// Numbers follow one another, and begin anew with a year.
func TestOrder_Numbers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.cosigned(t, 0, 1)
	first, second := w.look(t, w.order(t, w.sofia, wish)), w.look(t, w.order(t, w.alma, wish))
	w.cosigned(t, 0, 1)
	w.Clock.Advance(366 * 24 * time.Hour)
	must(t, w.register.Draw(t.Context()))
	w.cosigned(t, 0, 1)
	if next := w.look(t, w.order(t, w.sofia, wish)); first.Number != 1 || second.Number != 2 || next.Number != 1 || next.Year <= first.Year {
		t.Errorf("%s, %s, then %s", first.Name(), second.Name(), next.Name())
	}
}

// An order for witnesses or an authority that the server has no more waits for its policy, and lapses like any that nobody speaks for.
func TestDraw_ForAnotherPolicy(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.cosigned(t, 0, 1)
	id := w.order(t, w.sofia, wish)
	must(t, w.in.CatchUp(t.Context()))
	authority, err := tsa.New(w.Clock.Now)
	must(t, err)
	authorities, err := draw.ParseAuthorities(authority.PEM())
	must(t, err)
	k, err := witness.GenerateKey("temoin.region.test/w")
	must(t, err)
	policy, err := verify.ParsePolicy([]byte(w.signer.PolicyWith("", "witness region "+k.VerifierKey()+"\nquorum region\n")))
	must(t, err)
	all := map[string]*sampling.Register{"another authority": sampling.New(w.DB, w.Journal, draw.Trust{Policy: w.trust.Policy, Authorities: authorities}, w.Clock),
		"another witness": sampling.New(w.DB, w.Journal, draw.Trust{Policy: policy, Authorities: w.trust.Authorities}, w.Clock)}
	for what, register := range all {
		must(t, register.Draw(t.Context()))
		if s, err := register.Look(t.Context(), w.alma, id); err != nil || s.State != sampling.Ordered || s.Waits != sampling.ForPolicy {
			t.Errorf("%s: %+v, %v", what, s, err)
		}
	}
	w.Clock.Advance(draw.Term + 2*time.Hour)
	w.cosigned(t, 0, 1)
	if s := w.look(t, id); s.Waits != sampling.ForDraw || !s.Since.Equal(s.EndsAt) {
		t.Errorf("cosigned too late, before the draw: %+v", s)
	}
	must(t, all["another witness"].Draw(t.Context()))
	if s := w.look(t, id); s.State != sampling.Lapsed || s.Why != draw.WhyLate {
		t.Errorf("%+v", s)
	}
	w.sound(t)
}
