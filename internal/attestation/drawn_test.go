package attestation

import (
	"strings"
	"testing"

	"mandat/internal/terms"
)

// A paper says that a signature was drawn, and calls it what it is; of who drew none it says nothing.
func TestCompose_TheSignatureThatWasDrawn(t *testing.T) {
	t.Parallel()
	for lang, says := range map[string]string{"fr": "signature électronique simple", "en": "simple electronic signature"} {
		m := someMandate(t)
		for _, drawn := range []string{"", strings.Repeat("0", 64)} {
			m.Terms.Agreement = &terms.Agreement{Lang: lang, Form: "plain", Reading: "self", Drawn: drawn}
			x := someSubject(t, Given, lang)
			x.agreed = read(m, x.now)
			if got := strings.Contains(wordsOf(compose(Given, x, "", nil)), says); got != (drawn != "") {
				t.Errorf("%s, drawn %q: said %t", lang, drawn, got)
			}
		}
	}
}
