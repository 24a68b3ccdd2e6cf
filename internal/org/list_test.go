package org_test

import (
	"testing"

	"mandat/internal/fixture"
	"mandat/internal/journal"
)

// An administrator finds an organisation by what stands in a letter: its name, its town, its postcode.
func TestOrganisations_AreFoundByTheirWords(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	ada := w.Administrator(t, "ada")
	here, err := w.Directory.Organisation(t.Context(), w.Here)
	if err != nil {
		t.Fatal(err)
	}
	for _, words := range []string{here.Name, here.City, here.Postcode, here.SIRET} {
		list, err := w.Directory.Organisations(t.Context(), ada, words)
		found := false
		for _, o := range list {
			found = found || o.ID == w.Here
		}
		if err != nil || !found {
			t.Errorf("%q: %d found, %v", words, len(list), err)
		}
	}
	if list, err := w.Directory.Organisations(t.Context(), journal.Actor{Kind: journal.Administrator, Person: w.Jeanne.Person}, here.Name); err == nil {
		t.Errorf("somebody else sees %d", len(list))
	}
}
