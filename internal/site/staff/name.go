package staff

import (
	"errors"
	"net/http"
	"net/url"

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
}

// NamePage is referent/name.html.
type NamePage struct {
	page.Common
	Name string // as it is now
	Path string // of the person's page
}

// Show shows the form. path is that of the person's page, which the trail leads to.
func (n Naming) Show(w http.ResponseWriter, r *http.Request, at *session.Session, p org.Person, path string, trail ...page.Link) error {
	if p.ID == at.Person {
		return n.Refusal(org.ErrYourself)
	}
	if ok, err := n.Confirmed(w, r, at); !ok {
		return err
	}
	form, err := n.Kept(r, path+"/nom", page.FilledForm(url.Values{"given_name": {p.GivenName}, "usual_name": {p.UsualName}}))
	if err != nil {
		return err
	}
	return n.render(w, r, p, form, path, trail)
}

// Do corrects the name, and leads back to the person's page.
func (n Naming) Do(w http.ResponseWriter, r *http.Request, at *session.Session, p org.Person, path string, trail ...page.Link) error {
	form, err := page.ParseForm(r)
	if err != nil {
		return err
	}
	given, usual := readName(form, "")
	if form.Failed() {
		return n.render(w, r, p, form, path, trail)
	}
	err = n.Directory.Rename(r.Context(), at.Actor(), p.ID, given, usual)
	switch {
	case errors.Is(err, org.ErrFactorTooOld):
		return n.Later(w, r, path+"/nom", form)
	case err != nil:
		return n.Refusal(err)
	}
	return n.Finish(w, r, at, path, "referent.name.done")
}

func (n Naming) render(w http.ResponseWriter, r *http.Request, p org.Person, form *page.Form, path string, trail []page.Link) error {
	status := http.StatusOK
	if form.Failed() {
		status = http.StatusUnprocessableEntity
	}
	return n.Pages.Render(w, r, status, "referent/name.html", &NamePage{Common: page.Common{Title: "referent.name.title", Current: trail[0].Href, Trail: trail, Form: form},
		Name: p.GivenName + " " + p.UsualName, Path: path})
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
