package mandate_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"mandat/internal/fixture"
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
			good, err := w.Mandates.StartDraft(t.Context(), w.Jeanne, fixture.Terms(fixture.Housing))
			if err != nil {
				t.Fatal(err)
			}
			_, start := w.Mandates.StartDraft(t.Context(), w.Jeanne, fixture.Terms(fixture.Tax))
			_, sign := w.Mandates.Sign(t.Context(), w.Jeanne, before, mandate.Agreement{Ticked: true})
			for what, err := range map[string]error{"start": start, "change": w.Mandates.ChangeDraft(t.Context(), w.Jeanne, good.ID, fixture.Terms(fixture.Housing, fixture.Tax)), "sign": sign} {
				not, ok := errors.AsType[*mandate.NotAllowedError](err)
				if !ok || !errors.Is(err, mandate.ErrProcedureNotAllowed) {
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
			if got, err := w.Mandates.Draft(t.Context(), w.Jeanne, good.ID); err != nil || len(got.Procedures) != 1 {
				t.Errorf("the draft became %v, %v", got.Procedures, err)
			}
		})
	}
}

func TestDraft_IsBegunByWhoMayAct(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	d, err := w.Mandates.StartDraft(t.Context(), w.Jeanne, fixture.Terms(fixture.Tax))
	if err != nil {
		t.Fatal(err)
	}
	w.Behind(t, `update certification set state = 'suspended', suspended_at = now() where person_id = $1`, w.Jeanne.Person)
	_, start := w.Mandates.StartDraft(t.Context(), w.Jeanne, fixture.Terms(fixture.Tax))
	for what, err := range map[string]error{"start": start, "change": w.Mandates.ChangeDraft(t.Context(), w.Jeanne, d.ID, fixture.Terms(fixture.Housing))} {
		if !errors.Is(err, org.ErrMayNot) || org.Why(err) != org.WhyNotCertified {
			t.Errorf("%s: %v", what, err)
		}
	}
	if err := w.Mandates.Abandon(t.Context(), w.Jeanne, d.ID); err != nil {
		t.Errorf("giving it up protects the citizen: %v", err)
	}
}

// Ending needs a second factor of the last quarter of an hour, and no certificate.
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
	w.Behind(t, `delete from certification where person_id = $1`, by.Person)
	if err := w.Mandates.End(t.Context(), by, m.ID, "citizen"); err != nil {
		t.Errorf("not certified: %v", err)
	}
}
