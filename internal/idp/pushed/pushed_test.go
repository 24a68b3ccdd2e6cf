package pushed_test

import (
	"errors"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
	"mandat/internal/dbtest"
	"mandat/internal/idp/pushed"
)

var (
	now    = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	values = url.Values{"scope": {"openid profile"}, "state": {"é&=+ x"}}
)

func put(t *testing.T, d *db.DB) string {
	t.Helper()
	uri, err := pushed.Put(t.Context(), d, "service", pushed.Request{Values: values}, now, now.Add(pushed.Life))
	if err != nil || !pushed.Is(uri) || len(uri) != len(pushed.Prefix)+43 {
		t.Fatalf("%s: %v", uri, err)
	}
	return uri
}

func TestTake_GivesARequestOnceAndToItsClient(t *testing.T) {
	t.Parallel()
	d := dbtest.New(t).DB
	uri := put(t, d)
	for _, wrong := range [][2]string{{"other", uri}, {"", uri}, {"service", uri[:len(uri)-1]}, {"service", uri + "A"}, {"service", pushed.Prefix}, {"service", ""}} {
		if _, err := pushed.Take(t.Context(), d, wrong[0], wrong[1], now); !errors.Is(err, pushed.ErrNone) {
			t.Errorf("%v: %v", wrong, err)
		}
	}
	got, err := pushed.Take(t.Context(), d, "service", uri, now.Add(pushed.Life-time.Second))
	if err != nil || got.Values.Encode() != values.Encode() || got.AskedAt != nil {
		t.Errorf("%+v %v", got, err)
	}
	if _, err := pushed.Take(t.Context(), d, "service", uri, now); !errors.Is(err, pushed.ErrNone) {
		t.Errorf("taken twice: %v", err)
	}
	if _, err := pushed.Take(t.Context(), d, "service", put(t, d), now.Add(pushed.Life)); !errors.Is(err, pushed.ErrNone) {
		t.Errorf("too late: %v", err)
	}
	asked := now.Add(-time.Minute)
	uri, err = pushed.Put(t.Context(), d, "service", pushed.Request{Values: values, AskedAt: &asked}, now, now.Add(time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := pushed.Take(t.Context(), d, "service", uri, now); err != nil || got.AskedAt == nil || !got.AskedAt.Equal(asked) {
		t.Errorf("put aside: %+v %v", got, err)
	}
}

func TestTake_OfManyAtOnceOneGetsIt(t *testing.T) {
	t.Parallel()
	d := dbtest.New(t).DB
	for range 10 {
		uri := put(t, d)
		var got atomic.Int32
		var all sync.WaitGroup
		for range 20 {
			all.Go(func() {
				switch _, err := pushed.Take(t.Context(), d, "service", uri, now); {
				case err == nil:
					got.Add(1)
				case !errors.Is(err, pushed.ErrNone):
					t.Error(err)
				}
			})
		}
		if all.Wait(); got.Load() != 1 {
			t.Fatalf("%d got it", got.Load())
		}
	}
}

// The table has neither the reference, nor what is over once it was purged.
func TestPurge_LeavesWhatStillWaits(t *testing.T) {
	t.Parallel()
	d := dbtest.New(t).DB
	uri := put(t, d)
	secret := strings.TrimPrefix(uri, pushed.Prefix)
	count := func(where string, args ...any) (n int) {
		t.Helper()
		err := d.Read(t.Context(), db.System(), func(tx pgx.Tx) error {
			return tx.QueryRow(t.Context(), `select count(*) from idp_pushed p where `+where, args...).Scan(&n)
		})
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	if count("true") != 1 || count(`p::text like '%' || $1 || '%'`, secret) != 0 {
		t.Error("the reference stands in the table")
	}
	if err := pushed.Purge(t.Context(), d, now.Add(pushed.Life-time.Second)); err != nil || count("true") != 1 {
		t.Errorf("purged too early: %v", err)
	}
	if _, err := pushed.Put(t.Context(), d, "service", pushed.Request{Values: values}, now, now.Add(pushed.Life+time.Second)); err != nil {
		t.Fatal(err)
	}
	if err := pushed.Purge(t.Context(), d, now.Add(pushed.Life)); err != nil || count("true") != 1 || count("expires_at > $1", now.Add(pushed.Life)) != 1 {
		t.Errorf("not purged, or too much: %v", err)
	}
}
