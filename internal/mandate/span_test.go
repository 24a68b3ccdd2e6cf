package mandate_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"mandat/internal/db"
	"mandat/internal/draft"
	"mandat/internal/fixture"
	"mandat/internal/mandate"
	"mandat/internal/procedure"
	"mandat/internal/terms"
)

// later are terms for a mandate that begins some days from now.
func later(w *fixture.World, days int, procedures ...string) terms.Terms {
	t := fixture.Terms(procedures...)
	t.From = terms.DayOf(w.Clock.Now()).AddDate(0, 0, days)
	return t
}

func sign(t *testing.T, w *fixture.World, x terms.Terms) mandate.Mandate {
	t.Helper()
	m, err := trySign(t, w, x, uuid.Nil)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func trySign(t *testing.T, w *fixture.World, x terms.Terms, renews uuid.UUID) (mandate.Mandate, error) {
	t.Helper()
	by := w.Jeanne
	by.FactorAt = w.Clock.Now()
	d, err := w.Drafts.StartRenewal(t.Context(), by, x, renews)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Drafts.Identify(t.Context(), by, d.ID, fixture.Angela(), w.Clock.Now()); err != nil {
		t.Fatal(err)
	}
	return w.Mandates.Sign(t.Context(), by, d.ID, w.Agreed(t, by, d.ID))
}

func gives(t *testing.T, w *fixture.World, m mandate.Mandate, key string) error {
	t.Helper()
	return w.DB.Write(t.Context(), db.System(), db.Durable, func(tx *db.Tx) error {
		_, err := mandate.MayAct(t.Context(), tx, m.Organisation, m.Citizen, key, "", w.Clock.Now())
		return err
	})
}

// A mandate for later gives nothing until its day, then takes the place of what stood; one for now leaves it alone.
func TestScheduled_BeginsOnItsDay(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	now := sign(t, w, fixture.Terms(fixture.Tax, fixture.Housing))
	next := sign(t, w, later(w, 10, fixture.Tax))
	if next.State != mandate.Scheduled || !next.StartsAt.Equal(terms.StartOf(terms.DayOf(w.Clock.Now()).AddDate(0, 0, 10))) || !next.EndsAt.Equal(terms.EndOf(next.StartsAt, 31)) {
		t.Errorf("signed %+v", next)
	}
	if err := gives(t, w, now, fixture.Tax); err != nil {
		t.Errorf("what stands: %v", err)
	}
	if n, err := w.Mandates.StartDue(t.Context(), 10); n != 0 || err != nil {
		t.Errorf("started %d before its day, %v", n, err)
	}
	w.Content(t)
	w.Clock.Advance(10 * 24 * time.Hour)
	if n, err := w.Mandates.StartDue(t.Context(), 10); n != 1 || err != nil {
		t.Errorf("started %d, %v", n, err)
	}
	if n, err := w.Mandates.StartDue(t.Context(), 10); n != 0 || err != nil {
		t.Errorf("started %d again, %v", n, err)
	}
	if got := tally(t, w, `select count(*) from mandate_power where mandate_id = $1 and state = 'standing'`, next.ID); got != 1 {
		t.Errorf("%d powers stand", got)
	}
	if got := tally(t, w, `select count(*) from mandate_power where mandate_id = $1 and state = 'ended' and end_reason = 'superseded' and procedure = $2`, now.ID, fixture.Tax); got != 1 {
		t.Error("the earlier power stands beside it")
	}
	if got := tally(t, w, `select count(*) from mandate where id = $1 and state = 'standing'`, now.ID); got != 1 {
		t.Error("the earlier mandate has ended with one of its two powers")
	}
	w.Content(t)
}

func TestScheduled_IsReplacedAndEnded(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	first := sign(t, w, later(w, 5, fixture.Tax))
	second := sign(t, w, later(w, 8, fixture.Tax))
	if got := tally(t, w, `select count(*) from mandate where id = $1 and state = 'ended' and end_reason = 'superseded'`, first.ID); got != 1 {
		t.Error("two mandates wait for the same power")
	}
	if err := w.Mandates.End(t.Context(), w.Jeanne, second.ID, "citizen"); err != nil {
		t.Errorf("ended before its day: %v", err)
	}
	w.Clock.Advance(9 * 24 * time.Hour)
	if n, err := w.Mandates.StartDue(t.Context(), 10); n != 0 || err != nil {
		t.Errorf("started %d that had ended, %v", n, err)
	}
	if err := gives(t, w, second, fixture.Tax); !errors.Is(err, mandate.ErrNoPower) {
		t.Errorf("after its end: %v", err)
	}
	w.Content(t)
}

// Each power ends with its own procedure's longest time.
func TestSign_PowersEndWithTheirProcedures(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	short := ""
	for _, theme := range w.Catalogue.Themes() {
		for _, p := range theme.Procedures {
			if p.MaxDays == 31 && p.Offers(procedure.Act) {
				short = p.Key
			}
		}
	}
	x := fixture.Terms(fixture.Tax, short)
	x.Days = 365
	m := sign(t, w, x)
	for _, p := range m.Powers {
		days := map[string]int{fixture.Tax: 365, short: 31}[p.Procedure]
		if !p.EndsAt.Equal(terms.EndOf(m.SignedAt, days)) {
			t.Errorf("%s ends at %s", p.Procedure, p.EndsAt)
		}
	}
	w.Clock.Advance(40 * 24 * time.Hour)
	if err := gives(t, w, m, short); !errors.Is(err, mandate.ErrNoPower) {
		t.Errorf("after its time: %v", err)
	}
	by := w.Jeanne
	by.FactorAt = w.Clock.Now()
	if err := w.Mandates.EndPower(t.Context(), by, m.ID, short, "", "citizen"); !errors.Is(err, mandate.ErrEnded) {
		t.Errorf("ended after its time: %v", err)
	}
	if err := w.Mandates.End(t.Context(), by, m.ID, "completed"); err != nil {
		t.Fatal(err)
	}
	if got := tally(t, w, `select count(*) from mandate_power where mandate_id = $1 and end_reason = 'expired'`, m.ID); got != 1 {
		t.Error("what had expired was ended for another reason")
	}
	w.Content(t)
}

func TestCases_AreApart(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	one, two := fixture.Terms(fixture.Tax), fixture.Terms(fixture.Tax)
	one.Powers[0].Case, two.Powers[0].Case = "2026-A", "2026-B"
	first, second := sign(t, w, one), sign(t, w, two)
	if got := tally(t, w, `select count(*) from mandate where state = 'standing'`); got != 2 {
		t.Errorf("%d mandates stand for two cases", got)
	}
	one.Powers[0].Case = "2026 - a"
	sign(t, w, one)
	if got := tally(t, w, `select count(*) from mandate where id = $1 and end_reason = 'superseded'`, first.ID); got != 1 {
		t.Error("the same case, written otherwise, has two powers")
	}
	if got := tally(t, w, `select count(*) from mandate where id = $1 and state = 'standing'`, second.ID); got != 1 {
		t.Error("the other case has lost its power")
	}
	w.Content(t)
}

func TestEndPower_LeavesTheOthers(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	m := w.Sign(t, w.Jeanne, fixture.Angela(), fixture.Tax, fixture.Housing)
	stale := w.Jeanne
	stale.FactorAt = w.Clock.Now().Add(-time.Hour)
	for what, x := range map[string]struct{ err, want error }{
		"a reason for the whole": {w.Mandates.EndPower(t.Context(), w.Jeanne, m.ID, fixture.Tax, "", "death"), mandate.ErrReason},
		"no reason":              {w.Mandates.EndPower(t.Context(), w.Jeanne, m.ID, fixture.Tax, "", "superseded"), mandate.ErrReason},
		"not given":              {w.Mandates.EndPower(t.Context(), w.Jeanne, m.ID, "invented", "", "citizen"), mandate.ErrEnded},
		"another case":           {w.Mandates.EndPower(t.Context(), w.Jeanne, m.ID, fixture.Tax, "x", "citizen"), mandate.ErrEnded},
		"another organisation's": {w.Mandates.EndPower(t.Context(), w.Ines, m.ID, fixture.Tax, "", "citizen"), db.ErrNotFound},
		"an old factor":          {w.Mandates.EndPower(t.Context(), stale, m.ID, fixture.Tax, "", "citizen"), mandate.ErrFactorTooOld},
	} {
		if !errors.Is(x.err, x.want) {
			t.Errorf("%s: %v", what, x.err)
		}
	}
	if err := w.Mandates.EndPower(t.Context(), w.Jeanne, m.ID, fixture.Tax, "", "citizen"); err != nil {
		t.Fatal(err)
	}
	if err := gives(t, w, m, fixture.Tax); !errors.Is(err, mandate.ErrNoPower) {
		t.Errorf("the power still gives: %v", err)
	}
	if err := gives(t, w, m, fixture.Housing); err != nil {
		t.Errorf("the other one does not: %v", err)
	}
	if err := w.Mandates.EndPower(t.Context(), w.Jeanne, m.ID, fixture.Tax, "", "citizen"); !errors.Is(err, mandate.ErrEnded) {
		t.Errorf("ended twice: %v", err)
	}
	w.Content(t)
	if err := w.Mandates.EndPower(t.Context(), w.Jeanne, m.ID, fixture.Housing, "", "completed"); err != nil {
		t.Fatal(err)
	}
	if got := tally(t, w, `select count(*) from mandate where id = $1 and state = 'ended' and end_reason = 'completed'`, m.ID); got != 1 {
		t.Error("a mandate without a power stands")
	}
	w.Content(t)
}

// A renewal is the citizen's, who is asked as for any other mandate, and gives no more than what it renews.
func TestRenew_SameOrNarrower(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	x := fixture.Terms(fixture.Tax, fixture.Housing)
	x.Powers[0].Case = "2026-A"
	m := sign(t, w, x)
	for what, change := range map[string]func(*terms.Terms){
		"longer": func(x *terms.Terms) { x.Days = 182 },
		"another power": func(x *terms.Terms) {
			x.Powers = append(x.Powers, terms.Asked{Procedure: "logement-social-demande", Level: procedure.See})
		},
		"a higher level": func(x *terms.Terms) { x.Powers[0].Level = procedure.Sign },
		"another case":   func(x *terms.Terms) { x.Powers[0].Case = "2026-B" },
		"every case":     func(x *terms.Terms) { x.Powers[0].Case = "" },
	} {
		y := fixture.Terms(fixture.Tax, fixture.Housing)
		y.Powers[0].Case = "2026-A"
		change(&y)
		if _, err := trySign(t, w, y, m.ID); !errors.Is(err, draft.ErrWider) {
			t.Errorf("%s: %v", what, err)
		}
	}
	bank := ""
	for _, theme := range w.Catalogue.Themes() {
		for _, p := range theme.Procedures {
			if p.BankDetails && p.Offers(procedure.Act) && p.Warning == nil {
				bank = p.Key
			}
		}
	}
	y := fixture.Terms(bank)
	old := sign(t, w, y)
	y.BankDetails = true
	if _, err := trySign(t, w, y, old.ID); !errors.Is(err, draft.ErrWider) {
		t.Errorf("with a consent to bank details that was not there: %v", err)
	}
	if err := w.Mandates.EndPower(t.Context(), w.Jeanne, m.ID, fixture.Housing, "", "citizen"); err != nil {
		t.Fatal(err)
	}
	if _, err := trySign(t, w, fixture.Terms(fixture.Housing), m.ID); !errors.Is(err, draft.ErrWider) {
		t.Errorf("what the citizen has ended: %v", err)
	}
	d, err := w.Drafts.StartRenewal(t.Context(), w.Jeanne, fixture.Terms(fixture.Tax), m.ID)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Drafts.Identify(t.Context(), w.Jeanne, d.ID, fixture.Citizen(1), w.Clock.Now()); err != nil {
		t.Fatal(err)
	}
	whose := func(id uuid.UUID) error {
		d, err := w.Drafts.Find(t.Context(), w.Jeanne, id)
		if err != nil {
			t.Fatal(err)
		}
		return w.Mandates.Gave(t.Context(), w.Jeanne, d)
	}
	if err := whose(d.ID); !errors.Is(err, mandate.ErrOtherCitizen) {
		t.Errorf("asked beforehand for somebody else: %v", err)
	}
	if _, err := w.Mandates.Sign(t.Context(), w.Jeanne, d.ID, w.Agreed(t, w.Jeanne, d.ID)); !errors.Is(err, mandate.ErrOtherCitizen) {
		t.Errorf("for somebody else: %v", err)
	}
	again, err := w.Mandates.Renew(t.Context(), w.Jeanne, m.ID, []int{0}, 31, terms.Terms{NoProtection: true, Informed: true})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Mandates.Sign(t.Context(), w.Jeanne, again.ID, w.Agreed(t, w.Jeanne, again.ID)); !errors.Is(err, draft.ErrState) {
		t.Errorf("without the citizen: %v", err)
	}
	if err := w.Drafts.Identify(t.Context(), w.Jeanne, again.ID, fixture.Angela(), w.Clock.Now()); err != nil {
		t.Fatal(err)
	}
	if err := whose(again.ID); err != nil {
		t.Errorf("asked beforehand for who gave it: %v", err)
	}
	r, err := w.Mandates.Sign(t.Context(), w.Jeanne, again.ID, w.Agreed(t, w.Jeanne, again.ID))
	if err != nil || r.Renews != m.ID || len(r.Powers) != 1 || r.Terms.Procedures[0].Case != "2026-A" {
		t.Errorf("renewed %+v, %v", r, err)
	}
	w.Content(t)
}

// What somebody ended is drawn up anew, not renewed; what expired can be renewed for a year. W4.
func TestRenew_NotWhatWasEnded(t *testing.T) {
	t.Parallel()
	for _, reason := range mandate.Reasons {
		w := fixture.New(t)
		m := w.Sign(t, w.Jeanne, fixture.Angela(), fixture.Tax)
		d, err := w.Drafts.StartRenewal(t.Context(), w.Jeanne, fixture.Terms(fixture.Tax), m.ID)
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Mandates.End(t.Context(), w.Jeanne, m.ID, reason); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Mandates.Renew(t.Context(), w.Jeanne, m.ID, []int{0}, 31, terms.Terms{NoProtection: true, Informed: true}); !errors.Is(err, mandate.ErrNotRenewable) {
			t.Errorf("ended as %s, renewed: %v", reason, err)
		}
		if err := w.Drafts.Identify(t.Context(), w.Jeanne, d.ID, fixture.Angela(), w.Clock.Now()); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Mandates.Sign(t.Context(), w.Jeanne, d.ID, w.Agreed(t, w.Jeanne, d.ID)); !errors.Is(err, mandate.ErrNotRenewable) {
			t.Errorf("ended as %s since the draft was begun, signed: %v", reason, err)
		}
	}
	w := fixture.New(t)
	m := w.Sign(t, w.Jeanne, fixture.Angela(), fixture.Tax)
	for days, want := range map[int]bool{0: true, 40: true, 396: true, 398: false} {
		if got := m.Renewable(m.SignedAt.AddDate(0, 0, days)); got != want {
			t.Errorf("%d days after the signature renewable is %v", days, got)
		}
	}
	if _, err := w.Mandates.Renew(t.Context(), w.Ines, m.ID, []int{0}, 31, terms.Terms{NoProtection: true, Informed: true}); !errors.Is(err, db.ErrNotFound) {
		t.Errorf("by another organisation: %v", err)
	}
	if _, err := w.Mandates.Renew(t.Context(), w.Jeanne, m.ID, []int{7}, 31, terms.Terms{NoProtection: true, Informed: true}); !errors.Is(err, draft.ErrTerms) {
		t.Errorf("a power that is none: %v", err)
	}
}

// Whatever the program would write, the table takes no mandate whose agreement the aidant alone attests.
func TestProof_TheTableAsksToo(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	m := w.Sign(t, w.Jeanne, fixture.Angela(), fixture.Tax)
	for what, sql := range map[string]string{
		"a document without a second colleague": `update mandate set identified_by = 'witnessed', consent_by = 'sms' where id = $1`,
		"a colleague who is nobody":             `update mandate set identified_by = 'known', consent_by = 'colleague' where id = $1`,
		"their own second":                      `update mandate set identified_by = 'known', consent_by = 'colleague', witness_id = person_id where id = $1`,
		"FranceConnect's consent to a document": `update mandate set identified_by = 'witnessed', witness_id = gen_random_uuid() where id = $1`,
		"nothing":                               `update mandate set consent_by = '' where id = $1`,
	} {
		c := w.Connect(t, w.Superuser)
		if _, err := c.Exec(t.Context(), `set session_replication_role = replica`); err != nil {
			t.Fatal(err)
		}
		if _, err := c.Exec(t.Context(), sql, m.ID); err == nil || !strings.Contains(err.Error(), "violates check constraint") {
			t.Errorf("%s was taken: %v", what, err)
		}
	}
}

// tally counts, behind the program.
func tally(t *testing.T, w *fixture.World, sql string, args ...any) (n int) {
	t.Helper()
	if err := w.Connect(t, w.Superuser).QueryRow(t.Context(), sql, args...).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}
