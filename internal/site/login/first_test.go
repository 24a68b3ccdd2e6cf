package login_test

import (
	"testing"
	"time"

	"mandat/internal/browse"
	"mandat/internal/org"
	"mandat/internal/session"
)

// A cookie copied from a session that was opened to add a first factor adds none afterwards, also once there is none again.
func TestFirstFactor_AStolenCookieDies(t *testing.T) {
	t.Parallel()
	d, _, link := invited(t)
	b, thief := browse.New(), browse.New()
	get(t, b, link)
	press(t, b, "Accepter et ajouter un second facteur")
	thief.SetCookies(b.Cookies())
	get(t, thief, d.URL+"/compte/facteurs")
	expect(t, d, thief, 200, "account.first.title")
	key := d.Key(t)
	if status, answer := d.AddKey(t, b, key, "Clé"); status != 200 {
		t.Fatalf("%d %v", status, answer)
	}
	for _, then := range []string{"while it counts", "when it is gone"} {
		if status, answer := d.AddKey(t, thief, d.Key(t), "Une autre"); status == 200 {
			t.Errorf("%s: %v", then, answer)
		}
		get(t, thief, d.URL+"/compte/facteurs/application")
		expect(t, d, thief, 200, "login.title")
		d.Behind(t, `set session_replication_role = replica; delete from credential_passkey`)
	}
}

// Who is half signed in adds no factor, and neither does who came by a link and a factor too long ago.
func TestFirstFactor_NotByALink(t *testing.T) {
	t.Parallel()
	d, lea, code, b := halfLea(t)
	add := func() int {
		t.Helper()
		status, _ := d.AddKey(t, b, d.Key(t), "Clé")
		return status
	}
	if status := add(); status == 200 {
		t.Error("half signed in")
	}
	press(t, b, "Valider le code", "code", code())
	d.Clock.Advance(16 * time.Minute)
	if status := add(); status == 200 {
		t.Error("sixteen minutes after the factor")
	}
	d.Behind(t, `set session_replication_role = replica; delete from credential_totp`)
	if status := add(); status == 200 {
		t.Error("and without any factor left")
	}
	if n := d.Number(t, `select count(*) from credential_passkey where person_id = $1`, lea.Person); n != 0 {
		t.Errorf("%d passkeys", n)
	}
}

// Who came by ProConnect beside a factor of their own gave none: once that one is gone, their session adds no first one.
func TestFirstFactor_NotByProConnectBesideOnesOwn(t *testing.T) {
	t.Parallel()
	d, p := open(t)
	jeanne := d.Person(t, p.Issuer, "Jeanne-sub", d.Here, org.RoleAidant)
	p.Play(naming("Jeanne-sub", "jeanne-sub@exemple.invalid"))
	before, beside, after := browse.New(), browse.New(), browse.New()
	d.SignIn(t, before)
	if status, answer := d.AddKey(t, before, d.Key(t), "La première"); status != 200 {
		t.Fatalf("ProConnect's factor, just given: %d %v", status, answer)
	}
	d.SignIn(t, beside)
	d.Behind(t, `set session_replication_role = replica; delete from credential_passkey`)
	if status, answer := d.AddKey(t, beside, d.Key(t), "Une autre"); status != 303 || answer["location"] != session.ConfirmPath {
		t.Errorf("%d %v", status, answer)
	}
	d.SignIn(t, after)
	if status, answer := d.AddKey(t, after, d.Key(t), "De nouveau"); status != 200 {
		t.Errorf("signed in anew: %d %v", status, answer)
	}
	if n := d.Number(t, `select count(*) from credential_passkey where person_id = $1`, jeanne); n != 1 {
		t.Errorf("%d passkeys", n)
	}
}
