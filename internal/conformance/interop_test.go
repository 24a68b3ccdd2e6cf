package conformance

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"mandat/internal/apptest"
	"mandat/internal/fixture"
	"mandat/internal/twin"
	"mandat/internal/twin/twintest"
	"mandat/internal/walk"
)

// form is how FranceConnect registers an identity provider: the algorithms of the ID token, of the userinfo, and of the key to
// which that is encrypted.
type form struct{ idToken, userinfo, key string }

// TestInterop_FranceConnect uses a mandate through FranceConnect, on the library that it pins, in each form that it can
// register.
func TestInterop_FranceConnect(t *testing.T) {
	t.Parallel()
	tw := twintest.Shared(t)
	const secret = "interop-secret-0a1b2c3d4e5f60718293a4b5"
	forms := []form{{"ES256", "ES256", ""}, {"ES256", "", ""}, {"RS256", "RS256", ""}, {"HS256", "HS256", ""}, {"HS256", "", ""}, {"ES256", "ES256", "ECDH-ES"}, {"RS256", "RS256", "RSA-OAEP-256"},
		{"ES256", "RS256", "ECDH-ES"}}
	var clients []map[string]any
	for n, f := range forms {
		c := map[string]any{"client_id": fmt.Sprintf("fc-%d", n), "client_name": "FranceConnect", "kind": "franceconnect", "client_secret": secret, "token_endpoint_auth_method": "client_secret_post",
			"redirect_uris": []string{tw.FranceConnect + "/oidc-callback"}, "post_logout_redirect_uris": []string{tw.FranceConnect + "/client/logout-callback"},
			"id_token_signed_response_alg": f.idToken, "userinfo_signed_response_alg": f.userinfo}
		if f.key != "" {
			c["userinfo_encrypted_response_alg"], c["userinfo_encrypted_response_enc"], c["jwks_uri"] = f.key, "A256GCM", tw.EncryptionKeys()
		}
		clients = append(clients, c)
	}
	site := apptest.Start(t, func(o *apptest.Options) { o.Clients = clients })
	site.Sign(t, site.Jeanne, fixture.Angela(), fixture.Tax)
	for n, f := range forms {
		t.Run(f.idToken+" "+f.userinfo+" "+f.key, func(t *testing.T) {
			uid, service := twintest.Name("mandat"), twintest.Name("impots")
			p := twin.Provider{UID: uid, Title: "Mandat", Issuer: site.URL + "/idp", ClientID: fmt.Sprintf("fc-%d", n), Secret: secret, IDTokenAlg: f.idToken, UserinfoAlg: f.userinfo,
				UserinfoKeyAlg: f.key, AMR: []string{"fc", "pwd", "mfa"}, AidantsConnect: true}
			if n%2 == 1 { // registered without discovery
				issuer := p.Issuer
				p.Issuer, p.Endpoints = "", &twin.Endpoints{Issuer: issuer, Authorization: issuer + "/authorize", Token: issuer + "/token", Userinfo: issuer + "/userinfo", JWKS: issuer + "/jwks",
					EndSession: issuer + "/end_session"}
			}
			if err := tw.PutProvider(t.Context(), p); err != nil {
				t.Fatal(err)
			}
			if err := tw.PutService(t.Context(), twin.Service{ID: service, Name: "Impôts", Perimeters: []string{"Argent-Impots-Consommation"}, Providers: []string{uid}, Hidden: true}); err != nil {
				t.Fatal(err)
			}
			w := site.Walker(t, site.Jeanne)
			w.Provider = uid
			if err := w.Use(service, "Dubois", fixture.Tax); err != nil {
				t.Fatal(err, tellEvents(t, tw, "service-"+service))
			}
			if said := w.TextByID("greeting"); said != "Bonjour Angela Claire Louise DUBOIS" {
				t.Errorf("%q", said)
			}
			if err := w.LeaveService(service); err != nil || !strings.HasPrefix(w.URL().String(), tw.Service) {
				t.Errorf("left for %s: %v", w.URL(), err)
			}
		})
	}
}

func tellEvents(t *testing.T, tw *twin.Twin, client string) string {
	t.Helper()
	events, err := tw.Events(t.Context(), client, 0)
	return fmt.Sprintf("%+v %v", events, err)
}

// neighbour is a service of the stand-in that is registered with the site under test.
type neighbour struct {
	twin.DirectService
	client map[string]any
}

func newNeighbour(tw *twin.Twin, s twin.DirectService) neighbour {
	id := twintest.Name("service")
	s.ID, s.Name, s.ClientID = id, "Service relié", id
	c := map[string]any{"client_id": id, "client_name": s.Name, "kind": "service", "token_endpoint_auth_method": s.Auth, "redirect_uris": []string{tw.Callback(id)},
		"post_logout_redirect_uris": []string{tw.Home(id)}, "procedures": []string{fixture.Tax}, "scope": allScopes, "backchannel_logout_uri": tw.Backchannel(id), "backchannel_logout_session_required": true,
		"require_pushed_authorization_requests": s.Pushed, "dpop_bound_access_tokens": s.DPoP}
	for name, value := range map[string]string{"id_token_signed_response_alg": s.IDTokenAlg, "userinfo_signed_response_alg": s.UserinfoAlg, "userinfo_encrypted_response_alg": s.UserinfoKeyAlg} {
		if value != "" {
			c[name] = value
		}
	}
	if s.UserinfoKeyAlg != "" {
		c["userinfo_encrypted_response_enc"] = "A256GCM"
	}
	if s.Auth == "private_key_jwt" {
		c["token_endpoint_auth_signing_alg"] = s.AuthAlg
	} else {
		s.Secret = "interop-secret-" + id
		c["client_secret"] = s.Secret
	}
	if s.Auth == "private_key_jwt" || s.UserinfoKeyAlg != "" {
		c["jwks_uri"] = tw.Keys(id)
	}
	return neighbour{s, c}
}

// TestInterop_DirectService lets a service on openid-client 5.7.0 be told of a citizen and of who acts for them, in each way
// that it can register, ask again, and be told of the end.
func TestInterop_DirectService(t *testing.T) {
	t.Parallel()
	tw := twintest.Shared(t)
	kinds := map[string]neighbour{
		"basic, JSON": newNeighbour(tw, twin.DirectService{Auth: "client_secret_basic"}),
		"post, RS256": newNeighbour(tw, twin.DirectService{Auth: "client_secret_post", IDTokenAlg: "RS256", UserinfoAlg: "RS256", Pushed: true}),
		"key ES256, PAR, DPoP, encrypted ECDH-ES": newNeighbour(tw, twin.DirectService{Auth: "private_key_jwt", AuthAlg: "ES256", Pushed: true, DPoP: true, UserinfoAlg: "ES256", UserinfoKeyAlg: "ECDH-ES"}),
		"key RS256, PAR, encrypted RSA-OAEP-256":  newNeighbour(tw, twin.DirectService{Auth: "private_key_jwt", AuthAlg: "RS256", Pushed: true, UserinfoAlg: "RS256", UserinfoKeyAlg: "RSA-OAEP-256"}),
		"key ES256, DPoP, without PAR, signed":    newNeighbour(tw, twin.DirectService{Auth: "private_key_jwt", AuthAlg: "ES256", DPoP: true, UserinfoAlg: "ES256"}),
	}
	site := apptest.Start(t, func(o *apptest.Options) {
		for _, n := range kinds {
			o.Clients = append(o.Clients, n.client)
		}
	})
	for name, n := range kinds {
		t.Run(name, func(t *testing.T) {
			n.Issuer = site.URL + "/idp"
			n.AuthorizationDetails = []map[string]any{{"type": n.Issuer + "/types/mandate", "actions": []string{fixture.Tax}}}
			if err := tw.PutDirect(t.Context(), n.DirectService); err != nil {
				t.Fatal(err)
			}
			m := site.Sign(t, site.Jeanne, fixture.Angela(), fixture.Tax)
			w := site.Walker(t, site.Jeanne)
			enter(t, tw, w, n.ID)
			for _, step := range []string{"introspect", "userinfo"} {
				if err := w.Press(step+"="+n.ID, nil); err != nil {
					t.Fatal(err)
				}
			}
			told := n.told(t, tw)
			n.expect(t, told, site)
			if err := w.End(m.ID, "mistake"); err != nil {
				t.Fatal(err)
			}
			n.endTold(t, tw, told.Logins[0])
			n.dead(t, tw, w)
		})
	}
}

// enter goes from a service's page to the service's page, with somebody's mandate.
func enter(t *testing.T, tw *twin.Twin, w *walk.Walker, id string) {
	t.Helper()
	if err := w.Get(tw.Home(id)); err != nil {
		t.Fatal(err)
	}
	if err := w.Press("#login-"+id, nil); err != nil {
		t.Fatal(err)
	}
	if err := w.Choose("Dubois"); err != nil {
		t.Fatal(err)
	}
	button := slices.IndexFunc(w.Buttons(), func(s string) bool { return strings.HasPrefix(s, "Continuer vers") })
	if button < 0 {
		t.Fatalf("at %s: %s", w.URL(), w.Text())
	}
	if err := w.Press(w.Buttons()[button], url.Values{"demarche": {fixture.Tax}}); err != nil {
		t.Fatal(err)
	}
	if said := w.TextByID("greeting"); said != "Dossier de Angela Claire Louise DUBOIS" {
		t.Fatalf("at %s: %s", w.URL(), w.Text())
	}
}

func (n neighbour) told(t *testing.T, tw *twin.Twin) twin.Told {
	t.Helper()
	told, err := tw.Told(t.Context(), n.ID)
	if err != nil || len(told.Logins) != 1 || told.Error != "" {
		t.Fatalf("%+v %v", told, err)
	}
	return told
}

// expect looks at what the service was told: who acts, for whom, for what, until when.
func (n neighbour) expect(t *testing.T, told twin.Told, site *apptest.Site) {
	t.Helper()
	login := told.Logins[0]
	act, _ := login.IDToken["act"].(map[string]any)
	org, _ := act["organisation"].(map[string]any)
	if act["sub"] == nil || act["sub"] == login.IDToken["sub"] || org["siret"] != "21750001600019" || strings.Contains(fmt.Sprint(act), site.Jeanne.Person.String()) {
		t.Errorf("act %v", act)
	}
	details, _ := login.IDToken["authorization_details"].([]any)
	if len(details) != 1 {
		t.Fatalf("authorization_details %v", login.IDToken["authorization_details"])
	}
	one, _ := details[0].(map[string]any)
	if fmt.Sprint(one["actions"]) != "["+fixture.Tax+"]" || one["type"] != n.Issuer+"/types/mandate" || one["valid_until"] == nil || one["identifier"] == nil {
		t.Errorf("authorization_details %v", one)
	}
	wantType := "Bearer"
	if n.DPoP {
		wantType = "DPoP"
	}
	if login.Answer["token_type"] != wantType || login.Answer["authorization_details"] == nil {
		t.Errorf("answer %v", login.Answer)
	}
	if login.Again["sub"] != login.IDToken["sub"] || login.Userinfo["sub"] != login.IDToken["sub"] || login.Introspection["active"] != true || login.Introspection["sub"] != login.IDToken["sub"] ||
		len(login.Refused) > 0 {
		t.Errorf("again %v, introspection %v, refused %v", login.Again, login.Introspection, login.Refused)
	}
}

// endTold waits until the service has been told of the end, by a logout token of this login.
func (n neighbour) endTold(t *testing.T, tw *twin.Twin, login twin.ToldLogin) {
	t.Helper()
	began := time.Now()
	for {
		told, err := tw.Told(t.Context(), n.ID)
		if err != nil {
			t.Fatal(err)
		}
		tokens := slices.DeleteFunc(told.Logouts, func(l twin.ToldLogout) bool { return l.Returned != "" })
		if len(tokens) > 0 {
			got := tokens[0]
			if got.Error != "" || got.Claims["sub"] != login.IDToken["sub"] || got.Claims["sid"] != login.IDToken["sid"] {
				t.Errorf("logout %+v of %v", got, login.IDToken)
			}
			return
		}
		if time.Since(began) > 4*patience { // a machine that does other things too
			t.Fatal("the service was not told")
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// dead asks again after the end: nothing is told any more.
func (n neighbour) dead(t *testing.T, tw *twin.Twin, w *walk.Walker) {
	t.Helper()
	for _, step := range []string{"introspect", "userinfo"} {
		if err := w.Get(tw.Home(n.ID)); err != nil {
			t.Fatal(err)
		}
		if err := w.Press(step+"="+n.ID, nil); err != nil {
			t.Fatal(err)
		}
	}
	told, err := tw.Told(t.Context(), n.ID)
	if err != nil {
		t.Fatal(err)
	}
	login := told.Logins[0]
	if len(login.Introspection) != 1 || login.Introspection["active"] != false || !strings.HasPrefix(login.Refused["userinfo"], "invalid_token") {
		t.Errorf("introspection %v, refused %v", login.Introspection, login.Refused)
	}
}
