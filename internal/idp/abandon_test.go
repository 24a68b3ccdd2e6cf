package idp_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
	"mandat/internal/fixture"
	"mandat/internal/idp"
)

// left is what an entry power.abandoned says.
type left struct {
	Kind, Login, Client, Person, Step, Why, Procedure string
	Citizen, Mandate                                  uuid.UUID
	Session                                           bool // of the aidant
}

func (s *site) abandoned(t testing.TB, session []byte) (out []left) {
	t.Helper()
	err := s.DB.Read(t.Context(), db.System(), func(tx pgx.Tx) error {
		rows, err := tx.Query(t.Context(), `select body::jsonb #>> '{by,kind}', d ->> 'login', d ->> 'client', d ->> 'person', d ->> 'step', d ->> 'why', coalesce(d ->> 'procedure', ''), citizen_id,
			coalesce(mandate_id, '00000000-0000-0000-0000-000000000000'), coalesce(session_id = $1, false) from journal_entry, lateral (select body::jsonb -> 'detail' as d) detail where action = 'power.abandoned' order by id`, session)
		if err != nil {
			return err
		}
		out, err = pgx.CollectRows(rows, pgx.RowToStructByPos[left])
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func (s *site) purge(t testing.TB) {
	t.Helper()
	if err := s.provider.Purge(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func loginIn(path string) string { return strings.TrimPrefix(path, "/idp/logins/") }

// W43: a login in which a citizen was chosen leaves an entry, however far it came and whoever gave up; one without a citizen, one that was
// used and one that was refused leave none, or their own.
func TestPurge_TellsOfWhatWasAbandoned(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	v, m := s.angela(t)
	nobody, chosen, cancelled := v.begin(), v.begin(), v.begin()
	_ = nobody
	v.choose(chosen, m)
	v.choose(cancelled, m)
	v.post(cancelled+"/annuler", url.Values{})
	code := v.code(m, fixture.Tax)
	s.token(t, v.code(m, fixture.Tax))
	s.userinfo(t, s.token(t, v.code(m, fixture.Tax), "client_id", fc)["access_token"])
	refused := v.code(m, fixture.Tax)
	s.redeem(t, refused, "redirect_uri", "https://fc.exemple.test/other-callback")
	_ = code
	if got := len(s.entries(t)); got != 2 {
		t.Fatalf("%d uses and refusals, want one each", got)
	}
	s.purge(t)
	if got := s.abandoned(t, nil); len(got) != 0 || count(t, s, `select count(*) from idp_login`) != 7 {
		t.Errorf("young logins: %+v", got)
	}
	s.Clock.Advance(25 * time.Hour)
	s.purge(t)
	s.purge(t)
	want := left{Kind: "system", Client: fc, Person: s.Jeanne.Person.String(), Step: "citizen", Why: "expired", Citizen: m.Citizen, Session: true}
	got := s.abandoned(t, v.by.Session)
	if len(got) != 4 {
		t.Fatalf("%d abandoned, want 4: %+v", len(got), got)
	}
	for i, l := range got {
		w := want
		switch w.Login = l.Login; i {
		case 0:
			w.Login = loginIn(chosen)
		case 1:
			w.Login, w.Why = loginIn(cancelled), "cancelled"
		case 2:
			w.Step, w.Procedure, w.Mandate = "procedure", fixture.Tax, m.ID
		case 3:
			w.Step, w.Procedure, w.Mandate = "token", fixture.Tax, m.ID
		}
		same(t, "abandoned", l, w)
	}
	if n := count(t, s, `select count(*) from idp_login`); n != 0 || len(s.entries(t)) != 2 {
		t.Errorf("%d logins left", n)
	}
}

// A finish that the purge meets comes first, and is no abandonment; or it comes too late, and finds nothing.
func TestPurge_WaitsForAFinishUnderWay(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	v, m := s.angela(t)
	access := s.token(t, v.code(m, fixture.Tax))["access_token"]
	v.choose(v.begin(), m)
	s.Clock.Advance(25 * time.Hour)
	conn := s.Connect(t, s.Superuser)
	tx, err := conn.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	// A server whose clock is a day behind releases the identity just now.
	if _, err := tx.Exec(t.Context(), `set local session_replication_role = replica`); err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec(t.Context(), `update idp_login set state = 'released', released_at = now() where state = 'token_issued'`); err != nil {
		t.Fatal(err)
	}
	done := make(chan error)
	go func() { done <- s.provider.Purge(t.Context()) }()
	watch := s.Connect(t, s.Superuser)
	for waiting := 0; waiting == 0; {
		if err := watch.QueryRow(t.Context(), `select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`).Scan(&waiting); err != nil {
			t.Fatal(err)
		}
		select {
		case err := <-done:
			t.Fatal("the purge did not wait", err)
		case <-time.After(10 * time.Millisecond):
		}
	}
	if err := tx.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if got := s.abandoned(t, nil); len(got) != 1 || got[0].Step != "citizen" {
		t.Errorf("abandoned %+v, want the other login alone", got)
	}
	if a := s.userinfo(t, access); a.StatusCode != http.StatusUnauthorized {
		t.Errorf("after all: %d", a.StatusCode)
	}
}

// The database holds it too: nobody deletes such a login without its entry.
func TestPurge_IsHeldToItsEntries(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	v, m := s.angela(t)
	v.begin()
	v.choose(v.begin(), m)
	purge := func(state string) error {
		return s.DB.Write(t.Context(), db.System(), db.Durable, func(tx *db.Tx) error {
			_, err := tx.Exec(t.Context(), `delete from idp_login where state = $1`, state)
			return err
		})
	}
	if err := purge(idp.CitizenChosen); err == nil || !strings.Contains(err.Error(), "without its entry") {
		t.Errorf("deleted: %v", err)
	}
	if err := purge(idp.Requested); err != nil {
		t.Error(err)
	}
}

// A search for a client leaves how many were found, and for which login; one that is too short looks for nobody.
func TestSearch_LeavesItsEntry(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	v, _ := s.angela(t)
	path := v.begin()
	for _, name := range []string{"du", "dubois"} {
		v.post(path+"/usager", url.Values{"recherche": {name}})
	}
	if n := count(t, s, `select count(*) from journal_entry where action = 'citizen.searched'`); n != 1 {
		t.Errorf("%d searches", n)
	}
	if n := count(t, s, `select count(*) from journal_entry where action = 'citizen.searched' and person_id = $1 and organisation_id = $2 and session_id = $3
		and body::jsonb -> 'detail' = jsonb_build_object('results', 1, 'login', $4::text)`, s.Jeanne.Person, s.Here, v.by.Session, loginIn(path)); n != 1 {
		t.Error("not the one that was made")
	}
}
