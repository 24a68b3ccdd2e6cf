package idp_test

import (
	"errors"
	"net/http"
	"net/url"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"mandat/internal/db"
	"mandat/internal/fixture"
)

// taken is what an entry of a step says.
type taken struct {
	Action, Login, Client, Service, InsteadOf, Procedure, ProcedureIs string
	Person, Organisation, Citizen, Mandate                            uuid.UUID
}

func (s *site) steps(t testing.TB) (out []taken) {
	t.Helper()
	err := s.DB.Read(t.Context(), db.System(), func(tx pgx.Tx) error {
		rows, err := tx.Query(t.Context(), `select action, d ->> 'login', d ->> 'client', d ->> 'service', coalesce(d ->> 'instead_of', ''), coalesce(d ->> 'procedure', ''), coalesce(d ->> 'procedure_is', ''),
			person_id, organisation_id, coalesce(citizen_id, '00000000-0000-0000-0000-000000000000'), coalesce(mandate_id, '00000000-0000-0000-0000-000000000000')
			from journal_entry, lateral (select body::jsonb -> 'detail' as d) detail where action in ('power.asked', 'power.citizen_chosen', 'power.procedure_chosen') order by id`)
		if err != nil {
			return err
		}
		out, err = pgx.CollectRows(rows, pgx.RowToStructByPos[taken])
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// Every step has one entry, whatever is repeated, and a choice that was not taken has none of these.
func TestSteps_AreInTheJournal(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	v, angela := s.angela(t)
	_, other := s.mandate(t, fixture.Citizen(1))
	foreign := s.Sign(t, s.Ines, fixture.Citizen(2), fixture.Tax)
	path := v.begin()
	v.choose(path, angela)
	v.choose(path, angela)
	if a := v.post(path+"/usager", url.Values{"usager": {foreign.Citizen.String()}}); a.StatusCode != http.StatusConflict {
		t.Errorf("somebody else's citizen: %d", a.StatusCode)
	}
	v.choose(path, other)
	if a := v.post(path+"/demarche", url.Values{"demarche": {fixture.Housing}}); a.StatusCode != http.StatusConflict {
		t.Errorf("a procedure that was not given: %d", a.StatusCode)
	}
	back := v.post(path+"/demarche", url.Values{"demarche": {fixture.Tax}}).at()
	access := s.token(t, back.Query().Get("code"))["access_token"]
	if a := s.userinfo(t, access); a.StatusCode != http.StatusOK {
		t.Fatalf("userinfo: %d", a.StatusCode)
	}
	step := func(action string) taken {
		return taken{Action: action, Login: loginIn(path), Client: fc, Service: "unknown", Person: s.Jeanne.Person, Organisation: s.Here}
	}
	asked, first, second, procedure := step("power.asked"), step("power.citizen_chosen"), step("power.citizen_chosen"), step("power.procedure_chosen")
	first.Citizen = angela.Citizen
	second.Citizen, second.InsteadOf = other.Citizen, angela.Citizen.String()
	procedure.Citizen, procedure.Mandate, procedure.Procedure, procedure.ProcedureIs = other.Citizen, other.ID, fixture.Tax, "declared"
	same(t, "entries", s.steps(t), []taken{asked, first, second, procedure})
}

// A step without its entry is refused by the database.
func TestSteps_NeedTheirEntries(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	v, m := s.angela(t)
	begun, chosen := v.begin(), v.begin()
	v.choose(chosen, m)
	for name, c := range map[string]struct {
		sql  string
		args []any
	}{
		"asked": {`insert into idp_login (id, organisation_id, person_id, session_id, client, sector, redirect_uri, nonce, scope, claims, created_at, expires_at)
			select gen_random_uuid(), organisation_id, person_id, session_id, client, sector, redirect_uri, nonce, scope, claims, created_at, expires_at from idp_login where id = $1`, []any{loginIn(begun)}},
		"citizen":   {`update idp_login set state = 'citizen_chosen', citizen_id = $2 where id = $1`, []any{loginIn(begun), m.Citizen}},
		"procedure": {`update idp_login set state = 'code_issued', mandate_id = $2, procedure = $3, identified_by = 'franceconnect', code_hash = '\x00', code_expires_at = expires_at where id = $1`, []any{loginIn(chosen), m.ID, fixture.Tax}},
	} {
		err := s.DB.Write(t.Context(), db.System(), db.Durable, func(tx *db.Tx) error {
			tag, err := tx.Exec(t.Context(), c.sql, c.args...)
			if err == nil && tag.RowsAffected() != 1 {
				t.Errorf("%s: changed %d rows", name, tag.RowsAffected())
			}
			return err
		})
		if pg, ok := errors.AsType[*pgconn.PgError](err); !ok || pg.Code != "23000" {
			t.Errorf("%s: %v", name, err)
		}
	}
}
