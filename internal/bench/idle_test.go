package bench

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"
)

// BenchmarkIdle prints what `mandat serve` weighs when nobody asks it anything, and how soon it answers.
func BenchmarkIdle(b *testing.B) {
	p := newPlace(b)
	var ready, rivalReady, memory, rivalMemory []run
	for range rounds {
		ours := p.serve(b)
		listen := fmt.Sprintf("127.0.0.1:%d", freePort(b))
		empty := start(b, "http://"+listen, nil, filepath.Join(p.bin, "empty"), listen)
		time.Sleep(3 * time.Second) // the first ticks of the integrator and the jobs
		ready, rivalReady = append(ready, run{rate: ours.ready.Seconds() * 1000}), append(rivalReady, run{rate: empty.ready.Seconds() * 1000})
		memory, rivalMemory = append(memory, run{rate: resident(b, ours.pid)}), append(rivalMemory, run{rate: resident(b, empty.pid)})
		ours.stop()
		empty.stop()
	}
	fmt.Printf("\nThe program at rest (median of %d starts); the rival is an empty net/http program\n", rounds)
	fmt.Printf("%24s %10s %10s %12s\n", "", "Mandat", "rival", "budget")
	fmt.Printf("%24s %10.0f %10.0f %12s\n", "ready, ms", median(ready, rate), median(rivalReady, rate), "< 300")
	fmt.Printf("%24s %10.1f %10.1f %12s\n\n", "resident, MiB", median(memory, rate), median(rivalMemory, rate), "<= 48")
}
