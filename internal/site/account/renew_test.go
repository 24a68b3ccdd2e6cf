package account_test

import (
	"testing"

	"mandat/internal/browse"
)

// A copy of the cookie from before opens nothing once a factor was taken away, or recovery codes were made.
func TestFactors_ChangeTheCookie(t *testing.T) {
	t.Parallel()
	d, lea, _, b := home(t)
	if status, answer := d.AddKey(t, b, d.Key(t), "Ordinateur du bureau"); status != 200 {
		t.Fatalf("%d %v", status, answer)
	}
	f, err := d.Factors.Factors(t.Context(), lea.Person)
	if err != nil {
		t.Fatal(err)
	}
	for what, path := range map[string]string{"removed": "/compte/facteurs/" + f.Passkeys[0].ID.String() + "/retirer", "made": "/compte/facteurs/secours"} {
		thief := browse.New()
		thief.SetCookies(b.Cookies())
		get(t, thief, d.URL+"/compte")
		says(t, thief, 200, "Mon compte")
		post(t, b, d.URL+path)
		if b.Status() != 200 || d.Who(t, b) != lea.Person {
			t.Fatalf("%s: %d at %v: %s", what, b.Status(), b.URL(), b.Text())
		}
		get(t, thief, d.URL+"/compte")
		if d.Who(t, thief) == lea.Person {
			t.Errorf("%s: the cookie of before opens the account", what)
		}
	}
	if now, err := d.Factors.Factors(t.Context(), lea.Person); err != nil || len(now.Passkeys) != 0 || now.RecoveryLeft == 0 {
		t.Errorf("%+v, %v", now, err)
	}
}
