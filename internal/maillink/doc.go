// Package maillink lets somebody show that an e-mail address is theirs, as the first half of signing in: a link that is valid
// for five minutes, once, in the browser that asked for it. The second half is a factor of their own; the link alone opens
// nothing. It owns the table maillink.
//
//	request.go  somebody types an address: a row, and a message in the queue, whoever it is
//	write.go    the job that writes the mail makes the secret: it exists in the mail only, its SHA-256 in the row
//	use.go      the browser opens the link, which changes nothing (mail scanners open links), then presses the button
//
// Nobody learns from it who has an account. A request for an address that is unknown, suspended or asked for too often does
// the same work as one that is answered, down to a message in the queue; that message is for nobody and is dropped there.
//
// A link that is opened in another browser is refused and stays good: people read their mail on the telephone and sign in at the
// desk. Nothing is lost by that: without the secret of the session that asked, in a cookie, the link is worth nothing.
package maillink

import (
	"errors"
	"time"

	"mandat/internal/clock"
	"mandat/internal/db"
	"mandat/internal/org"
	"mandat/internal/session"
	"mandat/internal/throttle"
)

// Life is how long a link is valid after it was asked for.
const Life = 5 * time.Minute

// Kind is the kind of the messages that carry links.
const Kind = "sign_in_link"

// Why a link is refused.
var (
	ErrOver      = errors.New("this link was used, is over, or is not ours") // never which
	ErrElsewhere = errors.New("this link belongs to another browser")
)

// Links asks for, writes and uses links.
type Links struct {
	db       *db.DB
	clock    *clock.Clock
	throttle *throttle.Throttle
	sessions *session.Sessions
	queue    func(*db.Tx, time.Time, org.Message) error
}

// New returns the links kept in this database. queue puts a message in the queue of its transaction; its job calls Write with the id
// in Message.About.
func New(d *db.DB, c *clock.Clock, t *throttle.Throttle, s *session.Sessions, queue func(*db.Tx, time.Time, org.Message) error) *Links {
	return &Links{db: d, clock: c, throttle: t, sessions: s, queue: queue}
}
