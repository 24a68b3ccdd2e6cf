package apptest

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"testing"

	"mandat/internal/client"
	"mandat/internal/clock"
	"mandat/internal/dbtest"
	"mandat/internal/fixture"
	"mandat/internal/mailbox"
	"mandat/internal/procedure"
)

// open puts the registers on a database.
func (s *Site) open(t testing.TB, d *dbtest.Database) {
	t.Helper()
	catalogue, err := procedure.Load()
	if err != nil {
		t.Fatal(err)
	}
	s.World = &fixture.World{Database: d, Clock: &clock.Clock{}, Keys: s.keys(t).Envelope, Catalogue: catalogue}
	s.Open(d.DB)
	s.client, s.t, s.Source = newClient(), t, fixture.Source()
}

// ports are where the site listens: browsers come to front, which is the site itself unless the wire is recorded.
type ports struct{ front, site, metrics int }

func (s *Site) ports(t testing.TB) ports {
	t.Helper()
	p := ports{site: freePort(t), metrics: freePort(t)}
	p.front = p.site
	if s.options.Record {
		p.front = freePort(t)
		s.Wire = record(t, p.front, p.site)
	}
	var err error
	if s.Mailbox, err = mailbox.Start(t.Context(), mailbox.Options{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Mailbox.Close() })
	s.URL, s.Metrics = fmt.Sprintf("http://localhost:%d", p.front), fmt.Sprintf("http://127.0.0.1:%d", p.metrics)
	s.Mailbox.Site = s.URL
	return p
}

// freePort returns a port for a listener on 127.0.0.1. It is below those that the system gives to outgoing connections,
// and as long as the test runs the same port of another loopback address is taken: no other test chooses it meanwhile, in
// whatever process.
func freePort(t testing.TB) int {
	t.Helper()
	for range 200 {
		port := 10000 + rand.IntN(22000)
		var c net.ListenConfig
		mark, err := c.Listen(t.Context(), "tcp", fmt.Sprintf("127.0.0.77:%d", port))
		if err != nil {
			continue
		}
		if l, err := c.Listen(t.Context(), "tcp", fmt.Sprintf("127.0.0.1:%d", port)); err == nil {
			_ = l.Close()
			t.Cleanup(func() { _ = mark.Close() })
			return port
		}
		_ = mark.Close()
	}
	t.Fatal("no free port")
	return 0
}

// upstreams are the issuers that the site believes.
type upstreams struct{ proconnect, franceconnect string }

// nowhere is where nobody listens.
var nowhere = upstreams{"http://127.0.0.3:9", "http://127.0.0.2:9"}

// Secrets between the site and those around it. They look like nothing else, so that a test can search for them.
const (
	proconnectSecret    = "proconnect-secret-5f1c0d9e7b3a48d6a2c4"
	franceconnectSecret = "franceconnect-secret-1b7e9a6c3d5f40828e0a"
	idpSecret           = "idp-secret-9d2f4b6a8c0e1357bdf08642acef"
)

// environment is what the settings of this site would be outside a test.
func (s *Site) environment(t testing.TB, p ports, up upstreams) []string {
	t.Helper()
	clients, err := json.Marshal(append([]map[string]any{
		{"client_id": "franceconnect", "client_name": "FranceConnect", "kind": client.FranceConnect, "client_secret": idpSecret, "token_endpoint_auth_method": client.SecretPost, "userinfo_signed_response_alg": "ES256",
			"redirect_uris": []string{up.franceconnect + "/oidc-callback"}, "post_logout_redirect_uris": []string{up.franceconnect + "/client/logout-callback"}},
		{"client_id": ClientID, "client_name": "Relais", "kind": client.FranceConnect, "client_secret": ClientSecret, "token_endpoint_auth_method": client.SecretPost,
			"redirect_uris": []string{ClientCallback, ClientCallback + "-2"}},
		{"client_id": OtherClient, "client_name": "Autre relais", "kind": client.FranceConnect, "client_secret": ClientSecret, "token_endpoint_auth_method": client.SecretPost, "userinfo_signed_response_alg": "ES256",
			"redirect_uris": []string{ClientCallback}},
	}, s.options.Clients...))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(s.path("clients.json"), clients, 0o600); err != nil {
		t.Fatal(err)
	}
	settings := append(s.authentication(), s.options.Settings...)
	if s.options.Proxied {
		settings = append(settings, "TRUSTED_PROXIES=127.0.0.0/8")
	}
	return append(settings, []string{
		"BASE_URL=" + s.URL, fmt.Sprintf("LISTEN=127.0.0.1:%d", p.site), fmt.Sprintf("METRICS_LISTEN=127.0.0.1:%d", p.metrics),
		"DATABASE_URL=" + s.World.App, "DATABASE_URL_AUDITOR=" + s.Auditor, "DATABASE_CONNECTIONS=8",
		"KEYS_DIR=" + s.path("keys"), "KEY_ENCRYPTION_KEY_FILE=" + s.path("kek"), "STATE_DIR=" + s.path("state"), "JOURNAL_ORIGIN=" + origin, "IDP_CLIENTS_FILE=" + s.path("clients.json"),
		"PROCONNECT_ISSUER=" + up.proconnect, "PROCONNECT_CLIENT_ID=" + s.ClientID,
		"FRANCECONNECT_ISSUER=" + up.franceconnect, "FRANCECONNECT_CLIENT_ID=" + s.ClientID,
		"CONTACT_PHONE=+33 1 99 00 00 00", "CONTACT_EMAIL=mandats@exemple.invalid", "CONTACT_ADDRESS=Service des mandats, 1 rue de l’Exemple, 75000 Paris",
		"SMTP_URL=" + s.Mailbox.SMTP(), "MAIL_FROM=Mandat <mandats@exemple.invalid>", "SMS_URL=" + s.Mailbox.SMS(), "SMS_TOKEN=" + s.Mailbox.Token, "SMS_CALLBACK_KEY=" + s.Mailbox.Secret,
		"STOP_TIMEOUT=30s",
	}...)
}

// authentication is how the site says at the two providers who it is.
func (s *Site) authentication() []string {
	if s.options.Keyed {
		return []string{"PROCONNECT_AUTH=private_key_jwt", "FRANCECONNECT_AUTH=private_key_jwt"}
	}
	return []string{"PROCONNECT_CLIENT_SECRET=" + proconnectSecret, "FRANCECONNECT_CLIENT_SECRET=" + franceconnectSecret}
}

// Secrets are the client secrets of this site and its clients, by what they are.
func Secrets() map[string]string {
	return map[string]string{"secret at ProConnect": proconnectSecret, "secret at FranceConnect": franceconnectSecret, "secret of FranceConnect": idpSecret, "secret of a client": ClientSecret}
}
