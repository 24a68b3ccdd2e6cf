package login_test

import (
	"strings"
	"testing"

	"mandat/internal/browse"
	"mandat/internal/org"
)

// The pages that ask for a factor offer what their person has: after the link of an e-mail, and when somebody who is signed in gives one again.
func TestWays_OfThePerson(t *testing.T) {
	t.Parallel()
	const app, card, codes, key = "votre application", "votre carte", "de vos codes de secours", "Avec votre clé d’accès"
	d, _, code, b := halfLea(t)
	offers := func(b *browse.Browser, ways ...string) {
		t.Helper()
		for _, way := range []string{app, card, codes, key} {
			if got := strings.Contains(string(b.Body()), way); got != strings.Contains(strings.Join(ways, ""), way) {
				t.Errorf("%q offers %q: %v", b.H1(), way, got)
			}
		}
	}
	offers(b, app)
	press(t, b, "Valider le code", "code", "000000")
	offers(b, app)
	press(t, b, "Valider le code", "code", code())
	get(t, b, d.URL+"/fort")
	offers(b, app)

	max, hers := keyed(t, d, "max")
	d.Behind(t, `set session_replication_role = replica; delete from credential_totp where person_id = '`+max.Person.String()+`'`)
	b = browse.New()
	d.HalfIn(t, b, "max@exemple.invalid")
	offers(b, key)
	if status, answer := d.UseKey(t, b, hers); status != 200 {
		t.Fatalf("%d %v", status, answer)
	}
	get(t, b, d.URL+"/fort")
	offers(b, key)
	get(t, b, d.URL+"/compte/facteurs")
	press(t, b, "Créer dix codes de secours")
	get(t, b, d.URL+"/fort")
	offers(b, key, codes)
	d.Newcomer(t, "nina", org.RoleAidant)
	b = browse.New()
	d.HalfIn(t, b, "nina@exemple.invalid")
	offers(b)
}
