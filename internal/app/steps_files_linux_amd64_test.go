package app_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"mandat/internal/apptest"
	"mandat/internal/dbtest"
	"mandat/internal/mishap"
)

// traced is a server whose file of state is watched.
type traced struct {
	stepped
	files *mishap.Files
	calls []string // how a checkpoint is put into its place
}

func newTraced(t *testing.T) *traced {
	t.Helper()
	s := &traced{stepped: stepped{Process: apptest.Prepare(t, dbtest.New(t)), follower: newFollower(t)}}
	s.follower.follow(t, s.Process)
	_, state := s.Folders()
	var err error
	s.files, err = mishap.NewFiles(state)
	must(t, err)
	s.Launch(t, s.files.Start)
	s.AwaitReady(t)
	s.whole(t)
	s.files.Arm(1000, mishap.Before, 0)
	s.act(t)
	eventually(t, "the checkpoint is in its place", func() bool { return slices.Contains(s.files.Steps(), "rename") && len(s.files.Steps()) >= 8 })
	s.calls = s.files.Steps()[:8]
	if want := []string{"open", "write", "sync", "close", "rename", "open", "sync", "close"}; !slices.Equal(s.calls, want) {
		t.Fatalf("a checkpoint is put into its place by %v", s.calls)
	}
	return s
}

// spring acts until the trap has sprung.
func (s *traced) spring(t *testing.T, trap *mishap.FileTrap) {
	t.Helper()
	for range 20 {
		s.act(t)
		select {
		case <-trap.Sprung:
			return
		case <-time.After(500 * time.Millisecond):
		}
	}
	t.Fatal("the checkpoint is not written")
}

// The server is killed at each system call by which it puts a checkpoint into its place, before and after: what it finds when it
// starts again is the one of before or the new one, whole.
func TestSteps_KilledAtEachWriteOfTheState(t *testing.T) {
	t.Parallel()
	s := newTraced(t)
	kills := 0
	for n := range s.calls {
		for _, when := range sides(n) {
			kills++
			s.spring(t, s.files.Arm(n, when, 0))
			s.Kill()
			_, state := s.Folders()
			note, err := os.ReadFile(filepath.Join(state, "checkpoint"))
			must(t, err)
			s.follower.keep(t, note)
			s.Launch(t, s.files.Start)
			s.AwaitReady(t)
			s.whole(t)
		}
	}
	t.Logf("%d kills, %d checkpoints shown, %d entries", kills, s.follower.checkpoints(), s.Sound(t))
}

// Each of these system calls fails: with an error of the disk, or because it is full. The server shows nothing that it cannot remember, and
// goes on when the disk does.
func TestSteps_ErrorAtEachWriteOfTheState(t *testing.T) {
	t.Parallel()
	s := newTraced(t)
	for n := range s.calls {
		for _, fails := range []syscall.Errno{syscall.EIO, syscall.ENOSPC} {
			s.spring(t, s.files.Arm(n, mishap.Before, fails))
			s.whole(t)
		}
	}
	if !strings.Contains(s.Log.String(), syscall.EIO.Error()) || !strings.Contains(s.Log.String(), syscall.ENOSPC.Error()) {
		t.Error("the server says nothing of a disk that fails")
	}
	_, state := s.Folders()
	left, err := filepath.Glob(filepath.Join(state, ".journal-*"))
	if err != nil || len(left) > 1 { // the one whose removal failed as well
		t.Errorf("%d files are left of writes that failed (%v)", len(left), err)
	}
	t.Logf("%d errors, %d checkpoints shown, %d entries", 2*len(s.calls), s.follower.checkpoints(), s.Sound(t))
}

// While STATE_DIR takes nothing, no checkpoint is shown that a restart would not remember.
func TestSteps_NothingIsShownThatIsNotRemembered(t *testing.T) {
	t.Parallel()
	s := newTraced(t)
	_, state := s.Folders()
	must(t, os.Rename(state, state+"-away"))
	s.act(t)
	time.Sleep(300 * time.Millisecond)
	status, note, err := s.Fetch(t.Context(), "/journal/checkpoint")
	must(t, err)
	remembered, err := os.ReadFile(filepath.Join(state+"-away", "checkpoint"))
	must(t, err)
	if status == 200 && string(note) != string(remembered) {
		t.Errorf("shown: %s\nremembered: %s", note, remembered)
	}
	if _, err := os.Stat(state); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the folder was made again: %v", err)
	}
	must(t, os.Rename(state+"-away", state))
	s.whole(t)
	s.Sound(t)
}
