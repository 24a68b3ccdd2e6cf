package mandate_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/caseload"
	"mandat/internal/citizen"
	"mandat/internal/db"
	"mandat/internal/fixture"
	"mandat/internal/journal"
	"mandat/internal/mandate"
	"mandat/internal/org"
	"mandat/internal/token"
)

// read is what the journal says of a reading.
type read struct {
	Action, Detail   string
	Person           uuid.UUID
	Citizen, Mandate uuid.UUID
}

// reads lists the readings in the journal, oldest first.
func reads(t *testing.T, w *fixture.World) []read {
	t.Helper()
	var out []read
	err := w.DB.Read(t.Context(), db.System(), func(tx pgx.Tx) error {
		rows, err := tx.Query(t.Context(), `select action, body::jsonb ->> 'detail', person_id, coalesce(citizen_id, '00000000-0000-0000-0000-000000000000'),
			coalesce(mandate_id, '00000000-0000-0000-0000-000000000000') from journal_entry where action in ('mandate.consulted', 'mandate.listed', 'citizen.searched') order by id`)
		if err != nil {
			return err
		}
		out, err = pgx.CollectRows(rows, pgx.RowToStructByPos[read])
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func sameReads(t *testing.T, w *fixture.World, want ...read) {
	t.Helper()
	if d := cmp.Diff(want, reads(t, w), cmpopts.EquateEmpty()); d != "" {
		t.Errorf("readings (-want +got):\n%s", d)
	}
}

// W43: who opens what concerns a citizen leaves an entry: one in a session, for a page, within an hour.
func TestConsult_LeavesOneEntryAnHour(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	m := w.Sign(t, w.Jeanne, fixture.Angela(), fixture.Tax)
	open := func(by journal.Actor, page string) {
		t.Helper()
		if got, err := w.Mandates.Consult(t.Context(), by, m.ID, page); err != nil || got.Identity != fixture.Angela() || len(got.Powers) != 1 {
			t.Fatal(got, err)
		}
	}
	entry := func(by journal.Actor, page string) read {
		return read{"mandate.consulted", `{"page": "` + page + `"}`, by.Person, m.Citizen, m.ID}
	}
	open(w.Jeanne, mandate.PageMandate)
	open(w.Jeanne, mandate.PageMandate)
	open(w.Jeanne, mandate.PageEnd)
	open(w.Paul, mandate.PageMandate)
	w.Clock.Advance(59 * time.Minute)
	open(w.Jeanne, mandate.PageMandate)
	want := []read{entry(w.Jeanne, "mandate"), entry(w.Jeanne, "end"), entry(w.Paul, "mandate")}
	sameReads(t, w, want...)
	again := w.Jeanne
	again.Session = token.Bytes(32)
	open(again, mandate.PageMandate)
	w.Clock.Advance(2 * time.Minute)
	open(w.Jeanne, mandate.PageMandate)
	sameReads(t, w, append(want, entry(w.Jeanne, "mandate"), entry(w.Jeanne, "mandate"))...)
}

func TestConsult_OneOfTwentyAtOnce(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	m := w.Sign(t, w.Jeanne, fixture.Angela(), fixture.Tax)
	together(20, func(int) {
		if got, err := w.Mandates.Consult(t.Context(), w.Jeanne, m.ID, mandate.PageMandate); err != nil || got.Identity != fixture.Angela() {
			t.Error(got.ID, err)
		}
	})
	sameReads(t, w, read{"mandate.consulted", `{"page": "mandate"}`, w.Jeanne.Person, m.Citizen, m.ID})
}

// No entry, no reading; and who may not read, or reads what is not there, leaves none.
func TestConsult_NothingWithoutItsEntry(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	m := w.Sign(t, w.Jeanne, fixture.Angela(), fixture.Tax)
	nora := w.Newcomer(t, journal.Aidant, w.Here, "nora", org.RoleAidant)
	for what, c := range map[string]struct {
		by   journal.Actor
		id   uuid.UUID
		want error
	}{
		"another organisation's": {w.Ines, m.ID, db.ErrNotFound}, "none": {w.Jeanne, uuid.New(), db.ErrNotFound}, "never certified": {nora, m.ID, org.ErrMayNot},
	} {
		if got, err := w.Mandates.Consult(t.Context(), c.by, c.id, mandate.PageMandate); !errors.Is(err, c.want) || got.Powers != nil {
			t.Errorf("%s: %+v, %v", what, got, err)
		}
	}
	if _, err := w.Caseload.List(t.Context(), w.Jeanne, caseload.Filter{Words: "d"}); !errors.Is(err, citizen.ErrTooShort) {
		t.Error(err)
	}
	sameReads(t, w)
	if _, err := w.Connect(t, w.Superuser).Exec(t.Context(), `create function journal_full() returns trigger language plpgsql as $$ begin raise exception 'no room'; end $$;
		create trigger journal_full before insert on journal_entry for each row execute function journal_full()`); err != nil {
		t.Fatal(err)
	}
	if got, err := w.Mandates.Consult(t.Context(), w.Jeanne, m.ID, mandate.PageMandate); err == nil || got.Powers != nil || got.Identity != (citizen.Identity{}) {
		t.Errorf("read without an entry: %+v", got)
	}
	if got, err := w.Caseload.List(t.Context(), w.Jeanne, caseload.Filter{Words: "dubois"}); err == nil || got.Lines != nil {
		t.Errorf("found without an entry: %+v", got)
	}
	if got, err := w.Caseload.List(t.Context(), w.Jeanne, caseload.Filter{EndsBefore: w.Clock.Now().Add(100 * time.Hour * 24)}); err == nil || got.Lines != nil {
		t.Errorf("listed without an entry: %+v", got)
	}
}

// A search leaves how many were found, never what was typed; turning to older pages, or to a colleague's mandates, how many were listed.
func TestSearch_LeavesNoName(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	w.Sign(t, w.Jeanne, fixture.Angela(), fixture.Tax)
	w.Sign(t, w.Jeanne, fixture.Citizen(1), fixture.Tax)
	login := uuid.New()
	all := w.Clock.Now().Add(100 * 24 * time.Hour)
	_, err1 := w.Caseload.List(t.Context(), w.Jeanne, caseload.Filter{Words: "Dubois"})
	_, err2 := w.Caseload.List(t.Context(), w.Jeanne, caseload.Filter{Words: "personne"})
	_, err3 := w.Mandates.Citizens(t.Context(), w.Paul, "dub", login)
	_, err4 := w.Caseload.List(t.Context(), w.Jeanne, caseload.Filter{}) // the first page is everybody's desk
	_, err5 := w.Caseload.FollowedUp(t.Context(), w.Jeanne, 20)
	_, err6 := w.Caseload.List(t.Context(), w.Jeanne, caseload.Filter{EndsBefore: all})
	_, err7 := w.Caseload.List(t.Context(), w.Jeanne, caseload.Filter{Page: 2}) // nobody is on it
	_, err8 := w.Caseload.Whose(t.Context(), w.Paul, w.Jeanne.Person, 20)
	if err := errors.Join(err1, err2, err3, err4, err5, err6, err7, err8); err != nil {
		t.Fatal(err)
	}
	sameReads(t, w, read{Action: "citizen.searched", Detail: `{"results": 1}`, Person: w.Jeanne.Person}, read{Action: "citizen.searched", Detail: `{"results": 0}`, Person: w.Jeanne.Person},
		read{Action: "citizen.searched", Detail: `{"login": "` + login.String() + `", "results": 1}`, Person: w.Paul.Person},
		read{Action: "mandate.listed", Detail: `{"mandates": 2}`, Person: w.Jeanne.Person},
		read{Action: "mandate.listed", Detail: `{"of": "` + w.Jeanne.Person.String() + `", "mandates": 2}`, Person: w.Paul.Person})
	var bodies string
	if err := w.Connect(t, w.Superuser).QueryRow(t.Context(), `select string_agg(body, '') from journal_entry`).Scan(&bodies); err != nil || strings.Contains(strings.ToLower(bodies), "dub") {
		t.Errorf("the journal has what was typed: %v", err)
	}
}
