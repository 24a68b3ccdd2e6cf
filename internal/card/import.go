package card

import (
	"cmp"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"slices"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
	"mandat/internal/journal"
)

// Import is what an import of cards does, or did.
type Import struct {
	Cards  int     // that it adds
	Faults []Fault // with one of these nothing is added
	Done   bool
}

// imported is the detail of the entry.
type imported struct {
	Digest string `json:"digest"` // of the file: hexadecimal SHA-256
	Cards  int    `json:"cards"`
}

// Import adds cards to the stock from a file with a line "serial;seed" for each, the seed in hexadecimal; a first line with
// these words is passed by. It is one act of an administrator: everything is added, or nothing. dry only looks.
func (s *Stock) Import(ctx context.Context, by journal.Actor, file io.Reader, dry bool) (Import, error) {
	content, err := io.ReadAll(io.LimitReader(file, fileMax+1))
	if err != nil {
		return Import{}, fmt.Errorf("read cards: %w", err)
	}
	if len(content) > fileMax {
		return Import{Faults: []Fault{{1, FaultTooMany}}}, nil
	}
	lines, faults := readFile(content)
	var serials []string
	for _, l := range lines {
		serials = append(serials, l.serial)
	}
	out := Import{Faults: faults}
	known, err := s.known(ctx, serials)
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
	return out, s.add(ctx, by, lines, imported{Digest: fmt.Sprintf("%x", sha256.Sum256(content)), Cards: len(lines)})
}

// purpose is what seeds are sealed for. It never changes: stored values would no longer open.
const purpose = "credential.card"

// owner is the id under which a card's seed is sealed.
func owner(serial string) uuid.UUID {
	return uuid.NewSHA1(uuid.NameSpaceOID, []byte("mandat card "+serial))
}

func (s *Stock) known(ctx context.Context, serials []string) (map[string]bool, error) {
	known := map[string]bool{}
	err := s.db.Read(ctx, db.Nothing(), func(tx pgx.Tx) error {
		found, err := tx.Query(ctx, `select serial from credential_card where serial = any ($1)`, serials)
		if err != nil {
			return err
		}
		var serial string
		_, err = pgx.ForEachRow(found, []any{&serial}, func() error { known[serial] = true; return nil })
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("look for known cards: %w", err)
	}
	return known, nil
}

func (s *Stock) add(ctx context.Context, by journal.Actor, lines map[int]line, detail imported) error {
	var serials []string
	var wraps, seals [][]byte
	for _, l := range lines {
		wrapped, sealed, err := s.keys.Seal(owner(l.serial), purpose, l.seed)
		if err != nil {
			return fmt.Errorf("seal seed: %w", err)
		}
		serials, wraps, seals = append(serials, l.serial), append(wraps, wrapped), append(seals, sealed)
	}
	return s.administer(ctx, by, "import cards", func(tx *journal.Tx) (journal.Event, error) {
		_, err := tx.Exec(ctx, `insert into credential_card (serial, data_key, seed, state, imported_at)
			select serial, data_key, seed, 'stock', $4 from unnest($1::text[], $2::bytea[], $3::bytea[]) line (serial, data_key, seed)`, serials, wraps, seals, tx.Now)
		if db.Unique(err, "") {
			err = db.ErrConflict // somebody else imported one of them meanwhile
		}
		return journal.Event{Action: "cards.imported", Detail: detail}, err
	})
}
