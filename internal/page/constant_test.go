package page_test

import (
	"bytes"
	"context"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"

	"mandat/internal/page"
)

type plainPage struct {
	page.Common
	Client string
}

// Constant texts are escaped as those that are looked up when the page is shown, and values are escaped.
func TestRender_Constants(t *testing.T) {
	t.Parallel()
	files := fstest.MapFS{
		"templates/layout.html":       {Data: []byte(`{{define "layout"}}<title>{{t "x.hard"}}</title>{{template "main" .}}<link href="{{asset "a.css"}}">{{end}}`)},
		"templates/partial/part.html": {Data: []byte(`{{define "part"}}<b>{{.}}</b>{{end}}`)},
		"templates/x/page.html": {Data: []byte(`{{define "main"}}<p title="{{t "x.hard"}}">{{t "x.hard"}}|{{- t "x.hard" -}}|{{template "part" (t "x.hard")}}` +
			`<i>{{t "x.client" "Client" .Client}}</i>{{end}}`)},
		"locales/fr/x.json": {Data: []byte(`{"x.hard": "l'un & \"l'autre\" <b> ` + "`{}`" + `\\ ?", "x.client": "« {{.Client}} »"}`)},
		"locales/en/x.json": {Data: []byte(`{"x.hard": "one & <two>", "x.client": "to {{ .Client }}!"}`)},
		"static/a.css":      {Data: []byte(`a{}`)},
	}
	p, err := page.Load(files, page.Options{})
	if err != nil {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	if err := p.Render(w, httptest.NewRequestWithContext(context.Background(), "GET", "/", nil), 200, "x/page.html", &plainPage{Client: "<Nom :>"}); err != nil {
		t.Fatal(err)
	}
	const hard = "l&#39;un &amp; &#34;l&#39;autre&#34; &lt;b&gt; `{}`\\\u202f?"
	want := `<title>` + hard + `</title><p title="` + hard + `">` + hard + `|` + hard + `|<b>` + hard + "</b><i>«\u00a0&lt;Nom :&gt;\u00a0»</i>"
	if got, _, _ := strings.Cut(w.Body.String(), "<link"); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if !bytes.Contains(w.Body.Bytes(), []byte(`<link href="/static/a.`)) {
		t.Error("the address of the style sheet is not there")
	}
}

// A text that is missing, or has values and is given none, is found when the program starts.
func TestLoad_RefusesMissingTexts(t *testing.T) {
	t.Parallel()
	for _, action := range []string{`{{t "x.nothing"}}`, `{{template "main" (t "x.nothing")}}`, `{{t "x.client"}}`, `{{asset "b.css"}}`} {
		for _, file := range []string{"templates/layout.html", "templates/partial/part.html", "templates/x/page.html"} {
			files := fstest.MapFS{
				"templates/layout.html":       {Data: []byte(`{{define "layout"}}{{end}}`)},
				"templates/partial/part.html": {Data: []byte(`{{define "part"}}{{end}}`)},
				"templates/x/page.html":       {Data: []byte(`{{define "main"}}{{end}}`)},
				"locales/fr/x.json":           {Data: []byte(`{"x.client": "« {{.Client}} »"}`)},
				"locales/en/x.json":           {Data: []byte(`{"x.client": "{{.Client}}"}`)},
				"static/a.css":                {Data: []byte(`a{}`)},
			}
			if _, err := page.Load(files, page.Options{}); err != nil {
				t.Fatal(err)
			}
			files[file] = &fstest.MapFile{Data: []byte(`{{define "some"}}` + action + `{{end}}`)}
			if _, err := page.Load(files, page.Options{}); err == nil {
				t.Errorf("%s in %s: loaded", action, file)
			}
		}
	}
}
