package demo

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"mandat/internal/app"
	"mandat/internal/certification"
	"mandat/internal/charter"
	"mandat/internal/journal"
	"mandat/internal/org"
	"mandat/internal/twin"
)

// Professional is somebody who can sign in to the demonstration. All of them are invented.
type Professional struct {
	org.Person
	SIRET string // what ProConnect asserts
	ACR   []string
	Roles []string // in the organisation with this SIRET; none: auditor, administrator, recipient, or not ours
	Also  string   // SIRET of a second organisation, where they are aidant
	Known bool     // Mandat knows them

	// Certified by a test that they passed a month ago; who is not has to be trained.
	Certified bool
	Says      string // what signing in as them shows
}

var organisations = []org.Organisation{
	{SIRET: "21750001600019", Name: "Maison France Services des Tilleuls", Address: "12 rue des Tilleuls", Postcode: "75012", City: "Paris", INSEECode: "75112", Phone: "+33 1 99 00 12 34", Email: "accueil@tilleuls.exemple.invalid"},
	{SIRET: "21690123100011", Name: "CCAS de Villeneuve-la-Fictive", Address: "3 place de l’Hôtel-de-Ville", Postcode: "69001", City: "Lyon", INSEECode: "69123", Phone: "+33 4 99 00 56 78", Email: "ccas@villeneuve.exemple.invalid"},
}

// auditorSIRET is the body that auditors, administrators and recipients work for; Mandat gives it no mandates.
const auditorSIRET = "11004601800013"

// mfa are levels that ProConnect tells of a sign-in with a second factor.
var mfa = []string{"eidas1", "eidas1-mfa"}

// person is somebody of Les Tilleuls whom Mandat knows.
func person(sub, given, usual, role, says string) Professional {
	email := plain.Replace(strings.ToLower(given+"."+usual)) + "@tilleuls.exemple.invalid"
	return Professional{Person: org.Person{Sub: "demo-" + sub, GivenName: given, UsualName: usual, Email: email}, SIRET: organisations[0].SIRET, ACR: mfa, Roles: []string{role}, Known: true, Says: says}
}

var plain = strings.NewReplacer("é", "e", "è", "e", "ï", "i", " ", "-")

// certified is an aidant of Les Tilleuls.
func certified(sub, given, usual, says string) Professional {
	p := person(sub, given, usual, org.RoleAidant, says)
	p.Certified = true
	return p
}

// elsewhere moves somebody to another domain and establishment.
func (p Professional) elsewhere(siret, domain string) Professional {
	name, _, _ := strings.Cut(p.Email, "@")
	p.SIRET, p.Email = siret, name+"@"+domain
	return p
}

// officer is somebody of no organisation here.
func officer(sub, given, usual, says string) Professional {
	p := person(sub, given, usual, "", says).elsewhere(auditorSIRET, "audit.exemple.invalid")
	p.Roles = nil
	return p
}

// Professionals are the people of the demonstration.
func Professionals() []Professional {
	jeanne := certified("jeanne", "Jeanne", "Morel", "certified aidante")
	karim := certified("karim", "Karim", "Haddad", "certified aidant, her colleague")
	nadia := person("nadia", "Nadia", "Benali", org.RoleAidant, "aidante who has to be trained and certified, and to accept the charter")
	odile := person("odile", "Odile", "Rivière", org.RoleReferent, "référente of Les Tilleuls, no aidante: invites, suspends, limits")
	denise := certified("denise", "Denise", "Aubry", "certified aidante of both organisations: chooses in the header")
	denise.Also = organisations[1].SIRET
	paul := certified("paul", "Paul", "Vidal", "certified aidant of another organisation").elsewhere(organisations[1].SIRET, "villeneuve.exemple.invalid")
	claire := person("claire", "Claire", "Fontaine", org.RoleReferent, "référente of that one").elsewhere(organisations[1].SIRET, "villeneuve.exemple.invalid")
	adele, bruno := officer("adele", "Adèle", "Garnier", "administrator: organisations, results of tests, cards, jobs"), officer("bruno", "Bruno", "Keller", "administrator, the second person that some acts need")
	adele.Administrator, bruno.Administrator = true, true
	sofia := officer("sofia", "Sofia", "Lenoir", "auditor")
	alma := officer("alma", "Alma", "Colin", "auditor, the second person that some acts need")
	sofia.Auditor, alma.Auditor = true, true
	return slices.Concat([]Professional{jeanne, karim, nadia, odile, denise, paul, claire, adele, bruno, sofia, alma}, recipients(), refused(jeanne, karim))
}

// recipients are shown a part of what is done.
func recipients() []Professional {
	fraud := officer("salome", "Salomé", "Renard", "FranceConnect's fraud team: what became of logins").elsewhere(auditorSIRET, "fraude.exemple.invalid")
	fraud.Recipient = org.Fraud
	prefecture := officer("yves", "Yves", "Dumas", "the prefecture of Paris: the organisations of its department").elsewhere(auditorSIRET, "prefecture.exemple.invalid")
	prefecture.Recipient, prefecture.Department = org.Prefecture, "75"
	return []Professional{fraud, prefecture}
}

// refused are those who do not come in.
func refused(jeanne, karim Professional) []Professional {
	unknown := person("inconnue", "Alix", "Perrin", "", "not known here: refused")
	unknown.Known, unknown.Roles, unknown.Email = false, nil, "alix.perrin@ailleurs.exemple.invalid"
	double := jeanne
	double.Sub, double.Known, double.Says = "demo-jeanne-2", false, "Jeanne's e-mail from another provider: waits for Odile's confirmation"
	wrong := karim
	wrong.Sub, wrong.GivenName, wrong.UsualName, wrong.Email = "demo-lea", "Léa", "Simon", "lea.simon@tilleuls.exemple.invalid"
	wrong.Says = "signs in for an establishment that is not hers: refused"
	weak := certified("hugo", "Hugo", "Blanc", "has no second factor: refused")
	weak.ACR = []string{"eidas1"}
	return []Professional{unknown, double, wrong, weak}
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
	return "Administration de démonstration"
}

// seed adds organisations and people to an empty database, by the acts of the domain.
func seed(ctx context.Context, a *app.App, issuer string, now time.Time) error {
	ids := map[string]uuid.UUID{}
	for _, o := range organisations {
		id, err := a.Directory().CreateOrganisation(ctx, journal.Program(), o)
		if err != nil {
			return fmt.Errorf("seed: %w", err)
		}
		ids[o.SIRET] = id
	}
	if err := a.Charter().Publish(ctx); err != nil {
		return fmt.Errorf("seed: %w", err)
	}
	for _, p := range Professionals() {
		if p.Known {
			if err := p.add(ctx, a, issuer, ids, now); err != nil {
				return fmt.Errorf("seed %s: %w", p.Sub, err)
			}
		}
	}
	return nil
}

// add adds one person, with what they have done before the story begins: all but who has to be trained know the charter.
func (p Professional) add(ctx context.Context, a *app.App, issuer string, organisations map[string]uuid.UUID, now time.Time) error {
	p.Issuer = issuer
	place := organisations[p.SIRET]
	if len(p.Roles) == 0 {
		place = uuid.Nil
	}
	id, err := a.Directory().AddPerson(ctx, journal.Program(), p.Person, place, p.Roles...)
	if err == nil && p.Also != "" {
		err = a.Directory().Join(ctx, journal.Program(), id, organisations[p.Also], org.RoleAidant)
	}
	if err != nil || p.Auditor || p.Recipient != "" || !p.Certified && slices.Equal(p.Roles, []string{org.RoleAidant}) {
		return err
	}
	if err := a.Charter().Accept(ctx, p.actor(id, place), charter.Version, charter.Sum()); err != nil || !p.Certified {
		return err
	}
	tested := now.UTC().AddDate(0, -1, 0).Truncate(24 * time.Hour)
	return a.Certifications().Grant(ctx, journal.Program(), id, certification.Course{On: tested.AddDate(0, 0, -1), Organiser: "Organisme de démonstration", Kind: certification.Classic},
		certification.Test{On: tested, Score: 900})
}

func (p Professional) actor(id, place uuid.UUID) journal.Actor {
	kind := journal.Aidant
	switch {
	case p.Administrator:
		kind = journal.Administrator
	case slices.Contains(p.Roles, org.RoleReferent):
		kind = journal.Referent
	}
	return journal.Actor{Kind: kind, Person: id, Organisation: place}
}
