package mandate

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
	"mandat/internal/journal"
)

// Compare replays the entries of every citizen and compares the result with the tables: a mandate or power that was
// changed, added or removed behind the program's back is named. It reads as auditor.
func Compare(ctx context.Context, auditor *db.DB) ([]journal.Difference, error) {
	found, err := journal.CompareInSteps(ctx, auditor, nextCitizens, compareCitizens)
	if err != nil {
		return nil, fmt.Errorf("compare mandates with the journal: %w", err)
	}
	more, err := strays(ctx, auditor)
	if err != nil {
		return nil, err
	}
	moved, err := compareTransfers(ctx, auditor)
	if err != nil {
		return nil, err
	}
	kept, err := compareEvidences(ctx, auditor)
	return slices.Concat(found, more, moved, kept), err
}

// nextCitizens lists ids from both sides, so that a citizen removed from the table is compared too.
func nextCitizens(ctx context.Context, tx pgx.Tx, after uuid.UUID, limit int) ([]uuid.UUID, error) {
	rows, err := tx.Query(ctx, `select id from ((select id from citizen where id > $1 order by id limit $2)
		union (select distinct citizen_id from journal_entry where citizen_id > $1 order by 1 limit $2)) both_sides order by id limit $2`, after, limit)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
}

// strays are the mandates and powers of citizens of whom there is neither a row nor an entry.
func strays(ctx context.Context, auditor *db.DB) ([]journal.Difference, error) {
	var out []journal.Difference
	err := auditor.Snapshot(ctx, db.Nothing(), func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, `select id from mandate m where not exists (select from citizen c where c.id = m.citizen_id) and not exists (select from journal_entry e where e.citizen_id = m.citizen_id)
			union select mandate_id from mandate_power p where not exists (select from mandate m where m.id = p.mandate_id)
			and not exists (select from citizen c where c.id = p.citizen_id) and not exists (select from journal_entry e where e.citizen_id = p.citizen_id) order by id`)
		if err != nil {
			return err
		}
		out, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (journal.Difference, error) {
			var id uuid.UUID
			err := row.Scan(&id)
			return difference(id, "stands in the tables for a citizen of whom there is no row and no entry"), err
		})
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("look for mandates of nobody: %w", err)
	}
	return out, nil
}

// state is what a mandate is, as the tables or as the entries have it.
type state struct {
	facts  string // what never changes
	ended  string // "" or reason and instant
	powers map[string]string
	proof  proof // as its entry has it
}

func compareCitizens(ctx context.Context, tx pgx.Tx, citizens []uuid.UUID) ([]journal.Difference, error) {
	want, err := replay(ctx, tx, citizens)
	if err != nil {
		return nil, err
	}
	have, err := tables(ctx, tx, citizens)
	if err != nil {
		return nil, err
	}
	unproven, err := compareProofs(ctx, tx, want)
	if err != nil {
		return nil, err
	}
	return append(journal.Differences(have, want, difference, journal.Words[*state]{
		Stray: "stands in the tables, and no entry tells of its signature",
		Gone:  "was signed according to its entry, and is gone from the tables",
		Parts: unlike,
	}), unproven...), nil
}

func difference(id uuid.UUID, what string) journal.Difference {
	return journal.Difference{Of: "mandate", ID: id.String(), What: what}
}

// unlike says in what a mandate and its powers differ from their entries.
func unlike(have, want *state) []string {
	var out []string
	if want.facts != have.facts {
		out = append(out, fmt.Sprintf("the tables say %s; its entry says %s", have.facts, want.facts))
	}
	if want.ended != have.ended {
		out = append(out, fmt.Sprintf("the tables say %q of its end; its entries say %q", have.ended, want.ended))
	}
	for procedure := range want.powers {
		if have.powers[procedure] == "" {
			out = append(out, "its power "+procedure+" is gone from the tables")
		}
	}
	for procedure, h := range have.powers {
		if w := want.powers[procedure]; w != h {
			out = append(out, fmt.Sprintf("the tables say %q of its power %s; its entries say %q", h, procedure, w))
		}
	}
	return out
}

func tables(ctx context.Context, tx pgx.Tx, citizens []uuid.UUID) (map[uuid.UUID]*state, error) {
	out := map[uuid.UUID]*state{}
	rows, err := tx.Query(ctx, `select id, organisation_id, citizen_id, person_id, draft_id, coalesce(days, 0), state = 'scheduled', identified_by, consent_by, coalesce(witness_id, $2), coalesce(signed_with, ''), coalesce(renews, $2), coalesce(transfers, $2),
		identified_at, catalogue, signed_at, coalesce(starts_at, signed_at), ends_at, lasts_until, terms_digest, ended_at, coalesce(end_reason, ''), ended_by
		from mandate where citizen_id = any ($1)`, citizens, uuid.Nil)
	if err != nil {
		return nil, err
	}
	var m Mandate
	var waits bool
	var by *uuid.UUID
	_, err = pgx.ForEachRow(rows, []any{&m.ID, &m.Organisation, &m.Citizen, &m.Person, &m.Draft, &m.Days, &waits, &m.IdentifiedBy, &m.ConsentBy, &m.Witness, &m.SignedWith, &m.Renews, &m.Transfers, &m.IdentifiedAt,
		&m.Catalogue, &m.SignedAt, &m.StartsAt, &m.EndsAt, &m.LastsUntil, &m.TermsDigest, &m.EndedAt, &m.EndReason, &by}, func() error {
		out[m.ID] = &state{facts: facts(m), ended: progress(waits) + lasting(m) + ending(m.EndReason, m.EndedAt) + person(by), powers: map[string]string{}}
		m.LastsUntil, m.EndedAt, m.TermsDigest, by = nil, nil, nil, nil
		return nil
	})
	if err != nil {
		return nil, err
	}
	if rows, err = tx.Query(ctx, `select `+powerColumns+` from mandate_power p where p.citizen_id = any ($1) or p.mandate_id in (select id from mandate where citizen_id = any ($1))`, citizens); err != nil {
		return nil, err
	}
	powers, err := pgx.CollectRows(rows, scanPower)
	for _, p := range powers {
		s := out[p.Mandate]
		if s == nil {
			s = &state{powers: map[string]string{}}
			out[p.Mandate] = s
		}
		s.powers[p.Procedure+" "+p.Case] = powerText(p)
	}
	return out, err
}

func facts(m Mandate) string {
	return fmt.Sprintf("organisation %s, citizen %s, identified by %s at %s, agreed by %s, witness %s, aidant %s, %s, draft %s, renews %s, transfers %s, catalogue %s, %d days, signed at %s, from %s until %s, terms %x",
		m.Organisation, m.Citizen, m.IdentifiedBy, journal.TimeText(m.IdentifiedAt), m.ConsentBy, m.Witness, m.Person, m.SignedWith, m.Draft, m.Renews, m.Transfers, m.Catalogue, m.Days,
		journal.TimeText(m.SignedAt), journal.TimeText(m.StartsAt), journal.TimeText(m.EndsAt), m.TermsDigest)
}

// progress says that a mandate is still to begin.
func progress(waits bool) string {
	if waits {
		return "to begin "
	}
	return ""
}

// person says who ended something, nothing when the program did.
func person(by *uuid.UUID) string {
	if by == nil {
		return ""
	}
	return " by " + by.String()
}

func powerText(p Power) string {
	text := fmt.Sprintf("organisation %s, citizen %s, to %s, %s, from %s until %s %s", p.Organisation, p.Citizen, p.Level, p.State, journal.TimeText(p.StartsAt), journal.TimeText(p.EndsAt), ending(p.EndReason, p.EndedAt))
	if p.SuspendedAt != nil {
		text += ", suspended at " + journal.TimeText(*p.SuspendedAt)
	}
	return text
}

func ending(reason string, at *time.Time) string {
	if at == nil {
		return reason
	}
	return reason + " at " + journal.TimeText(*at)
}
