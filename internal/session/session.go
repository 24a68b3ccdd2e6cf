package session

import (
	"context"
	"time"

	"github.com/google/uuid"

	"mandat/internal/clock"
	"mandat/internal/db"
	"mandat/internal/envelope"
	"mandat/internal/journal"
	"mandat/internal/page"
	"mandat/internal/throttle"
)

// How long sessions live.
const (
	Idle     = 30 * time.Minute // without a request
	Absolute = 12 * time.Hour   // since the sign-in
	HalfLife = 10 * time.Minute // between the first factor and the second
)

// Roles of a signed-in person. A referent who is an aidant of the same organisation too is an Aidant, and Session.Referent.
const (
	Aidant        = "aidant"
	Referent      = "referent"
	Auditor       = "auditor"
	Administrator = "administrator"
	Fraud         = "fraud"      // of FranceConnect's fraud team
	Prefecture    = "prefecture" // of a department
)

// The ways in.
const (
	ByProConnect = "proconnect"
	ByMailLink   = "mail_link" // and a second factor
	ByPasskey    = "passkey"   // alone, which is two factors
	ByInvitation = "invitation"
	ByReset      = "reset" // of lost second factors
)

// The kinds of second factors.
const (
	FactorProConnect = "proconnect"
	FactorPasskey    = "passkey"
	FactorApp        = "app"
	FactorCard       = "card"
	FactorRecovery   = "recovery"
)

// Session is a browser's row, as it stood when the request came in. Somebody with several organisations has one for each,
// found by the organisation in the address, and one for the addresses that name none.
type Session struct {
	Hash          []byte    // names the session, never its secret; what depends on the session is bound to it
	Browser       []byte    // names what all sessions of the same browser and sign-in have in common; no secret
	Person        uuid.UUID // nil when nobody is signed in
	Organisation  uuid.UUID // nil for auditors, administrators and recipients
	PublicID      uuid.UUID // the organisation's, for addresses
	Role          string    // Aidant, Referent, Auditor, Administrator, Fraud, Prefecture, or "" when nobody is signed in
	Referent      bool      // of the organisation, at this moment
	Several       bool      // the person has sessions for several organisations in this browser
	Addressed     bool      // found by an address that names the organisation
	Charter       bool      // the latest charter was accepted, or need not be
	Enrolling     bool      // signed in to add a first factor, and for nothing else
	ProConnect    bool      // the browser has been at ProConnect, which may still know who is there
	Half          uuid.UUID // who has given their first factor here less than HalfLife ago, and nobody is signed in; else nil
	Method        string    // how they signed in: ByProConnect and the others; "" when nobody is signed in
	FactorAt      time.Time // the last second factor given in this session
	FactorKind    string    // FactorProConnect and the others; "" when none was given
	FactorCitizen uuid.UUID // the citizen for whom it was given, nil for nobody in particular
	CreatedAt     time.Time
	SeenAt        time.Time // to the minute
	ExpiresAt     time.Time // 12 hours after CreatedAt; idleness may end it before
	ReturnPath    string    // where a signed-out person wanted to go, "" if nowhere
	LoginAgain    bool      // the last sign-in was refused: ask the provider for another account

	Ended string // i18n key of what is told on the sign-in page of a form that was sent after a session had ended; "" when none was

	GivenName, UsualName, OrganisationName string // for the page's header

	cookie    []byte       // SHA-256 of the secret, see Claim
	returning uuid.UUID    // whose ReturnPath it is, nil for whoever signs in
	standing  bool         // person not suspended, membership there and not suspended, organisation active
	suspended bool         // the person is, everywhere
	kept      string       // path of the page whose form waits, "" for none
	grown     bool         // the person has more rights than when the browser was given its secret
	acting    journal.Kind // as what the guard let them pass; "" is what the role says
}

// SignedIn reports whether somebody is signed in.
func (s *Session) SignedIn() bool { return s != nil && s.Person != uuid.Nil }

// Actor is who acts in this session, as what the guard of the page let them pass: somebody who is both is an aidant on the
// pages of aidants, and a referent on those of referents.
func (s *Session) Actor() journal.Actor {
	if s.acting != "" {
		return s.As(s.acting)
	}
	return s.As(map[string]journal.Kind{Aidant: journal.Aidant, Referent: journal.Referent, Auditor: journal.Auditor, Administrator: journal.Administrator, Fraud: journal.Fraud, Prefecture: journal.Prefecture}[s.Role])
}

// As is Actor of another kind, for an act on a page that several kinds may see. The act itself asks whether they are that.
func (s *Session) As(kind journal.Kind) journal.Actor {
	return journal.Actor{Kind: kind, Person: s.Person, Organisation: s.Organisation, Session: s.Hash, FactorAt: s.FactorAt, Enrolling: s.Enrolling}
}

// Base is what the addresses of this session's pages for its organisation begin with ("/structures/<id>"); "" for who has
// one organisation at most.
func (s *Session) Base() string {
	if !s.Several {
		return ""
	}
	return page.BaseOf(s.PublicID)
}

// Home is where this person's work begins.
func (s *Session) Home() string {
	switch s.Role {
	case Auditor:
		return "/audit"
	case Administrator:
		return "/admin"
	case Fraud:
		return "/fraude"
	case Prefecture:
		return "/prefecture"
	case Referent:
		return s.Base() + "/referent"
	}
	return s.Base() + "/espace"
}

// Sessions reads and writes sessions.
type Sessions struct {
	db      *db.DB
	keys    *envelope.Keys // of forms that wait
	clock   *clock.Clock
	store   *store
	device  string             // name of the cookie that tells a known browser
	starts  *limiter           // of sign-ins, here
	shared  *throttle.Throttle // of sign-ins, on all servers
	empties *limiter           // sessions of browsers that were only sent to sign in
	notes   *limiter           // lines of the security log
}

// New returns the sessions kept in this database; what waits in them is sealed under the keys. secure says that the site is served over HTTPS; without it the cookies
// have neither Secure nor the __Host- prefix, which only a site on a loopback address may do.
func New(d *db.DB, keys *envelope.Keys, c *clock.Clock, secure bool) *Sessions {
	s := &Sessions{db: d, keys: keys, clock: c, device: "appareil", starts: newLimiter(), shared: throttle.New(d, c), empties: newLimiter(), notes: newLimiter()}
	s.store = newStore(s, secure)
	if secure {
		s.device = "__Host-appareil"
	}
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
