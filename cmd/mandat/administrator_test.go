package main

import (
	"testing"

	"mandat/internal/fixture"
	"mandat/internal/invitation"
)

// The operator's commands for administrators: the first one once, another one's confirmation while there is only one.
func TestAdministrators_OfTheOperator(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	on := acting{URL: w.App}
	command := first{acting: on, Site: "http://localhost:8080/", Email: "ada@exemple.invalid", GivenName: "Ada", UsualName: "Fictif", Lang: "fr"}
	wrong := command
	wrong.Email = "ada"
	for i, step := range []struct {
		err    error
		failed bool
	}{{wrong.Run(t.Context()), true}, {command.Run(t.Context()), false}, {command.Run(t.Context()), true}, {confirm{on, "carla@exemple.invalid"}.Run(t.Context()), true}} {
		if (step.err != nil) != step.failed {
			t.Errorf("step %d: %v", i, step.err)
		}
	}
	ada := w.Administrator(t, "autre")
	carla := invitation.Invitee{Email: "carla@exemple.invalid", GivenName: "Carla", UsualName: "Fictif"}
	if _, err := w.Invitations.ProposeAdministrator(t.Context(), ada, carla); err != nil {
		t.Fatal(err)
	}
	if err := (confirm{on, "Carla@exemple.invalid"}).Run(t.Context()); err != nil {
		t.Error(err)
	}
	carla.Email = "bea@exemple.invalid"
	if _, err := w.Invitations.ProposeAdministrator(t.Context(), ada, carla); err != nil {
		t.Fatal(err)
	}
	if err := w.Directory.AskIdentity(t.Context(), fixture.Issuer, "another", w.Administrator(t, "bea-deja").Person); err != nil {
		t.Fatal(err)
	}
	name := confirm{on, "bea-deja@exemple.invalid"}
	if err := name.Run(t.Context()); err == nil {
		t.Error("the operator alone confirms a name")
	}
	asked, err := w.Directory.AskedIdentities(t.Context(), ada)
	if err != nil || len(asked) != 1 {
		t.Fatal(asked, err)
	}
	if _, err := w.Directory.ConfirmIdentity(t.Context(), ada, asked[0].Person, asked[0].Digest); err != nil {
		t.Fatal(err)
	}
	if err := name.Run(t.Context()); err != nil {
		t.Errorf("the operator as second: %v", err)
	}
	if err := (confirm{on, carla.Email}).Run(t.Context()); err == nil {
		t.Error("the operator confirms although there are two")
	}
	w.Content(t)
}

func TestPeople_OfTheOperator(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	on := acting{URL: w.App}
	person := addPerson{acting: on, Email: "lea@exemple.invalid", GivenName: "Léa", UsualName: "Fictif", Phone: "0692 12 34 56", Lang: "fr", Organisation: w.Here, Role: []string{"aidant"}}
	change := func(f func(*addPerson)) addPerson { p := person; f(&p); return p }
	house := addOrganisation{acting: on, SIRET: "21690123100011", Name: "CCAS", Address: "1 rue", Postcode: "69001", City: "Lyon", Phone: "1", Email: "ccas@exemple.invalid", Kind: "ccas", HabilitationNumber: "1"}
	other := house
	other.Kind = "café"
	for i, step := range []struct {
		err    error
		failed bool
	}{
		{person.Run(t.Context()), false}, {person.Run(t.Context()), true},
		{change(func(p *addPerson) { p.Email, p.Sub = "x@exemple.invalid", "x" }).Run(t.Context()), true},
		{change(func(p *addPerson) { p.Email = "x" }).Run(t.Context()), true},
		{change(func(p *addPerson) { p.Email, p.Phone = "x@exemple.invalid", "12" }).Run(t.Context()), true},
		{change(func(p *addPerson) { p.Email, p.Auditor = "x@exemple.invalid", true }).Run(t.Context()), true},
		{other.Run(t.Context()), true}, {house.Run(t.Context()), false}, {house.Run(t.Context()), true},
	} {
		if (step.err != nil) != step.failed {
			t.Errorf("step %d: %v", i, step.err)
		}
	}
	w.Content(t)
}
