package demo

import (
	"fmt"

	"mandat/internal/client"
	"mandat/internal/oidc"
	"mandat/internal/twin"
)

// The services of the demonstration: one that FranceConnect limits to a perimeter, one that it does not, and one that talks to
// Mandat directly.
const (
	TaxService       = "impots"
	AllowanceService = "allocations"
	DirectService    = "aides"
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
		Direct: twin.DirectConfig{Port: p.Direct, Services: []twin.DirectService{{ID: DirectService, Name: "Aides au logement de démonstration", Issuer: site + "/idp", ClientID: DirectService,
			Auth: client.PrivateKeyJWT, AuthAlg: "ES256", Pushed: true, DPoP: true, UserinfoAlg: "ES256", UserinfoKeyAlg: "ECDH-ES"}}},
	}
	for _, professional := range Professionals() {
		c.ProConnect.Professionals = append(c.ProConnect.Professionals, professional.twin())
	}
	return c
}

// directClient is the registration of the service that talks to Mandat directly.
func directClient(t *twin.Twin) map[string]any {
	return map[string]any{"client_id": DirectService, "client_name": "Aides au logement de démonstration", "kind": client.Service, "token_endpoint_auth_method": client.PrivateKeyJWT,
		"token_endpoint_auth_signing_alg": "ES256", "jwks_uri": t.Keys(DirectService), "redirect_uris": []string{t.Callback(DirectService)},
		"post_logout_redirect_uris": []string{t.Home(DirectService)}, "backchannel_logout_uri": t.Backchannel(DirectService), "backchannel_logout_session_required": true,
		"require_pushed_authorization_requests": true, "dpop_bound_access_tokens": true, "userinfo_signed_response_alg": "ES256", "userinfo_encrypted_response_alg": "ECDH-ES",
		"userinfo_encrypted_response_enc": "A256GCM", "procedures": []string{housing}, "scope": client.Scopes(oidc.Scopes())}
}
