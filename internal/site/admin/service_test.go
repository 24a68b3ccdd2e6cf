package admin

import (
	"regexp"
	"strings"
	"testing"

	"mandat/internal/client"
	"mandat/internal/fixture"
	"mandat/internal/org"
	"mandat/internal/sitetest"
)

// aService is a complete form of a service with a secret.
var aService = []string{"client_name", "Service de Ploërmel", "procedures", fixture.Tax, "identity_level", "witnessed", "scope", "profile", "redirect_uris", "https://service.exemple.test/retour\r\n\r\n https://service.exemple.test/autre ",
	"token_endpoint_auth_method", "client_secret_basic", "id_token_signed_response_alg", "RS256", "decision", "on"}

func with(fields []string, changes ...string) []string {
	out := append([]string{}, fields...)
	for i := 0; i < len(changes); i += 2 {
		for j := 0; j < len(out); j += 2 {
			if out[j] == changes[i] {
				out = append(out[:j], out[j+2:]...)
				j -= 2
			}
		}
		out = append(out, changes[i], changes[i+1])
	}
	return out
}

var (
	shownSecret = regexp.MustCompile(`<code>([A-Za-z0-9_-]{43})</code>`)
	shownID     = regexp.MustCompile(`<code>([0-9a-f-]{36})</code>`)
	version     = regexp.MustCompile(`name="version" value="([0-9a-f]{64})"`)
)

func found(t *testing.T, what *regexp.Regexp, a sitetest.Answer) string {
	t.Helper()
	m := what.FindStringSubmatch(a.Body)
	if m == nil {
		t.Fatalf("no %s in the page", what)
	}
	return m[1]
}

// An administrator registers a service, sees its secret once, changes it, replaces the secret, closes it and opens it again.
func TestServices(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	b := o.enter(t)
	b.Want(b.Get("/admin"), 200, "Services en ligne")
	b.Want(b.Get("/admin/services"), 200, "FranceConnect", "Inscrit par l’exploitant")
	form := b.Want(b.Get("/admin/services/nouveau"), 200, "Nom, prénoms", "Argent", "Une clé à lui")
	number := formNumber.FindStringSubmatch(form.Body)[1]
	told := b.Want(b.Post("/admin/services", with(aService, "form", number)...), 200, "Ce secret n’est montré qu’une fois", "Service de Ploërmel", number)
	secret := found(t, shownSecret, told)
	if id := found(t, shownID, told); id != number {
		t.Errorf("%s, want %s", id, number)
	}
	path := servicePath(number)
	if again := b.Want(b.Post("/admin/services", with(aService, "form", number)...), 303); again.Location != path {
		t.Errorf("a form that is sent twice leads to %s", again.Location)
	}
	shown := b.Want(b.Get(path), 200, "https://service.exemple.test/retour", "https://service.exemple.test/autre", "Pièce vue par l’aidant", "RS256", "API de décision", "Ouvert", "Démarches servies")
	b.Without(shown, secret, "Adresse électronique")
	c, err := o.clients.Find(t.Context(), number)
	if err != nil || !c.Secret.Matches(secret) || len(c.RedirectURIs) != 2 || c.Level() != "witnessed" {
		t.Fatalf("%+v %v", c, err)
	}

	change := b.Want(b.Get(path+"/modification"), 200, "https://service.exemple.test/retour\nhttps://service.exemple.test/autre", `value="Service de Ploërmel"`)
	seen := found(t, version, change)
	b.Want(b.Post(path+"/modification", with(aService, "version", seen, "client_name", "Service de Vannes")...), 303, path)
	b.Want(b.Get(path), 200, "Service de Vannes", "L’inscription est modifiée")
	b.Want(b.Post(path+"/modification", with(aService, "version", seen)...), 409, "a changé entre-temps")

	b.Want(b.Get(path+"/secret"), 200, "72 heures")
	second := found(t, shownSecret, b.Want(b.Post(path+"/secret"), 200, "reste accepté jusqu’au"))
	b.Want(b.Get(path), 200, "L’ancien secret sert encore")
	third := found(t, shownSecret, b.Want(b.Post(path+"/secret", "stolen", "on"), 200))
	if c, err = o.clients.Find(t.Context(), number); err != nil || c.Secret.Matches(secret) || c.Secret.Matches(second) || !c.Secret.Matches(third) {
		t.Errorf("%v", err)
	}

	b.Want(b.Get(path+"/fermeture"), 200, "ses jetons ne valent plus rien")
	b.Want(b.Post(path+"/fermeture"), 303, path)
	b.Without(b.Want(b.Get(path), 200, "Le service est fermé", "Rouvrir le service"), "Modifier l’inscription")
	b.Want(b.Get(path+"/modification"), 409, "ne se modifie pas ici")
	b.Want(b.Post(path+"/secret"), 409)
	b.Want(b.Post(path+"/reouverture"), 303, path)
	b.Want(b.Get(path), 200, "Le service est rouvert")
	o.Content(t)
}

// What is wrong is said at its field, and everything that was typed stays.
func TestServices_Wrong(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	b := o.enter(t)
	b.Want(b.Post("/admin/services"), 422, "Écrivez le nom du service", "Écrivez au moins une adresse de retour", "Choisissez au moins une démarche du catalogue", "Choisissez comment le service prouve")
	for name, c := range map[string]struct {
		fields []string
		words  []string
	}{
		"http":             {with(aService, "redirect_uris", "http://service.exemple.test/"), []string{"en https, sans", "http://service.exemple.test/", `value="Service de Ploërmel"`}},
		"no JSON":          {with(aService, "jwks", "{"), []string{"Donnez les clés publiques", ">{</textarea>"}},
		"a private key":    {with(aService, "jwks", `{"keys":[{"kty":"oct","k":"eHh4"}]}`), []string{"Donnez les clés publiques"}},
		"no keys":          {with(aService, "token_endpoint_auth_method", "private_key_jwt", "token_endpoint_auth_signing_alg", "ES256"), []string{"Donnez les clés publiques", `value="private_key_jwt" selected`}},
		"keys inside":      {with(aService, "jwks_uri", "https://10.0.0.1/jwks"), []string{"Écrivez une adresse publique", "https://10.0.0.1/jwks"}},
		"told inside":      {with(aService, "backchannel_logout_uri", "https://localhost/x"), []string{"Écrivez une adresse publique", "https://localhost/x"}},
		"HS256":            {with(aService, "id_token_signed_response_alg", "HS256"), []string{"Choisissez ES256 ou RS256"}},
		"unknown data":     {with(aService, "scope", "everything"), []string{"Choisissez parmi les données"}},
		"another sort":     {with(aService, "identity_level", "guessed"), []string{"Choisissez ce qu’il faut"}},
		"a long name":      {with(aService, "client_name", strings.Repeat("é", 201)), []string{`aria-invalid="true"`}},
		"encrypted, plain": {with(aService, "userinfo_encrypted_response_alg", "ECDH-ES"), []string{"ce qui est chiffré est signé aussi", "Donnez les clés publiques"}},
	} {
		if a := b.Post("/admin/services", c.fields...); a.Status != 422 {
			t.Errorf("%s: %d", name, a.Status)
		} else {
			b.Want(a, 422, c.words...)
		}
	}
	if n := o.Count(t, `select count(*) from client`); n != 0 {
		t.Errorf("%d services are registered", n)
	}
}

// What the operator registered is shown, and not changed; an old second factor and other roles change nothing.
func TestServices_Refused(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	id, b := someID.String(), o.enter(t)
	if _, err := o.clients.Register(t.Context(), o.ada, someID, client.Client{Name: "Service", Kind: client.Service, Auth: client.SecretPost, Procedures: []string{fixture.Tax}, RedirectURIs: []string{"https://a.test/"}}); err != nil {
		t.Fatal(err)
	}
	b.Without(b.Want(b.Get("/admin/services/franceconnect"), 200, "https://fc.exemple.test/oidc-callback"), "Fermer le service", "Modifier")
	for _, path := range []string{"/fermeture", "/reouverture", "/secret"} {
		b.Want(b.Post("/admin/services/franceconnect"+path), 409, "ne se modifie pas ici")
	}
	b.Want(b.Post("/admin/services/franceconnect/modification", aService...), 409, "ne se modifie pas ici")
	b.Want(b.Get("/admin/services/nobody"), 404)
	late := o.Visit(t, o.ada, o.Clock.Now().Add(-org.FactorLife-1))
	for _, path := range []string{"/admin/services", servicePath(id) + "/modification", servicePath(id) + "/secret", servicePath(id) + "/fermeture", servicePath(id) + "/reouverture"} {
		if a := late.Want(late.Post(path, aService...), 303); !strings.HasPrefix(a.Location, "/connexion/confirmation") {
			t.Errorf("%s with an old factor leads to %s", path, a.Location)
		}
	}
	if n := o.Count(t, `select count(*) from client where state = 'open' and former_hash is null`); n != 1 {
		t.Error("an old factor changed something")
	}
}
