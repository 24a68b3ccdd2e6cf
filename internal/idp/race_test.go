package idp_test

import (
	"net/http"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
	"mandat/internal/fixture"
	"mandat/internal/mandate"
)

// rounds is how often a race is run.
func rounds(few, many int) int {
	if os.Getenv("MANDAT_SOAK") != "" {
		return many
	}
	return few
}

// Fifty redemptions of one code at once: exactly one wins, and the others kill what it gave.
func TestRace_OneCodeIsGoodOnce(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	v, m := s.angela(t)
	for name, c := range map[string]struct {
		code   func() string
		redeem func(code string) answer
	}{
		"FranceConnect": {func() string { return v.code(m, fixture.Tax) }, func(code string) answer { return s.redeem(t, code) }},
		"a service":     {func() string { return v.codeFor(direct, m, fixture.Tax) }, func(code string) answer { return s.trade(t, direct, code) }},
	} {
		for range rounds(20, 1000) {
			s.Clock.Advance(600 * time.Millisecond) // so that a service may call as often
			s.exec(t, `update session set factor_at = $2 where id = $1`, v.by.Session, s.Clock.Now())
			before := count(t, s, `select coalesce(max(id), 0) from journal_entry`)
			code := c.code()
			answers := make([]answer, 50)
			var all sync.WaitGroup
			for i := range answers {
				all.Go(func() { answers[i] = c.redeem(code) })
			}
			all.Wait()
			var winners []any
			for _, a := range answers {
				switch got := a.json(t); {
				case a.StatusCode == http.StatusOK:
					winners = append(winners, got["access_token"])
				case got["error"] != "invalid_grant" && got["error"] != "slow_down":
					t.Errorf("%s: %d %s", name, a.StatusCode, a.body)
				}
			}
			if len(winners) != 1 {
				t.Fatalf("%s: %d winners", name, len(winners))
			}
			if a := s.userinfo(t, winners[0]); a.StatusCode != http.StatusUnauthorized {
				t.Errorf("%s: the token outlived the replays: %d", name, a.StatusCode)
			}
			got := s.entriesAfter(t, before)
			want := map[string][]string{"FranceConnect": {"power.refused"}, "a service": {"power.used", "power.refused"}}[name]
			if len(got) != len(want) || got[0].Action != want[0] || got[len(got)-1].Reason != "code_replayed" {
				t.Fatalf("%s: entries %+v", name, got)
			}
		}
	}
}

// An end that races with the redemption comes before it or after it: if the service got anything, its entry stands before that of the end,
// and what it got is worth nothing.
func TestRace_AnEndAndARedemption(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	v := s.visit(t, s.Jeanne)
	won := 0
	for n := range rounds(20, 500) {
		s.exec(t, `update session set factor_at = $2 where id = $1`, v.by.Session, s.Clock.Now())
		m := s.Sign(t, s.Jeanne, fixture.Citizen(n), fixture.Tax)
		code := v.codeFor(direct, m, fixture.Tax)
		var traded answer
		var ended error
		var both sync.WaitGroup
		both.Go(func() { traded = s.trade(t, direct, code) })
		both.Go(func() { ended = s.Mandates.End(t.Context(), s.Paul, m.ID, "citizen") })
		both.Wait()
		if ended != nil {
			t.Fatal(ended)
		}
		used := actions(t, s, m)
		if traded.StatusCode != http.StatusOK {
			if used != "mandate.ended power.refused" {
				t.Fatalf("refused, and the journal says %s", used)
			}
			continue
		}
		won++
		if used != "power.used mandate.ended" {
			t.Fatalf("released, and the journal says %s", used)
		}
		if a := s.userinfo(t, traded.json(t)["access_token"]); a.StatusCode != http.StatusUnauthorized {
			t.Fatalf("the token outlived the end: %d %s", a.StatusCode, a.body)
		}
	}
	t.Logf("the service was first %d times", won)
}

// actions is what the journal says of a mandate's use and end, in its order.
func actions(t *testing.T, s *site, m mandate.Mandate) string {
	t.Helper()
	var out string
	err := s.DB.Read(t.Context(), db.System(), func(tx pgx.Tx) error {
		return tx.QueryRow(t.Context(), `select string_agg(action, ' ' order by id) from journal_entry
			where mandate_id = $1 and action in ('power.used', 'power.refused', 'mandate.ended')`, m.ID).Scan(&out)
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}
