package certification

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
	"mandat/internal/journal"
	"mandat/internal/org"
	"mandat/internal/token"
)

// purpose binds the file that is kept while it is taken in. It never changes.
const purpose = "certification.import"

// Outcome is what an import did.
type Outcome struct {
	ID        uuid.UUID
	SHA256    []byte // of the file
	Lines     []Line // those that this call took in
	Elsewhere int    // how many lines another server took in meanwhile, because it believed that this one had died
	Left      int    // how many lines a job takes in now (see Import)
	Counts           // of Lines
}

// errOvertaken says that another server has taken in the lines that this one was at.
var errOvertaken = errors.New("another server goes on with this import")

// run is an import under way.
type run struct {
	id      uuid.UUID
	by      journal.Actor
	sum     []byte
	records []record
	done    int
	kept    bool      // in certification_import already
	until   time.Time // when what is left becomes a job; zero is never
}

// Import takes a file of results in. A line that is refused stops no other. Up to a thousand lines are one act with one entry; of
// a larger file each thousand is. Then the file is kept, encrypted, until all of it is in: when the server dies on the way, or the
// database is away, ResumeImports goes on. For somebody who waits for an answer, what is left of a large file when patience is over
// becomes a job (see Kind), and Import returns; with a patience of 0 it returns when all is done.
//
// Errors as for Plan, and org.ErrFactorTooOld; nothing is taken in then, unless the importer lost their office on the way:
// what is in stays, and the rest is dropped. The importer is always a person.
func (r *Register) Import(ctx context.Context, by journal.Actor, file io.Reader, patience time.Duration) (Outcome, error) {
	content, err := read(file)
	if err != nil {
		return Outcome{}, err
	}
	records, err := parse(content)
	if err != nil {
		return Outcome{}, err
	}
	sum := sha256.Sum256(content)
	m := &run{id: token.ID(), by: by, sum: sum[:], records: records}
	if by.Kind == journal.System {
		return Outcome{}, fmt.Errorf("import: %w", org.ErrMayNot)
	}
	if err := org.Fresh(by, r.clock.Now()); err != nil {
		return Outcome{}, fmt.Errorf("import: %w", err)
	}
	if len(records) > BatchLines {
		if err := r.keep(ctx, m, content); err != nil {
			return Outcome{}, fmt.Errorf("import: %w", err)
		}
	}
	if patience > 0 {
		m.until = r.clock.Now().Add(patience)
	}
	out, err := r.finish(ctx, m)
	if err != nil {
		return out, fmt.Errorf("import %s: %w", m.id, err)
	}
	return out, nil
}

// keep stores a file that takes several acts.
func (r *Register) keep(ctx context.Context, m *run, content []byte) error {
	wrapped, sealed, err := r.keys.Seal(m.id, purpose, content)
	if err != nil {
		return err
	}
	first := &pgx.Batch{}
	may := org.MayAdminister(first, m.by)
	return r.db.WriteAfter(ctx, db.System(), db.Durable, first, func(tx *db.Tx) error {
		if err := may(); err != nil {
			return err
		}
		m.kept = true
		_, err := tx.Exec(ctx, `insert into certification_import (id, sha256, lines, data_key, content, created_by, created_at) values ($1, $2, $3, $4, $5, $6, $7)`,
			m.id, m.sum, len(m.records), wrapped, sealed, m.by.Person, r.clock.Now())
		return err
	})
}

// finish takes in what is left, or what there is time for.
func (r *Register) finish(ctx context.Context, m *run) (Outcome, error) {
	out := Outcome{ID: m.id, SHA256: m.sum}
	for m.done < len(m.records) {
		if m.done > 0 && !m.until.IsZero() && r.clock.Now().After(m.until) {
			out.Left = len(m.records) - m.done
			return out, r.db.Write(ctx, db.System(), db.Durable, func(tx *db.Tx) error { enqueue(tx, m.id); return nil })
		}
		lines, err := r.batch(ctx, m)
		switch {
		case errors.Is(err, errOvertaken):
			before := m.done
			if err := r.catchUp(ctx, m); err != nil {
				return out, err
			}
			out.Elsewhere += m.done - before
			continue
		case errors.Is(err, org.ErrMayNot) && m.kept:
			return out, errors.Join(err, r.stop(ctx, m.id))
		case err != nil:
			return out, err
		}
		m.done += len(lines)
		out.Lines = append(out.Lines, lines...)
		for _, l := range lines {
			out.add(l)
		}
	}
	return out, nil
}

// catchUp reads how far another server has come. An import that was stopped has come to its end.
func (r *Register) catchUp(ctx context.Context, m *run) error {
	var ended bool
	err := r.db.Read(ctx, db.System(), func(tx pgx.Tx) error {
		return tx.QueryRow(ctx, `select done, ended_at is not null from certification_import where id = $1`, m.id).Scan(&m.done, &ended)
	})
	if err == nil && ended && m.done < len(m.records) {
		return org.ErrMayNot
	}
	return err
}

// stopped is the detail of the entry certification.import_stopped.
type stopped struct {
	Import string `json:"import"`
	Done   int    `json:"done"`
}

// stop ends the import of somebody who is no administrator any more, where it is.
func (r *Register) stop(ctx context.Context, id uuid.UUID) error {
	return r.journal.Record(ctx, journal.Program(), func(tx *journal.Tx) (journal.Event, error) {
		d := stopped{Import: id.String()}
		err := tx.QueryRow(ctx, `update certification_import set ended_at = $2, content = null, data_key = null where id = $1 and ended_at is null returning done`, id, tx.Now).Scan(&d.Done)
		return journal.Event{Action: "certification.import_stopped", Detail: d}, err
	})
}
