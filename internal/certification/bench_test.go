package certification_test

import (
	"runtime"
	"strings"
	"testing"
	"time"
)

// BenchmarkImport takes in 5,000 lines, each of which certifies somebody, and tells how long that takes and how much memory
// it needs at most, beside what it may: `make bench` prints both.
func BenchmarkImport(b *testing.B) {
	for b.Loop() {
		b.StopTimer()
		w := newWorld(b)
		file := w.file(w.crowd(b, 5000))
		stop, peak := make(chan struct{}), make(chan uint64)
		runtime.GC()
		go watchHeap(stop, peak)
		b.StartTimer()
		started := time.Now()
		out, err := w.register.Import(b.Context(), w.anne, strings.NewReader(file), 0)
		b.StopTimer()
		took := time.Since(started)
		close(stop)
		if err != nil || out.Changed != 5000 {
			b.Fatalf("%+v, %v", out.Counts, err)
		}
		b.ReportMetric(float64(<-peak)/1e6, "MB-heap")
		b.ReportMetric(took.Seconds(), "s/import")
		b.StartTimer()
	}
	b.ReportMetric(5, "s-goal")
	b.ReportMetric(100, "MB-goal")
}

// watchHeap reports the largest heap that it sees.
func watchHeap(stop <-chan struct{}, peak chan<- uint64) {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	var most uint64
	for {
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		most = max(most, m.HeapInuse)
		select {
		case <-stop:
			peak <- most
			return
		case <-tick.C:
		}
	}
}
