package recipient

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
	"mandat/internal/journal"
	"mandat/internal/org"
)

// scope is SQL: as which recipient the person $1 reads now. There is no row, or null, for who is none, or is suspended.
const scope = `select case recipient when 'prefecture' then 'prefecture ' || department_code else recipient end from person where id = $1 and suspended_at is null`

// ask runs queries as the recipient that the actor is, in one transaction, and reports as which: "fraud", or "prefecture 75". Who is another one than they act as gets
// org.ErrMayNot; what the queries found is not to be looked at then.
func (r *Register) ask(ctx context.Context, by journal.Actor, b *pgx.Batch) (as string, err error) {
	batch := &pgx.Batch{}
	batch.Queue(`select coalesce(current_setting('mandat.recipient', true), '')`).QueryRow(func(row pgx.Row) error { return row.Scan(&as) })
	batch.QueuedQueries = append(batch.QueuedQueries, b.QueuedQueries...)
	if err := r.db.Ask(ctx, db.RecipientBy(scope, by.Person), batch); err != nil {
		return "", err
	}
	if kind, _, _ := strings.Cut(as, " "); kind == "" || kind != string(by.Kind) {
		return "", org.ErrMayNot
	}
	return as, nil
}

// collect reads the rows of a queued question into a list.
func collect[T any](b *pgx.Batch, to *[]T, scan pgx.RowToFunc[T], sql string, args ...any) {
	b.Queue(sql, args...).Query(func(rows pgx.Rows) error {
		var err error
		*to, err = pgx.CollectRows(rows, scan)
		return err
	})
}

// searched is the detail of an entry about a search: by which sorts of things, how many were shown, and what tells two searches apart.
type searched struct {
	Filters []string `json:"filters"`
	Results int      `json:"results"`
	Query   string   `json:"query_sha256"` // of the whole question
}

// viewed is the detail of an entry about a page that was read.
type viewed struct {
	Page string `json:"page"`
}

// refused is the detail of an entry about a page that was not shown.
type refused struct {
	Page   string `json:"page"`
	Reason string `json:"reason"`
}

// Why a page is not shown.
const (
	elsewhere = "elsewhere" // an organisation of another department
	tooOften  = "too_often"
)

// The pages of which readings, or refusals, are entries.
const (
	pageSearch        = "search"
	pageSignal        = "signal"
	pageOrganisations = "organisations"
	pageOrganisation  = "organisation"
	pageJournal       = "journal"
)

func digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// read records a reading, without which nothing is shown: who is no recipient any more, at that moment, has read nothing.
func (r *Register) read(ctx context.Context, by journal.Actor, e journal.Event) error {
	first := &pgx.Batch{}
	may := org.MayReceive(first, by)
	return r.journal.RecordAfter(ctx, by, first, func(*journal.Tx) (journal.Event, error) { return e, may() })
}

// refuse records that somebody was not shown what they asked for, and returns err.
func (r *Register) refuse(ctx context.Context, by journal.Actor, what refused, organisation uuid.UUID, err error) error {
	return r.journal.Record(ctx, by, func(*journal.Tx) (journal.Event, error) {
		return journal.Event{Action: "recipient.refused", Organisation: organisation, Detail: what}, journal.Refused{Err: err}
	})
}
