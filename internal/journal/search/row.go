package search

import (
	"encoding/json"
	"time"

	"github.com/google/uuid"

	"mandat/internal/journal"
)

// row is an entry of the log as the queries here read it; all but its index is null when it was forgotten.
type row struct {
	index                                  int64
	id                                     *int64
	at                                     *time.Time
	action                                 *string
	organisation, person, citizen, mandate *uuid.UUID
	body                                   *string
	session                                []byte
}

func (r *row) fields() []any {
	return []any{&r.index, &r.id, &r.at, &r.action, &r.organisation, &r.person, &r.citizen, &r.mandate, &r.body, &r.session}
}

// entry is nil for one that was forgotten.
func (r *row) entry() *journal.Entry {
	if r.id == nil {
		return nil
	}
	e := &journal.Entry{Index: r.index, ID: *r.id, At: r.at.UTC(), Action: *r.action, Body: json.RawMessage(*r.body), Session: r.session}
	for to, from := range map[*uuid.UUID]*uuid.UUID{&e.Organisation: r.organisation, &e.Person: r.person, &e.Citizen: r.citizen, &e.Mandate: r.mandate} {
		if from != nil {
			*to = *from
		}
	}
	return e
}
