package certification

import (
	"context"
	"encoding/hex"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
	"mandat/internal/journal"
	"mandat/internal/org"
)

// Imported is an import, for who asks what became of a file.
type Imported struct {
	ID          uuid.UUID
	SHA256      string // of the file, hexadecimal
	Lines, Done int
	Refused     int  // of those that are done
	Told        bool // which ones were refused, and how many, is kept: not of imports that began before migration 19
	By          uuid.UUID
	ByName      string
	At          time.Time
	EndedAt     time.Time // zero: under way, or waiting to be resumed. With Done below Lines it was stopped
}

const importColumns = `select i.id, i.sha256, i.lines, i.done, coalesce(i.refused, 0), i.refused is not null, i.created_by, p.given_name || ' ' || p.usual_name, i.created_at, i.ended_at
	from certification_import i join person p on p.id = i.created_by `

func scanImported(row pgx.CollectableRow) (Imported, error) {
	var m Imported
	var sum []byte
	var ended *time.Time
	err := row.Scan(&m.ID, &sum, &m.Lines, &m.Done, &m.Refused, &m.Told, &m.By, &m.ByName, &m.At, &ended)
	if m.SHA256 = hex.EncodeToString(sum); ended != nil {
		m.EndedAt = *ended
	}
	return m, err
}

// Imports lists the last hundred imports, newest first, for administrators. Others get org.ErrMayNot.
func (r *Register) Imports(ctx context.Context, by journal.Actor) ([]Imported, error) {
	var out []Imported
	err := r.asAdministrator(ctx, by, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, importColumns+`order by i.created_at desc, i.id limit 100`)
		if err != nil {
			return err
		}
		out, err = pgx.CollectRows(rows, scanImported)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list imports: %w", err)
	}
	return out, nil
}

// Refused is a line of a file that was refused.
type Refused struct {
	Line int    // in the file; the header is line 1
	Why  string // one of the Wrong… or of Key's
}

// ImportOf finds an import, for administrators, with how many lines changed something, and the first of its lines after one that were refused, at most
// limit. It returns db.ErrNotFound and org.ErrMayNot.
func (r *Register) ImportOf(ctx context.Context, by journal.Actor, id uuid.UUID, after, limit int) (m Imported, changed int, refused []Refused, err error) {
	err = r.asAdministrator(ctx, by, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, importColumns+`where i.id = $1`, id)
		if err != nil {
			return err
		}
		if m, err = pgx.CollectExactlyOneRow(rows, scanImported); err != nil {
			return err
		}
		if err := tx.QueryRow(ctx, `select count(*) from certification_change where import_id = $1`, id).Scan(&changed); err != nil {
			return err
		}
		if rows, err = tx.Query(ctx, `select line, why from certification_refusal where import_id = $1 and line > $2 order by line limit $3`, id, after, limit); err != nil {
			return err
		}
		refused, err = pgx.CollectRows(rows, pgx.RowToStructByPos[Refused])
		return err
	})
	return m, changed, refused, db.Found("find import", err)
}

// Unfinished counts the imports that are under way or wait to be resumed.
func (r *Register) Unfinished(ctx context.Context) (int, error) {
	waiting, err := r.waiting(ctx)
	if err != nil {
		return 0, fmt.Errorf("count imports: %w", err)
	}
	return len(waiting), nil
}

func (r *Register) asAdministrator(ctx context.Context, by journal.Actor, f func(pgx.Tx) error) error {
	return r.db.Read(ctx, db.System(), func(tx pgx.Tx) error {
		if err := org.AskAdministrator(ctx, tx, by); err != nil {
			return err
		}
		return f(tx)
	})
}
