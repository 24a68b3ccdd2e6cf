package card

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
	"mandat/internal/envelope"
	"mandat/internal/journal"
	"mandat/internal/org"
)

// Stock reads and changes the stock of cards.
type Stock struct {
	db      *db.DB
	journal *journal.Journal
	keys    *envelope.Keys
}

// New returns the stock kept in this database, with its seeds under these keys.
func New(d *db.DB, j *journal.Journal, keys *envelope.Keys) *Stock {
	return &Stock{db: d, journal: j, keys: keys}
}

// The states of a card.
const (
	InStock = "stock" // nobody has it as a factor
	Given   = "given"
	Lost    = "lost" // for good: it can be nobody's factor any more
)

// Card is a card of the stock.
type Card struct {
	Serial           string
	State            string
	Organisation     uuid.UUID // that it was sent to: only its people can add it; nil is none, and anybody can
	OrganisationName string
	ImportedAt       time.Time
}

// Listed is how many cards a page of List has.
const Listed = 50

const rows = `select c.serial, c.state, coalesce(c.organisation_id, '00000000-0000-0000-0000-000000000000'::uuid), coalesce(o.name, ''), c.imported_at
	from credential_card c left join organisation o on o.id = c.organisation_id`

// List returns a page of the stock, from 1, the latest imports first, and counts all of it by state.
func (s *Stock) List(ctx context.Context, page int) ([]Card, map[string]int, error) {
	var cards []Card
	counts := map[string]int{}
	err := s.db.Read(ctx, db.System(), func(tx pgx.Tx) error {
		found, err := tx.Query(ctx, rows+` order by c.imported_at desc, c.serial limit $1 offset $2`, Listed, (max(page, 1)-1)*Listed)
		if err != nil {
			return err
		}
		if cards, err = pgx.CollectRows(found, pgx.RowToStructByPos[Card]); err != nil {
			return err
		}
		if found, err = tx.Query(ctx, `select state, count(*) from credential_card group by state`); err != nil {
			return err
		}
		var state string
		var n int
		_, err = pgx.ForEachRow(found, []any{&state, &n}, func() error { counts[state] = n; return nil })
		return err
	})
	return cards, counts, db.Found("list cards", err)
}

// Card finds a card by its serial number, or returns db.ErrNotFound.
func (s *Stock) Card(ctx context.Context, serial string) (Card, error) {
	var c Card
	err := s.db.Read(ctx, db.System(), func(tx pgx.Tx) error {
		return tx.QueryRow(ctx, rows+` where c.serial = $1`, serial).Scan(&c.Serial, &c.State, &c.Organisation, &c.OrganisationName, &c.ImportedAt)
	})
	return c, db.Found("find card", err)
}

// changed is the detail of the entries about one card.
type changed struct {
	Serial string `json:"serial"`
}

// Send notes to which organisation a card of the stock was sent, nil for none, by an administrator. From then on only its people can add it.
// It returns db.ErrConflict for a card that is not in the stock or was sent there already, org.ErrMayNot and org.ErrFactorTooOld.
func (s *Stock) Send(ctx context.Context, by journal.Actor, serial string, organisation uuid.UUID) error {
	return s.administer(ctx, by, "send card", func(tx *journal.Tx) (journal.Event, error) {
		return journal.Event{Action: "cards.sent", Organisation: organisation, Detail: changed{serial}},
			tx.ExecOne(ctx, db.ErrConflict, `update credential_card set organisation_id = $2 where serial = $1 and state = 'stock' and organisation_id is distinct from $2`,
				serial, db.OrNull(organisation))
	})
}

// Lose takes a card of the stock out of it for good, by an administrator. One that somebody has is lost with a reset of their factors, or comes
// back to the stock when they remove it. Errors as Send.
func (s *Stock) Lose(ctx context.Context, by journal.Actor, serial string) error {
	return s.administer(ctx, by, "lose card", func(tx *journal.Tx) (journal.Event, error) {
		return journal.Event{Action: "cards.lost", Detail: changed{serial}},
			tx.ExecOne(ctx, db.ErrConflict, `update credential_card set state = 'lost' where serial = $1 and state = 'stock'`, serial)
	})
}

// administer is an act of an administrator, with a fresh second factor, or of the program.
func (s *Stock) administer(ctx context.Context, by journal.Actor, doing string, act func(*journal.Tx) (journal.Event, error)) error {
	batch := &pgx.Batch{}
	may := org.MayAdminister(batch, by)
	err := s.journal.RecordAfter(ctx, by, batch, func(tx *journal.Tx) (journal.Event, error) {
		if err := may(); err != nil {
			return journal.Event{}, err
		}
		if err := org.Fresh(by, tx.Now); err != nil {
			return journal.Event{}, err
		}
		return act(tx)
	})
	if err != nil {
		return fmt.Errorf("%s: %w", doing, err)
	}
	return nil
}
