package auditor

import (
	"context"
	"slices"

	"github.com/google/uuid"

	"mandat/internal/journal"
)

// subjects are what the entries of an inquiry are about: what a finding may name.
type subjects struct {
	acts map[int64]*journal.Entry // of what stands at an index of the log; nothing was done there that is not forgotten

	Organisations, People, Mandates []uuid.UUID
}

// Act is the entry at an index, of which a page tells the sort and the time; nil when it was forgotten.
func (s subjects) Act(index int64) *journal.Entry { return s.acts[index] }

// subjectsAt reads what entries are about. Each of them was put in an inquiry by an act that names it.
func subjectsAt(ctx context.Context, reader *journal.Reader, indexes []int64) (subjects, error) {
	s := subjects{acts: map[int64]*journal.Entry{}}
	placed, err := reader.At(ctx, indexes)
	if err != nil {
		return s, err
	}
	for _, p := range placed {
		if p.Entry == nil {
			continue
		}
		s.acts[p.Index] = p.Entry
		s.Organisations = with(s.Organisations, p.Entry.Organisation)
		s.People = with(s.People, p.Entry.Person)
		s.Mandates = with(s.Mandates, p.Entry.Mandate)
	}
	return s, nil
}

// with adds an id to a list, once.
func with(all []uuid.UUID, id uuid.UUID) []uuid.UUID {
	if id == uuid.Nil || slices.Contains(all, id) {
		return all
	}
	return append(all, id)
}
