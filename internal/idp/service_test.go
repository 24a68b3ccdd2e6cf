package idp_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"mandat/internal/client"
	"mandat/internal/fixture"
	"mandat/internal/idp"
	"mandat/internal/idp/details"
	"mandat/internal/mandate"
	"mandat/internal/oidc"
	"mandat/internal/procedure"
	"mandat/internal/session"
)

// health is a procedure that no service of these tests serves.
const health = "social-carte-vitale"

// service is a public service of its own that is content with an identity of a level.
func service(level procedure.Assurance) client.Client {
	return client.Client{ID: "service-" + string(level), Name: "Bailleur", Kind: client.Service, Secret: client.NewSecret(secret + string(level)), Auth: client.SecretPost, IdentityLevel: level,
		Procedures: []string{fixture.Tax, fixture.Housing}, RedirectURIs: []string{serviceBack}, Scopes: oidc.Scopes()}
}

func (v *visitor) ask(id string, changes ...string) string {
	v.t.Helper()
	a := v.get("/idp/authorize?" + asks(id, changes...).Encode())
	path, found := strings.CutSuffix(a.at().Path, "/usager")
	if !found {
		v.t.Fatalf("authorize: %d %s", a.StatusCode, a.at())
	}
	return path
}

// only is authorization_details for procedures.
func (s *site) only(procedures ...string) string {
	return `[{"type":"` + details.Type(s.url+"/idp") + `","actions":["` + strings.Join(procedures, `","`) + `"]}]`
}

// A service is offered what it serves, asks for, and the citizen gave: nothing else, whatever is posted.
func TestService_IsHeldToWhatItServesAndAsks(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	v, m := s.angela(t, fixture.Tax, fixture.Housing, health)
	for name, c := range map[string]struct {
		changes []string
		want    []string
	}{
		"nothing asked":      {nil, []string{fixture.Tax, fixture.Housing}},
		"one asked":          {[]string{"authorization_details", s.only(fixture.Housing)}, []string{fixture.Housing}},
		"both asked":         {[]string{"authorization_details", s.only(fixture.Tax, fixture.Housing)}, []string{fixture.Tax, fixture.Housing}},
		"any asked":          {[]string{"authorization_details", `[{"type":"` + details.Type(s.url+"/idp") + `"}]`}, []string{fixture.Tax, fixture.Housing}},
		"within a perimeter": {[]string{"claims", `{"id_token":{"rep_scope":{"values":["Logement","Social-Santé"]}}}`}, []string{fixture.Housing}},
		"neither nor":        {[]string{"claims", `{"id_token":{"rep_scope":{"values":["Logement"]}}}`, "authorization_details", s.only(fixture.Tax)}, nil},
	} {
		path := v.ask(direct, c.changes...)
		if c.want == nil {
			a := v.post(path+"/usager", url.Values{"recherche": {"dubois"}})
			if b := v.post(path+"/usager", url.Values{"usager": {m.Citizen.String()}}); b.StatusCode != http.StatusConflict || !strings.Contains(a.body, "aucune des démarches") {
				t.Errorf("%s: %d %s", name, b.StatusCode, a.body)
			}
			continue
		}
		v.choose(path, m)
		body := v.get(path + "/demarche").body
		for _, key := range []string{fixture.Tax, fixture.Housing, health} {
			wanted := false
			for _, w := range c.want {
				wanted = wanted || w == key
			}
			if strings.Contains(body, `value="`+key+`"`) != wanted {
				t.Errorf("%s: %s offered: %v", name, key, !wanted)
			}
			if a := v.post(path+"/demarche", url.Values{"demarche": {key}}); !wanted && a.StatusCode != http.StatusConflict {
				t.Errorf("%s: %s was posted: %d %s", name, key, a.StatusCode, a.at())
			} else if wanted && key == c.want[len(c.want)-1] && !a.at().Query().Has("code") {
				t.Errorf("%s: %s was refused: %d", name, key, a.StatusCode)
			} else if wanted && a.at().Query().Has("code") {
				break
			}
		}
	}
	a := v.get("/idp/authorize?" + asks(direct, "authorization_details", s.only(health)).Encode())
	if q := a.at().Query(); q.Get("error") != "invalid_authorization_details" || q.Get("state") != state || q.Get("iss") != s.url+"/idp" {
		t.Errorf("a procedure it does not serve: %d %s", a.StatusCode, a.at())
	}
}

// The statements hold a service to the level of identity that it is registered with, and FranceConnect to its own.
func TestService_IsToldOfWhomItIsSureEnough(t *testing.T) {
	t.Parallel()
	s := newSite(t, service(procedure.Known), service(procedure.Witnessed), service(procedure.FranceConnect))
	v := s.visit(t, s.Jeanne)
	people := map[procedure.Assurance]mandate.Mandate{}
	for n, by := range procedure.Assurances() {
		m := s.Sign(t, s.Jeanne, fixture.Citizen(n), fixture.Tax)
		people[by] = m
		s.Behind(t, `update mandate_power set identified_by = $2 where mandate_id = $1`, m.ID, string(by))
		if by != procedure.FranceConnect {
			s.Behind(t, `update citizen set identified_by = 'witnessed' where id = $1`, m.Citizen)
		}
	}
	for _, need := range procedure.Assurances() {
		for have, m := range people {
			for essential, level := range map[string]procedure.Assurance{"": need, `{"id_token":{"acr":{"essential":true,"value":"eidas1"}}}`: procedure.FranceConnect} {
				path := v.ask("service-"+string(need), "claims", essential)
				found := v.post(path+"/usager", url.Values{"recherche": {"camille"}})
				a := v.post(path+"/usager", url.Values{"usager": {m.Citizen.String()}})
				offered, chosen := strings.Contains(found.body, `value="`+m.Citizen.String()+`"`), a.at().Path == path+"/demarche"
				if want := have.Reaches(level); offered != want || chosen != want {
					t.Errorf("%s where %s is wanted: offered %v, chosen %v", have, level, offered, chosen)
				}
				if chosen {
					v.confirm(m.Citizen)
					shown := strings.Contains(v.get(path+"/demarche").body, `value="`+fixture.Tax+`"`)
					if a := v.post(path+"/demarche", url.Values{"demarche": {fixture.Tax}}); !shown || !a.at().Query().Has("code") {
						t.Errorf("%s where %s is wanted: shown %v, %d %s", have, level, shown, a.StatusCode, a.at())
					}
				} else if !strings.Contains(found.body, "plus sûrement") {
					t.Errorf("%s where %s is wanted: the page does not say why", have, level)
				}
			}
		}
	}
	path := v.begin()
	if a := v.post(path+"/usager", url.Values{"usager": {people[procedure.Witnessed].Citizen.String()}}); a.StatusCode != http.StatusConflict {
		t.Errorf("FranceConnect is told of somebody it did not identify: %d", a.StatusCode)
	}
}

// Power and citizen have both to be of the level: who was identified again in a lesser way is not taken for a power of before.
func TestService_AsksOfTheCitizenWhatItAsksOfThePower(t *testing.T) {
	t.Parallel()
	s := newSite(t, service(procedure.FranceConnect), service(procedure.Witnessed))
	v, m := s.angela(t)
	s.Behind(t, `update citizen set identified_by = 'witnessed' where id = $1`, m.Citizen)
	for name, c := range map[string]struct {
		path   string
		chosen bool
	}{"FranceConnect": {v.begin(), false}, "as sure": {v.ask("service-franceconnect"), false}, "less sure": {v.ask("service-witnessed"), true}} {
		if a := v.post(c.path+"/usager", url.Values{"usager": {m.Citizen.String()}}); (a.at().Path == c.path+"/demarche") != c.chosen {
			t.Errorf("%s: %d %s", name, a.StatusCode, a.at())
		}
	}
}

// A power that was strong enough when the citizen was chosen, and is not any more, or has ended, gives no code.
func TestService_PowerEndsBetweenThePages(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for name, spoil := range map[string]func(m mandate.Mandate){
		"ended": func(m mandate.Mandate) { _ = s.Mandates.End(t.Context(), s.Jeanne, m.ID, "citizen") },
		"identity too low": func(m mandate.Mandate) {
			s.Behind(t, `update mandate_power set identified_by = 'known' where mandate_id = $1`, m.ID)
		},
	} {
		v, m := s.mandate(t, fixture.Citizen(len(name)), fixture.Tax)
		path := v.ask(direct)
		v.choose(path, m)
		spoil(m)
		if a := v.post(path+"/demarche", url.Values{"demarche": {fixture.Tax}}); a.StatusCode != http.StatusConflict || a.Header.Get("Location") != "" {
			t.Errorf("%s: %d %s", name, a.StatusCode, a.at())
		}
	}
}

// The pages say which service it is, and everything it will be told: of the citizen, of who acts, and of the organisation.
func TestService_PagesSayWhatItWillKnow(t *testing.T) {
	t.Parallel()
	s := newSite(t, service(procedure.FranceConnect))
	v, m := s.angela(t, fixture.Tax)
	for scope, want := range map[string][]string{
		"openid":                     {"un numéro propre à ce service, sans nom"},
		"openid profile":             {"nom et prénoms, nom d’usage (s’il y en a un), sexe, date de naissance."},
		"openid email birth":         {"lieu de naissance, adresse électronique"},
		"openid profile email birth": {"nom et prénoms", "lieu de naissance", "adresse électronique"},
	} {
		path := v.ask("service-franceconnect", "scope", scope)
		if a := v.get(path + "/usager"); !strings.Contains(a.body, "Connexion demandée par Bailleur") || !strings.Contains(a.body, "Les démarches proposées ici par Bailleur") {
			t.Errorf("search: %s", a.body)
		}
		v.choose(path, m)
		body := v.get(path + "/demarche").body
		for _, text := range append(want, "Ce que le service saura", "directement à ce service : Bailleur", "quelqu’un agit à sa place", "numéro SIRET (", "la démarche choisie, ce qu’il permet") {
			if !strings.Contains(body, text) {
				t.Errorf("%s: the page does not say %q", scope, text)
			}
		}
		if strings.Contains(body, "Ce choix est votre déclaration") || !strings.Contains(scope, "email") && strings.Contains(body, "adresse électronique") {
			t.Errorf("%s: the page says what is not so", scope)
		}
	}
	path := v.begin()
	v.choose(path, m)
	if body := v.get(path + "/demarche").body; strings.Contains(body, "Ce que FranceConnect saura") || !strings.Contains(body, "Ce choix est votre déclaration") {
		t.Error("FranceConnect's page says what a service's does")
	}
}

// max_age counts from when the request was brought, to the second, and who gives the factor for it has given it.
func TestService_MaxAgeToTheSecond(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	v, m := s.angela(t)
	for age, wait := range map[string]time.Duration{"0": time.Second, "1": 2 * time.Second, "30": 31 * time.Second} {
		v.site.exec(t, `update session set factor_at = $2 where id = $1`, v.by.Session, s.Clock.Now())
		if age != "0" {
			v.ask(direct, "max_age", age)
		}
		s.Clock.Advance(wait)
		if a := v.get("/idp/authorize?" + asks(direct, "max_age", age).Encode()); a.at().Path != session.ConfirmPath {
			t.Fatalf("max_age=%s: %d %s", age, a.StatusCode, a.at())
		}
		var back string
		s.row(t, `select return_path from session where person_id is not null`, &back)
		s.Clock.Advance(time.Second)
		v.site.exec(t, `update session set factor_at = $2 where id = $1`, v.by.Session, s.Clock.Now())
		s.Clock.Advance(2 * time.Minute) // the way back takes a while, or a break
		path, found := strings.CutSuffix(v.get(back).at().Path, "/usager")
		if !found {
			t.Fatalf("max_age=%s, back with the factor: %s", age, path)
		}
		if n := count(t, s, `select count(*) from idp_login where max_age = $1::integer and factor_at = (select factor_at from session where id = session_id)`, age); n == 0 {
			t.Errorf("max_age=%s is not kept", age)
		}
		v.choose(path, m)
		if a := v.post(path+"/demarche", url.Values{"demarche": {fixture.Tax}}); !a.at().Query().Has("code") {
			t.Errorf("max_age=%s: the factor that was given for it brings no code: %d %s", age, a.StatusCode, a.body)
		}
	}
}

// The age counts again when the code is issued: who lingers is asked again. A factor given for this very request has a while, or a second would be asked for ever.
func TestService_MaxAgeIsAskedAgainForTheCode(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	v, m := s.angela(t)
	given := func() { s.exec(t, `update session set factor_at = $2 where id = $1`, v.by.Session, s.Clock.Now()) }
	code := func(path string) bool {
		t.Helper()
		a := v.post(path+"/demarche", url.Values{"demarche": {fixture.Tax}})
		if issued := a.at().Query().Has("code"); issued || a.StatusCode != http.StatusConflict || !strings.Contains(a.body, path+"/confirmation") {
			if !issued {
				t.Errorf("neither a code nor a question: %d %s", a.StatusCode, a.body)
			}
			return issued
		}
		if page := v.get(path + "/demarche").body; !strings.Contains(page, path+"/confirmation") {
			t.Error("the page does not ask")
		}
		return false
	}
	given()
	s.Clock.Advance(time.Minute)
	path := v.ask(direct, "max_age", "90")
	v.choose(path, m)
	s.Clock.Advance(40 * time.Second)
	if code(path) {
		t.Error("a code for a factor older than max_age, given before the request")
	}
	given()
	s.Clock.Advance(idp.FactorPause - 30*time.Second)
	if page := v.get(path + "/demarche").body; strings.Contains(page, path+"/confirmation") {
		t.Error("the page asks for what was just given")
	}
	if !code(path) {
		t.Error("what was given for this request does not count")
	}

	given()
	path = v.ask(direct, "max_age", "400")
	v.choose(path, m)
	s.Clock.Advance(370 * time.Second)
	if !code(path) {
		t.Error("a factor of max_age does not count")
	}
	given()
	path = v.ask(direct, "max_age", "400")
	v.choose(path, m)
	s.Clock.Advance(401 * time.Second)
	if code(path) {
		t.Error("a code for a factor older than max_age")
	}

	path = v.ask(direct, "max_age", "1000", "prompt", "login")
	v.choose(path, m)
	given()
	s.Clock.Advance(idp.FactorPause + time.Second)
	if !code(path) {
		t.Error("a longer max_age is cut")
	}
	given()
	s.Clock.Advance(2 * time.Minute)
	path = v.ask(direct, "max_age", "130")
	v.choose(path, m)
	s.Clock.Advance(20 * time.Second)
	given()
	s.Clock.Advance(idp.FactorPause + time.Second)
	if code(path) {
		t.Error("a factor that was given for the request counts for ever")
	}
}

// prompt=login asks for the factor once the citizen is known, and a service is promised that it is given for this request.
func TestService_PromptLoginWantsAFactorGivenNow(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	v, m := s.angela(t)
	v.confirm(m.Citizen)
	s.Clock.Advance(time.Second)
	path := v.ask(direct, "prompt", "login")
	v.choose(path, m)
	code := func() bool {
		return v.post(path+"/demarche", url.Values{"demarche": {fixture.Tax}}).at().Query().Has("code")
	}
	if code() {
		t.Error("a factor that was given before the request is enough")
	}
	if !strings.Contains(v.get(path+"/demarche").body, "Confirmez d’abord") {
		t.Error("the page does not ask for it")
	}
	v.site.exec(t, `update session set factor_at = $2 where id = $1`, v.by.Session, s.Clock.Now())
	if !code() {
		t.Error("a factor that was given since is not enough")
	}
	s.Clock.Advance(idp.FactorLife)
	path = v.begin("max_age", "0") // FranceConnect's: a factor of this citizen's, but before the request
	v.choose(path, m)
	if code() {
		t.Error("max_age=0 with prompt=login: an old factor is enough")
	}
}

func TestTypes_AreDescribed(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	a := s.stranger(t).get("/idp" + details.Path)
	if a.StatusCode != http.StatusOK || a.Header.Get("Content-Type") != "application/schema+json" || a.json(t)["$id"] != details.Type(s.url+"/idp") {
		t.Errorf("%d %v %s", a.StatusCode, a.Header, a.body)
	}
}
