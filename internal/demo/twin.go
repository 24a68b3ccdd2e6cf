package demo

import (
	"fmt"

	"mandat/internal/twin"
)

// The two services of the demonstration: one that FranceConnect limits to a perimeter, one that it does not.
const (
	TaxService       = "impots"
	AllowanceService = "allocations"
)

func twinConfig(p ports, s secrets) twin.Config {
	site := fmt.Sprintf("http://localhost:%d", p.Site)
	c := twin.Config{
		FranceConnect: twin.FranceConnectConfig{Port: p.FranceConnect,
			Clients: []twin.Client{{ID: "mandat", Secret: s.franceconnect, Name: "Mandat", RedirectURIs: []string{site + "/connexion/franceconnect/retour"},
				PostLogoutRedirectURIs: []string{site + "/connexion/franceconnect/fin"}, Providers: []string{}}},
			Providers: []twin.Provider{{UID: "mandat", Title: "Mandat (un aidant agit pour moi)", Issuer: site + "/idp", ClientID: "franceconnect", Secret: s.idp,
				IDTokenAlg: "ES256", UserinfoAlg: "ES256", AMR: []string{"fc", "pwd", "mfa"}, AidantsConnect: true}}},
		ProConnect: twin.ProConnectConfig{Port: p.ProConnect,
			Clients: []twin.Client{{ID: "mandat", Secret: s.proconnect, Name: "Mandat", RedirectURIs: []string{site + "/connexion/proconnect/retour"}, PostLogoutRedirectURIs: []string{site + "/"}}}},
		Service: twin.ServiceConfig{Port: p.Service, Services: []twin.Service{
			{ID: TaxService, Name: "Impôts de démonstration", Perimeters: []string{"Argent-Impots-Consommation"}},
			{ID: AllowanceService, Name: "Allocations de démonstration"},
		}},
	}
	for _, professional := range Professionals() {
		c.ProConnect.Professionals = append(c.ProConnect.Professionals, professional.twin())
	}
	return c
}
