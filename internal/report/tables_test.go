package report_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/fixture"
	"mandat/internal/journal"
	"mandat/internal/report"
	"mandat/internal/token"
)

// No row without its entry, whatever the program forgets.
func TestTables_RefuseWhatHasNoEntry(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	m := w.Sign(t, w.Jeanne, fixture.Angela(), fixture.Tax)
	id := w.use(t, w.Jeanne, m, fixture.Tax)
	other := token.ID()
	insert := func(tx *journal.Tx, use uuid.UUID, procedure, way string) {
		tx.Queue(`insert into report_use (id, organisation_id, citizen_id, mandate_id, person_id, procedure, way, used_at) values ($1, $2, $3, $4, $5, $6, $7, $8)`,
			use, w.Here, m.Citizen, m.ID, w.Jeanne.Person, procedure, way, tx.Now)
	}
	usedOf := func(use uuid.UUID, action string) journal.Event {
		return journal.Event{Action: action, Citizen: m.Citizen, Mandate: m.ID, Detail: map[string]any{"login": use.String(), "use": use.String(), "procedure": fixture.Tax, "way": "paper"}}
	}
	accountedOf := func(number int, outcome string) journal.Event {
		return journal.Event{Action: "power.accounted", Citizen: m.Citizen, Mandate: m.ID,
			Detail: map[string]any{"use": id.String(), "procedure": fixture.Tax, "number": number, "outcome": outcome, "supplied": false, "sha256": strings.Repeat("0", 64)}}
	}
	for name, f := range map[string]func(tx *journal.Tx) journal.Event{
		"another act": func(tx *journal.Tx) journal.Event {
			insert(tx, other, fixture.Tax, "login")
			return usedOf(other, "mandate.consulted")
		},
		"of another login": func(tx *journal.Tx) journal.Event {
			insert(tx, other, fixture.Tax, "login")
			return usedOf(id, "power.used")
		},
		"another procedure": func(tx *journal.Tx) journal.Event {
			insert(tx, other, fixture.Housing, "login")
			return usedOf(other, "power.used")
		},
		"declared as login": func(tx *journal.Tx) journal.Event {
			insert(tx, other, fixture.Tax, "login")
			return usedOf(other, "power.declared")
		},
		"login as declared": func(tx *journal.Tx) journal.Event {
			insert(tx, other, fixture.Tax, "paper")
			return usedOf(other, "power.used")
		},
		"another way": func(tx *journal.Tx) journal.Event {
			insert(tx, other, fixture.Tax, "site")
			return usedOf(other, "power.declared")
		},
		"another case": func(tx *journal.Tx) journal.Event {
			tx.Queue(`insert into report_use (id, organisation_id, citizen_id, mandate_id, person_id, procedure, case_ref, way, used_at) values ($1, $2, $3, $4, $5, $6, $7, 'login', $8)`,
				other, w.Here, m.Citizen, m.ID, w.Jeanne.Person, fixture.Tax, strings.Repeat("0", 32), tx.Now)
			return usedOf(other, "power.used")
		},
		"a case in clear": func(tx *journal.Tx) journal.Event {
			tx.Queue(`insert into report_use (id, organisation_id, citizen_id, mandate_id, person_id, procedure, case_ref, way, used_at) values ($1, $2, $3, $4, $5, $6, 'DOSSIER-1', 'login', $7)`,
				other, w.Here, m.Citizen, m.ID, w.Jeanne.Person, fixture.Tax, tx.Now)
			e := usedOf(other, "power.used")
			e.Detail = used{other.String(), fixture.Tax, "DOSSIER-1", "unknown"}
			return e
		},
		"an account of another case": func(tx *journal.Tx) journal.Event {
			tx.Queue(`update report_use set state = 'closed', accounts = 1, outcome = 'done', closed_at = $2, closed_by = $3 where id = $1`, id, tx.Now, w.Jeanne.Person)
			e := accountedOf(1, "done")
			e.Detail.(map[string]any)["case"] = strings.Repeat("0", 32)
			return e
		},
		"a way of no kind": func(tx *journal.Tx) journal.Event {
			insert(tx, other, fixture.Tax, "x")
			return usedOf(other, "power.used")
		},
		"closed without one": func(tx *journal.Tx) journal.Event {
			tx.Queue(`update report_use set state = 'closed', accounts = 1, outcome = 'done', closed_at = $2, closed_by = $3 where id = $1`, id, tx.Now, w.Jeanne.Person)
			return usedOf(id, "power.used")
		},
		"closed as another outcome": func(tx *journal.Tx) journal.Event {
			tx.Queue(`update report_use set state = 'closed', accounts = 1, outcome = 'done', closed_at = $2, closed_by = $3 where id = $1`, id, tx.Now, w.Jeanne.Person)
			return accountedOf(1, "refused")
		},
		"closed in two steps": func(tx *journal.Tx) journal.Event {
			tx.Queue(`update report_use set state = 'closed', accounts = 2, outcome = 'done', closed_at = $2, closed_by = $3 where id = $1`, id, tx.Now, w.Jeanne.Person)
			return accountedOf(2, "done")
		},
		"closed by nobody": func(tx *journal.Tx) journal.Event {
			tx.Queue(`update report_use set state = 'closed', accounts = 1, outcome = 'done', closed_at = $2 where id = $1`, id, tx.Now)
			return accountedOf(1, "done")
		},
		"open with an outcome": func(tx *journal.Tx) journal.Event {
			tx.Queue(`update report_use set outcome = 'done' where id = $1`, id)
			return accountedOf(1, "done")
		},
		"moved to another mandate": func(tx *journal.Tx) journal.Event {
			tx.Queue(`update report_use set mandate_id = $2 where id = $1`, id, other)
			return accountedOf(1, "done")
		},
		"another account than the entry's": func(tx *journal.Tx) journal.Event {
			tx.Queue(`insert into report_account (use_id, number, organisation_id, person_id, given_at, outcome, supplied, account) values ($1, 1, $2, $3, $4, 'done', false, '\x0102')`,
				id, w.Here, w.Jeanne.Person, tx.Now)
			return accountedOf(1, "done")
		},
		"an account in clear": func(tx *journal.Tx) journal.Event {
			tx.Queue(`insert into report_account (use_id, number, organisation_id, person_id, given_at, outcome, supplied, account) values ($1, 1, $2, $3, $4, 'done', false, '{}')`,
				id, w.Here, w.Jeanne.Person, tx.Now)
			return accountedOf(1, "done")
		},
	} {
		if err := w.Journal.Record(t.Context(), w.Jeanne, func(tx *journal.Tx) (journal.Event, error) { return f(tx), nil }); err == nil {
			t.Errorf("%s: it stands", name)
		}
	}
	w.same(t)
}

// Whatever is changed behind the program's back is named.
func TestCompare_NamesWhatWasChanged(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		sql  string
		want []string
	}{
		"another person":      {`update report_use set person_id = $2 where id = $1`, []string{"is of organisation"}},
		"another case":        {`update report_use set case_ref = repeat('0', 32) where id = $1 and person_id <> $2`, []string{"for case 0000"}},
		"another outcome":     {`update report_use set outcome = 'refused' where id = $1 and person_id <> $2`, []string{"closed as refused"}},
		"open again":          {`update report_use set state = 'open', accounts = 0, outcome = null, closed_at = null, closed_by = null where id = $1 and person_id <> $2`, []string{"by login, open in the tables"}},
		"another account":     {`update report_account set account = '\x0102' where use_id = $1 and person_id <> $2`, []string{"account 1 of its use"}},
		"supplied by another": {`update report_account set supplied = false where use_id = $1 and person_id <> $2`, []string{"supplied by the citizen: false"}},
		"no account":          {`delete from report_account where use_id = $1 and person_id <> $2`, []string{"account 1 of its use", "is gone from the tables"}},
		"no use":              {`with a as (delete from report_account where use_id = $1) delete from report_use where id = $1 and person_id <> $2`, []string{"gone", "gone"}},
		"one more use": {`insert into report_use (id, organisation_id, citizen_id, mandate_id, person_id, procedure, way, used_at) select $2, organisation_id, citizen_id, mandate_id, person_id, procedure, way, used_at from report_use where id = $1`,
			[]string{"no entry tells of it"}},
		"one more account": {`insert into report_account (use_id, number, organisation_id, person_id, given_at, outcome, supplied, account)
			select use_id, 2, organisation_id, person_id, given_at, outcome, supplied, account from report_account where use_id = $1 and person_id <> $2`, []string{"account 2 of its use"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			m := w.Sign(t, w.Jeanne, fixture.Angela(), fixture.Tax)
			id := w.use(t, w.Jeanne, m, fixture.Tax)
			wantErr(t, w.Reports.Close(t.Context(), w.Jeanne, m.ID, id, done), nil)
			w.same(t)
			w.Behind(t, c.sql, id, w.Paul.Person)
			found, err := report.Compare(t.Context(), w.OpenAuditor(t))
			if err != nil {
				t.Fatal(err)
			}
			var all []string
			for _, d := range found {
				all = append(all, d.String())
				if d.ID != m.ID.String() {
					t.Errorf("of %s", d.ID)
				}
			}
			text := strings.Join(all, "\n")
			if len(found) == 0 {
				t.Error("nothing is named")
			}
			for _, want := range c.want {
				if !strings.Contains(text, want) {
					t.Errorf("%q is not in\n%s", want, text)
				}
			}
		})
	}
}

// An account that was moved to another use of the same citizen does not open there.
func TestFind_RefusesAnAccountOfAnotherUse(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	m := w.Sign(t, w.Jeanne, fixture.Angela(), fixture.Tax)
	one, two := w.use(t, w.Jeanne, m, fixture.Tax), w.use(t, w.Jeanne, m, fixture.Tax)
	wantErr(t, w.Reports.Close(t.Context(), w.Jeanne, m.ID, one, done), nil)
	wantErr(t, w.Reports.Close(t.Context(), w.Jeanne, m.ID, two, done), nil)
	w.Behind(t, `update report_account a set account = b.account from report_account b where a.use_id = $1 and b.use_id = $2`, one, two)
	if _, err := w.Reports.Find(t.Context(), w.Jeanne, m.ID, one); err == nil {
		t.Error("it opens")
	}
}

// What the auditors' login may read says nothing of what was typed.
func TestAuditor_ReadsNoAccount(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	m := w.Sign(t, w.Jeanne, fixture.Angela(), fixture.Tax)
	wantErr(t, w.Reports.Close(t.Context(), w.Jeanne, m.ID, w.use(t, w.Jeanne, m, fixture.Tax), done), nil)
	conn := w.Connect(t, w.Auditor)
	if _, err := conn.Exec(t.Context(), `select account from report_account`); err == nil {
		t.Error("auditors read accounts")
	}
	app := w.Connect(t, w.App)
	for _, sql := range []string{`update report_account set outcome = 'done'`, `update report_use set used_at = now()`,
		`set local mandat.system = 'on'; delete from report_account; set constraints all immediate`, `set local mandat.system = 'on'; delete from report_account; delete from report_use; set constraints all immediate`} {
		if _, err := app.Exec(t.Context(), `begin read write; `+sql); err == nil {
			t.Errorf("the program may: %s", sql)
		}
		_, _ = app.Exec(t.Context(), `rollback`)
	}
	var n int
	if err := app.QueryRow(t.Context(), `select count(*) from report_use`).Scan(&n); err != nil && !errors.Is(err, pgx.ErrNoRows) || n != 0 {
		t.Errorf("without a scope there are %d rows, %v", n, err)
	}
}
