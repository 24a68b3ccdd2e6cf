package journal_test

import (
	"fmt"
	"strings"
	"testing"

	"mandat/internal/fixture"
	"mandat/internal/journal"
)

// With the triggers off, an entry can be put where nobody looks for it, and its text left whole.
func TestCompare_NamesAnEntryThatWasPutElsewhere(t *testing.T) {
	t.Parallel()
	for _, set := range []string{`action = 'draft.identified'`, `citizen_id = null`, `citizen_id = gen_random_uuid()`, `organisation_id = gen_random_uuid()`,
		`person_id = null`, `mandate_id = gen_random_uuid()`, `at = at + interval '1 microsecond'`, `body = replace(body, '}', ']')`} {
		t.Run(strings.Fields(set)[0], func(t *testing.T) {
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
