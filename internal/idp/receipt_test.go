package idp_test

import (
	"testing"

	"mandat/internal/fixture"
	"mandat/internal/oidc"
	"mandat/internal/receipt"
	"mandat/internal/receipt/format"
)

// The receipt that a service gets says what its tokens say, in the names by which it knows everybody, is no ID token, and is worth nothing after the end.
func TestDirect_GetsAReceipt(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	v, m := s.angela(t)
	claims := s.claimsOf(t, direct, s.traded(t, direct, v.codeFor(direct, m, fixture.Tax)))
	detail := claims["authorization_details"].([]any)[0].(map[string]any)
	keys, err := format.ParseKeys(s.keys.JWKS())
	if err != nil {
		t.Fatal(err)
	}
	text := detail["receipt"].(string)
	r, err := format.Open(text, keys)
	if err != nil {
		t.Fatal(err)
	}
	if r.Audience != direct || r.Subject != claims["sub"] || r.Actor.Subject != claims["act"].(map[string]any)["sub"] || r.Mandate != detail["identifier"] || r.Citizen != nil ||
		r.Issuer == claims["iss"] || r.Catalogue != m.Catalogue || len(r.Powers) != 1 || r.Powers[0].Procedure != fixture.Tax || r.Powers[0].Until != m.EndsAt.Unix() {
		t.Errorf("%+v", r)
	}
	if _, verify := s.relyingParty(t, direct); verify != nil {
		if token, err := verify.Verify(t.Context(), text); err == nil {
			t.Errorf("a library takes the receipt for an ID token of %s", token.Issuer)
		}
	}
	status := func() uint8 {
		t.Helper()
		list, err := receipt.New(s.DB, s.Journal, s.Mandates, func() *oidc.KeySet { return s.keys }, receipt.Settings{BaseURL: s.url}, s.Clock).List(t.Context(), 1)
		if err != nil {
			t.Fatal(err)
		}
		l, err := format.OpenList(list, keys, s.Clock.Now())
		if err != nil {
			t.Fatal(err)
		}
		out, _ := l.At(r.Status.List.Index)
		return out
	}
	if got := status(); got != format.Valid {
		t.Errorf("status %d", got)
	}
	if err := s.Mandates.End(t.Context(), s.Jeanne, m.ID, "citizen"); err != nil {
		t.Fatal(err)
	}
	if got := status(); got != format.Invalid {
		t.Errorf("status %d after the end", got)
	}
}
