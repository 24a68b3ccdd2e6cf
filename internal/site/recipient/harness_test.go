package recipient

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"mandat/internal/journal"
	"mandat/internal/journal/tree"
	"mandat/internal/journal/tree/treetest"
	"mandat/internal/recipient"
	"mandat/internal/sitetest"
	"mandat/internal/statistics"
	"mandat/internal/throttle"
)

// desk is the site with somebody of the fraud team and of the prefecture of Paris, in which Here is.
type desk struct {
	*sitetest.Office
	t            *testing.T
	register     *recipient.Register
	tree         *tree.Integrator
	felix, prune journal.Actor
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	d := &desk{Office: sitetest.New(t), t: t}
	d.tree = treetest.Integrator(t, tree.IntegratorOptions{DB: d.DB, Clock: d.Clock})
	d.register = recipient.New(d.DB, d.Journal, d.Keys, recipient.Clients{IDs: []string{"franceconnect"}, Sectors: []string{"franceconnect"}}, d.Clock)
	d.felix, d.prune = d.Newcomer(t, journal.Fraud, uuid.Nil, "felix"), d.Newcomer(t, journal.Prefecture, uuid.Nil, "prune")
	ada := d.Administrator(t, "ada")
	for where, department := range map[uuid.UUID]string{d.Here: "75", d.Elsewhere: "2A"} {
		o, err := d.Directory.Organisation(t.Context(), where)
		d.must(err)
		o.DepartmentCode = department
		d.must(d.Directory.ChangeOrganisation(t.Context(), ada, o))
	}
	d.Serve(t, (&Site{Pages: d.Pages, Sessions: d.Sessions, Recipients: d.register, Clock: d.Clock}).Mount)
	return d
}

func (d *desk) must(err error) {
	d.t.Helper()
	if err != nil {
		d.t.Fatal(err)
	}
}

// act records that Jeanne did something.
func (d *desk) act(action string, citizen uuid.UUID, detail map[string]any) {
	d.t.Helper()
	d.must(d.Journal.Record(d.t.Context(), d.Jeanne, func(*journal.Tx) (journal.Event, error) {
		return journal.Event{Action: action, Citizen: citizen, Mandate: uuid.New(), Detail: detail}, nil
	}))
}

// login is that Jeanne used a mandate through FranceConnect, by the number of the login.
func (d *desk) login(citizen uuid.UUID, number string) {
	d.t.Helper()
	d.act("power.used", citizen, map[string]any{"client": "franceconnect", "login": number})
}

// settle makes the log provable, and counts what stands in it.
func (d *desk) settle() {
	d.t.Helper()
	d.must(d.tree.CatchUp(d.t.Context()))
	d.must(statistics.New(d.DB, d.Journal, d.Clock).Count(d.t.Context()))
}

// place is where the last entry of an action stands in the log.
func (d *desk) place(action string) (index string) {
	d.t.Helper()
	d.must(d.Connect(d.t, d.Superuser).QueryRow(d.t.Context(), `select max(l.index)::text from journal_leaf l join journal_entry e on e.id = l.entry_id where e.action = $1`, action).Scan(&index))
	return index
}

// spent makes an allowance of somebody's full again after so long: to begin with, there is none of it.
func (d *desk) spent(what string, by journal.Actor, full time.Duration) {
	d.t.Helper()
	_, err := throttle.New(d.DB, d.Clock).Take(d.t.Context(), throttle.Allowance{Of: what, Who: by.Person.String(), Burst: 1, Every: full})
	d.must(err)
}

// address is how a prefecture's pages name an organisation.
func (d *desk) address(organisation uuid.UUID) string {
	d.t.Helper()
	o, err := d.Directory.Organisation(d.t.Context(), organisation)
	d.must(err)
	return "/prefecture/structures/" + o.PublicID.String()
}

func (d *desk) visit(by journal.Actor, ago time.Duration) *sitetest.Browser {
	d.t.Helper()
	return d.Visit(d.t, by, d.Clock.Now().Add(-ago))
}
