package keyring

import (
	"errors"
	"fmt"
	"os"
	"syscall"
)

// ErrBusy says that another command is changing the same keys.
var ErrBusy = errors.New("another command is changing the keys in this folder")

// Lock keeps other commands from changing what lies in a folder until unlock, or the end of this program: of two at once each would put away what the other
// has just made. Where the file system has no such locks (some that are far away), it keeps nobody.
func Lock(dir string) (unlock func(), err error) {
	f, err := os.Open(dir)
	if err != nil {
		return nil, fmt.Errorf("lock keys: %w", err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); errors.Is(err, syscall.EWOULDBLOCK) {
		_ = f.Close() // it was only read
		return nil, ErrBusy
	}
	return func() { _ = f.Close() }, nil
}
