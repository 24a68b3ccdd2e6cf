package decision

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"mandat/internal/procedure"
)

// Whatever is a question for us is JSON for everybody, means the same to who reads it otherwise, and holds nothing that the database would not take.
func FuzzParse(f *testing.F) {
	const good = `{"subject":{"type":"aidant","id":"a","properties":{"organisation":"21750001600019"}},"action":{"name":"x"},"resource":{"type":"citizen","id":"b"},"context":{"case":"1","level":"see"}}`
	for _, seed := range []string{good, strings.Replace(good, `"a"`, `"\u0000"`, 1), strings.Replace(good, `"context"`, `"Context"`, 1), good + good, `{"subject":{}}`, `[`, `{"subject":{"type":"aidant","id":"a","id":"b"}}`,
		strings.Replace(good, `{"type":"citizen","id":"b"}`, strings.Repeat(`{"a":`, 100), 1)} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		q, refusal := parse(body)
		if refusal != nil {
			if refusal.Status() != 400 || strings.ContainsAny(refusal.Description, `"\`) {
				t.Errorf("%d %s", refusal.Status(), refusal.Description)
			}
			return
		}
		var other struct {
			Subject struct {
				Type, ID   string
				Properties struct{ Organisation string }
			}
			Action   struct{ Name string }
			Resource struct{ Type, ID string }
			Context  struct{ Case, Level string }
		}
		d := json.NewDecoder(strings.NewReader(string(body)))
		d.DisallowUnknownFields()
		if err := d.Decode(&other); err != nil {
			t.Fatalf("%q is a question: %v", body, err)
		}
		level := procedure.Level(other.Context.Level)
		if level == "" {
			level = procedure.Act
		}
		if want := (request{other.Subject.ID, other.Subject.Properties.Organisation, other.Action.Name, other.Resource.ID, other.Context.Case, level}); q != want {
			t.Errorf("%q: %+v, for others %+v", body, q, want)
		}
		for _, text := range []string{q.actor, q.siret, q.procedure, q.citizen, q.reference} {
			if len(text) > maxText || !utf8.ValidString(text) || strings.ContainsFunc(text, unicode.IsControl) {
				t.Errorf("%q", text)
			}
		}
		if !slices.Contains(procedure.Levels(), q.level) || len(q.siret) != 14 {
			t.Errorf("%+v", q)
		}
	})
}
