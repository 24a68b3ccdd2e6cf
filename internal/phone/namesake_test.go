package phone_test

import (
	"errors"
	"testing"

	"github.com/google/uuid"

	"mandat/internal/citizen"
	"mandat/internal/draft"
	"mandat/internal/fixture"
	"mandat/internal/journal"
	"mandat/internal/phone"
	"mandat/internal/procedure"
)

// shown is Amina Haddad, of whom a document told the year of birth and a town, with a mandate of the actor's organisation. who is what the aidant says of those of her name.
func (c *counter) shown(by, second journal.Actor, town string, who draft.Who) uuid.UUID {
	c.t.Helper()
	d, err := c.Drafts.Start(c.t.Context(), by, fixture.Terms(c.seen()))
	if err != nil {
		c.t.Fatal(err)
	}
	i := citizen.Identity{GivenName: "Amina", FamilyName: "HADDAD", Birthdate: "1983-00-00", BornTown: town}
	if err := c.Drafts.ReadDocument(c.t.Context(), by, d.ID, i, "passport", who); err != nil {
		c.t.Fatal(err)
	}
	c.Witness(c.t, second, d.ID)
	m, err := c.Mandates.Sign(c.t.Context(), by, d.ID, c.Agreed(c.t, by, d.ID))
	if err != nil {
		c.t.Fatal(err)
	}
	return m.Citizen
}

// seen is a procedure for which a document is enough.
func (c *counter) seen() string {
	for _, theme := range c.Catalogue.Themes() {
		for _, p := range theme.Procedures {
			if p.Identity == procedure.Witnessed && p.Offers(procedure.Act) {
				return p.Key
			}
		}
	}
	c.t.Fatal("every procedure needs FranceConnect")
	return ""
}

// Two organisations know by documents one person, or two of one name born on one day somewhere else: a number serves the one in both, and two of them not.
func TestServingAnother_OfTheSameName(t *testing.T) {
	t.Parallel()
	for town, want := range map[string]error{"Homs": nil, "Alep": phone.ErrBarred, "": phone.ErrBarred} {
		c := open(t)
		c.verify(c.Jeanne, c.shown(c.Jeanne, c.Paul, "HOMS", draft.Who{}), number, written)
		there := c.shown(c.Ines, c.Aidant(t, c.Elsewhere, "igor"), town, draft.Who{})
		if err := c.phones.Ask(t.Context(), c.Ines, there, number); !errors.Is(err, want) {
			t.Errorf("born in %q: %v, want %v", town, err, want)
		}
	}
}

// Two citizens of one organisation are two, though documents told nothing that tells them apart: one telephone serves them only for a colleague's reason, and so does the one
// that one of them gave up.
func TestServingAnother_OfOneOrganisation(t *testing.T) {
	t.Parallel()
	for _, towns := range [][2]string{{"", ""}, {"HOMS", "Homs"}} {
		c := open(t)
		one := c.shown(c.Jeanne, c.Paul, towns[0], draft.Who{})
		c.verify(c.Jeanne, one, number, written)
		two := c.shown(c.Jeanne, c.Paul, towns[1], draft.Who{Not: []uuid.UUID{one}})
		if one == two {
			t.Fatal("one citizen")
		}
		c.want("in service", c.phones.Ask(t.Context(), c.Jeanne, two, number), phone.ErrBarred)
		c.want("remove", c.phones.Remove(t.Context(), c.Jeanne, one), nil)
		c.want("given up", c.phones.Ask(t.Context(), c.Jeanne, two, number), phone.ErrBarred)
		if a := c.of(two).Asked; a == nil || a.Barred != phone.Other || !a.NeedsColleague() {
			t.Errorf("%+v", a)
		}
		c.want("again", c.phones.Ask(t.Context(), c.Jeanne, one, number), nil)
		c.content()
	}
}

// A number in service is found by the organisation's own index of it, whatever name its citizen is found under.
func TestServingAnother_WhoeverTheyAreCalled(t *testing.T) {
	t.Parallel()
	c := open(t)
	one := c.shown(c.Jeanne, c.Paul, "", draft.Who{})
	c.verify(c.Jeanne, one, number, written)
	two := c.shown(c.Jeanne, c.Paul, "", draft.Who{Not: []uuid.UUID{one}})
	c.Behind(t, `update citizen set name_index = null where id = $1`, one)
	c.want("in service", c.phones.Ask(t.Context(), c.Jeanne, two, number), phone.ErrBarred)
}

// A later document tells more of the same person: their number stays theirs, and they are not barred by themselves.
func TestHold_OfWhomMoreIsTold(t *testing.T) {
	t.Parallel()
	c := open(t)
	amina := c.shown(c.Jeanne, c.Paul, "", draft.Who{})
	c.verify(c.Jeanne, amina, number, written)
	if again := c.shown(c.Jeanne, c.Paul, "HOMS", draft.Who{Same: amina}); again != amina {
		t.Fatal("became another citizen")
	}
	stop := errors.New("stop")
	_ = c.Journal.Record(t.Context(), journal.Program(), func(tx *journal.Tx) (journal.Event, error) {
		_, err := c.phones.Hold(t.Context(), tx, c.Here, c.of(amina).Verified.ID)
		c.want("hold", err, nil)
		return journal.Event{}, stop
	})
	c.want("ask again", c.phones.Ask(t.Context(), c.Jeanne, amina, number), nil)
	c.want("verify again", c.phones.Verify(t.Context(), c.Jeanne, amina, c.code(amina, written)), nil)
	c.content()
}
