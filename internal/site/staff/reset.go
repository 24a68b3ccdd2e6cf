package staff

import (
	"context"
	"slices"

	"github.com/google/uuid"

	"mandat/internal/credential"
	"mandat/internal/org"
	"mandat/internal/session"
)

// Reset is a reset of second factors as pages show it.
type Reset struct {
	credential.Reset
	Name                  string // whose factors they are
	Asker, Approver       string // names, of who is known to the one who looks
	AskerOf, ApproverOf   string // else the organisation for which they did it; "" is the administration of the service
	MayApprove, MayRefuse bool
	IsAsker               bool
}

// ResetFor is a reset as somebody sees it: a referent, who approves what was asked in their organisation, or an administrator, whose session
// has none. A referent is told the names of colleagues; of others as what they did it, and for whom: a person's several organisations
// need not know one another's people.
func ResetFor(ctx context.Context, directory *org.Directory, at *session.Session, x credential.Reset) (*Reset, error) {
	decides := x.Person != at.Person && (at.Organisation == uuid.Nil || at.Organisation == x.Organisation)
	out := &Reset{Reset: x, IsAsker: x.AskedBy == at.Person, MayRefuse: decides, MayApprove: decides && x.State == "asked" && x.AskedBy != at.Person}
	if out.MayApprove {
		var err error
		out.MayApprove, err = directory.MaySecond(ctx, org.Office{Person: x.AskedBy, Organisation: x.Organisation}, org.OfficeOf(at.Actor()), x.AskedAt)
		if err != nil {
			return nil, err
		}
	}
	whose, err := directory.Find(ctx, x.Person)
	if err != nil {
		return nil, err
	}
	out.Name = whose.GivenName + " " + whose.UsualName
	if out.Asker, out.AskerOf, err = decider(ctx, directory, at, x, x.AskedBy); err != nil {
		return nil, err
	}
	out.Approver, out.ApproverOf, err = decider(ctx, directory, at, x, x.ApprovedBy)
	return out, err
}

// decider says who decided something about a reset: by name, or the organisation for which.
func decider(ctx context.Context, directory *org.Directory, at *session.Session, x credential.Reset, id uuid.UUID) (name, of string, err error) {
	if id == uuid.Nil {
		return "", "", nil
	}
	p, err := directory.Find(ctx, id)
	if err != nil {
		return "", "", err
	}
	colleague := func(m org.Membership) bool { return m.Organisation.ID == at.Organisation }
	switch {
	case at.Organisation == uuid.Nil || slices.ContainsFunc(p.Memberships, colleague):
		return p.GivenName + " " + p.UsualName, "", nil
	case p.Administrator || x.Organisation == uuid.Nil:
		return "", "", nil
	}
	o, err := directory.Organisation(ctx, x.Organisation)
	return "", o.Name, err
}

// ResetsFor are several of them.
func ResetsFor(ctx context.Context, directory *org.Directory, at *session.Session, open []credential.Reset) ([]*Reset, error) {
	var out []*Reset
	for _, x := range open {
		one, err := ResetFor(ctx, directory, at, x)
		if err != nil {
			return nil, err
		}
		out = append(out, one)
	}
	return out, nil
}
