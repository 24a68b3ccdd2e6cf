package journal_test

import (
	"fmt"
	"strings"
	"testing"

	"mandat/internal/fixture"
	"mandat/internal/journal"
	"mandat/internal/journal/tree"
	"mandat/internal/journal/tree/treetest"
)

// With the triggers off, an entry can be put where nobody looks for it, and its text left whole.
func TestCompare_NamesAnEntryThatWasPutElsewhere(t *testing.T) {
	t.Parallel()
	for _, set := range []string{`action = 'draft.identified'`, `citizen_id = null`, `citizen_id = gen_random_uuid()`, `organisation_id = gen_random_uuid()`,
		`person_id = null`, `person_id = gen_random_uuid()`, `mandate_id = null`, `organisation_id = null`, `mandate_id = null, organisation_id = null`, `mandate_id = gen_random_uuid()`, `at = at + interval '1 microsecond'`, `body = body || ' '`} {
		t.Run(set, func(t *testing.T) {
			t.Parallel()
			w := fixture.New(t)
			m := w.Sign(t, w.Jeanne, fixture.Angela(), fixture.Tax)
			var id int64
			if err := w.Connect(t, w.Superuser).QueryRow(t.Context(), `select id from journal_entry where action = 'mandate.signed' and mandate_id = $1`, m.ID).Scan(&id); err != nil {
				t.Fatal(err)
			}
			auditor := w.OpenAuditor(t)
			if found, err := journal.Compare(t.Context(), auditor); err != nil || len(found) != 0 {
				t.Fatalf("found %v, %v", found, err)
			}
			w.Behind(t, `update journal_entry set `+set+` where id = $1`, id)
			found, err := journal.Compare(t.Context(), auditor)
			if err != nil || len(found) != 1 || found[0].Of != "entry" || found[0].ID != fmt.Sprint(id) {
				t.Errorf("found %v, %v", found, err)
			}
		})
	}
}

// What is in the table and not in the tree, or in the tree and not in the table, is named: at once, and not only when somebody
// verifies an export.
func TestCompare_NamesWhatOnlyTheTableOrOnlyTheTreeHolds(t *testing.T) {
	t.Parallel()
	for name, sql := range map[string]string{
		"only the table": `insert into journal_entry (xid, at, action, salt, body) values ('5', '2026-11-21T10:00:00Z', 'session.closed', decode(repeat('00', 32), 'hex'),
			'{"action":"session.closed","at":"2026-11-21T10:00:00.000000Z","by":{"kind":"system"}}')`,
		"only the tree":             `delete from journal_entry where id = (select entry_id from journal_leaf where index = 0)`,
		"only the tree, at its end": `delete from journal_entry where id = (select max(entry_id) from journal_leaf)`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := fixture.New(t)
			w.Sign(t, w.Jeanne, fixture.Angela(), fixture.Tax)
			in := treetest.Integrator(t, tree.IntegratorOptions{DB: w.DB})
			if err := in.CatchUp(t.Context()); err != nil {
				t.Fatal(err)
			}
			auditor := w.OpenAuditor(t)
			if found, err := journal.Compare(t.Context(), auditor); err != nil || len(found) != 0 {
				t.Fatalf("found %v, %v", found, err)
			}
			w.Behind(t, sql)
			if found, err := journal.Compare(t.Context(), auditor); err != nil || len(found) != 1 || found[0].Of != "entry" || !strings.Contains(found[0].What, "the t") {
				t.Errorf("found %v, %v", found, err)
			}
		})
	}
}

// Entries of every shape are filed right: with and without a person, an organisation, a citizen, a mandate, a detail.
func TestCompare_IsContentWithEveryShape(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	id := w.Sign(t, w.Jeanne, fixture.Angela(), fixture.Tax).ID
	for _, by := range []journal.Actor{journal.Program(), w.Jeanne, {Kind: journal.Auditor, Person: w.Paul.Person}} {
		for _, e := range []journal.Event{{}, {Organisation: w.Here}, {Citizen: id}, {Mandate: id}, {Organisation: w.Here, Citizen: id, Mandate: id}} {
			for _, detail := range []any{nil, struct{}{}, map[string]string{"mandate": "x"}, map[string]any{"a": map[string]string{"organisation": "}\"}"}}} {
				e.Action, e.Detail = "x.y", detail
				if err := w.Journal.Record(t.Context(), by, func(*journal.Tx) (journal.Event, error) { return e, nil }); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	if found, err := journal.Compare(t.Context(), w.OpenAuditor(t)); err != nil || len(found) != 0 {
		t.Errorf("found %v, %v", found, err)
	}
}
