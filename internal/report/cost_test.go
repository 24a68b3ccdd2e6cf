package report_test

import (
	"testing"
	"time"

	"mandat/internal/fixture"
	"mandat/internal/journal"
	"mandat/internal/report"
	"mandat/internal/token"
)

// BenchmarkOpen is what the row of a use adds to the act that releases an identity: the same act with it and without, in turns. WAL and time of both sides are printed.
func BenchmarkOpen(b *testing.B) {
	w := fixture.New(b)
	m := w.Sign(b, w.Jeanne, fixture.Angela(), fixture.Tax)
	conn := w.Connect(b, w.Superuser)
	lsn := func() (n float64) {
		if err := conn.QueryRow(b.Context(), `select pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')`).Scan(&n); err != nil {
			b.Fatal(err)
		}
		return n
	}
	use := func(with bool) {
		id := token.ID()
		err := w.Journal.Record(b.Context(), w.Jeanne, func(tx *journal.Tx) (journal.Event, error) {
			if with {
				report.Open(tx, id, m.Citizen, m.ID, fixture.Tax, "")
			}
			return journal.Event{Action: "power.used", Citizen: m.Citizen, Mandate: m.ID, Detail: used{id.String(), fixture.Tax, "", "unknown"}}, nil
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	var took [2]time.Duration
	var wal [2]float64
	const turn = 100
	for b.Loop() {
		for side, with := range []bool{false, true} {
			at, from := time.Now(), lsn()
			for range turn {
				use(with)
			}
			took[side] += time.Since(at)
			wal[side] += lsn() - from
		}
	}
	n := float64(b.N * turn)
	for side, name := range []string{"without", "with"} {
		b.ReportMetric(float64(took[side].Microseconds())/n, "us-"+name)
		b.ReportMetric(wal[side]/n, "WAL-bytes-"+name)
	}
	b.ReportMetric(0, "ns/op")
}
