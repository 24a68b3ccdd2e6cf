package draft

import (
	"context"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"

	"mandat/internal/citizen"
	"mandat/internal/db"
	"mandat/internal/journal"
)

// Known is what the organisation knew, before a draft is signed, of those who have the name and the birth date that a document told for it.
type Known struct {
	Same   *citizen.Namesake  // who the citizen is, as the aidant says; nil for somebody new
	Others []citizen.Namesake // who they are not
}

// Mail returns the address that a signature replaces by another one, "" when it replaces none.
func (k Known) Mail(told citizen.Identity) string {
	if k.Same == nil || k.Same.Identity.Email == told.Email {
		return ""
	}
	return k.Same.Identity.Email
}

// Known finds of whom a draft of the actor's organisation says that its citizen is the same or another one, for who was told who the citizen is.
func (r *Register) Known(ctx context.Context, by journal.Actor, d Draft) (Known, error) {
	var k Known
	if d.IdentifiedBy != ByDocument {
		return k, nil
	}
	err := r.db.Read(ctx, db.InOrganisation(by.Organisation), func(tx pgx.Tx) error {
		var err error
		k.Others, err = r.citizens.FindNamesakes(ctx, tx, by.Organisation, append(slices.Clone(d.OtherThan), d.SameAs))
		return err
	})
	if err != nil {
		return Known{}, fmt.Errorf("find whom a draft is about: %w", err)
	}
	if at := slices.IndexFunc(k.Others, func(n citizen.Namesake) bool { return n.ID == d.SameAs }); at >= 0 {
		same := k.Others[at]
		k.Same, k.Others = &same, slices.Delete(k.Others, at, at+1)
	}
	return k, nil
}
