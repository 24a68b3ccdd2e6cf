package attestation

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
	"mandat/internal/journal"
)

// Compare holds the documents that are kept to the entries that tell of their making: which bytes, in which language, when,
// by whom. What is missing on either side, or differs, is named by its mandate. It reads as auditor.
func Compare(ctx context.Context, auditor *db.DB) ([]journal.Difference, error) {
	found, err := journal.CompareInSteps(ctx, auditor, nextMandates, compareMandates)
	if err != nil {
		return nil, fmt.Errorf("compare attestations with the journal: %w", err)
	}
	return found, nil
}

// nextMandates lists ids from every side, so that what was removed from one of them is compared too.
func nextMandates(ctx context.Context, tx pgx.Tx, after uuid.UUID, limit int) ([]uuid.UUID, error) {
	rows, err := tx.Query(ctx, `select id from ((select mandate_id as id from attestation_status where mandate_id > $1 order by 1 limit $2)
		union (select distinct mandate_id from attestation where mandate_id > $1 order by 1 limit $2)
		union (select distinct mandate_id from journal_entry where mandate_id > $1 order by 1 limit $2)) every_side order by id limit $2`, after, limit)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
}

// sheet is one document of a mandate; lang "" is its public address.
type sheet struct {
	mandate uuid.UUID
	lang    string
}

func (s sheet) difference(what string) journal.Difference {
	name := "its attestation in " + s.lang + " "
	if s.lang == "" {
		name = "the public address of its attestations "
	}
	return journal.Difference{Of: "mandate", ID: s.mandate.String(), What: name + what}
}

func compareMandates(ctx context.Context, tx pgx.Tx, mandates []uuid.UUID) ([]journal.Difference, error) {
	want, err := replay(ctx, tx, mandates)
	if err != nil {
		return nil, err
	}
	have, err := tables(ctx, tx, mandates)
	return journal.Differences(have, want, sheet.difference, journal.Words[string]{
		Stray: "stands in the tables, and no entry tells of it",
		Other: "is {tables} in the tables, and {entries} according to its entry",
		Gone:  "was made according to its entry, and is gone from the tables",
	}), err
}

func tables(ctx context.Context, tx pgx.Tx, mandates []uuid.UUID) (map[sheet]string, error) {
	out := map[sheet]string{}
	rows, err := tx.Query(ctx, `select mandate_id, lang, organisation_id, encode(sha256, 'hex'), template, issued_at, issued_by from attestation where mandate_id = any ($1)
		union all select mandate_id, '', organisation_id, '', '', created_at, null from attestation_status where mandate_id = any ($1)`, mandates)
	if err != nil {
		return nil, err
	}
	var s sheet
	var organisation uuid.UUID
	var sum, template string
	var at time.Time
	var by *uuid.UUID
	_, err = pgx.ForEachRow(rows, []any{&s.mandate, &s.lang, &organisation, &sum, &template, &at, &by}, func() error {
		out[s] = text(organisation, sum, template, at, by)
		by = nil
		return nil
	})
	return out, err
}

// entry is what the replay reads of an entry.
type entry struct {
	At           time.Time `json:"at"`
	Organisation uuid.UUID `json:"organisation"`
	Mandate      uuid.UUID `json:"mandate"`
	By           struct {
		Person uuid.UUID `json:"person"`
	} `json:"by"`
	Detail issued `json:"detail"`
}

// replay does again what the entries say was made. The first document of a mandate makes its public address.
func replay(ctx context.Context, tx pgx.Tx, mandates []uuid.UUID) (map[sheet]string, error) {
	out := map[sheet]string{}
	err := journal.Replay(ctx, tx, `e.mandate_id = any ($1) and e.action = 'attestation.issued'`, []any{mandates}, func(e entry) {
		if s := (sheet{e.Mandate, ""}); out[s] == "" {
			out[s] = text(e.Organisation, "", "", e.At, nil)
		}
		out[sheet{e.Mandate, e.Detail.Lang}] = text(e.Organisation, e.Detail.SHA256, e.Detail.Template, e.At, &e.By.Person)
	})
	return out, err
}

func text(organisation uuid.UUID, sum, template string, at time.Time, by *uuid.UUID) string {
	out := "of organisation " + organisation.String() + ", made at " + at.UTC().Format(journal.TimeFormat)
	if by == nil {
		return out
	}
	return out + " by " + by.String() + ", template " + template + ", bytes " + sum
}
