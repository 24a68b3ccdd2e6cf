package staff

import (
	"errors"
	"net/http"
	"net/url"

	"github.com/google/uuid"

	"mandat/internal/org"
	"mandat/internal/page"
	"mandat/internal/session"
)

// Naming is the page on which somebody's name is corrected, by who has authority over them: nobody corrects their own, which stands in
// mandates as the aidant's.
type Naming struct {
	Acts
	Pages     *page.Pages
	Directory *org.Directory
	Find      func(*http.Request) (*session.Session, org.Person, error) // who asks, and whose name it is
	Path      func(uuid.UUID) string                                    // of a person's page
	Trail     func(uuid.UUID) []page.Link                               // that leads to it
}

// NamePage is referent/name.html.
type NamePage struct {
	page.Common
	Name string // as it is now
	Path string // of the person's page
}

// Show shows the form.
func (n Naming) Show(w http.ResponseWriter, r *http.Request) error {
	at, p, err := n.Find(r)
	if err != nil {
		return err
	}
	if p.ID == at.Person {
		return n.Refusal(org.ErrYourself)
	}
	return n.Begin(w, r, at, n.Path(p.ID)+"/nom", url.Values{"given_name": {p.GivenName}, "usual_name": {p.UsualName}},
		func(form *page.Form, status int) error { return n.render(w, r, p, form, status) })
}

// Do corrects the name, and leads back to the person's page.
func (n Naming) Do(w http.ResponseWriter, r *http.Request) error {
	at, p, err := n.Find(r)
	if err != nil {
		return err
	}
	form, err := page.ParseForm(r)
	if err != nil {
		return err
	}
	given, usual := readName(form, "")
	if form.Failed() {
		return n.render(w, r, p, form, http.StatusUnprocessableEntity)
	}
	err = n.Directory.Rename(r.Context(), at.Actor(), p.ID, given, usual)
	switch {
	case errors.Is(err, org.ErrFactorTooOld):
		return n.Later(w, r, n.Path(p.ID)+"/nom", form)
	case err != nil:
		return n.Refusal(err)
	}
	return n.Finish(w, r, at, n.Path(p.ID), "referent.name.done")
}

func (n Naming) render(w http.ResponseWriter, r *http.Request, p org.Person, form *page.Form, status int) error {
	trail := n.Trail(p.ID)
	return n.Pages.Render(w, r, status, "referent/name.html", &NamePage{Common: page.Common{Title: "referent.name.title", Current: trail[0].Href, Trail: trail, Form: form},
		Name: p.GivenName + " " + p.UsualName, Path: n.Path(p.ID)})
}

// readName reads a name, whose fields begin with a prefix, and notes what is wrong with it.
func readName(form *page.Form, prefix string) (given, usual string) {
	given, usual = form.Text(prefix+"given_name", 100), form.Text(prefix+"usual_name", 100)
	_, wrong := org.Name(given)
	Wrong(form, prefix, "given_name", wrong != nil)
	_, wrong = org.Name(usual)
	Wrong(form, prefix, "usual_name", wrong != nil)
	return given, usual
}
