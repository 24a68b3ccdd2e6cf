package jobs_test

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"testing"
	"time"

	"mandat/internal/dbtest"
	"mandat/internal/jobs"
)

func TestOneServerDoesEachJob(t *testing.T) {
	t.Parallel()
	d := dbtest.New(t)
	var runs atomic.Int32
	done := make(chan struct{}, 10)
	list := []jobs.Periodic{
		{Name: "counted", Every: time.Hour, Run: func(context.Context) error { runs.Add(1); done <- struct{}{}; return nil }},
		{Name: "failing", Every: time.Hour, Run: func(context.Context) error { return errors.New("not today") }},
	}
	for range 2 {
		r, err := jobs.Start(t.Context(), d.App, slog.New(slog.DiscardHandler), list)
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
	select {
	case <-done:
	case <-time.After(2 * time.Minute):
		t.Fatal("the job was not done")
	}
	if n := runs.Load(); n != 1 {
		t.Errorf("done %d times by two servers", n)
	}
	conn := d.Connect(t, d.Superuser)
	for deadline := time.Now().Add(time.Minute); ; {
		var failed bool
		if err := conn.QueryRow(t.Context(), `select exists (select from river_job where args ->> 'name' = 'failing' and cardinality(errors) > 0 and state in ('available', 'retryable', 'running'))`).Scan(&failed); err != nil {
			t.Fatal(err)
		}
		if failed {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal("the failed job does not wait for another try")
		}
		time.Sleep(50 * time.Millisecond)
	}
}
