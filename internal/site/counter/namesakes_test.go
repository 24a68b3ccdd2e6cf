package counter

import (
	"errors"
	"strings"
	"testing"
	"time"

	"mandat/internal/citizen"
	"mandat/internal/fixture"
	"mandat/internal/session"
)

// secondSees has Paul attest what he is shown of a draft.
func (b *browser) secondSees(c *counter, drawn string) {
	b.t.Helper()
	c.Witness(b.t, c.Paul, draftID(drawn))
}

// Somebody of this name, born on this day, is known: the aidant is asked, nothing that they typed is lost, and both aidants see what was said.
func TestNamesakes_AreAskedAbout(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	b := c.jeanne(t)
	drawn := b.low()
	b.Want(b.Post(drawn+"/identite/piece", with(passport, "email", "angela@exemple.invalid")...), 303, drawn+"/recapitulatif")
	b.Want(b.Get(drawn+"/recapitulatif"), 200, "24 août 1962, à Paris 7e", "angela@exemple.invalid", "Votre structure ne connaît personne d’autre de ce nom")
	b.secondSees(c, drawn)
	first := b.signedMandate(b.sign(drawn, "agreed", "on").Location)
	c.Clock.Advance(time.Minute)

	drawn = b.low()
	typed := with(with(passport, "born_town", "Alençon"), "email", "other@exemple.invalid")
	kept := []string{`name="family_name" value="DUBOIS"`, `name="given_name" value="Angela"`, `name="birth_year" value="1962"`, `name="born_town" value="Alençon"`, `name="email" value="other@exemple.invalid"`}
	page := b.Want(b.Post(drawn+"/identite/piece", typed...), 409, append(kept, "24 août 1962, à Paris 7e", `value="`+first.Citizen.String()+`"`, "a•••@exemple.invalid", "Connue ici depuis le")...)
	b.Without(page, "angela@exemple.invalid", " checked")
	answer := func(more ...string) []string {
		return append(append(append([]string{}, typed...), "namesake", first.Citizen.String()), more...)
	}
	b.Want(b.Post(drawn+"/identite/piece", answer()...), 422, append(kept, "Dites qui est la personne")...)
	b.Want(b.Post(drawn+"/identite/piece", answer("who", "x")...), 422, kept...)
	b.Want(b.Post(drawn+"/identite/piece", append(append([]string{}, typed...), "who", "other")...), 409, kept...)
	b.Want(b.Post(drawn+"/identite/piece", append(append([]string{}, typed...), "who", "other", "namesake", someID.String())...), 422, kept...)
	b.Without(b.Want(b.Post(drawn+"/identite/piece", answer("edit", "on")...), 200, `value="passport" checked`, `value="Alençon"`, `value="1962"`, `value="other@exemple.invalid"`), "Est-ce la même personne")
	c.wantRows(t, 0, `select count(*) from mandate_draft where state = 'identified'`)
	b.Want(b.Post(drawn+"/identite/piece", answer("who", someID.String())...), 303, drawn+"/identite")
	b.Want(b.Get(drawn+"/identite"), 200, "Cette personne n’est pas connue ici")

	// The same: both see that the address changes.
	b.Want(b.Post(drawn+"/identite/piece", answer("who", first.Citizen.String())...), 303, drawn+"/recapitulatif")
	b.Want(b.Get(drawn+"/recapitulatif"), 200, "24 août 1962, à Alençon", "other@exemple.invalid", "Elle remplace l’adresse a•••@exemple.invalid", "c’est la personne que votre structure connaît depuis le")
	paul := c.visit(t, c.Paul, session.Aidant, c.Clock.Now())
	paul.Want(paul.Get(drawn+"/temoin"), 200, "24 août 1962, à Alençon", "other@exemple.invalid", "Elle remplace l’adresse a•••@exemple.invalid", "24 août 1962, à Paris 7e", "c’est la personne que votre structure connaît depuis le")
	ines := c.visit(t, c.Ines, session.Aidant, c.Clock.Now())
	ines.Without(ines.Get(drawn+"/temoin"), "Alençon")

	// Another one, after all: nothing of the first changes.
	b.Want(b.Post(drawn+"/identite/piece", answer("who", "other")...), 303, drawn+"/recapitulatif")
	b.Without(b.Want(b.Get(drawn+"/recapitulatif"), 200, "ce n’est pas la personne de même nom"), "remplace l’adresse")
	paul.Without(paul.Want(paul.Get(drawn+"/temoin"), 200, "ce n’est pas la personne de même nom", "24 août 1962, à Paris 7e", "other@exemple.invalid"), "remplace l’adresse")
	b.secondSees(c, drawn)
	second := b.signedMandate(b.sign(drawn, "agreed", "on").Location)
	if second.Citizen == first.Citizen {
		t.Error("two people are one citizen")
	}
	c.wantRows(t, 2, `select count(*) from mandate where state = 'standing'`)

	// Both are found, and told apart.
	drawn = b.low()
	b.Want(b.Post(drawn+"/identite/connue", "recherche", "dubois"), 200, "24 août 1962, à Paris 7e", "24 août 1962, à Alençon", first.Citizen.String(), second.Citizen.String())
}

// That a document tells no birth place is said, and one that is told is enough.
func TestDocument_WithoutABirthPlace(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	b := c.jeanne(t)
	drawn := b.low()
	for _, form := range [][]string{with(with(passport, "born_town", ""), "born_country", "SYRIE"), with(with(passport, "born_town", ""), "born_unwritten", "on")} {
		b.Want(b.Post(drawn+"/identite/piece", form...), 303, drawn+"/recapitulatif")
	}
	b.Without(b.Want(b.Get(drawn+"/recapitulatif"), 200, "24 août 1962"), "SYRIE")
}

// Somebody of the same name was signed for since the document was read: nothing is signed, and the aidant is led to read it again.
func TestNamesakes_KnownSince(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	b := c.jeanne(t)
	drawn, late := b.low(), b.low()
	for _, x := range []string{drawn, late} {
		b.Want(b.Post(x+"/identite/piece", passport...), 303)
		b.secondSees(c, x)
	}
	b.signedMandate(b.sign(drawn, "agreed", "on").Location)
	if _, err := c.Mandates.Sign(t.Context(), b.By, draftID(late), c.Agreed(t, b.By, draftID(late))); !errors.Is(err, citizen.ErrNamesake) {
		t.Errorf("signed beside: %v", err)
	}
	b.Want(b.sign(late, "agreed", "on"), 303, late+"/identite")
	b.Want(b.Get(late+"/identite"), 200, "Une personne de même nom est connue depuis", "Lisez le document de nouveau")
	c.wantRows(t, 1, `select count(*) from citizen`)
	b.Want(b.Post(late+"/identite/piece", passport...), 409, "Est-ce la même personne")
}

func TestMasked(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{"angela@exemple.invalid": "a•••@exemple.invalid", "é@x.invalid": "é•••@x.invalid", "": "", "nobody": ""} {
		if got := masked(address); got != want {
			t.Errorf("%q is shown as %q", address, got)
		}
	}
	if strings.Contains(masked(fixture.Angela().Email), "ngela") {
		t.Error("all of it is shown")
	}
}
