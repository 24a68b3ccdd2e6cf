package idp_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"mandat/internal/caseload"
	"mandat/internal/fixture"
	"mandat/internal/idp"
	"mandat/internal/token"
)

const taxOnly = `{"id_token":{"rep_scope":{"essential":true,"values":["Argent-Impots-Consommation"]}}}`

// pages are what can be asked of a login: one request for each route.
func pages(v *visitor, path string, citizen fmt.Stringer) map[string]func() answer {
	return map[string]func() answer{
		"search page":      func() answer { return v.get(path + "/usager") },
		"search":           func() answer { return v.post(path+"/usager", url.Values{"recherche": {"dubois"}}) },
		"choose citizen":   func() answer { return v.post(path+"/usager", url.Values{"usager": {citizen.String()}}) },
		"procedure page":   func() answer { return v.get(path + "/demarche") },
		"choose procedure": func() answer { return v.post(path+"/demarche", url.Values{"demarche": {fixture.Tax}}) },
		"cancel":           func() answer { return v.post(path+"/annuler", url.Values{}) },
	}
}

func TestLogin_IsNobodyElses(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	v, m := s.angela(t)
	path := v.begin()
	v.choose(path, m)
	for who, other := range map[string]*visitor{
		"a colleague":             s.visit(t, s.Paul),
		"another organisation":    s.visit(t, s.Ines),
		"another browser of hers": s.visit(t, s.Jeanne),
	} {
		for what, ask := range pages(other, path, m.Citizen) {
			if a := ask(); a.StatusCode != http.StatusNotFound || !strings.Contains(a.body, "Cette connexion n’est plus là") || strings.Contains(a.body, "DUBOIS") {
				t.Errorf("%s, %s: %d %s", who, what, a.StatusCode, a.at())
			}
		}
	}
	for what, ask := range pages(s.stranger(t), path, m.Citizen) {
		if a := ask(); a.StatusCode != http.StatusForbidden || !strings.Contains(a.body, "Votre session est terminée") || !strings.Contains(a.body, "Retournez sur le site du service public") {
			t.Errorf("signed out, %s: %d", what, a.StatusCode)
		}
	}
	for what, ask := range pages(v, "/idp/logins/"+token.ID().String(), m.Citizen) {
		if a := ask(); a.StatusCode != http.StatusNotFound {
			t.Errorf("a login that never was, %s: %d", what, a.StatusCode)
		}
	}
	if a := v.get("/idp/logins/x/usager"); a.StatusCode != http.StatusNotFound {
		t.Errorf("not an id: %d", a.StatusCode)
	}
	if n := count(t, s, `select count(*) from idp_login where state = 'citizen_chosen'`); n != 1 || len(s.entries(t)) != 0 {
		t.Error("somebody else moved the login, or wrote entries")
	}
}

// W44: a login that is gone, late or finished never signs the aidant out.
func TestLogin_GoneOrLateNeverSignsOut(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	v, m := s.angela(t)
	late, finished := v.begin(), v.begin()
	v.choose(late, m)
	v.post(finished+"/annuler", url.Values{})
	s.Clock.Advance(idp.LoginLife)
	for title, path := range map[string]string{"Cette connexion a attendu trop longtemps": late, "Cette connexion est déjà terminée": finished} {
		for what, ask := range pages(v, path, m.Citizen) {
			if what == "cancel" && path == late {
				continue
			}
			a := ask()
			if a.StatusCode != http.StatusConflict || !strings.Contains(a.body, title) || !strings.Contains(a.body, "Retournez sur le site du service public") || a.Header.Get("Set-Cookie") != "" {
				t.Errorf("%s, %s: %d %s", title, what, a.StatusCode, a.body)
			}
		}
	}
	if a := v.post(late+"/annuler", url.Values{}); a.at().Query().Get("error") != "access_denied" {
		t.Errorf("a late login cannot be cancelled: %d", a.StatusCode)
	}
	s.Behind(t, `delete from idp_login`)
	for what, ask := range pages(v, late, m.Citizen) {
		if a := ask(); a.StatusCode != http.StatusNotFound || a.Header.Get("Set-Cookie") != "" {
			t.Errorf("purged, %s: %d", what, a.StatusCode)
		}
	}
	v.begin() // still signed in
}

func TestLogin_PagesInTheWrongOrder(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	v, m := s.angela(t)
	path := v.begin()
	for _, a := range []answer{v.get(path + "/demarche"), v.post(path+"/demarche", url.Values{"demarche": {fixture.Tax}}), v.post(path+"/demarche", url.Values{})} {
		if a.StatusCode != http.StatusConflict || !strings.Contains(a.body, "Choisissez d’abord la personne") {
			t.Errorf("procedure before citizen: %d", a.StatusCode)
		}
	}
	v.choose(path, m)
	v.choose(path, m) // one may change one's mind
	if a := v.post(path+"/demarche", url.Values{}); a.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(a.body, "Choisissez une démarche.") {
		t.Errorf("no procedure: %d", a.StatusCode)
	}
	if a := v.post(path+"/demarche", url.Values{"demarche": {fixture.Tax}}); !a.at().Query().Has("code") {
		t.Fatalf("%d %s", a.StatusCode, a.body)
	}
	for what, ask := range pages(v, path, m.Citizen) { // a double click, or the back button
		if a := ask(); a.StatusCode != http.StatusConflict {
			t.Errorf("after the code, %s: %d", what, a.StatusCode)
		}
	}
	another := s.Sign(t, s.Jeanne, fixture.Citizen(1), fixture.Tax)
	if a := v.post(path+"/usager", url.Values{"usager": {another.Citizen.String()}}); a.StatusCode != http.StatusConflict {
		t.Errorf("somebody else after the code: %d", a.StatusCode)
	}
	if len(s.entries(t)) != 0 {
		t.Error("entries for what is no refusal of a power")
	}
}

// W40: the page never has the list, and finds at most ten.
func TestSearch_ShowsAtMostTenAndNeverTheList(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for n := range 11 {
		s.Sign(t, s.Jeanne, fixture.Citizen(n), fixture.Tax)
	}
	s.Sign(t, s.Ines, fixture.Angela(), fixture.Tax)
	v := s.visit(t, s.Jeanne)
	path := v.begin()
	if a := v.get(path + "/usager"); a.StatusCode != http.StatusOK || strings.Contains(a.body, "FICTIF") {
		t.Errorf("before any search: %d %s", a.StatusCode, a.body)
	}
	for _, short := range []string{"", "fi", "  f i "} {
		if a := v.post(path+"/usager", url.Values{"recherche": {short}}); a.StatusCode != http.StatusUnprocessableEntity || strings.Contains(a.body, "FICTIF") || !strings.Contains(a.body, "trois lettres") {
			t.Errorf("search %q: %d", short, a.StatusCode)
		}
	}
	a := v.post(path+"/usager", url.Values{"recherche": {"FÏC"}})
	if n := strings.Count(a.body, `name="usager"`); n != 10 || !strings.Contains(a.body, "Il y en a peut-être d’autres") || !strings.Contains(a.body, "24 août 1962") {
		t.Errorf("%d found: %s", n, a.body)
	}
	if a := v.post(path+"/usager", url.Values{"recherche": {"dubois"}}); strings.Contains(a.body, "DUBOIS") || !strings.Contains(a.body, "Aucune personne trouvée") {
		t.Errorf("another organisation's citizen: %s", a.body)
	}
	if a := v.get(path + "/usager?recherche=fictif"); strings.Contains(a.body, "FICTIF") {
		t.Error("a search by address works: names would stand in histories")
	}
}

// W17: rep_scope limits who and what can be chosen.
func TestChoice_HonoursRepScope(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	v, both := s.angela(t, fixture.Tax, fixture.Housing)
	housing := s.Sign(t, s.Jeanne, fixture.Citizen(1), fixture.Housing)
	path := v.begin("claims", taxOnly)
	a := v.post(path+"/usager", url.Values{"recherche": {"camille"}})
	if !strings.Contains(a.body, "pas pour un thème que le service demande") || strings.Contains(a.body, housing.Citizen.String()) || !strings.Contains(a.body, "Argent") {
		t.Errorf("search: %s", a.body)
	}
	if a := v.post(path+"/usager", url.Values{"usager": {housing.Citizen.String()}}); a.StatusCode != http.StatusConflict || !strings.Contains(a.body, "pas de mandat en cours qui permette") {
		t.Errorf("choice: %d %s", a.StatusCode, a.at())
	}
	v.choose(path, both)
	if a := v.get(path + "/demarche"); strings.Contains(a.body, fixture.Housing) || !strings.Contains(a.body, fixture.Tax) || !strings.Contains(a.body, "Seules celles du thème") {
		t.Errorf("procedures: %s", a.body)
	}
	if a := v.post(path+"/demarche", url.Values{"demarche": {fixture.Housing}}); a.StatusCode != http.StatusConflict || !strings.Contains(a.body, "ne permet pas, ou plus") {
		t.Errorf("procedure: %d %s", a.StatusCode, a.at())
	}
	same(t, "entries", s.entries(t), []entry{
		{Action: "power.refused", Person: s.Jeanne.Person, Citizen: housing.Citizen, Step: "citizen", Reason: "no_power"},
		{Action: "power.refused", Person: s.Jeanne.Person, Citizen: both.Citizen, Step: "procedure", Reason: "no_power", Procedure: fixture.Housing}})
	all := v.begin()
	v.choose(all, both)
	if a := v.get(all + "/demarche"); strings.Contains(a.body, "Seules celles du thème") {
		t.Errorf("procedures, without a theme: %s", a.body)
	}
	unknown := v.begin("claims", `{"id_token":{"rep_scope":{"essential":true,"values":["Astrologie"]}}}`)
	if a := v.get(unknown + "/usager"); !strings.Contains(a.body, "demande un thème que Mandat ne connaît pas") {
		t.Errorf("a perimeter nobody knows: %s", a.body)
	}
	if a := v.post(unknown+"/usager", url.Values{"usager": {both.Citizen.String()}}); a.StatusCode != http.StatusConflict {
		t.Errorf("a perimeter nobody knows: %d", a.StatusCode)
	}
}

func TestRepScope_AnswersInTheWordsReceived(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	v, m := s.angela(t)
	for asked, want := range map[string]any{
		"": nil,
		`{"id_token":{"rep_scope":{"essential":true,"values":["Logement","Argent-Impots-Consommation"]}}}`: []any{"Argent-Impots-Consommation"},
		`{"id_token":{"rep_scope":{"essential":true,"values":["argent","papiers"]}}}`:                      []any{"argent"},
		`{"id_token":{"rep_scope":{"essential":true,"values":[]}}}`:                                        []any{"Argent-Impots-Consommation"},
		`{"id_token":{"rep_scope":{"essential":true,"values":["logement","Argent-Impots-Consommation"]}}}`: []any{"Argent-Impots-Consommation"},
		`{"id_token":{"rep_scope":{"essential":true,"values":["Astrologie","argent"]}}}`:                   []any{"argent"},
		`{"id_token":{"rep_scope":{"essential":true,"values":["argent","Argent-Impots-Consommation"]}}}`:   []any{"argent"},
		`{"id_token":{"rep_scope":{"essential":true,"value":"argent"}}}`:                                   []any{"argent"},
		`{"id_token":{"rep_scope":null}}`:                                                                  []any{"Argent-Impots-Consommation"},
	} {
		answer := s.token(t, v.code(m, fixture.Tax, "claims", asked))
		_, verify := s.relyingParty(t, fc)
		id, err := verify.Verify(t.Context(), answer["id_token"].(string))
		if err != nil {
			t.Fatal(err)
		}
		claims := map[string]any{}
		if err := id.Claims(&claims); err != nil {
			t.Fatal(err)
		}
		same(t, asked, claims["rep_scope"], want)
	}
}

func TestChooseCitizen_RefusesWithoutPower(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		spoil func(t *testing.T, s *site, v *visitor)
		whom  func(s *site, own, foreign fmt.Stringer) string
		names bool // the entry names the citizen
	}{
		"another organisation's citizen": {whom: func(_ *site, _, foreign fmt.Stringer) string { return foreign.String() }},
		"nobody":                         {whom: func(*site, fmt.Stringer, fmt.Stringer) string { return token.ID().String() }},
		"mandate expired": {spoil: func(t *testing.T, s *site, v *visitor) {
			s.Behind(t, `update mandate_power set ends_at = now() - interval '1 second', starts_at = now() - interval '1 day' where organisation_id = $1`, v.by.Organisation)
		}, names: true},
		"power not begun": {spoil: func(t *testing.T, s *site, v *visitor) {
			s.Behind(t, `update mandate_power set starts_at = now() + interval '1 hour' where organisation_id = $1`, v.by.Organisation)
		}, names: true},
		"citizen not identified by FranceConnect": {spoil: func(t *testing.T, s *site, _ *visitor) { identifiedOtherwise(t, s) }, names: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t)
			v, m := s.angela(t)
			foreign := s.Sign(t, s.Ines, fixture.Citizen(7), fixture.Tax)
			path := v.begin()
			if c.spoil != nil {
				c.spoil(t, s, v)
			}
			whom, named := m.Citizen.String(), entry{}.Citizen
			if c.whom != nil {
				whom = c.whom(s, m.Citizen, foreign.Citizen)
			}
			if c.names {
				named = m.Citizen
			}
			a := v.post(path+"/usager", url.Values{"usager": {whom}})
			if a.StatusCode != http.StatusConflict || strings.Contains(a.body, "FICTIF") {
				t.Errorf("%d %s", a.StatusCode, a.at())
			}
			same(t, "entries", s.entries(t), []entry{{Action: "power.refused", Person: s.Jeanne.Person, Citizen: named, Step: "citizen", Reason: "no_power"}})
			if n := count(t, s, `select count(*) from idp_login where state = 'requested'`); n != 1 {
				t.Error("the login moved")
			}
		})
	}
}

func TestChooseCitizen_RefusesACitizenWithoutEmail(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	silent := fixture.Citizen(3)
	silent.Email = ""
	v, m := s.mandate(t, silent)
	path := v.begin()
	if a := v.post(path+"/usager", url.Values{"recherche": {"fictif"}}); !strings.Contains(a.body, "FranceConnect demande une adresse électronique") || strings.Contains(a.body, `name="usager"`) {
		t.Errorf("search: %s", a.body)
	}
	if a := v.post(path+"/usager", url.Values{"usager": {m.Citizen.String()}}); a.StatusCode != http.StatusConflict || !strings.Contains(a.body, "FranceConnect demande une adresse électronique") {
		t.Errorf("choice: %d %s", a.StatusCode, a.at())
	}
	v.choose(v.begin("scope", "openid profile"), m) // nobody promised an address
}

func TestChooseProcedure_Refuses(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		spoil     func(t *testing.T, s *site, v *visitor)
		procedure string
		reported  string // the procedure in the entry
	}{
		"not granted":                     {procedure: "argent-timbre-fiscal", reported: "argent-timbre-fiscal"},
		"granted by somebody else":        {spoil: func(t *testing.T, s *site, _ *visitor) { s.Sign(t, s.Jeanne, fixture.Citizen(1), fixture.Housing) }, procedure: fixture.Housing, reported: fixture.Housing},
		"not in the catalogue":            {procedure: "<script>"},
		"ended since":                     {spoil: func(t *testing.T, s *site, v *visitor) { endAll(t, s, v) }, procedure: fixture.Tax, reported: fixture.Tax},
		"not identified by FranceConnect": {spoil: func(t *testing.T, s *site, _ *visitor) { identifiedOtherwise(t, s) }, procedure: fixture.Tax, reported: fixture.Tax},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t)
			v, m := s.angela(t)
			path := v.begin()
			v.choose(path, m)
			if c.spoil != nil {
				c.spoil(t, s, v)
			}
			a := v.post(path+"/demarche", url.Values{"demarche": {c.procedure}})
			if a.StatusCode != http.StatusConflict || !strings.Contains(a.body, "ne permet pas, ou plus, cette démarche") {
				t.Errorf("%d %s %s", a.StatusCode, a.at(), a.body)
			}
			same(t, "entries", s.entries(t), []entry{{Action: "power.refused", Person: s.Jeanne.Person, Citizen: m.Citizen, Step: "procedure", Reason: "no_power", Procedure: c.reported}})
			if n := count(t, s, `select count(*) from idp_login where state = 'citizen_chosen' and code_hash is null`); n != 1 {
				t.Error("the login moved")
			}
		})
	}
}

// identifiedOtherwise makes powers and citizens as a later way of identifying them might. Today a CHECK refuses them.
func identifiedOtherwise(t testing.TB, s *site) {
	t.Helper()
	conn := s.Connect(t, s.Superuser)
	for _, table := range []string{"mandate_power", "citizen"} {
		if _, err := conn.Exec(t.Context(), `set session_replication_role = replica; alter table `+table+` drop constraint `+table+`_identified_by_check; update `+table+` set identified_by = 'paper'`); err != nil {
			t.Fatal(err)
		}
	}
}

// endAll ends every mandate of a visitor's organisation, as an aidant does.
func endAll(t testing.TB, s *site, v *visitor) {
	t.Helper()
	list, err := s.Caseload.List(t.Context(), v.by, caseload.Filter{})
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range list.Lines {
		if err := s.Mandates.End(t.Context(), v.by, m.ID, "citizen"); err != nil {
			t.Fatal(err)
		}
	}
}

func TestCancel_TellsTheClient(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	v, m := s.angela(t)
	one, two := v.begin(), v.begin()
	v.choose(two, m)
	for _, path := range []string{one, two} {
		a := v.post(path+"/annuler", url.Values{})
		if q := a.at().Query(); a.StatusCode != http.StatusSeeOther || a.at().Host != "fc.exemple.test" || q.Get("error") != "access_denied" || q.Get("state") != state || q.Get("iss") != s.url+"/idp" || q.Has("code") {
			t.Errorf("%d %s", a.StatusCode, a.at())
		}
		if a := v.post(path+"/annuler", url.Values{}); a.StatusCode != http.StatusConflict {
			t.Errorf("twice: %d", a.StatusCode)
		}
	}
	if len(s.entries(t)) != 0 {
		t.Error("a cancellation is no refusal of a power")
	}
}

func TestPages_LetTheirFormsLeadToTheClient(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	v, m := s.angela(t)
	path := v.begin()
	v.choose(path, m)
	for _, p := range []string{"/usager", "/demarche"} {
		a := v.get(path + p)
		if csp := a.Header.Get("Content-Security-Policy"); !strings.Contains(csp, "form-action 'self' https://fc.exemple.test;") && !strings.HasSuffix(csp, "form-action 'self' https://fc.exemple.test") {
			t.Errorf("%s: %s", p, csp)
		}
		if !strings.Contains(a.body, path+"/annuler") {
			t.Errorf("%s has no way out", p)
		}
		if a.Header.Get("Cache-Control") != "no-store" || a.Header.Get("Referrer-Policy") != "no-referrer" {
			t.Errorf("%s: %v", p, a.Header)
		}
	}
	if a := v.get(path + "/demarche"); !strings.Contains(a.body, "ne nous dit pas quel site vous ouvrez") {
		t.Error("the page does not say that the choice is a declaration")
	}
}
