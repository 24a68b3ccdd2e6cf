package dossier

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// looks are the actions of who read about the citizen, or looked into what was done: they are told by their function, and not by name. Who acted is named.
var looks = map[string]bool{"mandate.consulted": true, "draft.identity_shown": true, "draft.namesakes_shown": true, "dossier.handed_over": true, "journal.viewed": true, "unsealing.looked": true, "journal.searched": true}

// body is what is read of an entry.
type body struct {
	By struct {
		Kind string `json:"kind"`
	} `json:"by"`
	Detail struct {
		Procedure string `json:"procedure"`
		Page      string `json:"page"`
	} `json:"detail"`
}

// readEntries reads the entries about the citizen and their mandates, the newest first.
func (g *reading) readEntries(ctx context.Context) error {
	f := g.out.file
	const about = ` from journal_entry e left join journal_leaf l on l.entry_id = e.id where e.organisation_id = $1 and (e.citizen_id = $2 or e.mandate_id = any ($3))`
	var n int
	if err := g.tx.QueryRow(ctx, `select count(*)`+about, g.by.Organisation, g.id, g.mandateIDs()).Scan(&n); err != nil {
		return fmt.Errorf("count entries: %w", err)
	}
	var err error
	f.Entries, err = all(ctx, g.tx, func(row pgx.CollectableRow) (Entry, error) {
		var e Entry
		var person, of *uuid.UUID
		var text []byte
		if err := row.Scan(&e.At, &e.Action, &person, &of, &text, &e.Index); err != nil {
			return e, err
		}
		e.At = e.At.UTC()
		var b body
		_ = json.Unmarshal(text, &b) // an entry that says what none should is listed as far as it can be read: verification names it, and it keeps nobody from their file
		e.Kind, e.About = b.By.Kind, b.Detail.Procedure
		if b.Detail.Page != "" {
			e.About = b.Detail.Page
		}
		if of != nil {
			e.Of = g.number(*of)
		}
		if person != nil && !looks[e.Action] && (e.Kind == "aidant" || e.Kind == "referent") {
			g.people[*person], e.Name = "", person.String() // a name once all are known
		}
		return e, nil
	}, `select e.at, e.action, e.person_id, e.mandate_id, e.body, coalesce(l.index, -1)`+about+` order by e.id desc limit $4`, g.by.Organisation, g.id, g.mandateIDs(), maxEntries)
	if err != nil {
		return fmt.Errorf("read entries: %w", err)
	}
	f.EntriesLeft = n - len(f.Entries)
	return nil
}
