package sampling_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"mandat/internal/db"
	"mandat/internal/journal"
	"mandat/internal/journal/draw"
	"mandat/internal/org"
	"mandat/internal/sampling"
)

// bound is the wish for five entries, bound to share.
var bound = sampling.Wish{Wanted: 5, Reason: sampling.Routine, Share: share.Sum()}

const share = draw.Share("abababababababababababababababababababababababababababababababab")

// Bound to a share, nothing is drawn without it: not before it is given, and not with another one.
func TestReveal(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.cosigned(t, 0, 1)
	id := w.order(t, w.sofia, bound)
	free := w.order(t, w.alma, wish)
	reveal := func(by journal.Actor, id uuid.UUID, s draw.Share) error {
		return w.register.Reveal(t.Context(), by, id, s)
	}
	if err := reveal(w.sofia, id, share); !errors.Is(err, sampling.ErrEarly) {
		t.Errorf("before the log has the order: %v", err)
	}
	w.cosigned(t, 0, 1)
	if err := reveal(w.sofia, id, share); !errors.Is(err, sampling.ErrEarly) {
		t.Errorf("before there is a checkpoint to draw from: %v", err)
	}
	if err := reveal(w.sofia, free, share); !errors.Is(err, sampling.ErrNotBound) {
		t.Errorf("of one that is bound to none: %v", err)
	}
	w.stamped(t, w.cosigned(t, 0, 1))
	must(t, w.register.Draw(t.Context()))
	if s := w.look(t, id); s.State != sampling.Ordered || s.Waits != sampling.ForShare {
		t.Fatalf("%+v", s)
	}
	for what, c := range map[string]struct {
		err, want error
	}{
		"another share":        {reveal(w.sofia, id, draw.Share(strings.Repeat("ac", 32))), draw.ErrShare},
		"none":                 {reveal(w.sofia, id, ""), draw.ErrShare},
		"of one that is drawn": {reveal(w.sofia, free, share), db.ErrConflict},
		"of none":              {reveal(w.sofia, uuid.New(), share), db.ErrNotFound},
		"by an aidant":         {reveal(w.Jeanne, id, share), org.ErrMayNot},
		"by no auditor":        {reveal(journal.Actor{Kind: journal.Auditor, Person: w.Jeanne.Person}, id, share), org.ErrMayNot},
	} {
		if !errors.Is(c.err, c.want) {
			t.Errorf("%s: %v", what, c.err)
		}
	}
	must(t, reveal(w.alma, id, share))
	if s := w.look(t, id); s.State != sampling.Ordered || s.Waits != sampling.ForDraw || s.SharedBy != w.alma.Person || s.SharedAt.IsZero() {
		t.Errorf("%+v", s)
	}
	if err := reveal(w.sofia, id, share); !errors.Is(err, db.ErrConflict) {
		t.Errorf("given twice: %v", err)
	}
	w.sound(t)
	must(t, w.register.Draw(t.Context()))
	s := w.look(t, id)
	if s.State != sampling.Drawn || s.DrawnBy != uuid.Nil || s.SharedBy != w.alma.Person || s.Looked != s.Place || len(s.Drawn) != 5 {
		t.Errorf("%+v", s)
	}
	if d, err := w.recomputed(t, s.Place); err != nil || len(d.Differences) > 0 || d.Stated.Share != string(share) {
		t.Errorf("%+v, %v", d, err)
	}
	if err := reveal(w.sofia, id, share); !errors.Is(err, db.ErrConflict) {
		t.Errorf("again: %v", err)
	}
	w.sound(t)
}

// Of two who give a share at the same moment one does.
func TestReveal_Once(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.cosigned(t, 0, 1)
	id := w.order(t, w.sofia, bound)
	w.ready(t)
	holder := w.Connect(t, w.Superuser)
	_, err := holder.Exec(t.Context(), `begin; select from sample for update`)
	must(t, err)
	let := func() error { // go on when both have seen that no share was given
		for waiting := 0; waiting < 2; time.Sleep(10 * time.Millisecond) {
			w.row(t, `select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`, nil, &waiting)
		}
		_, err := holder.Exec(t.Context(), `commit`)
		return err
	}
	give := func() error { return w.register.Reveal(t.Context(), w.alma, id, share) }
	given := 0
	for _, err := range together(give, give, let)[:2] {
		if err == nil {
			given++
		} else if !errors.Is(err, db.ErrConflict) {
			t.Error(err)
		}
	}
	if given != 1 {
		t.Errorf("given %d times", given)
	}
	w.sound(t)
}

// A share is given within seven days, and what was given is drawn within half an hour more, or never.
func TestReveal_InTime(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.cosigned(t, 0, 1)
	reveal := func(by journal.Actor, id uuid.UUID, s draw.Share) error {
		return w.register.Reveal(t.Context(), by, id, s)
	}
	late, slow, slower := w.order(t, w.sofia, bound), w.order(t, w.alma, bound), w.order(t, w.Newcomer(t, journal.Auditor, uuid.Nil, "vera"), bound)
	w.ready(t)
	if err := reveal(w.sofia, late, ""); !errors.Is(err, draw.ErrShare) {
		t.Error(err)
	}
	w.Clock.Advance(draw.ShareFor - time.Minute)
	must(t, reveal(w.sofia, slow, share))
	must(t, reveal(w.sofia, slower, share))
	w.Clock.Advance(2 * time.Minute)
	if err := reveal(w.sofia, late, share); !errors.Is(err, db.ErrConflict) {
		t.Errorf("after its term: %v", err)
	}
	if s := w.look(t, late); s.State != sampling.Lapsed || s.Why != draw.WhyShare {
		t.Errorf("%+v", s)
	}
	w.busy(t, slower, w.Clock.Now())
	must(t, w.register.Draw(t.Context()))
	if s := w.look(t, slow); s.State != sampling.Drawn {
		t.Errorf("given at the last moment: %+v", s)
	} else if d, err := w.recomputed(t, s.Place); err != nil || len(d.Differences) > 0 {
		t.Errorf("%+v, %v", d, err)
	}
	w.Clock.Advance(draw.ShareGrace)
	must(t, w.register.Draw(t.Context()))
	if s := w.look(t, slower); s.State != sampling.Lapsed || s.Why != draw.WhyShare {
		t.Errorf("given, and never drawn: %+v", s)
	}
	w.sound(t)
}
