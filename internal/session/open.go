package session

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/google/uuid"

	"mandat/internal/db"
	"mandat/internal/journal"
	"mandat/internal/org"
	"mandat/internal/token"
)

// Ensure returns the browser's session at addresses without an organisation, and gives it an empty one if it has none.
func (s *Sessions) Ensure(w http.ResponseWriter, r *http.Request) (*Session, error) {
	r = plain(r)
	if found, err := s.read(r); err != nil || found != nil {
		return found, err
	}
	now := s.clock.Now()
	secret, hash := token.New()
	out := &Session{Hash: token.Bytes(32), Browser: token.Bytes(32), cookie: hash, CreatedAt: now, SeenAt: now, ExpiresAt: now.Add(Absolute), Charter: true, standing: true}
	err := s.db.Write(r.Context(), db.Nothing(), db.Soon, func(tx *db.Tx) error {
		_, err := tx.Exec(r.Context(), `insert into session (id, cookie, browser, created_at, seen_at, expires_at) values ($1, $2, $3, $4, $4, $5)`,
			out.Hash, out.cookie, out.Browser, now, out.ExpiresAt)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("begin session: %w", err)
	}
	return out, s.write(w, r, secret, out)
}

// Place is an organisation for which a person may act, and as what.
type Place struct {
	Organisation uuid.UUID
	Role         string // Aidant or Referent; who is both is an Aidant
}

// Places are the organisations for which a person may act now, the one with this SIRET first if it is among them, the others
// in the order of their names. A membership that is suspended is none.
func Places(p org.Person, siret string) []Place {
	var out []Place
	for _, m := range p.Memberships {
		if m.Suspended {
			continue
		}
		at := slices.IndexFunc(out, func(x Place) bool { return x.Organisation == m.Organisation.ID })
		switch {
		case at >= 0 && m.Role == org.RoleAidant:
			out[at].Role = Aidant
		case at >= 0:
		case m.Organisation.SIRET == siret && siret != "":
			out = slices.Insert(out, 0, Place{m.Organisation.ID, m.Role})
		default:
			out = append(out, Place{m.Organisation.ID, m.Role})
		}
	}
	return out
}

// SignedIn says who signed in, and how.
type SignedIn struct {
	Person        uuid.UUID
	Places        []Place   // the first is where they begin; none for who has an office
	Role          string    // of who has no place: Auditor, Administrator, Fraud or Prefecture
	Method        string    // ByProConnect and the others
	FactorAt      time.Time // zero when no factor that counts was given
	FactorKind    string    // FactorProConnect and the others, "" without
	FactorCitizen uuid.UUID // for whom the factor was given, usually nil
	Enrolling     bool      // they have no second factor yet, and may do nothing but add one
	Device        Device    // see Sessions.Device; the zero Device is not remembered
}

// Actor is who signs in, for the act that says so; its organisation is where they begin.
func (w SignedIn) Actor() journal.Actor {
	s := &Session{Person: w.Person, Role: w.Role, FactorAt: w.FactorAt}
	if len(w.Places) > 0 {
		s.Organisation, s.Role = w.Places[0].Organisation, w.Places[0].Role
	}
	return s.Actor()
}

// Home is where they begin to work.
func (w SignedIn) Home() string {
	if len(w.Places) > 0 {
		w.Role = w.Places[0].Role
	}
	return (&Session{Role: w.Role}).Home() // an address that names no organisation leads to one that does
}

// Opened is what a browser is given once the act that made it is committed, with Carry.
type Opened struct {
	// NewDevice says that the person has signed in before, and never with this browser.
	NewDevice bool

	secret, device string
}

// Secret is the value of the session's cookie.
func (o Opened) Secret() string { return o.secret }

// cookieOf is claimFor in SQL, of a plain claim $2 and an organisation o.
const cookieOf = `case when p.addressed then sha256($2::bytea || uuid_send(o.public_id)) else $2::bytea end`

// cookieAgain is the same for a row p that is there.
const cookieAgain = `case when p.addressed then sha256($2::bytea || uuid_send((select o.public_id from organisation o where o.id = p.organisation_id))) else $2::bytea end`

const opened = `with gone as (delete from session where browser = (select browser from session where cookie = $1) returning cookie, proconnect),
	made as (insert into session (id, cookie, before, browser, addressed, person_id, organisation_id, role, method, factor_at, factor_kind, factor_citizen, enrolling, proconnect, device, network, created_at, seen_at, expires_at)
		select p.id, ` + cookieOf + `, case when not p.addressed then gone.cookie end, $3, p.addressed, $4, p.organisation, p.role, $5, $6, nullif($7, ''), $8, $9, gone.proconnect, nullif($10, ''), $11, $12, $12, $13
		from gone, unnest($14::bytea[], $15::uuid[], $16::text[], $17::boolean[]) p(id, organisation, role, addressed) left join organisation o on o.id = p.organisation
		where gone.cookie = $1 returning id, device, network),
	kept as (insert into session_origin (session_id, person_id, device, network, opened_at) select id, $4, device, network, $12 from made)
	select count(*) from made`

// Open replaces a browser's sessions by new ones in which somebody is signed in: one for addresses that name no organisation,
// and, for who has several, one for each. The old rows go, with every attempt bound to them, in the same statement;
// db.ErrConflict when they had gone already. The caller gives the result to Carry once the act is committed.
func (s *Sessions) Open(ctx context.Context, tx *journal.Tx, old *Session, who SignedIn) (Opened, error) {
	secret, hash := token.New()
	begin := Place{Role: who.Role}
	if len(who.Places) > 0 {
		begin = who.Places[0]
	}
	ids, organisations, roles, addressed := [][]byte{token.Bytes(32)}, []*uuid.UUID{db.OrNull(begin.Organisation)}, []string{begin.Role}, []bool{false}
	if len(who.Places) > 1 {
		for _, p := range who.Places {
			ids, organisations, roles, addressed = append(ids, token.Bytes(32)), append(organisations, db.OrNull(p.Organisation)), append(roles, p.Role), append(addressed, true)
		}
	}
	var factorAt *time.Time
	if !who.FactorAt.IsZero() {
		factorAt = &who.FactorAt
	}
	made := 0
	if _, err := tx.Exec(ctx, lockOfClaim, old.cookie); err != nil {
		return Opened{}, fmt.Errorf("open session: %w", err)
	}
	left, err := s.leftFor(ctx, tx, old, who.Person)
	if err != nil {
		return Opened{}, fmt.Errorf("open session: %w", err)
	}
	err = tx.QueryRow(ctx, opened, old.cookie, hash, token.Bytes(32), who.Person, who.Method, factorAt, who.FactorKind, db.OrNull(who.FactorCitizen), who.Enrolling,
		who.Device.Label, who.Device.network(), tx.Now, tx.Now.Add(Absolute), ids, organisations, roles, addressed).Scan(&made)
	if err != nil {
		return Opened{}, fmt.Errorf("open session: %w", err)
	}
	if made != len(ids) {
		return Opened{}, db.ErrConflict
	}
	if err := s.putBack(ctx, tx, left, who.Person, ids); err != nil {
		return Opened{}, fmt.Errorf("open session: %w", err)
	}
	tx.By.Session = ids[0] // the act that opens a session is done in it
	out := Opened{secret: secret, device: who.Device.secret}
	if out.NewDevice, err = who.Device.note(ctx, tx, who.Person); err != nil {
		return Opened{}, fmt.Errorf("open session: %w", err)
	}
	return out, nil
}

// Carry gives the browser the secret of its new session, and of its device if it has a new one, after the act that made it.
func (s *Sessions) Carry(w http.ResponseWriter, r *http.Request, o Opened) error {
	if o.device != "" {
		s.writeDevice(w, o.device)
	}
	return s.write(w, plain(r), o.secret, nil)
}

// Forget takes the cookie away from the browser.
func (s *Sessions) Forget(w http.ResponseWriter, r *http.Request) error {
	return s.write(w, plain(r), "", nil)
}
