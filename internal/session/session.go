package session

import (
	"context"
	"time"

	"github.com/google/uuid"

	"mandat/internal/clock"
	"mandat/internal/db"
	"mandat/internal/journal"
)

// How long sessions live.
const (
	Idle     = 30 * time.Minute // without a request
	Absolute = 12 * time.Hour   // since the sign-in
)

// Roles of a signed-in person.
const (
	Aidant   = "aidant"
	Referent = "referent"
	Auditor  = "auditor"
)

// Session is a browser's row, as it stood when the request came in.
type Session struct {
	Hash         []byte    // names the session, never its secret; what depends on the session is bound to it
	Person       uuid.UUID // nil when nobody is signed in
	Organisation uuid.UUID // nil for auditors
	Role         string    // Aidant, Referent, Auditor, or "" when nobody is signed in
	FactorAt     time.Time // the last second factor given in this session
	CreatedAt    time.Time
	SeenAt       time.Time // to the minute
	ExpiresAt    time.Time // 12 hours after CreatedAt; idleness may end it before
	ReturnPath   string    // where a signed-out person wanted to go, "" if nowhere
	LoginAgain   bool      // the last sign-in was refused: ask the provider for another account

	GivenName, UsualName, OrganisationName string // for the page's header

	cookie   []byte // SHA-256 of the secret
	standing bool   // person not suspended, membership there, organisation active
}

// SignedIn reports whether somebody is signed in.
func (s *Session) SignedIn() bool { return s != nil && s.Person != uuid.Nil }

// Actor is who acts in this session.
func (s *Session) Actor() journal.Actor {
	kind := map[string]journal.Kind{Aidant: journal.Aidant, Referent: journal.Referent, Auditor: journal.Auditor}[s.Role]
	return journal.Actor{Kind: kind, Person: s.Person, Organisation: s.Organisation, Session: s.Hash, FactorAt: s.FactorAt}
}

// Home is where this person's work begins.
func (s *Session) Home() string {
	if s.Role == Auditor {
		return "/audit"
	}
	return "/espace"
}

// Sessions reads and writes sessions.
type Sessions struct {
	db      *db.DB
	clock   *clock.Clock
	store   *store
	starts  *limiter // of sign-ins
	empties *limiter // sessions of browsers that were only sent to sign in
	notes   *limiter // lines of the security log
}

// New returns the sessions kept in this database. secure says that the site is served over HTTPS; without it the cookie
// has neither Secure nor the __Host- prefix, which only a site on a loopback address may do.
func New(d *db.DB, c *clock.Clock, secure bool) *Sessions {
	s := &Sessions{db: d, clock: c, starts: newLimiter(), empties: newLimiter(), notes: newLimiter()}
	s.store = newStore(s, secure)
	return s
}

type key struct{}

// From returns the session in which somebody is signed in, as a guard found it, else nil.
func From(ctx context.Context) *Session {
	if s := Browser(ctx); s.SignedIn() {
		return s
	}
	return nil
}

// Browser returns the browser's session as a guard found it, signed in or not; nil when the browser has none.
func Browser(ctx context.Context) *Session {
	s, _ := ctx.Value(key{}).(*Session)
	return s
}
