package certification

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
	"mandat/internal/jobs"
	"mandat/internal/journal"
	"mandat/internal/org"
)

// ResumeImports goes on with the imports that were interrupted, in the name of who began them. It is a job's work, and harmless
// while they run elsewhere.
func (r *Register) ResumeImports(ctx context.Context) error {
	waiting, err := r.waiting(ctx)
	for _, id := range waiting {
		if resumed := r.resume(ctx, id); resumed != nil && !errors.Is(resumed, org.ErrMayNot) {
			err = errors.Join(err, fmt.Errorf("resume import %s: %w", id, resumed))
		}
	}
	return err
}

// waiting lists the imports that are not at their end, oldest first.
func (r *Register) waiting(ctx context.Context) ([]uuid.UUID, error) {
	var out []uuid.UUID
	err := r.db.Read(ctx, db.System(), func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, `select id from certification_import where ended_at is null order by created_at`)
		if err != nil {
			return err
		}
		out, err = pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
		return err
	})
	return out, err
}

// job is the kind of the jobs that take in what is left of imports.
const job = "take_in_results"

// AskToResume has jobs go on with the imports that wait, and waits for none of them. by is an administrator. Errors: org.ErrMayNot,
// org.ErrFactorTooOld.
func (r *Register) AskToResume(ctx context.Context, by journal.Actor) error {
	waiting, err := r.waiting(ctx)
	if err != nil {
		return fmt.Errorf("resume imports: %w", err)
	}
	first := &pgx.Batch{}
	may := org.MayAdminister(first, by)
	err = r.db.WriteAfter(ctx, db.System(), db.Durable, first, func(tx *db.Tx) error {
		if err := may(); err != nil {
			return err
		}
		if err := org.Fresh(by, r.clock.Now()); err != nil {
			return err
		}
		enqueue(tx, waiting...)
		return nil
	})
	if err != nil {
		return fmt.Errorf("resume imports: %w", err)
	}
	return nil
}

func enqueue(tx *db.Tx, imports ...uuid.UUID) {
	for _, id := range imports {
		jobs.Enqueue(tx, job, id)
	}
}

// Kind is the job that Import and AskToResume ask for.
func (r *Register) Kind() jobs.Kind {
	return jobs.Kind{Name: job, Timeout: 10 * time.Minute, Work: func(ctx context.Context, id uuid.UUID, _ bool) error {
		err := r.resume(ctx, id)
		if errors.Is(err, org.ErrMayNot) {
			return nil // it is stopped, and shown as that
		}
		return err
	}}
}

func (r *Register) resume(ctx context.Context, id uuid.UUID) error {
	m := &run{id: id, by: journal.Actor{Kind: journal.Administrator}, kept: true}
	var wrapped, sealed []byte
	err := r.db.Read(ctx, db.System(), func(tx pgx.Tx) error {
		return tx.QueryRow(ctx, `select sha256, done, data_key, content, created_by from certification_import where id = $1 and ended_at is null`, id).
			Scan(&m.sum, &m.done, &wrapped, &sealed, &m.by.Person)
	})
	if errors.Is(err, pgx.ErrNoRows) {
		return nil // it has ended since
	}
	if err != nil {
		return err
	}
	content, err := r.keys.Unseal(id, purpose, wrapped, sealed)
	if err != nil {
		return err
	}
	if m.records, err = parse(content); err != nil {
		return err
	}
	_, err = r.finish(ctx, m)
	return err
}
