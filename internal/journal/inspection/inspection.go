// Package inspection verifies the journal where it lies, every night, before somebody else has to: with what a stranger verifies an export with
// (journal/verify), over files that are read from the database as they are asked for (tree.Files). It holds every entry, leaf, tile and
// kept checkpoint to the latest signed one, and the two places where the database says a size in a column to what was signed there. What came of it
// is kept for the alarm. It writes the table journal_inspection.
package inspection

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
	"mandat/internal/journal/format"
	"mandat/internal/journal/tree"
	"mandat/internal/journal/verify"
)

// Outcome is what came of an inspection. It names nobody.
type Outcome struct {
	At          time.Time     // when it began; zero: there was none yet
	Took        time.Duration //
	Size        int64         // entries that the latest checkpoint covers
	Entries     int64         // those whose text and salt were there, and fit
	Forgotten   int64         // those whose time was over
	Checkpoints int64         // signed checkpoints that were checked
	Fault       string        // the first thing that does not fit; "": the journal is whole
	WholeAt     time.Time     // when it was last found whole; zero: never
}

// Whole says whether there was an inspection, and it found nothing.
func (o Outcome) Whole() bool { return !o.At.IsZero() && o.Fault == "" }

// Run inspects the journal, as auditor. policy is a policy file that trusts the log's keys. It reads in short transactions and on one core, so that
// it holds nothing back. An error says that the inspection could not be made; what is wrong with the journal is the Outcome's.
func Run(ctx context.Context, auditor *db.DB, policy string, at time.Time) (Outcome, error) {
	begun := time.Now()
	out := Outcome{At: at}
	p, err := withoutWitnesses(policy)
	if err != nil {
		return Outcome{}, fmt.Errorf("inspect the journal: %w", err)
	}
	fault, err := inspect(ctx, auditor, p.Keys(), p, &out)
	if err != nil {
		return Outcome{}, fmt.Errorf("inspect the journal: %w", err)
	}
	out.Fault, out.Took = fault, time.Since(begun)
	return out, nil
}

// withoutWitnesses reads a policy, and asks for no cosignature: what no witness has seen yet is inspected too.
func withoutWitnesses(text string) (*verify.Policy, error) {
	p, err := verify.ParsePolicy([]byte(text))
	if err != nil {
		return nil, err
	}
	var b strings.Builder
	for _, k := range p.Keys().All() {
		if k.End != nil {
			b.WriteString("former " + k.Text() + "\n")
			continue
		}
		b.WriteString("log " + k.VKey + "\n")
	}
	return verify.ParsePolicy([]byte(b.String() + "quorum none\n"))
}

// inspect returns the first thing that does not fit.
func inspect(ctx context.Context, auditor *db.DB, keys *format.Keys, policy *verify.Policy, out *Outcome) (fault string, err error) {
	files, err := tree.OpenFiles(ctx, auditor, keys)
	switch {
	case errors.Is(err, db.ErrNotFound):
		return "", nil // nothing was signed yet
	case err != nil && !db.Down(err) && ctx.Err() == nil:
		return err.Error(), nil
	case err != nil:
		return "", err
	}
	r, err := verify.Log(ctx, verify.Options{Policy: policy, Export: files, Workers: 1, Unlisted: true, Later: files.Later})
	out.Size, out.Entries, out.Forgotten, out.Checkpoints = r.Size, r.Entries, r.Over, r.Checkpoints
	f, ok := verify.AsFault(err)
	switch {
	case ok && ctx.Err() == nil:
		return f.Error(), nil
	case errors.Is(err, tree.ErrTree):
		return err.Error(), nil
	}
	if err != nil {
		return "", err
	}
	return columns(ctx, auditor, keys)
}

// columns holds what the database says in columns to what was signed: nothing of it is in an export.
func columns(ctx context.Context, auditor *db.DB, keys *format.Keys) (fault string, err error) {
	err = auditor.Read(ctx, db.System(), func(tx pgx.Tx) error {
		var size int64
		var root []byte
		var signed string
		if err := tx.QueryRow(ctx, `select size, root, checkpoint from journal_tree`).Scan(&size, &root, &signed); err != nil {
			return err
		}
		c, err := format.OpenCheckpoint([]byte(signed), keys)
		if err != nil {
			fault = "the tree's own row: " + err.Error()
			return nil
		}
		if c.Size != size || string(c.Root[:]) != string(root) {
			fault = fmt.Sprintf("the tree's own row says other than the checkpoint in it, which is of %d entries", c.Size)
			return nil
		}
		var kept int64
		err = tx.QueryRow(ctx, `select size from journal_checkpoint where split_part(note, E'\n', 2) <> size::text order by size limit 1`).Scan(&kept)
		if errors.Is(err, pgx.ErrNoRows) {
			return nil
		}
		fault = fmt.Sprintf("the row of the kept checkpoint of %d entries says another size than its note", kept)
		return err
	})
	return fault, err
}

// longestFault is the most bytes that are kept of a fault.
const longestFault = 1000

// Keep keeps an outcome where every server's metrics and pages find it.
func Keep(ctx context.Context, d *db.DB, o Outcome) error {
	o.Fault = strings.ToValidUTF8(o.Fault[:min(len(o.Fault), longestFault)], "")
	err := d.Write(ctx, db.System(), db.Durable, func(tx *db.Tx) error {
		_, err := tx.Exec(ctx, `insert into journal_inspection (at, took, size, entries, forgotten, checkpoints, fault, whole_at) values ($1, $2, $3, $4, $5, $6, $7, case when $7::text is null then $1::timestamptz end)
			on conflict (one) do update set at = excluded.at, took = excluded.took, size = excluded.size, entries = excluded.entries, forgotten = excluded.forgotten, checkpoints = excluded.checkpoints,
			fault = excluded.fault, whole_at = coalesce(excluded.whole_at, journal_inspection.whole_at)`,
			o.At, o.Took, o.Size, o.Entries, o.Forgotten, o.Checkpoints, db.OrNull(o.Fault))
		return err
	})
	if err != nil {
		return fmt.Errorf("keep inspection: %w", err)
	}
	return nil
}

// Last returns the last outcome that was kept, the zero one when there is none.
func Last(ctx context.Context, d *db.DB) (Outcome, error) {
	var o Outcome
	var fault *string
	var whole *time.Time
	err := d.Read(ctx, db.System(), func(tx pgx.Tx) error {
		return tx.QueryRow(ctx, `select at, took, size, entries, forgotten, checkpoints, fault, whole_at from journal_inspection`).
			Scan(&o.At, &o.Took, &o.Size, &o.Entries, &o.Forgotten, &o.Checkpoints, &fault, &whole)
	})
	if errors.Is(err, pgx.ErrNoRows) {
		return Outcome{}, nil
	}
	if err != nil {
		return Outcome{}, fmt.Errorf("read inspection: %w", err)
	}
	o.Fault, o.WholeAt = db.OrZero(fault), db.OrZero(whole)
	return o, nil
}
