package apptest

import (
	"slices"
	"testing"

	"github.com/google/uuid"

	"mandat/internal/fixture"
	"mandat/internal/journal"
	"mandat/internal/org"
	"mandat/internal/token"
	"mandat/internal/twin"
	"mandat/internal/twin/twintest"
)

// The establishments for which ProConnect vouches.
const (
	hereSIRET      = "21750001600019"
	elsewhereSIRET = "21690123100011"
	auditSIRET     = "11004601800013"
)

// register makes the site known at the stand-ins and returns their addresses.
func (s *Site) register(t testing.TB) upstreams {
	t.Helper()
	s.Twin = twintest.Shared(t)
	s.ClientID, s.Provider = twintest.Name("mandat"), twintest.Name("aidants")
	s.Tax, s.Allowance = twintest.Name("impots"), twintest.Name("allocations")
	ctx, secret, other, keys := t.Context(), proconnectSecret, franceconnectSecret, ""
	if s.options.Keyed {
		secret, other, keys = "", "", s.URL+"/connexion/jwks"
	}
	for _, err := range []error{
		s.Twin.PutClient(ctx, twin.ProConnect, twin.Client{ID: s.ClientID, Secret: secret, JWKSURI: keys, Name: "Mandat", RedirectURIs: []string{s.URL + "/connexion/proconnect/retour"}, PostLogoutRedirectURIs: []string{s.URL + "/"}}),
		s.Twin.PutClient(ctx, twin.FranceConnect, twin.Client{ID: s.ClientID, Secret: other, JWKSURI: keys, Name: "Mandat", RedirectURIs: []string{s.URL + "/connexion/franceconnect/retour"},
			PostLogoutRedirectURIs: []string{s.URL + "/connexion/franceconnect/fin"}, Providers: []string{}}),
		s.Twin.PutProvider(ctx, twin.Provider{UID: s.Provider, Title: "Mandat", Issuer: s.URL + "/idp", ClientID: "franceconnect", Secret: idpSecret,
			IDTokenAlg: "ES256", UserinfoAlg: "ES256", AMR: []string{"fc", "pwd", "mfa"}, AidantsConnect: true}),
		s.Twin.PutService(ctx, twin.Service{ID: s.Tax, Name: "Impôts", Perimeters: []string{"Argent-Impots-Consommation"}, Providers: []string{s.Provider}, Hidden: true}),
		s.Twin.PutService(ctx, twin.Service{ID: s.Allowance, Name: "Allocations", Providers: []string{s.Provider}, Hidden: true}),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	return upstreams{s.Twin.ProConnect, s.Twin.FranceConnect}
}

// people adds the organisations and those who work there.
func (s *Site) people(t testing.TB, issuer string) {
	t.Helper()
	s.logins = map[uuid.UUID]string{}
	s.Here = s.organisation(t, hereSIRET, "Maison France Services des Tilleuls")
	s.Elsewhere = s.organisation(t, elsewhereSIRET, "CCAS de Villeneuve-la-Fictive")
	s.Jeanne = s.person(t, issuer, "jeanne", s.Here, hereSIRET, org.RoleAidant)
	s.Paul = s.person(t, issuer, "paul", s.Here, hereSIRET, org.RoleAidant)
	s.Ines = s.person(t, issuer, "ines", s.Elsewhere, elsewhereSIRET, org.RoleAidant)
	s.Odile = s.person(t, issuer, "odile", s.Here, hereSIRET, org.RoleReferent)
	s.Nora = s.person(t, issuer, "nora", s.Here, hereSIRET, org.RoleAidant)
	s.Samir = s.person(t, issuer, "samir", s.Here, hereSIRET, org.RoleAidant)
	s.Denis = s.person(t, issuer, "denis", s.Here, hereSIRET, org.RoleAidant)
	if err := s.Directory.Join(t.Context(), journal.Program(), s.Denis.Person, s.Elsewhere, org.RoleAidant); err != nil {
		t.Fatal(err)
	}
	s.Sofia = s.person(t, issuer, "sofia", uuid.Nil, auditSIRET)
	s.Adele = s.person(t, issuer, "adele", uuid.Nil, auditSIRET)
	for _, who := range []journal.Actor{s.Jeanne, s.Paul, s.Ines, s.Samir, s.Denis} {
		fixture.Certify(t, s.Database, s.Clock.Now(), who.Person)
	}
}

// Suspend suspends somebody everywhere, as an administrator does.
func (s *Site) Suspend(t testing.TB, who journal.Actor) {
	t.Helper()
	if err := s.Directory.Suspend(t.Context(), journal.Program(), who.Person); err != nil {
		t.Fatal(err)
	}
}

func (s *Site) organisation(t testing.TB, siret, name string) uuid.UUID {
	t.Helper()
	id, err := s.Directory.CreateOrganisation(t.Context(), journal.Program(), org.Organisation{SIRET: siret, Name: name, Address: "12 rue des Tilleuls",
		Postcode: "75012", City: "Paris", Phone: "+33 1 99 00 12 34", Email: "accueil@exemple.invalid"})
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// person adds somebody to the directory and to ProConnect, and returns them as an actor with a fresh second factor.
func (s *Site) person(t testing.TB, issuer, name string, organisation uuid.UUID, siret string, roles ...string) journal.Actor {
	t.Helper()
	kind := journal.Aidant
	switch {
	case name == "adele":
		kind = journal.Administrator
	case organisation == uuid.Nil:
		kind = journal.Auditor
	case !slices.Contains(roles, org.RoleAidant):
		kind = journal.Referent
	}
	login := twintest.Name(name)
	email := name + "@exemple.invalid"
	id, err := s.Directory.AddPerson(t.Context(), journal.Program(), org.Person{Issuer: issuer, Sub: login, Email: email, GivenName: name, UsualName: "Fictif",
		Auditor: kind == journal.Auditor, Administrator: kind == journal.Administrator}, organisation, roles...)
	if err != nil {
		t.Fatal(err)
	}
	fixture.Agree(t, s.Database, s.Clock.Now(), id)
	s.logins[id] = login
	if s.Twin != nil {
		err := s.Twin.PutProfessional(t.Context(), twin.Professional{ID: login, Sub: login, UID: login, GivenName: name, UsualName: "Fictif", Email: email, SIRET: siret, IDPID: "tests",
			ACR: []string{"eidas1", "eidas1-mfa"}, Clients: []string{s.ClientID}})
		if err != nil {
			t.Fatal(err)
		}
	}
	session := token.ID()
	return journal.Actor{Kind: kind, Person: id, Organisation: organisation, Session: session[:], FactorAt: s.Clock.Now()}
}
