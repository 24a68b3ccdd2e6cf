package credential

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
	"mandat/internal/journal"
	"mandat/internal/token"
)

// AddCard adds a card of the stock that the person holds in their hand: by the serial number on its back and the code on its front. A
// card whose clock has gone away needs the next code too; second is "" otherwise. Errors: ErrWrong, which does not tell an unknown
// card, somebody's card and a wrong code apart; ErrWait.
func (r *Register) AddCard(ctx context.Context, by journal.Actor, serial, first, second string, from netip.Addr) (Given, error) {
	serial, first, second = strings.ToUpper(strings.TrimSpace(serial)), tidy(first), tidy(second)
	if err := r.count(ctx, adding(by.Person, from)); err != nil {
		return Given{}, err
	}
	g, err := r.stocked(ctx, by.Person, serial)
	if err != nil {
		return Given{}, err
	}
	now := r.clock.Now()
	step, ok := g.match(first, now, 0, cardWindow)
	if second != "" {
		step, ok = g.matchTwo(first, second, now)
	}
	if !ok {
		return Given{}, ErrWrong
	}
	g.id = token.ID()
	wrapped, sealed, err := r.sealSeed(g.id, purposeSeed, g.seed)
	if err != nil {
		return Given{}, fmt.Errorf("add card: %w", err)
	}
	given := Given{Person: by.Person, Kind: KindCard}
	err = r.own(ctx, by, "add card", func(tx *journal.Tx, _ holding) (journal.Event, error) {
		given.At = tx.Now
		tag, err := tx.Exec(ctx, `update credential_card set state = 'given' where serial = $1 and state = 'stock'`, serial)
		if err = one(ErrWrong, tag, err); err != nil {
			return journal.Event{}, err
		}
		_, err = tx.Exec(ctx, `insert into credential_totp (id, person_id, kind, name, serial, data_key, seed, period, drift, last_step, confirmed_at, created_at, used_at)
			values ($1, $2, 'card', $3, $3, $4, $5, $6, $7, $8, $9, $9, $9)`, g.id, by.Person, serial, wrapped, sealed, int(cardPeriod/time.Second), step-g.step(now), step, tx.Now)
		return journal.Event{Action: "factor.added", Detail: changed{Person: by.Person.String(), Kind: KindCard, Factor: g.id.String(), Serial: serial}},
			r.telling(err, tx, "factor_added", g.id, by.Person)
	})
	if err != nil {
		return Given{}, err
	}
	return given, r.right(ctx, adding(by.Person, from))
}

// stocked opens a card that nobody has and that was not sent to somebody else's organisation, or returns ErrWrong.
func (r *Register) stocked(ctx context.Context, person uuid.UUID, serial string) (generator, error) {
	g := generator{kind: KindCard, period: cardPeriod}
	var wrapped, sealed []byte
	err := r.db.Read(ctx, db.System(), func(tx pgx.Tx) error {
		return tx.QueryRow(ctx, `select data_key, seed from credential_card c where serial = $1 and state = 'stock' and (organisation_id is null
			or exists (select from membership m where m.organisation_id = c.organisation_id and m.person_id = $2 and m.ended_at is null))`, serial, person).Scan(&wrapped, &sealed)
	})
	if errors.Is(err, pgx.ErrNoRows) {
		return g, ErrWrong
	}
	if err == nil {
		g.seed, err = r.openSeed(cardOwner(serial), purposeCard, wrapped, sealed)
	}
	if err != nil {
		return g, fmt.Errorf("find card: %w", err)
	}
	return g, nil
}
