package mandate_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"mandat/internal/caseload"
	"mandat/internal/draft"
	"mandat/internal/fixture"
	"mandat/internal/journal"
	"mandat/internal/mandate"
	"mandat/internal/org"
)

// limits are the two ways of not allowing a procedure: to the whole organisation, and to one aidant.
var limits = map[string]string{
	"organisation": `update organisation set procedures = array['` + fixture.Housing + `'] where id = (select organisation_id from membership where person_id = $1)`,
	"aidant":       `update membership set procedures = array['` + fixture.Housing + `'] where person_id = $1`,
}

// A procedure that is not allowed cannot be drawn up, put into a draft, or signed in one from before; the refusal says which.
func TestProcedures_AreThoseAllowed(t *testing.T) {
	t.Parallel()
	for name, limit := range limits {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := fixture.New(t)
			before := w.Draft(t, w.Jeanne, fixture.Angela(), fixture.Tax, fixture.Housing)
			w.Behind(t, limit, w.Jeanne.Person)
			good, err := w.Drafts.Start(t.Context(), w.Jeanne, fixture.Terms(fixture.Housing))
			if err != nil {
				t.Fatal(err)
			}
			_, start := w.Drafts.Start(t.Context(), w.Jeanne, fixture.Terms(fixture.Tax))
			_, sign := w.Mandates.Sign(t.Context(), w.Jeanne, before, w.Agreed(t, w.Jeanne, before))
			for what, err := range map[string]error{"start": start, "change": w.Drafts.Change(t.Context(), w.Jeanne, good.ID, fixture.Terms(fixture.Housing, fixture.Tax)), "sign": sign} {
				not, ok := errors.AsType[*draft.NotAllowedError](err)
				if !ok || !errors.Is(err, draft.ErrNotAllowed) {
					t.Errorf("%s: %v", what, err)
					continue
				}
				if diff := cmp.Diff([]string{fixture.Tax}, not.Procedures); diff != "" {
					t.Errorf("%s: %s", what, diff)
				}
			}
			if n := count(t, w, `select count(*) from mandate`); n != 0 {
				t.Errorf("%d mandates", n)
			}
			if got, err := w.Drafts.Find(t.Context(), w.Jeanne, good.ID); err != nil || len(got.Terms.Powers) != 1 {
				t.Errorf("the draft became %v, %v", got.Terms.Powers, err)
			}
		})
	}
}

func TestDraft_IsBegunByWhoMayAct(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	d, err := w.Drafts.Start(t.Context(), w.Jeanne, fixture.Terms(fixture.Tax))
	if err != nil {
		t.Fatal(err)
	}
	w.Behind(t, `update certification set state = 'suspended', suspended_at = now() where person_id = $1`, w.Jeanne.Person)
	_, start := w.Drafts.Start(t.Context(), w.Jeanne, fixture.Terms(fixture.Tax))
	for what, err := range map[string]error{"start": start, "change": w.Drafts.Change(t.Context(), w.Jeanne, d.ID, fixture.Terms(fixture.Housing))} {
		if !errors.Is(err, org.ErrMayNot) || org.Why(err) != org.WhyNotCertified {
			t.Errorf("%s: %v", what, err)
		}
	}
	if err := w.Drafts.Abandon(t.Context(), w.Jeanne, d.ID); err != nil {
		t.Errorf("giving it up protects the citizen: %v", err)
	}
}

// Ending needs a second factor of the last quarter of an hour, and a certificate only once.
func TestEnd_AsksForAFactorAndNoCertificate(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	m := w.Sign(t, w.Jeanne, fixture.Angela(), fixture.Tax)
	w.Clock.Advance(org.FactorLife + time.Second)
	if err := w.Mandates.End(t.Context(), w.Jeanne, m.ID, "citizen"); !errors.Is(err, mandate.ErrFactorTooOld) {
		t.Errorf("an old factor: %v", err)
	}
	by := w.Jeanne
	by.FactorAt = w.Clock.Now()
	w.Behind(t, `update membership set suspended_at = now() where person_id = $1`, by.Person)
	if err := w.Mandates.End(t.Context(), by, m.ID, "citizen"); !errors.Is(err, org.ErrMayNot) {
		t.Errorf("suspended there: %v", err)
	}
	w.Behind(t, `update membership set suspended_at = null where person_id = $1`, by.Person)
	w.Behind(t, `update certification set certified_at = now() - interval '3 years', certified_until = now() where person_id = $1`, by.Person)
	if err := w.Mandates.End(t.Context(), by, m.ID, "citizen"); err != nil {
		t.Errorf("not certified any more: %v", err)
	}
}

// Who was never certified, or whose certificate was suspended, is told nothing of citizens and ends nothing; whose certificate is over is told
// as before.
func TestReading_IsForWhoWasCertifiedOnce(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	m := w.Sign(t, w.Jeanne, fixture.Angela(), fixture.Tax)
	drawn := w.Draft(t, w.Jeanne, fixture.Citizen(1), fixture.Tax)
	nora := w.Newcomer(t, journal.Aidant, w.Here, "nora", org.RoleAidant)
	fixture.Agree(t, w.Database, w.Clock.Now(), nora.Person)
	if _, err := w.Caseload.HandOver(t.Context(), w.Referent(t, w.Here, "rose"), w.Paul.Person, nora.Person); !errors.Is(err, caseload.ErrColleague) {
		t.Errorf("handed over to who may not read: %v", err)
	}
	read := func(by journal.Actor) map[string]error {
		list, listed := w.Caseload.List(t.Context(), by, caseload.Filter{})
		found, search := w.Caseload.List(t.Context(), by, caseload.Filter{Words: "dubois"})
		_, nobody := w.Caseload.List(t.Context(), by, caseload.Filter{Words: "personne"}) // or the answers would tell whose name is known
		one, find := w.Mandates.Consult(t.Context(), by, m.ID, mandate.PageMandate)
		if told := len(list.Lines) + list.Counts[caseload.TabCurrent] + len(found.Lines) + len(one.Powers); (listed != nil) != (told == 0) {
			t.Errorf("told %d things: %v", told, listed)
		}
		_, followed := w.Caseload.FollowedUp(t.Context(), by, 10)
		_, drawn := w.Drafts.Find(t.Context(), by, drawn)
		return map[string]error{"list": listed, "search": search, "search for nobody": nobody, "find": find, "followed up": followed, "draft": drawn}
	}
	for who, c := range map[string]struct {
		by    journal.Actor
		state string
		why   string
	}{
		"never certified":       {nora, "", org.WhyNotCertified},
		"certificate suspended": {w.Jeanne, `state = 'suspended', suspended_at = now()`, org.WhyNotCertified},
		"certificate over":      {w.Jeanne, `state = 'certified', suspended_at = null, certified_at = now() - interval '3 years', certified_until = now()`, ""},
	} {
		if c.state != "" {
			w.Behind(t, `update certification set `+c.state+` where person_id = $1`, c.by.Person)
		}
		for what, err := range read(c.by) {
			if org.Why(err) != c.why || (err == nil) != (c.why == "") {
				t.Errorf("%s, %s: %v", who, what, err)
			}
		}
		if c.why == "" {
			continue
		}
		if err := w.Mandates.End(t.Context(), c.by, m.ID, "citizen"); org.Why(err) != c.why {
			t.Errorf("%s, end: %v", who, err)
		}
	}
	if n := count(t, w, `select count(*) from mandate where state = 'ended'`); n != 0 {
		t.Error("a mandate was ended")
	}
}
