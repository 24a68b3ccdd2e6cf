package unsealing_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
	"mandat/internal/fixture"
	"mandat/internal/journal"
	"mandat/internal/org"
	"mandat/internal/unsealing"
)

// Of several that stand at once each shows whom it is about, counts its own looks, and ends alone.
func TestUnsealing_OneOfSeveral(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	camille := w.Sign(t, w.Ines, fixture.Citizen(1), fixture.Tax).Citizen
	grant := func(q unsealing.Question) uuid.UUID {
		t.Helper()
		q.Reason, q.Words = unsealing.Incident, words
		id, err := w.register.Ask(t.Context(), w.fresh(w.sofia), q)
		if err == nil {
			err = w.register.Grant(t.Context(), w.fresh(w.alma), id)
		}
		if err != nil {
			t.Fatal(err)
		}
		return id
	}
	all := []uuid.UUID{grant(unsealing.Question{Citizen: w.m.Citizen}), grant(unsealing.Question{Citizen: camille}), grant(unsealing.Question{Person: w.Jeanne.Person}), grant(unsealing.Question{Person: w.Ines.Person})}
	w.Rewraps(t, unsealing.Wrapped())
	for i, want := range []string{fixture.Angela().FamilyName, fixture.Citizen(1).FamilyName, "jeanne", "ines"} {
		for range i + 1 {
			n, err := w.look(t, w.sofia, all[i])
			if got := n.Citizen.FamilyName + n.GivenName; err != nil || got != want || n.Unsealing.ID != all[i] {
				t.Errorf("%q instead of %q, %v", got, want, err)
			}
		}
	}
	if err := w.register.End(t.Context(), w.sofia, all[1]); err != nil {
		t.Fatal(err)
	}
	for i, id := range all {
		u, err := w.register.Find(t.Context(), w.alma, id)
		if want := map[bool]string{false: unsealing.Granted, true: unsealing.Ended}[i == 1]; err != nil || u.ID != id || u.State != want || u.Looks != i+1 {
			t.Errorf("%d: %+v, %v", i, u, err)
		}
	}
	err := w.DB.Read(t.Context(), db.InOrganisation(w.Elsewhere), func(tx pgx.Tx) error {
		of, err := unsealing.OfCitizen(t.Context(), tx, camille)
		if err == nil && (len(of) != 1 || of[0].ID != all[1]) {
			t.Errorf("of one citizen: %+v", of)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	w.sound(t)
}

// Who granted something else is not who granted this: what somebody granted who is suspended since shows nothing, whoever else grants.
func TestUnsealing_GrantedByOneOfSeveral(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id, tom := w.granted(t), w.Newcomer(t, journal.Auditor, uuid.Nil, "tom")
	other, err := w.register.Ask(t.Context(), w.fresh(w.sofia), unsealing.Question{Person: w.Jeanne.Person, Reason: unsealing.Incident, Words: words})
	if err == nil {
		err = w.register.Grant(t.Context(), w.fresh(tom), other)
	}
	if err != nil {
		t.Fatal(err)
	}
	w.Behind(t, `update person set auditor = false where id = $1`, w.alma.Person)
	if n, err := w.look(t, w.sofia, id); !errors.Is(err, db.ErrNotFound) || n.Citizen.FamilyName != "" {
		t.Errorf("granted by who is no auditor any more: %+v, %v", n, err)
	}
	if _, err := w.look(t, w.sofia, other); err != nil {
		t.Error(err)
	}
	for what, c := range map[string]struct{ got, want error }{
		"listed by who is no auditor any more": {func() error { _, err := w.register.List(t.Context(), w.alma); return err }(), org.ErrMayNot},
		"found by who is no auditor any more":  {func() error { _, err := w.register.Find(t.Context(), w.alma, id); return err }(), org.ErrMayNot},
		"found, and there is none":             {func() error { _, err := w.register.Find(t.Context(), w.sofia, uuid.New()); return err }(), db.ErrNotFound},
	} {
		if !errors.Is(c.got, c.want) {
			t.Errorf("%s: %v, want %v", what, c.got, c.want)
		}
	}
	w.Clock.Advance(-time.Minute)
	if n, err := w.look(t, w.sofia, other); !errors.Is(err, db.ErrNotFound) || n.GivenName != "" {
		t.Errorf("before it was granted: %+v, %v", n, err)
	}
}

// What an auditor asked who is none any more is not granted; what another one waits for keeps nobody from asking the same.
func TestAsk_ByOneOfSeveral(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.ask(t)
	if _, err := w.register.Ask(t.Context(), w.fresh(w.alma), unsealing.Question{Citizen: w.m.Citizen, Reason: unsealing.Complaint, Words: words}); err != nil {
		t.Errorf("another auditor asks: %v", err)
	}
	w.Behind(t, `update person set auditor = false where id = $1`, w.sofia.Person)
	if err := w.register.Grant(t.Context(), w.fresh(w.alma), id); !errors.Is(err, org.ErrNotSecond) {
		t.Errorf("asked by who is no auditor any more: %v", err)
	}
}

// Whom it is about is known no more: there is nothing to see.
func TestLook_AtWhoIsGone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.granted(t)
	w.Behind(t, `delete from citizen where id = $1`, w.m.Citizen)
	if n, err := w.look(t, w.sofia, id); !errors.Is(err, db.ErrNotFound) || n.Citizen.FamilyName != "" {
		t.Errorf("%+v, %v", n, err)
	}
}

// The words of what is about a citizen, or a professional of an organisation, that a hold keeps stay; a citizen who is erased takes what was asked about them away, and nothing else.
func TestPurge_LeavesWhatIsHeld(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	camille := w.Sign(t, w.Ines, fixture.Citizen(1), fixture.Tax).Citizen
	for _, q := range []unsealing.Question{{Citizen: w.m.Citizen}, {Citizen: camille}, {Person: w.Jeanne.Person}, {Person: w.Ines.Person}} {
		q.Reason, q.Words = unsealing.Complaint, words
		if _, err := w.register.Ask(t.Context(), w.fresh(w.sofia), q); err != nil {
			t.Fatal(err)
		}
	}
	w.Behind(t, `insert into erasure_hold (id, organisation_id, reason, held_at, held_by, until) values (gen_random_uuid(), $1, 'litigation', $2, $3, $2::timestamptz + interval '20 years')`, w.Elsewhere, w.Clock.Now(), w.sofia.Person)
	w.Clock.Advance(366 * 24 * time.Hour)
	if err := w.register.Purge(t.Context()); err != nil {
		t.Fatal(err)
	}
	left := func() (whose []uuid.UUID) {
		t.Helper()
		var all []uuid.UUID
		w.row(t, `select coalesce(array_agg(coalesce(citizen_id, person_id) order by citizen_id), '{}') from unsealing where words is not null and data_key is not null`, nil, &all)
		return all
	}
	if got := left(); len(got) != 2 || got[0] != camille || got[1] != w.Ines.Person {
		t.Errorf("the words are left of what is about %v", got)
	}
	_, err := w.Connect(t, w.Superuser).Exec(t.Context(), `alter table unsealing disable trigger user`) // that only an erasure deletes is another test's
	if err != nil {
		t.Fatal(err)
	}
	err = w.Journal.Record(t.Context(), journal.Program(), func(tx *journal.Tx) (journal.Event, error) {
		unsealing.Forget(tx, camille)
		return journal.Event{Action: "journal.compared"}, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	var about []uuid.UUID
	if w.row(t, `select array_agg(citizen_id) from unsealing where citizen_id is not null`, nil, &about); len(about) != 1 || about[0] != w.m.Citizen {
		t.Errorf("after an erasure there is what is about %v", about)
	}
}
