package counter

import (
	"testing"

	"github.com/google/uuid"

	"mandat/internal/citizen"
	"mandat/internal/draft"
	"mandat/internal/fixture"
	"mandat/internal/mandate"
	"mandat/internal/session"
	"mandat/internal/terms"
)

// secretFile is the reference of a file that is nobody else's to read.
const secretFile = "FILE-OF-ANGELA-77"

// renewed is a mandate of Angela's that has one file, and a draft of Jeanne's that renews it, for whom identify says.
func (b *browser) renewed(x terms.Terms, identify func(uuid.UUID) error) (mandate.Mandate, string) {
	b.t.Helper()
	x.Powers[0].Case = secretFile
	d, err := b.site.Drafts.Start(b.t.Context(), b.By, x)
	if err == nil {
		err = b.site.Drafts.Identify(b.t.Context(), b.By, d.ID, fixture.Angela(), b.site.Clock.Now())
	}
	var m mandate.Mandate
	if err == nil {
		m, err = b.site.Mandates.Sign(b.t.Context(), b.By, d.ID, b.site.Agreed(b.t, b.By, d.ID))
	}
	var again draft.Draft
	if err == nil {
		again, err = b.site.Drafts.StartRenewal(b.t.Context(), b.By, x, m.ID)
	}
	if err == nil {
		err = identify(again.ID)
	}
	if err != nil {
		b.t.Fatal(err)
	}
	return m, "/brouillons/" + again.ID.String()
}

// A renewal is read to nobody but who gave the mandate: neither on the recap, nor on their screen, nor by a second colleague, nor by SMS.
func TestRenewal_IsShownToNobodyElse(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	b := c.jeanne(t)
	_, drawn := b.renewed(fixture.Terms(fixture.Tax), func(id uuid.UUID) error {
		return c.Drafts.Identify(t.Context(), b.By, id, fixture.Citizen(5), c.Clock.Now())
	})
	for _, path := range []string{"/recapitulatif", "/ecran"} {
		b.Without(b.Want(b.Get(drawn+path), 303, drawn+"/identite"), secretFile)
		b.Without(b.Want(b.Get(drawn+"/identite"), 200, "n’est pas celle qui a donné l’ancien mandat", "peut le renouveler", "comme pour l’ancien mandat"), secretFile, "donne plus que")
	}
	b.Want(b.Post(drawn+"/signature", "version", "2", "understood", "until", "agreed", "on"), 303, drawn+"/identite")
	c.wantRows(t, 1, `select count(*) from mandate`)
	b.identify(drawn)
	b.Want(b.Get(drawn+"/recapitulatif"), 200, secretFile)

	low, err := c.Drafts.Find(t.Context(), b.By, draftID(b.low()))
	if err != nil {
		t.Fatal(err)
	}
	paul := c.visit(t, c.Paul, session.Aidant, c.Clock.Now())
	_, drawn = b.renewed(fixture.Terms(low.Terms.Powers[0].Procedure), func(id uuid.UUID) error {
		return c.Drafts.ReadDocument(t.Context(), b.By, id, citizen.Identity{GivenName: "Ada", FamilyName: "INVENTEE", Birthdate: "1950-01-01"}, "passport", draft.Who{})
	})
	paul.Without(paul.Want(paul.Get(drawn+"/temoin"), 409, "Ce n’est pas la même personne"), secretFile, "INVENTEE")
	c.wantRows(t, 0, `select count(*) from journal_entry where action = 'draft.identity_shown'`)

	other := c.Sign(t, b.By, fixture.Citizen(6), fixture.Tax)
	_, drawn = b.renewed(fixture.Terms(low.Terms.Powers[0].Procedure), func(id uuid.UUID) error {
		return c.Drafts.Recognise(t.Context(), b.By, id, other.Citizen)
	})
	c.tel.Verify(t, b.By, other.Citizen, "+33639980001")
	b.Want(b.Post(drawn+"/sms"), 303, drawn+"/identite")
	c.wantRows(t, 0, `select count(*) from consent`)
}
