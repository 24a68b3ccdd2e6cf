// Package consent asks a citizen by SMS to agree to a mandate, and reads what they answer. It owns the tables consent and consent_message.
//
//	consent.go  what a request is, and what pages ask of it
//	ask.go      an aidant asks: the recap and the request are queued
//	text.go     what the messages say, and in how many parts
//	read.go     what an answer means
//	answer.go   an answer arrives
//	report.go   the gateway tells what became of a message
//	send.go     the job that sends one message after the other
//	end.go      a request is taken back, is over, or cannot be answered
//	refused.go  a no is found, and who said it is not asked on
//	given.go    the act that signs asks whether a yes stands, and uses it
//	compare.go  what the journal says of requests against what the table says
//
// A request is for one version of one draft, and for the digest of its terms: what is changed afterwards was not agreed to. It goes to a number that
// was verified before the draft was begun (package phone), first as a recap in as many messages as it needs, then as a question. Its states:
//
//	queued     some of its messages have not left yet
//	sent       the question has left
//	yes        agreed, until it is used, taken back or over
//	no         refused; or agreed first and refused before the yes was used
//	unclear    answered three times, and not understood: it is over
//	expired    its time was over first
//	cancelled  an aidant took it back, or asked anew for the same draft
//	failed     a message did not reach the citizen
//	used       a signature has used the yes, and none will again
//
// One request of a draft is queued, sent or yes at a time. Every change of state but queued → sent is an act of one statement, and one entry, without
// number and text; what was said either way is sealed under the citizen's data key. Only listed answers agree (read.go), only to the question, only
// from the number that was asked. A no counts in answer to any of the messages, until the yes is used; and until then a yes goes with whatever else is
// answered, but for thanks: it is asked for again. An answer finds the draft as it was asked about, or is late; a no counts for every draft that is not
// signed, and keeps the citizen from being asked on (refused.go).
//
// An answer proves that somebody had the telephone and wrote yes, not who, and the gateway could invent it: it is one proof beside the identity and
// the aidant's own factor, and it is called what it is.
package consent

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/clock"
	"mandat/internal/db"
	"mandat/internal/envelope"
	"mandat/internal/journal"
	"mandat/internal/org"
	"mandat/internal/phone"
	"mandat/internal/sms"
	"mandat/internal/throttle"
)

// Life is how long a request can be answered, and its yes be used.
const Life = 4 * time.Hour

// RefusedFor is how long a citizen who said no is asked nothing more by SMS, about any draft.
const RefusedFor = 24 * time.Hour

// Kept is how long a request that no signature used is kept, with what was said.
const Kept = 90 * 24 * time.Hour

// The states of requests.
const (
	Queued    = "queued"
	Sent      = "sent"
	Yes       = "yes"
	No        = "no"
	Unclear   = "unclear"
	Expired   = "expired"
	Cancelled = "cancelled"
	Failed    = "failed"
	Used      = "used"
)

// live is SQL: the states that an answer can change.
const live = `('queued', 'sent', 'yes')`

const (
	unclearMost = 3 // answers that are not understood
	ignoredMost = 3 // answers that change nothing and are noted all the same
)

// The refusals that callers tell apart, besides org.ErrMayNot, db.ErrNotFound, phone.ErrNotShown and phone.ErrBarred.
var (
	ErrNoGateway = errors.New("the settings name no SMS gateway, or no secret for its answers")
	ErrTooNew    = errors.New("the number was not verified before the draft was begun")
	ErrTooOften  = errors.New("too many requests were sent")
	ErrTooLong   = errors.New("the recap does not fit messages")
	ErrRefused   = errors.New("the citizen has said no about this draft, or about another a day ago at most")
	ErrStopped   = errors.New("the citizen wants to be asked nothing more by SMS")
	ErrOver      = errors.New("the request is over")
)

// Consent is a request as pages show it.
type Consent struct {
	ID, Organisation, Citizen, Phone, Draft uuid.UUID
	Version                                 int
	Digest                                  []byte
	State                                   string
	AskedAt, ExpiresAt                      time.Time
	AskedBy                                 uuid.UUID
	SentAt, AnsweredAt, EndedAt             time.Time // zero: not yet
	Unclear                                 int       // answers that were not understood
	Delayed                                 bool      // the gateway did not take a message yet; the job tries again
	Delivered                               bool      // the gateway says that the question arrived
}

// Live reports whether an answer can still change the request.
func (c Consent) Live(now time.Time) bool {
	return (c.State == Queued || c.State == Sent || c.State == Yes) && now.Before(c.ExpiresAt)
}

// Config is what requests need besides the database.
type Config struct {
	Gateway *sms.Gateway // nil: none
	Answers bool         // the gateway's answers can be authenticated
	Contact string       // telephone number where anybody can end a mandate, as texts say it
}

// Register keeps requests.
type Register struct {
	db       *db.DB
	journal  *journal.Journal
	phones   *phone.Register
	clock    *clock.Clock
	throttle *throttle.Throttle
	config   Config
}

// New returns the requests kept in this database.
func New(d *db.DB, j *journal.Journal, phones *phone.Register, c *clock.Clock, config Config) *Register {
	return &Register{d, j, phones, c, throttle.New(d, c), config}
}

// Ready reports whether citizens can be asked, and their answers be believed.
func (r *Register) Ready() bool { return r.config.Gateway != nil && r.config.Answers }

const columns = `c.id, c.organisation_id, c.citizen_id, c.phone_id, c.draft_id, c.draft_version, c.digest, c.state, c.asked_at, c.asked_by, c.expires_at, c.unclear, c.ignored, c.sent_at, c.answered_at, c.ended_at`

func (c *Consent) scan(row pgx.Row, more ...any) (ignored int, err error) {
	var sent, answered, ended *time.Time
	err = row.Scan(append([]any{&c.ID, &c.Organisation, &c.Citizen, &c.Phone, &c.Draft, &c.Version, &c.Digest, &c.State, &c.AskedAt, &c.AskedBy, &c.ExpiresAt, &c.Unclear, &ignored, &sent, &answered, &ended}, more...)...)
	c.SentAt, c.AnsweredAt, c.EndedAt = db.OrZero(sent), db.OrZero(answered), db.OrZero(ended)
	return ignored, err
}

// Latest returns the latest request about a draft of the actor's organisation, for who may read there (org.Reads), or db.ErrNotFound.
func (r *Register) Latest(ctx context.Context, by journal.Actor, draft uuid.UUID) (Consent, error) {
	var c Consent
	batch := &pgx.Batch{}
	mayRead := org.MayRead(batch, by)
	batch.Queue(`select `+columns+`, exists (select from consent_message m where m.consent_id = c.id and m.state = 'queued' and m.retries > 0),
			exists (select from consent_message m where m.consent_id = c.id and m.state = 'delivered' and m.kind in ('request', 'again'))
		from consent c where c.organisation_id = $1 and c.draft_id = $2 order by c.asked_at desc limit 1`, by.Organisation, draft).QueryRow(func(row pgx.Row) error {
		if err := mayRead(); err != nil {
			return err
		}
		_, err := c.scan(row, &c.Delayed, &c.Delivered)
		return err
	})
	err := r.db.Ask(ctx, db.InOrganisation(by.Organisation), batch)
	return c, db.Found("find a request for consent", err)
}

// purpose binds a sealed value to its row. It never changes: stored values would no longer open.
func purpose(what string, id uuid.UUID) string { return "consent." + what + "." + id.String() }

func unseal(key *envelope.DataKey, what string, id uuid.UUID, sealed []byte) (string, error) {
	plain, err := key.Unseal(purpose(what, id), sealed)
	return string(plain), err
}
