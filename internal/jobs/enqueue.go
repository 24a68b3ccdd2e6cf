package jobs

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/riverqueue/river"

	"mandat/internal/db"
)

// Kind is a sort of job that acts ask for. Its rows hold an id, and nothing else: what the job needs to know it reads when it runs.
type Kind struct {
	Name    string        // letters, digits and underscores
	Timeout time.Duration // of one try

	// Work does the job. When it fails it is tried again, later each time: after 1 s, 16 s, a minute and a half, 4 min, 10 min and
	// so on, up to eleven hours after the first. last says that there will be no other try. It may run twice, when a server
	// died in between.
	Work func(ctx context.Context, id uuid.UUID, last bool) error
}

// The queues keep the jobs of acts from waiting behind long periodic ones, and behind those that wait for strangers.
const (
	queue      = "acts"
	queueCalls = "calls"
)

// tries is how often a job is tried: the twelfth try is about eleven hours after the first.
const tries = 12

// act is what a row of an act's job says.
type act struct {
	Name string    `json:"name"`
	ID   uuid.UUID `json:"id"`
}

// Kind names the rows of acts among River's.
func (act) Kind() string { return "act" }

// enqueued adds a row as River's own client does, which a test compares. The client is not used because it would send a
// NOTIFY that everybody who polls ignores, and takes a round trip; this travels with the commit. While a job with the same name
// and id waits or runs (the states in the mask, of river_job_state_in_bitmask), another is not added.
const enqueued = `insert into river_job (args, kind, max_attempts, queue, tags, unique_key, unique_states)
	select jsonb_build_object('name', $1::text, 'id', $2::text), 'act', $3::smallint, $4, '{}', $5, B'11110001' where %s
	on conflict (unique_key) where unique_key is not null and unique_states is not null and river_job_state_in_bitmask(unique_states, state) do nothing`

// Enqueue asks for a job in the caller's transaction: it is done if, and only if, the transaction commits.
func Enqueue(tx *db.Tx, kind string, id uuid.UUID) { EnqueueIf(tx, kind, id, "true") }

// EnqueueAfter is Enqueue if a statement that changes something, and travels in this one, returns a row. Its arguments begin at $6.
func EnqueueAfter(tx *db.Tx, kind string, id uuid.UUID, statement string, args ...any) {
	key := sha256.Sum256([]byte("act " + kind + " " + id.String()))
	tx.Queue("with wanted as ("+statement+") "+fmt.Sprintf(enqueued, "exists (select from wanted)"), append([]any{kind, id.String(), tries, queue, key[:]}, args...)...)
}

// EnqueueIf is Enqueue if something is so by then. The condition is SQL, in which $2 is the id as a text.
func EnqueueIf(tx *db.Tx, kind string, id uuid.UUID, condition string) {
	key := sha256.Sum256([]byte("act " + kind + " " + id.String()))
	tx.Queue(fmt.Sprintf(enqueued, condition), kind, id.String(), tries, queue, key[:])
}

// EnqueueEach asks in the caller's transaction for a job for each id that a query returns in its only column, called id. Its arguments begin at $5.
// It is for kinds that call somebody outside, who may let us wait: they have a queue of their own, so that nobody else's job waits with them.
func EnqueueEach(tx *db.Tx, kind, query string, args ...any) {
	tx.Queue(`insert into river_job (args, kind, max_attempts, queue, tags, unique_key, unique_states)
		select jsonb_build_object('name', $1::text, 'id', wanted.id::text), 'act', $2::smallint, $3, '{}', sha256(convert_to($4::text || wanted.id::text, 'UTF8')), B'11110001' from (`+query+`) wanted
		on conflict (unique_key) where unique_key is not null and unique_states is not null and river_job_state_in_bitmask(unique_states, state) do nothing`,
		append([]any{kind, tries, queueCalls, "act " + kind + " "}, args...)...)
}

// GiveUp says of a job's error that trying again does not help. The job is on the Board, from where it can be run again all the same.
func GiveUp(err error) error { return river.JobCancel(err) }

// Later says that a job is to be done after a while, because somebody else is busy: it did not fail, and that was no try.
func Later(wait time.Duration) error { return river.JobSnooze(wait) }

type actWorker struct {
	river.WorkerDefaults[act]
	kinds map[string]Kind
	log   reporter
}

func newActWorker(kinds []Kind, log reporter) *actWorker {
	w := &actWorker{kinds: map[string]Kind{}, log: log}
	for _, k := range kinds {
		w.kinds[k.Name] = k
	}
	return w
}

// Work runs one job.
func (w *actWorker) Work(ctx context.Context, job *river.Job[act]) error {
	k, ok := w.kinds[job.Args.Name]
	if !ok {
		return fmt.Errorf("no job is called %q here", job.Args.Name) // another server, of a newer version, may know it
	}
	err := k.Work(ctx, job.Args.ID, job.Attempt >= job.MaxAttempts)
	if _, given := errors.AsType[*river.JobCancelError](err); given { // River tells its ErrorHandler of all others
		_ = w.log.HandleError(ctx, job.JobRow, err)
	}
	return err
}

// Timeout is the kind's.
func (w *actWorker) Timeout(job *river.Job[act]) time.Duration { return w.kinds[job.Args.Name].Timeout }
