package journal

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"
)

// Version is the first byte of what is hashed. It changes if the canonical form ever does.
const Version = 1

// TimeFormat is how times stand in entries: UTC, always six decimals.
const TimeFormat = "2006-01-02T15:04:05.000000Z"

// canonical writes an entry: JSON with sorted keys, no blanks, no escaped HTML, and absent rather than null members
// (the subset of RFC 8785 that has no fractions). What stands here is hashed, so this form never changes.
func canonical(e Event, by Actor, at time.Time) ([]byte, error) {
	m := map[string]any{"action": e.Action, "at": at.UTC().Format(TimeFormat), "by": map[string]any{"kind": string(by.Kind)}}
	if by.Person != uuid.Nil {
		m["by"].(map[string]any)["person"] = by.Person.String()
	}
	for key, id := range map[string]uuid.UUID{"organisation": e.Organisation, "citizen": e.Citizen, "mandate": e.Mandate} {
		if id != uuid.Nil {
			m[key] = id.String()
		}
	}
	if e.Detail != nil {
		detail, err := sorted(e.Detail)
		if err != nil {
			return nil, fmt.Errorf("detail: %w", err)
		}
		m["detail"] = detail
	}
	return encode(m)
}

// sorted turns a struct into maps, whose keys encoding/json sorts.
func sorted(v any) (any, error) {
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

func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}
