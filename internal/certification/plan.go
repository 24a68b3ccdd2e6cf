package certification

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
	"mandat/internal/journal"
	"mandat/internal/org"
)

// BatchLines is how many lines of a file one act takes in.
const BatchLines = 1000

// The effects of a line: keys for the words that a page has for them. A line without any changes nothing.
const (
	EffectTrained   = "trained"
	EffectPassed    = "passed"
	EffectFailed    = "failed" // the test is recorded, and passes nobody
	EffectCertified = "certified"
)

// Line is what a line of a file does, or why it does nothing.
type Line struct {
	Number  int      // in the file; the header is line 1
	Email   string   // as it was written there, in lower case; "" when there is none
	Effects []string // in their order
	Until   time.Time
	Wrong   string // why the line is refused: one of the Wrong… or of Key's; "" is not
}

// Counts sums lines up.
type Counts struct{ Changed, Unchanged, Refused int }

func (n *Counts) add(l Line) {
	switch {
	case l.Wrong != "":
		n.Refused++
	case len(l.Effects) == 0:
		n.Unchanged++
	default:
		n.Changed++
	}
}

// Plan is what a file would do now.
type Plan struct {
	SHA256 []byte // of the file, for the one who imports to see that it is the same
	Lines  []Line
	Counts
}

// Plan reads a file of results and says what each of its lines would do. It changes nothing. Errors: ErrTooLarge, ErrEncoding,
// ErrEmpty, ErrHeader (perhaps a *HeaderError); org.ErrMayNot.
func (r *Register) Plan(ctx context.Context, by journal.Actor, file io.Reader) (Plan, error) {
	content, err := read(file)
	if err != nil {
		return Plan{}, err
	}
	records, err := parse(content)
	if err != nil {
		return Plan{}, err
	}
	ask := &pgx.Batch{}
	may := org.MayAdminister(ask, by)
	// MayAdminister locks: that takes a transaction that could write.
	if err := r.db.WriteAfter(ctx, db.System(), db.Soon, ask, func(*db.Tx) error { return may() }); err != nil {
		return Plan{}, fmt.Errorf("plan import: %w", err)
	}
	sum := sha256.Sum256(content)
	plan := Plan{SHA256: sum[:], Lines: make([]Line, 0, len(records))}
	for batch := range slices.Chunk(records, BatchLines) {
		ask := &pgx.Batch{}
		found := lookUp(ask, batch)
		if err := r.db.Ask(ctx, db.System(), ask); err != nil {
			return Plan{}, fmt.Errorf("plan import: %w", err)
		}
		for _, rec := range batch {
			line, _ := rec.apply(found, r.minimum, r.clock.Now())
			plan.add(line)
			plan.Lines = append(plan.Lines, line)
		}
	}
	return plan, nil
}

// addresses are those that lines are about.
func addresses(batch []record) []string {
	out := make([]string, 0, len(batch))
	for _, rec := range batch {
		if rec.wrong == "" {
			out = append(out, rec.email)
		}
	}
	return out
}

// lookUp queues the question whom the lines are about. The map is filled when the batch has run.
func lookUp(b *pgx.Batch, batch []record) map[string]Certification {
	found := make(map[string]Certification, len(batch))
	b.Queue(`select p.email, `+columns+` from person p left join certification c on c.person_id = p.id where p.email = any ($1)`, addresses(batch)).Query(func(rows pgx.Rows) error {
		defer rows.Close()
		for rows.Next() {
			var email string
			var c Certification
			if err := c.scan(rows, &email); err != nil {
				return err
			}
			found[email] = c
		}
		return rows.Err()
	})
	return found
}

// apply is what a line does, and what whom it is about is then.
func (rec record) apply(found map[string]Certification, minimum int, now time.Time) (Line, Certification) {
	l := Line{Number: rec.number, Email: rec.email, Wrong: rec.wrong}
	before, known := found[rec.email]
	if l.Wrong == "" && !known {
		l.Wrong = WrongUnknown
	}
	if l.Wrong != "" {
		return l, before
	}
	after, err := before.take(rec.course, rec.test, minimum, now)
	if err != nil {
		l.Wrong = Key(err)
		return l, before
	}
	l.Effects, l.Until = effects(before, after), after.CertifiedUntil
	return l, after
}

// effects says in words what has changed.
func effects(before, after Certification) []string {
	var out []string
	if (Course{before.TrainedOn, before.Organiser, before.Training} != Course{after.TrainedOn, after.Organiser, after.Training}) {
		out = append(out, EffectTrained)
	}
	if (Test{before.TestedOn, before.Score} != Test{after.TestedOn, after.Score}) {
		if after.PassedOn.Equal(after.TestedOn) {
			out = append(out, EffectPassed)
		} else {
			out = append(out, EffectFailed)
		}
	}
	if !before.CertifiedAt.Equal(after.CertifiedAt) {
		out = append(out, EffectCertified)
	}
	return out
}
