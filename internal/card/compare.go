package card

import (
	"cmp"
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
	"mandat/internal/journal"
)

// picture is what is known of each card of which more is known than that it is in the stock, in words. How many there are stands under
// the nil id.
type picture map[uuid.UUID]string

func (p picture) card(serial, state string, organisation uuid.UUID) {
	p[owner(serial)] = fmt.Sprintf("card %s, %s, sent to %s", serial, state, organisation)
}

func (p picture) stock(cards int) {
	if cards > 0 {
		p[uuid.Nil] = fmt.Sprintf("a stock of %d cards", cards)
	}
}

// Compare replays what the journal says of cards, and names what the table says otherwise: one that is lost must not be somebody's factor
// again. It reads as auditor, in one snapshot.
func Compare(ctx context.Context, auditor *db.DB) ([]journal.Difference, error) {
	want, have := replay{cards: map[string]replayed{}}, picture{}
	err := auditor.Snapshot(ctx, db.Nothing(), func(tx pgx.Tx) error {
		// Entries are found by their actions: there are very many others.
		err := journal.Replay(ctx, tx, `e.action in ('cards.imported', 'cards.sent', 'cards.lost', 'factor.added', 'factor.removed', 'factor.reset_done')`, nil, want.apply)
		if err != nil {
			return err
		}
		return have.read(ctx, tx)
	})
	if err != nil {
		return nil, fmt.Errorf("compare cards with the journal: %w", err)
	}
	return journal.Differences(have, want.picture(), journal.DifferenceOf("factor"), journal.Words[string]{
		Stray: "stands in the tables ({tables}), and no entry tells of it",
		Other: "the tables say {tables}; the entries say {entries}",
		Gone:  "is {entries} according to its entries, and gone from the tables",
	}), nil
}

func (p picture) read(ctx context.Context, tx pgx.Tx) error {
	found, err := tx.Query(ctx, `select serial, state, coalesce(organisation_id, '00000000-0000-0000-0000-000000000000'::uuid) from credential_card where state <> 'stock' or organisation_id is not null`)
	if err != nil {
		return err
	}
	var serial, state string
	var organisation uuid.UUID
	if _, err = pgx.ForEachRow(found, []any{&serial, &state, &organisation}, func() error {
		p.card(serial, state, organisation)
		return nil
	}); err != nil {
		return err
	}
	var cards int
	err = tx.QueryRow(ctx, `select count(*) from credential_card`).Scan(&cards)
	p.stock(cards)
	return err
}

// entry is what the replay reads of an entry.
type entry struct {
	Action       string    `json:"action"`
	Organisation uuid.UUID `json:"organisation"`
	Detail       struct {
		Person uuid.UUID `json:"person"`
		Serial string    `json:"serial"`
		Cards  int       `json:"cards"`
	} `json:"detail"`
}

// replay is what the entries so far say there is.
type replay struct {
	imported int
	cards    map[string]replayed // those of which more is told, by serial number
}

type replayed struct {
	state        string    // "" is in the stock
	organisation uuid.UUID // that it was sent to
	person       uuid.UUID // who has it
}

// apply follows one entry.
func (r *replay) apply(e entry) {
	serial := e.Detail.Serial
	c := r.cards[serial]
	switch e.Action {
	case "cards.imported":
		r.imported += e.Detail.Cards
		return
	case "factor.reset_done":
		r.forfeit(e.Detail.Person)
		return
	case "cards.sent":
		c.organisation = e.Organisation
	case "cards.lost":
		c.state = Lost
	case "factor.added":
		c.state, c.person = Given, e.Detail.Person
	case "factor.removed":
		c.state, c.person = InStock, uuid.Nil
	}
	if serial != "" { // else it is another factor than a card
		r.cards[serial] = c
	}
}

func (r *replay) forfeit(person uuid.UUID) {
	for serial, c := range r.cards {
		if c.person == person {
			c.state, c.person = Lost, uuid.Nil
			r.cards[serial] = c
		}
	}
}

// picture is the replay in words.
func (r *replay) picture() picture {
	out := picture{}
	for serial, c := range r.cards {
		if state := cmp.Or(c.state, InStock); state != InStock || c.organisation != uuid.Nil {
			out.card(serial, state, c.organisation)
		}
	}
	out.stock(r.imported)
	return out
}
