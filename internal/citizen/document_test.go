package citizen

import "testing"

// What a document told is one person or two: accents, case and blanks make no other one, letters and marks do.
func TestDocumentSub(t *testing.T) {
	t.Parallel()
	of := func(given, family, birth string) string {
		return Identity{GivenName: given, FamilyName: family, Birthdate: birth}.DocumentSub()
	}
	same := of("Éloïse", "L'HÉRITIER", "1962-08-24")
	for _, x := range []string{of("eloise", "L’Heritier", "1962-08-24"), of(" ELOISE ", "l héritier", "1962-08-24")} {
		if x != same {
			t.Errorf("%q is somebody else than %q", x, same)
		}
	}
	for _, x := range [][2]string{{of("राम", "KUMAR", "1985-05-01"), of("रिमा", "KUMAR", "1985-05-01")}, {same, of("Éloïse", "L'HÉRITIER", "1962-08-25")}, {same, of("Éloïs", "EL'HÉRITIER", "1962-08-24")}} {
		if x[0] == x[1] {
			t.Errorf("%q is two people", x[0])
		}
	}
}

func TestCheck_OfWhatWasTyped(t *testing.T) {
	t.Parallel()
	good := Identity{GivenName: "Éloïse", FamilyName: "O", Birthdate: "1962-08-24"}
	if wrong := good.Check(); len(wrong) != 0 {
		t.Errorf("%v", wrong)
	}
	for what, change := range map[string]func(*Identity){
		"no letter":      func(i *Identity) { i.FamilyName = "--" },
		"a sign":         func(i *Identity) { i.Birthdate = "1962-+8-24" },
		"digits of none": func(i *Identity) { i.Birthdate = "1962-8-024" },
	} {
		i := good
		change(&i)
		if len(i.Check()) != 1 {
			t.Errorf("%s: %v", what, i.Check())
		}
	}
}
