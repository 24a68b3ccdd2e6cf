package search

import (
	"encoding/json"
	"slices"

	"github.com/google/uuid"

	"mandat/internal/journal"
)

// Term is something that entries are found by: a letter that says of which sort, and a value.
type Term string

// longest is how long the value of a term is at most.
const longest = 200

// The sorts of terms.
const (
	byOrganisation = "o"
	byPerson       = "p" // who did it, or to whom it was done
	byProcedure    = "d"
	byService      = "c"
	byAction       = "a"
	bySession      = "s"
)

func idTerm(sort string, id uuid.UUID) Term { return Term(sort + string(id[:])) }

func textTerm(sort, value string) Term { return Term(sort + value[:min(len(value), longest)]) }

// detail are the members of details that entries are found by. They are read one by one: the same name is of another type elsewhere.
type detail struct {
	Person     json.RawMessage `json:"person"`
	Witness    json.RawMessage `json:"witness"`
	From       json.RawMessage `json:"from"`
	To         json.RawMessage `json:"to"`
	Of         json.RawMessage `json:"of"`
	Procedure  json.RawMessage `json:"procedure"`
	Procedures json.RawMessage `json:"procedures"`
	Powers     json.RawMessage `json:"powers"`
	Client     json.RawMessage `json:"client"`
	Service    json.RawMessage `json:"service"`
}

// unknownService is what stands in entries where FranceConnect does not tell.
const unknownService = "unknown"

// termsOf lists what an entry is found by, each once.
func termsOf(e *journal.Entry) []Term {
	out := make([]Term, 0, 10)
	out = append(out, textTerm(byAction, e.Action))
	if e.Organisation != uuid.Nil {
		out = append(out, idTerm(byOrganisation, e.Organisation))
	}
	if e.Person != uuid.Nil {
		out = append(out, idTerm(byPerson, e.Person))
	}
	if len(e.Session) > 0 {
		out = append(out, textTerm(bySession, string(e.Session)))
	}
	var body struct {
		Detail detail `json:"detail"`
	}
	if json.Unmarshal(e.Body, &body) != nil { // damaged: comparison and verification name it
		return out
	}
	d := &body.Detail
	for _, raw := range []json.RawMessage{d.Person, d.Witness, d.From, d.To, d.Of} {
		if id, err := uuid.Parse(text(raw)); err == nil {
			out = append(out, idTerm(byPerson, id))
		}
	}
	for _, key := range procedures(d) {
		out = append(out, textTerm(byProcedure, key))
	}
	for _, raw := range []json.RawMessage{d.Client, d.Service} {
		if name := text(raw); name != "" && name != unknownService {
			out = append(out, textTerm(byService, name))
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func procedures(d *detail) []string {
	var out []string
	if key := text(d.Procedure); key != "" {
		out = append(out, key)
	}
	var keys []string
	if len(d.Procedures) > 0 && json.Unmarshal(d.Procedures, &keys) == nil {
		out = append(out, keys...)
	}
	var powers []struct {
		Procedure string `json:"procedure"`
	}
	if len(d.Powers) > 0 && json.Unmarshal(d.Powers, &powers) == nil {
		for _, p := range powers {
			out = append(out, p.Procedure)
		}
	}
	return slices.DeleteFunc(out, func(key string) bool { return key == "" })
}

// text is a member that is a text, else "".
func text(raw json.RawMessage) string {
	var out string
	if len(raw) == 0 || json.Unmarshal(raw, &out) != nil {
		return ""
	}
	return out
}
