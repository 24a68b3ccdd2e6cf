package org_test

import (
	"errors"
	"strings"
	"testing"

	"mandat/internal/org"
)

func TestName(t *testing.T) {
	t.Parallel()
	for given, want := range map[string]string{
		"Jeanne":                 "Jeanne",
		"  Jean - Pierre  ":      "Jean - Pierre",
		"J.-P.":                  "J.-P.",
		"Éloïse":                 "Éloïse",
		"N’Guyễn d'Arc":          "N’Guyễn d'Arc",
		"E\u0301ric":             "E\u0301ric", // an accent of its own
		"Ⴄ":                      "Ⴄ",
		strings.Repeat("é", 60):  strings.Repeat("é", 60),
		strings.Repeat("é", 61):  "",
		"":                       "",
		" - ":                    "",
		"\u0301":                 "",
		"Jeanne\u200b":           "",
		"\u202eennaeJ":           "",
		"je\u00adanne":           "",
		"Jeanne2":                "",
		"www.exemple.invalid":    "",
		"Monsieur. Votre compte": "",
		"a/b":                    "",
		"a@b":                    "",
		"a: b":                   "",
		"<b>":                    "",
	} {
		got, err := org.Name(given)
		if got != want || (want == "") != errors.Is(err, org.ErrParticulars) {
			t.Errorf("%q: %q, %v", given, got, err)
		}
	}
	if got, err := org.Name("Jeanne\n\nFictif"); err != nil || got != "Jeanne Fictif" {
		t.Errorf("two lines: %q, %v", got, err)
	}
}
