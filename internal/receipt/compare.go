package receipt

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
	"mandat/internal/journal"
)

// Compare holds the places that stand in the table to the entries of the acts that drew them: whoever moved one to another mandate would have a
// receipt say that it stands when it does not. It reads as auditor.
func Compare(ctx context.Context, auditor *db.DB) ([]journal.Difference, error) {
	found, err := journal.CompareInSteps(ctx, auditor, nextMandates, compareMandates)
	if err != nil {
		return nil, fmt.Errorf("compare places of receipts with the journal: %w", err)
	}
	return found, nil
}

// nextMandates lists ids from either side, so that what was removed from one of them is compared too.
func nextMandates(ctx context.Context, tx pgx.Tx, after uuid.UUID, limit int) ([]uuid.UUID, error) {
	rows, err := tx.Query(ctx, `select id from ((select distinct mandate_id as id from receipt_status where mandate_id > $1 order by 1 limit $2)
		union (select distinct mandate_id from journal_entry where mandate_id > $1 and action = 'receipt.issued' order by 1 limit $2)) either_side order by id limit $2`, after, limit)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
}

// drawn is a place of a mandate, as its entry names it.
type drawn struct {
	mandate uuid.UUID
	place   string
}

func (d drawn) difference(what string) journal.Difference {
	return journal.Difference{Of: "mandate", ID: d.mandate.String(), What: "the place " + d.place + " of its receipts " + what}
}

// row is what the table says of a place.
type row struct {
	of           drawn
	organisation uuid.UUID
	audience     string
}

// entry is what the replay reads of an entry.
type entry struct {
	Organisation uuid.UUID `json:"organisation"`
	Mandate      uuid.UUID `json:"mandate"`
	Detail       struct {
		Places []string `json:"places"`
		Client string   `json:"client"`
	} `json:"detail"`
}

func compareMandates(ctx context.Context, tx pgx.Tx, mandates []uuid.UUID) ([]journal.Difference, error) {
	table, err := rowsOf(ctx, tx, mandates)
	if err != nil {
		return nil, err
	}
	have, want := map[drawn]string{}, map[drawn]string{}
	for _, r := range table {
		have[r.of] = text(r.organisation, r.audience)
	}
	used := map[string]bool{} // a service's place is drawn with the first use there, whose entry does not name it
	err = journal.Replay(ctx, tx, `e.mandate_id = any ($1) and e.action in ('receipt.issued', 'power.used')`, []any{mandates}, func(e entry) {
		for _, place := range e.Detail.Places {
			want[drawn{e.Mandate, place}] = text(e.Organisation, "")
		}
		if e.Detail.Client != "" {
			used[e.Mandate.String()+text(e.Organisation, e.Detail.Client)] = true
		}
	})
	for _, r := range table {
		if said := text(r.organisation, r.audience); r.audience != "" && used[r.of.mandate.String()+said] {
			want[r.of] = said
		}
	}
	return journal.Differences(have, want, drawn.difference, journal.Words[string]{
		Stray: "stands in the table, and no entry tells of it",
		Other: "is {tables} in the table, and {entries} according to its entry",
		Gone:  "was drawn according to its entry, and is gone from the table",
	}), err
}

func rowsOf(ctx context.Context, tx pgx.Tx, mandates []uuid.UUID) ([]row, error) {
	found, err := tx.Query(ctx, `select mandate_id, concat_ws(' ', list || '/' || idx, procedure, nullif(case_ref, '')), organisation_id, audience from receipt_status where mandate_id = any ($1)`, mandates)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(found, func(in pgx.CollectableRow) (row, error) {
		var r row
		err := in.Scan(&r.of.mandate, &r.of.place, &r.organisation, &r.audience)
		return r, err
	})
}

func text(organisation uuid.UUID, audience string) string {
	if audience == "" {
		return "for the citizen, of organisation " + organisation.String()
	}
	return "for client " + audience + ", of organisation " + organisation.String()
}
