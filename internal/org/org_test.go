package org

import "testing"

func TestValidSIRET(t *testing.T) {
	for siret, want := range map[string]bool{
		"21750001600019":  true,
		"35600000000048":  true,  // La Poste's head office passes Luhn
		"35600000049837":  true,  // a post office passes only La Poste's rule
		"21750001600018":  false, // wrong check digit
		"2175000160001":   false,
		"217500016000190": false,
		"2175000160001x":  false,
		"٢١٧٥٠٠٠١٦٠٠٠١٩":  false, // digits, but not ours
		"":                false,
	} {
		if ValidSIRET(siret) != want {
			t.Errorf("ValidSIRET(%q) is not %v", siret, want)
		}
	}
}
