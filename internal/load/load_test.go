package load_test

import (
	"errors"
	"path/filepath"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/clock"
	"mandat/internal/comparison"
	"mandat/internal/db"
	"mandat/internal/dbtest"
	"mandat/internal/fixture"
	"mandat/internal/journal"
	"mandat/internal/journal/tree"
	"mandat/internal/journal/tree/treetest"
	"mandat/internal/journal/verify"
	"mandat/internal/load"
	"mandat/internal/mandate"
	"mandat/internal/report"
)

const origin = "load.exemple.invalid/journal"

// options loads a little into a database to which nobody is connected any more.
func options(t *testing.T, d *dbtest.Database, mandates int) load.Options {
	t.Helper()
	d.DB.Close()
	return load.Options{App: d.App, Owner: d.Owner, Name: d.Name, Keys: fixture.Keys(t), Signer: treetest.Signer(t, origin), StateFile: filepath.Join(t.TempDir(), "journal"), Mandates: mandates, Organisations: 3}
}

func run(t *testing.T, o load.Options) {
	t.Helper()
	if err := load.Run(t.Context(), o); err != nil {
		t.Fatal(err)
	}
}

// pool opens the program's login again.
func pool(t *testing.T, address string) *db.DB {
	t.Helper()
	d, err := db.Open(t.Context(), db.Options{URL: address, MaxConns: 4})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.Close)
	return d
}

// What was loaded is what its entries say, and the journal is whole, also after it has gone on.
func TestRun_IsWhatTheProgramWouldHaveMade(t *testing.T) {
	t.Parallel()
	d := dbtest.New(t)
	o := options(t, d, 2003)
	run(t, o)
	auditor := d.OpenAuditor(t)
	found, err := comparison.Run(t.Context(), auditor)
	if err != nil {
		t.Fatal(err)
	}
	for n, f := range found {
		if n < 5 {
			t.Error(f)
		}
	}
	d.DB = pool(t, d.App)
	w := fixture.On(t, d)
	w.Keys = o.Keys
	w.Open(d.DB)
	opens(t, w)
	m := w.Sign(t, w.Jeanne, fixture.Angela(), fixture.Tax)
	i := treetest.Integrator(t, tree.IntegratorOptions{DB: d.DB, Signer: o.Signer, StateFile: o.StateFile, Clock: &clock.Clock{}})
	if err := i.CatchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.Content(t)
	dir := filepath.Join(t.TempDir(), "export")
	c, err := tree.Export(t.Context(), auditor, o.Signer.Keys(), tree.Folder(dir))
	if err != nil {
		t.Fatal(err)
	}
	policy, err := verify.ParsePolicy([]byte("log " + o.Signer.VerifierKey() + "\nquorum none\n"))
	if err != nil {
		t.Fatal(err)
	}
	files, closer, err := verify.OpenExport(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = closer.Close() })
	r, err := verify.Log(t.Context(), verify.Options{Policy: policy, Export: files})
	if err != nil || r.Size != c.Size || r.Size < 4005 {
		t.Fatalf("%+v, %v; mandate %s", r, err, m.ID)
	}
}

// opens reads what is sealed of a mandate, where its aidant reads it.
func opens(t *testing.T, w *fixture.World) {
	t.Helper()
	by := journal.Actor{Kind: journal.Aidant}
	var id uuid.UUID
	query(t, w.Database, []any{&id, &by.Organisation, &by.Person}, `select id, organisation_id, person_id from mandate where id in (select mandate_id from report_use) order by id desc limit 1`)
	m, err := w.Mandates.Consult(t.Context(), by, id, mandate.PageMandate)
	if err != nil {
		t.Fatal(err)
	}
	if m.Terms.Organisation.Name == "" || len(m.Terms.Procedures) != len(m.Powers) || m.Identity.FullName() == "" || m.Terms.Procedures[0].Name["fr"] == "" {
		t.Errorf("%+v", m)
	}
	uses, err := report.New(w.DB, w.Journal, w.Mandates, w.Citizens, w.Clock).OfMandate(t.Context(), by, id)
	if err != nil || len(uses) != 1 {
		t.Fatalf("%v, %v", uses, err)
	}
	use, err := report.New(w.DB, w.Journal, w.Mandates, w.Citizens, w.Clock).Find(t.Context(), by, id, uses[0].ID)
	if err != nil || use.Last().Site == "" {
		t.Errorf("%+v, %v", use, err)
	}
}

func TestRun_Refuses(t *testing.T) {
	t.Parallel()
	t.Run("another name", func(t *testing.T) {
		t.Parallel()
		o := options(t, dbtest.New(t), 5)
		o.Name = "mandat"
		if err := load.Run(t.Context(), o); !errors.Is(err, load.ErrName) {
			t.Error(err)
		}
	})
	t.Run("a database with an act", func(t *testing.T) {
		t.Parallel()
		d := dbtest.New(t)
		w := fixture.On(t, d)
		o := options(t, d, 5)
		if err := load.Run(t.Context(), o); !errors.Is(err, load.ErrUsed) {
			t.Error(err)
		}
		if n := number(t, d, `select count(*) from organisation`); n != 2 || w.Here.String() == "" {
			t.Errorf("%d organisations", n)
		}
	})
	t.Run("what it loaded itself", func(t *testing.T) {
		t.Parallel()
		o := options(t, dbtest.New(t), 5)
		run(t, o)
		if err := load.Run(t.Context(), o); !errors.Is(err, load.ErrUsed) {
			t.Error(err)
		}
	})
	t.Run("somebody connected", func(t *testing.T) {
		t.Parallel()
		d := dbtest.New(t)
		o := options(t, d, 5)
		pool(t, d.App)
		if err := load.Run(t.Context(), o); !errors.Is(err, load.ErrOther) {
			t.Error(err)
		}
	})
}

// Indexes, keys and triggers are those of before.
func TestRun_BringsEverythingBack(t *testing.T) {
	t.Parallel()
	d := dbtest.New(t)
	before := shape(t, d)
	run(t, options(t, d, 12))
	if after := shape(t, d); after != before {
		t.Errorf("before:\n%s\nafter:\n%s", before, after)
	}
}

func shape(t *testing.T, d *dbtest.Database) (text string) {
	t.Helper()
	query(t, d, []any{&text}, `select string_agg(line, E'\n' order by line) from (
		select pg_get_indexdef(indexrelid) || indisvalid || indisunique || indisprimary as line from pg_index where indrelid::regclass::text !~ '^pg_'
		union all select conrelid::regclass || ' ' || conname || ' ' || pg_get_constraintdef(oid) || convalidated from pg_constraint where connamespace = 'public'::regnamespace
		union all select tgrelid::regclass || ' ' || pg_get_triggerdef(oid) || tgenabled::text from pg_trigger where not tgisinternal) all_of_it`)
	return text
}

func number(t *testing.T, d *dbtest.Database, sql string) (n int) {
	t.Helper()
	query(t, d, []any{&n}, sql)
	return n
}

func query(t *testing.T, d *dbtest.Database, to []any, sql string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), d.Superuser)
	if err == nil {
		err = conn.QueryRow(t.Context(), sql).Scan(to...)
		_ = conn.Close(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
}
