package staff

import (
	"errors"
	"net/http"
	"time"

	"mandat/internal/db"
	"mandat/internal/invitation"
	"mandat/internal/org"
	"mandat/internal/page"
	"mandat/internal/session"
	"mandat/internal/throttle"
)

// Invited is an invitation that nobody has accepted yet.
type Invited struct {
	invitation.Invitation
	Name string
	Over bool // its time is over: it can be sent again
}

// InvitedNow are invitations as pages show them at a time.
func InvitedNow(open []invitation.Invitation, now time.Time) []Invited {
	var out []Invited
	for _, i := range open {
		out = append(out, Invited{i, i.GivenName + " " + i.UsualName, i.Late(now)})
	}
	return out
}

// Inviting is a page on which somebody is invited.
type Inviting struct {
	Acts
	Path   string // of the page
	Back   string // where an invitation that was made leads, with the message Done there
	Done   string
	Taken  string // what is wrong with an address that is invited already, or somebody's who needs no invitation
	Render func(form *page.Form, status int) error
}

// Do has whom the form names invited, or shows the form again with what is wrong.
func (i Inviting) Do(w http.ResponseWriter, r *http.Request, at *session.Session, form *page.Form, invite func() error) error {
	status := http.StatusUnprocessableEntity
	if form.Failed() {
		return i.Render(form, status)
	}
	err := invite()
	_, often := errors.AsType[throttle.WaitError](err)
	switch {
	case err == nil:
		return i.Finish(w, r, at, i.Back, i.Done)
	case errors.Is(err, org.ErrFactorTooOld):
		return i.Later(w, r, i.Path, form)
	case often:
		form.Fail("email", "referent.invite.wrong.often")
		status = http.StatusTooManyRequests
	case errors.Is(err, db.ErrConflict):
		form.Fail("email", i.Taken)
	case errors.Is(err, invitation.ErrFields), errors.Is(err, org.ErrContact):
		form.Fail("email", "referent.field.wrong.value")
	default:
		return i.Refusal(err)
	}
	return i.Render(form, status)
}

// Invitee reads a name and an address, whose fields begin with a prefix, and notes what is wrong with them.
func Invitee(form *page.Form, prefix string) invitation.Invitee {
	n := invitation.Invitee{Email: form.Value(prefix + "email")}
	n.GivenName, n.UsualName = readName(form, prefix)
	_, wrong := org.Email(n.Email)
	Wrong(form, prefix, "email", wrong != nil)
	return n
}

// Wrong notes that a field, whose name begins with a prefix, is wrong if it is.
func Wrong(form *page.Form, prefix, field string, wrong bool) {
	if wrong {
		form.Fail(prefix+field, "referent.field.wrong."+field)
	}
}
