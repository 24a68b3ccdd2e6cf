package mandate_test

import (
	"strings"
	"testing"
	"time"

	"mandat/internal/comparison"
	"mandat/internal/fixture"
	"mandat/internal/mandate"
)

func TestCompare_NamesWhatWasChangedBehindTheProgramsBack(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ sql, says string }{
		"end moved":            {`update mandate set ends_at = ends_at + interval '1 second' where id = $1`, "until"},
		"power prolonged":      {`update mandate_power set ends_at = ends_at + interval '1 day' where mandate_id = $1`, "power"},
		"power added":          {`insert into mandate_power select mandate_id, 'justice-casier', '', organisation_id, citizen_id, 'standing', identified_by, starts_at, ends_at from mandate_power where mandate_id = $1 and procedure = '` + fixture.Tax + `'`, "justice-casier"},
		"power removed":        {`delete from mandate_power where mandate_id = $1 and procedure = '` + fixture.Tax + `'`, "gone"},
		"ended quietly":        {`update mandate set state = 'ended', ended_at = now() + interval '1 hour', end_reason = 'citizen' where id = $1`, "end"},
		"lasting less":         {`update mandate set lasts_until = ends_at - interval '1 day' where id = $1`, "lasts until"},
		"given away":           {`update mandate set person_id = gen_random_uuid() where id = $1`, "aidant"},
		"other terms":          {`update mandate set terms_digest = sha256('x') where id = $1`, "terms"},
		"other organisation":   {`update mandate set organisation_id = gen_random_uuid() where id = $1`, "organisation"},
		"other identification": {`update mandate set identified_at = identified_at - interval '1 second' where id = $1`, "identified by"},
		"other catalogue":      {`update mandate set catalogue = 'x' where id = $1`, "catalogue"},
		"removed":              {`with p as (delete from mandate_power where mandate_id = $1) delete from mandate where id = $1`, "gone"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := fixture.New(t)
			w.Sign(t, w.Paul, fixture.Citizen(1), fixture.Tax)
			m := w.Sign(t, w.Jeanne, fixture.Angela(), fixture.Tax, fixture.Housing)
			w.Content(t)
			w.Behind(t, c.sql, m.ID)
			found, err := mandate.Compare(t.Context(), w.OpenAuditor(t))
			if err != nil {
				t.Fatal(err)
			}
			if len(found) == 0 {
				t.Fatal("nothing was found")
			}
			for _, d := range found {
				if d.ID != m.ID.String() || !strings.Contains(found[0].What, c.says) {
					t.Errorf("found %s", d)
				}
			}
		})
	}
}

func TestCompare_NamesAMandateWithoutItsEntry(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	m := w.Sign(t, w.Jeanne, fixture.Angela(), fixture.Tax)
	w.Behind(t, `delete from journal_entry where mandate_id = $1`, m.ID)
	found, err := mandate.Compare(t.Context(), w.OpenAuditor(t))
	if err != nil || len(found) != 2 || found[1].ID != found[0].ID || found[0].ID != m.ID.String() {
		t.Errorf("found %v, %v", found, err)
	}
}

// A trigger of the database's owner keeps the entries out, and lets the acts in.
func TestCompare_NamesActsWhoseEntriesWereSwallowed(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	ended := w.Sign(t, w.Jeanne, fixture.Angela(), fixture.Tax)
	draft := w.Draft(t, w.Jeanne, fixture.Citizen(1), fixture.Tax)
	w.Swallow(t)
	if err := w.Mandates.End(t.Context(), w.Jeanne, ended.ID, "completed"); err == nil {
		t.Error("ended without an entry")
	}
	if _, err := w.Mandates.Sign(t.Context(), w.Jeanne, draft, w.Agreed(t, w.Jeanne, draft)); err == nil {
		t.Error("signed without an entry")
	}
	found, err := mandate.Compare(t.Context(), w.OpenAuditor(t))
	if err != nil {
		t.Fatal(err)
	}
	says := map[string]bool{}
	for _, d := range found {
		says[d.What] = true
		if d.ID == ended.ID.String() {
			says["ended"] = true
		}
	}
	if !says["ended"] || !says["stands in the tables, and no entry tells of its signature"] {
		t.Errorf("found %v", found)
	}
}

// A mandate of a citizen of whom nothing else is known.
func TestCompare_NamesWhatBelongsToNobody(t *testing.T) {
	t.Parallel()
	for name, sql := range map[string]string{
		"mandate": `insert into mandate select gen_random_uuid(), organisation_id, gen_random_uuid(), gen_random_uuid(), person_id, state, identified_by, identified_at, signed_at, days, ends_at, ended_at, ended_by, end_reason, catalogue, terms, terms_digest from mandate where id = $1`,
		"power":   `insert into mandate_power select gen_random_uuid(), procedure, case_ref, organisation_id, gen_random_uuid(), state, identified_by, starts_at, ends_at from mandate_power where mandate_id = $1`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := fixture.New(t)
			m := w.Sign(t, w.Jeanne, fixture.Angela(), fixture.Tax)
			w.Behind(t, sql, m.ID)
			if found, err := mandate.Compare(t.Context(), w.OpenAuditor(t)); err != nil || len(found) != 1 || found[0].ID == m.ID.String() {
				t.Errorf("found %v, %v", found, err)
			}
		})
	}
}

// The end of a mandate is taken away without a word of its entry being changed: the entry is put where nobody looks.
func TestCompare_AnEndIsNotHiddenByItsColumns(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	m := w.Sign(t, w.Jeanne, fixture.Angela(), fixture.Tax)
	if err := w.Mandates.End(t.Context(), w.Jeanne, m.ID, "citizen"); err != nil {
		t.Fatal(err)
	}
	w.Behind(t, `update journal_entry set action = 'draft.identified' where mandate_id = $1 and action = 'mandate.ended'`, m.ID)
	w.Behind(t, `update mandate set state = 'standing', ended_at = null, ended_by = null, end_reason = null where id = $1`, m.ID)
	w.Behind(t, `update mandate_power set state = 'standing', ended_at = null, end_reason = null where mandate_id = $1`, m.ID)
	found, err := comparison.Run(t.Context(), w.OpenAuditor(t))
	if err != nil || len(found) != 1 || found[0].Of != "entry" {
		t.Errorf("found %v, %v", found, err)
	}
}

func TestCompare_FollowsAWholeLife(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	for n := range 3 {
		who := fixture.Citizen(n)
		first := w.Sign(t, w.Jeanne, who, fixture.Tax, fixture.Housing)
		w.Sign(t, w.Paul, who, fixture.Housing)
		w.Clock.Advance(24 * time.Hour)
		w.Jeanne.FactorAt, w.Paul.FactorAt = w.Clock.Now(), w.Clock.Now()
		if n > 0 {
			if err := w.Mandates.End(t.Context(), w.Jeanne, first.ID, "completed"); err != nil {
				t.Fatal(err)
			}
		}
		w.Clock.Advance(60 * 24 * time.Hour)
		w.Jeanne.FactorAt, w.Paul.FactorAt = w.Clock.Now(), w.Clock.Now()
		w.Sign(t, w.Jeanne, who, fixture.Tax, fixture.Housing)
	}
	w.Content(t)
}
