// Package contact lets people show that an e-mail address or a telephone number is theirs, by a code that is sent there. It owns the
// tables person_contact and person_contact_former.
//
//	contact.go  Start notes what somebody says is theirs; Write makes the code when its message is written; Prove compares what was typed
//	former.go   who asks for another address is told so at the one they have, even when they have the other one by then
//
// Until it is shown, an address or number stands in person_contact and is used for nothing else. A code is six digits, for a quarter of an hour and
// five tries, which are counted in the row before they are compared; it is stored under a key, for six digits are soon tried. How often codes
// are sent is limited for each person.
package contact

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"fmt"
	"math/big"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/clock"
	"mandat/internal/db"
	"mandat/internal/envelope"
	"mandat/internal/journal"
	"mandat/internal/org"
	"mandat/internal/throttle"
	"mandat/internal/token"
)

// What a code is worth.
const (
	Life  = 15 * time.Minute
	tries = 5
	sends = 5 // at once, and then one in an hour: each costs money, or comes to somebody who did not ask
)

// Errors of contacts, besides org.ErrContact.
var (
	ErrNotShown = errors.New("wrong, late or used") // one answer for all of these
	ErrTooOften = errors.New("too many messages were asked for")
)

// Register keeps what people say is theirs.
type Register struct {
	db        *db.DB
	journal   *journal.Journal
	directory *org.Directory
	keys      *envelope.Keys
	clock     *clock.Clock
	throttle  *throttle.Throttle
}

// New returns the contacts kept in this database. The directory queues their messages (see org.Directory.Telling).
func New(d *db.DB, j *journal.Journal, directory *org.Directory, keys *envelope.Keys, c *clock.Clock) *Register {
	return &Register{d, j, directory, keys, c, throttle.New(d, c)}
}

// Start notes what the actor says is their address (org.ByEmail) or number (org.ByPhone), and queues the message with the code: contact_email or
// contact_phone. What was said before is forgotten. Whether somebody else has that address is not told. Who asks for another address is told so at the
// one they have (message contact_changed). It returns org.ErrContact, org.ErrFactorTooOld and ErrTooOften.
func (r *Register) Start(ctx context.Context, by journal.Actor, kind, value string) error {
	read := map[string]func(string) (string, error){org.ByEmail: org.Email, org.ByPhone: org.Phone}[kind]
	if read == nil {
		return org.ErrContact
	}
	value, err := read(value)
	if err != nil {
		return err
	}
	now := r.clock.Now()
	if err := org.Fresh(by, now); err != nil {
		return err
	}
	wait, err := r.throttle.Take(ctx, throttle.Allowance{Of: "contact." + kind, Who: by.Person.String(), Burst: sends, Every: time.Hour})
	if err == nil && wait > 0 {
		err = ErrTooOften
	}
	if err != nil {
		return fmt.Errorf("start contact: %w", err)
	}
	err = r.db.Write(ctx, db.Nothing(), db.Durable, func(tx *db.Tx) error {
		// Nothing has this hash until the message is written.
		if _, err := tx.Exec(ctx, `insert into person_contact (person_id, kind, value, hash, created_at, expires_at) values ($1, $2, $3, $4, $5, $6)
			on conflict (person_id, kind) do update set value = excluded.value, hash = excluded.hash, tries = 0,
				created_at = excluded.created_at, expires_at = excluded.expires_at`,
			by.Person, kind, value, token.Bytes(32), now, now.Add(Life)); err != nil {
			return err
		}
		if err := r.directory.Tell(tx, now, org.Message{Kind: "contact_" + kind, About: about(by.Person, now), Person: by.Person}); err != nil {
			return err
		}
		if kind == org.ByEmail {
			return r.warn(ctx, tx, now, by.Person, value)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("start contact: %w", err)
	}
	return nil
}

// about tells the messages of one start from those of another.
func about(person uuid.UUID, at time.Time) string {
	return person.String() + " " + journal.TimeText(at)
}

// Write makes the code of what was started last, stores its hash, and returns where it is to be sent. The job that writes the message calls it;
// what it returned before opens nothing any more. It returns db.ErrNotFound when nothing is waiting.
func (r *Register) Write(ctx context.Context, person uuid.UUID, kind string) (value, code string, err error) {
	n, err := rand.Int(rand.Reader, big.NewInt(1_000_000))
	if err != nil {
		return "", "", fmt.Errorf("write contact: %w", err)
	}
	code = fmt.Sprintf("%06d", n)
	hash, err := r.hash(person, kind, code)
	if err != nil {
		return "", "", err
	}
	err = r.db.Write(ctx, db.Nothing(), db.Durable, func(tx *db.Tx) error {
		return tx.QueryRow(ctx, `update person_contact set hash = $3 where person_id = $1 and kind = $2 and expires_at > $4 returning value`,
			person, kind, hash, r.clock.Now()).Scan(&value)
	})
	return value, code, db.Found("write contact", err)
}

func (r *Register) hash(person uuid.UUID, kind, code string) ([]byte, error) {
	return r.keys.Index(person, "contact "+kind, code)
}

// Waiting returns what the person has said and not shown yet, "" for nothing.
func (r *Register) Waiting(ctx context.Context, person uuid.UUID, kind string) (string, error) {
	var value string
	err := r.db.Read(ctx, db.Nothing(), func(tx pgx.Tx) error {
		return tx.QueryRow(ctx, `select value from person_contact where person_id = $1 and kind = $2 and expires_at > $3`,
			person, kind, r.clock.Now()).Scan(&value)
	})
	if errors.Is(err, pgx.ErrNoRows) {
		return "", nil
	}
	return value, db.Found("find contact", err)
}

// Prove shows, with the code of the message, that what the actor started is theirs: it is their address or number from then on. Blanks in the code
// do not count. It returns ErrNotShown for a code that does not, and db.ErrConflict when the address is somebody else's.
func (r *Register) Prove(ctx context.Context, by journal.Actor, kind, code string) error {
	hash, err := r.hash(by.Person, kind, strings.Join(strings.Fields(code), ""))
	if err != nil {
		return err
	}
	switch right, err := r.try(ctx, by.Person, kind, hash); {
	case err != nil:
		return err
	case !right:
		return ErrNotShown
	}
	err = r.journal.Record(ctx, by, func(tx *journal.Tx) (journal.Event, error) {
		var value string
		err := tx.QueryRow(ctx, `delete from person_contact where person_id = $1 and kind = $2 and hash = $3 and expires_at > $4 returning value`,
			by.Person, kind, hash, tx.Now).Scan(&value)
		if err != nil {
			return journal.Event{}, err
		}
		return org.Reach(ctx, tx, by.Person, kind, value)
	})
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return ErrNotShown
	case db.Unique(err, "person_email"):
		return db.ErrConflict
	case err != nil:
		return fmt.Errorf("prove contact: %w", err)
	}
	return nil
}

// try counts a try before it says whether it was right: of many at once none is free.
func (r *Register) try(ctx context.Context, person uuid.UUID, kind string, hash []byte) (bool, error) {
	var stored []byte
	err := r.db.Write(ctx, db.Nothing(), db.Durable, func(tx *db.Tx) error {
		return tx.QueryRow(ctx, `update person_contact set tries = tries + 1
			where person_id = $1 and kind = $2 and tries < $3 and expires_at > $4 returning hash`,
			person, kind, tries, r.clock.Now()).Scan(&stored)
	})
	if errors.Is(err, pgx.ErrNoRows) {
		return false, nil
	}
	return subtle.ConstantTimeCompare(stored, hash) == 1, db.Found("try contact", err)
}
