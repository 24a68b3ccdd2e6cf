package account

import (
	"errors"
	"net/http"

	"mandat/internal/contact"
	"mandat/internal/db"
	"mandat/internal/org"
	"mandat/internal/page"
	"mandat/internal/session"
)

// kind is a way to reach somebody: its pages and texts.
type kind struct {
	Kind, Path, Type, Complete string
}

var contacts = []kind{
	{org.ByEmail, "courriel", "email", "email"},
	{org.ByPhone, "telephone", "tel", "tel"},
}

// words are the i18n keys of a kind.
func (k kind) words() words {
	key := "account.contact." + k.Kind
	return words{Lead: key + ".lead", Label: key + ".label", Hint: key + ".hint"}
}

type words struct{ Lead, Label, Hint string }

// contactPage is account/contact.html.
type contactPage struct {
	page.Common
	kind
	Words words
}

// codePage is account/contactcode.html.
type codePage struct {
	page.Common
	kind
	Waiting string // what the person said is theirs
}

// contact binds a handler to a kind.
func (s *Site) contact(k kind, h func(http.ResponseWriter, *http.Request, kind) error) page.Handler {
	return func(w http.ResponseWriter, r *http.Request) error { return h(w, r, k) }
}

func (s *Site) showContact(w http.ResponseWriter, r *http.Request, k kind) error {
	if ok, err := s.fresh(w, r, "/compte/"+k.Path); !ok {
		return err
	}
	form, err := s.Sessions.KeptForm(r, "/compte/"+k.Path, nil)
	if err != nil {
		return err
	}
	return s.renderContact(w, r, http.StatusOK, k, form)
}

func (s *Site) renderContact(w http.ResponseWriter, r *http.Request, status int, k kind, form *page.Form) error {
	data := &contactPage{page.Common{Title: "account.contact." + k.Kind + ".title", Form: form, Trail: trail(ProfilePath)}, k, k.words()}
	return s.Pages.Render(w, r, status, "account/contact.html", data)
}

func (s *Site) doContact(w http.ResponseWriter, r *http.Request, k kind) error {
	form, err := page.ParseForm(r)
	if err != nil {
		return err
	}
	err = s.Contacts.Start(r.Context(), session.From(r.Context()).Actor(), k.Kind, form.Value("value"))
	if errors.Is(err, org.ErrContact) {
		form.Fail("value", "account.contact."+k.Kind+".malformed")
		return s.renderContact(w, r, http.StatusUnprocessableEntity, k, form)
	}
	if errors.Is(err, contact.ErrTooOften) {
		form.Fail("value", "account.contact.too_often")
		return s.renderContact(w, r, http.StatusTooManyRequests, k, form)
	}
	if err != nil {
		return s.stale(w, r, err, "/compte/"+k.Path, form, "value")
	}
	http.Redirect(w, r, "/compte/"+k.Path+"/code", http.StatusSeeOther)
	return nil
}

func (s *Site) showCode(w http.ResponseWriter, r *http.Request, k kind) error {
	return s.renderCode(w, r, http.StatusOK, k, nil)
}

func (s *Site) renderCode(w http.ResponseWriter, r *http.Request, status int, k kind, form *page.Form) error {
	waiting, err := s.Contacts.Waiting(r.Context(), session.From(r.Context()).Person, k.Kind)
	if err != nil {
		return err
	}
	if waiting == "" && form == nil { // nothing was said, or it was too long ago
		http.Redirect(w, r, "/compte/"+k.Path, http.StatusSeeOther)
		return nil
	}
	data := &codePage{page.Common{Title: "account.contact.code." + k.Kind, Form: form, Trail: trail(ProfilePath)}, k, waiting}
	return s.Pages.Render(w, r, status, "account/contactcode.html", data)
}

func (s *Site) doCode(w http.ResponseWriter, r *http.Request, k kind) error {
	form, err := page.ParseForm(r)
	if err != nil {
		return err
	}
	if form.Value("code") == "" {
		form.Fail("code", "account.contact.code.missing")
		return s.renderCode(w, r, http.StatusUnprocessableEntity, k, form)
	}
	err = s.Contacts.Prove(r.Context(), session.From(r.Context()).Actor(), k.Kind, form.Value("code"))
	if errors.Is(err, contact.ErrNotShown) {
		form.Fail("code", "account.contact.code.wrong")
		return s.renderCode(w, r, http.StatusUnprocessableEntity, k, form)
	}
	if errors.Is(err, db.ErrConflict) {
		return &page.Problem{Status: http.StatusConflict, Title: "account.problem.taken.title", What: "account.problem.taken.what", Safe: "account.problem.taken.safe",
			Next: "account.problem.taken.next", Link: ProfilePath, LinkText: "account.back"}
	}
	if err != nil {
		return err
	}
	return s.done(w, r, ProfilePath, k.Kind)
}
