package pagetest

import (
	"strings"
	"testing"
)

func TestFaults_FindsEach(t *testing.T) {
	t.Parallel()
	wrap := func(body string) string {
		return `<!doctype html><html lang="fr"><head><title>t</title></head><body><h1>x</h1>` + body + `</body></html>`
	}
	if got := Faults(wrap(`<p id="a"><label for="b">x</label><input id="b"></p><a href="#a">x</a>`)); len(got) != 0 {
		t.Errorf("a sound page: %v", got)
	}
	for fault, page := range map[string]string{
		"closes":                        wrap(`<p><b></p></b>`),
		"not closed":                    wrap(`<p>`) + "<div>",
		`id "a" is not unique`:          wrap(`<p id="a"></p><p id="a"></p>`),
		`nothing has the id "a"`:        wrap(`<a href="#a">x</a>`),
		`field "b" has no label`:        wrap(`<input id="b">`),
		"<h3> after <h1>":               wrap(`<h3>x</h3>`),
		"error-b stands above":          wrap(`<p id="error-b">x</p><label for="field-b">x</label><input id="field-b" aria-describedby="error-b">`),
		`described by "error-b"`:        wrap(`<label for="field-b">x</label><input id="field-b"><p id="error-b">x</p>`),
		"2 h1":                          wrap(`<h1>x</h1>`),
		"inline style":                  wrap(`<p style="color:red"></p>`),
		"inline onclick":                wrap(`<p onclick="x()"></p>`),
		"<script> that is no module":    wrap(`<script></script>`),
		"<script> with something in it": wrap(`<script type="module" src="/static/js/x.js">x</script>`),
		"an image without alt":          wrap(`<img src="x">`),
		"a new window without noopener": wrap(`<a href="/" target="_blank">x</a>`),
		"a link to nowhere":             wrap(`<a>x</a>`),
		"a value is missing":            wrap(`<p>&lt;no value&gt;</p>`),
		"no language":                   strings.Replace(wrap(""), ` lang="fr"`, "", 1),
		"no title":                      strings.Replace(wrap(""), `<title>t</title>`, "", 1),
	} {
		if got := Faults(page); !strings.Contains(strings.Join(got, "\n"), fault) {
			t.Errorf("%s: found %v", fault, got)
		}
	}
}
