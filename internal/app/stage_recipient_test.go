package app_test

import (
	"fmt"
	"strconv"
	"testing"

	"github.com/google/uuid"

	"mandat/internal/apptest"
	"mandat/internal/journal"
	"mandat/internal/recipient"
)

// recipients are those of the matrix: of the fraud team, and of the prefecture of the department in which Jeanne's organisation is.
func recipients(t testing.TB, site *apptest.Site) (fraud, prefecture journal.Actor) {
	t.Helper()
	o, err := site.Directory.Organisation(t.Context(), site.Here)
	must(t, err)
	o.DepartmentCode = "75"
	must(t, site.Directory.ChangeOrganisation(t.Context(), site.Adele, o))
	return site.Newcomer(t, journal.Fraud, uuid.Nil, "felix"), site.Newcomer(t, journal.Prefecture, uuid.Nil, "prune")
}

// refused is the place in the log of an entry that the fraud team sees: Jeanne was not let in.
func refused(t testing.TB, site *apptest.Site) int64 {
	t.Helper()
	must(t, site.Journal.Record(t.Context(), site.Jeanne, func(*journal.Tx) (journal.Event, error) {
		return journal.Event{Action: "power.refused", Detail: map[string]string{"client": "franceconnect", "step": "authorize", "reason": "aidant_inactive"}}, nil
	}))
	must(t, site.App.CatchUp(t.Context()))
	var index int64
	site.Row(t, `select max(l.index) from journal_leaf l join journal_entry e on e.id = l.entry_id where e.action = 'power.refused' and e.person_id = $1`, []any{site.Jeanne.Person}, &index)
	return index
}

func (s *stage) place() string { return strconv.FormatInt(refused(s.t, s.site), 10) }

// structure is how addresses of prefectures name Jeanne's organisation.
func (s *stage) structure() string {
	o, err := s.site.Directory.Organisation(s.ctx(), s.site.Here)
	must(s.t, err)
	return o.PublicID.String()
}

// signal is one that was just raised.
func (s *stage) signal() string {
	by := s.site.Newcomer(s.t, journal.Fraud, uuid.Nil, fmt.Sprintf("fraude-%d", s.n))
	register := recipient.New(s.site.DB, s.site.Journal, s.site.Keys, recipient.Clients{IDs: []string{"franceconnect"}}, s.site.Clock)
	id, err := register.Raise(s.ctx(), by, recipient.Many, []int64{refused(s.t, s.site)}, "Trop de connexions en trop peu de temps.")
	must(s.t, err)
	return id.String()
}
