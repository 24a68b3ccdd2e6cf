//go:build unix

package verify

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"mandat/internal/journal/format"
)

// A pipe where a file is expected is refused: nobody would ever write to it.
func TestOpenExport_RefusesPipes(t *testing.T) {
	t.Parallel()
	s := newSynthetic(t, 1, 1)
	folder := t.TempDir()
	pipe := filepath.Join(folder, format.CheckpointName)
	if err := os.MkdirAll(filepath.Dir(pipe), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	policy, done := s.policy, make(chan error, 2)
	go func() {
		_, _, err := OpenExport(pipe)
		done <- err
	}()
	go func() {
		export, closer, err := OpenExport(folder)
		if err != nil {
			done <- err
			return
		}
		_, err = Log(t.Context(), Options{Policy: policy, Export: export})
		done <- errors.Join(err, closer.Close())
	}()
	for range 2 {
		select {
		case err := <-done:
			if !errors.Is(err, errNotPlain) {
				t.Errorf("%v", err)
			}
		case <-time.After(time.Minute):
			t.Fatal("it waits for somebody to write")
		}
	}
}
