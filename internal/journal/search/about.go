package search

import (
	"context"

	"github.com/google/uuid"

	"mandat/internal/journal"
)

// About makes an event that reads the entries of a citizen, or of a mandate, one of that citizen's: as a search for them is, it is found and forgotten with their entries. Of
// whom there is no entry it says nothing. An id that is nil asks for none.
func (d *Desk) About(ctx context.Context, citizen, mandate uuid.UUID, e *journal.Event) error {
	if citizen == uuid.Nil && mandate == uuid.Nil {
		return nil
	}
	found, err := d.finder.Find(ctx, Filter{Citizen: citizen, Mandate: mandate}, 1)
	if err == nil && len(found.Entries) > 0 {
		about(e, &found.Entries[0])
		e.Mandate = mandate
	}
	return err
}
