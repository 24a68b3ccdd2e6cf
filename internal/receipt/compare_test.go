package receipt

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
	"mandat/internal/fixture"
	"mandat/internal/journal"
)

func TestCompare_NamesWhatWasChangedBehindTheProgramsBack(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ sql, says string }{
		"moved to another mandate":     {`update receipt_status set mandate_id = (select id from mandate where id <> $1) where mandate_id = $1 and audience = ''`, "and is gone from the table"},
		"taken over from another":      {`update receipt_status set mandate_id = (select id from mandate where id <> $1) where mandate_id = $1 and audience = ''`, "and no entry tells of it"},
		"moved to another power":       {`update receipt_status set procedure = null, case_ref = null where mandate_id = $1 and audience = ''`, "and no entry tells of it"},
		"another place":                {`update receipt_status set idx = (idx + 1) % 131072 where mandate_id = $1 and audience = ''`, "and no entry tells of it"},
		"another reader":               {`update receipt_status set audience = 'x' where mandate_id = $1 and audience = ''`, "for the citizen, of organisation"},
		"another service":              {`update receipt_status set audience = 'x' where mandate_id = $1 and audience = 'impots'`, "and no entry tells of it"},
		"a service's, another mandate": {`update receipt_status set mandate_id = (select id from mandate where id <> $1) where mandate_id = $1 and audience = 'impots'`, "and no entry tells of it"},
		"another organisation":         {`update receipt_status set organisation_id = gen_random_uuid() where mandate_id = $1 and audience = ''`, "according to its entry"},
		"removed":                      {`delete from receipt_status where mandate_id = $1 and audience = ''`, "is gone from the table"},
		"without its entry":            {`delete from journal_entry where mandate_id = $1 and action = 'receipt.issued'`, "and no entry tells of it"},
		"without its use":              {`delete from journal_entry where mandate_id = $1 and action = 'power.used'`, "and no entry tells of it"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.Sign(t, w.Paul, fixture.Citizen(1), fixture.Tax)
			m := w.Sign(t, w.Jeanne, fixture.Angela(), fixture.Tax)
			w.issue(t, w.Jeanne, m.ID)
			w.served(t, m, "impots", fixture.Tax)
			if err := w.Journal.Record(t.Context(), w.Jeanne, func(*journal.Tx) (journal.Event, error) { // which was no use
				return journal.Event{Action: "power.refused", Citizen: m.Citizen, Mandate: m.ID, Detail: map[string]string{"client": "impots"}}, nil
			}); err != nil {
				t.Fatal(err)
			}
			auditor := w.OpenAuditor(t)
			if found, err := Compare(t.Context(), auditor); err != nil || len(found) != 0 {
				t.Fatalf("found %v, %v", found, err)
			}
			w.Behind(t, c.sql, m.ID)
			found, err := Compare(t.Context(), auditor)
			if err != nil || !slices.ContainsFunc(found, func(d journal.Difference) bool { return strings.Contains(d.What, c.says) }) {
				t.Errorf("found %v, %v", found, err)
			}
		})
	}
}

// The schema wants the entry of the act that draws a place, and changes none.
func TestSchema_WantsTheEntry(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	m := w.Sign(t, w.Jeanne, fixture.Angela(), fixture.Tax)
	for _, c := range []struct {
		name, audience string
		event          journal.Event
		refused        bool
	}{
		{"no entry of it", "", journal.Event{Action: "power.used", Detail: map[string]string{"client": "impots"}}, true},
		{"another service's", "impots", journal.Event{Action: "power.used", Detail: map[string]string{"client": "caf"}}, true},
		{"another place's", "", journal.Event{Action: "receipt.issued", Detail: issued{Places: []string{"1/x"}}}, true},
		{"a citizen's for a use", "impots", journal.Event{Action: "receipt.issued"}, true},
		{"the use", "impots", journal.Event{Action: "power.used", Detail: map[string]string{"client": "impots"}}, false},
	} {
		by := journal.Actor{Kind: journal.Aidant, Person: w.Jeanne.Person, Organisation: m.Organisation}
		err := w.Journal.Record(t.Context(), by, func(tx *journal.Tx) (journal.Event, error) {
			_, err := w.receipts.Reserve(t.Context(), tx, Of{Organisation: m.Organisation, Mandate: m.ID, Audience: c.audience, Powers: []Which{{Procedure: fixture.Tax}}}, tx.Now)
			c.event.Citizen, c.event.Mandate = m.Citizen, m.ID
			return c.event, err
		})
		if (err != nil) != c.refused || err != nil && !strings.Contains(err.Error(), "without its entry") {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	for _, sql := range []string{`update receipt_status set idx = 1`, `delete from receipt_status`, `delete from receipt_list`} {
		err := w.DB.Write(t.Context(), db.System(), db.Durable, func(tx *db.Tx) error {
			_, err := tx.Exec(t.Context(), sql)
			return err
		})
		if err == nil || !strings.Contains(err.Error(), "permission denied") {
			t.Errorf("%s: %v", sql, err)
		}
	}
}

// Compared are the mandates of a lot, and no others: what stands of those in another lot is not missing here.
func TestCompare_OneLotOfMandates(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	m, other := w.Sign(t, w.Jeanne, fixture.Angela(), fixture.Tax), w.Sign(t, w.Jeanne, fixture.Citizen(1), fixture.Tax)
	w.issue(t, w.Jeanne, m.ID)
	w.issue(t, w.Jeanne, other.ID)
	err := w.OpenAuditor(t).Read(t.Context(), db.Nothing(), func(tx pgx.Tx) error {
		found, err := compareMandates(t.Context(), tx, []uuid.UUID{m.ID})
		if len(found) > 0 {
			t.Errorf("found %v", found)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
