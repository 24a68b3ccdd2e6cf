package search

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"mandat/internal/db"
	"mandat/internal/journal"
)

// Filter says which entries are looked for. Fields that are zero do not restrict.
type Filter struct {
	Organisation uuid.UUID
	Person       uuid.UUID // who did it, or to whom it was done
	Citizen      uuid.UUID
	Mandate      uuid.UUID
	Procedure    string   // key
	Service      string   // client_id
	Actions      []string // one of these
	Except       []string // none of these
	Session      []byte   // in which it was done (journal.Entry.Session)
	From, To     time.Time
	Before       int64 // where the page before ended (Found.Next)
}

// Found is a page of entries, the newest first.
type Found struct {
	Entries []journal.Entry
	Next    int64     // the Before of the next page; 0: there is none
	Reached time.Time // the page is not full, and what was done before then has not been looked through yet; zero: the page is full, or all was
	Missing int64     // index from which on entries are so new that they have not been looked through; 0: none are
}

// Finder searches the entries of all organisations, for auditors.
type Finder struct {
	db    *db.DB
	reach int64 // large blocks that are looked through for a page at most
}

// NewFinder returns a finder on the auditors' login.
func NewFinder(auditor *db.DB) *Finder { return &Finder{db: auditor, reach: blocksRead} }

// Largest is the most entries that are found at a time.
const Largest = 500

// Find returns a page of the entries that fit the filter, at most limit (and Largest). What it looks through for one page has a limit too: see Found.Reached.
func (f *Finder) Find(ctx context.Context, filter Filter, limit int) (Found, error) {
	limit = min(max(limit, 1), Largest)
	find := f.inBlocks
	if filter.Citizen != uuid.Nil || filter.Mandate != uuid.Nil {
		find = f.inRows
	}
	found, err := find(ctx, filter, limit)
	if err != nil {
		return Found{}, fmt.Errorf("search the journal: %w", err)
	}
	return found, nil
}

// wants are the terms of a filter: one of each of these lists, the rarest first as far as one can tell beforehand, and none of the last.
func (f *Filter) wants() (of [][]Term, none []Term) {
	one := func(set bool, t Term) {
		if set {
			of = append(of, []Term{t})
		}
	}
	one(len(f.Session) > 0, textTerm(bySession, string(f.Session)))
	one(f.Person != uuid.Nil, idTerm(byPerson, f.Person))
	one(f.Organisation != uuid.Nil, idTerm(byOrganisation, f.Organisation))
	one(f.Procedure != "", textTerm(byProcedure, f.Procedure))
	one(f.Service != "", textTerm(byService, f.Service))
	if len(f.Actions) > 0 {
		var actions []Term
		for _, a := range f.Actions {
			actions = append(actions, textTerm(byAction, a))
		}
		of = append(of, actions)
	}
	for _, a := range f.Except {
		none = append(none, textTerm(byAction, a))
	}
	return of, none
}

// during reports whether a time lies in the filter's.
func (f *Filter) during(t time.Time) bool {
	return (f.From.IsZero() || !t.Before(f.From)) && (f.To.IsZero() || t.Before(f.To))
}

// fits reports whether an entry is one that is looked for, by reading it. Its body is read last, and only for what stands there alone.
func (f *Filter) fits(e *journal.Entry) bool {
	if !f.during(e.At) || f.Citizen != uuid.Nil && e.Citizen != f.Citizen || f.Mandate != uuid.Nil && e.Mandate != f.Mandate || f.Organisation != uuid.Nil && e.Organisation != f.Organisation {
		return false
	}
	if len(f.Actions) > 0 && !slices.Contains(f.Actions, e.Action) || slices.Contains(f.Except, e.Action) || len(f.Session) > 0 && !bytes.Equal(f.Session, e.Session) {
		return false
	}
	if f.Person == uuid.Nil && f.Procedure == "" && f.Service == "" {
		return true
	}
	of, _ := f.wants()
	terms := termsOf(e)
	for _, list := range of {
		if !slices.ContainsFunc(list, func(t Term) bool { return slices.Contains(terms, t) }) {
			return false
		}
	}
	return true
}
