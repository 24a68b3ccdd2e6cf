package mandate_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"mandat/internal/fixture"
	"mandat/internal/journal"
	"mandat/internal/mandate"
	"mandat/internal/terms"
)

// several is what Angela gave: three mandates to Jeanne's organisation, of which the last is for later, and one to Ines's.
type several struct {
	*fixture.World
	t                           *testing.T
	first, second, later, there mandate.Mandate
	bernards                    mandate.Mandate
}

func newSeveral(t *testing.T) *several {
	t.Helper()
	w := fixture.New(t)
	s := &several{World: w, t: t, first: w.Sign(t, w.Jeanne, fixture.Angela(), fixture.Tax), second: w.Sign(t, w.Paul, fixture.Angela(), fixture.Housing), there: w.Sign(t, w.Ines, fixture.Angela(), fixture.Tax),
		bernards: w.Sign(t, w.Jeanne, fixture.Citizen(1), fixture.Tax)}
	x := fixture.Terms(fixture.Tax)
	x.From = terms.DayOf(w.Clock.Now()).AddDate(0, 0, 10)
	d, err := w.Drafts.Start(t.Context(), w.Jeanne, x)
	if err == nil {
		err = w.Drafts.Identify(t.Context(), w.Jeanne, d.ID, fixture.Angela(), w.Clock.Now())
	}
	if err == nil {
		s.later, err = w.Mandates.Sign(t.Context(), w.Jeanne, d.ID, w.Agreed(t, w.Jeanne, d.ID))
	}
	if err != nil {
		t.Fatal(err)
	}
	w.Clock.Advance(time.Minute)
	return s
}

func (s *several) end(reason string) {
	s.t.Helper()
	by := s.Jeanne
	by.FactorAt = s.Clock.Now()
	if err := s.Mandates.End(s.t.Context(), by, s.first.ID, reason); err != nil {
		s.t.Fatal(err)
	}
}

// ended counts the mandates among these that have ended for a reason, by whomever.
func (s *several) ended(reason string) int {
	s.t.Helper()
	return tally(s.t, s.World, `select count(*) from mandate where id = any ($2) and state = 'ended' and end_reason = $1`, reason, []uuid.UUID{s.first.ID, s.second.ID, s.later.ID})
}

// Death and protection are the citizen's: every mandate that they gave here ends at once, each with its entry, and nobody else's does.
func TestEnd_OfThePersonEndsTheirOthers(t *testing.T) {
	t.Parallel()
	for reason, want := range map[string]int{"death": 3, "protection": 3, "citizen": 1, "mistake": 1} {
		t.Run(reason, func(t *testing.T) {
			t.Parallel()
			s := newSeveral(t)
			if n, err := s.Mandates.Others(t.Context(), s.Jeanne, s.first.ID); n != 2 || err != nil {
				t.Errorf("the page would say %d, %v", n, err)
			}
			s.end(reason)
			if n := s.ended(reason); n != want {
				t.Errorf("%d have ended, want %d", n, want)
			}
			for _, m := range []mandate.Mandate{s.there, s.bernards} {
				if n := tally(t, s.World, `select count(*) from mandate where id = $1 and state = 'standing'`, m.ID); n != 1 {
					t.Errorf("mandate %s does not stand", m.ID)
				}
			}
			if n := tally(t, s.World, `select count(*) from mandate_power p join mandate m on m.id = p.mandate_id where m.citizen_id = $1 and p.state <> 'ended'`, s.first.Citizen); n != 3-want {
				t.Errorf("%d powers are left", n)
			}
			if n := tally(t, s.World, `select count(*) from journal_entry where action = 'mandate.ended' and person_id is null and body::jsonb -> 'detail' ->> 'reason' = $1 and body::jsonb -> 'detail' ->> 'with' = $2`,
				reason, s.first.ID.String()); n != want-1 {
				t.Errorf("%d entries tell that the program ended another, want %d", n, want-1)
			}
			if n := tally(t, s.World, `select count(*) from river_job where args ->> 'name' = $1 and args ->> 'id' = $2`, mandate.OthersJob, s.first.ID.String()); (n == 1) != (want > 1) {
				t.Errorf("%d jobs go on when this was broken off", n)
			}
			s.Content(t)
		})
	}
}

// The job of an act whose program died finds the others by itself, once, and leaves what was signed since.
func TestEndOthers_GoesOn(t *testing.T) {
	t.Parallel()
	s := newSeveral(t)
	kind := s.Mandates.EndsOfOthers()
	if err := kind.Work(t.Context(), s.first.ID, false); err != nil || kind.Name != mandate.OthersJob || s.ended("death") != 0 {
		t.Errorf("with one that stands: %v", err)
	}
	s.Behind(t, `update mandate_power set state = 'ended', ended_at = $2, end_reason = 'death' where mandate_id = $1`, s.first.ID, s.Clock.Now())
	s.Behind(t, `update mandate set state = 'ended', ended_at = $2, end_reason = 'death', ended_by = person_id where id = $1`, s.first.ID, s.Clock.Now())
	s.Clock.Advance(time.Minute)
	since := s.Sign(t, s.Jeanne, fixture.Angela(), "social-carte-europeenne")
	for range 2 {
		if err := kind.Work(t.Context(), s.first.ID, true); err != nil {
			t.Fatal(err)
		}
	}
	if n := s.ended("death"); n != 3 {
		t.Errorf("%d have ended", n)
	}
	if n := tally(t, s.World, `select count(*) from mandate where id = $1 and state = 'standing'`, since.ID); n != 1 {
		t.Error("what was signed since, by who was identified since, does not stand")
	}
	if n := tally(t, s.World, `select count(*) from journal_entry where action = 'mandate.ended'`); n != 2 {
		t.Errorf("%d entries", n)
	}
}

// The program ends none for these reasons unless a person did.
func TestCompare_NamesAnEndThatNobodyRecorded(t *testing.T) {
	t.Parallel()
	for name, with := range map[string]func(*several) string{"with none": func(*several) string { return "" }, "with one that stands": func(s *several) string { return s.first.ID.String() },
		"with somebody else's": func(s *several) string {
			by := s.Jeanne
			by.FactorAt = s.Clock.Now()
			if err := s.Mandates.End(t.Context(), by, s.bernards.ID, "death"); err != nil {
				t.Fatal(err)
			}
			return s.bernards.ID.String()
		}} {
		s := newSeveral(t)
		detail := map[string]any{"reason": "death", "procedures": []string{fixture.Housing}}
		if w := with(s); w != "" {
			detail["with"] = w
		}
		err := s.Journal.Record(t.Context(), journal.Program(), func(tx *journal.Tx) (journal.Event, error) {
			tx.Queue(`update mandate_power set state = 'ended', ended_at = $2, end_reason = 'death' where mandate_id = $1`, s.second.ID, tx.Now)
			tx.Queue(`update mandate set state = 'ended', ended_at = $2, end_reason = 'death' where id = $1`, s.second.ID, tx.Now)
			return journal.Event{Action: "mandate.ended", Organisation: s.Here, Citizen: s.second.Citizen, Mandate: s.second.ID, Detail: detail}, nil
		})
		if err != nil {
			t.Fatal(err)
		}
		found, err := mandate.Compare(t.Context(), s.OpenAuditor(t))
		if err != nil || len(found) != 1 || found[0].ID != s.second.ID.String() || !strings.Contains(found[0].What, "end") {
			t.Errorf("%s: found %v, %v", name, found, err)
		}
	}
}

// What ends with one that is not there is not counted, nor another organisation's.
func TestOthers_AreTheOrganisations(t *testing.T) {
	t.Parallel()
	s := newSeveral(t)
	for _, c := range []struct {
		by   journal.Actor
		id   uuid.UUID
		want int
	}{{s.Ines, s.first.ID, 0}, {s.Ines, s.there.ID, 0}, {s.Jeanne, s.bernards.ID, 0}, {s.Paul, s.later.ID, 2}} {
		if n, err := s.Mandates.Others(t.Context(), c.by, c.id); n != c.want || err != nil {
			t.Errorf("%s: %d, %v, want %d", c.id, n, err, c.want)
		}
	}
	if err := s.Mandates.EndOthers(t.Context(), uuid.New()); err != nil {
		t.Error(err)
	}
}
