package staff

import (
	"net/http"

	"github.com/google/uuid"

	"mandat/internal/org"
	"mandat/internal/page"
	"mandat/internal/session"
)

// ConfirmIdentity runs the act of the button that says that a name at ProConnect is a person's, and leads back to their page: it counts from now on, or
// waits there for a second person.
func (a Acts) ConfirmIdentity(w http.ResponseWriter, r *http.Request, at *session.Session, d *org.Directory, person uuid.UUID, back string) error {
	form, err := page.ParseForm(r)
	if err != nil {
		return err
	}
	return a.press(w, r, at, back, func() (string, error) {
		waits, err := d.ConfirmIdentity(r.Context(), at.Actor(), person, form.Value("identity"))
		if waits {
			return "referent.identity.vouched", err
		}
		return "referent.identity.confirmed", err
	})
}

// RefuseIdentity is ConfirmIdentity for the button that says that it is not theirs.
func (a Acts) RefuseIdentity(w http.ResponseWriter, r *http.Request, at *session.Session, d *org.Directory, person uuid.UUID, back string) error {
	form, err := page.ParseForm(r)
	if err != nil {
		return err
	}
	return a.Press(w, r, at, back, "referent.identity.refused", func() error { return d.RefuseIdentity(r.Context(), at.Actor(), person, form.Value("identity")) })
}
