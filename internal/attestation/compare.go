package attestation

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
	"mandat/internal/journal"
)

// Compare holds the documents that are kept to the entries that tell of their making: which bytes, of which kind, size and language,
// when, by whom. What is missing on either side, or differs, is named by its mandate. It reads as auditor.
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

// kept is one thing that is kept of a mandate: a document, its public address (kind "address") or its control word (kind "word").
type kept struct {
	mandate uuid.UUID
	kind    string
	size    string
	lang    string
	edition int
}

func (k kept) difference(what string) journal.Difference {
	name := fmt.Sprintf("its document %s.%s in %s, edition %d, ", k.kind, k.size, k.lang, k.edition)
	switch k.kind {
	case "address":
		name = "the public address of its attestations "
	case "word":
		name = "the control word of its attestations "
	}
	return journal.Difference{Of: "mandate", ID: k.mandate.String(), What: name + what}
}

func compareMandates(ctx context.Context, tx pgx.Tx, mandates []uuid.UUID) ([]journal.Difference, error) {
	want, err := replay(ctx, tx, mandates)
	if err != nil {
		return nil, err
	}
	have, err := tables(ctx, tx, mandates)
	return journal.Differences(have, want, kept.difference, journal.Words[string]{
		Stray: "stands in the tables, and no entry tells of it",
		Other: "is {tables} in the tables, and {entries} according to its entry",
		Gone:  "was made according to its entry, and is gone from the tables",
	}), err
}

func tables(ctx context.Context, tx pgx.Tx, mandates []uuid.UUID) (map[kept]string, error) {
	out := map[kept]string{}
	rows, err := tx.Query(ctx, `select mandate_id, kind, size, lang, edition, organisation_id, encode(sha256, 'hex'), template, issued_at, issued_by from attestation where mandate_id = any ($1)
		union all select mandate_id, 'address', '', '', 0, organisation_id, '', '', created_at, null from attestation_status where mandate_id = any ($1)
		union all select mandate_id, 'word', '', '', 0, organisation_id, '', '', created_at, null from attestation_word where mandate_id = any ($1)`, mandates)
	if err != nil {
		return nil, err
	}
	var k kept
	var organisation uuid.UUID
	var sum, template string
	var at time.Time
	var by *uuid.UUID
	_, err = pgx.ForEachRow(rows, []any{&k.mandate, &k.kind, &k.size, &k.lang, &k.edition, &organisation, &sum, &template, &at, &by}, func() error {
		out[k] = text(organisation, sum, template, at, by)
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

// replay does again what the entries say was made. The first document of a mandate makes its public address, and the first attestation
// whose entry names its kind makes its control word: before, there were neither kinds nor words.
func replay(ctx context.Context, tx pgx.Tx, mandates []uuid.UUID) (map[kept]string, error) {
	out := map[kept]string{}
	err := journal.Replay(ctx, tx, `e.mandate_id = any ($1) and e.action = 'attestation.issued'`, []any{mandates}, func(e entry) {
		d := e.Detail
		once := []string{"address"}
		if d.Kind == Given {
			once = append(once, "word")
		}
		for _, kind := range once {
			if k := (kept{mandate: e.Mandate, kind: kind}); out[k] == "" {
				out[k] = text(e.Organisation, "", "", e.At, nil)
			}
		}
		k := kept{e.Mandate, string(cmp.Or(d.Kind, Given)), string(cmp.Or(d.Size, Normal)), d.Lang, cmp.Or(d.Edition, 1)}
		out[k] = text(e.Organisation, d.SHA256, d.Template, e.At, &e.By.Person)
	})
	return out, err
}

func text(organisation uuid.UUID, sum, template string, at time.Time, by *uuid.UUID) string {
	out := "of organisation " + organisation.String() + ", made at " + journal.TimeText(at)
	if by == nil {
		return out
	}
	return out + " by " + by.String() + ", template " + template + ", bytes " + sum
}
