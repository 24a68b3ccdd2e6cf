package citizen

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/clock"
	"mandat/internal/db"
	"mandat/internal/journal"
	"mandat/internal/throttle"
	"mandat/internal/token"
)

// LinkLife is how long the link in a mail lets its reader refuse mails: longer than any mandate.
const LinkLife = 400 * 24 * time.Hour

// What citizens want to be told by mail of what one organisation does for them.
const (
	MailsAll    = "all"    // everything
	MailsGuards = "guards" // nothing of their mandates, but what guards their agreement: they said so at a signature, where an aidant ticks it for them
	MailsNone   = "none"   // nothing at all: they said so themselves, by the link in a mail
)

// Mails are what citizens say of the mails that tell them what is done with their mandates. They say it when a mandate is drawn up (Register.SetMails), or by
// the link in each mail, which they alone have: what they refuse by it, they alone take back.
type Mails struct {
	db       *db.DB
	journal  *journal.Journal
	throttle *throttle.Throttle
	clock    *clock.Clock
}

// NewMails returns what citizens say in this database.
func NewMails(d *db.DB, j *journal.Journal, t *throttle.Throttle, c *clock.Clock) *Mails {
	return &Mails{db: d, journal: j, throttle: t, clock: c}
}

// SetMails queues, in the act that signs a mandate and after Save, whether the citizen wants to be told by mail (MailsAll or MailsGuards): the word given last
// counts, except that no signature takes back what they refused by the link of a mail. The entry says it as the member mails of its detail, by which Compare knows.
func (r *Register) SetMails(tx *journal.Tx, id uuid.UUID, wanted bool) {
	tx.Queue(`update citizen set mails_refused_at = case when $2::boolean then null else $3::timestamptz end, mails_refused_signed = not $2::boolean
		where id = $1 and case when $2::boolean then mails_refused_signed else mails_refused_at is null end`, id, wanted, tx.Now)
}

// Link makes the link of one mail to a citizen and returns its secret, of 256 random bits, of which only the SHA-256 is kept. It returns db.ErrNotFound when there
// is no such citizen, or they want no mail (MailsNone). What they are sent who want little is not asked here.
func (m *Mails) Link(ctx context.Context, id uuid.UUID) (string, error) {
	secret, hash := token.New()
	err := m.db.Write(ctx, db.System(), db.Durable, func(tx *db.Tx) error {
		tag, err := tx.Exec(ctx, `insert into citizen_mails_link (token_hash, organisation_id, citizen_id, made_at)
			select $1, organisation_id, id, $3 from citizen where id = $2 and (mails_refused_at is null or mails_refused_signed) for key share`, hash, id, m.clock.Now())
		if err == nil && tag.RowsAffected() == 0 {
			return db.ErrNotFound
		}
		return err
	})
	if err != nil {
		return "", fmt.Errorf("make the link of a mail: %w", err)
	}
	return secret, nil
}

// saying is what a link leads to.
type saying struct {
	citizen, organisation uuid.UUID
	choice                string
}

// same reports whether refusing, or taking that back, changes nothing.
func (s *saying) same(refuse bool) bool {
	return refuse && s.choice == MailsNone || !refuse && s.choice == MailsAll
}

// ask queues the question whose link this is. The answer is there once the batch has been answered; without one, citizen is nil.
func (m *Mails) ask(b *pgx.Batch, secret, lock string) *saying {
	s := &saying{}
	b.Queue(`select c.id, c.organisation_id, case when c.mails_refused_at is null then 'all' when c.mails_refused_signed then 'guards' else 'none' end from citizen_mails_link l join citizen c on c.id = l.citizen_id
		where l.token_hash = $1 and l.made_at > $2`+lock, token.Hash(secret), m.clock.Now().Add(-LinkLife)).Query(func(rows pgx.Rows) error {
		defer rows.Close()
		if rows.Next() {
			return rows.Scan(&s.citizen, &s.organisation, &s.choice)
		}
		return rows.Err()
	})
	return s
}

func (m *Mails) find(ctx context.Context, secret string) (*saying, error) {
	b := &pgx.Batch{}
	s := m.ask(b, secret, "")
	if err := m.db.Ask(ctx, db.System(), b); err != nil {
		return nil, fmt.Errorf("find the link of a mail: %w", err)
	}
	if s.citizen == uuid.Nil {
		return nil, db.ErrNotFound
	}
	return s, nil
}

// Choice returns which of the mails to which a link belongs are wanted. It returns db.ErrNotFound for a link that is not one, or is older than LinkLife.
func (m *Mails) Choice(ctx context.Context, secret string) (string, error) {
	s, err := m.find(ctx, secret)
	if err != nil {
		return "", err
	}
	return s.choice, nil
}

// Refuse stops the mails about what one organisation does for one citizen: those to whom the link belongs. with says how: page, or one_click (RFC 8058). Refusing
// what is refused by a link does nothing. It returns db.ErrNotFound as Choice does, and a throttle.WaitError for whom who cannot decide.
func (m *Mails) Refuse(ctx context.Context, secret, with string) error {
	return m.say(ctx, secret, true, with)
}

// Resume lets the mails come again that Refuse stopped, or a signature.
func (m *Mails) Resume(ctx context.Context, secret string) error {
	return m.say(ctx, secret, false, "page")
}

// said is the detail of the entry.
type said struct {
	With string `json:"with"`
}

// errSame says that nothing is to be done.
var errSame = errors.New("said already")

func (m *Mails) say(ctx context.Context, secret string, refuse bool, with string) error {
	known, err := m.find(ctx, secret)
	if err != nil || known.same(refuse) {
		return err
	}
	// Each change is an entry that stays for years.
	allowance := throttle.Allowance{Of: "citizen.mails", Who: hex.EncodeToString(known.citizen[:]), Burst: 10, Every: time.Hour}
	err = m.throttle.Spend(ctx, func() error { return m.record(ctx, secret, refuse, with) }, allowance)
	switch {
	case errors.Is(err, errSame):
		return nil
	case err != nil:
		return fmt.Errorf("refuse mails, or not: %w", err)
	}
	return nil
}

func (m *Mails) record(ctx context.Context, secret string, refuse bool, with string) error {
	b := &pgx.Batch{}
	s := m.ask(b, secret, " for update of c")
	return m.journal.RecordAfter(ctx, journal.Program(), b, func(tx *journal.Tx) (journal.Event, error) {
		switch {
		case s.citizen == uuid.Nil:
			return journal.Event{}, db.ErrNotFound
		case s.same(refuse):
			return journal.Event{}, errSame
		}
		tx.Queue(`update citizen set mails_refused_at = case when $2::boolean then $3::timestamptz end, mails_refused_signed = false where id = $1`, s.citizen, refuse, tx.Now)
		if refuse {
			return journal.Event{Action: "citizen.mails_refused", Organisation: s.organisation, Citizen: s.citizen, Detail: said{with}}, nil
		}
		return journal.Event{Action: "citizen.mails_resumed", Organisation: s.organisation, Citizen: s.citizen, Detail: said{with}}, nil
	})
}

// Purge deletes the links that are too old, but those of a citizen whose records are held. It is for a job.
func (m *Mails) Purge(ctx context.Context) error {
	_, err := m.db.Purge(ctx, db.System(), `delete from citizen_mails_link where token_hash in (select token_hash from citizen_mails_link where made_at < $1
		and not erasure_held(organisation_id, citizen_id, $2) limit $3)`, m.clock.Now().Add(-LinkLife), m.clock.Now())
	if err != nil {
		return fmt.Errorf("purge links of mails: %w", err)
	}
	return nil
}
