// Package signin is where every way of signing in ends, and every new factor of somebody who is signed in: ProConnect, a
// passkey alone, a link by e-mail and a factor, an invitation, a reset. Each of them finds out who is there; this package opens the
// session in the act that says so (session.opened, session.stepped_up), remembers the browser, tells the person of a new
// one, and leads back to where they wanted to go.
package signin

import (
	"context"
	"encoding/hex"
	"errors"
	"net/http"
	"net/netip"
	"slices"

	"github.com/jackc/pgx/v5"

	"mandat/internal/journal"
	"mandat/internal/org"
	"mandat/internal/session"
	"mandat/internal/token"
)

// Why somebody who was recognised does not come in.
var (
	ErrSuspended = errors.New("this person is suspended")
	ErrNoPlace   = errors.New("this person has no organisation and no office")
)

// Door opens sessions.
type Door struct {
	journal  *journal.Journal
	sessions *session.Sessions
	tell     func(*journal.Tx, org.Message) error
}

// New returns a door. tell queues a message in an act.
func New(j *journal.Journal, s *session.Sessions, tell func(*journal.Tx, org.Message) error) *Door {
	return &Door{journal: j, sessions: s, tell: tell}
}

// Way is how somebody came.
type Way struct {
	Method string         // session.ByProConnect and the others
	Factor session.Factor // the zero Factor: none that counts was given yet
	First  bool           // the session is for adding the person's first factor, and for nothing else
	SIRET  string         // of the organisation that ProConnect asserted; "" for the first by name
	ACR    string         // what ProConnect said of the sign-in, "" otherwise
	IDP    string

	// Still queues, with its locks, what the act that opens the session asks before it does, and returns the answer; nil asks nothing.
	Still func(*pgx.Batch) func() error
}

// opened is the detail of session.opened.
type opened struct {
	ACR    string `json:"acr,omitempty"`
	IDP    string `json:"idp,omitempty"`
	Method string `json:"method"`
	Factor string `json:"factor,omitempty"`
}

// steppedUp is the detail of session.stepped_up.
type steppedUp struct {
	ACR    string `json:"acr,omitempty"`
	Factor string `json:"factor"`
}

// Who says as whom and where a person is signed in, or returns ErrSuspended or ErrNoPlace.
func (d *Door) Who(r *http.Request, p org.Person, way Way) (session.SignedIn, error) {
	who := session.SignedIn{Person: p.ID, Method: way.Method, FactorAt: way.Factor.At, FactorKind: way.Factor.Kind, Enrolling: way.First,
		Device: d.sessions.Device(r)}
	if p.Suspended {
		return who, ErrSuspended
	}
	switch who.Places = session.Places(p, way.SIRET); {
	case p.Office() != "":
		who.Role = p.Office() // the same words
	case len(who.Places) == 0:
		return who, ErrNoPlace
	}
	return who, nil
}

// Joining is a person as they are once they have these roles in an organisation too.
func Joining(p org.Person, o org.Organisation, roles []string) org.Person {
	p.Memberships = slices.Clone(p.Memberships)
	for _, role := range roles {
		p.Memberships = append(p.Memberships, org.Membership{Organisation: o, Role: role})
	}
	return p
}

// Enter opens a session inside an act: one of its own, or the one by which the person got their account.
func (d *Door) Enter(ctx context.Context, tx *journal.Tx, at *session.Session, who session.SignedIn) (session.Opened, error) {
	out, err := d.sessions.Open(ctx, tx, at, who)
	if err != nil || !out.NewDevice {
		return out, err
	}
	return out, d.tell(tx, org.Message{Kind: "new_device", About: hex.EncodeToString(token.Bytes(16)), Person: who.Person})
}

// Open signs a person in where at is, and returns where they go on: to the page that the browser wanted, unless it was somebody else's, or to where
// their work begins. It returns ErrSuspended, ErrNoPlace, what way.Still answers, and
// db.ErrConflict when the browser's session was used meanwhile.
func (d *Door) Open(w http.ResponseWriter, r *http.Request, at *session.Session, p org.Person, way Way) (to string, err error) {
	ctx := r.Context()
	who, err := d.Who(r, p, way)
	if err != nil {
		return "", err
	}
	var out session.Opened
	lock, may := &pgx.Batch{}, func() error { return nil }
	if way.Still != nil {
		may = way.Still(lock)
	}
	err = d.journal.RecordAfter(ctx, who.Actor(), lock, func(tx *journal.Tx) (journal.Event, error) {
		if err := may(); err != nil {
			return journal.Event{}, err
		}
		out, err = d.Enter(ctx, tx, at, who)
		return journal.Event{Action: "session.opened", Detail: opened{ACR: way.ACR, IDP: way.IDP, Method: way.Method, Factor: way.Factor.Kind}}, err
	})
	if err != nil {
		return "", err
	}
	return Back(at.Onward(p.ID), who.Home()), d.sessions.Carry(w, r, out)
}

// StepUp notes a new factor of the person who is signed in, or the first of who was signed in to add it. It returns
// db.ErrConflict when the session has gone.
func (d *Door) StepUp(w http.ResponseWriter, r *http.Request, at *session.Session, f session.Factor, acr string) error {
	ctx, by := r.Context(), at.Actor()
	by.FactorAt = f.At
	var out session.Opened
	err := d.journal.Record(ctx, by, func(tx *journal.Tx) (journal.Event, error) {
		var err error
		out, err = d.sessions.StepUp(ctx, tx, at, f)
		return journal.Event{Action: "session.stepped_up", Detail: steppedUp{ACR: acr, Factor: f.Kind}}, err
	})
	if err != nil {
		return err
	}
	return d.sessions.Carry(w, r, out)
}

// From is where a request's connection comes from, never what a header says; 0.0.0.0 when that cannot be told.
func From(r *http.Request) netip.Addr {
	if from, err := netip.ParseAddrPort(r.RemoteAddr); err == nil {
		return from.Addr().Unmap().WithZone("")
	}
	return netip.IPv4Unspecified()
}

// Back is where a browser goes on: the page that it wanted, if it is one of ours, else home.
func Back(wanted, home string) string {
	if wanted == "" || wanted == "/" || !session.Local(wanted) {
		return home
	}
	return wanted
}
