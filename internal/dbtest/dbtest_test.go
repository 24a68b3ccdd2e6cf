package dbtest

import (
	"fmt"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
)

func TestNew_IsSomebodysOwn(t *testing.T) {
	t.Parallel()
	one, two := New(t), New(t)
	if one.Name == two.Name {
		t.Fatal("two tests share a database")
	}
	for login, address := range map[string]string{"mandat_app": one.App, "mandat_auditor": one.Auditor, "mandat_owner": one.Owner} {
		var user, name string
		var super bool
		err := one.Connect(t, address).QueryRow(t.Context(),
			"select current_user, current_database(), rolsuper from pg_roles where rolname = current_user").Scan(&user, &name, &super)
		if err != nil {
			t.Fatal(err)
		}
		if user != login || name != one.Name || super {
			t.Errorf("%s: connected as %s to %s, superuser %v", login, user, name, super)
		}
	}
}

func TestNew_IsMigrated(t *testing.T) {
	t.Parallel()
	d := New(t)
	var tables int
	err := d.DB.Read(t.Context(), db.System(), func(tx pgx.Tx) error {
		return tx.QueryRow(t.Context(), "select count(*) from journal_entry").Scan(&tables)
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestNew_GoesWithTheTest(t *testing.T) {
	t.Parallel()
	var name string
	t.Run("uses one", func(t *testing.T) { name = New(t).Name })
	var left int
	d := New(t)
	if err := d.Connect(t, d.Superuser).QueryRow(t.Context(), "select count(*) from pg_database where datname = $1", name).Scan(&left); err != nil {
		t.Fatal(err)
	}
	if left != 0 {
		t.Fatalf("%s is still there", name)
	}
}

func TestNewDurable_SurvivesAKill(t *testing.T) {
	t.Parallel()
	d := NewDurable(t)
	conn := d.Connect(t, d.Superuser)
	if _, err := conn.Exec(t.Context(), "create table kept as select 42 as n"); err != nil {
		t.Fatal(err)
	}
	d.Cluster.Kill()
	if err := d.Cluster.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	var n int
	if err := d.Connect(t, d.Superuser).QueryRow(t.Context(), "select n from kept").Scan(&n); err != nil || n != 42 {
		t.Fatalf("kept %d, %v", n, err)
	}
}

// BenchmarkClone compares the two ways PostgreSQL can clone a template, alone and two at a time.
func BenchmarkClone(b *testing.B) {
	s, err := shared()
	if err != nil {
		b.Fatal(err)
	}
	for _, how := range []string{"wal_log", "file_copy"} {
		b.Run(how, func(b *testing.B) {
			for i := range b.N {
				name := fmt.Sprintf("mandat_bench_%d_%d", time.Now().UnixNano(), i)
				s.do(b, "create database "+name+" template "+s.template+" strategy "+how)
				s.do(b, "drop database "+name)
			}
		})
		b.Run(how+"/parallel", func(b *testing.B) {
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					name := fmt.Sprintf("mandat_bench_%d", time.Now().UnixNano())
					s.do(b, "create database "+name+" template "+s.template+" strategy "+how)
					s.do(b, "drop database "+name)
				}
			})
		})
	}
}
