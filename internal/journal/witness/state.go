package witness

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"syscall"

	"mandat/internal/journal/format"
)

// What lies in a witness' folder.
const (
	keyName      = "witness.key"
	logsName     = "logs"
	evidenceName = "evidence"
)

// nothingYet is what the file of a log holds before its first checkpoint.
const nothingYet = "nothing cosigned yet\n"

// ErrBusy says that another program works on the same folder.
var ErrBusy = errors.New("another witness runs on this folder")

// ErrForgotten says that a log's file is not there.
var ErrForgotten = errors.New("nothing is known of this log")

// Init makes the folder of a new witness: its key, and a place for what it will see. It replaces nothing.
func Init(dir, name string) (Key, error) {
	k, err := GenerateKey(name)
	if err != nil {
		return Key{}, err
	}
	if err := errors.Join(os.MkdirAll(filepath.Join(dir, logsName), 0o700), os.MkdirAll(filepath.Join(dir, evidenceName), 0o700)); err != nil {
		return Key{}, fmt.Errorf("make the witness' folder: %w", err)
	}
	if err := createFile(filepath.Join(dir, keyName), []byte(k.Secret()+"\n")); err != nil {
		return Key{}, fmt.Errorf("make the witness' key: %w", err)
	}
	return k, nil
}

// Begin notes the logs of a policy of which nothing is known yet as ones that were never cosigned here, and returns their names. Only
// a person can say so: a witness that has lost what it knew must not take any tree for the first one.
func Begin(dir string, logs *format.Keys) ([]string, error) {
	unlock, err := lock(dir)
	if err != nil {
		return nil, err
	}
	defer unlock()
	var begun []string
	for _, origin := range logs.Origins() {
		err := createFile(statePath(dir, origin), []byte(nothingYet))
		if errors.Is(err, fs.ErrExist) {
			continue
		}
		if err != nil {
			return begun, fmt.Errorf("begin to watch a log: %w", err)
		}
		begun = append(begun, origin)
	}
	return begun, nil
}

// LoadKey reads the witness' key.
func LoadKey(dir string) (Key, error) {
	content, err := os.ReadFile(filepath.Join(dir, keyName))
	if err != nil {
		return Key{}, fmt.Errorf("the witness' key: %w", err)
	}
	k, err := ParseKey(string(content))
	if err != nil {
		return Key{}, fmt.Errorf("%s: %w", keyName, err)
	}
	return k, nil
}

// state is what is known of one log. Whoever reads or changes it holds mu until the file is written.
type state struct {
	mu     sync.Mutex
	path   string
	last   format.Checkpoint // Origin is "" before the first
	signed []byte
}

// openState reads the file of a log. What is in it must be signed by the log: else it is no memory to go by.
func openState(dir, origin string, logs *format.Keys) (*state, error) {
	s := &state{path: statePath(dir, origin), last: format.Checkpoint{Root: format.EmptyRoot()}}
	content, err := os.ReadFile(s.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w: %s. If it was never cosigned here, run mandat journal witness begin; if the file was lost, end this witness and its key", ErrForgotten, origin)
	}
	if err != nil {
		return nil, fmt.Errorf("what is known of %s: %w", origin, err)
	}
	if string(content) == nothingYet {
		return s, nil
	}
	if s.last, err = format.OpenCheckpoint(content, logs); err != nil || s.last.Origin != origin {
		return nil, fmt.Errorf("what is known of %s (%s) is not a checkpoint that the policy's keys of this log have signed", origin, s.path)
	}
	s.signed = content
	return s, nil
}

// keep puts a checkpoint in place of the one before, on disk before it returns.
func (s *state) keep(c format.Checkpoint, signed []byte) error {
	if err := replaceFile(s.path, signed); err != nil {
		return err
	}
	s.last, s.signed = c, signed
	return nil
}

func statePath(dir, origin string) string {
	return filepath.Join(dir, logsName, fmt.Sprintf("%x", sha256.Sum256([]byte(origin))))
}

// lock keeps a second program from the folder. The lock ends with the program, whatever ends it.
func lock(dir string) (unlock func(), err error) {
	f, err := os.Open(filepath.Join(dir, logsName))
	if err != nil {
		return nil, fmt.Errorf("open the witness' folder: %w", err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		_ = f.Close() // it was only read
		return nil, ErrBusy
	}
	return func() { // by its name: a child of this program that was just made may hold the file too
		_ = syscall.Flock(int(f.Fd()), syscall.LOCK_UN)
		_ = f.Close() // it was only read
	}, nil
}

// createFile writes a file that must not exist, and its name into the folder, to the disk.
func createFile(path string, content []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	return errors.Join(err, f.Sync(), f.Close(), syncFolder(path))
}

// unwritten is what the name of a file ends with that is not in its place yet. The lock leaves its folder to one program, and state.mu a file to
// one writer, so that what a kill left is written over.
const unwritten = ".new"

// replaceFile puts content in place of a file so that after a crash either the old or the new one is there, whole.
func replaceFile(path string, content []byte) error {
	f, err := os.OpenFile(path+unwritten, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return syncFolder(path)
}

func syncFolder(path string) error {
	d, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
