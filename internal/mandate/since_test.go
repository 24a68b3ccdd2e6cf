package mandate_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"

	"mandat/internal/citizen"
	"mandat/internal/draft"
	"mandat/internal/fixture"
	"mandat/internal/mandate"
)

// recognised is a new draft for the citizen whom the organisation knows.
func (d *distant) recognised(who uuid.UUID) {
	d.t.Helper()
	x, err := d.Drafts.Start(d.t.Context(), d.Jeanne, fixture.Terms(d.low[0]))
	if err == nil {
		err = d.Drafts.Recognise(d.t.Context(), d.Jeanne, x.ID, who)
	}
	if err != nil {
		d.t.Fatal(err)
	}
	d.draft = x.ID
}

// end ends a mandate an instant later, and lets another pass.
func (d *distant) end(id uuid.UUID, reason string) {
	d.t.Helper()
	d.Clock.Advance(time.Minute)
	paul := d.Paul
	paul.FactorAt = d.Clock.Now()
	if err := d.Mandates.End(d.t.Context(), paul, id, reason); err != nil {
		d.t.Fatal(err)
	}
	d.Clock.Advance(time.Minute)
}

// What the citizen agreed to before they ended something, or were protected, is not signed after it, whatever the proof; agreed to anew it is.
func TestSign_NoAgreementOutlivesAnEnd(t *testing.T) {
	t.Parallel()
	for reason, want := range map[string]error{"citizen": mandate.ErrEndedSince, "protection": mandate.ErrEndedSince, "death": mandate.ErrDeath, "completed": nil, "organisation": nil, "mistake": nil} {
		t.Run(reason, func(t *testing.T) {
			t.Parallel()
			d := newDistant(t)
			first := d.Sign(t, d.Jeanne, fixture.Angela(), fixture.Housing)
			d.Clock.Advance(time.Minute)
			d.recognised(first.Citizen)
			d.Answer(t, d.ask(), angelas, "oui")
			sms := d.draft
			d.recognised(first.Citizen)
			d.Witness(t, d.Paul, d.draft)
			d.end(first.ID, reason)
			for proof, id := range map[string]uuid.UUID{"a colleague": d.draft, "an answer": sms} {
				d.draft = id
				if _, err := d.sign(); !errors.Is(err, want) {
					t.Errorf("by %s: %v, want %v", proof, err, want)
				}
			}
			if want == nil || reason == "death" {
				return
			}
			d.recognise()
			d.Answer(t, d.ask(), angelas, "oui")
			if _, err := d.sign(); err != nil {
				t.Errorf("agreed to anew: %v", err)
			}
		})
	}
}

// The same holds of one power that ended alone, of FranceConnect's identification, and of a mandate that passes to another organisation.
func TestSign_NoAgreementOutlivesAnEndOfAnySort(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	m := w.Sign(t, w.Jeanne, fixture.Angela(), fixture.Tax, fixture.Housing)
	w.Clock.Advance(time.Minute)
	id := w.Draft(t, w.Jeanne, fixture.Angela(), fixture.Tax)
	w.Clock.Advance(time.Minute)
	by := w.Jeanne
	by.FactorAt = w.Clock.Now()
	if err := w.Mandates.EndPower(t.Context(), by, m.ID, fixture.Housing, "", "citizen"); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Mandates.Sign(t.Context(), by, id, w.Agreed(t, by, id)); !errors.Is(err, mandate.ErrEndedSince) {
		t.Errorf("after the end of a power: %v", err)
	}

	c := newMove(t)
	c.Clock.Advance(time.Minute)
	id = c.Draft(t, c.Jeanne, fixture.Angela(), fixture.Housing)
	c.Clock.Advance(time.Minute)
	c.end(c.signed(fixture.Angela(), nil))
	if _, err := signIt(t, c.World, id); !errors.Is(err, mandate.ErrEndedSince) {
		t.Errorf("after a transfer: %v", err)
	}
}

// Of somebody whose death stands there, nobody's telephone or acquaintance makes a mandate. That they live, FranceConnect or a document before two colleagues shows; then
// the organisation knows them as before.
func TestSign_DeathIsUndoneByWhoeverIsThere(t *testing.T) {
	t.Parallel()
	d := newDistant(t)
	first := d.Sign(t, d.Jeanne, fixture.Angela(), fixture.Housing)
	d.end(first.ID, "death")
	d.recognised(first.Citizen)
	if _, err := d.Mandates.PrepareConsent(t.Context(), d.Jeanne, d.draft, "fr"); !errors.Is(err, mandate.ErrDeath) {
		t.Errorf("asked by SMS: %v", err)
	}
	d.Witness(t, d.Paul, d.draft)
	if _, err := d.sign(); !errors.Is(err, mandate.ErrDeath) {
		t.Errorf("recognised by two: %v", err)
	}
	d.Sign(t, d.Jeanne, fixture.Angela(), fixture.Housing)
	d.recognised(first.Citizen)
	d.Answer(t, d.ask(), angelas, "oui")
	if _, err := d.sign(); err != nil {
		t.Errorf("after FranceConnect: %v", err)
	}
}

// Who has no account at FranceConnect shows a document.
func TestSign_DeathIsUndoneByADocument(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	id := onDocument(t, w)
	w.Witness(t, w.Paul, id)
	m, err := signIt(t, w, id)
	if err != nil {
		t.Fatal(err)
	}
	w.Clock.Advance(time.Minute)
	by := w.Jeanne
	by.FactorAt = w.Clock.Now()
	if err := w.Mandates.End(t.Context(), by, m.ID, "death"); err != nil {
		t.Fatal(err)
	}
	w.Clock.Advance(time.Minute)
	d, err := w.Drafts.Start(t.Context(), w.Jeanne, fixture.Terms(m.Powers[0].Procedure))
	if err == nil {
		err = w.Drafts.ReadDocument(t.Context(), w.Jeanne, d.ID, citizen.Identity{GivenName: "Ada", FamilyName: "INVENTEE", Birthdate: "1950-01-01"}, "passport", draft.Who{Same: m.Citizen})
	}
	if err != nil {
		t.Fatal(err)
	}
	w.Witness(t, w.Paul, d.ID)
	if n, err := signIt(t, w, d.ID); err != nil || n.Citizen != m.Citizen {
		t.Errorf("signed for %s: %v", n.Citizen, err)
	}
}

// A colleague's word is worth what the colleague is when it is signed on: who was suspended, or has no role there any more, proves nothing. A certificate that ran out takes nothing from it.
func TestWitness_StaysWhoMayAttest(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		behind string
		want   error
	}{
		"suspended":                 {`update person set suspended_at = now(), suspended_why = 'decided' where id = $1`, mandate.ErrWitnessGone},
		"suspended there":           {`update membership set suspended_at = now() where person_id = $1`, mandate.ErrWitnessGone},
		"no role any more":          {`update membership set ended_at = now() where person_id = $1`, mandate.ErrWitnessGone},
		"a certificate that is out": {`update certification set certified_at = now() - interval '3 years', certified_until = now() - interval '1 minute' where person_id = $1`, nil},
	} {
		w := fixture.New(t)
		id := onDocument(t, w)
		w.Witness(t, w.Paul, id)
		w.Behind(t, c.behind, w.Paul.Person)
		d, err := w.Drafts.Find(t.Context(), w.Jeanne, id)
		if err != nil {
			t.Fatal(err)
		}
		if stays, err := w.Mandates.WitnessStays(t.Context(), d); stays != (c.want == nil) || err != nil {
			t.Errorf("%s: the page would say that they stay: %v, %v", name, stays, err)
		}
		if _, err := signIt(t, w, id); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
}
