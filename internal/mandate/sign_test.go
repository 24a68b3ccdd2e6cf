package mandate_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/citizen"
	"mandat/internal/db"
	"mandat/internal/draft"
	"mandat/internal/fixture"
	"mandat/internal/journal"
	"mandat/internal/mandate"
	"mandat/internal/org"
	"mandat/internal/terms"
)

func TestSign_GivesEachPowerUntilTheEndOfTheLastDay(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	m := w.Sign(t, w.Jeanne, fixture.Angela(), fixture.Tax, fixture.Housing)
	if want := terms.EndOf(m.SignedAt, 31); !m.EndsAt.Equal(want) || m.State != mandate.Standing || len(m.Powers) != 2 {
		t.Errorf("mandate %+v, want an end at %s", m, want)
	}
	for _, p := range []string{fixture.Tax, fixture.Housing} {
		if _, err := mayAct(t, w, w.Jeanne, m, p); err != nil {
			t.Errorf("%s: %v", p, err)
		}
	}
	if _, err := mayAct(t, w, w.Jeanne, m, "argent-timbre-fiscal"); !errors.Is(err, mandate.ErrNoPower) {
		t.Errorf("a procedure that was not granted: %v", err)
	}
	found, err := w.Mandates.Consult(t.Context(), w.Paul, m.ID, mandate.PageMandate)
	if err != nil || found.Identity != fixture.Angela() || found.Terms.Organisation.SIRET != "21750001600019" || len(found.Terms.Procedures) != 2 {
		t.Errorf("a colleague finds %+v, %v", found, err)
	}
	if found.Terms.Citizen.Sub != "" || found.Terms.Citizen.Email != "" {
		t.Error("the frozen terms hold what the document does not need")
	}
}

func TestEndOf_IsTheLastSecondInParis(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		signed string
		days   int
		want   string
	}{
		{"2026-11-21T10:00:00Z", 1, "2026-11-22T22:59:59Z"},
		{"2026-11-21T23:30:00Z", 1, "2026-11-23T22:59:59Z"},   // already the 22nd in Paris
		{"2026-03-28T10:00:00Z", 1, "2026-03-29T21:59:59Z"},   // summer time begins on the last day
		{"2026-11-21T10:00:00Z", 31, "2026-12-22T22:59:59Z"},  // the 31st day after
		{"2026-11-21T10:00:00Z", 182, "2027-05-22T21:59:59Z"}, // ends in summer time
		{"2027-11-21T10:00:00Z", 365, "2028-11-20T22:59:59Z"}, // over a leap day
	} {
		at, err := time.Parse(time.RFC3339, c.signed)
		if err != nil {
			t.Fatal(err)
		}
		if got := terms.EndOf(at, c.days).Format(time.RFC3339); got != c.want {
			t.Errorf("signed %s for %d days: ends %s, want %s", c.signed, c.days, got, c.want)
		}
	}
}

func mayAct(t *testing.T, w *fixture.World, by journal.Actor, m mandate.Mandate, procedure string) (mandate.Power, error) {
	t.Helper()
	var p mandate.Power
	err := w.DB.Read(t.Context(), db.InOrganisation(by.Organisation), func(tx pgx.Tx) error {
		var err error
		p, err = mandate.MayAct(t.Context(), tx, by.Organisation, m.Citizen, procedure, "", w.Clock.Now())
		return err
	})
	return p, err
}

func TestSign_Refuses(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		spoil  func(w *fixture.World, by *journal.Actor)
		unread bool // the box on the recap is not ticked
		want   error
	}{
		"box not ticked": {unread: true, want: mandate.ErrNotAgreed},
		"identification too old": {spoil: func(w *fixture.World, by *journal.Actor) {
			w.Clock.Advance(mandate.IdentityLife + time.Second)
			by.FactorAt = w.Clock.Now()
		}, want: mandate.ErrIdentityTooOld},
		"factor too old": {spoil: func(_ *fixture.World, by *journal.Actor) {
			by.FactorAt = by.FactorAt.Add(-mandate.FactorLife - time.Minute)
		}, want: mandate.ErrFactorTooOld},
		"no factor":             {spoil: func(_ *fixture.World, by *journal.Actor) { by.FactorAt = time.Time{} }, want: mandate.ErrFactorTooOld},
		"other browser session": {spoil: func(w *fixture.World, by *journal.Actor) { by.Session = w.Paul.Session }, want: mandate.ErrOtherBrowser},
		"no browser session":    {spoil: func(_ *fixture.World, by *journal.Actor) { by.Session = nil }, want: mandate.ErrOtherBrowser},
		"a colleague":           {spoil: func(w *fixture.World, by *journal.Actor) { *by = w.Paul }, want: draft.ErrNotOwn},
		"another organisation":  {spoil: func(w *fixture.World, by *journal.Actor) { *by = w.Ines }, want: db.ErrNotFound},
		"for another one":       {spoil: func(w *fixture.World, by *journal.Actor) { by.Organisation = w.Elsewhere }, want: db.ErrNotFound},
		"draft expired":         {spoil: func(w *fixture.World, by *journal.Actor) { w.Clock.Advance(draft.Life + time.Second) }, want: db.ErrNotFound},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := fixture.New(t)
			by := w.Jeanne
			drawn := w.Draft(t, by, fixture.Angela(), fixture.Tax)
			agreement := w.Agreed(t, by, drawn)
			if c.spoil != nil {
				c.spoil(w, &by)
			}
			agreement.Ticked = !c.unread
			if _, err := w.Mandates.Sign(t.Context(), by, drawn, agreement); !errors.Is(err, c.want) {
				t.Fatalf("got %v, want %v", err, c.want)
			}
			if n := count(t, w, `select count(*) from mandate`); n != 0 {
				t.Errorf("%d mandates after a refusal", n)
			}
		})
	}
}

func TestSign_RefusesWhoMayNotAct(t *testing.T) {
	t.Parallel()
	for name, sql := range map[string]string{
		"not certified":        `delete from certification where person_id = $1`,
		"certificate over":     `update certification set certified_at = now() - interval '3 years', certified_until = now() where person_id = $1`,
		"charter not accepted": `delete from charter_acceptance where person_id = $1`,
		"suspended there":      `update membership set suspended_at = now() where person_id = $1`,
		"suspended":            `update person set suspended_at = now(), suspended_why = 'decided' where id = $1`,
		"membership ended":     `update membership set ended_at = now() where person_id = $1`,
		"organisation closed":  `update organisation set active = false where id = (select organisation_id from membership where person_id = $1)`,
		"référent, not aidant": `update membership set role = 'referent' where person_id = $1`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := fixture.New(t)
			drawn := w.Draft(t, w.Jeanne, fixture.Angela(), fixture.Tax)
			w.Behind(t, sql, w.Jeanne.Person)
			if _, err := w.Mandates.Sign(t.Context(), w.Jeanne, drawn, w.Agreed(t, w.Jeanne, drawn)); !errors.Is(err, org.ErrMayNot) {
				t.Fatalf("sign: %v", err)
			}
		})
	}
}

func TestSign_TwiceIsOneMandate(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	drawn := w.Draft(t, w.Jeanne, fixture.Angela(), fixture.Tax)
	ids, errs := make([]string, 8), make([]error, 8)
	together(len(ids), func(i int) {
		m, err := w.Mandates.Sign(t.Context(), w.Jeanne, drawn, w.Agreed(t, w.Jeanne, drawn))
		ids[i], errs[i] = m.ID.String(), err
	})
	fresh := 0
	for i := range ids {
		if errs[i] == nil {
			fresh++
		} else if !errors.Is(errs[i], draft.ErrSigned) {
			t.Errorf("attempt %d: %v", i, errs[i])
		}
		if ids[i] != ids[0] {
			t.Errorf("two mandates: %s, %s", ids[0], ids[i])
		}
	}
	if n := count(t, w, `select count(*) from journal_entry where action = 'mandate.signed'`); fresh != 1 || n != 1 {
		t.Errorf("%d signatures, %d entries", fresh, n)
	}
}

func TestSign_TwoAidantsAtOnce_AreTwoMandatesInOrder(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	for round := range 5 {
		who := fixture.Citizen(round)
		a, b := w.Draft(t, w.Jeanne, who, fixture.Tax, fixture.Housing), w.Draft(t, w.Paul, who, fixture.Housing)
		errs := make([]error, 2)
		together(2, func(i int) {
			if i == 0 {
				_, errs[i] = w.Mandates.Sign(t.Context(), w.Jeanne, a, w.Agreed(t, w.Jeanne, a))
			} else {
				_, errs[i] = w.Mandates.Sign(t.Context(), w.Paul, b, w.Agreed(t, w.Paul, b))
			}
		})
		if errs[0] != nil || errs[1] != nil {
			t.Fatal(errs)
		}
	}
	if n := count(t, w, `select count(*) from citizen`); n != 5 {
		t.Errorf("%d rows for 5 citizens", n)
	}
	if n := count(t, w, `select count(*) from mandate_power where procedure = '`+fixture.Housing+`' and state = 'standing'`); n != 5 {
		t.Errorf("%d standing powers for 5 citizens", n)
	}
	w.Content(t)
}

func TestSign_SupersedesOnlyTheSameProcedures(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	first := w.Sign(t, w.Jeanne, fixture.Angela(), fixture.Tax, fixture.Housing)
	elsewhere := w.Sign(t, w.Ines, fixture.Angela(), fixture.Housing)
	second := w.Sign(t, w.Paul, fixture.Angela(), fixture.Housing)
	if p, err := mayAct(t, w, w.Jeanne, first, fixture.Tax); err != nil || p.Mandate != first.ID {
		t.Errorf("the power that nobody replaced: %+v, %v", p, err)
	}
	if p, err := mayAct(t, w, w.Jeanne, first, fixture.Housing); err != nil || p.Mandate != second.ID {
		t.Errorf("the power that was replaced: %+v, %v", p, err)
	}
	if p, err := mayAct(t, w, w.Ines, elsewhere, fixture.Housing); err != nil || p.Mandate != elsewhere.ID {
		t.Errorf("another organisation's power: %+v, %v", p, err)
	}
	if first.Citizen == elsewhere.Citizen {
		t.Error("two organisations share a citizen's id")
	}
	third := w.Sign(t, w.Jeanne, fixture.Angela(), fixture.Tax)
	if m, err := w.Mandates.Consult(t.Context(), w.Jeanne, first.ID, mandate.PageMandate); err != nil || m.State != mandate.Ended || m.EndReason != "superseded" || !m.EndedAt.Equal(third.SignedAt) {
		t.Errorf("a mandate with no power left: %+v, %v", m, err)
	}
	w.Content(t)
}

func TestSign_EndsWhatHadExpired(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	first := w.Sign(t, w.Jeanne, fixture.Angela(), fixture.Tax)
	w.Clock.Advance(40 * 24 * time.Hour)
	w.Jeanne.FactorAt = w.Clock.Now()
	if _, err := mayAct(t, w, w.Jeanne, first, fixture.Tax); !errors.Is(err, mandate.ErrNoPower) {
		t.Fatalf("an expired power: %v", err)
	}
	if err := w.Mandates.End(t.Context(), w.Jeanne, first.ID, "citizen"); !errors.Is(err, mandate.ErrEnded) {
		t.Errorf("end what has expired: %v", err)
	}
	w.Sign(t, w.Jeanne, fixture.Angela(), fixture.Tax)
	if m, err := w.Mandates.Consult(t.Context(), w.Jeanne, first.ID, mandate.PageMandate); err != nil || m.EndReason != "expired" || !m.EndedAt.Equal(first.EndsAt) {
		t.Errorf("the expired mandate: %+v, %v", m, err)
	}
	w.Content(t)
}

func TestSign_BringsTheIdentityUpToDate(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	first := w.Sign(t, w.Jeanne, fixture.Angela(), fixture.Tax)
	corrected := fixture.Angela()
	corrected.FamilyName, corrected.Email = "DUBOIS-MARTIN", "nouvelle@exemple.invalid"
	second := w.Sign(t, w.Jeanne, corrected, fixture.Housing)
	if first.Citizen != second.Citizen {
		t.Error("the same sub became two citizens")
	}
	if who := w.Identity(t, w.Here, first.Citizen); who != corrected {
		t.Errorf("identity %+v", who)
	}
	if m, err := w.Mandates.Consult(t.Context(), w.Jeanne, first.ID, mandate.PageMandate); err != nil || m.Terms.Citizen.FamilyName != "DUBOIS" {
		t.Errorf("the terms signed first changed: %+v, %v", m.Terms, err)
	}
}

func TestIdentify_RefusesAMinorWithAnEntry(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	d, err := w.Drafts.Start(t.Context(), w.Jeanne, fixture.Terms(fixture.Tax))
	if err != nil {
		t.Fatal(err)
	}
	minor := fixture.Angela()
	minor.Birthdate = fmt.Sprintf("%d-00-00", w.Clock.Now().Year()-18)
	if err := w.Drafts.Identify(t.Context(), w.Jeanne, d.ID, minor, w.Clock.Now()); !errors.Is(err, draft.ErrMinor) {
		t.Fatalf("presumed to be seventeen: %v", err)
	}
	if n := count(t, w, `select count(*) from journal_entry where action = 'draft.identity_refused'`); n != 1 {
		t.Errorf("%d entries of the refusal", n)
	}
	if got, err := w.Drafts.Find(t.Context(), w.Jeanne, d.ID); err != nil || got.State != draft.Open || got.Identity != nil {
		t.Errorf("the draft: %+v, %v", got, err)
	}
}

func TestDraft_WhoTheCitizenIsIsItsAidantsAlone(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	id := w.Draft(t, w.Jeanne, fixture.Angela(), fixture.Tax)
	elsewhere := w.Jeanne
	elsewhere.Organisation = w.Elsewhere
	if err := w.Directory.Join(t.Context(), journal.Program(), w.Jeanne.Person, w.Elsewhere, org.RoleAidant); err != nil {
		t.Fatal(err)
	}
	for _, other := range []journal.Actor{w.Paul, w.Ines, elsewhere} {
		want := db.ErrNotFound
		if other.Person == w.Paul.Person {
			want = draft.ErrNotOwn
		}
		if d, err := w.Drafts.Find(t.Context(), other, id); other.Person == w.Paul.Person && (err != nil || d.Identity != nil) || other.Person != w.Paul.Person && !errors.Is(err, want) {
			t.Errorf("read: %v, %v", d, err)
		}
		if err := w.Drafts.Identify(t.Context(), other, id, fixture.Citizen(1), w.Clock.Now()); !errors.Is(err, want) {
			t.Errorf("somebody else identified a citizen in it: %v", err)
		}
		if err := w.Drafts.DropIdentity(t.Context(), other, id); !errors.Is(err, want) {
			t.Errorf("somebody else dropped its identity: %v", err)
		}
		if err := w.Drafts.Change(t.Context(), other, id, fixture.Terms(fixture.Housing)); !errors.Is(err, draft.ErrState) && !errors.Is(err, org.ErrMayNot) {
			t.Errorf("change: %v", err)
		}
	}
	if err := w.Drafts.DropIdentity(t.Context(), w.Jeanne, id); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Mandates.Sign(t.Context(), w.Jeanne, id, w.Agreed(t, w.Jeanne, id)); !errors.Is(err, draft.ErrState) {
		t.Errorf("sign without an identity: %v", err)
	}
}

func TestDraft_HoldsNoNameInClear(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	w.Draft(t, w.Jeanne, fixture.Angela(), fixture.Tax)
	w.Sign(t, w.Jeanne, fixture.Angela(), fixture.Tax)
	for _, table := range []string{"mandate_draft", "citizen", "mandate", "journal_entry"} {
		for _, word := range []string{"DUBOIS", "Angela", "angela-sub", "1962-08-24"} {
			if n := count(t, w, `select count(*) from `+table+` t where t::text like '%`+word+`%' or t::text like '%' || encode('`+word+`', 'hex') || '%'`); n != 0 {
				t.Errorf("%s in clear in %s", word, table)
			}
		}
	}
}

func TestEnd_EndsEveryPowerAtOnce(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	m := w.Sign(t, w.Jeanne, fixture.Angela(), fixture.Tax, fixture.Housing)
	if err := w.Mandates.End(t.Context(), w.Ines, m.ID, "citizen"); !errors.Is(err, db.ErrNotFound) {
		t.Errorf("another organisation: %v", err)
	}
	if err := w.Mandates.End(t.Context(), w.Jeanne, m.ID, "superseded"); !errors.Is(err, mandate.ErrReason) {
		t.Errorf("the program's reason: %v", err)
	}
	errs := make([]error, 4)
	together(len(errs), func(i int) { errs[i] = w.Mandates.End(t.Context(), w.Paul, m.ID, "mistake") })
	won := 0
	for _, err := range errs {
		if err == nil {
			won++
		} else if !errors.Is(err, mandate.ErrEnded) {
			t.Error(err)
		}
	}
	if won != 1 {
		t.Errorf("%d of 4 ended it", won)
	}
	for _, p := range []string{fixture.Tax, fixture.Housing} {
		if _, err := mayAct(t, w, w.Jeanne, m, p); !errors.Is(err, mandate.ErrNoPower) {
			t.Errorf("%s after the end: %v", p, err)
		}
	}
	w.Content(t)
}

func TestChangesBehindTheJournalAreRefused(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	m := w.Sign(t, w.Jeanne, fixture.Angela(), fixture.Tax)
	for _, sql := range []string{
		`update mandate set ends_at = ends_at + interval '1 day'`,
		`update mandate_power set ends_at = ends_at + interval '1 day'`,
		`update citizen set identified_at = now()`,
		`update person set suspended_at = now(), suspended_why = 'decided'`,
		`update organisation set active = false`,
		`update membership set ended_at = now()`,
		`delete from mandate_power`, `delete from mandate`, `truncate mandate_power`, `delete from citizen`,
	} {
		err := w.DB.Write(t.Context(), db.System(), db.Durable, func(tx *db.Tx) error {
			_, err := tx.Exec(t.Context(), sql)
			return err
		})
		if err == nil {
			t.Errorf("%s: went through", sql)
		}
	}
	if _, err := mayAct(t, w, w.Jeanne, m, fixture.Tax); err != nil {
		t.Error(err)
	}
	w.Content(t)
}

func TestSearch_FindsWhoHasAStandingPowerHere(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	angela := w.Sign(t, w.Jeanne, fixture.Angela(), fixture.Tax)
	for n := range 12 {
		w.Sign(t, w.Jeanne, fixture.Citizen(n), fixture.Tax)
	}
	w.Sign(t, w.Ines, fixture.Citizen(99), fixture.Tax)
	find := func(query string) []citizen.Citizen {
		found, err := w.Mandates.Citizens(t.Context(), w.Jeanne, query, uuid.Nil)
		if err != nil {
			t.Fatalf("%q: %v", query, err)
		}
		return found
	}
	if _, err := w.Mandates.Citizens(t.Context(), w.Jeanne, " d-u ", uuid.Nil); !errors.Is(err, citizen.ErrTooShort) {
		t.Errorf("two letters: %v", err)
	}
	if found := find("dub"); len(found) != 1 || found[0].ID != angela.Citizen || found[0].Identity != fixture.Angela() {
		t.Errorf("dub: %+v", found)
	}
	if found := find("fictif"); len(found) != citizen.MaxResults {
		t.Errorf("%d results, want at most ten", len(found))
	}
	if found := find("fictif 99"); len(found) != 0 {
		t.Error("found a citizen of another organisation")
	}
	if err := w.Mandates.End(t.Context(), w.Jeanne, angela.ID, "citizen"); err != nil {
		t.Fatal(err)
	}
	if found := find("dubois"); len(found) != 0 {
		t.Error("found a citizen whose mandate has ended")
	}
}

func together(n int, f func(i int)) {
	var wait sync.WaitGroup
	start := make(chan struct{})
	for i := range n {
		wait.Go(func() { <-start; f(i) })
	}
	close(start)
	wait.Wait()
}

func count(t *testing.T, w *fixture.World, sql string) int {
	t.Helper()
	var n int
	if err := w.Connect(t, w.Superuser).QueryRow(t.Context(), sql).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}
