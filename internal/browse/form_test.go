package browse_test

import (
	"fmt"
	"html"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"mandat/internal/browse"
)

const formPage = `<!DOCTYPE html><html lang="fr"><head><title>Un  formulaire</title><style>p{}</style><script>var x = "caché"</script></head><body>
<h1>Mandat <em>simple</em></h1><p hidden>invisible</p><noscript><p>Sans script</p></noscript><p>Durée&nbsp;: <span>31</span>&nbsp;jours</p>
<a href="/?lien=1">Aide</a> <a href="/?lien=2" aria-label="Aide au remplissage">?</a> <a href="/?lien=1">Aide</a>
<form id="f" method="post" action="/">
<input type="hidden" name="jeton" value="a&amp;b">
<input name="nom" value="déjà là"><input name="nom" value="second">
<input type="radio" name="duree" value="1"><input type="radio" name="duree" value="31" checked>
<input type="checkbox" name="demarche" value="impots" checked><input type="checkbox" name="demarche" value="caf"><input type="checkbox" name="accord">
<select name="motif"><option value="a">Fin</option><option value="b" selected>Erreur</option><option value="c" disabled>Non</option></select>
<select name="plusieurs" multiple><option>x</option><option selected>y</option></select>
<textarea name="note">
deux
lignes</textarea>
<input name="ferme" value="1" disabled><fieldset disabled><input name="ferme2" value="1"></fieldset>
<button>Enregistrer</button><button name="suite" value="1">Continuer le mandat</button>
<button name="suite" value="2" formaction="/ailleurs" formmethod="get">Ailleurs</button><button type="button">Rien</button><button disabled>Jamais</button>
</form>
<input form="f" name="dehors" value="oui"><button form="f" name="loin" value="1" aria-label="Au loin">x</button>
<form action="/?vieux=1"><input name="q"><input type="submit" value="Chercher"></form>
<form><button name="ici" value="1">Ici</button></form></body></html>`

// echo shows what it was sent.
func echo(t *testing.T) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		if r.URL.Path == "/form" && r.URL.RawQuery == "" {
			_, _ = fmt.Fprint(w, formPage)
			return
		}
		_ = r.ParseForm()
		_, _ = fmt.Fprintf(w, `<title>reçu</title><p id="got">%s %s %s</p>`, r.Method, r.URL.Path, html.EscapeString(r.Form.Encode()))
	}))
	t.Cleanup(server.Close)
	return server.URL
}

func onForm(t *testing.T) *browse.Browser {
	t.Helper()
	b := browse.New()
	must(t, b.Get(echo(t)+"/form"))
	return b
}

func TestPressSendsWhatABrowserSends(t *testing.T) {
	t.Parallel()
	untouched := url.Values{
		"jeton": {"a&b"}, "nom": {"déjà là", "second"}, "duree": {"31"}, "demarche": {"impots"}, "motif": {"b"}, "plusieurs": {"y"},
		"note": {"deux\r\nlignes"}, "dehors": {"oui"},
	}
	change := func(values url.Values) url.Values {
		all := url.Values{}
		for name, v := range untouched {
			all[name] = v
		}
		for name, v := range values {
			if all[name] = v; len(v) == 0 {
				delete(all, name)
			}
		}
		return all
	}
	tests := []struct {
		button string
		enter  url.Values
		want   string
	}{
		{"Enregistrer", nil, "POST / " + untouched.Encode()},
		{"suite=1", nil, "POST / " + change(url.Values{"suite": {"1"}}).Encode()},
		{"Continuer", nil, "POST / " + change(url.Values{"suite": {"1"}}).Encode()},
		{"Au loin", nil, "POST / " + change(url.Values{"loin": {"1"}}).Encode()},
		{"Ailleurs", nil, "GET /ailleurs " + change(url.Values{"suite": {"2"}}).Encode()},
		{"Chercher", url.Values{"q": {"mar"}}, "GET / q=mar"},
		{"Ici", nil, "GET /form ici=1"},
		{
			"Enregistrer", url.Values{"nom": {"Durand"}, "duree": {"1"}, "demarche": {"caf"}, "accord": {"on"}, "motif": {"Fin"}, "plusieurs": {"x", "y"}, "note": {""}},
			"POST / " + change(url.Values{"nom": {"Durand", "second"}, "duree": {"1"}, "demarche": {"caf"}, "accord": {"on"}, "motif": {"a"}, "plusieurs": {"x", "y"}, "note": {""}}).Encode(),
		},
		{"Enregistrer", url.Values{"demarche": {}}, "POST / " + change(url.Values{"demarche": nil}).Encode()},
	}
	for _, tt := range tests {
		b := onForm(t)
		if err := b.Press(tt.button, tt.enter); err != nil {
			t.Errorf("%s %v: %v", tt.button, tt.enter, err)
			continue
		}
		if diff := cmp.Diff(tt.want, b.TextByID("got")); diff != "" {
			t.Errorf("%s %v: %s", tt.button, tt.enter, diff)
		}
	}
}

func TestPressRefusesWhatNobodyCanDo(t *testing.T) {
	t.Parallel()
	tests := []struct {
		button string
		enter  url.Values
		says   string
	}{
		{"Signer", nil, `no button "Signer"`},
		{"Jamais", nil, "no button"},
		{"Rien", nil, "no button"},
		{"i", nil, "buttons"}, // several contain it
		{"Enregistrer", url.Values{"prenom": {"x"}}, `no field "prenom"`},
		{"Enregistrer", url.Values{"ferme": {"x"}}, `no field "ferme"`},
		{"Enregistrer", url.Values{"duree": {"365"}}, "does not offer"},
		{"Enregistrer", url.Values{"motif": {"c"}}, "does not offer"},
		{"Enregistrer", url.Values{"motif": {"a", "b"}}, "does not offer"},
		{"Enregistrer", url.Values{"nom": {"1", "2", "3"}}, "does not offer"},
		{"Enregistrer", url.Values{"jeton": {"x"}}, "hidden"},
	}
	for _, tt := range tests {
		b := onForm(t)
		err := b.Press(tt.button, tt.enter)
		if err == nil || !strings.Contains(err.Error(), tt.says) || !strings.Contains(err.Error(), "Mandat simple") {
			t.Errorf("%s %v: %v", tt.button, tt.enter, err)
		}
	}
}

func TestPageReads(t *testing.T) {
	t.Parallel()
	b := onForm(t)
	if b.Title() != "Un formulaire" || b.H1() != "Mandat simple" || b.Status() != http.StatusOK {
		t.Errorf("%q %q %d", b.Title(), b.H1(), b.Status())
	}
	for text, want := range map[string]bool{"Sans script": true, "Durée : 31 jours": true, "caché": false, "invisible": false} {
		if b.Has(text) != want {
			t.Errorf("Has(%q) is %v: %s", text, !want, b.Text())
		}
	}
	if len(b.ByText("button", "Enregistrer")) != 1 || b.ByID("absent") != nil || b.TextByID("absent") != "" {
		t.Error("ByText or ByID")
	}
	var empty browse.Browser
	if empty.URL().String() != "" || empty.Text() != "" {
		t.Error("a browser that shows nothing")
	}
}

func TestFollow(t *testing.T) {
	t.Parallel()
	for link, want := range map[string]string{"Aide": "lien=1", "/?lien=2": "lien=2", "Aide au remplissage": "lien=2"} {
		b := onForm(t)
		must(t, b.Follow(link))
		if got := b.TextByID("got"); !strings.HasSuffix(got, want) {
			t.Errorf("%s: %s", link, got)
		}
	}
	b := onForm(t)
	if err := b.Follow("Sortir"); err == nil || !strings.Contains(err.Error(), `no link "Sortir"`) {
		t.Errorf("%v", err)
	}
}
