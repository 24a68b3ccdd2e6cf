package demo

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// behindItsBack is what somebody changes who has all rights in the database. Each change is taken back.
func (j *journals) behindItsBack() []step {
	const letter = `update journal_entry set body = replace(body, $2, $3) where mandate_id = $1 and action = 'mandate.signed'`
	const forged = "argent-impots-declaratiom"
	named := func() string { return fmt.Sprintf("entry %d", j.signed) }
	return []step{
		{"one letter of an entry in the database: the servers' nightly inspection names it", all(func() error { return j.behind(letter, j.mandate, tax, forged) },
			j.inspected, j.open(j.sofia, "/audit"), tells(j.sofia, "Le journal n’est pas entier."), func() error { return j.sofia.Says(named()) })},
		{"so does the command, and an export of now", all(func() error { return j.inspects().fails(named()) }, func() error {
			return j.command(j.auditing(), "journal", "export", "--policy", "policy", "changed").works("to changed")
		}, func() error { return j.verifies("changed").fails(named()) })},
		{"with the letter put back, the journal is whole", all(func() error { return j.behind(letter, j.mandate, forged, tax) }, j.inspected, j.open(j.sofia, "/audit"), tells(j.sofia, "Le journal est entier"))},
		{"an entry is deleted, with all that stood beside it in its row", j.withoutEntry(func() error { return j.inspects().fails(named()) })},
		{"a power lasts a day longer than was signed: the comparison names the mandate", all(j.longer("+"), func() error {
			return j.command(j.auditing(), "journal", "compare").fails(j.mandate.String())
		}, j.compare(func() string { return j.mandate.String() }))},
		{"with its end where it was, the tables are what the journal says", all(j.longer("-"), func() error { return j.command(j.auditing(), "journal", "compare").works("is what the journal says") },
			func() error { return j.inspects().works("whole: ") })},
	}
}

// inspected has the servers do at once what they do every night.
func (j *journals) inspected() error { return j.App.Do(j.ctx, "inspect-journal") }

// inspects runs the command that does the same.
func (j *journals) inspects() outcome {
	return j.command(j.auditing(), "journal", "inspect", "--policy", "policy")
}

// longer moves the end of a power by a day.
func (j *journals) longer(sign string) func() error {
	return func() error {
		return j.behind(`update mandate_power set ends_at = ends_at `+sign+` interval '1 day' where mandate_id = $1 and procedure = $2`, j.mandate, tax)
	}
}

// withoutEntry does something while the row of the signature's entry is deleted, and puts it back.
func (j *journals) withoutEntry(do func() error) func() error {
	return func() error {
		var row []byte
		err := j.superuser(func(ctx context.Context, conn *pgx.Conn) error {
			return conn.QueryRow(ctx, `select to_jsonb(e) from journal_entry e where e.mandate_id = $1 and e.action = 'mandate.signed'`, j.mandate).Scan(&row)
		})
		if err != nil {
			return err
		}
		if err := j.behind(`delete from journal_entry where mandate_id = $1 and action = 'mandate.signed'`, j.mandate); err != nil {
			return err
		}
		if err := do(); err != nil {
			return err
		}
		return j.behind(`insert into journal_entry select * from jsonb_populate_record(null::journal_entry, $1::jsonb)`, string(row))
	}
}
