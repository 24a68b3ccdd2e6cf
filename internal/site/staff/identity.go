package staff

import (
	"net/http"

	"github.com/google/uuid"

	"mandat/internal/org"
	"mandat/internal/page"
	"mandat/internal/session"
)

// ConfirmIdentity runs the act of the button that says that a name at ProConnect is that of the person of the path, and leads back to their page: it counts
// from now on, or waits there for a second person.
func (a Acts) ConfirmIdentity(w http.ResponseWriter, r *http.Request, d *org.Directory, path func(uuid.UUID) string) error {
	at, person, form, err := aboutIdentity(r)
	if err != nil {
		return err
	}
	return a.press(w, r, at, path(person), func() (string, error) {
		waits, err := d.ConfirmIdentity(r.Context(), at.Actor(), person, form.Value("identity"))
		if waits {
			return "referent.identity.vouched", err
		}
		return "referent.identity.confirmed", err
	})
}

// RefuseIdentity is ConfirmIdentity for the button that says that it is not theirs.
func (a Acts) RefuseIdentity(w http.ResponseWriter, r *http.Request, d *org.Directory, path func(uuid.UUID) string) error {
	at, person, form, err := aboutIdentity(r)
	if err != nil {
		return err
	}
	return a.Press(w, r, at, path(person), "referent.identity.refused", func() error { return d.RefuseIdentity(r.Context(), at.Actor(), person, form.Value("identity")) })
}

// aboutIdentity returns who asks, the person of the path, and the form of the button.
func aboutIdentity(r *http.Request) (*session.Session, uuid.UUID, *page.Form, error) {
	at, person, err := WithID(r, "person")
	if err != nil {
		return nil, uuid.Nil, nil, err
	}
	form, err := page.ParseForm(r)
	return at, person, form, err
}
