//go:build unix

package journal

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// A pipe where a file is expected is refused: nobody would ever write to it.
func TestOpenExport_RefusesPipes(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	folder := t.TempDir()
	pipe := filepath.Join(folder, checkpointName)
	if err := os.MkdirAll(filepath.Dir(pipe), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	policy, done := h.policy(t), make(chan error, 2)
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
		_, err = Verify(t.Context(), VerifyOptions{Policy: policy, Export: export})
		done <- errors.Join(err, closer.Close())
	}()
	for range 2 {
		select {
		case err := <-done:
			if !errors.Is(err, errNotPlain) {
				t.Errorf("%v", err)
			}
		case <-time.After(20 * time.Second):
			t.Fatal("it waits for somebody to write")
		}
	}
}
