package recipient_test

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"mandat/internal/citizen"
	"mandat/internal/fixture"
	"mandat/internal/inquiry"
	"mandat/internal/journal"
	"mandat/internal/journal/tree"
	"mandat/internal/journal/tree/treetest"
	"mandat/internal/notify"
	"mandat/internal/recipient"
	"mandat/internal/statistics"
)

// world is a database with a journal that is grown by hand, organisations of two departments, and who receives a part of it.
type world struct {
	*fixture.World
	t         testing.TB
	register  *recipient.Register
	inquiries *inquiry.Register
	tree      *tree.Integrator

	felix, prune, sofia, adele, odile journal.Actor // of the fraud team, of the prefecture of Paris, an auditor, an administrator, the referent of Here
}

const franceConnect = "franceconnect"

func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{World: fixture.New(t), t: t}
	w.tree = treetest.Integrator(t, tree.IntegratorOptions{DB: w.DB, Clock: w.Clock})
	w.register = recipient.New(w.DB, w.Journal, w.Keys, recipient.Clients{IDs: []string{franceConnect}, Sectors: []string{franceConnect}}, w.Clock)
	w.inquiries = inquiry.New(w.DB, w.Journal, w.Keys, w.Directory, w.Mandates, w.Clock, notify.Queue)
	w.felix, w.prune = w.Newcomer(t, journal.Fraud, uuid.Nil, "felix"), w.Newcomer(t, journal.Prefecture, uuid.Nil, "prune")
	w.sofia, w.adele, w.odile = w.Newcomer(t, journal.Auditor, uuid.Nil, "sofia"), w.Administrator(t, "adele"), w.Referent(t, w.Here, "odile")
	w.settle(w.Here, "75")
	w.settle(w.Elsewhere, "2A")
	return w
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// settle says in which department an organisation is.
func (w *world) settle(organisation uuid.UUID, department string) {
	w.t.Helper()
	o, err := w.Directory.Organisation(w.t.Context(), organisation)
	w.must(err)
	o.DepartmentCode = department
	w.must(w.Directory.ChangeOrganisation(w.t.Context(), w.adele, o))
}

// act records that something was done.
func (w *world) act(by journal.Actor, action string, citizen, mandate uuid.UUID, detail map[string]any) {
	w.t.Helper()
	w.must(w.Journal.Record(w.t.Context(), by, func(*journal.Tx) (journal.Event, error) {
		return journal.Event{Action: action, Citizen: citizen, Mandate: mandate, Detail: detail}, nil
	}))
}

// login is that an aidant used a mandate through a client.
func (w *world) login(by journal.Actor, citizen, mandate uuid.UUID, client string) {
	w.t.Helper()
	w.act(by, "power.used", citizen, mandate, map[string]any{"client": client, "login": uuid.NewString(), "procedure": fixture.Tax, "service": "unknown"})
}

// lately is all that was done in the last hour and will be in the next.
func (w *world) lately() recipient.Wanted {
	now := w.Clock.Now()
	return recipient.Wanted{Since: now.Add(-time.Hour), Until: now.Add(time.Hour)}
}

// search looks for the fraud team, and fails the test when it may not.
func (w *world) search(wanted recipient.Wanted) recipient.Found {
	w.t.Helper()
	found, err := w.register.Search(w.t.Context(), w.felix, wanted)
	w.must(err)
	return found
}

// catchUp makes the log provable, and counts what stands in it.
func (w *world) catchUp() {
	w.t.Helper()
	w.must(w.tree.CatchUp(w.t.Context()))
	w.must(statistics.New(w.DB, w.Journal, w.Clock).Count(w.t.Context()))
}

// behind runs a query as superuser.
func (w *world) behind(to any, sql string, args ...any) {
	w.t.Helper()
	w.must(w.Connect(w.t, w.Superuser).QueryRow(w.t.Context(), sql, args...).Scan(to))
}

// entries counts the entries of an action by somebody.
func (w *world) entries(action string, by journal.Actor) (n int) {
	w.t.Helper()
	w.behind(&n, `select count(*) from journal_entry where action = $1 and person_id = $2`, action, by.Person)
	return n
}

// others are all who are not of a kind.
func (w *world) others(kind journal.Kind) map[string]journal.Actor {
	pretends := w.sofia
	pretends.Kind = kind
	out := map[string]journal.Actor{"who pretends": pretends}
	for name, by := range map[string]journal.Actor{"fraud": w.felix, "prefecture": w.prune, "auditor": w.sofia, "administrator": w.adele, "referent": w.odile, "aidant": w.Jeanne} {
		if by.Kind != kind {
			out[name] = by
			by.Kind = kind
			out[name+" as another"] = by
		}
	}
	return out
}

// citizen is somebody whom FranceConnect identified.
func (w *world) citizen() citizen.Identity { return fixture.Citizen(1) }
