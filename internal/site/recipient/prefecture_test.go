package recipient

import (
	"testing"

	"github.com/google/uuid"

	"mandat/internal/inquiry"
	"mandat/internal/journal"
	"mandat/internal/notify"
	"mandat/internal/prose"
)

// A prefecture sees the organisations of its department, what was done there by month, and what auditors found: nobody by name, and none of another department.
func TestPrefecture(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.act("mandate.signed", uuid.New(), nil)
	d.login(uuid.New(), uuid.NewString())
	d.settle()
	b := d.visit(d.prune, 0)
	here, elsewhere := d.address(d.Here), d.address(d.Elsewhere)
	page := b.Want(b.Get(prefecturePath), 200, "Structures du département 75", here, "1 structure ouverte", "Mandats signés", prose.Day("fr", d.Clock.Now().In(prose.Paris).Year(), d.Clock.Now().In(prose.Paris).Month(), 0))
	b.Without(page, elsewhere, "jeanne", "Constats graves")
	o, err := d.Directory.Organisation(t.Context(), d.Here)
	d.must(err)
	b.Without(b.Want(b.Get(here), 200, o.Name, o.SIRET, "Aidants en activité", "Aucun constat décidé", "Ouverte"), "jeanne")
	b.Want(b.Get(elsewhere), 404)
	b.Want(b.Get("/prefecture/structures/"+uuid.NewString()), 404)
	b.Want(b.Get("/prefecture/structures/x"), 404)

	sofia, alma := d.Newcomer(t, journal.Auditor, uuid.Nil, "sofia"), d.Newcomer(t, journal.Auditor, uuid.Nil, "alma")
	cases := inquiry.New(d.DB, d.Journal, d.Keys, d.Directory, d.Mandates, d.Clock, notify.Queue)
	for _, gravity := range []string{inquiry.Grave, inquiry.Minor, inquiry.Minor} {
		q, err := cases.Open(t.Context(), sofia, 0)
		d.must(err)
		f, err := cases.Find(t.Context(), sofia, q.ID, inquiry.Finding{Gravity: gravity, Organisation: d.Here, Words: "Des mandats ont été signés sans que la personne soit là."})
		d.must(err)
		d.must(cases.Reply(t.Context(), d.Referent(t, d.Here, "odile-"+f.String()[30:]), f, "Nous avons changé notre façon de faire depuis."))
		d.must(cases.Decide(t.Context(), alma, q.ID, inquiry.Decision{Outcome: inquiry.Warning, Words: "La structure a reconnu la faute et changé sa façon de faire."}))
	}
	b.Want(b.Get(prefecturePath), 200, "1 · constats légers")
	b.Without(b.Want(b.Get(here), 200, "Constat grave", "Constat léger"), "Aucun constat décidé")
	d.must(d.Directory.Close(t.Context(), d.Administrator(t, "alan"), d.Here))
	b.Want(b.Get(prefecturePath), 200, "0 structure ouverte", "Fermée")
}
