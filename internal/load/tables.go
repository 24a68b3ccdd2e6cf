package load

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// A table that is filled, and the columns of its rows.
type table struct{ name, columns string }

var (
	citizens = table{"citizen", "id, organisation_id, sub_index, data_key, identity, identified_by, identified_at, created_at, has_email"}
	mandates = table{"mandate", "id, organisation_id, citizen_id, draft_id, person_id, state, identified_by, identified_at, signed_at, days, ends_at, catalogue, consent_by, signed_with, terms, terms_digest"}
	powers   = table{"mandate_power", "mandate_id, procedure, organisation_id, citizen_id, state, identified_by, starts_at, ends_at, level"}
	uses     = table{"report_use", "id, organisation_id, citizen_id, mandate_id, person_id, procedure, way, used_at, state, accounts, outcome, closed_at, closed_by"}
	accounts = table{"report_account", "use_id, number, organisation_id, person_id, given_at, outcome, supplied, account"}
	entries  = table{"journal_entry", "id, at, action, organisation_id, person_id, citizen_id, mandate_id, salt, body"}
	leaves   = table{"journal_leaf", ""}
)

// filled are the tables that rows are copied into, in that order.
var filled = []table{citizens, mandates, powers, uses, accounts, entries}

// frozen are those of them that were empty: all but the journal, which tells of the organisations already.
var frozen = filled[:len(filled)-1]

func (t table) freeze() string {
	if t == entries {
		return ""
	}
	return ", freeze"
}

func names(tables []table) []string {
	var out []string
	for _, t := range tables {
		out = append(out, t.name)
	}
	return out
}

// bare takes from the tables what would be kept up to date row by row (indexes, keys, and the triggers that look for each row's entry) and
// returns the statements that bring it back. All of it happens in one transaction: nobody ever sees the tables so.
func bare(ctx context.Context, tx pgx.Tx, tables []string) ([]string, error) {
	var off, on []string
	for _, q := range []string{
		// What refers to a key goes before the key.
		`select format('alter table %s drop constraint %I', conrelid::regclass, conname), format('alter table %s add constraint %I %s', conrelid::regclass, conname, pg_get_constraintdef(oid))
			from pg_constraint where contype in ('f', 'p', 'u') and (conrelid = any ($1::text[]::regclass[]) or confrelid = any ($1::text[]::regclass[])) order by contype = 'f' desc, 1`,
		`select format('drop index %s', indexrelid::regclass), pg_get_indexdef(indexrelid) from pg_index i where indrelid = any ($1::text[]::regclass[])
			and not exists (select from pg_constraint c where c.conindid = i.indexrelid and c.contype in ('p', 'u')) order by 1`,
		`select format('alter table %s disable trigger %I', tgrelid::regclass, tgname), format('alter table %s enable trigger %I', tgrelid::regclass, tgname)
			from pg_trigger where tgrelid = any ($1::text[]::regclass[]) and not tgisinternal and tgenabled = 'O' order by 1`,
	} {
		found, err := tx.Query(ctx, q, tables)
		if err != nil {
			return nil, err
		}
		var a, b string
		if _, err := pgx.ForEachRow(found, []any{&a, &b}, func() error { off, on = append(off, a), append([]string{b}, on...); return nil }); err != nil {
			return nil, err
		}
	}
	for _, sql := range off {
		if _, err := tx.Exec(ctx, sql); err != nil {
			return nil, fmt.Errorf("%s: %w", sql, err)
		}
	}
	return on, nil
}
