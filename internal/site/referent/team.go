package referent

import (
	"net/http"
	"slices"
	"time"

	"github.com/google/uuid"

	"mandat/internal/certification"
	"mandat/internal/org"
	"mandat/internal/page"
	"mandat/internal/session"
	"mandat/internal/site/staff"
)

// endsSoon is how long before its end a certificate is said to be ending.
const endsSoon = 60 * 24 * time.Hour

// member is a colleague as pages show them.
type member struct {
	org.Colleague
	Name        string
	Certificate string    // state of their certification: "none", "expired" and those of package certification
	Until       time.Time // when the certificate ends or ended, zero without one
	EndsSoon    bool
	SeenAt      time.Time // last sign-in, zero is never
	Waits       string    // key of what waits for a decision on them, "" for nothing
	Link        time.Time // until when the link of their invitation lets who is stranded add a second factor, zero when it does not
}

func (s *Site) memberOf(c org.Colleague) member {
	m := member{Colleague: c, Name: c.GivenName + " " + c.UsualName, Certificate: c.Certificate}
	if c.Certificate == "" {
		m.Certificate = "none"
	}
	if c.CertifiedUntil != nil {
		now := s.Clock.Now()
		m.Until = *c.CertifiedUntil
		switch {
		case c.Certificate == "certified" && !now.Before(m.Until):
			m.Certificate = "expired"
		case c.Certificate == "certified":
			m.EndsSoon = m.Until.Sub(now) <= endsSoon
		}
	}
	if c.LastSignIn != nil {
		m.SeenAt = *c.LastSignIn
	}
	return m
}

// Aidant reports whether they are one now.
func (m member) Aidant() bool { return slices.Contains(m.Roles, org.RoleAidant) }

// Referent reports whether they are one now.
func (m member) Referent() bool { return slices.Contains(m.Roles, org.RoleReferent) }

// Certifiable reports whether there is anything to say of their certification: it concerns aidants, and who was trained to be one.
func (m member) Certifiable() bool { return m.Aidant() || m.Certificate != "none" }

// Works reports whether they have a role now and are suspended nowhere.
func (m member) Works() bool {
	return m.State == org.ColleagueActive || m.State == org.ColleagueTraining
}

// Follows reports whether they can be responsible for mandates (org.Follows): an aidant who was certified once, and is suspended nowhere.
func (m member) Follows() bool {
	return m.Works() && m.Aidant() && (m.Certificate == certification.Certified || m.Certificate == "expired")
}

// Factors reports whether they have second factors of their own.
func (m member) Factors() bool { return m.Passkeys+m.Apps+m.Cards+m.Recovery > 0 }

// Why says why they are suspended: "here", org.Decided or org.Inactive; "" when they are not.
func (m member) Why() string {
	switch {
	case m.State != org.ColleagueSuspended:
		return ""
	case m.Suspended:
		return m.SuspendedWhy
	}
	return "here"
}

type group struct {
	State  string
	People []member
}

type teamPage struct {
	page.Common
	Groups      []group
	Invitations []staff.Invited
	Notice      string
}

func (s *Site) showTeam(w http.ResponseWriter, r *http.Request) error {
	at, err := staff.SignedIn(r)
	if err != nil {
		return err
	}
	people, err := s.Directory.Team(r.Context(), at.Actor(), s.Clock.Now())
	if err != nil {
		return refusal(err)
	}
	p := &teamPage{Common: page.Common{Title: "referent.team.title", Current: home.Href, Trail: []page.Link{home}}}
	waits, err := s.waits(r, at)
	if err != nil {
		return err
	}
	begun, err := s.Invitations.Begun(r.Context(), at.Actor())
	if err != nil {
		return refusal(err)
	}
	for _, state := range []string{org.ColleagueActive, org.ColleagueTraining, org.ColleagueSuspended, org.ColleagueLeft} {
		g := group{State: state}
		for _, c := range people {
			if c.State == state {
				m := s.memberOf(c)
				m.Waits, m.Link = waits[c.ID], begun[c.ID]
				g.People = append(g.People, m)
			}
		}
		p.Groups = append(p.Groups, g)
	}
	if p.Invitations, err = s.invited(r, at); err != nil {
		return err
	}
	if p.Notice, err = s.acts().Notice(r, at); err != nil {
		return err
	}
	return s.Pages.Render(w, r, http.StatusOK, "referent/team.html", p)
}

// waits says what waits for a decision of the referent, by person.
func (s *Site) waits(r *http.Request, at *session.Session) (map[uuid.UUID]string, error) {
	out := map[uuid.UUID]string{}
	resets, err := s.resets(r, at)
	if err != nil {
		return nil, err
	}
	for _, x := range resets {
		if x.MayApprove {
			out[x.Person] = "referent.waiting.reset"
		}
	}
	asked, err := s.Directory.AskedIdentities(r.Context(), at.Actor())
	for _, a := range asked {
		if a.MayConfirm {
			out[a.Person] = "referent.waiting.identity"
		}
	}
	return out, refusal(err)
}

func (s *Site) invited(r *http.Request, at *session.Session) ([]staff.Invited, error) {
	open, err := s.Invitations.List(r.Context(), at.Actor())
	if err != nil {
		return nil, refusal(err)
	}
	return staff.InvitedNow(open, s.Clock.Now()), nil
}
