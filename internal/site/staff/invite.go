package staff

import (
	"errors"
	"net/http"
	"time"

	"mandat/internal/invitation"
	"mandat/internal/org"
	"mandat/internal/page"
	"mandat/internal/prose"
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

// Often says when an invitation can be sent again, if it is that of which err tells; it returns other errors as they are.
func Often(r *http.Request, err error, back string) error {
	late, ok := errors.AsType[invitation.WaitError](err)
	if !ok {
		return err
	}
	p := page.NewProblem(http.StatusTooManyRequests, "referent.problem.often", back)
	p.Args = map[string]any{"Time": prose.DateTime(page.Lang(r), late.Until)}
	return p
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
