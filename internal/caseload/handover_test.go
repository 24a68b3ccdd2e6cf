package caseload_test

import (
	"errors"
	"testing"
	"time"

	"mandat/internal/caseload"
	"mandat/internal/db"
	"mandat/internal/draft"
	"mandat/internal/fixture"
	"mandat/internal/journal"
	"mandat/internal/org"
)

func TestHandOver_GivesWhatIsUnderWay(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	boss := w.Referent(t, w.Here, "rose")
	first := w.Sign(t, w.Jeanne, fixture.Citizen(1), fixture.Tax)
	w.Sign(t, w.Jeanne, fixture.Citizen(2), fixture.Tax)
	w.Sign(t, w.Paul, fixture.Citizen(3), fixture.Tax)
	drawn := w.Draft(t, w.Jeanne, fixture.Angela(), fixture.Tax)
	if err := w.Mandates.End(t.Context(), w.Jeanne, first.ID, "completed"); err != nil {
		t.Fatal(err)
	}
	left, err := w.Caseload.LeftBy(t.Context(), boss, w.Jeanne.Person)
	if err != nil || left.Mandates != 1 || left.Drafts != 1 || left.FirstEnd.IsZero() || !left.FirstEnd.Equal(left.LastEnd) {
		t.Errorf("leaves %+v, %v", left, err)
	}
	handed, err := w.Caseload.HandOver(t.Context(), boss, w.Jeanne.Person, w.Paul.Person)
	if err != nil || handed != (caseload.Handed{Mandates: 1, Drafts: 1}) {
		t.Errorf("handed over %+v, %v", handed, err)
	}
	d, err := w.Drafts.Find(t.Context(), w.Paul, drawn)
	if err != nil || d.Identity != nil || d.State != draft.Open {
		t.Errorf("the colleague's draft: %+v, %v", d, err)
	}
	if err := w.Drafts.Change(t.Context(), w.Jeanne, drawn, fixture.Terms(fixture.Tax)); !errors.Is(err, draft.ErrState) {
		t.Errorf("still hers: %v", err)
	}
	followed, err := w.Caseload.FollowedUp(t.Context(), w.Paul, 10)
	if err != nil || len(followed) != 1 || followed[0].Citizen.Identity.FamilyName != "FICTIF-2" {
		t.Errorf("followed up %+v, %v", followed, err)
	}
	if left, err = w.Caseload.LeftBy(t.Context(), boss, w.Paul.Person); err != nil || left.Mandates != 2 {
		t.Errorf("he would leave %+v, %v", left, err)
	}
	if left, err = w.Caseload.LeftBy(t.Context(), boss, w.Jeanne.Person); err != nil || left.FollowedUpBy != w.Paul.Person {
		t.Errorf("she has handed over to %+v, %v", left, err)
	}
	w.Content(t)
}

// Who takes over from who took over has all of it; going round in a circle ends.
func TestHandOver_Chain(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	boss, anna := w.Referent(t, w.Here, "rose"), w.Aidant(t, w.Here, "anna")
	w.Sign(t, w.Jeanne, fixture.Citizen(1), fixture.Tax)
	for _, step := range [][2]journal.Actor{{w.Jeanne, w.Paul}, {w.Paul, anna}, {anna, w.Jeanne}, {w.Jeanne, anna}} {
		if _, err := w.Caseload.HandOver(t.Context(), boss, step[0].Person, step[1].Person); err != nil {
			t.Fatal(err)
		}
	}
	if followed, err := w.Caseload.FollowedUp(t.Context(), anna, 10); err != nil || len(followed) != 1 {
		t.Errorf("anna follows up %+v, %v", followed, err)
	}
	w.Content(t)
}

func TestHandOver_Refused(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	boss, old := w.Referent(t, w.Here, "rose"), w.Referent(t, w.Here, "remi")
	old.FactorAt = w.Clock.Now().Add(-org.FactorLife - time.Second)
	suspended, left, away := w.Aidant(t, w.Here, "sam"), w.Aidant(t, w.Here, "lea"), w.Aidant(t, w.Here, "max")
	if err := errors.Join(w.Directory.SuspendIn(t.Context(), boss, suspended.Person), w.Directory.TakeRole(t.Context(), boss, left.Person, org.RoleAidant),
		w.Directory.Suspend(t.Context(), journal.Program(), away.Person)); err != nil {
		t.Fatal(err)
	}
	elsewhere, pretender := boss, w.Jeanne
	elsewhere.Organisation, pretender.Kind = w.Elsewhere, journal.Referent
	for name, c := range map[string]struct {
		by       journal.Actor
		from, to journal.Actor
		want     error
	}{
		"to themselves":            {boss, w.Jeanne, w.Jeanne, caseload.ErrColleague},
		"to another organisation":  {boss, w.Jeanne, w.Ines, caseload.ErrColleague},
		"to who is suspended":      {boss, w.Jeanne, suspended, caseload.ErrColleague},
		"to who is suspended away": {boss, w.Jeanne, away, caseload.ErrColleague},
		"to who has left":          {boss, w.Jeanne, left, caseload.ErrColleague},
		"to who is no aidant":      {boss, w.Jeanne, old, caseload.ErrColleague},
		"of another organisation":  {boss, w.Ines, w.Jeanne, db.ErrNotFound},
		"of who is no aidant":      {boss, old, w.Jeanne, db.ErrNotFound},
		"by an aidant":             {w.Jeanne, w.Jeanne, w.Paul, org.ErrMayNot},
		"by one who says so":       {pretender, w.Jeanne, w.Paul, org.ErrMayNot},
		"by a referent elsewhere":  {elsewhere, w.Ines, w.Ines, org.ErrMayNot},
		"with an old factor":       {old, w.Jeanne, w.Paul, org.ErrFactorTooOld},
	} {
		if _, err := w.Caseload.HandOver(t.Context(), c.by, c.from.Person, c.to.Person); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
	w.Content(t)
}

func TestCompare_NamesHandoversBehindTheProgramsBack(t *testing.T) {
	t.Parallel()
	for name, sql := range map[string]string{
		"moved":   `update mandate_handover set to_person = $1`,
		"removed": `delete from mandate_handover where $1::uuid is not null`,
		"added":   `insert into mandate_handover select organisation_id, $1, to_person, at from mandate_handover`,
		"earlier": `update mandate_handover set at = at - interval '1 second' where $1::uuid is not null`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := fixture.New(t)
			boss := w.Referent(t, w.Here, "rose")
			if _, err := w.Caseload.HandOver(t.Context(), boss, w.Jeanne.Person, w.Paul.Person); err != nil {
				t.Fatal(err)
			}
			w.Behind(t, sql, boss.Person)
			if found, err := caseload.Compare(t.Context(), w.OpenAuditor(t)); err != nil || len(found) != 1 || found[0].ID != w.Here.String() {
				t.Errorf("found %v, %v", found, err)
			}
		})
	}
}

// W9: only an aidant who may act is told whose mandates a colleague leaves.
func TestWhose_IsForCertifiedAidants(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	boss := w.Referent(t, w.Here, "rose")
	w.Sign(t, w.Jeanne, fixture.Angela(), fixture.Tax)
	both := w.Paul
	both.Kind = journal.Referent
	if err := w.Directory.GiveRole(t.Context(), boss, both.Person, org.RoleReferent); err != nil {
		t.Fatal(err)
	}
	if whose, err := w.Caseload.Whose(t.Context(), both, w.Jeanne.Person, 10); err != nil || len(whose) != 1 {
		t.Errorf("an aidant and referent sees %v, %v", whose, err)
	}
	elsewhere := w.Ines
	elsewhere.Organisation = w.Here
	for name, by := range map[string]journal.Actor{"a referent": boss, "an aidant of another organisation": elsewhere} {
		if whose, err := w.Caseload.Whose(t.Context(), by, w.Jeanne.Person, 10); err != nil || len(whose) != 0 {
			t.Errorf("%s sees %d, %v", name, len(whose), err)
		}
	}
	w.Behind(t, `update certification set state = 'suspended', suspended_at = now() where person_id = $1`, both.Person)
	if whose, err := w.Caseload.Whose(t.Context(), both, w.Jeanne.Person, 10); err != nil || len(whose) != 0 {
		t.Errorf("whose certificate is suspended sees %d, %v", len(whose), err)
	}
}

func TestFigures_Count(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	first := w.Sign(t, w.Jeanne, fixture.Citizen(1), fixture.Tax)
	w.Sign(t, w.Paul, fixture.Citizen(1), fixture.Housing)
	w.Sign(t, w.Ines, fixture.Citizen(1), fixture.Tax)
	if err := w.Mandates.End(t.Context(), w.Jeanne, first.ID, "completed"); err != nil {
		t.Fatal(err)
	}
	if got, err := w.Caseload.Figures(t.Context(), w.Jeanne); err != nil || got != (caseload.Figures{Standing: 1, Signed: 2, Citizens: 1}) {
		t.Errorf("%+v, %v", got, err)
	}
	w.Clock.Advance(48 * time.Hour)
	if got, err := w.Caseload.Figures(t.Context(), w.Jeanne); err != nil || got.Ending != 1 {
		t.Errorf("two days later %+v, %v", got, err)
	}
}
