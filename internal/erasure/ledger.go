package erasure

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"

	"mandat/internal/journal"
)

// LedgerName is the file below STATE_DIR.
const LedgerName = "erasures"

// ErrLedger says that a line of a ledger is not what was written.
var ErrLedger = errors.New("a line of the ledger is damaged")

// Ledger is the file outside the database in which a server notes what it erased. It only grows. A line is
//
//	<time> <organisation> <citizen> <ground> <first 16 hexadecimal digits of the SHA-256 of what stands before, and the blank>
//
// and is on disk before the act commits: an erasure that is noted was decided and may have failed in the last moment, and none was done that is
// not noted. The ids say nothing to whoever has no copy of the database from before.
type Ledger struct {
	mu   sync.Mutex
	file *os.File
}

// OpenLedger opens, or begins, the ledger of this server. torn reports that its last line was cut off, as by a power cut while it was written: what was
// left of it is removed, and the act that it was for did not commit.
func OpenLedger(path string) (l *Ledger, torn bool, err error) {
	f, err := os.OpenFile(filepath.Clean(path), os.O_CREATE|os.O_RDWR|os.O_APPEND, 0o600)
	if err != nil {
		return nil, false, fmt.Errorf("ledger of erasures: %w", err)
	}
	content, err := io.ReadAll(f)
	if err == nil {
		_, whole, damaged := readLines(content)
		switch torn = whole < len(content); {
		case damaged > 0:
			err = fmt.Errorf("%w: line %d", ErrLedger, damaged)
		case torn:
			if err = f.Truncate(int64(whole)); err == nil {
				err = f.Sync()
			}
		}
	}
	if err == nil {
		err = syncFolder(filepath.Dir(path))
	}
	if err != nil {
		return nil, false, errors.Join(fmt.Errorf("ledger of erasures %s: %w", path, err), f.Close())
	}
	return &Ledger{file: f}, torn, nil
}

// syncFolder keeps a file that was made in a folder there.
func syncFolder(path string) error {
	d, err := os.Open(filepath.Clean(path))
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// Close gives the file back.
func (l *Ledger) Close() error {
	if l == nil {
		return nil
	}
	return l.file.Close()
}

// add notes an erasure, on disk before it returns. A nil ledger notes nothing.
func (l *Ledger) add(e Erased) error {
	if l == nil {
		return nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	before, err := l.file.Stat()
	if err != nil {
		return fmt.Errorf("ledger of erasures: %w", err)
	}
	_, err = l.file.Write(line(Noted{Who: e.Who, At: e.At, Ground: e.Ground}))
	if err == nil {
		err = l.file.Sync()
	}
	if err != nil { // the next line must not follow half of this one
		return fmt.Errorf("ledger of erasures: %w", errors.Join(err, l.file.Truncate(before.Size())))
	}
	return nil
}

// Noted is what a line of a ledger says.
type Noted struct {
	Who
	At     time.Time
	Ground Ground
}

func line(n Noted) []byte {
	text := n.At.UTC().Format(journal.TimeFormat) + " " + n.Organisation.String() + " " + n.Citizen.String() + " " + string(n.Ground) + " "
	return []byte(text + checksum(text) + "\n")
}

func checksum(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:8])
}

// ReadLedger reads the lines of a ledger, which another server may be writing. torn reports that its last line was cut off. Of a ledger with a damaged line it
// returns the others, and ErrLedger.
func ReadLedger(content []byte) (all []Noted, torn bool, err error) {
	all, whole, damaged := readLines(content)
	if damaged > 0 {
		err = fmt.Errorf("%w: line %d", ErrLedger, damaged)
	}
	return all, whole < len(content), err
}

// readLines returns what whole lines say, where the last whole one ends, and the number of the first that is damaged. What was cut off has no end.
func readLines(content []byte) (all []Noted, whole, damaged int) {
	for number, rest := 1, content; ; number++ {
		text, after, ended := bytes.Cut(rest, []byte("\n"))
		if !ended {
			return all, len(content) - len(rest), damaged
		}
		if n, ok := parse(string(text)); ok {
			all = append(all, n)
		} else if damaged == 0 {
			damaged = number
		}
		rest = after
	}
}

func parse(text string) (n Noted, ok bool) {
	at := strings.LastIndexByte(text, ' ') + 1
	f := strings.Fields(text)
	if len(f) != 5 || checksum(text[:at]) != f[4] {
		return n, false
	}
	var err [3]error
	n.At, err[0] = time.Parse(journal.TimeFormat, f[0])
	n.Organisation, err[1] = uuid.Parse(f[1])
	n.Citizen, err[2] = uuid.Parse(f[2])
	n.Ground = Ground(f[3])
	return n, errors.Join(err[:]...) == nil && string(line(n)) == text+"\n"
}
