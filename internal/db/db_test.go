package db_test

import (
	"errors"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
	"mandat/internal/dbtest"
	"mandat/internal/fixture"
)

func TestOpen_RefusesALoginThatCouldPassByTheGuards(t *testing.T) {
	t.Parallel()
	d := dbtest.New(t)
	for name, address := range map[string]string{"owner": d.Owner, "superuser": d.Superuser} {
		opened, err := db.Open(t.Context(), db.Options{URL: address})
		if err == nil {
			opened.Close()
			t.Errorf("%s: opened", name)
		}
	}
	if _, err := db.Open(t.Context(), db.Options{URL: "postgres://user:secret-word@%zz"}); err == nil || errorSays(err, "secret-word") {
		t.Errorf("a malformed address: %v", err)
	}
}

func errorSays(err error, word string) bool {
	for i := range len(err.Error()) - len(word) + 1 {
		if err.Error()[i:i+len(word)] == word {
			return true
		}
	}
	return false
}

func TestScope_ShowsOnlyItsOwnRows(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	w.Sign(t, w.Jeanne, fixture.Angela(), fixture.Tax)
	w.Sign(t, w.Ines, fixture.Citizen(1), fixture.Tax)
	for name, c := range map[string]struct {
		scope db.Scope
		want  int
	}{
		"nothing":           {db.Nothing(), 0},
		"one organisation":  {db.InOrganisation(w.Here), 1},
		"another":           {db.InOrganisation(w.Elsewhere), 1},
		"an unknown one":    {db.InOrganisation(uuid.New()), 0},
		"the whole program": {db.System(), 2},
	} {
		for _, table := range []string{"citizen", "mandate", "mandate_power", "mandate_draft"} {
			var n int
			err := w.DB.Read(t.Context(), c.scope, func(tx pgx.Tx) error {
				return tx.QueryRow(t.Context(), `select count(*) from `+table).Scan(&n)
			})
			if err != nil || n != c.want {
				t.Errorf("%s sees %d rows of %s, want %d (%v)", name, n, table, c.want, err)
			}
		}
	}
}

func TestScope_DoesNotStayOnTheConnection(t *testing.T) {
	t.Parallel()
	d := dbtest.New(t)
	one, err := db.Open(t.Context(), db.Options{URL: d.App, MaxConns: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer one.Close()
	none := func() {
		var org, system string
		err := one.Read(t.Context(), db.Nothing(), func(tx pgx.Tx) error {
			return tx.QueryRow(t.Context(), `select current_setting('mandat.org', true), coalesce(current_setting('mandat.system', true), '')`).Scan(&org, &system)
		})
		if err != nil || org != "" || system != "" {
			t.Errorf("the scope stayed: %q, %q, %v", org, system, err)
		}
	}
	for _, s := range []db.Scope{db.System(), db.InOrganisation(uuid.New())} {
		if err := one.Read(t.Context(), s, func(pgx.Tx) error { return nil }); err != nil {
			t.Fatal(err)
		}
		none()
		if err := one.Write(t.Context(), s, db.Durable, func(*db.Tx) error { return errors.New("undone") }); err == nil {
			t.Fatal("no error")
		}
		none()
	}
}

// A batch without BEGIN has its scope for itself, sees nothing without one, and cannot write.
func TestAsk(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	w.Sign(t, w.Jeanne, fixture.Angela(), fixture.Tax)
	w.Sign(t, w.Ines, fixture.Citizen(1), fixture.Tax)
	one, err := db.Open(t.Context(), db.Options{URL: w.App, MaxConns: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer one.Close()
	seen := func(s db.Scope) (n int) {
		b := &pgx.Batch{}
		b.Queue(`select count(*) from mandate`).QueryRow(func(row pgx.Row) error { return row.Scan(&n) })
		if err := one.Ask(t.Context(), s, b); err != nil {
			t.Error(err)
		}
		return n
	}
	for _, s := range []db.Scope{db.System(), db.InOrganisation(w.Here)} {
		if n := seen(db.Nothing()); n != 0 {
			t.Errorf("%d mandates without a scope", n)
		}
		want := 1
		if s == db.System() {
			want = 2
		}
		if n := seen(s); n != want {
			t.Errorf("%d mandates in the scope, want %d", n, want)
		}
	}
	b := &pgx.Batch{}
	b.Queue(`delete from mandate_draft`)
	if err := one.Ask(t.Context(), db.System(), b); err == nil {
		t.Error("a question deleted")
	}
	b = &pgx.Batch{}
	b.Queue(`select 1/0`)
	if err := one.Ask(t.Context(), db.System(), b); err == nil {
		t.Error("a failed question has no error")
	}
	if n := seen(db.Nothing()); n != 0 {
		t.Errorf("%d mandates after a failure", n)
	}
}

func TestRead_CannotWrite(t *testing.T) {
	t.Parallel()
	d := dbtest.New(t)
	err := d.DB.Read(t.Context(), db.System(), func(tx pgx.Tx) error {
		_, err := tx.Exec(t.Context(), `delete from mandate_draft`)
		return err
	})
	if err == nil {
		t.Error("a read deleted")
	}
}

const insertOrganisation = `insert into organisation (id, siret, name, address, postcode, city, phone, email, created_at) values ($1, '21750001600019', 'n', 'a', '75001', 'c', 'p', 'e', now())`

func TestWrite_IsUndoneByAnyError(t *testing.T) {
	t.Parallel()
	d := dbtest.New(t)
	attempt := map[string]func(*db.Tx) error{
		"returned": func(tx *db.Tx) error { return errors.New("no") },
		"swallowed": func(tx *db.Tx) error {
			_, _ = tx.Exec(t.Context(), `select 1/0`) // the transaction has failed, and f says it has not
			return nil
		},
		"in the queue": func(tx *db.Tx) error { tx.Queue(`select 1/0`); return nil },
	}
	for name, f := range attempt {
		err := d.DB.Write(t.Context(), db.System(), db.Durable, func(tx *db.Tx) error {
			if _, err := tx.Exec(t.Context(), `insert into mandate_draft (id, organisation_id, person_id, state, procedures, days, no_protection_at, informed_at, created_at, expires_at)
				values (gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), 'open', '{a}', 1, now(), now(), now(), now())`); err != nil {
				return err
			}
			return f(tx)
		})
		if err == nil {
			t.Errorf("%s: no error", name)
		}
		var n int
		if err := d.DB.Read(t.Context(), db.System(), func(tx pgx.Tx) error {
			return tx.QueryRow(t.Context(), `select count(*) from mandate_draft`).Scan(&n)
		}); err != nil || n != 0 {
			t.Errorf("%s: %d rows stayed (%v)", name, n, err)
		}
	}
}

func TestWrite_OfAnAuditedTableNeedsItsEntry(t *testing.T) {
	t.Parallel()
	d := dbtest.New(t)
	err := d.DB.Write(t.Context(), db.System(), db.Durable, func(tx *db.Tx) error {
		_, err := tx.Exec(t.Context(), insertOrganisation, uuid.New())
		return err
	})
	if err == nil {
		t.Error("an organisation was added without an entry")
	}
}

func TestPipeline_AnswersAndCommits(t *testing.T) {
	t.Parallel()
	d := dbtest.New(t)
	b := &pgx.Batch{}
	var n int
	b.Queue(`select $1::int + 1`, 41).QueryRow(func(row pgx.Row) error { return row.Scan(&n) })
	if err := d.DB.Pipeline(t.Context(), db.System(), db.Durable, b); err != nil || n != 42 {
		t.Errorf("%d, %v", n, err)
	}
	b = &pgx.Batch{}
	b.Queue(`select 1/0`)
	if err := d.DB.Pipeline(t.Context(), db.System(), db.ReadOnly, b); err == nil {
		t.Error("a failed pipeline has no error")
	}
}

func TestScope_FoundByAQuery(t *testing.T) {
	t.Parallel()
	base := dbtest.New(t)
	if _, err := base.Connect(t, base.Superuser).Exec(t.Context(), `alter database `+base.Name+` set synchronous_commit = on`); err != nil {
		t.Fatal(err)
	}
	d, err := db.Open(t.Context(), db.Options{URL: base.App})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	id := uuid.New()
	for _, c := range []struct {
		scope db.Scope
		mode  db.Mode
		want  [2]string
	}{
		{db.OrganisationOf(`select id from (values ($1::text)) found (id)`, id.String()), db.Soon, [2]string{id.String(), "off"}},
		{db.OrganisationOf(`select id from (values ($1::text)) found (id) where false`, id.String()), db.Durable, [2]string{"", "on"}},
		{db.InOrganisation(id), db.Soon, [2]string{id.String(), "off"}},
		{db.InOrganisation(id), db.ReadOnly, [2]string{id.String(), "on"}},
		{db.Nothing(), db.Soon, [2]string{"", "off"}},
	} {
		var got [2]string
		b := &pgx.Batch{}
		b.Queue(`select current_setting('mandat.org'), current_setting('synchronous_commit')`).
			QueryRow(func(row pgx.Row) error { return row.Scan(&got[0], &got[1]) })
		if err := d.Pipeline(t.Context(), c.scope, c.mode, b); err != nil || got != c.want {
			t.Errorf("%v %v: %v, %v", c.scope, c.mode, got, err)
		}
	}
	err = d.Read(t.Context(), db.OrganisationOf(`select $1::text`, id.String()), func(pgx.Tx) error { return nil })
	if err == nil {
		t.Error("read without a scope")
	}
}
