package app_test

import (
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/pquerna/otp/totp"

	"mandat/internal/apptest"
	"mandat/internal/db"
	"mandat/internal/maillink"
	"mandat/internal/org"
	"mandat/internal/session"
	"mandat/internal/throttle"
)

// professional is somebody of whom no word occurs by chance.
var professional = map[string]string{"professional's given name": "Zzcollegue", "professional's name": "ZZPROFESSION", "professional's e-mail": "zz-pro@exemple.invalid",
	"professional's telephone": "+33612345678"}

// tellPeople walks from an invitation without ProConnect to a sign-in with a link and a recovery code, and returns what was secret.
func tellPeople(t *testing.T, site *apptest.Site) map[string][]string {
	t.Helper()
	email := professional["professional's e-mail"]
	odile := site.Walker(t, site.Odile)
	must(t, odile.Get(site.URL+"/referent/invitations/nouvelle"))
	must(t, odile.Press("Envoyer l’invitation", url.Values{"given_name": {professional["professional's given name"]}, "usual_name": {professional["professional's name"]}, "email": {email},
		"roles": {org.RoleAidant}, "phone": {professional["professional's telephone"]}, "lang": {"fr"}}))
	must(t, odile.Says(email))
	var id uuid.UUID
	site.Row(t, `select id from invitation where email = $1`, []any{email}, &id)
	invitation := linkOf(t, site, id)
	newcomer := site.Browser(t)
	must(t, newcomer.Get(site.URL+"/invitation/"+invitation))
	must(t, newcomer.Press("Accepter et ajouter un second facteur", nil))
	must(t, newcomer.At("/compte/facteurs/premier"))
	must(t, newcomer.Get(site.URL+"/compte/facteurs/application"))
	key := strings.ReplaceAll(newcomer.TextByID("key"), " ", "")
	code, err := totp.GenerateCode(key, site.Clock.Now())
	must(t, err)
	must(t, newcomer.Press("Ajouter l’application", url.Values{"code": {code}}))
	must(t, newcomer.At("/compte/facteurs"))
	must(t, newcomer.Press("Créer dix codes de secours", nil))
	var codes []string
	for _, m := range regexp.MustCompile(`<code>([^<]+)</code>`).FindAllStringSubmatch(string(newcomer.Body()), -1) {
		codes = append(codes, m[1])
	}
	if len(codes) != 10 {
		t.Fatalf("%d recovery codes", len(codes))
	}
	must(t, newcomer.Get(site.URL+"/compte"))
	must(t, newcomer.Says(email))
	return map[string][]string{"invitation": {invitation}, "key of an application": {key}, "recovery code": codes, "sign-in link": {byLink(t, site, email, codes[0])}}
}

// byLink signs in with a link and a recovery code, and returns the secret of the link.
func byLink(t *testing.T, site *apptest.Site, email, code string) string {
	t.Helper()
	w := site.Browser(t)
	must(t, w.Get(site.URL+"/connexion"))
	must(t, w.Press("Recevoir un lien", url.Values{"email": {email}}))
	var asked uuid.UUID
	site.Row(t, `select l.id from maillink l join person p on p.id = l.person_id where p.email = $1`, []any{email}, &asked)
	links := maillink.New(site.DB, site.Clock, throttle.New(site.DB, site.Clock), session.New(site.DB, site.Keys, site.Clock, false), func(*db.Tx, time.Time, org.Message) error { return nil })
	link, err := links.Write(t.Context(), asked)
	must(t, err)
	must(t, w.Get(site.URL+"/connexion/lien/"+link))
	must(t, w.Press("Continuer", nil))
	must(t, w.At("/connexion/facteur"))
	must(t, w.Press("Valider le code", url.Values{"code": {"000000"}}))
	must(t, w.Press("Valider le code", url.Values{"code": {code}}))
	must(t, w.Get(site.URL+"/compte"))
	must(t, w.Says(email))
	return link
}

// linkOf writes the link of an invitation once the job that sends its mail has written its own, and so is the one that counts.
func linkOf(t *testing.T, site *apptest.Site, invitation uuid.UUID) string {
	t.Helper()
	eventually(t, "the mail of the invitation is dealt with", func() bool {
		return site.Number(t, `select count(*) from notify_message where invitation_id = $1 and state = 'queued'`, invitation) == 0
	})
	link, err := site.Invitations.Write(t.Context(), invitation)
	must(t, err)
	return link
}
