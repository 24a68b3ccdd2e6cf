package app_test

import (
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"mandat/internal/apptest"
	"mandat/internal/dbtest"
	"mandat/internal/fixture"
	"mandat/internal/mishap"
)

// stepped is a server whose integrator is stopped at its steps.
type stepped struct {
	*apptest.Process
	proxy    *mishap.Proxy
	follower *follower
	acts     int
}

// onJournal tells the connections of the integrator.
func onJournal(sql string) bool { return strings.Contains(sql, "journal_tree") }

func newStepped(t *testing.T, d *dbtest.Database) *stepped {
	t.Helper()
	s := &stepped{Process: apptest.Prepare(t, d), follower: newFollower(t)}
	s.proxy = mishap.NewProxy(t, d.App, onJournal)
	s.Set("DATABASE_URL=" + s.proxy.URL)
	s.follower.follow(t, s.Process)
	return s
}

// act does something that leaves an entry, beside the server.
func (s *stepped) act(t *testing.T) {
	t.Helper()
	s.acts++
	s.Sign(t, s.Jeanne, fixture.Citizen(s.acts), fixture.Tax)
}

// steps are the integrator's, of a run from its start until an act is in the tree and another one.
func (s *stepped) steps(t *testing.T) (all []mishap.Step, atStart map[mishap.Step]bool) {
	t.Helper()
	s.Run(t)
	s.CaughtUp(t)
	atStart = map[mishap.Step]bool{}
	for _, step := range s.proxy.Steps() {
		atStart[step] = true
	}
	for range 3 {
		s.act(t)
		s.CaughtUp(t)
	}
	all = s.proxy.Steps()
	for _, words := range []string{"update journal_tree", "insert into journal_leaf", "insert into journal_tile", "insert into journal_checkpoint", "commit"} {
		if !slices.ContainsFunc(all, func(step mishap.Step) bool { return grows(step) && strings.Contains(step.Last(), words) }) {
			t.Errorf("no step of a round has %q", words)
		}
	}
	if os.Getenv("MANDAT_SOAK") == "" { // those that change something, or are between
		all = slices.DeleteFunc(all, func(step mishap.Step) bool { return !grows(step) })
	}
	return all, atStart
}

// grows reports whether a step is of a transaction that grows the tree.
func grows(step mishap.Step) bool {
	return strings.Contains(string(step), "pg_try_advisory_xact_lock")
}

// sides are before and after a step; of every other one by turns, but for the long runs.
func sides(n int) []mishap.When {
	both := []mishap.When{mishap.Before, mishap.After}
	if os.Getenv("MANDAT_SOAK") != "" {
		return both
	}
	return both[n%2 : n%2+1]
}

// spring acts until the program stands still at a step; false: it does not come there any more. A step that every round has is waited
// for as long as a busy machine may need.
func (s *stepped) spring(t *testing.T, step mishap.Step, trap *mishap.Trap) bool {
	t.Helper()
	tries := 4
	if grows(step) {
		tries = 120
	}
	for range tries {
		s.act(t)
		select {
		case <-trap.Sprung:
			return true
		case <-time.After(500 * time.Millisecond):
		}
	}
	return false
}

// whole checks what a server shows that goes on: every entry is in its tree, and what was shown before continues.
func (s *stepped) whole(t *testing.T) {
	t.Helper()
	s.CaughtUp(t)
	s.follower.check(t, s.Process)
}

// The integrator's server is killed at each statement: before PostgreSQL has it, or when it was done and the server has not heard (sides).
func TestSteps_KilledAtEachStatement(t *testing.T) {
	t.Parallel()
	s := newStepped(t, dbtest.New(t))
	all, atStart := s.steps(t)
	kills := 0
	for n, step := range all {
		for _, when := range sides(n) {
			trap := s.proxy.Arm(step, when)
			if atStart[step] {
				s.Kill()
				s.Launch(t, (*exec.Cmd).Start)
			}
			if s.spring(t, step, trap) {
				kills++
			} else if grows(step) {
				t.Errorf("never came to %s %q", when, step.Last())
			}
			s.Kill()
			s.proxy.Disarm()
			s.Run(t)
			s.whole(t)
		}
	}
	t.Logf("%d steps, %d kills, %d checkpoints shown, %d entries", len(all), kills, s.follower.checkpoints(), s.Sound(t))
}

// The connection is cut at each statement, and the server goes on by itself.
func TestSteps_CutOffAtEachStatement(t *testing.T) {
	t.Parallel()
	s := newStepped(t, dbtest.New(t))
	all, _ := s.steps(t)
	cuts := 0
	for n, step := range all {
		for _, when := range sides(n) {
			trap := s.proxy.Arm(step, when)
			if s.spring(t, step, trap) {
				cuts++
			} else if grows(step) {
				t.Errorf("never came to %s %q", when, step.Last())
			}
			s.proxy.Disarm()
			s.whole(t)
		}
	}
	t.Logf("%d steps, %d cuts, %d checkpoints shown, %d entries", len(all), cuts, s.follower.checkpoints(), s.Sound(t))
}

// PostgreSQL itself is killed while a round is under way, before and after it has committed, and comes back.
func TestSteps_PostgreSQLKilledInARound(t *testing.T) {
	t.Parallel()
	s := newStepped(t, dbtest.NewDurable(t))
	all, _ := s.steps(t)
	kills := 0
	for _, step := range all {
		if !grows(step) || step.Last() != "commit" && !strings.Contains(step.Last(), "journal_leaf") {
			continue
		}
		for _, when := range []mishap.When{mishap.Before, mishap.After} {
			trap := s.proxy.Arm(step, when)
			if !s.spring(t, step, trap) {
				t.Errorf("never came to %s %q", when, step.Last())
			}
			s.Cluster.Kill()
			s.proxy.Disarm()
			must(t, s.Cluster.Restart(t.Context()))
			s.Reopen(t)
			s.AwaitReady(t)
			s.whole(t)
			kills++
		}
	}
	if kills < 4 {
		t.Errorf("only %d kills", kills)
	}
	t.Logf("%d kills, %d checkpoints shown, %d entries", kills, s.follower.checkpoints(), s.Sound(t))
}
