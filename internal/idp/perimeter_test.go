package idp_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"mandat/internal/fixture"
)

// vocabulary is each of FranceConnect's ten perimeters and the short key of the reference implementation. The accents are uneven, and
// both are compared as they are written.
var vocabulary = map[string]string{
	"Papier-Citoyenneté-Elections": "papiers", "Famille-Scolarité": "famille", "Social-Santé": "social", "Travail-Formation": "travail", "Logement": "logement",
	"Transports-Mobilité": "transports", "Argent-Impots-Consommation": "argent", "Justice": "justice", "Etranger-Europe": "etranger", "Loisirs-Sport-Culture": "loisirs",
}

func repScope(values ...string) string {
	return `{"id_token":{"rep_scope":{"essential":true,"values":["` + strings.Join(values, `","`) + `"]}}}`
}

// Each word opens the procedures of its theme and no other, and is the one that FranceConnect is answered with.
func TestRepScope_KnowsBothVocabularies(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	var of []string // one procedure of each theme, for which FranceConnect is enough
	for label, key := range vocabulary {
		theme, ok := s.Catalogue.Perimeter(label)
		if other, found := s.Catalogue.Perimeter(key); !ok || !found || other.Key != key || theme.Key != key || len(theme.Procedures) == 0 {
			t.Fatalf("%s is not %s", label, key)
		}
		of = append(of, theme.Procedures[0].Key)
	}
	v, m := s.mandate(t, fixture.Citizen(7), of...)
	for label, key := range vocabulary {
		theme, _ := s.Catalogue.Theme(key)
		for _, word := range []string{label, key} {
			path := v.begin("claims", repScope(word))
			if body := v.get(path + "/usager").body; !strings.Contains(body, "<li>"+theme.Name.In("fr")+"</li>") {
				t.Errorf("%s: the page does not name the theme %s", word, theme.Name.In("fr"))
			}
			v.choose(path, m)
			body := v.get(path + "/demarche").body
			if n := strings.Count(body, `name="demarche" value="`); n != 1 || !strings.Contains(body, `value="`+theme.Procedures[0].Key+`"`) {
				t.Errorf("%s: %d procedures offered", word, n)
			}
			code := v.post(path+"/demarche", url.Values{"demarche": {theme.Procedures[0].Key}}).at().Query().Get("code")
			_, verify := s.relyingParty(t, fc)
			id, err := verify.Verify(t.Context(), s.token(t, code)["id_token"].(string))
			if err != nil {
				t.Fatal(err)
			}
			var claims struct {
				RepScope []string `json:"rep_scope"`
			}
			if err := id.Claims(&claims); err != nil || len(claims.RepScope) != 1 || claims.RepScope[0] != word {
				t.Errorf("%s is answered by %q", word, claims.RepScope)
			}
		}
	}
}

// What is not written as FranceConnect writes it is no perimeter, and the aidant is told so before going back.
func TestRepScope_KnowsNoOtherSpelling(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	v, m := s.angela(t)
	for _, word := range []string{"Argent-Impôts-Consommation", "argent-impots-consommation", "ARGENT", "Argent", " argent", "Papier-Citoyennete-Elections", "Social-Sante\u0301", "Étranger-Europe", "Astrologie"} {
		path := v.begin("claims", repScope(word))
		body := v.get(path + "/usager").body
		if !strings.Contains(body, "demande un thème que Mandat ne connaît pas") || !strings.Contains(body, "Annuler et revenir à FranceConnect") {
			t.Errorf("%s: the page does not say why", word)
		}
		if a := v.post(path+"/usager", url.Values{"usager": {m.Citizen.String()}}); a.StatusCode != http.StatusConflict {
			t.Errorf("%s: chosen: %d %s", word, a.StatusCode, a.at())
		}
		if q := v.post(path+"/annuler", url.Values{}).at().Query(); q.Get("error") != "access_denied" || q.Get("state") != state {
			t.Errorf("%s: the way back: %v", word, q)
		}
	}
}
