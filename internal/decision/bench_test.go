package decision

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"mandat/internal/client"
	"mandat/internal/db"
	"mandat/internal/fixture"
	"mandat/internal/procedure"
	"mandat/internal/session"
)

// BenchmarkAnswer is a question that was answered today already, without HTTP and the proof of who asks: a yes, a no about people who are known, and one about
// people who are not. How far the last two lie apart is what a service could learn by its watch: fractions of a millisecond, about names that it would have to have.
func BenchmarkAnswer(b *testing.B) {
	w := fixture.New(b)
	p := New(Config{DB: w.DB, Journal: w.Journal, Citizens: w.Citizens, Drafts: w.Drafts, Catalogue: w.Catalogue, Keys: w.Keys, Clock: w.Clock, Note: session.New(w.DB, w.Keys, w.Clock, false).Note})
	m := w.Sign(b, w.Jeanne, fixture.Angela(), fixture.Tax)
	known := request{actor: strings.Repeat("A", 43), siret: "21750001600019", procedure: fixture.Tax, citizen: strings.Repeat("B", 43), level: procedure.Act}
	err := w.DB.Write(b.Context(), db.System(), db.Durable, func(tx *db.Tx) error {
		tx.Queue(`insert into idp_actor (person_id, sector, sub, created_at) values ($1, 'impots', $2, now())`, w.Jeanne.Person, known.actor)
		tx.Queue(`insert into idp_subject (citizen_id, sector, organisation_id, sub, created_at) values ($1, 'impots', $2, $3, now())`, m.Citizen, m.Organisation, known.citizen)
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
	by := &client.Client{ID: "impots", Kind: client.Service, Procedures: []string{fixture.Tax}, Decision: true}
	signs, stranger := known, known
	signs.level, stranger.citizen = procedure.Sign, strings.Repeat("C", 43)
	r := httptest.NewRequest(http.MethodPost, "/api/decision", http.NoBody)
	for name, c := range map[string]struct {
		q    request
		want bool
	}{"yes": {known, true}, "no": {signs, false}, "unknown": {stranger, false}} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if a, err := p.answer(r, by, c.q); err != nil || a.Decision != c.want {
					b.Fatal(a, err)
				}
			}
		})
	}
}
