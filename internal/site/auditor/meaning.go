package auditor

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"mandat/internal/journal"
	"mandat/internal/procedure"
	"mandat/internal/prose"
	"mandat/internal/site/staff"
)

// meaning tells entries in plain words: each action has a sentence (locales, meaning.action.*), in which stand who acted (Who), Organisation,
// Citizen, Mandate, the members of the action's detail by their names (ExpiresAt is expires_at) and, of a signature, what was Given.
type meaning struct {
	text   func(lang, key string, args ...any) (string, error)
	lang   string
	places map[uuid.UUID]string // names of organisations, by their ids; those without stand by their ids
}

// of is the sentence of an entry. What an older entry does not say yet, the sentence says is not stated.
func (m meaning) of(e *journal.Entry) (string, error) {
	var body struct {
		By struct {
			Kind string `json:"kind"`
		} `json:"by"`
		Detail map[string]any `json:"detail"`
	}
	if json.Unmarshal(e.Body, &body) != nil || !e.Listed() {
		return m.text(m.lang, "checks.odd") // what the others say is not hidden by it
	}
	unsaid, err := m.text(m.lang, "meaning.unsaid")
	if err != nil {
		return "", err
	}
	at := slices.IndexFunc(journal.Actions(), func(a journal.Action) bool { return a.Name == e.Action })
	values := map[string]string{"Given": unsaid}
	for _, name := range journal.Actions()[at].Detail {
		values[camel(name)] = unsaid
		if name == "filters" { // left out when there was none
			values["Filters"] = staff.Said(m.text, m.lang, e.Action, name, "none")
		}
	}
	for name, v := range body.Detail {
		if text := m.value(e.Action, name, v); text != "" {
			values[camel(name)] = text
		}
		if name == "powers" || name == "procedures" {
			values["Given"] = m.value(e.Action, name, v)
		}
	}
	for name, id := range map[string]uuid.UUID{"Organisation": e.Organisation, "Citizen": e.Citizen, "Mandate": e.Mandate} {
		values[name] = unsaid
		if id != uuid.Nil {
			values[name] = about{ID: id, Name: m.places[id]}.Pseudonym()
		}
	}
	if values["Who"], err = m.who(journal.Kind(body.By.Kind), e.Person); err != nil {
		return "", err
	}
	args := make([]any, 0, 2*len(values))
	for name, text := range values {
		args = append(args, name, text)
	}
	return m.text(m.lang, "meaning.action."+e.Action, args...)
}

// who names an actor.
func (m meaning) who(kind journal.Kind, person uuid.UUID) (string, error) {
	switch kind {
	case journal.Aidant, journal.Referent, journal.Auditor, journal.Administrator, journal.Fraud, journal.Prefecture:
		return m.text(m.lang, "meaning.who."+string(kind), "ID", journal.Pseudonym(person))
	default:
		return m.text(m.lang, "meaning.who.system")
	}
}

// value puts a member of an action's detail into words: ids shortened, times, procedures and code words as people call them, the rest as it stands.
func (m meaning) value(action, name string, v any) string {
	switch v := v.(type) {
	case string:
		return m.word(action, name, v)
	case float64:
		return fmt.Sprintf("%.0f", v)
	case []any:
		var out []string
		for _, x := range v {
			if power, ok := x.(map[string]any); ok {
				x = power["procedure"]
				name = "procedure"
			}
			if text := m.value(action, name, x); text != "" {
				out = append(out, text)
			}
		}
		return strings.Join(out, ", ")
	}
	return ""
}

func (m meaning) word(action, name, text string) string {
	if id, err := uuid.Parse(text); err == nil {
		return journal.Pseudonym(id)
	}
	if t, err := time.Parse(journal.TimeFormat, text); err == nil {
		return prose.DateTime(m.lang, t)
	}
	if t, err := time.Parse(time.DateOnly, text); err == nil {
		return prose.Date(m.lang, t)
	}
	if name == "procedure" || name == "procedures" {
		if p, ok := procedure.Find(text); ok {
			return p.Name.In(m.lang)
		}
	}
	return staff.Said(m.text, m.lang, action, name, text)
}

// camel is the name of a member as sentences have it: ExpiresAt is expires_at.
func camel(name string) string {
	parts := strings.Split(name, "_")
	for i, p := range parts {
		if p != "" {
			parts[i] = strings.ToUpper(p[:1]) + p[1:]
		}
	}
	return strings.Join(parts, "")
}
