package recipient

import (
	"context"
	"math"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
	"mandat/internal/journal"
	"mandat/internal/org"
)

// Done is an entry as a referent of its organisation sees it.
type Done struct {
	ID      int64 // grows with time
	At      time.Time
	Action  string
	By      journal.Kind
	Person  uuid.UUID // who did it; nil: the program, or auditors, who are one to an organisation
	Whom    uuid.UUID // to whom it was done, of acts on colleagues; else nil
	Citizen uuid.UUID
	Mandate uuid.UUID
}

// Page is a page of entries, the newest first.
type Page struct {
	Done []Done
	Next int64 // what to begin the next page before, 0 when there is none
}

// OfOrganisation shows a referent what was done in their organisation, before an entry (0: from the newest on), by or to one colleague (nil: by everybody), which is a reading. What auditors and other
// recipients read is not among it. It returns org.ErrMayNot.
func (r *Register) OfOrganisation(ctx context.Context, by journal.Actor, colleague uuid.UUID, before int64) (Page, error) {
	var out Page
	b := &pgx.Batch{}
	may := org.MayRunRead(b, by)
	if before <= 0 {
		before = math.MaxInt64
	}
	collect(b, &out.Done, scanDone, `select e.id, e.at, e.action, coalesce(e.body::jsonb -> 'by' ->> 'kind', ''),
			case e.body::jsonb -> 'by' ->> 'kind' when 'auditor' then $4 else coalesce(e.person_id, $4) end,
			case when e.action like 'person.%' and e.body::jsonb -> 'detail' ->> 'person' ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' then (e.body::jsonb -> 'detail' ->> 'person')::uuid else $4 end,
			coalesce(e.citizen_id, $4), coalesce(e.mandate_id, $4) from journal_entry e
		where e.organisation_id = $1 and e.action = any ($2) and e.id < $3 and ($5::uuid = $4 or e.person_id = $5 or e.action like 'person.%' and e.body::jsonb -> 'detail' ->> 'person' = $5::text)
		order by e.id desc limit $6`, by.Organisation, PartOf(journal.Referent).Acts, before, uuid.Nil, colleague, mostEntries+1)
	err := r.db.Ask(ctx, db.InOrganisation(by.Organisation), b)
	if err == nil {
		err = may()
	}
	if err == nil {
		err = r.readThere(ctx, by, journal.Event{Action: "recipient.viewed", Detail: viewed{pageJournal}})
	}
	if err != nil {
		return Page{}, wrap("show what was done in an organisation", err)
	}
	if len(out.Done) > mostEntries {
		out.Done = out.Done[:mostEntries]
		out.Next = out.Done[mostEntries-1].ID
	}
	return out, nil
}

func scanDone(row pgx.CollectableRow) (Done, error) {
	var d Done
	err := row.Scan(&d.ID, &d.At, &d.Action, &d.By, &d.Person, &d.Whom, &d.Citizen, &d.Mandate)
	d.At = d.At.UTC()
	return d, err
}

// readThere records a reading of a referent.
func (r *Register) readThere(ctx context.Context, by journal.Actor, e journal.Event) error {
	first := &pgx.Batch{}
	may := org.MayRun(first, by)
	return r.journal.RecordAfter(ctx, by, first, func(*journal.Tx) (journal.Event, error) { return e, may() })
}
