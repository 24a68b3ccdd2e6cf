package account

import (
	"errors"
	"net/http"
	"net/url"

	"github.com/google/uuid"

	"mandat/internal/credential"
	"mandat/internal/db"
	"mandat/internal/page"
	"mandat/internal/session"
)

// keyPage is account/key.html: one factor, to rename or remove.
type keyPage struct {
	page.Common
	ID           uuid.UUID
	Name, Serial string
	App          bool
	Last         bool // no other one counts
}

// factor finds the factor of the address among the person's own.
func (s *Site) factor(r *http.Request) (*keyPage, error) {
	id, err := uuid.Parse(r.PathValue("factor"))
	if err != nil {
		return nil, db.ErrNotFound
	}
	f, err := s.Factors.Factors(r.Context(), session.From(r.Context()).Person)
	if err != nil {
		return nil, err
	}
	data := &keyPage{Common: page.Common{Title: "account.key.title", Trail: trail(FactorsPath)}, ID: id, Last: counting(f) == 1}
	for _, p := range f.Passkeys {
		if p.ID == id {
			data.Name, data.Last = p.Name, data.Last && !p.Cloned
			return data, nil
		}
	}
	if f.App != nil && f.App.ID == id {
		data.Name, data.App = f.App.Name, true
		return data, nil
	}
	for _, c := range f.Cards {
		if c.ID == id {
			data.Name, data.Serial = c.Name, c.Serial
			return data, nil
		}
	}
	return nil, db.ErrNotFound
}

func keyPath(id uuid.UUID) string { return FactorsPath + "/" + id.String() }

func (s *Site) showKey(w http.ResponseWriter, r *http.Request) error {
	if !settled(w, r) {
		return nil
	}
	data, err := s.factor(r)
	if err != nil {
		return err
	}
	if ok, err := s.fresh(w, r, keyPath(data.ID)); !ok {
		return err
	}
	if data.Form, err = s.Sessions.KeptForm(r, keyPath(data.ID), page.FilledForm(url.Values{"name": {data.Name}})); err != nil {
		return err
	}
	return s.Pages.Render(w, r, http.StatusOK, "account/key.html", data)
}

func (s *Site) doRename(w http.ResponseWriter, r *http.Request) error {
	if !settled(w, r) {
		return nil
	}
	data, err := s.factor(r)
	if err != nil {
		return err
	}
	if data.Form, err = page.ParseForm(r); err != nil {
		return err
	}
	err = s.Factors.Rename(r.Context(), session.From(r.Context()).Actor(), data.ID, data.Form.Value("name"))
	if errors.Is(err, credential.ErrName) {
		data.Form.Fail("name", "account.key.name_missing")
		return s.Pages.Render(w, r, http.StatusUnprocessableEntity, "account/key.html", data)
	}
	if err != nil {
		return s.stale(w, r, err, keyPath(data.ID), data.Form, "name")
	}
	return s.done(w, r, FactorsPath, "renamed")
}

func (s *Site) doRemove(w http.ResponseWriter, r *http.Request) error {
	if !settled(w, r) {
		return nil
	}
	data, err := s.factor(r)
	if err != nil {
		return err
	}
	if err := s.Sessions.Renew(w, r, session.From(r.Context())); err != nil {
		return err
	}
	err = s.Factors.Remove(r.Context(), session.From(r.Context()).Actor(), data.ID)
	if errors.Is(err, credential.ErrLast) {
		const key = "account.problem.last"
		return &page.Problem{Status: http.StatusConflict, Title: key + ".title", What: key + ".what", Safe: key + ".safe", Next: key + ".next",
			Link: FactorsPath, LinkText: "account.back_factors"}
	}
	if err != nil {
		return s.again(w, r, err, keyPath(data.ID))
	}
	return s.done(w, r, FactorsPath, "removed")
}
