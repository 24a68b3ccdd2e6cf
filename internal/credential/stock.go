package credential

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/hex"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
	"mandat/internal/journal"
)

const (
	cardsMax    = 5000    // in a file
	cardFileMax = 2 << 20 // bytes
	seedMin     = 16      // bytes, RFC 4226 §4
	seedMax     = 64
)

// What can be wrong with a line of a file of cards.
const (
	FaultColumns = "columns" // not two, parted by a semicolon
	FaultSerial  = "serial"  // not 4 to 40 letters, digits and hyphens
	FaultSeed    = "seed"    // not 16 to 64 bytes in hexadecimal
	FaultTwice   = "twice"   // the same serial number stands in a line before
	FaultKnown   = "known"   // the stock has it already
	FaultTooMany = "too_many"
)

// Fault is what is wrong with a line. It does not repeat it: seeds stand there.
type Fault struct {
	Line int // from 1
	What string
}

// CardImport is what an import of cards does, or did.
type CardImport struct {
	Cards  int     // that it adds
	Faults []Fault // with one of these nothing is added
	Done   bool
}

var serialForm = regexp.MustCompile(`^[A-Z0-9-]{4,40}$`)

type cardLine struct {
	serial string
	seed   []byte
}

// cardsImported is the detail of the entry.
type cardsImported struct {
	Digest string `json:"digest"` // of the file: hexadecimal SHA-256
	Cards  int    `json:"cards"`
}

// ImportCards adds cards to the stock from a file with a line "serial;seed" for each, the seed in hexadecimal; a first line with
// these words is passed by. It is one act of an administrator: everything is added, or nothing. dry only looks.
func (r *Register) ImportCards(ctx context.Context, by journal.Actor, file io.Reader, dry bool) (CardImport, error) {
	content, err := io.ReadAll(io.LimitReader(file, cardFileMax+1))
	if err != nil {
		return CardImport{}, fmt.Errorf("read cards: %w", err)
	}
	if len(content) > cardFileMax {
		return CardImport{Faults: []Fault{{1, FaultTooMany}}}, nil
	}
	lines, faults := readCards(content)
	var serials []string
	for _, l := range lines {
		serials = append(serials, l.serial)
	}
	out := CardImport{Faults: faults}
	known, err := r.knownCards(ctx, serials)
	if err != nil {
		return out, err
	}
	for number, l := range lines {
		if known[l.serial] {
			out.Faults = append(out.Faults, Fault{number, FaultKnown})
		}
	}
	slices.SortFunc(out.Faults, func(a, b Fault) int { return cmp.Compare(a.Line, b.Line) })
	out.Cards = len(lines) - len(known)
	if dry || len(out.Faults) > 0 || len(lines) == 0 {
		return out, nil
	}
	out.Done = true
	return out, r.addCards(ctx, by, lines, cardsImported{Digest: digest(content), Cards: len(lines)})
}

// readCards reads the lines of a file, by number.
func readCards(content []byte) (map[int]cardLine, []Fault) {
	out, seen, faults := map[int]cardLine{}, map[string]bool{}, []Fault(nil)
	scanner := bufio.NewScanner(bytes.NewReader(bytes.TrimPrefix(content, []byte("\ufeff"))))
	for number := 1; scanner.Scan(); number++ {
		text := strings.TrimSpace(scanner.Text())
		if text == "" || number == 1 && strings.EqualFold(strings.ReplaceAll(text, " ", ""), "serial;seed") {
			continue
		}
		l, fault := readCard(text)
		switch {
		case fault == "" && seen[l.serial]:
			fault = FaultTwice
		case len(out) == cardsMax:
			return out, append(faults, Fault{number, FaultTooMany})
		}
		if fault != "" {
			faults = append(faults, Fault{number, fault})
			continue
		}
		out[number], seen[l.serial] = l, true
	}
	if scanner.Err() != nil { // a line of more than 64 KiB
		faults = append(faults, Fault{1, FaultColumns})
	}
	return out, faults
}

func readCard(text string) (cardLine, string) {
	serial, seed, two := strings.Cut(text, ";")
	if !two || strings.Contains(seed, ";") {
		return cardLine{}, FaultColumns
	}
	l := cardLine{serial: strings.ToUpper(strings.Trim(serial, ` "`))}
	if !serialForm.MatchString(l.serial) {
		return l, FaultSerial
	}
	var err error
	if l.seed, err = hex.DecodeString(strings.Trim(seed, ` "`)); err != nil || len(l.seed) < seedMin || len(l.seed) > seedMax {
		return l, FaultSeed
	}
	return l, ""
}

func (r *Register) knownCards(ctx context.Context, serials []string) (map[string]bool, error) {
	known := map[string]bool{}
	err := r.db.Read(ctx, db.Nothing(), func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, `select serial from credential_card where serial = any ($1)`, serials)
		if err != nil {
			return err
		}
		var serial string
		_, err = pgx.ForEachRow(rows, []any{&serial}, func() error { known[serial] = true; return nil })
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("look for known cards: %w", err)
	}
	return known, nil
}

func (r *Register) addCards(ctx context.Context, by journal.Actor, lines map[int]cardLine, detail cardsImported) error {
	var serials []string
	var wraps, seals [][]byte
	for _, l := range lines {
		wrapped, sealed, err := r.sealSeed(cardOwner(l.serial), purposeCard, l.seed)
		if err != nil {
			return fmt.Errorf("seal seed: %w", err)
		}
		serials, wraps, seals = append(serials, l.serial), append(wraps, wrapped), append(seals, sealed)
	}
	return r.administer(ctx, by, "import cards", func(tx *journal.Tx) (journal.Event, error) {
		_, err := tx.Exec(ctx, `insert into credential_card (serial, data_key, seed, state, imported_at)
			select serial, data_key, seed, 'stock', $4 from unnest($1::text[], $2::bytea[], $3::bytea[]) line (serial, data_key, seed)`, serials, wraps, seals, tx.Now)
		if db.Unique(err, "") {
			err = db.ErrConflict // somebody else imported one of them meanwhile
		}
		return journal.Event{Action: "cards.imported", Detail: detail}, err
	})
}

// lose takes the cards of a person out of the stock for good.
func lose(tx *journal.Tx, person uuid.UUID) {
	tx.Queue(`update credential_card set state = 'lost' where serial in (select serial from credential_totp where person_id = $1 and serial is not null)`, person)
}
