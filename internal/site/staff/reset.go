package staff

import (
	"context"

	"github.com/google/uuid"

	"mandat/internal/credential"
	"mandat/internal/org"
	"mandat/internal/session"
)

// Reset is a reset of second factors as pages show it.
type Reset struct {
	credential.Reset
	Name                string // whose factors they are
	Asker, Approver     string // names
	MayApprove, IsAsker bool
}

// ResetFor is a reset as somebody sees it: a referent, who approves what was asked in their organisation, or an administrator, whose session
// has none.
func ResetFor(ctx context.Context, directory *org.Directory, at *session.Session, x credential.Reset) (*Reset, error) {
	out := &Reset{Reset: x, IsAsker: x.AskedBy == at.Person, MayApprove: x.State == "asked" && x.AskedBy != at.Person && x.Person != at.Person &&
		(at.Organisation == uuid.Nil || at.Organisation == x.Organisation)}
	for _, n := range []struct {
		to *string
		id uuid.UUID
	}{{&out.Name, x.Person}, {&out.Asker, x.AskedBy}, {&out.Approver, x.ApprovedBy}} {
		if n.id == uuid.Nil {
			continue
		}
		p, err := directory.Find(ctx, n.id)
		if err != nil {
			return nil, err
		}
		*n.to = p.GivenName + " " + p.UsualName
	}
	return out, nil
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
