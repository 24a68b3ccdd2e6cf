package main

import (
	"testing"

	"mandat/internal/credential"
	"mandat/internal/fixture"
	"mandat/internal/invitation"
	"mandat/internal/journal"
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

// The operator is the second for a reset that nobody else may approve, and lets the only administrator begin anew.
func TestReset_OfTheOperator(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	on := acting{URL: w.App}
	ada, bea := w.Administrator(t, "ada"), w.Administrator(t, "bea")
	factors, err := credential.New(w.DB, w.Journal, w.Keys, w.Clock, credential.Config{RPID: "localhost", Origins: []string{"http://localhost"}, Name: "Mandat"}, credential.Hooks{})
	if err != nil {
		t.Fatal(err)
	}
	fixture.Equip(t, factors, w.Clock, ada, bea)
	for _, who := range []string{"ada@exemple.invalid", "jeanne@exemple.invalid", "personne@exemple.invalid"} {
		if err := (confirm{on, who}).Run(t.Context()); err == nil {
			t.Errorf("of %s, whom others may help or who has lost nothing", who)
		}
	}
	id, err := factors.AskReset(t.Context(), ada, bea.Person)
	if err != nil {
		t.Fatal(err)
	}
	carla := w.Administrator(t, "carla")
	if err := (confirm{on, "bea@exemple.invalid"}).Run(t.Context()); err == nil {
		t.Error("while a third one may approve")
	}
	if err := w.Directory.Suspend(t.Context(), journal.Program(), carla.Person); err != nil {
		t.Fatal(err)
	}
	if err := (confirm{on, "bea@exemple.invalid"}).Run(t.Context()); err != nil {
		t.Error(err)
	}
	if waiting, err := factors.ResetOf(t.Context(), bea.Person); err != nil || waiting.ID != id || waiting.State != "approved" {
		t.Errorf("%+v, %v", waiting, err)
	}
	if err := w.Directory.Suspend(t.Context(), journal.Program(), bea.Person); err != nil {
		t.Fatal(err)
	}
	if err := (confirm{on, "ada@exemple.invalid"}).Run(t.Context()); err != nil {
		t.Error(err)
	}
	if waiting, err := factors.ResetOf(t.Context(), ada.Person); err != nil || waiting.State != "approved" {
		t.Errorf("the only one: %+v, %v", waiting, err)
	}
	w.Content(t)
}

func TestPeople_OfTheOperator(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	on := acting{URL: w.App}
	person := addPerson{acting: on, Email: "lea@exemple.invalid", GivenName: "Léa", UsualName: "Fictif", Phone: "0692 12 34 56", Lang: "fr", Organisation: w.Here, Role: []string{"aidant"}}
	change := func(f func(*addPerson)) addPerson { p := person; f(&p); return p }
	recipient := func(email, of, department string) addPerson {
		return addPerson{acting: on, Email: email, GivenName: "Une", UsualName: "Fictif", Lang: "fr", Recipient: of, Department: department}
	}
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
		{change(func(p *addPerson) { p.Email, p.Recipient = "x@exemple.invalid", "fraud" }).Run(t.Context()), true},
		{recipient("felix@exemple.invalid", "fraud", "75").Run(t.Context()), true}, {recipient("prune@exemple.invalid", "prefecture", "").Run(t.Context()), true},
		{recipient("prune@exemple.invalid", "prefecture", "2C").Run(t.Context()), true}, {recipient("prune@exemple.invalid", "prefecture", "2A").Run(t.Context()), false},
		{recipient("felix@exemple.invalid", "fraud", "").Run(t.Context()), false}, {recipients{on}.Run(t.Context()), false},
		{endReceiving{on, "felix@exemple.invalid"}.Run(t.Context()), false}, {endReceiving{on, "felix@exemple.invalid"}.Run(t.Context()), true}, {endReceiving{on, "lea@exemple.invalid"}.Run(t.Context()), true},
		{other.Run(t.Context()), true}, {house.Run(t.Context()), false}, {house.Run(t.Context()), true},
	} {
		if (step.err != nil) != step.failed {
			t.Errorf("step %d: %v", i, step.err)
		}
	}
	w.Content(t)
}
