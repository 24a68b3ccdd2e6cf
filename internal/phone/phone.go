// Package phone keeps citizens' telephone numbers, each as one organisation knows it, and lets a number be shown to be in the citizen's hand: the
// aidant enters it with the citizen present, a code goes there by SMS, the citizen reads it out, and the aidant types it. It owns the tables phone
// and phone_holder.
//
//	phone.go    what a number is, and who may read it
//	ask.go      the aidant enters a number: the code is on its way, or a colleague is needed first
//	allow.go    the colleague gives the reason, in their own session with their own second factor
//	verify.go   the code is typed: the number is verified, and the one before is removed
//	remove.go   a number is removed, and forgotten but for whom it is bound to
//	held.go     whom a number serves, in the whole service, without saying whom
//	send.go     the job that sends the code, and what the gateway reports
//	compare.go  what the journal says of numbers against what the table says
//
// A number is asked, verified or removed; of each of the first two a citizen has at most one. It stands sealed under the citizen's data key. The
// code is six digits for ten minutes and five tries, which are counted before they are compared. It is derived from the message's id under a key
// outside the database: a second try of the job sends the same code, and nothing of it is stored.
//
// Consent by SMS rests on a number that the aidant does not hold. So a number that is a professional's (anybody's verified or pending one, or that
// of an invitation), or that serves another person, is refused; a second aidant of the organisation, who is not its owner, may allow it and gives the
// reason, which is kept. A number counts for a draft only if it was verified before the draft was begun (Number.VerifiedBefore).
// A number that was removed counts as serving the person still, for as long as a mandate can stand that it agreed to and for half a year at least (Bound): they may
// have it again, and for somebody else a colleague gives the reason. The citizen is told by mail when a number is verified (Telling).
//
// What this does not prevent: an aidant and somebody outside with a telephone of their own.
//
// # Finding a number without joining people
//
// Two organisations that help the same person share nothing, not even a key to join them by (package citizen). A hash of the number keyed for the
// whole service, in the row, would be such a key: most people have one number. So the row has an index keyed for its organisation only, for exact
// search there. Whom a number serves in the whole service stands in phone_holder, which names no row and no organisation: an index of the
// number under a key of the service, a mark of the person and a seat of the citizen's row, both under a key made from the number. Whoever has the
// tables learns how many people and how many organisations one number serves, and not who or which; whoever has the key too can try all numbers. The
// mark is made from FranceConnect's sub where there is one: the same person in two organisations is no second person, and nobody has to explain it.
// Two citizens of one organisation are two people to it, even if documents told the same of both: there the rows and the seats are asked too.
// The seat of a number that was removed has the quarter from which on it is nobody's, and no other time: among few removals that tells which one it was, and with that
// whose rows in two organisations have one number; so seats go as soon as they may.
// Rows of one transaction can still be told by their xmin, and often by their order on disk, until PostgreSQL freezes and rewrites them: it guards
// against copies and curious queries, not against whoever watches the server itself.
package phone

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/nyaruka/phonenumbers"

	"mandat/internal/citizen"
	"mandat/internal/clock"
	"mandat/internal/db"
	"mandat/internal/envelope"
	"mandat/internal/journal"
	"mandat/internal/org"
	"mandat/internal/sms"
	"mandat/internal/throttle"
)

// CodeLife is how long a code can be typed, from when the number was entered.
const CodeLife = 10 * time.Minute

const tries = 5 // of one code

// Kept is how long a number that was never verified is kept.
const Kept = 24 * time.Hour

// The states of numbers.
const (
	Asked    = "asked"
	Verified = "verified"
	Removed  = "removed"
)

// Why a number needs a colleague.
const (
	Staff = "staff" // it is a professional's
	Other = "other" // it serves another citizen, or did lately
)

// The refusals that callers tell apart, besides org.ErrMayNot, org.ErrFactorTooOld and db.ErrNotFound.
var (
	ErrNumber     = errors.New("not a mobile number of France or its territories")
	ErrNotHere    = errors.New("the citizen has not proved who they are lately")
	ErrTooOften   = errors.New("too many codes were asked for")
	ErrNotShown   = errors.New("wrong, late or used") // one answer for all of these
	ErrBarred     = errors.New("a colleague has to allow this number")
	ErrReason     = errors.New("the reason is too short or too long")
	ErrSecret     = errors.New("the reason holds a number or a secret that must stand nowhere")
	ErrSamePerson = errors.New("who entered a number, or whose it is, does not allow it")
)

// barred is ErrBarred with why: Staff or Other.
type barred string

func (b barred) Error() string { return ErrBarred.Error() + ": " + string(b) }

// Is makes errors.Is(err, ErrBarred) true.
func (b barred) Is(target error) bool { return target == ErrBarred }

// Number is a citizen's number.
type Number struct {
	ID, Organisation, Citizen uuid.UUID
	State                     string
	Number                    string // E.164; "" once it is removed
	Barred                    string // Staff or Other: a colleague has to allow it, or has; "" for most
	AskedAt                   time.Time
	AskedBy                   uuid.UUID
	ExpiresAt                 time.Time // of the code; zero when none was asked for
	SentAt, FailedAt          time.Time // of the message with it; zero: not, or not yet
	Tries                     int
	Colleague                 uuid.UUID // who allowed it
	VerifiedAt                time.Time
	VerifiedBy                uuid.UUID
}

// VerifiedBefore reports whether the number is the citizen's and was so before t: whether it can consent to a draft that was begun at t.
func (n Number) VerifiedBefore(t time.Time) bool {
	return n.State == Verified && n.VerifiedAt.Before(t)
}

// NeedsColleague reports whether a colleague has to allow it before a code is sent.
func (n Number) NeedsColleague() bool {
	return n.State == Asked && n.Barred != "" && n.Colleague == uuid.Nil
}

// CodeSent reports whether a code can be typed at a time.
func (n Number) CodeSent(now time.Time) bool {
	return n.State == Asked && !n.ExpiresAt.IsZero() && now.Before(n.ExpiresAt) && n.Tries < tries
}

// Masked is the number with only its last two digits, to be recognised and not read.
func (n Number) Masked() string {
	if len(n.Number) < 2 {
		return ""
	}
	return "•• •• •• •• " + n.Number[len(n.Number)-2:]
}

// Register keeps the numbers of citizens.
type Register struct {
	db       *db.DB
	journal  *journal.Journal
	citizens *citizen.Register
	keys     *envelope.Keys
	clock    *clock.Clock
	throttle *throttle.Throttle
	gateway  *sms.Gateway
	tell     func(tx *db.Tx, now time.Time, m org.Message) error // nil tells nobody
}

// Telling returns the same register, which lets citizens be told of each number that is verified, in its transaction (notify.Queue).
func (r *Register) Telling(queue func(tx *db.Tx, now time.Time, m org.Message) error) *Register {
	telling := *r
	telling.tell = queue
	return &telling
}

// New returns the numbers kept in this database. Without a gateway (nil) no code leaves, and Ready is false. It tells nobody anything (see Telling).
func New(d *db.DB, j *journal.Journal, citizens *citizen.Register, keys *envelope.Keys, c *clock.Clock, gateway *sms.Gateway) *Register {
	return &Register{db: d, journal: j, citizens: citizens, keys: keys, clock: c, throttle: throttle.New(d, c), gateway: gateway}
}

// Ready reports whether codes can be sent.
func (r *Register) Ready() bool { return r.gateway != nil }

// Numbers are what an organisation has of one citizen; nil is none.
type Numbers struct{ Verified, Asked *Number }

// Of returns the numbers of a citizen of the actor's organisation, for who may read there (org.Reads). Nobody else's citizen has any.
func (r *Register) Of(ctx context.Context, by journal.Actor, citizen uuid.UUID) (Numbers, error) {
	var rows []row
	batch := &pgx.Batch{}
	mayRead := org.MayRead(batch, by)
	batch.Queue(`select `+columns+` from phone where organisation_id = $1 and citizen_id = $2 and state <> 'removed' and (state = 'verified' or asked_at > $3)`,
		by.Organisation, citizen, r.clock.Now().Add(-Kept)).Query(func(found pgx.Rows) error {
		if err := mayRead(); err != nil {
			return err
		}
		var err error
		rows, err = pgx.CollectRows(found, scan)
		return err
	})
	if err := r.db.Ask(ctx, db.InOrganisation(by.Organisation), batch); err != nil {
		return Numbers{}, db.Found("find telephone numbers", err)
	}
	if len(rows) == 0 {
		return Numbers{}, nil
	}
	var out Numbers
	err := r.db.Read(ctx, db.InOrganisation(by.Organisation), func(tx pgx.Tx) error {
		key, err := r.citizens.DataKey(ctx, tx, by.Organisation, citizen)
		if err != nil {
			return err
		}
		for _, x := range rows {
			if err := x.open(key); err != nil {
				return err
			}
			if x.State == Verified {
				out.Verified = &x.Number
			} else {
				out.Asked = &x.Number
			}
		}
		return nil
	})
	return out, db.Found("open telephone numbers", err)
}

// row is a number as stored.
type row struct {
	Number
	sealed, index []byte
	message       *uuid.UUID
}

const columns = `id, organisation_id, citizen_id, state, number, number_index, coalesce(barred, ''), asked_at, asked_by, message_id, expires_at, sent_at, failed_at, tries, colleague_id, verified_at, verified_by`

func scan(r pgx.CollectableRow) (row, error) {
	var x row
	var expires, sent, failed, verified *time.Time
	var colleague, verifier *uuid.UUID
	err := r.Scan(&x.ID, &x.Organisation, &x.Citizen, &x.State, &x.sealed, &x.index, &x.Barred, &x.AskedAt, &x.AskedBy, &x.message, &expires, &sent, &failed, &x.Tries, &colleague, &verified, &verifier)
	x.ExpiresAt, x.SentAt, x.FailedAt, x.VerifiedAt = db.OrZero(expires), db.OrZero(sent), db.OrZero(failed), db.OrZero(verified)
	x.Colleague, x.VerifiedBy = db.OrZero(colleague), db.OrZero(verifier)
	return x, err
}

// purpose binds a sealed value to its row. It never changes: stored values would no longer open.
func purpose(what string, id uuid.UUID) string { return "phone." + what + "." + id.String() }

func (x *row) open(key *envelope.DataKey) error {
	if x.State == Removed {
		return nil
	}
	plain, err := key.Unseal(purpose("number", x.ID), x.sealed)
	x.Number.Number = string(plain)
	return err
}

// Read returns a number that can get SMS in E.164, else ErrNumber: what org.Phone takes, if it is a mobile's.
func Read(s string) (string, error) {
	number, err := org.Phone(s)
	if err != nil {
		return "", ErrNumber
	}
	n, err := phonenumbers.Parse(number, "FR")
	mobile := err == nil && phonenumbers.GetNumberType(n) == phonenumbers.MOBILE
	// 06 and 07 are mobiles, those that are kept for works of fiction too.
	if !mobile && !strings.HasPrefix(number, "+336") && !strings.HasPrefix(number, "+337") {
		return "", ErrNumber
	}
	return number, nil
}

// Spelled is the number as people read it aloud: in pairs for one of France, else with its country code.
func (n Number) Spelled() string {
	parsed, err := phonenumbers.Parse(n.Number, "FR")
	if err != nil {
		return n.Number
	}
	if strings.HasPrefix(n.Number, "+33") {
		return phonenumbers.Format(parsed, phonenumbers.NATIONAL)
	}
	return phonenumbers.Format(parsed, phonenumbers.INTERNATIONAL)
}
