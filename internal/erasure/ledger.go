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

// ErrLedger says that a line of a ledger is not what was written, and ErrHole that it does not follow the one that stands before it, or nothing: others were taken out.
var (
	ErrLedger = errors.New("a line of the ledger is damaged")
	ErrHole   = errors.New("a line of the ledger does not follow what stands before it: lines are missing there")
)

// Ledger is the file outside the database in which a server notes what it erased. It only grows. A line is
//
//	<time> <organisation> <citizen> <ground> <SHA-256 of the line before, with its end> <first 16 hexadecimal digits of the SHA-256 of what stands before, and the blank>
//
// of which the first line, and the first behind those that were written when lines had no such hash (before December 2026), has the SHA-256 of all that stands before it. The entry of the erasure has the
// line's own. A line is on disk before the act commits: an erasure that is noted was decided and may have failed in the last moment, and none was done that is
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
		case damaged != nil:
			err = damaged
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

// add notes an erasure, on disk before it returns, and returns the SHA-256 of the line. A nil ledger notes nothing.
func (l *Ledger) add(e Erased) (sum string, err error) {
	if l == nil {
		return "", nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	before, err := l.file.Stat()
	if err != nil {
		return "", fmt.Errorf("ledger of erasures: %w", err)
	}
	behind, err := l.behind(before.Size())
	if err != nil {
		return "", fmt.Errorf("ledger of erasures: %w", err)
	}
	text := line(Noted{Who: e.Who, At: e.At, Ground: e.Ground, Before: behind})
	_, err = l.file.Write(text)
	if err == nil {
		err = l.file.Sync()
	}
	if err != nil { // the next line must not follow half of this one
		return "", fmt.Errorf("ledger of erasures: %w", errors.Join(err, l.file.Truncate(before.Size())))
	}
	return digest(text), nil
}

// longestLine is more bytes than a line has.
const longestLine = 512

// behind is what the next line says of what stands before it.
func (l *Ledger) behind(size int64) (string, error) {
	from := max(size-longestLine, 0)
	content := make([]byte, size-from)
	if _, err := l.file.ReadAt(content, from); err != nil {
		return "", err
	}
	last := content[bytes.LastIndexByte(bytes.TrimSuffix(content, []byte("\n")), '\n')+1:]
	if n, ok := parse(strings.TrimSuffix(string(last), "\n")); ok && n.Before != "" {
		return digest(last), nil
	}
	all := make([]byte, size)
	if _, err := l.file.ReadAt(all, 0); err != nil {
		return "", err
	}
	return digest(all), nil
}

// Noted is what a line of a ledger says.
type Noted struct {
	Who
	At     time.Time
	Ground Ground
	Before string // what it says of what stands before it; "" in lines of before they did
	SHA256 string // of the line itself, as the entry of the erasure has it
}

func line(n Noted) []byte {
	text := journal.TimeText(n.At) + " " + n.Organisation.String() + " " + n.Citizen.String() + " " + string(n.Ground) + " "
	if n.Before != "" {
		text += n.Before + " "
	}
	return []byte(text + checksum(text) + "\n")
}

func digest(text []byte) string {
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

func checksum(text string) string { return digest([]byte(text))[:16] }

// ReadLedger reads the lines of a ledger, which another server may be writing. torn reports that its last line was cut off. Of a ledger with a damaged line it
// returns the others, and ErrLedger; of one with a hole, all that there are, and ErrHole.
func ReadLedger(content []byte) (all []Noted, torn bool, err error) {
	all, whole, err := readLines(content)
	return all, whole < len(content), err
}

// readLines returns what whole lines say, where the last whole one ends, and the first thing that is wrong. What was cut off has no end.
func readLines(content []byte) (all []Noted, whole int, damaged error) {
	var behind string // what the next line has to say, if it says something; "" before the first that does
	for number := 1; ; number++ {
		text, _, ended := bytes.Cut(content[whole:], []byte("\n"))
		if !ended {
			return all, whole, damaged
		}
		n, ok := parse(string(text))
		expected := behind
		if expected == "" && n.Before != "" {
			expected = digest(content[:whole])
		}
		switch {
		case !ok && damaged == nil:
			damaged = fmt.Errorf("%w: line %d", ErrLedger, number)
		case ok && n.Before != expected && damaged == nil:
			damaged = fmt.Errorf("%w: line %d", ErrHole, number)
		}
		one := content[whole : whole+len(text)+1]
		if ok {
			n.SHA256 = digest(one)
			all = append(all, n)
		}
		if behind != "" || n.Before != "" {
			behind = digest(one)
		}
		whole += len(one)
	}
}

func parse(text string) (n Noted, ok bool) {
	at := strings.LastIndexByte(text, ' ') + 1
	f := strings.Fields(text)
	if len(f) < 5 || len(f) > 6 || checksum(text[:at]) != f[len(f)-1] {
		return n, false
	}
	var err [3]error
	n.At, err[0] = time.Parse(journal.TimeFormat, f[0])
	n.Organisation, err[1] = uuid.Parse(f[1])
	n.Citizen, err[2] = uuid.Parse(f[2])
	n.Ground = Ground(f[3])
	if len(f) == 6 {
		n.Before = f[4]
	}
	return n, errors.Join(err[:]...) == nil && string(line(n)) == text+"\n"
}
