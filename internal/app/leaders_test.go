package app_test

import (
	"math/rand/v2"
	"os"
	"os/exec"
	"testing"
	"time"

	"mandat/internal/apptest"
	"mandat/internal/dbtest"
)

// Two servers grow the journal under load, and whichever does is killed, every second or so, sometimes both. At the end there is one log: everything
// that was answered is in it once, the export and the site of each verify, and it continues every checkpoint that either of them ever showed.
// It lasts a few seconds; with MANDAT_SOAK ten minutes, or as MANDAT_SOAK_FOR says.
func TestLeaders_KilledAtRandomGrowOneLog(t *testing.T) {
	t.Parallel()
	lasts := 6 * time.Second
	if os.Getenv("MANDAT_SOAK") != "" {
		lasts = 10 * time.Minute
	}
	if text := os.Getenv("MANDAT_SOAK_FOR"); text != "" {
		var err error
		lasts, err = time.ParseDuration(text)
		must(t, err)
	}
	p := apptest.Prepare(t, dbtest.New(t))
	servers := []*apptest.Process{p, p.Beside(t)}
	p.Front(t, servers[1])
	f, kept, g := newFollower(t), &answered{}, &growth{}
	for _, s := range servers {
		s.Run(t)
		f.follow(t, s)
	}
	kills, both, alone, begun := 0, 0, [2]int{}, time.Now()
	for round := 0; time.Since(begun) < lasts; round++ {
		stop := newLoad(t, p, round).start(t, kept)
		rest := g.watch(t, p)
		for range 4 {
			time.Sleep(time.Duration(200+rand.IntN(1500)) * time.Millisecond)
			n := rand.IntN(len(servers))
			killed := servers[n : n+1]
			if rand.IntN(6) == 0 {
				killed = servers
				both++
			}
			kills += len(killed)
			for _, s := range killed {
				s.Kill()
			}
			if len(killed) == 1 { // the other one is soon the leader
				before := grown(t, p)
				time.Sleep(time.Duration(rand.IntN(1000)) * time.Millisecond)
				if grown(t, p) > before {
					alone[1-n]++
				}
			}
			restart(t, killed)
		}
		rest()
		stop()
	}
	for _, s := range servers {
		s.CaughtUp(t)
		f.check(t, s)
	}
	kept.check(t, p)
	if kills >= 20 && (alone[0] == 0 || alone[1] == 0) {
		t.Errorf("the servers grew the log alone %v times", alone)
	}
	signatures, uses := kept.counts()
	if signatures == 0 || uses == 0 {
		t.Error("nothing was answered")
	}
	t.Logf("%v: %d kills, %d times both servers at once; %d signatures and %d uses answered; %d checkpoints shown, %d entries\n  %v",
		time.Since(begun).Round(time.Second), kills, both, signatures, uses, f.checkpoints(), p.Sound(t), g)
}

func grown(t *testing.T, p *apptest.Process) int {
	t.Helper()
	return p.Number(t, `select size from journal_tree`)
}

// restart starts servers at the same time.
func restart(t *testing.T, servers []*apptest.Process) {
	t.Helper()
	for _, s := range servers {
		s.Launch(t, (*exec.Cmd).Start)
	}
	for _, s := range servers {
		s.AwaitReady(t)
	}
}
