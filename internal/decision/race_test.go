package decision_test

import (
	"os"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"mandat/internal/fixture"
)

// rounds is how often a race is run.
func rounds() int {
	if os.Getenv("MANDAT_SOAK") != "" {
		return 1000
	}
	return 15
}

// Several ask while the citizen's mandate is ended: no entry of a yes stands behind that of the end, whoever asks after the end is told no, and the same
// answer is one entry. In every other round the end comes once somebody was answered, which is a yes.
func TestRace_WithTheEnd(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	var n names
	for round := range rounds() {
		m := s.Sign(t, s.Jeanne, fixture.Angela(), fixture.Tax)
		if n == (names{}) {
			n = s.named(t, impots, s.Jeanne, m)
		}
		var wait sync.WaitGroup
		answered := make(chan struct{}, 4)
		for range 4 {
			wait.Go(func() {
				defer func() { answered <- struct{}{} }()
				if a, _ := s.ask(t, impots, asked(n)); a.StatusCode != 200 {
					t.Errorf("%d %s", a.StatusCode, a.body)
				}
			})
		}
		wait.Go(func() {
			if round%2 == 1 {
				<-answered
			}
			if err := s.Mandates.End(t.Context(), s.Jeanne, m.ID, "completed"); err != nil {
				t.Error(err)
			}
			s.says(t, impots, asked(n), false)
		})
		wait.Wait()
		if late := s.count(t, `select count(*) from journal_entry where action = 'decision.given' and mandate_id = $1 and id > (select id from journal_entry where action = 'mandate.ended' and mandate_id = $1)`, m.ID); late != 0 {
			t.Fatal("a yes stands behind the end")
		}
		if twice := s.count(t, `select count(*) from (select from journal_entry where action like 'decision.%' and mandate_id = $1 group by action having count(*) > 1) x`, m.ID); twice != 0 {
			t.Fatal("the same answer is two entries")
		}
	}
	if s.count(t, `select count(*) from journal_entry where action = 'decision.given'`) == 0 {
		t.Error("nobody was told yes")
	}
}

// A first answer of a day waits for an end that is under way, and says what stands behind it. Of a certificate and of a role the same.
func TestRace_WaitsForAnEndUnderWay(t *testing.T) {
	t.Parallel()
	for name, end := range map[string][2]string{
		"power":       {`select from citizen where id = $1 for update`, `update mandate_power set state = 'ended', ended_at = now(), end_reason = 'citizen' where citizen_id = $1`},
		"person":      {`select from person where id = $2 for update`, `update person set suspended_at = now(), suspended_why = 'decided' where id = $2`},
		"role":        {`select from membership where person_id = $2 for update`, `update membership set ended_at = now() where person_id = $2`},
		"certificate": {`select from certification where person_id = $2 for update`, `update certification set state = 'suspended', suspended_at = now() where person_id = $2`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t)
			m := s.Sign(t, s.Jeanne, fixture.Angela(), fixture.Tax)
			n := s.named(t, impots, s.Jeanne, m)
			conn, watch := s.Connect(t, s.Superuser), s.Connect(t, s.Superuser)
			exec := func(sql string) {
				t.Helper()
				if _, err := conn.Exec(t.Context(), sql, pgx.QueryExecModeSimpleProtocol); err != nil {
					t.Fatal(err)
				}
			}
			with := func(sql string) {
				t.Helper()
				if _, err := conn.Exec(t.Context(), `with ids as (select $1::uuid, $2::uuid) `+sql, m.Citizen, s.Jeanne.Person); err != nil {
					t.Fatal(err)
				}
			}
			exec(`set session_replication_role = replica; begin`)
			with(end[0])
			with(end[1])
			answered := make(chan string, 1)
			go func() {
				a, _ := s.ask(t, impots, asked(n))
				answered <- a.body
			}()
			for deadline := time.Now().Add(time.Minute); ; time.Sleep(2 * time.Millisecond) {
				var waits bool
				if err := watch.QueryRow(t.Context(), `select exists (select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock')`).Scan(&waits); err != nil {
					t.Fatal(err)
				}
				if waits {
					break
				}
				if len(answered) > 0 || time.Now().After(deadline) {
					t.Fatal("the answer did not wait")
				}
			}
			exec(`commit`)
			if got := <-answered; got != no {
				t.Error(got)
			}
		})
	}
}
