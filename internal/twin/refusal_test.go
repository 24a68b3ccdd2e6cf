package twin_test

import (
	"net/http"
	"strings"
	"testing"

	"golang.org/x/oauth2"

	"mandat/internal/twin"
	"mandat/internal/twin/twintest"
)

func TestFranceConnectClosedList(t *testing.T) {
	t.Parallel()
	r := newRP(t, twintest.Shared(t), twin.FranceConnect, nil)
	verifier := oauth2.GenerateVerifier()
	pages := map[string]string{
		"code_challenge":  r.address(eidas1, oauth2.S256ChallengeOption(verifier)),
		"max_age":         r.address(eidas1, with("max_age", "0")),
		"login_hint":      r.address(eidas1, with("login_hint", "a@example.org")),
		"ui_locales":      r.address(eidas1, with("ui_locales", "fr")),
		"prompt":          r.address(eidas1, with("prompt", "none")),
		"acr_values":      r.address(),
		"nonce":           r.address(eidas1, with("nonce", strings.Repeat("n", 21))),
		"state":           r.address(eidas1, with("state", "")),
		"response_type":   r.address(eidas1, with("response_type", "token")),
		"scope":           r.address(eidas1) + "&scope=openid",
		"a_typing_mistak": r.address(eidas1, with("a_typing_mistak", "x")),
	}
	for parameter, address := range pages {
		r.must(r.Get(address))
		if r.Status() != http.StatusBadRequest || r.TextByID("code") != "Y030007" || !strings.HasPrefix(r.URL().String(), r.issuer) {
			t.Errorf("%s: %d %s at %s", parameter, r.Status(), r.Text(), r.URL())
		}
		if got := r.event("FC_AUTHORIZE_REFUSED"); got.Code != "Y030007" {
			t.Errorf("%s: event %+v", parameter, got)
		}
	}
	r.must(r.Get(r.address(eidas1, with("redirect_uri", "http://localhost:1/elsewhere"))))
	if r.Stopped() || r.TextByID("code") != "Y030031" {
		t.Errorf("unknown redirect_uri: %s", r.Text())
	}
	r.open(eidas1, with("nonce", strings.Repeat("n", 22)), with("prompt", "login consent"))
	if !r.HasButton("login=test") {
		t.Errorf("22 characters are enough: %s", r.Text())
	}
}

func TestFranceConnectErrorsAtTheClient(t *testing.T) {
	t.Parallel()
	r := newRP(t, twintest.Shared(t), twin.FranceConnect, nil)
	tests := []struct{ failure, code, name, value string }{
		{"invalid_request", "Y100002", "acr_values", "eidas2"},
		{"server_error", "Y030028", "claims", "{"},
		{"server_error", "Y100009", "claims", `{"id_token":{"amr":{"essential":true}}}`},
		{"invalid_idp_hint", "Y030032", "idp_hint", "nobody"},
		{"invalid_scope", "scope", "scope", "openid idp_id"},
		{"invalid_scope", "scope", "scope", "openid identite_pivto"},
	}
	for _, tt := range tests {
		r.open(eidas1, with(tt.name, tt.value))
		if _, failure, _ := r.back(); failure != tt.failure {
			t.Errorf("%s=%s: %s, want %s", tt.name, tt.value, failure, tt.failure)
		}
		if e := r.event("FC_AUTHORIZE_REFUSED"); e.Code != tt.code {
			t.Errorf("%s=%s: code %s, want %s", tt.name, tt.value, e.Code, tt.code)
		}
	}
}

func TestFranceConnectRefusesCitizens(t *testing.T) {
	t.Parallel()
	tests := []struct{ login, code, failure, description string }{
		{"test_inconnu", "Y010008", "access_denied", "user authentication aborted"},
		{"test_doublon", "Y010006", "access_denied", "user authentication aborted"},
		{"test_nom_usage_seul", "Y010007", "access_denied", "user authentication aborted"},
		{"test_décédé", "Y010015", "access_denied", "user authentication aborted"},
		{"registre_indisponible", "Y010011", "temporarily_unavailable", "authentication aborted due to a technical error on the authorization server"},
		{"appareil_suspect", "suspicious_context", "access_denied", "suspicious context"},
		{"sans_mail", "Y020029", "server_error", "authentication aborted due to a technical error on the authorization server"},
		{"sans_nom_naissance", "Y020029", "server_error", "authentication aborted due to a technical error on the authorization server"},
	}
	for _, tt := range tests {
		t.Run(tt.login, func(t *testing.T) {
			t.Parallel()
			r := newRP(t, twintest.Shared(t), twin.FranceConnect, nil)
			r.open(eidas1)
			r.press("login=" + tt.login)
			if r.Stopped() || r.TextByID("code") != tt.code || r.Status() < 400 {
				t.Fatalf("the person sees no code %s: %d %s", tt.code, r.Status(), r.Text())
			}
			r.press("return=1")
			if code, failure, description := r.back(); code != "" || failure != tt.failure || description != tt.description {
				t.Errorf("client hears %q %q", failure, description)
			}
		})
	}
}

func TestFranceConnectCancel(t *testing.T) {
	t.Parallel()
	r := newRP(t, twintest.Shared(t), twin.FranceConnect, nil)
	r.open(eidas1)
	r.press("cancel=1")
	if _, failure, description := r.back(); failure != "access_denied" || description != "User auth aborted" {
		t.Errorf("%q %q", failure, description)
	}
	r.open(eidas1)
	r.press("login=test")
	r.press("cancel=1")
	if _, failure, _ := r.back(); failure != "access_denied" {
		t.Errorf("at the consent: %q", failure)
	}
}

func TestFranceConnectCodesInErrors(t *testing.T) {
	t.Parallel()
	tw := twintest.Own(t, twin.Config{FranceConnect: twin.FranceConnectConfig{CodesInErrors: true}})
	r := newRP(t, tw, twin.FranceConnect, nil)
	r.open(eidas1)
	r.press("login=test_inconnu")
	r.press("return=1")
	if _, _, description := r.back(); description != "user authentication aborted (Y010008)" {
		t.Error(description)
	}
}
