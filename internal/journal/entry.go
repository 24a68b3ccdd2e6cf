package journal

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"

	"mandat/internal/journal/format"
)

// TimeFormat is how times stand in entries.
const TimeFormat = format.TimeFormat

// TimeText is a time as it stands in entries, in UTC.
func TimeText(at time.Time) string { return at.UTC().Format(TimeFormat) }

// canonical writes an entry: canonical JSON of what was done, when, by whom and on what. What stands here is hashed, so
// this form never changes. The entry's number in the database is not part of it: it is known only after the last
// statement of the act, means nothing outside this database, and the random bytes already make equal acts differ.
func canonical(e Event, by Actor, at time.Time) ([]byte, error) {
	actor := map[string]any{"kind": string(by.Kind)}
	if by.Person != uuid.Nil {
		actor["person"] = by.Person.String()
	}
	m := map[string]any{"action": e.Action, "at": TimeText(at), "by": actor}
	for key, id := range map[string]uuid.UUID{"organisation": e.Organisation, "citizen": e.Citizen, "mandate": e.Mandate} {
		if id != uuid.Nil {
			m[key] = id.String()
		}
	}
	if e.Detail != nil {
		detail, err := plain(e.Detail)
		if err != nil {
			return nil, fmt.Errorf("detail: %w", err)
		}
		m["detail"] = detail
	}
	return format.Canonical(m)
}

// plain turns a struct into the maps, lists and texts that have a canonical form.
func plain(v any) (any, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	var out any
	err = d.Decode(&out)
	return out, err
}
