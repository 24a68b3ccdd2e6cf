package org_test

import (
	"errors"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"mandat/internal/fixture"
	"mandat/internal/journal"
	"mandat/internal/org"
)

// What takes a right away waits for an act of the person that is under way: in the journal, nothing that they did stands after it.
func TestEnds_WaitForActsUnderWay(t *testing.T) {
	t.Parallel()
	program := journal.Program()
	for name, end := range map[string]func(*fixture.World, journal.Actor) error{
		"suspended": func(w *fixture.World, _ journal.Actor) error {
			return w.Directory.Suspend(t.Context(), program, w.Jeanne.Person)
		},
		"suspended there": func(w *fixture.World, odile journal.Actor) error {
			return w.Directory.SuspendIn(t.Context(), odile, w.Jeanne.Person)
		},
		"role taken": func(w *fixture.World, odile journal.Actor) error {
			return w.Directory.TakeRole(t.Context(), odile, w.Jeanne.Person, org.RoleAidant)
		},
		"limited": func(w *fixture.World, odile journal.Actor) error {
			return w.Directory.LimitProcedures(t.Context(), odile, w.Jeanne.Person, []string{fixture.Tax})
		},
		"organisation limited": func(w *fixture.World, _ journal.Actor) error {
			return w.Directory.LimitOrganisation(t.Context(), program, w.Here, []string{fixture.Tax})
		},
		"organisation suspended": func(w *fixture.World, _ journal.Actor) error {
			return w.Directory.SuspendOrganisation(t.Context(), program, w.Here)
		},
		"organisation closed": func(w *fixture.World, _ journal.Actor) error { return w.Directory.Close(t.Context(), program, w.Here) },
		"certificate suspended": func(w *fixture.World, _ journal.Actor) error {
			return w.Certifications.Suspend(t.Context(), program, w.Jeanne.Person)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := fixture.New(t)
			odile := w.Referent(t, w.Here, "odile")
			watch := w.Connect(t, w.Superuser)
			batch := &pgx.Batch{}
			allowed := org.MayAct(batch, w.Jeanne)
			ended := make(chan error, 1)
			err := w.Journal.RecordAfter(t.Context(), w.Jeanne, batch, func(tx *journal.Tx) (journal.Event, error) {
				if err := allowed(tx.Now); err != nil {
					return journal.Event{}, err
				}
				go func() { ended <- end(w, odile) }()
				for deadline := time.Now().Add(time.Minute); ; time.Sleep(2 * time.Millisecond) {
					var waits bool
					if err := watch.QueryRow(t.Context(), `select exists (select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock')`).Scan(&waits); err != nil {
						return journal.Event{}, err
					}
					if waits {
						return journal.Event{}, errLooked
					}
					if len(ended) > 0 || time.Now().After(deadline) {
						return journal.Event{}, errors.New("it does not wait")
					}
				}
			})
			if !errors.Is(err, errLooked) {
				t.Error(err)
			}
			if err := <-ended; err != nil {
				t.Error(err)
			}
			w.Content(t)
		})
	}
}
