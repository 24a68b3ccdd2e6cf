package receipt

import (
	"crypto"
	"errors"
	"slices"
	"strings"
	"testing"

	"mandat/internal/fixture"
	"mandat/internal/oidc"
	"mandat/internal/receipt/format"
)

func TestCheck_SaysWhatAReceiptIsWorthNow(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	m := w.Sign(t, w.Jeanne, fixture.Angela(), fixture.Tax, fixture.Housing)
	text, _ := w.issue(t, w.Jeanne, m.ID)
	check := func(when string, want ...format.Standing) {
		t.Helper()
		got, err := w.receipts.Check(t.Context(), text)
		if err != nil || !slices.Equal(got.Standings, want) || got.Standing() != slices.Contains(want, format.Stands) || got.Citizen.FamilyName != "DUBOIS" {
			t.Errorf("%s: %v, %v", when, got.Standings, err)
		}
	}
	check("at first", format.Stands, format.Stands)
	text = "\n " + text[:100] + "\r\n\t" + text[100:] + " \n" // as a mail program breaks it
	check("in several lines", format.Stands, format.Stands)
	if err := w.Mandates.EndPower(t.Context(), w.Jeanne, m.ID, fixture.Tax, "", "completed"); err != nil {
		t.Fatal(err)
	}
	check("one power ended", format.Ended, format.Stands)
	w.end(t, m)
	check("ended", format.Ended, format.Ended)
	w.Clock.Advance(m.EndsAt.Sub(w.Clock.Now()))
	check("over", format.Over, format.Over)
}

// A receipt that names a place that we did not give, for instance because the database was put back to a day before it was drawn, stands for nothing.
func TestCheck_OfAPlaceThatIsNotThere(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	m := w.Sign(t, w.Jeanne, fixture.Angela(), fixture.Tax)
	text, _ := w.issue(t, w.Jeanne, m.ID)
	w.Behind(t, `delete from receipt_status where decoy_ends_at is null`)
	if got, err := w.receipts.Check(t.Context(), text); err != nil || got.Standing() || got.Standings[0] != format.Ended {
		t.Errorf("%v, %v", got.Standings, err)
	}
}

func TestCheck_Refuses(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	m := w.Sign(t, w.Jeanne, fixture.Angela(), fixture.Tax)
	_, r := w.issue(t, w.Jeanne, m.ID)
	list, err := w.receipts.List(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	ours := w.keys
	sign := func(set *oidc.KeySet, typ string, change func(*format.Receipt)) string {
		claims := r
		change(&claims)
		out, err := set.Sign(oidc.ES256, typ, claims)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	same := func(*format.Receipt) {}
	for name, c := range map[string]struct {
		text string
		want error
	}{
		"nothing":           {"", format.ErrMalformed},
		"a status list":     {list, format.ErrType},
		"an ID token":       {sign(ours, oidc.TypeJWT, same), format.ErrType},
		"another's key":     {sign(newKeys(t), format.ReceiptType, same), format.ErrKey},
		"another's issuer":  {sign(ours, format.ReceiptType, func(r *format.Receipt) { r.Issuer = "https://ailleurs.invalid/recus" }), format.ErrKey},
		"too long":          {strings.Repeat("a", format.MaxReceipt+1), format.ErrMalformed},
		"of another's list": {sign(ours, format.ReceiptType, func(r *format.Receipt) { r.Status.List.URI = "" }), format.ErrClaims},
	} {
		if got, err := w.receipts.Check(t.Context(), c.text); !errors.Is(err, c.want) || got.Standings != nil || got.Citizen != nil {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
	// A list elsewhere says nothing here, whatever stands in it.
	elsewhere := sign(ours, format.ReceiptType, func(r *format.Receipt) { r.Status.List.URI = "https://ailleurs.invalid/recus/statuts/1" })
	if got, err := w.receipts.Check(t.Context(), elsewhere); err != nil || got.Standing() {
		t.Errorf("%v, %v", got.Standings, err)
	}
}

// A receipt outlives the key that signed it, as long as that key is published.
func TestCheck_AfterTheKeysTookTurns(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	m := w.Sign(t, w.Jeanne, fixture.Angela(), fixture.Tax)
	text, _ := w.issue(t, w.Jeanne, m.ID)
	keys, err := format.ParseKeys(w.keys.JWKS())
	if err != nil {
		t.Fatal(err)
	}
	w.keys = newKeys(t, crypto.PublicKey(keys.Keys[0].Key))
	if got, err := w.receipts.Check(t.Context(), text); err != nil || !got.Standing() {
		t.Errorf("signed by an old key: %v, %v", got.Standings, err)
	}
	w.keys = newKeys(t)
	if _, err := w.receipts.Check(t.Context(), text); !errors.Is(err, format.ErrKey) {
		t.Errorf("signed by a forgotten key: %v", err)
	}
}
