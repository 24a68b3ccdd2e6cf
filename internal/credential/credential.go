package credential

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/card"
	"mandat/internal/clock"
	"mandat/internal/db"
	"mandat/internal/envelope"
	"mandat/internal/journal"
	"mandat/internal/org"
	"mandat/internal/throttle"
)

// What callers decide on. Acts on factors also return org.ErrFactorTooOld.
var (
	ErrWrong    = errors.New("this is not the person's factor")                              // wrong code, wrong key, used before, too late; never which
	ErrCloned   = errors.New("the counter of this key went back: there may be a copy of it") // the key does not count any more
	ErrNoFactor = errors.New("this person has no such factor")                               // to be asked for, or to keep recovery codes beside
	ErrLast     = errors.New("this is the last factor of a person who signs in with nothing else")
	ErrName     = errors.New("a name has 1 to 60 characters")
	ErrTooMany  = errors.New("this person has as many factors as there may be")
	ErrReset    = errors.New("all factors of this person are to be removed: what their keys sign counts no more")
	ErrTerms    = errors.New("the key signed other terms")
)

// ErrWait says that too many codes were tried. Nothing was compared; after Until it will be.
type ErrWait struct{ Until time.Time }

// Error says so without the time, which a page says in its own words.
func (ErrWait) Error() string { return "too many codes were tried" }

// The kinds of factors, as sessions keep them.
const (
	KindPasskey  = "passkey"
	KindApp      = "app"
	KindCard     = "card"
	KindRecovery = "recovery"
)

// Given says that a person gave a factor.
type Given struct {
	Person  uuid.UUID
	Kind    string // KindPasskey, …
	At      time.Time
	Citizen uuid.UUID // for whom a key was asked, nil for nobody in particular; what a code is for says the page with its form
}

// Config says as whom we speak to browsers.
type Config struct {
	RPID    string   // the domain of the site, without port ("mandat.example"); keys made for it work nowhere else, and never for another one
	Origins []string // of the site's pages ("https://mandat.example")
	Name    string   // shown by browsers and code applications
}

// Register reads and changes factors.
type Register struct {
	db       *db.DB
	journal  *journal.Journal
	keys     *envelope.Keys
	clock    *clock.Clock
	throttle *throttle.Throttle
	cards    *card.Stock
	webauthn *webauthn.WebAuthn
	name     string
	hooks    Hooks
}

// Hooks are what happens elsewhere in the transactions of acts. Nil does nothing.
type Hooks struct {
	Tell   func(*journal.Tx, org.Message) error                // queue a message
	End    func(context.Context, *journal.Tx, uuid.UUID) error // end every session of a person
	Finish func(*journal.Tx, uuid.UUID)                        // end the link by which a person came to add their first factor
}

// New returns the register kept in this database under these keys.
func New(d *db.DB, j *journal.Journal, keys *envelope.Keys, c *clock.Clock, as Config, hooks Hooks) (*Register, error) {
	resident := true
	w, err := webauthn.New(&webauthn.Config{RPID: as.RPID, RPDisplayName: as.Name, RPOrigins: as.Origins, AttestationPreference: protocol.PreferNoAttestation,
		AuthenticatorSelection: protocol.AuthenticatorSelection{RequireResidentKey: &resident, ResidentKey: protocol.ResidentKeyRequirementRequired,
			UserVerification: protocol.VerificationRequired}})
	if err != nil {
		return nil, fmt.Errorf("passkeys for %q: %w", as.RPID, err)
	}
	if hooks.Tell == nil {
		hooks.Tell = func(*journal.Tx, org.Message) error { return nil }
	}
	if hooks.End == nil {
		hooks.End = func(context.Context, *journal.Tx, uuid.UUID) error { return nil }
	}
	if hooks.Finish == nil {
		hooks.Finish = func(*journal.Tx, uuid.UUID) {}
	}
	return &Register{db: d, journal: j, keys: keys, clock: c, throttle: throttle.New(d, c), cards: card.New(d, j, keys), webauthn: w, name: as.Name, hooks: hooks}, nil
}

// changed is the detail of entries about factors.
type changed struct {
	Person   string `json:"person"`
	Kind     string `json:"kind,omitempty"`
	Factor   string `json:"factor,omitempty"`
	Digest   string `json:"digest,omitempty"`   // of a public key, or of a set of recovery codes: hexadecimal SHA-256
	Serial   string `json:"serial,omitempty"`   // of a card
	Replaces string `json:"replaces,omitempty"` // the application that stopped counting with this one
	Last     bool   `json:"last,omitempty"`     // it was the last one: the recovery codes went with it
	Left     *int   `json:"left,omitempty"`     // recovery codes not used yet
}

func digest(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// holding is what a person has, read under the lock of their row.
type holding struct {
	known, suspended, identity bool // identity: ProConnect knows them, so that they sign in without a factor of ours
	passkeys, generators       int  // that count
}

func (h *holding) factors() int { return h.passkeys + h.generators }

// own runs an act of a person on their own factors: they are locked, and have to have given a factor lately, or to have none
// and be in a session that was opened to add the first one.
func (r *Register) own(ctx context.Context, by journal.Actor, doing string, f func(*journal.Tx, holding) (journal.Event, error)) error {
	var h holding
	lock := &pgx.Batch{}
	h.ask(lock, by.Person)
	err := r.journal.RecordAfter(ctx, by, lock, func(tx *journal.Tx) (journal.Event, error) {
		if err := h.may(by, tx.Now); err != nil {
			return journal.Event{}, err
		}
		return f(tx, h)
	})
	return wrap(doing, err)
}

// ask queues the lock of a person, and the question what they have, in a statement of its own: one that has waited for the lock
// would still count what was there before.
func (h *holding) ask(b *pgx.Batch, person uuid.UUID) {
	b.Queue(`select suspended_at is not null from person where id = $1 for no key update`, person).Query(func(rows pgx.Rows) error {
		defer rows.Close()
		if h.known = rows.Next(); h.known {
			return rows.Scan(&h.suspended)
		}
		return rows.Err()
	})
	b.Queue(`select exists (select from person_identity where person_id = $1 and state = 'confirmed'),
		(select count(*) from credential_passkey where person_id = $1 and cloned_at is null),
		(select count(*) from credential_totp where person_id = $1 and confirmed_at is not null)`, person).QueryRow(func(row pgx.Row) error {
		return row.Scan(&h.identity, &h.passkeys, &h.generators)
	})
}

func (h *holding) may(by journal.Actor, now time.Time) error {
	switch {
	case !h.known || by.Kind == journal.System:
		return db.ErrNotFound
	case h.suspended:
		return org.ErrMayNot
	case by.Enrolling && h.factors() == 0:
		return nil
	}
	return org.Fresh(by, now)
}

// tell queues a message about something to a person.
func (r *Register) tell(tx *journal.Tx, kind string, about, person uuid.UUID) error {
	return r.hooks.Tell(tx, message(kind, about.String(), person))
}

// telling is tell, unless what was to be told has failed.
func (r *Register) telling(err error, tx *journal.Tx, kind string, about, person uuid.UUID) error {
	if err != nil {
		return err
	}
	return r.tell(tx, kind, about, person)
}

// added queues what follows from a factor that was added, unless that has failed: the person is told, and no link leads them any more to where a
// first one is added, also when there is none again.
func (r *Register) added(err error, tx *journal.Tx, id, person uuid.UUID) error {
	if err != nil {
		return err
	}
	r.hooks.Finish(tx, person)
	tx.Queue(`update credential_reset set token_hash = null, token_until = $2 where person_id = $1 and state = 'done'`, person, tx.Now)
	return r.tell(tx, "factor_added", id, person)
}

func message(kind, about string, person uuid.UUID) org.Message {
	return org.Message{Kind: kind, About: about, Person: person}
}

// named cleans a name that a person gave.
func named(name string) (string, error) {
	name = strings.Join(strings.Fields(name), " ")
	if n := utf8.RuneCountInString(name); n < 1 || n > 60 || !utf8.ValidString(name) || strings.ContainsRune(name, 0) {
		return "", ErrName
	}
	return name, nil
}

// wrap says what was being done, unless callers decide on the error.
func wrap(doing string, err error) error {
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return db.ErrNotFound
	case errors.Is(err, card.ErrNotInStock):
		return ErrWrong
	}
	for _, known := range []error{ErrWrong, ErrCloned, ErrNoFactor, ErrLast, ErrName, ErrTooMany, ErrReset, ErrTerms, db.ErrNotFound, db.ErrConflict, org.ErrFactorTooOld, org.ErrYourself} {
		if errors.Is(err, known) {
			return known
		}
	}
	if err != nil {
		return fmt.Errorf("%s: %w", doing, err)
	}
	return nil
}
