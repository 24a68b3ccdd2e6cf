package org_test

import (
	"errors"
	"testing"

	"github.com/google/uuid"

	"mandat/internal/db"
	"mandat/internal/fixture"
	"mandat/internal/journal"
	"mandat/internal/mandate"
	"mandat/internal/org"
)

func TestChange_RefusesWhatIsSoAlready(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	by, ctx, d := journal.Program(), t.Context(), w.Directory
	for name, c := range map[string]struct{ got, want error }{
		"resume who is not suspended": {d.Resume(ctx, by, w.Paul.Person), db.ErrConflict},
		"join again":                  {d.Join(ctx, by, w.Paul.Person, w.Here, org.RoleAidant), db.ErrConflict},
		"leave without the role":      {d.Leave(ctx, by, w.Paul.Person, w.Here, org.RoleReferent), db.ErrConflict},
		"close nothing":               {d.Close(ctx, by, uuid.New()), db.ErrConflict},
		"suspend nobody":              {d.Suspend(ctx, by, uuid.New()), db.ErrNotFound},
		"join nobody":                 {d.Join(ctx, by, uuid.New(), w.Here, org.RoleAidant), db.ErrNotFound},
		"suspend":                     {d.Suspend(ctx, by, w.Jeanne.Person), nil},
		"suspend again":               {d.Suspend(ctx, by, w.Jeanne.Person), db.ErrConflict},
	} {
		if !errors.Is(c.got, c.want) {
			t.Errorf("%s: %v, want %v", name, c.got, c.want)
		}
	}
	w.Content(t)
}

// Each of these ends the right to act at once.
func TestChange_EndsTheRightToAct(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(*fixture.World) error{
		"suspended": func(w *fixture.World) error {
			return w.Directory.Suspend(t.Context(), journal.Program(), w.Jeanne.Person)
		},
		"left": func(w *fixture.World) error {
			return w.Directory.Leave(t.Context(), journal.Program(), w.Jeanne.Person, w.Here, org.RoleAidant)
		},
		"closed": func(w *fixture.World) error { return w.Directory.Close(t.Context(), journal.Program(), w.Here) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := fixture.New(t)
			draft := w.Draft(t, w.Jeanne, fixture.Angela(), fixture.Tax)
			if err := end(w); err != nil {
				t.Fatal(err)
			}
			if _, err := w.Mandates.Sign(t.Context(), w.Jeanne, draft, mandate.Agreement{Ticked: true}); !errors.Is(err, org.ErrMayNot) {
				t.Errorf("may still act: %v", err)
			}
			w.Content(t)
		})
	}
}
