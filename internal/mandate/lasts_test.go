package mandate_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"mandat/internal/fixture"
	"mandat/internal/journal"
	"mandat/internal/mandate"
	"mandat/migrations"
)

// What is left of a mandate whose longest power was ended alone lasts less long than it; once that has run out nothing of it stands, and nothing is left to end.
func TestEndPower_OfTheLongest(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	short, x := shortAndLong(t, w)
	m := sign(t, w, x)
	if m.Until() != m.EndsAt {
		t.Errorf("lasts until %s, and ends on %s", m.Until(), m.EndsAt)
	}
	if err := w.Mandates.EndPower(t.Context(), w.Jeanne, m.ID, fixture.Tax, "", "citizen"); err != nil {
		t.Fatal(err)
	}
	w.Content(t)
	left, err := w.Mandates.Consult(t.Context(), w.Jeanne, m.ID, mandate.PageMandate)
	if err != nil || !left.Until().Before(m.EndsAt) || !left.StandsAt(left.Until().Add(-time.Second)) || left.StandsAt(left.Until()) {
		t.Errorf("lasts until %s, and would have ended on %s: %v", left.Until(), m.EndsAt, err)
	}
	w.Clock.Advance(time.Duration(short.MaxDays+2) * 24 * time.Hour)
	by := w.Jeanne
	by.FactorAt = w.Clock.Now()
	if err := w.Mandates.End(t.Context(), by, m.ID, "citizen"); !errors.Is(err, mandate.ErrEnded) {
		t.Errorf("ended although nothing was left of it: %v", err)
	}
	w.Content(t)
}

// When the last power that lasts is replaced, the mandate ends with it, and what had run out before is written down as that.
func TestSign_ReplacesTheLastThatLasts(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	short, x := shortAndLong(t, w)
	m := sign(t, w, x)
	w.Clock.Advance(time.Duration(short.MaxDays+2) * 24 * time.Hour)
	n := sign(t, w, fixture.Terms(fixture.Tax))
	if got := tally(t, w, `select count(*) from mandate where id = $1 and state = 'ended' and end_reason = 'superseded' and ended_at = $2`, m.ID, n.SignedAt); got != 1 {
		t.Error("it did not end when its last power was replaced")
	}
	if got := tally(t, w, `select count(*) from mandate_power where mandate_id = $1 and procedure = $2 and end_reason = 'expired' and ended_at = ends_at`, m.ID, short.Key); got != 1 {
		t.Error("what had run out is not written down")
	}
	w.Content(t)
}

// What is replaced after it ran out ends the mandate at its own end.
func TestSign_ReplacesWhatRanOut(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	short, x := shortAndLong(t, w)
	m := sign(t, w, x)
	if err := w.Mandates.EndPower(t.Context(), w.Jeanne, m.ID, fixture.Tax, "", "citizen"); err != nil {
		t.Fatal(err)
	}
	w.Clock.Advance(time.Duration(short.MaxDays+2) * 24 * time.Hour)
	sign(t, w, fixture.Terms(short.Key))
	if got := tally(t, w, `select count(*) from mandate where id = $1 and end_reason = 'expired' and ended_at = lasts_until`, m.ID); got != 1 {
		t.Error("it ran out, and the table says otherwise")
	}
	w.Content(t)
}

// A mandate whose longest power was ended before it began is over when the others were, however late the job comes.
func TestStart_LateOfWhatIsLeft(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	short, x := shortAndLong(t, w)
	x.From = later(w, 1, fixture.Tax).From
	m := sign(t, w, x)
	if err := w.Mandates.EndPower(t.Context(), w.Jeanne, m.ID, fixture.Tax, "", "citizen"); err != nil {
		t.Fatal(err)
	}
	w.Clock.Advance(time.Duration(short.MaxDays+5) * 24 * time.Hour)
	if _, err := w.Mandates.StartDue(t.Context(), 10); err != nil {
		t.Fatal(err)
	}
	if got := tally(t, w, `select count(*) from mandate where id = $1 and state = 'ended' and end_reason = 'expired' and ended_at = lasts_until`, m.ID); got != 1 {
		t.Error("it stands with nothing to give")
	}
	w.Content(t)
}

// The database keeps the column to the powers, whoever writes it.
func TestDatabase_KeepsHowLongAMandateLasts(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	_, x := shortAndLong(t, w)
	m := sign(t, w, x)
	other := w.Sign(t, w.Jeanne, fixture.Angela(), fixture.Housing)
	for name, c := range map[string]struct {
		action string
		of     mandate.Mandate
		sql    string
	}{
		"a power ends, and it lasts as before": {"power.ended", m, `update mandate_power set state = 'ended', ended_at = now(), end_reason = 'citizen' where mandate_id = $1 and procedure = '` + fixture.Tax + `'`},
		"it lasts less, and no power ends":     {"power.ended", m, `update mandate set lasts_until = ends_at - interval '1 day' where id = $1`},
		"beside another's signature":           {"mandate.signed", other, `update mandate set lasts_until = ends_at - interval '1 day' where id = $1`},
		"longer than its end":                  {"power.ended", m, `update mandate set lasts_until = ends_at + interval '1 day' where id = $1`},
	} {
		err := recorded(t, w, w.Jeanne, journal.Event{Action: c.action, Citizen: m.Citizen, Mandate: c.of.ID}, c.sql, m.ID)
		if err == nil || !strings.Contains(err.Error(), "as long as its powers") && !strings.Contains(err.Error(), "mandate_lasts") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Mandates of before the column are brought to what their powers and entries say.
func TestMigration_SaysHowLongMandatesLast(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	short, x := shortAndLong(t, w)
	left := sign(t, w, x)
	if err := w.Mandates.EndPower(t.Context(), w.Jeanne, left.ID, fixture.Tax, "", "citizen"); err != nil {
		t.Fatal(err)
	}
	w.Behind(t, `update mandate set lasts_until = null where id = $1`, left.ID)
	w.Clock.Advance(time.Duration(short.MaxDays+2) * 24 * time.Hour)
	late := sign(t, w, fixture.Terms(short.Key)) // of before: the mandate ended by the signature
	w.Behind(t, `update mandate set end_reason = 'superseded', ended_at = $2 where id = $1`, left.ID, late.SignedAt)
	replaced := sign(t, w, x)
	w.Clock.Advance(time.Duration(short.MaxDays+2) * 24 * time.Hour)
	sign(t, w, fixture.Terms(fixture.Tax))
	x.Powers[0].Procedure, x.Powers[1].Procedure = "papiers-changement-adresse", fixture.Housing
	open := sign(t, w, x)
	by := w.Jeanne
	by.FactorAt = w.Clock.Now()
	if err := w.Mandates.EndPower(t.Context(), by, open.ID, fixture.Housing, "", "citizen"); err != nil {
		t.Fatal(err)
	}
	w.Behind(t, `update mandate set lasts_until = null where id = $1`, open.ID)
	// Of before: the mandate was left with what had run out.
	w.Behind(t, `update mandate set state = 'standing', ended_at = null, end_reason = null where id = $1`, replaced.ID)
	w.Behind(t, `update mandate_power set state = 'standing', ended_at = null, end_reason = null where mandate_id = $1 and end_reason = 'expired' and state = 'ended'`, replaced.ID)
	found, err := mandate.Compare(t.Context(), w.OpenAuditor(t))
	if err != nil || len(found) < 3 {
		t.Fatalf("found %v, %v", found, err)
	}
	file, err := migrations.Files.ReadFile("0041_lasts.sql")
	if err != nil {
		t.Fatal(err)
	}
	_, mend, _ := strings.Cut(string(file), "alter table mandate_power disable trigger user;")
	mend, _, _ = strings.Cut(mend, "alter table mandate enable trigger user;")
	for sql := range strings.SplitSeq(strings.TrimSpace(mend), ";\n") {
		if strings.TrimSpace(sql) != "" {
			w.Behind(t, sql)
		}
	}
	w.Content(t)
}
