package tree

import (
	"context"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"mandat/internal/journal/verify"
)

// BenchmarkExport and what follows share a log of this many entries.
const benchEntries = 400_000

func BenchmarkLog(b *testing.B) {
	h := newHouse(b)
	h.bulk(b, benchEntries)
	start := time.Now()
	if err := h.in.CatchUp(b.Context()); err != nil {
		b.Fatal(err)
	}
	b.Logf("integrated %.0f entries/s", benchEntries/time.Since(start).Seconds())
	auditor, root, runs := h.OpenAuditor(b), b.TempDir(), 0
	rate := func(b *testing.B) { b.ReportMetric(benchEntries*float64(b.N)/b.Elapsed().Seconds(), "entries/s") }
	export := func(b testing.TB) string {
		runs++
		dir := filepath.Join(root, time.Now().Format("150405.000000"))
		if _, err := Export(context.Background(), auditor, h.in.signer.Keys(), Folder(dir)); err != nil {
			b.Fatal(err)
		}
		return dir
	}
	b.Run("export", func(b *testing.B) {
		for b.Loop() {
			export(b)
		}
		rate(b)
	})
	dir := export(b)
	for _, workers := range []int{1, 2} {
		b.Run("verify/"+string(rune('0'+workers)), func(b *testing.B) {
			files, closer, err := verify.OpenExport(dir)
			if err != nil {
				b.Fatal(err)
			}
			defer func() { _ = closer.Close() }()
			for b.Loop() {
				if _, err := verify.Log(b.Context(), verify.Options{Policy: h.policy(b), Export: files, Workers: workers}); err != nil {
					b.Fatal(err)
				}
			}
			rate(b)
		})
	}
}

// BenchmarkProvable measures the time from an act's commit to a checkpoint that covers it, with 16 acts at a time.
func BenchmarkProvable(b *testing.B) {
	h := newHouse(b)
	ctx, cancel := context.WithCancel(b.Context())
	var run errgroup.Group
	run.Go(func() error { return h.in.Run(ctx) })
	var mu sync.Mutex
	waiting := []time.Time{}
	var lags []time.Duration
	var writers errgroup.Group
	acts := max(b.N, 2000) / 16 * 16
	done := make(chan struct{})
	go func() {
		defer close(done)
		for covered := 0; covered < acts; {
			time.Sleep(time.Millisecond)
			size := int(h.in.Status().Size)
			mu.Lock()
			for ; covered < min(size, len(waiting)); covered++ {
				lags = append(lags, time.Since(waiting[covered]))
			}
			mu.Unlock()
		}
	}()
	b.ResetTimer()
	for range 16 {
		writers.Go(func() error {
			for range acts / 16 {
				h.act(b, "session.opened")
				mu.Lock()
				waiting = append(waiting, time.Now())
				mu.Unlock()
			}
			return nil
		})
	}
	_ = writers.Wait()
	<-done
	cancel()
	if err := run.Wait(); err != nil {
		b.Fatal(err)
	}
	slices.Sort(lags)
	b.ReportMetric(float64(len(waiting))/b.Elapsed().Seconds(), "acts/s")
	b.ReportMetric(float64(lags[len(lags)/2].Microseconds())/1000, "p50-ms")
	b.ReportMetric(float64(lags[len(lags)*99/100].Microseconds())/1000, "p99-ms")
}
