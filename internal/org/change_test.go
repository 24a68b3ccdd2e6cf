package org_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"

	"mandat/internal/db"
	"mandat/internal/fixture"
	"mandat/internal/journal"
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
			if _, err := w.Mandates.Sign(t.Context(), w.Jeanne, draft, w.Agreed(t, w.Jeanne, draft)); !errors.Is(err, org.ErrMayNot) {
				t.Errorf("may still act: %v", err)
			}
			w.Content(t)
		})
	}
}

// An act that waits for one of these to be committed sees what it did, although it began before.
func TestMayAct_SeesWhatEndedWhileItWaited(t *testing.T) {
	t.Parallel()
	for name, sql := range map[string]string{
		"suspended":              `update person set suspended_at = now(), suspended_why = 'decided' where id = $1 and $2::uuid is not null`,
		"left":                   `update membership set ended_at = now() where person_id = $1 and organisation_id = $2`,
		"closed":                 `with every as (update membership set ended_at = now() where $1::uuid is not null and organisation_id = $2) update organisation set active = false where id = $2`,
		"suspended there":        `update membership set suspended_at = now() where person_id = $1 and organisation_id = $2`,
		"certificate suspended":  `update certification set state = 'suspended', suspended_at = now() where person_id = $1 and $2::uuid is not null`,
		"organisation suspended": `with every as (select from membership where organisation_id = $2 for no key update) update organisation set active = false where id = $2 and $1::uuid is not null`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := fixture.New(t)
			draft := w.Draft(t, w.Jeanne, fixture.Angela(), fixture.Tax)
			other, watch := w.Connect(t, w.Superuser), w.Connect(t, w.Superuser)
			for _, step := range []string{`set session_replication_role = replica`, `begin`, `select from person where id = '` + w.Jeanne.Person.String() + `' for no key update`} {
				if _, err := other.Exec(t.Context(), step); err != nil {
					t.Fatal(err)
				}
			}
			if _, err := other.Exec(t.Context(), sql, w.Jeanne.Person, w.Here); err != nil {
				t.Fatal(err)
			}
			signed := make(chan error, 1)
			go func() {
				_, err := w.Mandates.Sign(t.Context(), w.Jeanne, draft, w.Agreed(t, w.Jeanne, draft))
				signed <- err
			}()
			for deadline := time.Now().Add(time.Minute); ; time.Sleep(2 * time.Millisecond) {
				var waiting bool
				if err := watch.QueryRow(t.Context(), `select exists (select from pg_locks l join pg_database d on d.oid = l.database or l.database is null where not l.granted and l.pid in
					(select pid from pg_stat_activity where datname = current_database()))`).Scan(&waiting); err != nil {
					t.Fatal(err)
				}
				if waiting {
					break
				}
				if time.Now().After(deadline) {
					t.Fatal("the signature does not wait")
				}
			}
			if _, err := other.Exec(t.Context(), `commit`); err != nil {
				t.Fatal(err)
			}
			if err := <-signed; !errors.Is(err, org.ErrMayNot) {
				t.Errorf("signed after it was over: %v", err)
			}
		})
	}
}
