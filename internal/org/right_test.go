package org_test

import (
	"errors"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"mandat/internal/certification"
	"mandat/internal/db"
	"mandat/internal/fixture"
	"mandat/internal/journal"
	"mandat/internal/org"
)

var errLooked = errors.New("looked, and did nothing")

// ask asks a right as an act does, and does nothing.
func ask(t *testing.T, w *fixture.World, by journal.Actor, queue func(*pgx.Batch) func(time.Time) error) error {
	t.Helper()
	batch := &pgx.Batch{}
	allowed := queue(batch)
	var answer error
	err := w.Journal.RecordAfter(t.Context(), by, batch, func(tx *journal.Tx) (journal.Event, error) {
		answer = allowed(tx.Now)
		return journal.Event{}, errLooked
	})
	if !errors.Is(err, errLooked) {
		t.Fatal(err)
	}
	return answer
}

func mayAct(t *testing.T, w *fixture.World, by journal.Actor) error {
	return ask(t, w, by, func(b *pgx.Batch) func(time.Time) error { return org.MayAct(b, by) })
}

func mayEnd(t *testing.T, w *fixture.World, by journal.Actor) error {
	return ask(t, w, by, func(b *pgx.Batch) func(time.Time) error {
		may := org.MayEnd(b, by)
		return func(time.Time) error { return may() }
	})
}

func mayRun(t *testing.T, w *fixture.World, by journal.Actor) error {
	return ask(t, w, by, func(b *pgx.Batch) func(time.Time) error {
		may := org.MayRun(b, by)
		return func(time.Time) error { return may() }
	})
}

// acts asks the rule as the identity provider does.
func acts(t *testing.T, w *fixture.World, by journal.Actor) bool {
	t.Helper()
	var yes bool
	err := w.DB.Read(t.Context(), db.System(), func(tx pgx.Tx) error {
		return tx.QueryRow(t.Context(), `select coalesce((select true from membership m join person a on a.id = m.person_id join organisation o on o.id = m.organisation_id
			where m.organisation_id = $1 and m.person_id = $3 and `+org.Acts+`$2::timestamptz), false)`, by.Organisation, w.Clock.Now(), by.Person).Scan(&yes)
	})
	if err != nil {
		t.Fatal(err)
	}
	return yes
}

// reads asks who may read of citizens: as what reads them does, and as a statement does.
func reads(t *testing.T, w *fixture.World, by journal.Actor) (statement bool, asked error) {
	t.Helper()
	batch := &pgx.Batch{}
	may := org.MayRead(batch, by)
	batch.Queue(`select coalesce((select true from membership m join person a on a.id = m.person_id join organisation o on o.id = m.organisation_id
		where m.organisation_id = $1 and m.person_id = $2 and `+org.Reads+`), false)`, by.Organisation, by.Person).QueryRow(func(row pgx.Row) error { return row.Scan(&statement) })
	if err := w.DB.Ask(t.Context(), db.InOrganisation(by.Organisation), batch); err != nil {
		t.Fatal(err)
	}
	return statement, may()
}

// Everything that keeps an aidant from acting: asked by acts, in the identity provider's statement, and by pages, with one answer. W9: who runs an
// organisation and is no aidant may neither sign nor end anything.
func TestMayAct_AsksTheWholeRule(t *testing.T) {
	t.Parallel()
	program := journal.Program()
	for name, c := range map[string]struct {
		change func(*testing.T, *fixture.World, *journal.Actor) error
		why    string
		end    string // why they may neither end a mandate nor read of citizens; "" for may
	}{
		"certified": {func(*testing.T, *fixture.World, *journal.Actor) error { return nil }, "", ""},
		"a referent who is no aidant (W9)": {func(t *testing.T, w *fixture.World, by *journal.Actor) error {
			*by = w.Referent(t, w.Here, "odile")
			w.Behind(t, `insert into certification select $1, state, trained_on, organiser, training, tested_on, score, minimum, passed_on, certified_at, certified_until, suspended_at, updated_at from certification limit 1`, by.Person)
			by.Kind = journal.Aidant
			return nil
		}, org.WhyNotMember, org.WhyNotMember},
		"as another kind": {func(_ *testing.T, _ *fixture.World, by *journal.Actor) error { by.Kind = journal.Auditor; return nil }, org.WhyNotMember, org.WhyNotMember},
		"elsewhere": {func(_ *testing.T, w *fixture.World, by *journal.Actor) error {
			by.Organisation = w.Elsewhere
			return nil
		}, org.WhyNotMember, org.WhyNotMember},
		"left": {func(t *testing.T, w *fixture.World, by *journal.Actor) error {
			return w.Directory.Leave(t.Context(), program, by.Person, by.Organisation, org.RoleAidant)
		}, org.WhyNotMember, org.WhyNotMember},
		"suspended everywhere": {func(t *testing.T, w *fixture.World, by *journal.Actor) error {
			return w.Directory.Suspend(t.Context(), program, by.Person)
		}, org.WhySuspended, org.WhySuspended},
		"suspended there": {func(t *testing.T, w *fixture.World, by *journal.Actor) error {
			return w.Directory.SuspendIn(t.Context(), w.Referent(t, w.Here, "odile"), by.Person)
		}, org.WhySuspended, org.WhySuspended},
		"organisation suspended": {func(t *testing.T, w *fixture.World, by *journal.Actor) error {
			return w.Directory.SuspendOrganisation(t.Context(), program, by.Organisation)
		}, org.WhyOrganisationClosed, org.WhyOrganisationClosed},
		"never certified": {func(t *testing.T, w *fixture.World, by *journal.Actor) error {
			*by = w.Newcomer(t, journal.Aidant, w.Here, "nadia", org.RoleAidant)
			fixture.Agree(t, w.Database, w.Clock.Now(), by.Person)
			return nil
		}, org.WhyNotCertified, org.WhyNotCertified},
		"trained and tested, never certified": {func(t *testing.T, w *fixture.World, by *journal.Actor) error {
			*by = w.Newcomer(t, journal.Aidant, w.Here, "nadia", org.RoleAidant)
			fixture.Agree(t, w.Database, w.Clock.Now(), by.Person)
			day := w.Clock.Now().UTC().Truncate(24*time.Hour).AddDate(0, 0, -2)
			return errors.Join(w.Certifications.Train(t.Context(), program, by.Person, certification.Course{On: day, Organiser: "Organisme", Kind: certification.Peer}),
				w.Certifications.Test(t.Context(), program, by.Person, certification.Test{On: day, Score: fixture.Minimum}))
		}, org.WhyNotCertified, org.WhyNotCertified},
		"certificate suspended": {func(t *testing.T, w *fixture.World, by *journal.Actor) error {
			return w.Certifications.Suspend(t.Context(), program, by.Person)
		}, org.WhyNotCertified, org.WhyNotCertified},
		"certificate over": {func(_ *testing.T, w *fixture.World, _ *journal.Actor) error {
			w.Clock.Advance(37 * 31 * 24 * time.Hour)
			return nil
		}, org.WhyCertificationOver, ""},
		"certificate over, and trained again": {func(t *testing.T, w *fixture.World, by *journal.Actor) error {
			w.Clock.Advance(37 * 31 * 24 * time.Hour)
			return w.Certifications.Train(t.Context(), program, by.Person, certification.Course{On: w.Clock.Now().UTC().Truncate(24 * time.Hour), Organiser: "Organisme", Kind: certification.Peer})
		}, org.WhyCertificationOver, ""},
		"charter never accepted": {func(t *testing.T, w *fixture.World, by *journal.Actor) error {
			*by = w.Newcomer(t, journal.Aidant, w.Here, "nadia", org.RoleAidant)
			fixture.Certify(t, w.Database, w.Clock.Now(), by.Person)
			return nil
		}, org.WhyCharter, org.WhyCharter},
		"a new charter": {func(t *testing.T, w *fixture.World, _ *journal.Actor) error {
			w.Behind(t, `insert into charter (version, sha256, published_at) values ('2999-1', sha256('new'), now() + interval '1 minute')`)
			return nil
		}, org.WhyCharter, org.WhyCharter},
		"another text accepted": {func(t *testing.T, w *fixture.World, by *journal.Actor) error {
			w.Behind(t, `update charter_acceptance set sha256 = sha256('other') where person_id = $1`, by.Person)
			return nil
		}, org.WhyCharter, org.WhyCharter},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := fixture.New(t)
			by := w.Jeanne
			if err := c.change(t, w, &by); err != nil {
				t.Fatal(err)
			}
			err := mayAct(t, w, by)
			if (err == nil) != (c.why == "") || err != nil && !errors.Is(err, org.ErrMayNot) || org.Why(err) != c.why {
				t.Errorf("may act: %v, want %q", err, c.why)
			}
			if err := mayEnd(t, w, by); (err == nil) != (c.end == "") || org.Why(err) != c.end {
				t.Errorf("may end: %v, want %q", err, c.end)
			}
			statement, asked := reads(t, w, by)
			if (asked == nil) != (c.end == "") || org.Why(asked) != c.end {
				t.Errorf("may read: %v, want %q", asked, c.end)
			}
			if statement != (c.end == "" || name == "as another kind") {
				t.Errorf("who may read, in SQL: %t", statement)
			}
			if _, err := w.Directory.Acting(t.Context(), by, w.Clock.Now()); org.Why(err) != c.why || (err == nil) != (c.why == "") {
				t.Errorf("pages are told %v, want %q", err, c.why)
			}
			if yes := acts(t, w, by); yes != (c.why == "" || name == "as another kind") { // the statement is told no kind
				t.Errorf("the rule in SQL says %t", yes)
			}
		})
	}
}

// A right in one organisation is none in another.
func TestMayAct_EachOrganisationForItself(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	ctx, odile := t.Context(), w.Referent(t, w.Here, "odile")
	if err := w.Directory.Join(ctx, journal.Program(), w.Jeanne.Person, w.Elsewhere, org.RoleAidant); err != nil {
		t.Fatal(err)
	}
	elsewhere := w.Jeanne
	elsewhere.Organisation = w.Elsewhere
	if err := w.Directory.SuspendIn(ctx, odile, w.Jeanne.Person); err != nil {
		t.Fatal(err)
	}
	if err := mayAct(t, w, w.Jeanne); org.Why(err) != org.WhySuspended {
		t.Errorf("here: %v", err)
	}
	if err := mayAct(t, w, elsewhere); err != nil {
		t.Errorf("elsewhere: %v", err)
	}
	if err := w.Directory.ResumeIn(ctx, odile, w.Jeanne.Person); err != nil {
		t.Fatal(err)
	}
	if err := mayAct(t, w, w.Jeanne); err != nil {
		t.Errorf("reinstated: %v", err)
	}
	w.Content(t)
}

func TestMayRun_AsksTheWholeRule(t *testing.T) {
	t.Parallel()
	program := journal.Program()
	for name, c := range map[string]struct {
		change func(*testing.T, *fixture.World, *journal.Actor) error
		why    string
	}{
		"referent": {func(*testing.T, *fixture.World, *journal.Actor) error { return nil }, ""},
		"aidant":   {func(_ *testing.T, w *fixture.World, by *journal.Actor) error { *by = w.Jeanne; return nil }, org.WhyNotMember},
		"aidant who says referent": {func(_ *testing.T, w *fixture.World, by *journal.Actor) error {
			*by = w.Jeanne
			by.Kind = journal.Referent
			return nil
		}, org.WhyNotMember},
		"elsewhere": {func(_ *testing.T, w *fixture.World, by *journal.Actor) error {
			by.Organisation = w.Elsewhere
			return nil
		}, org.WhyNotMember},
		"left": {func(t *testing.T, w *fixture.World, by *journal.Actor) error {
			return w.Directory.Leave(t.Context(), program, by.Person, by.Organisation, org.RoleReferent)
		}, org.WhyNotMember},
		"suspended": {func(t *testing.T, w *fixture.World, by *journal.Actor) error {
			return w.Directory.Suspend(t.Context(), program, by.Person)
		}, org.WhySuspended},
		"suspended there": {func(t *testing.T, w *fixture.World, by *journal.Actor) error {
			return w.Directory.SuspendIn(t.Context(), w.Referent(t, w.Here, "olga"), by.Person)
		}, org.WhySuspended},
		"organisation suspended": {func(t *testing.T, w *fixture.World, by *journal.Actor) error {
			return w.Directory.SuspendOrganisation(t.Context(), program, by.Organisation)
		}, org.WhyOrganisationClosed},
		"charter never accepted": {func(t *testing.T, w *fixture.World, by *journal.Actor) error {
			*by = w.Newcomer(t, journal.Referent, w.Here, "nadia", org.RoleReferent)
			return nil
		}, org.WhyCharter},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := fixture.New(t)
			by := w.Referent(t, w.Here, "odile")
			if err := c.change(t, w, &by); err != nil {
				t.Fatal(err)
			}
			if err := mayRun(t, w, by); org.Why(err) != c.why || (err == nil) != (c.why == "") {
				t.Errorf("%v, want %q", err, c.why)
			}
		})
	}
}

func TestLimits_HoldThePersonToTheOrganisationsAndTheirOwn(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	ctx, odile := t.Context(), w.Referent(t, w.Here, "odile")
	for name, c := range map[string]struct {
		organisation, person []string
		tax, housing         bool
	}{
		"everything":         {nil, nil, true, true},
		"the organisation's": {[]string{fixture.Tax}, nil, true, false},
		"the person's":       {nil, []string{fixture.Housing}, false, true},
		"both":               {[]string{fixture.Tax, fixture.Housing}, []string{fixture.Housing}, false, true},
		"nothing in common":  {[]string{fixture.Tax}, []string{fixture.Housing}, false, false},
	} {
		if err := w.Directory.LimitOrganisation(ctx, journal.Program(), w.Here, c.organisation); err != nil {
			t.Fatal(err)
		}
		if err := w.Directory.LimitProcedures(ctx, odile, w.Jeanne.Person, c.person); err != nil {
			t.Fatal(err)
		}
		o, err := w.Directory.Acting(ctx, w.Jeanne, w.Clock.Now())
		if err != nil || o.Allows(fixture.Tax) != c.tax || o.Allows(fixture.Housing) != c.housing {
			t.Errorf("%s: %v %v, %v", name, o.Allows(fixture.Tax), o.Allows(fixture.Housing), err)
		}
		for procedure, want := range map[string]bool{fixture.Tax: c.tax, fixture.Housing: c.housing} {
			var got bool
			err := w.DB.Read(ctx, db.System(), func(tx pgx.Tx) error {
				return tx.QueryRow(ctx, `select coalesce($3 = any(`+org.Limits+`), true) from membership m join organisation o on o.id = m.organisation_id
					where m.organisation_id = $1 and m.person_id = $2`, w.Here, w.Jeanne.Person, procedure).Scan(&got)
			})
			if err != nil || got != want {
				t.Errorf("%s: SQL says %t of %s, %v", name, got, procedure, err)
			}
		}
	}
	w.Content(t)
}
