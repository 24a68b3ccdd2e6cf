package browse_test

import (
	"fmt"
	"html"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

	"mandat/internal/browse"
)

func TestPressSendsFiles(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		if r.Method == http.MethodGet {
			_, _ = fmt.Fprint(w, `<title>t</title><form method="post" enctype="multipart/form-data"><input type="hidden" name="jeton" value="a&amp;b"><input type="file" name="fichier"><button>Envoyer</button></form>
				<form method="post"><input type="file" name="autre"><button>Mal</button></form>`)
			return
		}
		f, head, err := r.FormFile("fichier")
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		content, _ := io.ReadAll(f)
		_, _ = fmt.Fprintf(w, `<title>t</title><p id="got">%s %s %s</p>`, r.FormValue("jeton"), head.Filename, html.EscapeString(string(content)))
	}))
	t.Cleanup(server.Close)
	b := browse.New()
	must(t, b.Get(server.URL))
	for button, values := range map[string]url.Values{"Envoyer": nil, "Mal": {"autre": {"x"}}} {
		if err := b.Press(button, values); err == nil {
			t.Errorf("%s: sent", button)
		}
	}
	must(t, b.Press("Envoyer", url.Values{"fichier": {"nom;score\nété;7\n"}}))
	if got := b.TextByID("got"); got != "a&b file.csv nom;score été;7" {
		t.Errorf("%q", got)
	}
}
