package jobs_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivertype"

	"mandat/internal/clock"
	"mandat/internal/db"
	"mandat/internal/dbtest"
	"mandat/internal/jobs"
	"mandat/internal/journal"
	"mandat/internal/token"
)

// theirs is what River's own client is given.
type theirs struct {
	Name string `json:"name"`
	ID   string `json:"id"`
}

// Kind is ours.
func (theirs) Kind() string { return "act" }

func enqueue(t *testing.T, d *dbtest.Database, name string, id uuid.UUID, end error) {
	t.Helper()
	err := d.DB.Write(t.Context(), db.Nothing(), db.Durable, func(tx *db.Tx) error {
		jobs.Enqueue(tx, name, id)
		return end
	})
	if !errors.Is(err, end) {
		t.Fatal(err)
	}
}

func count(t *testing.T, d *dbtest.Database, where string) (n int) {
	t.Helper()
	if err := d.Connect(t, d.Superuser).QueryRow(t.Context(), `select count(*) from river_job where `+where).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func start(t *testing.T, d *dbtest.Database, kinds ...jobs.Kind) {
	t.Helper()
	r, err := jobs.Start(t.Context(), d.App, slog.New(slog.DiscardHandler), nil, kinds...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		if err := r.Stop(ctx); err != nil {
			t.Error(err)
		}
	})
}

func await(t *testing.T, what string, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !done(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("never: " + what)
		}
	}
}

func TestEnqueue_IsTheCallersTransactionAndOnce(t *testing.T) {
	t.Parallel()
	d := dbtest.New(t)
	conn := d.Connect(t, d.Superuser)
	if _, err := conn.Exec(t.Context(), `listen "public.river_insert"; listen river_insert`); err != nil {
		t.Fatal(err)
	}
	id, boom := token.ID(), errors.New("boom")
	enqueue(t, d, "counted", id, boom)
	if n := count(t, d, "true"); n != 0 {
		t.Errorf("%d jobs of an act that did not happen", n)
	}
	enqueue(t, d, "counted", id, nil)
	enqueue(t, d, "counted", id, nil)
	enqueue(t, d, "other", id, nil)
	if n := count(t, d, "true"); n != 2 {
		t.Errorf("%d jobs, want 2", n)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if n, err := conn.WaitForNotification(ctx); err == nil {
		t.Errorf("notified of %q", n.Payload)
	}
	worked := make(chan uuid.UUID, 9)
	work := func(_ context.Context, id uuid.UUID, _ bool) error { worked <- id; return nil }
	start(t, d, jobs.Kind{Name: "counted", Timeout: time.Minute, Work: work}, jobs.Kind{Name: "other", Timeout: time.Minute, Work: work})
	for range 2 {
		if got := <-worked; got != id {
			t.Errorf("did %s, want %s", got, id)
		}
	}
	await(t, "both are completed", func() bool { return count(t, d, "state = 'completed'") == 2 })
	enqueue(t, d, "counted", id, nil) // what is done does not stand in the way
	if got := <-worked; got != id {
		t.Errorf("did %s, want %s", got, id)
	}
}

// What we write into River's table is what River would.
func TestEnqueue_WritesWhatRiverWrites(t *testing.T) {
	t.Parallel()
	d := dbtest.New(t)
	id := token.ID()
	enqueue(t, d, "counted", id, nil)
	conn := d.Connect(t, d.Superuser)
	client, err := river.NewClient(riverpgxv5.New(nil), &river.Config{})
	if err != nil {
		t.Fatal(err)
	}
	if err := pgx.BeginFunc(t.Context(), conn, func(tx pgx.Tx) error {
		states := []rivertype.JobState{rivertype.JobStateAvailable, rivertype.JobStatePending, rivertype.JobStateRetryable, rivertype.JobStateRunning, rivertype.JobStateScheduled}
		_, err := client.InsertTx(t.Context(), tx, theirs{"counted", id.String()}, &river.InsertOpts{Queue: "acts", MaxAttempts: 12, UniqueOpts: river.UniqueOpts{ByArgs: true, ByState: states}})
		return err
	}); err != nil {
		t.Fatal(err)
	}
	rows, err := conn.Query(t.Context(), `select to_jsonb(j) - 'id' - 'created_at' - 'scheduled_at' - 'unique_key' || jsonb_build_object('keyed', octet_length(unique_key)) from river_job j`)
	if err != nil {
		t.Fatal(err)
	}
	both, err := pgx.CollectRows(rows, pgx.RowTo[map[string]any])
	if err != nil || len(both) != 2 {
		t.Fatalf("%d rows, %v", len(both), err)
	}
	if diff := cmp.Diff(both[1], both[0]); diff != "" {
		t.Errorf("River's and ours (-River +ours):\n%s", diff)
	}
}

// A job for each row of a query, once; and they are the same rows as Enqueue adds, in the queue of those who call outside.
func TestEnqueueEach(t *testing.T) {
	t.Parallel()
	d := dbtest.New(t)
	one, two := token.ID(), token.ID()
	each := func(end error, ids ...uuid.UUID) {
		t.Helper()
		err := d.DB.Write(t.Context(), db.Nothing(), db.Durable, func(tx *db.Tx) error {
			jobs.EnqueueEach(tx, "called", `select unnest($5::uuid[]) as id`, ids)
			return end
		})
		if !errors.Is(err, end) {
			t.Fatal(err)
		}
	}
	each(errors.New("undone"), one)
	each(nil)
	if n := count(t, d, "true"); n != 0 {
		t.Errorf("%d jobs of nothing", n)
	}
	each(nil, one, two)
	each(nil, two)
	enqueue(t, d, "called", one, nil)
	if n := count(t, d, "queue = 'calls'"); n != 2 {
		t.Errorf("%d jobs, want 2", n)
	}
	other := dbtest.New(t)
	enqueue(t, other, "called", one, nil)
	const said = `select (to_jsonb(j) - 'id' - 'created_at' - 'scheduled_at' - 'queue')::text from river_job j where args ->> 'id' = $1`
	var ours, theirs string
	if err := d.Connect(t, d.Superuser).QueryRow(t.Context(), said, one.String()).Scan(&ours); err != nil {
		t.Fatal(err)
	}
	if err := other.Connect(t, other.Superuser).QueryRow(t.Context(), said, one.String()).Scan(&theirs); err != nil || ours != theirs {
		t.Errorf("%v\n%s\n%s", err, ours, theirs)
	}
	worked := make(chan uuid.UUID, 9)
	start(t, d, jobs.Kind{Name: "called", Timeout: time.Minute, Work: func(_ context.Context, id uuid.UUID, _ bool) error { worked <- id; return nil }})
	got := map[uuid.UUID]bool{<-worked: true, <-worked: true}
	if !got[one] || !got[two] {
		t.Errorf("did %v", got)
	}
}

func TestBoard_ShowsAndRetries(t *testing.T) {
	t.Parallel()
	d := dbtest.New(t)
	id := token.ID()
	enqueue(t, d, "broken", id, nil)
	conn := d.Connect(t, d.Superuser)
	if _, err := conn.Exec(t.Context(), `update river_job set attempt = 11`); err != nil { // its next try is the last
		t.Fatal(err)
	}
	lasts := make(chan bool, 9)
	var tried atomic.Bool
	start(t, d, jobs.Kind{Name: "broken", Timeout: time.Minute, Work: func(_ context.Context, _ uuid.UUID, last bool) error {
		lasts <- last
		if !tried.Swap(true) {
			return errors.New("it does not work")
		}
		return nil
	}})
	if !<-lasts {
		t.Error("the last try is not told that it is")
	}
	b := jobs.NewBoard(d.DB)
	var list []jobs.Failure
	await(t, "the failure is listed", func() bool {
		var err error
		if list, err = b.Failed(t.Context()); err != nil {
			t.Fatal(err)
		}
		return len(list) == 1
	})
	if f := list[0]; f.Name != "broken" || !f.Given || f.Tries != 12 || f.Error != "it does not work" || f.At.IsZero() {
		t.Errorf("%+v", f)
	}
	enqueue(t, d, "broken", id, nil)
	await(t, "asked for again, it is done", func() bool { return count(t, d, "state = 'completed'") == 1 })
	j := journal.New(d.DB, &clock.Clock{})
	retry := func() error {
		return j.Record(t.Context(), journal.Program(), func(tx *journal.Tx) (journal.Event, error) { return b.Retry(t.Context(), tx, list[0].ID) })
	}
	if err := retry(); err != nil {
		t.Fatal(err)
	}
	var said string
	if err := conn.QueryRow(t.Context(), `select body::jsonb ->> 'detail' from journal_entry where action = 'job.retried'`).Scan(&said); err != nil || said != fmt.Sprintf(`{"job": %d, "kind": "broken"}`, list[0].ID) {
		t.Errorf("the entry says %s, %v", said, err)
	}
	await(t, "retried, it is done", func() bool { return count(t, d, "state = 'completed'") == 2 })
	if err := retry(); !errors.Is(err, db.ErrNotFound) {
		t.Errorf("a job that is done, again: %v", err)
	}
}
