package mandate_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/riverqueue/river"

	"mandat/internal/fixture"
	"mandat/internal/journal"
	"mandat/internal/mandate"
)

// Whatever the tables are made to say, a mandate goes nowhere without somebody's signature.
func TestTransfer_IsNotForged(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ sql, says string }{
		"the signature goes":               {`update mandate set transfers = null where id = $2 and $1::uuid is not null`, "takes its place"},
		"the signature names another":      {`update mandate set transfers = gen_random_uuid() where id = $2 and $1::uuid is not null`, "takes its place"},
		"it begins later":                  {`update mandate set starts_at = signed_at + interval '1 day' where id = $2 and $1::uuid is not null`, "takes its place"},
		"somebody did it":                  {`with gone as (select $2::uuid) update mandate set ended_by = person_id, end_reason = 'citizen' where id = $1`, "of its end"},
		"the program did, for the citizen": {`with gone as (select $2::uuid) update mandate set end_reason = 'citizen' where id = $1`, "of its end"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := newMove(t)
			n := m.signed(fixture.Angela(), nil)
			m.end(n)
			m.Content(t)
			m.Behind(t, c.sql, m.old.ID, n.ID)
			found, err := mandate.Compare(t.Context(), m.OpenAuditor(t))
			if err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(fmt.Sprint(found), c.says) {
				t.Errorf("found %v", found)
			}
		})
	}
}

// The program ends no mandate by itself but what was transferred, whatever an entry says.
func TestTransfer_TheProgramEndsNothingElse(t *testing.T) {
	t.Parallel()
	m := newMove(t)
	forge := func(reason string) error {
		return m.Journal.Record(t.Context(), journal.Program(), func(tx *journal.Tx) (journal.Event, error) {
			tx.Queue(`update mandate_power set state = 'ended', ended_at = $2, end_reason = $3 where mandate_id = $1`, m.old.ID, tx.Now, reason)
			tx.Queue(`update mandate set state = 'ended', ended_at = $2, end_reason = $3 where id = $1`, m.old.ID, tx.Now, reason)
			return journal.Event{Action: "mandate.ended", Organisation: m.Here, Citizen: m.old.Citizen, Mandate: m.old.ID, Detail: struct {
				Reason string `json:"reason"`
			}{reason}}, nil
		})
	}
	if err := forge("transferred"); err == nil || !strings.Contains(err.Error(), "transferred to nowhere") {
		t.Errorf("a transfer without a signature: %v", err)
	}
	if err := forge("citizen"); err != nil {
		t.Fatal(err)
	}
	if found, err := mandate.Compare(t.Context(), m.OpenAuditor(t)); err != nil || !strings.Contains(fmt.Sprint(found), "of its end") {
		t.Errorf("found %v, %v", found, err)
	}
}

// What stands of a transfer in the tables is asked again when it counts.
func TestTransfer_OfWhatWasChangedBehindTheProgramsBack(t *testing.T) {
	t.Parallel()
	m := newMove(t)
	another := m.Sign(t, m.Paul, fixture.Citizen(3), fixture.Tax)
	id := m.begin(fixture.Angela(), nil)
	agreed := m.Agreed(t, m.Ines, id)
	m.Behind(t, `update mandate_draft set transfers = $2 where id = $1`, id, another.ID)
	if _, err := m.Mandates.Sign(t.Context(), m.Ines, id, agreed); err == nil || errors.Is(err, mandate.ErrOtherCitizen) || !strings.Contains(err.Error(), "not what was sealed") {
		t.Errorf("a draft that names another mandate: %v", err)
	}
	m.Behind(t, `update mandate_draft set transfers = $2 where id = $1`, id, m.old.ID)
	n, err := m.sign(id)
	if err != nil {
		t.Fatal(err)
	}
	m.Behind(t, `update mandate set transfers = $2 where id = $1`, n.ID, another.ID)
	if err := m.Mandates.EndTransferred(t.Context(), n.ID); !errors.Is(err, mandate.ErrOtherCitizen) {
		t.Errorf("a mandate that names another's: %v", err)
	}
	var cancelled *river.JobCancelError
	if err := m.Mandates.Transfers().Work(t.Context(), n.ID, false); !errors.As(err, &cancelled) {
		t.Errorf("tried again: %v", err)
	}
	m.Behind(t, `update mandate set transfers = $2 where id = $1`, n.ID, uuid.New())
	m.end(n)
	m.stands()
	var standing int
	if m.count(&standing, `select count(*) from mandate where state = 'standing'`); standing != 3 {
		t.Errorf("%d mandates stand", standing)
	}
}
