package page_test

import (
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"mandat/internal/page"
)

func TestText(t *testing.T) {
	t.Parallel()
	p := pages(t)
	for _, c := range []struct {
		lang, key, want string
		args            []any
	}{
		{"fr", "page.form.errors", "Une réponse est à corriger", []any{"Count", 1}},
		{"fr", "page.form.errors", "3 réponses sont à corriger", []any{"Count", 3}},
		{"en", "page.form.errors", "3 answers need correcting", []any{"Count", 3}},
		{"fr", "page.franceconnect.what", "Qu’est-ce que FranceConnect\u202f?", nil},
	} {
		got, err := p.Text(c.lang, c.key, c.args...)
		if err != nil || got != c.want {
			t.Errorf("%s %s: %q %v, want %q", c.lang, c.key, got, err, c.want)
		}
	}
	if _, err := p.Text("fr", "page.nothing"); err == nil {
		t.Error("an unknown key gave a text")
	}
}

func TestForm(t *testing.T) {
	t.Parallel()
	body := url.Values{"name": {"  Zoé "}, "days": {"31"}, "p": {"a", "b"}, "ok": {"on"}, "long": {"éééé"}}
	r := httptest.NewRequest("POST", "/?name=query", strings.NewReader(body.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	f, err := page.ParseForm(r)
	if err != nil {
		t.Fatal(err)
	}
	if f.Value("name") != "Zoé" || f.Choice("days", "1", "31") != "31" || f.Choice("days", "1") != "" || !f.Has("p", "b") || !f.Ticked("ok") || f.Ticked("no") {
		t.Errorf("read %+v", f)
	}
	if f.Text("long", 4) != "éééé" || f.Failed() {
		t.Error("four letters are not more than four")
	}
	f.Text("long", 3)
	if !f.Failed() || f.Mistake("long") != "page.form.too_long" || f.Mistake("name") != "" {
		t.Errorf("mistakes %v", f.Mistakes())
	}
	var none *page.Form
	if none.Failed() || none.Value("x") != "" || none.Mistake("x") != "" || none.Ticked("x") {
		t.Error("no form is not empty")
	}
	bad := httptest.NewRequest("POST", "/", strings.NewReader("a=%ff"))
	bad.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if _, err := page.ParseForm(bad); err == nil {
		t.Error("what is not UTF-8 was read")
	}
}
