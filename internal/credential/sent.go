package credential

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
	"mandat/internal/journal"
	"mandat/internal/org"
)

// The states of a card.
const (
	CardStock = "stock" // nobody has it as a factor
	CardGiven = "given"
	CardLost  = "lost" // for good: it can be nobody's factor any more
)

// Card is a card of the stock.
type Card struct {
	Serial           string
	State            string
	Organisation     uuid.UUID // that it was sent to: only its people can add it; nil is none, and anybody can
	OrganisationName string
	ImportedAt       time.Time
}

// CardsListed is how many cards a page of Cards has.
const CardsListed = 50

const cardRows = `select c.serial, c.state, coalesce(c.organisation_id, '00000000-0000-0000-0000-000000000000'::uuid), coalesce(o.name, ''), c.imported_at
	from credential_card c left join organisation o on o.id = c.organisation_id`

// Cards lists a page of the stock, from 1, the latest imports first, and counts all of it by state.
func (r *Register) Cards(ctx context.Context, page int) ([]Card, map[string]int, error) {
	var cards []Card
	counts := map[string]int{}
	err := r.db.Read(ctx, db.System(), func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, cardRows+` order by c.imported_at desc, c.serial limit $1 offset $2`, CardsListed, (max(page, 1)-1)*CardsListed)
		if err != nil {
			return err
		}
		if cards, err = pgx.CollectRows(rows, pgx.RowToStructByPos[Card]); err != nil {
			return err
		}
		if rows, err = tx.Query(ctx, `select state, count(*) from credential_card group by state`); err != nil {
			return err
		}
		var state string
		var n int
		_, err = pgx.ForEachRow(rows, []any{&state, &n}, func() error { counts[state] = n; return nil })
		return err
	})
	return cards, counts, wrap("list cards", err)
}

// Card finds a card by its serial number, or returns db.ErrNotFound.
func (r *Register) Card(ctx context.Context, serial string) (Card, error) {
	var c Card
	err := r.db.Read(ctx, db.System(), func(tx pgx.Tx) error {
		return tx.QueryRow(ctx, cardRows+` where c.serial = $1`, serial).Scan(&c.Serial, &c.State, &c.Organisation, &c.OrganisationName, &c.ImportedAt)
	})
	if errors.Is(err, pgx.ErrNoRows) {
		return c, db.ErrNotFound
	}
	return c, wrap("find card", err)
}

// cardChanged is the detail of the entries about one card.
type cardChanged struct {
	Serial string `json:"serial"`
}

// SendCard notes to which organisation a card of the stock was sent, nil for none, by an administrator. From then on only its people can add it.
// It returns db.ErrConflict for a card that is not in the stock or was sent there already, org.ErrMayNot and org.ErrFactorTooOld.
func (r *Register) SendCard(ctx context.Context, by journal.Actor, serial string, organisation uuid.UUID) error {
	return r.administer(ctx, by, "send card", func(tx *journal.Tx) (journal.Event, error) {
		tag, err := tx.Exec(ctx, `update credential_card set organisation_id = nullif($2, '00000000-0000-0000-0000-000000000000'::uuid)
			where serial = $1 and state = 'stock' and organisation_id is distinct from nullif($2, '00000000-0000-0000-0000-000000000000'::uuid)`, serial, organisation)
		return journal.Event{Action: "cards.sent", Organisation: organisation, Detail: cardChanged{serial}}, one(db.ErrConflict, tag, err)
	})
}

// LoseCard takes a card of the stock out of it for good, by an administrator. One that somebody has is lost with a reset of their factors, or comes
// back to the stock when they remove it. Errors as SendCard.
func (r *Register) LoseCard(ctx context.Context, by journal.Actor, serial string) error {
	return r.administer(ctx, by, "lose card", func(tx *journal.Tx) (journal.Event, error) {
		tag, err := tx.Exec(ctx, `update credential_card set state = 'lost' where serial = $1 and state = 'stock'`, serial)
		return journal.Event{Action: "cards.lost", Detail: cardChanged{serial}}, one(db.ErrConflict, tag, err)
	})
}

// administer is an act of an administrator, with a fresh second factor, or of the program.
func (r *Register) administer(ctx context.Context, by journal.Actor, doing string, act func(*journal.Tx) (journal.Event, error)) error {
	batch := &pgx.Batch{}
	may := org.MayAdminister(batch, by)
	return wrap(doing, r.journal.RecordAfter(ctx, by, batch, func(tx *journal.Tx) (journal.Event, error) {
		if err := may(); err != nil {
			return journal.Event{}, err
		}
		if err := org.Fresh(by, tx.Now); err != nil {
			return journal.Event{}, err
		}
		return act(tx)
	}))
}

// cardText says of a card what is compared.
func cardText(serial, state string, organisation uuid.UUID) string {
	return fmt.Sprintf("card %s, %s, sent to %s", serial, state, organisation)
}

// readCards reads the cards of which more is known than that they are in the stock.
func (p picture) readCards(ctx context.Context, tx pgx.Tx) error {
	rows, err := tx.Query(ctx, `select serial, state, coalesce(organisation_id, '00000000-0000-0000-0000-000000000000'::uuid) from credential_card where state <> 'stock' or organisation_id is not null`)
	if err != nil {
		return err
	}
	var serial, state string
	var organisation uuid.UUID
	_, err = pgx.ForEachRow(rows, []any{&serial, &state, &organisation}, func() error {
		p[cardOwner(serial)] = cardText(serial, state, organisation)
		return nil
	})
	return err
}
