package demo

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"mandat/internal/journal"
	"mandat/internal/org"
	"mandat/internal/twin"
)

// Professional is somebody who can sign in to the demonstration. All of them are invented.
type Professional struct {
	org.Person
	SIRET string // what ProConnect asserts
	ACR   []string
	Roles []string // in the organisation with this SIRET; none: auditor, or not ours
	Known bool     // Mandat knows them
	Says  string   // what signing in as them shows
}

var organisations = []org.Organisation{
	{SIRET: "21750001600019", Name: "Maison France Services des Tilleuls", Address: "12 rue des Tilleuls", Postcode: "75012", City: "Paris", Phone: "+33 1 99 00 12 34", Email: "accueil@tilleuls.exemple.invalid"},
	{SIRET: "21690123100011", Name: "CCAS de Villeneuve-la-Fictive", Address: "3 place de l’Hôtel-de-Ville", Postcode: "69001", City: "Lyon", Phone: "+33 4 99 00 56 78", Email: "ccas@villeneuve.exemple.invalid"},
}

// auditorSIRET is the body the auditor works for; Mandat gives it no mandates.
const auditorSIRET = "11004601800013"

// Professionals are the people of the demonstration.
func Professionals() []Professional {
	mfa := []string{"eidas1", "eidas1-mfa"}
	aidant := func(sub, given, usual, email, siret, says string) Professional {
		return Professional{Person: org.Person{Sub: sub, GivenName: given, UsualName: usual, Email: email}, SIRET: siret, ACR: mfa, Roles: []string{org.RoleAidant}, Known: true, Says: says}
	}
	jeanne := aidant("demo-jeanne", "Jeanne", "Morel", "jeanne.morel@tilleuls.exemple.invalid", organisations[0].SIRET, "aidante")
	karim := aidant("demo-karim", "Karim", "Haddad", "karim.haddad@tilleuls.exemple.invalid", organisations[0].SIRET, "aidant, her colleague")
	paul := aidant("demo-paul", "Paul", "Vidal", "paul.vidal@villeneuve.exemple.invalid", organisations[1].SIRET, "aidant of another organisation")
	sofia := Professional{Person: org.Person{Sub: "demo-sofia", GivenName: "Sofia", UsualName: "Lenoir", Email: "sofia.lenoir@audit.exemple.invalid", Auditor: true}, SIRET: auditorSIRET, ACR: mfa, Known: true, Says: "auditor"}
	unknown := Professional{Person: org.Person{Sub: "demo-inconnue", GivenName: "Alix", UsualName: "Perrin", Email: "alix.perrin@ailleurs.exemple.invalid"}, SIRET: organisations[0].SIRET, ACR: mfa, Says: "not known here: refused"}
	double := jeanne
	double.Sub, double.Known, double.Says = "demo-jeanne-2", false, "Jeanne's e-mail from another provider: refused"
	wrong := karim
	wrong.Sub, wrong.GivenName, wrong.UsualName, wrong.Email = "demo-lea", "Léa", "Simon", "lea.simon@tilleuls.exemple.invalid"
	wrong.Says = "signs in for an establishment that is not hers: refused"
	weak := aidant("demo-hugo", "Hugo", "Blanc", "hugo.blanc@tilleuls.exemple.invalid", organisations[0].SIRET, "has no second factor: refused")
	weak.ACR = []string{"eidas1"}
	return []Professional{jeanne, karim, paul, sofia, unknown, double, wrong, weak}
}

// asserted is the SIRET ProConnect tells, which for one of them is not where they work.
func (p Professional) asserted() string {
	if p.Sub == "demo-lea" {
		return organisations[1].SIRET
	}
	return p.SIRET
}

func (p Professional) twin() twin.Professional {
	return twin.Professional{ID: p.Sub, Sub: p.Sub, GivenName: p.GivenName, UsualName: p.UsualName, Email: p.Email, UID: p.Sub, SIRET: p.asserted(), IDPID: "demonstration", ACR: p.ACR, OrganizationLabel: label(p.SIRET)}
}

func label(siret string) string {
	for _, o := range organisations {
		if o.SIRET == siret {
			return o.Name
		}
	}
	return "Corps d’audit de démonstration"
}

// seed adds organisations and people to an empty database, by the acts of the domain.
func seed(ctx context.Context, d *org.Directory, issuer string) error {
	ids := map[string]uuid.UUID{}
	for _, o := range organisations {
		id, err := d.CreateOrganisation(ctx, journal.Program(), o)
		if err != nil {
			return fmt.Errorf("seed: %w", err)
		}
		ids[o.SIRET] = id
	}
	for _, p := range Professionals() {
		if !p.Known {
			continue
		}
		p.Issuer = issuer
		if _, err := d.AddPerson(ctx, journal.Program(), p.Person, ids[p.SIRET], p.Roles...); err != nil {
			return fmt.Errorf("seed: %w", err)
		}
	}
	return nil
}
