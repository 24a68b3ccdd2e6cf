package checker_test

import (
	"testing"

	"mandat/internal/journal/checker"
)

// What a hostile file or site put into an error cannot steer the terminal, hide or turn words.
func TestPrintable(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"entry 3: déjà vu\n\tat 4":      "entry 3: déjà vu\n\tat 4",
		"\x1b[2Jok\r\b\x00\x7f":         "\ufffd[2Jok\ufffd\ufffd\ufffd\ufffd",
		"\u009b1m\u0085":                "\ufffd1m\ufffd",
		"a\u202eb\u200bc\ufeffd\u2066e": "a\ufffdb\ufffdc\ufffdd\ufffde",
		"\x9b1m\xff":                    "\ufffd1m\ufffd",
	} {
		if got := checker.Printable(text); got != want {
			t.Errorf("%q became %q, want %q", text, got, want)
		}
	}
}
