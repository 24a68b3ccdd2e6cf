package search

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
)

const (
	tick     = time.Second
	leadsFor = 30 * time.Second // without a word, after which another server follows
)

// errShort says that the tree holds fewer entries than it said, and errOther that another server follows meanwhile.
var (
	errShort = errors.New("the journal's leaves are not all there")
	errOther = errors.New("another server follows")
)

// Follower writes by what entries are found. Every server runs one; one at a time works.
type Follower struct {
	db     *db.DB
	logger *slog.Logger
	holder uuid.UUID

	rechecked int64 // up to where blocks were held to their entries; negative: none was yet
}

// NewFollower returns a follower on the program's own login.
func NewFollower(d *db.DB, logger *slog.Logger) *Follower {
	return &Follower{db: d, logger: logger, holder: uuid.New(), rechecked: -1}
}

// Run follows until ctx ends. What fails is tried again: entries that are in no block are said to be missing.
func (f *Follower) Run(ctx context.Context) {
	wait := time.NewTicker(tick)
	defer wait.Stop()
	last := time.Now()
	for {
		more, err := f.Step(ctx)
		if err != nil && ctx.Err() == nil {
			f.logger.WarnContext(ctx, "journal: what entries are found by could not be written, and is tried again", "error", err)
		}
		if more && err == nil && ctx.Err() == nil {
			continue
		}
		if err == nil && time.Since(last) >= recheckEach {
			last = time.Now()
			f.recheck(ctx)
		}
		select {
		case <-ctx.Done():
			return
		case <-wait.C:
		}
	}
}

// recheck logs what came of holding a block to its entries.
func (f *Follower) recheck(ctx context.Context) {
	changed, err := f.Recheck(ctx)
	switch {
	case changed:
		f.logger.ErrorContext(ctx, "JOURNAL: WHAT ENTRIES ARE FOUND BY WAS CHANGED IN THE DATABASE, and is put right", "before", f.rechecked)
	case err != nil && ctx.Err() == nil:
		f.logger.WarnContext(ctx, "journal: what entries are found by could not be held to them", "error", err)
	}
}

// CatchUp does every step there is to do.
func (f *Follower) CatchUp(ctx context.Context) error {
	for more := true; more; {
		var err error
		if more, err = f.Step(ctx); err != nil {
			return err
		}
	}
	return nil
}

// task is the next thing to do; size 0 is nothing.
type task struct {
	first int64
	size  int
	stale int64 // mark that this removes; -1: none
	times int   // how often it had been set
}

// Step makes one block, and reports whether there was one to make: the next of the log, a large one of small ones, or one in which entries were forgotten.
func (f *Follower) Step(ctx context.Context) (more bool, err error) {
	t, err := f.next(ctx)
	if err != nil {
		return false, fmt.Errorf("follow the journal: %w", err)
	}
	if t.size == 0 && t.stale < 0 {
		return false, nil
	}
	leads := false
	err = f.db.Write(ctx, db.System(), db.Soon, func(tx *db.Tx) error {
		leads, err = f.lead(ctx, tx)
		return err
	})
	if err != nil || !leads {
		return false, err
	}
	b := &block{}
	if t.size > 0 {
		if b, err = f.build(ctx, t.first, t.size); err != nil {
			return false, fmt.Errorf("follow the journal from entry %d: %w", t.first, err)
		}
	}
	err = f.db.Write(ctx, db.System(), db.Soon, func(tx *db.Tx) error { return f.finish(ctx, tx, t, b) })
	if errors.Is(err, errOther) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("follow the journal from entry %d: %w", t.first, err)
	}
	return true, nil
}

// finish writes what was built, if this server still leads: what another one has read since may know better what was forgotten.
func (f *Follower) finish(ctx context.Context, tx *db.Tx, t task, b *block) error {
	leads, err := f.lead(ctx, tx)
	if err != nil {
		return err
	}
	if !leads {
		return errOther
	}
	if t.size > 0 {
		if err := b.write(ctx, tx); err != nil {
			return err
		}
	}
	if t.stale >= 0 {
		_, err = tx.Exec(ctx, `delete from journal_search_stale where first = $1 and times = $2`, t.stale, t.times)
	}
	return err
}

func (f *Follower) lead(ctx context.Context, tx *db.Tx) (bool, error) {
	tag, err := tx.Exec(ctx, `update journal_search_lead set holder = $1, until = clock_timestamp() + $2::interval where holder = $1 or until < clock_timestamp()`, f.holder, leadsFor)
	return tag.RowsAffected() == 1, err
}

// next looks what there is to do.
func (f *Follower) next(ctx context.Context) (task, error) {
	var size, covered, whole int64
	stale := task{stale: -1}
	err := f.db.Read(ctx, db.System(), func(tx pgx.Tx) error {
		err := tx.QueryRow(ctx, `select coalesce((select size from journal_tree), 0), coalesce((select first + size from journal_search_block order by first desc limit 1), 0),
			coalesce((select first + size from journal_search_block where size = $1 order by first desc limit 1), 0)`, large).Scan(&size, &covered, &whole)
		if err != nil {
			return err
		}
		err = tx.QueryRow(ctx, `select s.first, s.times, coalesce(b.first, -1), coalesce(b.size, 0) from journal_search_stale s
			left join journal_search_block b on b.first = s.first - s.first % 8192 and b.size = 8192 or b.first = s.first and b.size = 256
			order by s.first limit 1`).Scan(&stale.stale, &stale.times, &stale.first, &stale.size)
		if errors.Is(err, pgx.ErrNoRows) {
			return nil
		}
		return err
	})
	switch {
	case err != nil:
		return task{}, err
	case size-whole >= large:
		return task{first: whole, size: large, stale: -1}, nil
	case size-covered >= small:
		return task{first: covered, size: small, stale: -1}, nil
	}
	return stale, nil // of what is in no block yet, the mark goes: what was forgotten will not be read
}
