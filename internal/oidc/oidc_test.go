package oidc

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
)

// The example of OpenID Connect Core, appendix A.3, and of RFC 7636, appendix B.
func TestHashes(t *testing.T) {
	t.Parallel()
	if got := HalfHash("jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y"); got != "77QmUPtjPfzWtF2AnpK9RQ" {
		t.Errorf("at_hash %s", got)
	}
	const verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
	if got := Challenge(verifier); got != "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM" || !IsChallenge(got) || !IsVerifier(verifier) {
		t.Errorf("challenge %s", got)
	}
	for _, wrong := range []string{"", verifier[:42], verifier + "+", strings.Repeat("a", 129)} {
		if IsVerifier(wrong) {
			t.Errorf("%q is a verifier", wrong)
		}
	}
}

func TestUserInfo_LeavesOutWhatIsNotThere(t *testing.T) {
	t.Parallel()
	place := ""
	b, err := json.Marshal(UserInfo{Subject: "s", Birthplace: &place})
	if err != nil || string(b) != `{"sub":"s","birthplace":""}` {
		t.Errorf("%s %v", b, err)
	}
}

func TestParseClaims(t *testing.T) {
	t.Parallel()
	got, err := ParseClaims(`{"id_token":{"rep_scope":{"essential":true,"value":"Justice","values":["Logement"]},"acr":{"essential":true,"value":"eidas1"},"amr":null},
		"userinfo":{"email":null,"given_name":{"essential":true},"sub":null,"nickname":null},"verified_claims":{"x":[[[[]]]]}}`)
	if err != nil || !got.RepScopeAsked || !slices.Equal(got.RepScope, []string{"Justice", "Logement"}) || !slices.Equal(got.ACR, []string{"eidas1"}) || !slices.Equal(got.UserInfo, []string{"email", "given_name"}) {
		t.Errorf("%+v %v", got, err)
	}
	if got, err := ParseClaims(""); err != nil || got.RepScopeAsked {
		t.Errorf("%+v %v", got, err)
	}
	if got, err := ParseClaims(`{"id_token":{"acr":{"values":["eidas3"]}}}`); err != nil || got.ACR != nil {
		t.Errorf("an acr that is only wished: %+v %v", got, err)
	}
	for _, wrong := range []string{`{`, `[]`, `null`, `"x"`, `{"id_token":[]}`, `{"userinfo":1}`, `{"id_token":{"acr":1}}`, `{"id_token":{"acr":{"values":"eidas1"}}}`,
		`{"id_token":{"rep_scope":{"values":[""]}}}`, `{"x":"` + strings.Repeat("x", maxClaims) + `"}`, "{\"x\":\"\xff\"}"} {
		if _, err := ParseClaims(wrong); !errors.Is(err, ErrClaims) {
			t.Errorf("%s: %v", wrong, err)
		}
	}
}

func FuzzParseClaims(f *testing.F) {
	f.Add(`{"id_token":{"rep_scope":{"essential":true,"values":["Papier-Citoyenneté-Elections"]}},"userinfo":{"email":null}}`)
	f.Fuzz(func(t *testing.T, raw string) {
		got, err := ParseClaims(raw)
		if err != nil {
			if !errors.Is(err, ErrClaims) {
				t.Fatal(err)
			}
			return
		}
		for _, v := range slices.Concat(got.RepScope, got.ACR) {
			if v == "" || len(v) > maxClaimLen || strings.ContainsRune(v, 0) {
				t.Fatalf("value %q", v)
			}
		}
		if len(got.RepScope) > maxMembers {
			t.Fatal("too many values")
		}
	})
}

func TestError(t *testing.T) {
	t.Parallel()
	for code, status := range map[Code]int{InvalidClient: 401, InvalidToken: 401, InvalidGrant: 400, SlowDown: 429, ServerError: 500, TemporarilyUnavailable: 503} {
		if got := Refuse(code, "x").Status(); got != status {
			t.Errorf("%s: %d", code, got)
		}
	}
}

func TestScopeClaims(t *testing.T) {
	t.Parallel()
	for scope, want := range map[string][]string{
		ScopeOpenID: nil, "phone": nil, ScopeEmail: {"email"}, ScopeBirth: {"birthplace", "birthcountry"},
		ScopeProfile: {"given_name", "family_name", "preferred_username", "birthdate", "gender"},
	} {
		if got := ScopeClaims(scope); !slices.Equal(got, want) {
			t.Errorf("%s: %v", scope, got)
		}
	}
}
