package certification_test

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"mandat/internal/certification"
	"mandat/internal/clock"
	"mandat/internal/journal"
)

// model knows of a person what anybody could write down on paper: the history, and no states.
type model struct {
	trained   time.Time   // the latest day of a training
	tests     []time.Time // days of the tests that were passed
	until     time.Time   // end of the last certificate
	suspended bool
}

// mayBeCertified is the rule of the law: trained, and a test passed since, less than three years ago.
func (m model) mayBeCertified(now time.Time) bool {
	if m.trained.IsZero() || len(m.tests) == 0 {
		return false
	}
	last := m.tests[len(m.tests)-1]
	return !last.Before(m.trained) && certification.Until(last).After(now)
}

// Whatever happens in whatever order: nobody is certified without a training and a test that was passed since, nobody acts who is
// not certified now, and what the entries say is what the tables say.
func TestRegister_Property(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	n := 0
	rapid.Check(t, func(rt *rapid.T) {
		w.Clock = &clock.Clock{} // each life begins today
		w.Open(w.DB)
		w.register = certification.New(w.DB, w.Journal, w.Keys, w.Clock, minimum)
		n++
		p := w.newcomer(t, fmt.Sprintf("person%d", n))
		var m model
		by := journal.Program()
		now := w.Clock.Now
		days := rapid.IntRange(-1, 60)
		scores := rapid.OneOf(rapid.IntRange(0, minimum-1), rapid.IntRange(minimum, 1000))
		certify := func(before time.Time) {
			c := w.of(t, p.Person)
			if m.suspended || !m.mayBeCertified(now()) {
				rt.Fatalf("certified with %+v: %+v", m, c)
			}
			if !c.CertifiedUntil.After(before) || !c.CertifiedUntil.Equal(certification.Until(m.tests[len(m.tests)-1])) {
				rt.Fatalf("until %s, before until %s", c.CertifiedUntil, before)
			}
			m.until = c.CertifiedUntil
		}
		test := func(days, score int) {
			if score >= minimum {
				m.tests = append(m.tests, w.ago(days))
			}
		}
		rt.Repeat(map[string]func(*rapid.T){
			"train": func(rt *rapid.T) {
				d := days.Draw(rt, "days")
				if w.register.Train(t.Context(), by, p.Person, w.course(d)) == nil {
					m.trained = w.ago(d)
				}
			},
			"test": func(rt *rapid.T) {
				d, score := days.Draw(rt, "days"), scores.Draw(rt, "score")
				if w.register.Test(t.Context(), by, p.Person, w.test(d, score)) == nil {
					test(d, score)
				}
			},
			"certify": func(*rapid.T) {
				if w.register.Certify(t.Context(), by, p.Person) == nil {
					certify(m.until)
				}
			},
			"grant": func(rt *rapid.T) {
				d, score := days.Draw(rt, "days"), scores.Draw(rt, "score")
				if w.register.Grant(t.Context(), by, p.Person, w.course(d), w.test(d, score)) == nil {
					if m.trained = w.ago(d); score < minimum {
						rt.Fatal("granted by a test that was failed")
					}
					test(d, score)
					certify(m.until)
				}
			},
			"suspend": func(*rapid.T) {
				running := !m.suspended && m.until.After(now())
				if err := w.register.Suspend(t.Context(), by, p.Person); (err == nil) != running {
					rt.Fatalf("suspended: %v, with %+v", err, m)
				}
				m.suspended = m.suspended || running
			},
			"resume": func(*rapid.T) {
				if err := w.register.Resume(t.Context(), by, p.Person); (err == nil) != m.suspended {
					rt.Fatalf("resumed: %v, with %+v", err, m)
				}
				m.suspended = false
			},
			"wait": func(rt *rapid.T) {
				w.Clock.Advance(time.Duration(rapid.IntRange(1, 600).Draw(rt, "days")) * 24 * time.Hour)
			},
			"": func(rt *rapid.T) {
				certified := !m.suspended && m.until.After(now())
				if err := w.mayAct(t, p); (err == nil) != certified {
					rt.Fatalf("may act: %v, with %+v", err, m)
				}
				c := w.of(t, p.Person)
				if (c.State(now()) == certification.Certified) != certified || (c.State(now()) == certification.Suspended) != m.suspended {
					rt.Fatalf("is %s, with %+v", c.State(now()), m)
				}
				if c.State(now()) == certification.Passed && !m.mayBeCertified(now()) {
					rt.Fatalf("has passed, with %+v", m)
				}
			},
		})
	})
	w.Content(t)
}
