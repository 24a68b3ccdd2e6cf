package certification

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
	"mandat/internal/journal"
	"mandat/internal/org"
)

// recorded is the detail of the entries that tell of one person's certification; docs/journal.md lists it.
type recorded struct {
	Person    string `json:"person"`
	State     string `json:"state,omitempty"` // after the act
	TrainedOn string `json:"trained_on,omitempty"`
	Training  string `json:"training,omitempty"`
	Organiser string `json:"organiser_sha256,omitempty"`
	TestedOn  string `json:"tested_on,omitempty"`
	Score     *int   `json:"score,omitempty"`
	Minimum   *int   `json:"minimum,omitempty"`
	Until     string `json:"until,omitempty"`
}

// organiserDigest says in an entry who held a training, for whoever holds the row. It is another one for each person.
func organiserDigest(person uuid.UUID, organiser string) string {
	list, err := json.Marshal([]string{person.String(), organiser})
	if err != nil {
		return "" // texts always have a form in JSON
	}
	sum := sha256.Sum256(list)
	return hex.EncodeToString(sum[:])
}

func (d *recorded) trained(c Certification) {
	d.State, d.TrainedOn, d.Training, d.Organiser = c.Stored, c.TrainedOn.Format(time.DateOnly), c.Training, organiserDigest(c.Person, c.Organiser)
}

func (d *recorded) tested(c Certification) {
	d.State, d.TestedOn, d.Score, d.Minimum = c.Stored, c.TestedOn.Format(time.DateOnly), &c.Score, &c.Minimum
}

func (d *recorded) certified(c Certification) {
	d.State, d.Until = c.Stored, journal.TimeText(c.CertifiedUntil)
}

// Train records a training. Errors, as for the other acts: those of this package; org.ErrMayNot for who is no administrator;
// org.ErrFactorTooOld; db.ErrNotFound for nobody; db.ErrConflict when another act came between.
func (r *Register) Train(ctx context.Context, by journal.Actor, person uuid.UUID, t Course) error {
	return r.act(ctx, by, person, "record training", func(c Certification, now time.Time) (Certification, journal.Event, error) {
		c, err := c.train(t, now)
		d := recorded{Person: person.String()}
		d.trained(c)
		return c, journal.Event{Action: "certification.trained", Detail: d}, err
	})
}

// Test records a test, passed or not.
func (r *Register) Test(ctx context.Context, by journal.Actor, person uuid.UUID, t Test) error {
	return r.act(ctx, by, person, "record test", func(c Certification, now time.Time) (Certification, journal.Event, error) {
		c, err := c.test(t, r.minimum, now)
		d := recorded{Person: person.String()}
		d.tested(c)
		return c, journal.Event{Action: "certification.tested", Detail: d}, err
	})
}

// Certify certifies who was trained and passed a test, for the first time or again.
func (r *Register) Certify(ctx context.Context, by journal.Actor, person uuid.UUID) error {
	return r.act(ctx, by, person, "certify", func(c Certification, now time.Time) (Certification, journal.Event, error) {
		c, err := c.certify(now)
		d := recorded{Person: person.String()}
		d.certified(c)
		return c, journal.Event{Action: "certification.certified", Detail: d}, err
	})
}

// Grant records a training and a passed test and certifies, in one act: what a line of a file does that brings both.
func (r *Register) Grant(ctx context.Context, by journal.Actor, person uuid.UUID, course Course, test Test) error {
	return r.act(ctx, by, person, "grant certificate", func(c Certification, now time.Time) (Certification, journal.Event, error) {
		c, err := c.take(&course, &test, r.minimum, now)
		switch {
		case err != nil:
		case test.Score < r.minimum:
			err = ErrNotPassed
		case !c.CertifiedAt.Equal(now):
			err = ErrRecorded
		}
		d := recorded{Person: person.String()}
		d.trained(c)
		d.tested(c)
		d.certified(c)
		return c, journal.Event{Action: "certification.granted", Detail: d}, err
	})
}

// Suspend takes a certificate away until Resume, and tells its holder. Its time goes on.
func (r *Register) Suspend(ctx context.Context, by journal.Actor, person uuid.UUID) error {
	return r.act(ctx, by, person, "suspend certificate", func(c Certification, now time.Time) (Certification, journal.Event, error) {
		c, err := c.suspend(now)
		return c, journal.Event{Action: "certification.suspended", Detail: recorded{Person: person.String(), State: c.Stored}}, err
	})
}

// Resume gives a suspended certificate back, for what is left of its time, and tells its holder.
func (r *Register) Resume(ctx context.Context, by journal.Actor, person uuid.UUID) error {
	return r.act(ctx, by, person, "resume certificate", func(c Certification, _ time.Time) (Certification, journal.Event, error) {
		c, err := c.resume()
		return c, journal.Event{Action: "certification.resumed", Detail: recorded{Person: person.String(), State: c.Stored}}, err
	})
}

// told is of which acts, by their entries, who is concerned is told at once, and how; of a certificate that was given, announce tells.
var told = map[string]string{"certification.suspended": "certification_suspended", "certification.resumed": "certification_resumed"}

// act changes one person's certification by a step of rules.go. The person is locked before the clock is read, as their own
// acts lock themselves: one that is under way comes first.
func (r *Register) act(ctx context.Context, by journal.Actor, person uuid.UUID, doing string, step func(Certification, time.Time) (Certification, journal.Event, error)) error {
	first := &pgx.Batch{}
	may := org.MayAdminister(first, by)
	first.Queue(`select from person where id = $1 for no key update`, person)
	var before Certification
	known := true
	first.Queue(`select `+columns+` from person p left join certification c on c.person_id = p.id where p.id = $1`, person).QueryRow(func(row pgx.Row) error {
		err := before.scan(row)
		if known = !errors.Is(err, pgx.ErrNoRows); !known {
			return nil
		}
		return err
	})
	err := r.journal.RecordAfter(ctx, by, first, func(tx *journal.Tx) (journal.Event, error) {
		if err := may(); err != nil {
			return journal.Event{}, err
		}
		if err := org.Fresh(by, tx.Now); err != nil {
			return journal.Event{}, err
		}
		if !known {
			return journal.Event{}, db.ErrNotFound
		}
		after, event, err := step(before, tx.Now)
		if err != nil {
			return journal.Event{}, err
		}
		if err := put(ctx, tx, before, after); err != nil {
			return event, err
		}
		if kind := told[event.Action]; kind != "" {
			return event, r.tell(tx.Tx, tx.Now, org.Message{Kind: kind, About: person.String() + " " + journal.TimeText(tx.Now), Person: person})
		}
		return event, r.announce(ctx, tx, person)
	})
	if err != nil {
		return fmt.Errorf("%s: %w", doing, err)
	}
	return nil
}

// put keeps what became of a certification, if it still is as it was.
func put(ctx context.Context, tx *journal.Tx, before, c Certification) error {
	return tx.ExecOne(ctx, db.ErrConflict, `insert into certification as c (person_id, state, trained_on, organiser, training, tested_on, score, minimum, passed_on, certified_at,
			certified_until, suspended_at, updated_at)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
		on conflict (person_id) do update set state = excluded.state, trained_on = excluded.trained_on, organiser = excluded.organiser, training = excluded.training,
			tested_on = excluded.tested_on, score = excluded.score, minimum = excluded.minimum, passed_on = excluded.passed_on, certified_at = excluded.certified_at,
			certified_until = excluded.certified_until, suspended_at = excluded.suspended_at, updated_at = excluded.updated_at
		where c.state = $14 and c.trained_on is not distinct from $15 and c.tested_on is not distinct from $16 and c.score is not distinct from $17
			and c.certified_until is not distinct from $18`,
		c.Person, c.Stored, orNull(c.TrainedOn), db.OrNull(c.Organiser), db.OrNull(c.Training), orNull(c.TestedOn), c.score(c.Score), c.score(c.Minimum), orNull(c.PassedOn),
		orNull(c.CertifiedAt), orNull(c.CertifiedUntil), orNull(c.SuspendedAt), tx.Now,
		before.Stored, orNull(before.TrainedOn), orNull(before.TestedOn), before.score(before.Score), orNull(before.CertifiedUntil))
}

func orNull(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

// score is a figure of the last test, none without one.
func (c Certification) score(n int) *int {
	if c.TestedOn.IsZero() {
		return nil
	}
	return &n
}
