package citizen_test

import (
	"slices"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/citizen"
	"mandat/internal/db"
	"mandat/internal/fixture"
	"mandat/internal/journal"
)

// What one search has opened serves the next, and never tells more than the rows do: neither a name that was corrected, nor somebody who is gone, nor
// another organisation's people.
func TestMatching_AfterASearch(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	find := func(by journal.Actor, typed string, want ...uuid.UUID) {
		t.Helper()
		var got []uuid.UUID
		must(t, w.DB.Read(t.Context(), db.InOrganisation(by.Organisation), func(tx pgx.Tx) error {
			var err error
			got, err = w.Citizens.Matching(t.Context(), tx, by.Organisation, citizen.Seek(typed))
			return err
		}))
		slices.SortFunc(got, func(a, b uuid.UUID) int { return slices.Compare(a[:], b[:]) })
		slices.SortFunc(want, func(a, b uuid.UUID) int { return slices.Compare(a[:], b[:]) })
		if !slices.Equal(got, want) {
			t.Errorf("%q finds %v, want %v", typed, got, want)
		}
	}
	born := func(sub, given, family string) citizen.Identity {
		return citizen.Identity{Sub: sub, GivenName: given, FamilyName: family, Birthdate: "1962-08-24", Gender: "female", Birthplace: "75107", Birthcountry: "99100"}
	}
	find(w.Jeanne, "du")
	ann := w.Sign(t, w.Jeanne, born("a", "Ann", "DURAND"), "social-rsa").Citizen
	find(w.Jeanne, "du", ann)
	bob := w.Sign(t, w.Jeanne, born("b", "Bob", "DUPONT"), "social-rsa").Citizen
	elsewhere := w.Sign(t, w.Ines, born("a", "Ann", "DURAND"), "social-rsa").Citizen
	find(w.Jeanne, "du", ann, bob)
	find(w.Jeanne, "24/08/1962 ann", ann)
	find(w.Ines, "du", elsewhere)
	w.Sign(t, w.Jeanne, born("a", "Ann", "MARTIN"), "social-rsa")
	find(w.Jeanne, "durand")
	find(w.Jeanne, "martin", ann)
	find(w.Jeanne, "du", bob)
	w.Behind(t, `update citizen set organisation_id = $2 where id = $1`, bob, w.Ines.Organisation) // gone from the one organisation
	find(w.Jeanne, "du")
	find(w.Ines, "du", elsewhere, bob)
}
