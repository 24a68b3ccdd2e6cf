package caseload_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"mandat/internal/caseload"
	"mandat/internal/fixture"
	"mandat/internal/journal"
	"mandat/internal/org"
)

// A list is taken away by who may read it, with a fresh second factor, when it is short enough; nothing that is refused leaves an entry.
func TestExport_Refuses(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	w.Sign(t, w.Jeanne, fixture.Angela(), fixture.Tax)
	w.Sign(t, w.Ines, fixture.Citizen(1), fixture.Tax)
	got, err := w.Caseload.Export(t.Context(), w.Paul, caseload.Filter{Words: "dubois", Person: w.Jeanne.Person}, "csv")
	if err != nil || len(got) != 1 || got[0].Citizen.Identity.FamilyName != "DUBOIS" {
		t.Errorf("exported %+v, %v", got, err)
	}
	old := w.Paul
	old.FactorAt = w.Clock.Now().Add(-16 * time.Minute)
	nora := w.Newcomer(t, journal.Aidant, w.Here, "nora", org.RoleAidant)
	fixture.Agree(t, w.Database, w.Clock.Now(), nora.Person)
	for want, by := range map[error]journal.Actor{org.ErrFactorTooOld: old, org.ErrMayNot: nora} {
		if got, err := w.Caseload.Export(t.Context(), by, caseload.Filter{}, "csv"); !errors.Is(err, want) || got != nil {
			t.Errorf("%v instead of %v, with %d lines", err, want, len(got))
		}
	}
	copies(t, w, caseload.MaxExport)
	_, err = w.Caseload.Export(t.Context(), w.Jeanne, caseload.Filter{}, "csv")
	if many, ok := errors.AsType[*caseload.TooManyError](err); !ok || many.Mandates != caseload.MaxExport+1 {
		t.Errorf("more than may be taken away: %v", err)
	}
	if got, err := w.Caseload.Export(t.Context(), w.Jeanne, caseload.Filter{Tab: caseload.TabEnded}, "xlsx"); err != nil || len(got) != 0 {
		t.Errorf("of another tab: %d, %v", len(got), err)
	}
	var entries []string
	rows, err := w.Connect(t, w.Superuser).Query(t.Context(), `select body::jsonb ->> 'detail' from journal_entry where action = 'mandate.exported' order by id`)
	if err == nil {
		entries, err = pgx.CollectRows(rows, pgx.RowTo[string])
	}
	if err != nil || !slices.Equal(entries, []string{
		`{"of": "` + w.Jeanne.Person.String() + `", "tab": "current", "format": "csv", "filters": ["words", "person"], "mandates": 1}`,
		`{"tab": "ended", "format": "xlsx", "filters": [], "mandates": 0}`}) {
		t.Errorf("entries %q, %v", entries, err)
	}
}

// copies puts so many more mandates of the first citizen of Here into the table behind the program's back.
func copies(t *testing.T, w *fixture.World, n int) {
	t.Helper()
	conn := w.Connect(t, w.Superuser)
	if _, err := conn.Exec(t.Context(), `set session_replication_role = replica`); err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Exec(t.Context(), `insert into mandate (id, organisation_id, citizen_id, draft_id, person_id, state, identified_by, identified_at, signed_at, days, ends_at, catalogue, terms, terms_digest)
		select gen_random_uuid(), organisation_id, citizen_id, gen_random_uuid(), person_id, state, identified_by, identified_at, signed_at, days, ends_at, catalogue, terms, terms_digest
		from (select * from mandate where organisation_id = $1 limit 1) m, generate_series(1, $2)`, w.Here, n); err != nil {
		t.Fatal(err)
	}
}
