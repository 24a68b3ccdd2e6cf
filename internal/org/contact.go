package org

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"fmt"
	"math/big"
	"net/mail"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/nyaruka/phonenumbers"

	"mandat/internal/clock"
	"mandat/internal/db"
	"mandat/internal/envelope"
	"mandat/internal/journal"
	"mandat/internal/throttle"
	"mandat/internal/token"
)

// The kinds of contacts.
const (
	ContactEmail = "email"
	ContactPhone = "phone"
)

// How an address or a number is shown to be somebody's.
const (
	ContactLife  = 15 * time.Minute
	contactTries = 10
	contactSends = 5 // at once, and then one in an hour: each costs money, or comes to somebody who did not ask
)

// Errors of contacts.
var (
	ErrContact  = errors.New("not an e-mail address or telephone number")
	ErrNotShown = errors.New("wrong, late or used") // one answer for all of these
	ErrTooOften = errors.New("too many messages were asked for")
)

// regions are France and its territories.
var regions = []string{"FR", "GP", "GF", "MQ", "RE", "YT", "PM", "BL", "MF", "WF", "PF", "NC"}

// tenDigits are the regions whose numbers are dialled as ten digits without a country code, in the order in which a number is tried: 05 96 … is
// Martinique's before it is mainland France's. The other territories have short numbers, which want their country code.
var tenDigits = []string{"GP", "GF", "MQ", "RE", "YT", "FR"}

// Phone returns a telephone number in the form +33199000000 (E.164), or ErrContact for what is none of France or its territories.
func Phone(s string) (string, error) {
	for _, region := range tenDigits {
		n, err := phonenumbers.Parse(s, region)
		if err == nil && phonenumbers.IsValidNumber(n) && slices.Contains(regions, phonenumbers.GetRegionCodeForNumber(n)) {
			return phonenumbers.Format(n, phonenumbers.E164), nil
		}
	}
	return "", ErrContact
}

// Email returns an address in lower case, or ErrContact for what is none.
func Email(s string) (string, error) {
	s = strings.ToLower(strings.TrimSpace(s))
	a, err := mail.ParseAddress(s)
	if err != nil || a.Address != s || len(s) < 3 || len(s) > 254 || strings.ContainsAny(s, " \"<>\r\n") {
		return "", ErrContact
	}
	return s, nil
}

// Contacts lets people show that an address or a number is theirs. Until then it stands in person_contact, and is used for nothing else.
type Contacts struct {
	d        *Directory
	keys     *envelope.Keys
	clock    *clock.Clock
	throttle *throttle.Throttle
}

// Contacts returns the contacts of the directory's people. Codes are stored under a key: six digits are soon tried.
func (d *Directory) Contacts(keys *envelope.Keys, c *clock.Clock) *Contacts {
	return &Contacts{d, keys, c, throttle.New(d.db, c)}
}

// Start notes what the actor says is their address or number, and queues the message with which they show it: a link to the address (message
// contact_email), a code to the number (contact_phone). What was said before is forgotten. Whether somebody else has that address is not told.
// Who asks for another address is told so at the one they have (message contact_changed): it is queued now, while their row still has that one.
// It returns ErrContact, ErrFactorTooOld and ErrTooOften.
func (c *Contacts) Start(ctx context.Context, by journal.Actor, kind, value string) error {
	read := map[string]func(string) (string, error){ContactEmail: Email, ContactPhone: Phone}[kind]
	if read == nil {
		return ErrContact
	}
	value, err := read(value)
	if err != nil {
		return err
	}
	now := c.clock.Now()
	if err := Fresh(by, now); err != nil {
		return err
	}
	wait, err := c.throttle.Take(ctx, throttle.Allowance{Of: "contact." + kind, Who: by.Person.String(), Burst: contactSends, Every: time.Hour})
	if err != nil || wait > 0 {
		return errors.Join(err, when(wait > 0, ErrTooOften))
	}
	err = c.d.db.Write(ctx, db.Nothing(), db.Durable, func(tx *db.Tx) error {
		// Nothing has this hash until the message is written.
		if _, err := tx.Exec(ctx, `insert into person_contact (person_id, kind, value, hash, created_at, expires_at) values ($1, $2, $3, $4, $5, $6)
			on conflict (person_id, kind) do update set value = excluded.value, hash = excluded.hash, tries = 0, created_at = excluded.created_at, expires_at = excluded.expires_at`,
			by.Person, kind, value, token.Bytes(32), now, now.Add(ContactLife)); err != nil {
			return err
		}
		if err := c.d.tell(tx, now, Message{Kind: "contact_" + kind, About: by.Person.String() + " " + now.Format(journal.TimeFormat), Person: by.Person}); err != nil {
			return err
		}
		return c.warn(ctx, tx, now, by.Person, kind, value)
	})
	if err != nil {
		return fmt.Errorf("start contact: %w", err)
	}
	return nil
}

// warn tells somebody, at the address they have, that another one was asked for: if that was not them, somebody has their session and a second
// factor.
func (c *Contacts) warn(ctx context.Context, tx *db.Tx, now time.Time, person uuid.UUID, kind, value string) error {
	if kind != ContactEmail {
		return nil
	}
	var other bool
	if err := tx.QueryRow(ctx, `select email <> $2 from person where id = $1`, person, value).Scan(&other); err != nil || !other {
		return err
	}
	return c.d.tell(tx, now, Message{Kind: "contact_changed", About: person.String() + " " + now.Format(journal.TimeFormat), Person: person})
}

// Write makes the secret of what was started last, stores its hash, and returns where it is to be sent: a link's secret for an address, six
// digits for a number. The job that writes the message calls it; what it returned before opens nothing any more. It returns db.ErrNotFound
// when nothing is waiting.
func (c *Contacts) Write(ctx context.Context, person uuid.UUID, kind string) (value, secret string, err error) {
	if secret, _ = token.New(); kind == ContactPhone {
		n, err := rand.Int(rand.Reader, big.NewInt(1_000_000))
		if err != nil {
			return "", "", fmt.Errorf("write contact: %w", err)
		}
		secret = fmt.Sprintf("%06d", n)
	}
	hash, err := c.hash(person, kind, secret)
	if err != nil {
		return "", "", err
	}
	err = c.d.db.Write(ctx, db.Nothing(), db.Durable, func(tx *db.Tx) error {
		return tx.QueryRow(ctx, `update person_contact set hash = $3 where person_id = $1 and kind = $2 and expires_at > $4 returning value`, person, kind, hash, c.clock.Now()).Scan(&value)
	})
	return value, secret, found("write contact", err)
}

func (c *Contacts) hash(person uuid.UUID, kind, secret string) ([]byte, error) {
	return c.keys.Index(person, "contact "+kind, secret)
}

// Waiting returns what the person has said and not shown yet, "" for nothing.
func (c *Contacts) Waiting(ctx context.Context, person uuid.UUID, kind string) (string, error) {
	var value string
	err := c.d.db.Read(ctx, db.Nothing(), func(tx pgx.Tx) error {
		return tx.QueryRow(ctx, `select value from person_contact where person_id = $1 and kind = $2 and expires_at > $3`, person, kind, c.clock.Now()).Scan(&value)
	})
	if errors.Is(err, pgx.ErrNoRows) {
		return "", nil
	}
	return value, found("find contact", err)
}

type contactShown struct {
	Person string `json:"person"`
	Kind   string `json:"kind"`
}

// Prove shows, with the secret of the message, that what the actor started is theirs: it is their address or number from then on. Ten wrong
// secrets, or a quarter of an hour, end it. It returns ErrNotShown for a secret that does not, and db.ErrConflict when the address is
// somebody else's.
func (c *Contacts) Prove(ctx context.Context, by journal.Actor, kind, secret string) error {
	hash, err := c.hash(by.Person, kind, strings.TrimSpace(secret))
	if err != nil {
		return err
	}
	right, err := c.try(ctx, by.Person, kind, hash)
	if err != nil || !right {
		return errors.Join(err, when(err == nil, ErrNotShown))
	}
	err = c.d.journal.Record(ctx, by, func(tx *journal.Tx) (journal.Event, error) {
		event := journal.Event{Action: "person.contact_shown", Detail: contactShown{by.Person.String(), kind}}
		var value string
		err := tx.QueryRow(ctx, `delete from person_contact where person_id = $1 and kind = $2 and hash = $3 and expires_at > $4 returning value`, by.Person, kind, hash, tx.Now).Scan(&value)
		if err != nil {
			return event, err
		}
		set := `update person set email = $2, email_verified_at = $3 where id = $1 and suspended_at is null`
		if kind == ContactPhone {
			set = `update person set phone = $2, phone_verified_at = $3 where id = $1 and suspended_at is null`
		}
		return event, one(tx.Exec(ctx, set, by.Person, value, tx.Now))
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
func (c *Contacts) try(ctx context.Context, person uuid.UUID, kind string, hash []byte) (bool, error) {
	var stored []byte
	err := c.d.db.Write(ctx, db.Nothing(), db.Durable, func(tx *db.Tx) error {
		return tx.QueryRow(ctx, `update person_contact set tries = tries + 1 where person_id = $1 and kind = $2 and tries < $3 and expires_at > $4 returning hash`,
			person, kind, contactTries, c.clock.Now()).Scan(&stored)
	})
	if errors.Is(err, pgx.ErrNoRows) {
		return false, nil
	}
	return subtle.ConstantTimeCompare(stored, hash) == 1, found("try contact", err)
}

// Purge forgets what was not shown in time. A job calls it.
func (c *Contacts) Purge(ctx context.Context) error {
	err := c.d.db.Write(ctx, db.Nothing(), db.Durable, func(tx *db.Tx) error {
		_, err := tx.Exec(ctx, `delete from person_contact where expires_at < $1`, c.clock.Now())
		return err
	})
	return found("purge contacts", err)
}
