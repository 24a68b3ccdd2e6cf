package mandate_test

import (
	"fmt"
	"strings"
	"testing"

	"mandat/internal/fixture"
)

// What guards mandates reads the journal, and no temporary table that the program's account has given its name.
func TestDatabase_BelievesNoTemporaryJournal(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	m := w.Sign(t, w.Jeanne, fixture.Angela(), fixture.Tax)
	_, err := w.Connect(t, w.App).Exec(t.Context(), fmt.Sprintf(`set default_transaction_read_only = off; begin; set local mandat.system = 'on';
		create temp table journal_entry as select * from public.journal_entry where false;
		grant select on journal_entry to public;
		insert into journal_entry (id, xid, action, organisation_id, citizen_id, mandate_id, body, salt, at) values (1, pg_current_xact_id(), 'mandate.ended', '%[1]s', '%[2]s', '%[3]s', '{}', '', now());
		update mandate_power set state = 'ended', ended_at = now(), end_reason = 'citizen' where mandate_id = '%[3]s';
		update mandate set state = 'ended', ended_at = now(), end_reason = 'citizen', ended_by = person_id where id = '%[3]s';
		commit`, m.Organisation, m.Citizen, m.ID))
	var state string
	if found := w.Connect(t, w.Superuser).QueryRow(t.Context(), `select state from mandate where id = $1`, m.ID).Scan(&state); found != nil {
		t.Fatal(found)
	}
	if state != "standing" || err == nil || !strings.Contains(err.Error(), "changed without its entry") {
		t.Errorf("the mandate is %s: %v", state, err)
	}
	w.Content(t)
}
