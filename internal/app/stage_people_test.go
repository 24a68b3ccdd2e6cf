package app_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"mandat/internal/card"
	"mandat/internal/citizen"
	"mandat/internal/credential"
	"mandat/internal/db"
	"mandat/internal/fixture"
	"mandat/internal/invitation"
	"mandat/internal/journal"
	"mandat/internal/maillink"
	"mandat/internal/org"
	"mandat/internal/session"
	"mandat/internal/softkey"
	"mandat/internal/throttle"
	"mandat/internal/token"
)

// The things of a stage that people sign in with, and what referents and administrators decide.

// invitation is one of Jeanne's organisation; on the pages of an account, one of another organisation for its owner; among
// administrators, one that another administrator has proposed.
func (s *stage) invitation() string {
	n := invitation.Invitee{Email: fmt.Sprintf("invitee-%d@exemple.invalid", s.n), GivenName: "Camille", UsualName: "Fictif", Roles: []string{org.RoleAidant}}
	by := s.runner()
	switch {
	case strings.HasPrefix(s.route.Pattern, "/admin/administrateurs"):
		n.Roles = nil
		id, err := s.site.Invitations.ProposeAdministrator(s.ctx(), s.site.Administrator(s.t, fmt.Sprintf("proposante-%d", s.n)), n)
		must(s.t, err)
		return id.String()
	case strings.HasPrefix(s.route.Pattern, "/compte"):
		p, err := s.site.Directory.Find(s.ctx(), s.owner.By.Person)
		must(s.t, err)
		n.Email = p.Email
		by = fresh(s.site, s.site.Ines)
		by.Kind = journal.Referent
	}
	id, err := s.site.Invitations.Invite(s.ctx(), by, n)
	must(s.t, err)
	return id.String()
}

// token is the secret of an address: of an invitation, of a link that another browser asked for, or of nothing.
func (s *stage) token() string {
	switch {
	case strings.HasPrefix(s.route.Pattern, "/v/"):
		return strings.Repeat("A", 22)
	case strings.HasPrefix(s.route.Pattern, "/invitation"):
		secret, err := s.site.Invitations.Write(s.ctx(), s.id("{invitation}"))
		must(s.t, err)
		return secret
	case strings.HasPrefix(s.route.Pattern, "/connexion/lien"):
		return s.link()
	case strings.HasPrefix(s.route.Pattern, "/mails/"):
		secret, err := citizen.NewMails(s.site.DB, s.site.Journal, throttle.New(s.site.DB, s.site.Clock), s.site.Clock).Link(s.ctx(), s.id("{citizen}"))
		must(s.t, err)
		return secret
	case strings.HasPrefix(s.route.Pattern, "/i/"):
		s.fill("{draft}")
		return s.made["{phone}"]
	}
	return strings.Repeat("A", 43) // a reset has a secret only once it has waited an hour
}

// phone is a link for the citizen's own phone, which Jeanne has made for a draft.
func (s *stage) phone(draft uuid.UUID) string {
	secret := fmt.Sprintf("%026d", s.n)
	now := s.site.Clock.Now()
	var number int
	s.site.Row(s.t, `insert into franceconnect_link (id, organisation_id, person_id, draft_id, draft_version, session_id, token, number, created_at, expires_at)
		values ($1, $2, $3, $4, (select version from mandate_draft where id = $4), $5, $6, 100 + $7, $8, $9) returning number`,
		[]any{token.ID(), s.owner.By.Organisation, s.owner.By.Person, draft, s.owner.By.Session, token.Hash(secret), s.n % 900, now, now.Add(10 * time.Minute)}, &number)
	return secret
}

func (s *stage) link() string {
	sessions := session.New(s.site.DB, s.site.Keys, s.site.Clock, false)
	at, err := sessions.Ensure(httptest.NewRecorder(), httptest.NewRequestWithContext(s.ctx(), http.MethodGet, "/", nil))
	must(s.t, err)
	var asked uuid.UUID
	links := maillink.New(s.site.DB, s.site.Clock, throttle.New(s.site.DB, s.site.Clock), sessions, func(_ *db.Tx, _ time.Time, m org.Message) error {
		asked, err = uuid.Parse(m.About)
		return err
	})
	owner, err := s.site.Directory.Find(s.ctx(), s.owner.By.Person)
	must(s.t, err)
	must(s.t, links.Request(s.ctx(), at, owner.Email, netip.MustParseAddr(fmt.Sprintf("192.0.2.%d", s.n%250+1)), nil))
	secret, err := links.Write(s.ctx(), asked)
	must(s.t, err)
	return secret
}

func (s *stage) credentials() *credential.Register {
	r, err := credential.New(s.site.DB, s.site.Journal, s.site.Keys, s.site.Clock, credential.Config{RPID: "localhost", Origins: []string{s.site.URL}, Name: "Mandat"},
		credential.Hooks{Tell: func(*journal.Tx, org.Message) error { return nil }, End: func(context.Context, *journal.Tx, uuid.UUID) error { return nil }})
	must(s.t, err)
	return r
}

// factor is a passkey of the owner.
func (s *stage) factor() string {
	key, err := softkey.New(s.site.URL, "localhost")
	must(s.t, err)
	r := s.credentials()
	question, err := r.BeginPasskey(s.ctx(), s.owner.By, s.owner.By.Session)
	must(s.t, err)
	answer, err := key.Create(question)
	must(s.t, err)
	_, err = r.AddPasskey(s.ctx(), s.owner.By, s.owner.By.Session, "Clé", answer)
	must(s.t, err)
	factors, err := r.Factors(s.ctx(), s.owner.By.Person)
	must(s.t, err)
	return factors.Passkeys[0].ID.String()
}

// reset was asked for by somebody else than the referent and the administrator of the matrix, who may therefore approve it.
func (s *stage) reset() string {
	by := s.site.Referent(s.t, s.site.Here, fmt.Sprintf("demandeuse-%d", s.n))
	target := s.owner.By.Person
	switch {
	case strings.HasPrefix(s.route.Pattern, "/admin"):
		by, target = s.site.Administrator(s.t, fmt.Sprintf("demandant-%d", s.n)), s.id("{person}")
	case strings.HasPrefix(s.route.Pattern, "/referent"):
		target = s.id("{person}")
	}
	s.equip(target)
	id, err := s.credentials().AskReset(s.ctx(), by, target)
	must(s.t, err)
	return id.String()
}

// equip gives somebody a factor to lose.
func (s *stage) equip(person uuid.UUID) {
	fixture.Equip(s.t, s.credentials(), s.site.Clock, journal.Actor{Kind: journal.Aidant, Person: person, Organisation: s.site.Here})
}

// identity is a name at ProConnect that somebody came with who has the address of the person.
func (s *stage) identity() string {
	person := s.id("{person}")
	must(s.t, s.site.Directory.AskIdentity(s.ctx(), fixture.Issuer, fmt.Sprintf("autre-%d", s.n), person))
	by := s.runner()
	if strings.HasPrefix(s.route.Pattern, "/admin") {
		by = s.site.Administrator(s.t, fmt.Sprintf("lectrice-%d", s.n))
	}
	asked, err := s.site.Directory.AskedIdentities(s.ctx(), by)
	must(s.t, err)
	for _, a := range asked {
		if a.Person == person {
			return a.Digest
		}
	}
	s.t.Error("the identity that was asked for is not there")
	return ""
}

// browser is another one in which the owner is signed in.
func (s *stage) browser() string {
	sessions := session.New(s.site.DB, s.site.Keys, s.site.Clock, false)
	r := httptest.NewRequestWithContext(s.ctx(), http.MethodGet, "/", nil)
	r.AddCookie(&http.Cookie{Name: "mandat", Value: s.site.Visit(s.t, s.owner.By).Cookie})
	passed, err := sessions.Browser(httptest.NewRecorder(), r)
	must(s.t, err)
	list, err := sessions.List(s.ctx(), session.From(passed.Context()))
	must(s.t, err)
	for _, l := range list {
		if l.Current {
			return l.ID
		}
	}
	s.t.Error("the other browser is not listed")
	return ""
}

// here is how addresses name Jeanne's organisation.
func (s *stage) here() string {
	return strings.TrimPrefix(s.site.Under(s.t, s.site.Here), "/structures/")
}

func (s *stage) email() string {
	p, err := s.site.Directory.Find(s.ctx(), s.id("{person}"))
	must(s.t, err)
	return p.Email
}

// job is one that failed for good.
func (s *stage) job() string {
	var id int64
	s.site.Row(s.t, `insert into river_job (state, attempt, max_attempts, attempted_at, finalized_at, errors, kind, args, queue, priority)
		values ('discarded', 1, 1, now(), now(), array['{"at":"2026-01-01T00:00:00Z","attempt":1,"error":"no","trace":""}'::jsonb], 'periodic', '{"name":"purge-links"}', 'default', 1) returning id`, nil, &id)
	return strconv.FormatInt(id, 10)
}

// card is one of the stock.
func (s *stage) card() string {
	serial := fmt.Sprintf("STOCK-%d", s.n)
	out, err := card.New(s.site.DB, s.site.Journal, s.site.Keys).Import(s.ctx(), journal.Program(), strings.NewReader(serial+";"+strings.Repeat("ab", 20)+"\n"), false)
	must(s.t, err)
	if !out.Done {
		s.t.Errorf("the card was not taken: %+v", out)
	}
	return serial
}
