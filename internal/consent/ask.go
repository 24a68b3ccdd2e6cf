package consent

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
	"mandat/internal/envelope"
	"mandat/internal/jobs"
	"mandat/internal/journal"
	"mandat/internal/org"
	"mandat/internal/phone"
	"mandat/internal/throttle"
	"mandat/internal/token"
)

// Request is what a citizen is asked to agree to.
type Request struct {
	Draft      uuid.UUID
	Version    int       // of the draft
	Digest     []byte    // SHA-256 of the terms
	Begun      time.Time // when the draft was begun: the number must have been verified before
	Until      time.Time // when the draft is over; the request is over then at the latest
	Citizen    uuid.UUID
	Phone      uuid.UUID // a verified number of theirs
	Procedures []string  // their names, in the language
	EndsAt     time.Time // the last end of what is granted
	Lang       string    // "fr" or "en"
}

// detail is what entries say of a request: no number, no text.
type detail struct {
	Consent   string `json:"consent"`
	Draft     string `json:"draft"`
	Version   *int   `json:"version,omitempty"`
	Terms     string `json:"terms_sha256,omitempty"`
	Phone     string `json:"phone,omitempty"`
	ExpiresAt string `json:"expires_at,omitempty"`
	Replaces  string `json:"replaces,omitempty"`
	Count     int    `json:"count,omitempty"`
	Why       string `json:"why,omitempty"`
}

// errSame ends an act that has nothing to do.
var errSame = errors.New("nothing changes")

// Start asks the citizen, for an aidant who may act. The messages are queued; what was asked before about the same draft is cancelled, unless it is
// the same and still counts: then its id comes back and nothing is sent. Errors: ErrNoGateway, ErrTooNew, ErrTooOften, ErrTooLong, ErrRefused, ErrStopped,
// phone.ErrNotShown, phone.ErrBarred, org.ErrMayNot, db.ErrNotFound for another's citizen, db.ErrConflict when somebody else asks at the same time.
func (r *Register) Start(ctx context.Context, by journal.Actor, q Request) (uuid.UUID, error) {
	if !r.Ready() {
		return uuid.Nil, ErrNoGateway
	}
	if len(q.Digest) != 32 || q.Lang != "fr" && q.Lang != "en" || len(q.Procedures) == 0 {
		return uuid.Nil, errors.New("ask for consent: incomplete")
	}
	id := token.ID()
	batch := &pgx.Batch{}
	mayAct := org.MayAct(batch, by)
	// The citizen first: the order of locks is the same for every act about them.
	batch.Queue(`select id from citizen where id = $1 and organisation_id = $2 for update`, q.Citizen, by.Organisation)
	act := func() error {
		return r.journal.RecordAfter(ctx, by, batch, func(tx *journal.Tx) (journal.Event, error) {
			if err := mayAct(tx.Now); err != nil {
				return journal.Event{}, err
			}
			same, event, err := r.start(ctx, tx, id, q)
			if err == nil && same != uuid.Nil {
				id, err = same, errSame
			}
			return event, err
		})
	}
	err := r.throttle.Spend(ctx, act, throttle.Allowance{Of: "consent.phone", Who: q.Phone.String(), Burst: 5, Every: 30 * time.Minute},
		throttle.Allowance{Of: "consent.person", Who: by.Person.String(), Burst: 20, Every: 5 * time.Minute})
	_, often := errors.AsType[throttle.WaitError](err)
	switch {
	case errors.Is(err, errSame), err == nil:
		return id, nil
	case often:
		return uuid.Nil, ErrTooOften
	case db.Unique(err, "consent_live"):
		return uuid.Nil, db.ErrConflict
	}
	return uuid.Nil, fmt.Errorf("ask for consent: %w", err)
}

// start is the part of Start inside its act. It returns the id of a request that is the same.
func (r *Register) start(ctx context.Context, tx *journal.Tx, id uuid.UUID, q Request) (uuid.UUID, journal.Event, error) {
	var none uuid.UUID
	held, err := r.phones.Hold(ctx, tx, tx.By.Organisation, q.Phone)
	switch {
	case err != nil:
		return none, journal.Event{}, err
	case held.Citizen != q.Citizen:
		return none, journal.Event{}, phone.ErrNotShown
	case !held.VerifiedBefore(q.Begun):
		return none, journal.Event{}, ErrTooNew
	}
	if err := refusedLately(ctx, tx, held); err != nil {
		return none, journal.Event{}, err
	}
	if err := SaidNo(ctx, tx, tx.By.Organisation, q.Draft); err != nil {
		return none, journal.Event{}, err
	}
	before, err := lockLive(ctx, tx, tx.By.Organisation, q.Draft)
	if err != nil {
		return none, journal.Event{}, err
	}
	d := detail{Consent: id.String(), Draft: q.Draft.String(), Version: &q.Version, Terms: hex.EncodeToString(q.Digest), Phone: q.Phone.String()}
	if before != nil {
		if before.Live(tx.Now) && before.Version == q.Version && bytes.Equal(before.Digest, q.Digest) && before.Phone == q.Phone {
			return before.ID, journal.Event{}, nil
		}
		d.Replaces = before.ID.String()
		if _, err := tx.Exec(ctx, `update consent set state = 'cancelled', ended_at = $2 where id = $1`, before.ID, tx.Now); err != nil {
			return none, journal.Event{}, err
		}
	}
	expires := tx.Now.Add(Life)
	if !q.Until.IsZero() && q.Until.Before(expires) {
		expires = q.Until
	}
	if !expires.After(tx.Now) {
		return none, journal.Event{}, ErrOver
	}
	d.ExpiresAt = journal.TimeText(expires)
	tx.Queue(`insert into consent (id, organisation_id, citizen_id, phone_id, draft_id, draft_version, digest, lang, state, asked_at, asked_by, expires_at)
		values ($1, $2, $3, $4, $5, $6, $7, $8, 'queued', $9, $10, $11)`, id, tx.By.Organisation, q.Citizen, q.Phone, q.Draft, q.Version, q.Digest, q.Lang, tx.Now, tx.By.Person, expires)
	if err := r.queueRequest(ctx, tx, id, q, expires, held.Key); err != nil {
		return none, journal.Event{}, err
	}
	return none, journal.Event{Action: "consent.asked", Citizen: q.Citizen, Detail: d}, nil
}

// queueRequest queues the recap and the question; the first of them leaves at once, and each lets the next one leave.
func (r *Register) queueRequest(ctx context.Context, tx *journal.Tx, id uuid.UUID, q Request, expires time.Time, key *envelope.DataKey) error {
	t := terms{contact: r.config.Contact, procedures: q.Procedures, endsAt: q.EndsAt, answerBy: expires, lang: q.Lang}
	if err := tx.QueryRow(ctx, `select name from organisation where id = $1`, tx.By.Organisation).Scan(&t.organisation); err != nil {
		return err
	}
	parts, err := t.recap()
	if err != nil {
		return err
	}
	first := uuid.Nil
	for i, text := range append(parts, t.request()) {
		kind := "recap"
		if i == len(parts) {
			kind = "request"
		}
		message := queue(tx, id, tx.By.Organisation, i+1, kind, text, key)
		if first == uuid.Nil {
			first = message
		}
	}
	jobs.Enqueue(tx.Tx, Job, first)
	return nil
}

// queue adds a message to a request.
func queue(tx *journal.Tx, consent, organisation uuid.UUID, seq int, kind, text string, key *envelope.DataKey) uuid.UUID {
	id := token.ID()
	tx.Queue(`insert into consent_message (id, consent_id, organisation_id, seq, kind, text, state, queued_at) values ($1, $2, $3, $4, $5, $6, 'queued', $7)`,
		id, consent, organisation, seq, kind, key.Seal(purpose("text", id), []byte(text)), tx.Now)
	return id
}

// lockLive locks the request about a draft that can still be answered, nil if there is none. The clock is not asked.
func lockLive(ctx context.Context, tx *journal.Tx, organisation, draft uuid.UUID) (*Consent, error) {
	c := &Consent{}
	_, err := c.scan(tx.QueryRow(ctx, `select `+columns+` from consent c where c.organisation_id = $1 and c.draft_id = $2 and c.state in `+live+` for update`, organisation, draft))
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, nil
	}
	return c, err
}
