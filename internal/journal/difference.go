package journal

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"
)

// Difference is something in the tables that is not what the entries say of it: it was changed, added or removed behind
// the program's back.
type Difference struct {
	Of   string // "mandate", "organisation", "person" or "entry"
	ID   string // its id
	What string // in English, without personal data
}

// String says it in one line.
func (d Difference) String() string { return d.Of + " " + d.ID + ": " + d.What }

// DifferenceOf names what differs of things of one kind that have an id, as Differences asks for it.
func DifferenceOf(kind string) func(uuid.UUID, string) Difference {
	return func(id uuid.UUID, what string) Difference { return Difference{Of: kind, ID: id.String(), What: what} }
}

// Words are what a comparison says of a thing. In them {tables} and {entries} stand for what is known of it there, as it prints.
type Words[V any] struct {
	Stray string // it stands in the tables, and no entry tells of it
	Gone  string // entries tell of it, and it does not stand in the tables
	Other string // what the tables say prints otherwise than what the entries say

	// Parts says instead of Other in what the two differ, of things of which more is known than fits one sentence.
	Parts func(tables, entries V) []string
}

// Differences holds what the tables say of things to what the entries say, and names by is, from its key and the words, what they do
// not have in common.
func Differences[K comparable, V any](tables, entries map[K]V, is func(K, string) Difference, words Words[V]) []Difference {
	var out []Difference
	for key, t := range tables {
		e, told := entries[key]
		if !told {
			out = append(out, is(key, filled(words.Stray, t, e)))
			continue
		}
		for _, what := range words.unlike(t, e) {
			out = append(out, is(key, what))
		}
	}
	for key, e := range entries {
		if t, there := tables[key]; !there {
			out = append(out, is(key, filled(words.Gone, t, e)))
		}
	}
	slices.SortFunc(out, func(a, b Difference) int {
		return cmp.Or(cmp.Compare(a.Of, b.Of), cmp.Compare(a.ID, b.ID), cmp.Compare(a.What, b.What))
	})
	return out
}

func (w Words[V]) unlike(tables, entries V) []string {
	switch {
	case w.Parts != nil:
		return w.Parts(tables, entries)
	case fmt.Sprint(tables) != fmt.Sprint(entries):
		return []string{filled(w.Other, tables, entries)}
	}
	return nil
}

func filled(words string, tables, entries any) string {
	return strings.NewReplacer("{tables}", fmt.Sprint(tables), "{entries}", fmt.Sprint(entries)).Replace(words)
}
