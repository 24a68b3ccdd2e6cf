package certification

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// What a file may be at most.
const (
	MaxBytes = 5_000_000
	MaxLines = 100_000 // without header and empty lines
)

// Why a whole file is refused. Nothing is taken from it then.
var (
	ErrTooLarge = errors.New("the file has more than 5 MB or 100,000 lines")
	ErrEncoding = errors.New("the file is not text in UTF-8")
	ErrEmpty    = errors.New("the file has no line of results")
	ErrHeader   = errors.New("the first line of the file is not the expected header")
)

// HeaderError is an ErrHeader that says which columns are missing. Columns that nobody asked for are an ErrHeader too, and not
// repeated: a file without a header begins with somebody's address.
type HeaderError struct{ Missing []string }

// Error returns the text of ErrHeader and the missing columns.
func (e *HeaderError) Error() string {
	return fmt.Sprintf("%v (missing: %s)", ErrHeader, strings.Join(e.Missing, ", "))
}

// Unwrap returns ErrHeader.
func (e *HeaderError) Unwrap() error { return ErrHeader }

// Columns are the names in the first line of a file, in any order, with ; or , between them.
func Columns() []string {
	return []string{"courriel", "formation_date", "organisme", "type", "test_date", "score"}
}

// Why a line is refused, besides the refusals of rules.go: keys for the sentence that a page has for it.
const (
	WrongFields    = "fields"    // another number of fields than the header, or a quotation mark that is not closed
	WrongAddress   = "address"   // no e-mail address
	WrongDate      = "date"      // not YYYY-MM-DD nor DD/MM/YYYY, or before 2000
	WrongOrganiser = "organiser" // missing, longer than 200 characters, or with signs that do not print
	WrongKind      = "kind"      // neither classique nor pairs
	WrongScore     = "score"     // not a whole number from 0 to 1000
	WrongEmpty     = "empty"     // neither training nor test, or half of one
	WrongDuplicate = "duplicate" // an earlier line has the same address
	WrongUnknown   = "unknown"   // nobody has this address
)

// record is a line of a file, as it was read.
type record struct {
	number int // of the line in the file; the header is 1
	email  string
	course *Course
	test   *Test
	wrong  string // "" or why the line cannot be taken
}

// maxLine is the most bytes of a line: more than six fields need, and few enough that a line of separators costs nothing.
const maxLine = 4096

// read reads a whole file, as bytes to keep.
func read(r io.Reader) ([]byte, error) {
	content, err := io.ReadAll(io.LimitReader(r, MaxBytes+1))
	if err != nil {
		return nil, fmt.Errorf("read file: %w", err)
	}
	if len(content) > MaxBytes {
		return nil, ErrTooLarge
	}
	return content, nil
}

// parse reads the lines of a file. A line that is wrong says so, and the others stand.
func parse(content []byte) ([]record, error) {
	content = bytes.TrimPrefix(content, []byte("\xef\xbb\xbf"))
	if !utf8.Valid(content) || bytes.IndexByte(content, 0) >= 0 {
		return nil, ErrEncoding
	}
	header, rest, _ := strings.Cut(string(content), "\n")
	separator, places, err := columnsOf(strings.TrimSuffix(header, "\r"))
	if err != nil {
		return nil, err
	}
	var out []record
	seen := map[string]bool{}
	for number := 2; rest != ""; number++ {
		var line string
		line, rest, _ = strings.Cut(rest, "\n")
		if strings.Trim(line, " \t\r"+string(separator)) == "" {
			continue
		}
		if len(out) == MaxLines {
			return nil, ErrTooLarge
		}
		rec := recordOf(strings.TrimSuffix(line, "\r"), separator, places)
		rec.number = number
		if rec.wrong != WrongFields && rec.wrong != WrongAddress {
			if seen[rec.email] {
				rec.wrong = WrongDuplicate
			}
			seen[rec.email] = true
		}
		out = append(out, rec)
	}
	if len(out) == 0 {
		return nil, ErrEmpty
	}
	return out, nil
}

// columnsOf finds the separator and where each of Columns stands.
func columnsOf(header string) (byte, []int, error) {
	separator := byte(',')
	if strings.Contains(header, ";") {
		separator = ';'
	}
	names, _ := split(header, separator) // one that cannot be cut lacks every column
	for i := range names {
		names[i] = strings.ToLower(names[i])
	}
	var places []int
	var missing []string
	for _, name := range Columns() {
		place := slices.Index(names, name)
		if place < 0 {
			missing = append(missing, name)
		}
		places = append(places, place)
	}
	if len(missing) > 0 {
		return 0, nil, &HeaderError{missing}
	}
	if len(names) != len(places) {
		return 0, nil, ErrHeader
	}
	return separator, places, nil
}

// split cuts a line into fields, without the blanks around them. A field may stand between quotation marks, doubled inside (RFC 4180,
// but without line breaks: a mark that is not closed spoils its own line only). A line that is too long is none.
func split(line string, separator byte) ([]string, bool) {
	if len(line) > maxLine {
		return nil, false
	}
	var out []string
	for {
		line = strings.TrimLeft(line, " \t")
		if !strings.HasPrefix(line, `"`) {
			field, rest, more := strings.Cut(line, string(separator))
			out = append(out, strings.TrimSpace(field))
			if !more {
				return out, true
			}
			line = rest
			continue
		}
		field, rest, ok := quoted(line[1:])
		if !ok {
			return nil, false
		}
		out = append(out, strings.TrimSpace(field))
		rest = strings.TrimLeft(rest, " \t")
		if rest == "" {
			return out, true
		}
		if rest[0] != separator {
			return nil, false
		}
		line = rest[1:]
	}
}

// quoted reads up to the quotation mark that closes a field.
func quoted(line string) (field, rest string, ok bool) {
	var b strings.Builder
	for {
		part, after, closed := strings.Cut(line, `"`)
		b.WriteString(part)
		if !closed {
			return "", "", false
		}
		if !strings.HasPrefix(after, `"`) {
			return b.String(), after, true
		}
		b.WriteByte('"')
		line = after[1:]
	}
}

// recordOf reads a line.
func recordOf(line string, separator byte, places []int) record {
	fields, ok := split(line, separator)
	if !ok || len(fields) != len(places) {
		return record{wrong: WrongFields}
	}
	at := func(i int) string { return fields[places[i]] }
	rec := record{email: strings.ToLower(at(0))}
	if before, after, _ := strings.Cut(rec.email, "@"); before == "" || after == "" || strings.ContainsAny(rec.email, " \t") || len(rec.email) > 254 {
		return record{wrong: WrongAddress}
	}
	rec.course, rec.wrong = courseOf(at(1), at(2), at(3))
	if rec.wrong == "" {
		rec.test, rec.wrong = testOf(at(4), at(5))
	}
	if rec.wrong == "" && rec.course == nil && rec.test == nil {
		rec.wrong = WrongEmpty
	}
	return rec
}

func courseOf(on, organiser, kind string) (*Course, string) {
	if on == "" && organiser == "" && kind == "" {
		return nil, ""
	}
	if on == "" {
		return nil, WrongEmpty
	}
	c := &Course{Organiser: organiser, Kind: map[string]string{"classique": Classic, "pairs": Peer, "entre pairs": Peer}[strings.ToLower(kind)]}
	var ok bool
	switch c.On, ok = dateOf(on); {
	case !ok:
		return nil, WrongDate
	case c.Kind == "":
		return nil, WrongKind
	case !c.valid():
		return nil, WrongOrganiser
	}
	return c, ""
}

func testOf(on, score string) (*Test, string) {
	if on == "" && score == "" {
		return nil, ""
	}
	if on == "" || score == "" {
		return nil, WrongEmpty
	}
	day, ok := dateOf(on)
	if !ok {
		return nil, WrongDate
	}
	n, err := strconv.Atoi(score)
	if t := (Test{day, n}); err == nil && t.valid() {
		return &t, ""
	}
	return nil, WrongScore
}

// dateOf reads a day as programs write it or as people in France do.
func dateOf(s string) (time.Time, bool) {
	for _, form := range []string{time.DateOnly, "02/01/2006"} {
		if t, err := time.Parse(form, s); err == nil {
			return t, !t.Before(earliest)
		}
	}
	return time.Time{}, false
}
