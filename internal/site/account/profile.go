package account

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"time"

	"mandat/internal/certification"
	"mandat/internal/db"
	"mandat/internal/org"
	"mandat/internal/page"
	"mandat/internal/pdf"
	"mandat/internal/session"
)

// profilePage is account/profile.html.
type profilePage struct {
	page.Common
	Person        org.Person
	Office        string // i18n key, of who works for no organisation
	Organisations []place
	Certification string // i18n key of its state
	Kind          string // of its badge
	Until         time.Time
	Expired       bool
	Certificate   bool // there is one to download
	Done          string
}

// place is an organisation of the person's.
type place struct {
	Name, Href string
	Roles      []string // i18n keys
	Suspended  bool
}

func (s *Site) showProfile(w http.ResponseWriter, r *http.Request) error {
	at := session.From(r.Context())
	p, err := s.Directory.Find(r.Context(), at.Person)
	if err != nil {
		return err
	}
	data := &profilePage{Common: page.Common{Title: "account.title", Current: ProfilePath}, Person: p, Organisations: places(p, at)}
	switch {
	case p.Office() != "":
		data.Office = "account.role." + p.Office()
	case slices.ContainsFunc(p.Memberships, func(m org.Membership) bool { return m.Role == org.RoleAidant }):
		if err := s.certificationOf(r, data); err != nil {
			return err
		}
	}
	if data.Done, err = s.notice(r); err != nil {
		return err
	}
	return s.Pages.Render(w, r, http.StatusOK, "account/profile.html", data)
}

func places(p org.Person, at *session.Session) []place {
	var out []place
	for i, m := range p.Memberships {
		if i > 0 && p.Memberships[i-1].Organisation.ID == m.Organisation.ID {
			last := &out[len(out)-1]
			last.Roles, last.Suspended = append(last.Roles, "account.role."+m.Role), last.Suspended && m.Suspended
			continue
		}
		base := ""
		if at.Several {
			base = page.BaseOf(m.Organisation.PublicID)
		}
		there := &session.Session{Role: m.Role}
		out = append(out, place{Name: m.Organisation.Name, Href: base + there.Home(), Roles: []string{"account.role." + m.Role}, Suspended: m.Suspended})
	}
	return out
}

func (s *Site) certificationOf(r *http.Request, data *profilePage) error {
	c, err := s.Certifications.Of(r.Context(), data.Person.ID)
	if err != nil {
		return err
	}
	state := c.State(s.Clock.Now())
	data.Certification = "account.certification.state." + state
	data.Expired, data.Certificate = state == certification.Expired, state == certification.Certified
	if data.Certificate {
		data.Kind = "success"
	}
	if data.Certificate || data.Expired {
		data.Until = c.CertifiedUntil
	}
	return nil
}

// editPage is account/edit.html.
type editPage struct {
	page.Common
	Adviser bool // they work for organisations, and may be a conseiller numérique
}

func (s *Site) showEdit(w http.ResponseWriter, r *http.Request) error {
	p, err := s.Directory.Find(r.Context(), session.From(r.Context()).Person)
	if err != nil {
		return err
	}
	values := url.Values{"profession": {p.Profession}, "lang": {p.Lang}}
	if p.DigitalAdviser {
		values.Set("adviser", "on")
	}
	return s.renderEdit(w, r, http.StatusOK, page.FilledForm(values))
}

func (s *Site) renderEdit(w http.ResponseWriter, r *http.Request, status int, form *page.Form) error {
	at := session.From(r.Context())
	return s.Pages.Render(w, r, status, "account/edit.html", &editPage{page.Common{Title: "account.profile.edit", Form: form, Trail: trail(ProfilePath)},
		at.Role == session.Aidant || at.Role == session.Referent})
}

func (s *Site) doEdit(w http.ResponseWriter, r *http.Request) error {
	form, err := page.ParseForm(r)
	if err != nil {
		return err
	}
	change := org.Profile{Profession: form.Text("profession", 100), DigitalAdviser: form.Ticked("adviser"), Lang: form.Choice("lang", "fr", "en")}
	if change.Lang == "" {
		form.Fail("lang", "account.profile.language_missing")
	}
	if form.Failed() {
		return s.renderEdit(w, r, http.StatusUnprocessableEntity, form)
	}
	if err := s.Directory.ChangeProfile(r.Context(), session.From(r.Context()).Actor(), change); err != nil {
		return err
	}
	return s.done(w, r, ProfilePath, "profile")
}

// sendCertificate sends the person's own certificate.
func (s *Site) sendCertificate(w http.ResponseWriter, r *http.Request) error {
	b, err := s.Press.Print(r.Context(), session.From(r.Context()).Person, page.Lang(r))
	if errors.Is(err, certification.ErrNotCertified) || errors.Is(err, certification.ErrSuspended) {
		return db.ErrNotFound
	}
	if _, ok := errors.AsType[*pdf.UnprintableError](err); ok {
		const key = "account.problem.unprintable"
		return &page.Problem{Status: http.StatusUnprocessableEntity, Title: key + ".title", What: key + ".what", Safe: key + ".safe", Next: key + ".next",
			Link: ProfilePath, LinkText: "account.back"}
	}
	if err != nil {
		return err
	}
	page.SendPDF(w, "certificat-aidant.pdf", b)
	return nil
}

// trail is the way back to a page of the account.
func trail(path string) []page.Link {
	out := []page.Link{{Href: ProfilePath, Text: "account.title"}}
	if path == FactorsPath {
		out = append(out, page.Link{Href: FactorsPath, Text: "account.nav.factors"})
	}
	return out
}
