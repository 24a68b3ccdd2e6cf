package referent

import (
	"errors"
	"net/http"

	"mandat/internal/caseload"
	"mandat/internal/certification"
	"mandat/internal/db"
	"mandat/internal/org"
	"mandat/internal/page"
	"mandat/internal/pdf"
	"mandat/internal/session"
	"mandat/internal/site/staff"
)

type personPage struct {
	page.Common
	leaving
	Identities []org.Asked   // names that are asked to be theirs
	Reset      *staff.Reset  // of their second factors, that is not done yet
	Certified  bool          // there is a certificate to print
	Procedures []staff.Theme // to which they are limited
	MaySuspend bool
	MayReset   bool
	Self       bool
	Notice     string
}

// leaving is what somebody follows up, and to whom it can be given.
type leaving struct {
	Person     member
	Left       caseload.Left
	Follower   string // name of who follows it up already
	Mandates   []leftMandate
	Colleagues []staff.Choice
}

// leftMandate is a mandate that a certified aidant is shown.
type leftMandate struct {
	caseload.Summary
	Name string
}

// mandatesShown is how many mandates of a colleague are listed.
const mandatesShown = 100

func (s *Site) showPerson(w http.ResponseWriter, r *http.Request) error {
	at, c, err := s.colleague(r)
	if err != nil {
		return err
	}
	form, err := s.acts().Kept(r, personPath(c.ID), nil)
	if err != nil {
		return err
	}
	return s.renderPerson(w, r, at, c, form)
}

func (s *Site) renderPerson(w http.ResponseWriter, r *http.Request, at *session.Session, c org.Colleague, form *page.Form) error {
	p := &personPage{Common: page.Common{Title: "referent.person.title", Current: home.Href, Trail: []page.Link{home, team}, Form: form}, Self: c.ID == at.Person}
	var err error
	if p.leaving, err = s.leaving(r, at, c); err != nil {
		return err
	}
	p.Certified = p.Person.Certificate == certification.Certified
	p.Procedures = staff.Allowed(s.Catalogue, page.Lang(r), c.Procedures)
	p.MaySuspend = p.Person.Works() && !p.Self
	if p.Person.Stranded() {
		begun, err := s.Invitations.Begun(r.Context(), at.Actor())
		if err != nil {
			return refusal(err)
		}
		p.Person.Link = begun[c.ID]
	}
	if p.Person.State != org.ColleagueLeft { // others decide about them now
		if err := s.decisions(r, at, p); err != nil {
			return err
		}
	}
	if p.Notice, err = s.acts().Notice(r, at); err != nil {
		return err
	}
	status := http.StatusOK
	if form.Failed() {
		status = http.StatusUnprocessableEntity
	}
	return s.Pages.Render(w, r, status, "referent/person.html", p)
}

// decisions finds what waits for a decision on a person.
func (s *Site) decisions(r *http.Request, at *session.Session, p *personPage) error {
	asked, err := s.Directory.AskedIdentities(r.Context(), at.Actor())
	if err != nil {
		return refusal(err)
	}
	for _, a := range asked {
		if a.Person == p.Person.ID {
			p.Identities = append(p.Identities, a)
		}
	}
	open, err := s.Credentials.ResetOf(r.Context(), p.Person.ID)
	if errors.Is(err, db.ErrNotFound) {
		p.MayReset = !p.Self
		return nil
	}
	if err != nil {
		return err
	}
	p.Reset, err = staff.ResetFor(r.Context(), s.Directory, at, open)
	return err
}

// leaving reads what somebody follows up. Whose it is, only an aidant who may act is told (see mandate.Register.Whose).
func (s *Site) leaving(r *http.Request, at *session.Session, c org.Colleague) (leaving, error) {
	l := leaving{Person: s.memberOf(c)}
	people, err := s.Directory.Team(r.Context(), at.Actor(), s.Clock.Now())
	if err != nil {
		return l, refusal(err)
	}
	if l.Left, err = s.Caseload.LeftBy(r.Context(), at.Actor(), c.ID); err != nil {
		return l, err
	}
	for _, other := range people {
		m := s.memberOf(other)
		if m.ID == l.Left.FollowedUpBy {
			l.Follower = m.Name
		}
		if m.ID != c.ID && m.Follows() {
			l.Colleagues = append(l.Colleagues, staff.Choice{Value: m.ID.String(), Text: m.Name})
		}
	}
	whose, err := s.Caseload.Whose(r.Context(), at.Actor(), c.ID, mandatesShown)
	for _, m := range whose {
		l.Mandates = append(l.Mandates, leftMandate{m, m.Citizen.Identity.FullName()})
	}
	return l, err
}

// Any reports whether they follow anything up.
func (l leaving) Any() bool { return l.Left.Mandates+l.Left.Drafts > 0 }

// Leaves reports whether there is something to hand over that somebody has left who can follow nothing up any more.
func (l leaving) Leaves() bool {
	return !l.Person.Follows() && l.Any() && len(l.Colleagues) > 0
}

// sendCertificate sends somebody's certificate.
func (s *Site) sendCertificate(w http.ResponseWriter, r *http.Request) error {
	_, c, err := s.colleague(r)
	if err != nil {
		return err
	}
	if c.State == org.ColleagueLeft {
		return db.ErrNotFound
	}
	b, err := s.Press.Print(r.Context(), c.ID, page.Lang(r))
	if _, ok := errors.AsType[*pdf.UnprintableError](err); ok {
		return page.NewProblem(http.StatusUnprocessableEntity, "referent.problem.unprintable", team.Href)
	}
	if errors.Is(err, certification.ErrNotCertified) || errors.Is(err, certification.ErrSuspended) {
		return db.ErrNotFound
	}
	if err != nil {
		return err
	}
	page.SendPDF(w, "certification.pdf", b)
	return nil
}

// resets are those of the referent's organisation that are not done yet.
func (s *Site) resets(r *http.Request, at *session.Session) ([]*staff.Reset, error) {
	open, err := s.Credentials.Resets(r.Context(), at.Organisation)
	if err != nil {
		return nil, err
	}
	return staff.ResetsFor(r.Context(), s.Directory, at, open)
}
