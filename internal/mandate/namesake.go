package mandate

import (
	"context"

	"github.com/google/uuid"

	"mandat/internal/db"
	"mandat/internal/draft"
)

// apart returns citizen.ErrNamesake when the organisation came to know somebody of the name and the birth date of a new citizen after the document was read: whether it
// is the same person, nobody was asked.
func (s *signing) apart(ctx context.Context, tx *db.Tx, d *draft.Held) error {
	if d.IdentifiedBy != draft.ByDocument || s.known.ID != uuid.Nil {
		return nil
	}
	return s.r.citizens.Apart(ctx, tx, d.Organisation, *d.Identity, d.OtherThan)
}
