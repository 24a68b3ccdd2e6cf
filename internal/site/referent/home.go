package referent

import (
	"net/http"
	"slices"
	"time"

	"mandat/internal/caseload"
	"mandat/internal/org"
	"mandat/internal/page"
	"mandat/internal/session"
	"mandat/internal/site/staff"
)

type homePage struct {
	page.Common
	Organisation string
	Waiting      []waiting
	Orphans      []orphaned // mandates that nobody follows up any more, by who did
	People       org.Figures
	Aidants      int // active ones, referents who are none left out
	Figures      caseload.Figures
	Notice       string
}

// waiting is something that waits for the referent.
type waiting struct {
	Kind string // "finding", "identity", "reset", "stranded", "invitation"
	Name string // of whom it is about; of a finding, how grave it is
	Href string
	At   time.Time
}

// orphaned is what somebody followed up who does not any more.
type orphaned struct {
	caseload.Orphaned
	Name, Href string
}

func (s *Site) showHome(w http.ResponseWriter, r *http.Request) error {
	at, err := staff.SignedIn(r)
	if err != nil {
		return err
	}
	p := &homePage{Common: page.Common{Title: "referent.home.title", Current: home.Href}, Organisation: at.OrganisationName}
	people, err := s.Directory.Team(r.Context(), at.Actor(), s.Clock.Now())
	if err != nil {
		return refusal(err)
	}
	p.People = org.FiguresOf(people, s.Clock.Now())
	for _, c := range people {
		if c.State == org.ColleagueActive && slices.Contains(c.Roles, org.RoleAidant) {
			p.Aidants++
		}
	}
	if p.Figures, err = s.Caseload.Figures(r.Context(), at.Actor()); err != nil {
		return err
	}
	if p.Orphans, err = s.orphans(r, at, people); err != nil {
		return refusal(err)
	}
	if p.Waiting, err = s.waiting(r, at, people); err != nil {
		return refusal(err)
	}
	if p.Notice, err = s.acts().Notice(r, at); err != nil {
		return err
	}
	return s.Pages.Render(w, r, http.StatusOK, "referent/home.html", p)
}

// orphans finds the mandates that nobody follows up, of which the referent names somebody on the page of who did.
func (s *Site) orphans(r *http.Request, at *session.Session, people []org.Colleague) ([]orphaned, error) {
	found, err := s.Caseload.Orphans(r.Context(), at.Actor())
	if err != nil {
		return nil, err
	}
	var out []orphaned
	for _, o := range found {
		line := orphaned{Orphaned: o, Href: personPath(o.Person) + "#releve"}
		for _, c := range people {
			if c.ID == o.Person {
				line.Name = c.GivenName + " " + c.UsualName
			}
		}
		out = append(out, line)
	}
	return out, nil
}

func (s *Site) waiting(r *http.Request, at *session.Session, people []org.Colleague) ([]waiting, error) {
	out, err := s.unanswered(r, at)
	if err != nil {
		return nil, err
	}
	asked, err := s.Directory.AskedIdentities(r.Context(), at.Actor())
	if err != nil {
		return nil, err
	}
	for _, a := range asked {
		if a.MayConfirm {
			out = append(out, waiting{"identity", a.GivenName + " " + a.UsualName, personPath(a.Person), a.At})
		}
	}
	resets, err := s.resets(r, at)
	if err != nil {
		return nil, err
	}
	for _, x := range resets {
		if x.MayApprove {
			out = append(out, waiting{"reset", x.Name, personPath(x.Person), x.AskedAt})
		}
	}
	for _, c := range people {
		if c.Stranded() {
			out = append(out, waiting{"stranded", c.GivenName + " " + c.UsualName, personPath(c.ID), time.Time{}})
		}
	}
	open, err := s.invited(r, at)
	if err != nil {
		return nil, err
	}
	for _, i := range open {
		out = append(out, waiting{"invitation", i.Name, "/referent/equipe#invitations", i.CreatedAt})
	}
	return out, nil
}

// unanswered are findings of auditors to which the organisation may still reply.
func (s *Site) unanswered(r *http.Request, at *session.Session) ([]waiting, error) {
	all, err := s.Inquiries.OfOrganisation(r.Context(), at.Actor())
	if err != nil {
		return nil, err
	}
	var out []waiting
	for _, f := range all {
		if !f.Waits(s.Clock.Now()) {
			continue
		}
		name, err := s.Pages.Text(page.Lang(r), "cases.gravity."+f.Gravity)
		if err != nil {
			return nil, err
		}
		out = append(out, waiting{"finding", name, findingPath(f.ID), f.MadeAt})
	}
	return out, nil
}
