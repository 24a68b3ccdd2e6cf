package mandate_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"mandat/internal/consent"
	"mandat/internal/fixture"
	"mandat/internal/mandate"
	"mandat/internal/procedure"
	"mandat/internal/terms"
)

// pick finds a procedure.
func pick(t *testing.T, w *fixture.World, fits func(procedure.Procedure) bool) procedure.Procedure {
	t.Helper()
	for _, theme := range w.Catalogue.Themes() {
		for _, p := range theme.Procedures {
			if fits(p) {
				return p
			}
		}
	}
	t.Fatal("no such procedure in the catalogue")
	return procedure.Procedure{}
}

// shortAndLong are two procedures, of which one ends before the other, and terms for a year.
func shortAndLong(t *testing.T, w *fixture.World) (short procedure.Procedure, x terms.Terms) {
	t.Helper()
	short = pick(t, w, func(p procedure.Procedure) bool { return p.MaxDays < 100 && p.Offers(procedure.Act) })
	x = fixture.Terms(short.Key, fixture.Tax)
	x.Days = 365
	return short, x
}

// The jobs stood still: what was over before it could begin takes the place of nothing, and is written down as expired.
func TestStart_LateOfWhatIsOver(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	x := later(w, 1, fixture.Tax)
	x.Days, x.Until = 0, x.From
	old := sign(t, w, x)
	w.Clock.Advance(4 * 24 * time.Hour)
	now := sign(t, w, fixture.Terms(fixture.Tax))
	if _, err := w.Mandates.StartDue(t.Context(), 10); err != nil {
		t.Fatal(err)
	}
	if err := gives(t, w, now, fixture.Tax); err != nil {
		t.Errorf("what was signed today was replaced by what was over: %v", err)
	}
	if n := tally(t, w, `select count(*) from mandate where id = $1 and state = 'ended' and end_reason in ('expired', 'superseded')`, old.ID); n != 1 {
		t.Error("what is over has not ended")
	}
	w.Content(t)
}

// The program is late by a minute: what is signed meanwhile is newer than what should have begun.
func TestSign_BetweenTheDayAndTheJob(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	old := sign(t, w, later(w, 1, fixture.Tax))
	w.Clock.Advance(25 * time.Hour)
	now := sign(t, w, fixture.Terms(fixture.Tax))
	if _, err := w.Mandates.StartDue(t.Context(), 10); err != nil {
		t.Fatal(err)
	}
	if n := tally(t, w, `select count(*) from mandate_power where mandate_id = $1 and state = 'standing'`, now.ID); n != 1 {
		t.Error("what was signed today was replaced by what was signed yesterday")
	}
	if n := tally(t, w, `select count(*) from mandate where id = $1 and end_reason = 'superseded'`, old.ID); n != 1 {
		t.Error("two mandates for the same")
	}
	w.Content(t)
}

// A power that expires before its mandate: the comparison follows, and no entry says that somebody ended it.
func TestEnd_OfWhatHasPartlyExpired(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	short, x := shortAndLong(t, w)
	m := sign(t, w, x)
	if err := w.Mandates.EndPower(t.Context(), w.Jeanne, m.ID, fixture.Tax, "", "citizen"); err != nil {
		t.Fatal(err)
	}
	w.Clock.Advance(time.Duration(short.MaxDays+2) * 24 * time.Hour)
	sign(t, w, fixture.Terms(short.Key))
	w.Content(t)

	y := x
	other := sign(t, w, y)
	w.Clock.Advance(time.Duration(short.MaxDays+2) * 24 * time.Hour)
	by := w.Jeanne
	by.FactorAt = w.Clock.Now()
	if err := w.Mandates.End(t.Context(), by, other.ID, "citizen"); err != nil {
		t.Fatal(err)
	}
	var body string
	if err := w.Connect(t, w.Superuser).QueryRow(t.Context(), `select body from journal_entry where action = 'mandate.ended' and mandate_id = $1`, other.ID).Scan(&body); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(body, short.Key) || !strings.Contains(body, fixture.Tax) {
		t.Errorf("the entry says of the end: %s", body)
	}
	w.Content(t)
}

// A no is a no: the same draft is not asked about again, and a colleague's word does not count against it.
func TestSMS_ANoIsCounted(t *testing.T) {
	t.Parallel()
	d := newDistant(t)
	d.Answer(t, d.ask(), angelas, "non")
	q, err := d.Mandates.PrepareConsent(t.Context(), d.Jeanne, d.draft, "fr")
	if err != nil {
		t.Fatal(err)
	}
	q.Phone = d.phone
	if _, err := d.Consents.Start(t.Context(), d.Jeanne, q); !errors.Is(err, consent.ErrRefused) {
		t.Errorf("asked again after a no: %v", err)
	}
	d.Witness(t, d.Paul, d.draft)
	if _, err := d.sign(); !errors.Is(err, mandate.ErrRefused) {
		t.Errorf("signed with a colleague's word after a no: %v", err)
	}
}

// An answer by SMS is proof of nothing that signs or costs; and the message says all that it is proof of.
func TestSMS_IsForNoSignatureAndNoMoney(t *testing.T) {
	t.Parallel()
	d := newDistant(t)
	paid := pick(t, d.World, func(p procedure.Procedure) bool { return p.Identity == procedure.Known && p.Offers(procedure.Pay) })
	bank := pick(t, d.World, func(p procedure.Procedure) bool { return p.BankDetails })
	for what, x := range map[string]terms.Terms{
		"payment":      {Payments: true, Powers: []terms.Asked{{Procedure: paid.Key, Level: procedure.Pay}}},
		"signature":    {Powers: []terms.Asked{{Procedure: paid.Key, Level: procedure.Sign}}},
		"bank details": {BankDetails: true, Powers: []terms.Asked{{Procedure: bank.Key, Level: procedure.Act}}},
	} {
		if mandate.Slight(x) {
			t.Errorf("%s: proven by an SMS", what)
		}
	}
	x := fixture.Terms(paid.Key)
	x.Powers[0].Level, x.Payments = procedure.Pay, true
	if err := d.Drafts.Change(t.Context(), d.Jeanne, d.draft, x); err != nil {
		t.Fatal(err)
	}
	d.recognise()
	if _, err := d.Mandates.PrepareConsent(t.Context(), d.Jeanne, d.draft, "fr"); !errors.Is(err, mandate.ErrNoProof) {
		t.Errorf("asked by SMS about a payment: %v", err)
	}
	y := fixture.Terms(d.low[0])
	y.Powers[0].Case = "DOSSIER-7"
	if err := d.Drafts.Change(t.Context(), d.Jeanne, d.draft, y); err != nil {
		t.Fatal(err)
	}
	d.recognise()
	before := len(d.Box.To(angelas))
	d.ask()
	said := ""
	for _, m := range d.Box.To(angelas)[before:] {
		said += m.Text
	}
	for _, says := range []string{"DOSSIER-7", "sans signer ni payer", "jusqu"} {
		if !strings.Contains(said, says) {
			t.Errorf("the message does not say %q: %s", says, said)
		}
	}
}
