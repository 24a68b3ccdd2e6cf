package mandate_test

import (
	"context"
	"errors"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"mandat/internal/draft"
	"mandat/internal/fixture"
	"mandat/internal/journal"
	"mandat/internal/mandate"
	"mandat/internal/terms"
)

// Many colleagues sign, renew and end the mandates of one citizen at once, some of them for a later day. Each act is done or refused for a reason that can
// be told; no two wait for each other for ever, and what is left is what the journal says.
func TestSoak_OneCitizen(t *testing.T) {
	t.Parallel()
	clients, long := 8, 3*time.Second
	if os.Getenv("MANDAT_SOAK") != "" {
		clients, long = 64, time.Minute
	}
	w := fixture.New(t)
	var people []journal.Actor
	for range clients {
		people = append(people, w.Aidant(t, w.Here, "aidant-"+uuid.NewString()))
	}
	ctx, stop := context.WithTimeout(t.Context(), long)
	defer stop()
	crowd := &crowd{t: t, w: w, last: make(chan uuid.UUID, clients)}
	var wait sync.WaitGroup
	for i, by := range people {
		wait.Go(func() {
			for n := i; ctx.Err() == nil; n++ {
				crowd.act(n, by)
			}
		})
	}
	wait.Go(func() {
		for ctx.Err() == nil {
			if _, err := w.Mandates.StartDue(t.Context(), 100); err != nil {
				t.Error(err)
			}
			time.Sleep(50 * time.Millisecond)
		}
	})
	wait.Wait()
	t.Logf("%d clients: %d signed, %d ended, %d refused", clients, crowd.signed.Load(), crowd.ended.Load(), crowd.refused.Load())
	if crowd.signed.Load() < int64(clients) || crowd.ended.Load() == 0 {
		t.Error("hardly anything was done")
	}
	w.Content(t)
}

// crowd is what the clients share.
type crowd struct {
	t                      *testing.T
	w                      *fixture.World
	last                   chan uuid.UUID // mandates signed lately
	signed, ended, refused atomic.Int64
}

func (c *crowd) act(n int, by journal.Actor) {
	ctx := c.t.Context()
	by.FactorAt = c.w.Clock.Now()
	x := fixture.Terms(fixture.Tax, fixture.Housing)
	var id uuid.UUID
	select {
	case id = <-c.last:
	default:
	}
	switch {
	case id == uuid.Nil || n%5 < 2:
		if n%3 == 0 {
			x.From = terms.DayOf(c.w.Clock.Now()).AddDate(0, 0, 1)
		}
		d, err := c.w.Drafts.Start(ctx, by, x)
		c.sign(by, d, err)
	case n%5 == 2:
		d, err := c.w.Mandates.Renew(ctx, by, id, []int{n % 2}, 31, x)
		c.sign(by, d, err)
	case n%5 == 3:
		c.note(c.w.Mandates.End(ctx, by, id, "citizen"), &c.ended)
	default:
		c.note(c.w.Mandates.EndPower(ctx, by, id, fixture.Tax, "", "completed"), &c.ended)
	}
}

func (c *crowd) sign(by journal.Actor, d draft.Draft, err error) {
	ctx := c.t.Context()
	if err == nil {
		err = c.w.Drafts.Identify(ctx, by, d.ID, fixture.Angela(), c.w.Clock.Now())
	}
	var m mandate.Mandate
	if err == nil {
		m, err = c.w.Mandates.Sign(ctx, by, d.ID, c.w.Agreed(c.t, by, d.ID))
	}
	c.note(err, &c.signed)
	if err == nil {
		select {
		case c.last <- m.ID:
		default:
		}
	}
}

// note counts what was done, and fails on an error that is no refusal.
func (c *crowd) note(err error, done *atomic.Int64) {
	switch {
	case err == nil:
		done.Add(1)
	case errors.Is(err, mandate.ErrEnded), errors.Is(err, mandate.ErrEndedSince), errors.Is(err, mandate.ErrNotRenewable):
		c.refused.Add(1)
	default:
		c.t.Error(err)
	}
}
