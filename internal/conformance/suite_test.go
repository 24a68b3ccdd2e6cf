package conformance

import (
	"flag"
	"os"
	"sync"
	"testing"
)

var update = flag.Bool("update", false, "write docs/conformance.md instead of comparing with it; read the difference before committing it")

// trial is one test of the suite, tried on a subject: the provider, or a relying party.
type trial[S any] struct {
	name string
	run  func(*testing.T, S)

	// What is not offered: the member of the metadata that says so, and the value that it would have ("" is true). run may be
	// nil then; else it tries what we do with it all the same.
	member, value string

	note string
	last bool // moves the clock, and so runs when the others have
}

// book keeps the results of a whole run.
type book struct {
	mu    sync.Mutex
	plans []Plan
}

func (b *book) set(plan, test int, r Result) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.plans[plan].Results[test] = r
}

// try runs the trials of a plan on a subject, each as a test of its name.
func try[S any](t *testing.T, b *book, name, id string, subject S, metadata map[string]any, trials []trial[S]) {
	t.Helper()
	plan := len(b.plans)
	b.plans = append(b.plans, Plan{name, id, make([]Result, len(trials))})
	for _, last := range []bool{false, true} {
		t.Run(id, func(t *testing.T) {
			for n, c := range trials {
				if c.last != last {
					continue
				}
				t.Run(c.name, func(t *testing.T) {
					if !last {
						t.Parallel()
					}
					r := Result{Name: c.name, Note: c.note}
					if c.member != "" {
						var err error
						if r.Missing, err = Member(metadata, c.member, c.value); err != nil {
							t.Error(err)
						}
					}
					defer func() {
						r.Passed = !t.Failed()
						b.set(plan, n, r)
					}()
					if c.run != nil {
						c.run(t, subject)
					}
				})
			}
		})
	}
}

// TestConformance runs every plan, and writes or compares docs/conformance.md.
func TestConformance(t *testing.T) {
	b := &book{}
	provider(t, b)
	relyingParties(t, b)
	for _, p := range b.plans {
		for _, r := range p.Results {
			if r.Name == "" {
				t.Log("some tests were left out: the document is not compared")
				return
			}
		}
	}
	const file = "../../docs/conformance.md"
	text := Document(b.plans)
	if *update {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	if written, err := os.ReadFile(file); err != nil || string(written) != text {
		t.Errorf("%s is not what these tests say (go test ./internal/conformance -update): %v", file, err)
	}
}
