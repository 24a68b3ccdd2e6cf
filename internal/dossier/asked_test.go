package dossier_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/google/uuid"

	"mandat/internal/db"
	"mandat/internal/dossier"
	"mandat/internal/erasure"
	"mandat/internal/fixture"
	"mandat/internal/journal"
	"mandat/internal/mandate"
	"mandat/internal/org"
	"mandat/internal/token"
)

// asks has a citizen ask to be erased: the mandate ends, and from then on the organisation sees nothing of them.
func (c *counter) asks(by journal.Actor, m mandate.Mandate) (*erasure.Register, erasure.Request) {
	c.t.Helper()
	if err := c.Mandates.End(c.t.Context(), by, m.ID, "citizen"); err != nil {
		c.t.Fatal(err)
	}
	all := erasure.New(c.DB, c.Journal, nil, c.Clock, nil)
	q, err := all.Ask(c.t.Context(), by, m.Citizen)
	if err != nil {
		c.t.Fatal(err)
	}
	return all, q
}

// Who asked to be erased may have what is kept about them until it goes, and it has nobody else in it: not even the same person's file elsewhere, who asked there too.
func TestHandOverAsked_HasEverythingAndNobodyElse(t *testing.T) {
	t.Parallel()
	c := open(t).tell()
	elsewhere := c.Sign(t, c.Ines, fixture.Angela(), fixture.Tax)
	before := c.handOver(c.Paul, c.mandate.ID, "fr")
	_, q := c.asks(c.Jeanne, c.mandate)
	_, there := c.asks(c.Ines, elsewhere)
	if data, err := c.dossiers.HandOver(t.Context(), c.Paul, c.mandate.ID, "fr", dossier.SeenKnown); !errors.Is(err, db.ErrNotFound) || data != nil {
		t.Errorf("of the mandate: %v", err)
	}
	data, err := c.dossiers.HandOverAsked(t.Context(), c.Paul, q.ID, "fr", dossier.SeenDocument)
	h := c.opened(data, err)
	whole := string(h.parts["a-lire.html"]) + string(h.parts["donnees.json"])
	for _, want := range []string{fixture.Angela().FamilyName, number, note, c.mandate.ID.String(), q.DueAt.UTC().Format("2006-01-02T15:04")} {
		if !strings.Contains(whole, want) {
			t.Errorf("it does not have %q", want)
		}
	}
	if len(h.parts) != len(before.parts) || len(h.data.Mandates) != len(before.data.Mandates) || len(h.data.Entries) < len(before.data.Entries) {
		t.Errorf("%d parts, %d mandates, %d entries; %d, %d and %d before", len(h.parts), len(h.data.Mandates), len(h.data.Entries), len(before.parts), len(before.data.Mandates), len(before.data.Entries))
	}
	for _, no := range []string{fixture.Citizen(7).FamilyName, fixture.Citizen(7).Sub, c.other.ID.String(), c.other.Citizen.String(), elsewhere.ID.String(), elsewhere.Citizen.String(), there.ID.String(), "Un autre organisme", "ines Fictif"} {
		if strings.Contains(whole, no) {
			t.Errorf("it has %q", no)
		}
	}
	data, err = c.dossiers.HandOverAsked(t.Context(), c.Ines, there.ID, "fr", dossier.SeenDocument)
	theirs := c.opened(data, err)
	for _, no := range []string{number, note, c.mandate.ID.String(), c.mandate.Citizen.String(), "jeanne Fictif"} {
		if bytes.Contains(theirs.parts["donnees.json"], []byte(no)) {
			t.Errorf("the other organisation's has %q", no)
		}
	}
	var citizen uuid.UUID
	if err := c.Connect(t, c.Superuser).QueryRow(t.Context(), `select citizen_id from journal_entry where action = 'dossier.handed_over' and person_id = $1 order by id desc limit 1`, c.Paul.Person).Scan(&citizen); err != nil || citizen != c.mandate.Citizen {
		t.Errorf("its entry is about %s: %v", citizen, err)
	}
}

func TestHandOverAsked_Refuses(t *testing.T) {
	t.Parallel()
	c := open(t)
	m := c.Sign(t, c.Jeanne, fixture.Angela(), fixture.Tax)
	all, q := c.asks(c.Jeanne, m)
	late := c.Jeanne
	late.FactorAt = c.Clock.Now().Add(-org.FactorLife - 1)
	refuses := func(what string, by journal.Actor, id uuid.UUID, seen string, want error) {
		t.Helper()
		if data, err := c.dossiers.HandOverAsked(t.Context(), by, id, "fr", seen); !errors.Is(err, want) || data != nil {
			t.Errorf("%s: %d bytes, %v, want %v", what, len(data), err, want)
		}
	}
	referent := c.Referent(t, c.Here, "odile")
	refuses("another organisation", c.Ines, q.ID, dossier.SeenKnown, db.ErrNotFound)
	refuses("a request that there is not", c.Jeanne, token.ID(), dossier.SeenKnown, db.ErrNotFound)
	refuses("a mandate", c.Jeanne, m.ID, dossier.SeenKnown, db.ErrNotFound)
	refuses("an old factor", late, q.ID, dossier.SeenKnown, org.ErrFactorTooOld)
	refuses("not said how", c.Jeanne, q.ID, "", dossier.ErrSeen)
	refuses("a referent, no aidant", referent, q.ID, dossier.SeenKnown, org.ErrMayNot)
	if err := all.TakeBack(t.Context(), c.Jeanne, q.ID); err != nil {
		t.Fatal(err)
	}
	refuses("taken back", c.Jeanne, q.ID, dossier.SeenKnown, db.ErrNotFound)
	if n := c.entries(); n != 0 {
		t.Errorf("%d entries of what was refused", n)
	}
}
