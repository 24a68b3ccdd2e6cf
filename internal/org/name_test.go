package org_test

import (
	"errors"
	"slices"
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

// What names of organisations are like, as people and the directory of businesses write them, and what is no name but a message.
func TestFaults_NameOfAnOrganisation(t *testing.T) {
	t.Parallel()
	for name, good := range map[string]bool{
		"CCAS de Saint-Denis (93)":                             true,
		"Mairie du 12e arrondissement":                         true,
		"Association A.P.F. – 3° lieu":                         true,
		"Maison France Services de L’Haÿ-les-Roses":            true,
		"M.J.C. d'Ivry / Centre social":                        true,
		"Ass. Les Amis & Cie, 75012 Paris":                     true,
		"Régie de quartier 2 de Saint-Denis, 93200":            true,
		"Association Loi 1901 La Maison 69003":                 true,
		"C.I.A.S. DU PAYS D'AUGE":                              true,
		"DEPARTEMENT DE LA SEINE-SAINT-DENIS (SERVICE SOCIAL)": true,
		"SOLIHA 13":                          true,
		"E\u0301cole no 4":                   true,
		strings.Repeat("é", 120):             true,
		strings.Repeat("é", 121):             false,
		"":                                   false,
		" - ":                                false,
		"93":                                 false,
		"CAF 08 99 00 00 00":                 false,
		"CAF 0899000000":                     false,
		"CAF 08.99.00":                       false,
		"CAF 08 a 99 b 00 c 00 d 00":         false,
		"CAF 118 218":                        false,
		"www.caf-secours.example":            false,
		"caf-secours.fr":                     false,
		"CAF.Secours":                        false,
		"t.co":                               false,
		"Votre dossier est bloqué. Répondez": false,
		"https://exemple":                    false,
		"a@b":                                false,
		"CAF : votre dossier":                false,
		"CAF ! Urgent":                       false,
		"Ouvrez «\u00a0ceci":                 false,
		"CAF\nUrgent":                        false,
		"CAF\u200b":                          false,
		"\u202eFAC":                          false,
		"٠٨ ٩٩":                              false,
		"<b>CAF</b>":                         false,
	} {
		if got := !slices.Contains((&org.Organisation{Name: name}).Faults(), "name"); got != good {
			t.Errorf("%q: %t", name, got)
		}
	}
}
