package referent

import (
	"testing"

	"github.com/google/uuid"

	"mandat/internal/certification"
	"mandat/internal/credential"
	"mandat/internal/fixture"
	"mandat/internal/inquiry"
	"mandat/internal/invitation"
	"mandat/internal/journal"
	"mandat/internal/notify"
	"mandat/internal/org"
	"mandat/internal/sitetest"
)

// office is the site with people, on a database of its own.
type office struct {
	*sitetest.Office
	invitations *invitation.Register
	credentials *credential.Register
	boss        journal.Actor // referent of Here, no aidant
}

func newOffice(t *testing.T) *office {
	t.Helper()
	o := &office{Office: sitetest.New(t)}
	o.boss, o.invitations, o.credentials = o.Referent(t, o.Here, "rose"), o.Invitations, o.Credentials(t)
	press := certification.NewPress(certification.New(o.DB, o.Journal, o.Keys, o.Clock, fixture.Minimum), o.Directory, sitetest.Sealer(t), o.Clock)
	o.Serve(t, (&Site{Pages: o.Pages, Sessions: o.Sessions, Directory: o.Directory, Invitations: o.invitations, Credentials: o.credentials, Caseload: o.Caseload,
		Catalogue: o.Catalogue, Press: press, Inquiries: inquiry.New(o.DB, o.Journal, o.Keys, o.Directory, o.Mandates, o.Clock, notify.Queue), Clock: o.Clock}).Mount)
	return o
}

func (o *office) rose(t *testing.T) *sitetest.Browser {
	t.Helper()
	return o.Visit(t, o.boss, o.Clock.Now())
}

// both makes Paul a referent of Here too, by the operator: whom Rose brought in would be no second beside her.
func (o *office) both(t *testing.T) journal.Actor {
	t.Helper()
	if err := o.Directory.Join(t.Context(), journal.Program(), o.Paul.Person, o.Here, org.RoleReferent); err != nil {
		t.Fatal(err)
	}
	by := o.Paul
	by.Kind = journal.Referent
	return by
}

func path(by journal.Actor) string { return personPath(by.Person) }

func invitationPath(id uuid.UUID) string { return "/referent/invitations/" + id.String() }
