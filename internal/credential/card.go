package credential

import (
	"context"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"mandat/internal/card"
	"mandat/internal/journal"
	"mandat/internal/token"
)

// AddCard adds a card of the stock that the person holds in their hand: by the serial number on its back and the code on its front. A
// card whose clock has gone away needs the next code too; second is "" otherwise. Errors: ErrWrong, which does not tell an unknown
// card, somebody's card and a wrong code, or one that was used with it, apart; ErrWait.
func (r *Register) AddCard(ctx context.Context, by journal.Actor, serial, first, second string, from netip.Addr) (Given, error) {
	serial, first, second = strings.ToUpper(strings.TrimSpace(serial)), tidy(first), tidy(second)
	if err := r.count(ctx, adding(by.Person, from)); err != nil {
		return Given{}, err
	}
	seed, err := r.cards.Seed(ctx, serial, by.Person)
	if err != nil {
		return Given{}, wrap("add card", err)
	}
	g := generator{id: token.ID(), kind: KindCard, seed: seed, period: cardPeriod}
	now := r.clock.Now()
	step, ok := g.match(first, now, 0, cardWindow)
	if second != "" {
		step, ok = g.matchTwo(first, second, now)
	}
	if !ok {
		return Given{}, ErrWrong
	}
	wrapped, sealed, err := r.keys.Seal(g.id, purposeSeed, g.seed)
	if err != nil {
		return Given{}, fmt.Errorf("add card: %w", err)
	}
	given := Given{Person: by.Person, Kind: KindCard}
	err = r.own(ctx, by, "add card", func(tx *journal.Tx, _ holding) (journal.Event, error) {
		given.At = tx.Now
		if err := card.Give(ctx, tx, serial, step); err != nil {
			return journal.Event{}, err
		}
		_, err := tx.Exec(ctx, `insert into credential_totp (id, person_id, kind, name, serial, data_key, seed, period, drift, last_step, confirmed_at, created_at, used_at)
			values ($1, $2, 'card', $3, $3, $4, $5, $6, $7, $8, $9, $9, $9)`, g.id, by.Person, serial, wrapped, sealed, int(cardPeriod/time.Second), step-g.step(now), step, tx.Now)
		return journal.Event{Action: "factor.added", Detail: changed{Person: by.Person.String(), Kind: KindCard, Factor: g.id.String(), Serial: serial}},
			r.added(err, tx, g.id, by.Person)
	})
	if err != nil {
		return Given{}, err
	}
	return given, r.right(ctx, adding(by.Person, from))
}
