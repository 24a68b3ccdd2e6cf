package citizen

import (
	"maps"
	"slices"
	"testing"
)

// What nobody sees, and letters that look like those of another alphabet, would make somebody new of whom the organisation knows: they are no name.
func TestCheck_OfLettersThatHide(t *testing.T) {
	t.Parallel()
	amina := Identity{GivenName: "Amina", FamilyName: "HADDAD", PreferredUsername: "BEN ALI", Birthdate: "1983-02-03"}
	for what, change := range map[string]func(*Identity){
		"family_name": func(i *Identity) { i.FamilyName = "HADDAD\u3164" },         // fillers of Hangul
		"given_name":  func(i *Identity) { i.GivenName = "Am\uffa0ina" },           // and a narrow one
		"usage_name":  func(i *Identity) { i.PreferredUsername = "BEN ALI\ufe0f" }, // a selector of variants
	} {
		i := amina
		change(&i)
		if got := slices.Collect(maps.Keys(i.Check())); !slices.Equal(got, []string{what}) {
			t.Errorf("%s: %v", what, got)
		}
	}
	for _, family := range []string{"HADDAD\u17b5", "HADDAD\U000e0100", "HAD\u034fDAD", "HADDAD\u115f", "H\u0410DDAD", "\u0397ADDAD", "HADDAD\u0483", "HADDAD \u0410", "HADDAD-\u0410LI", "\u13aaADDAD"} {
		i := amina
		i.FamilyName = family
		if got := i.Check(); len(got) == 0 || got["family_name"] != "invalid" {
			t.Errorf("%+q: %v", family, got)
		}
	}
	for field, i := range map[string]Identity{
		"given_name": {GivenName: "\u0410\u041c", FamilyName: "HADDAD", Birthdate: "1983-02-03"},
		"usage_name": {GivenName: "Amina", FamilyName: "HADDAD", PreferredUsername: "\u0410\u041c", Birthdate: "1983-02-03"},
	} {
		if got := slices.Collect(maps.Keys(i.Check())); !slices.Equal(got, []string{field}) {
			t.Errorf("%s in another alphabet: %v", field, got)
		}
	}
	for _, name := range []string{"Nguyễn", "O’CONNOR", "L\u02bcHÉRITIER", "Jean-Pierre 2e", "Łukaszewič", "Иван", "Παππάς", "محمد", "राम", "田中 さくら", "김", "D'ARC (dite \"Jo\")", "ʿAlī", "i\u0307"} {
		if got := (Identity{GivenName: name, FamilyName: name, Birthdate: "1983-02-03"}).Check(); len(got) > 0 {
			t.Errorf("%s: %v", name, got)
		}
	}
	for _, present := range []string{"Olena Бондар (interprète)", "Иван Petrov"} {
		if !Name(present) {
			t.Errorf("%s is no name", present)
		}
	}
}

// What nobody sees is not looked for either, nor does it keep somebody from being found who has it in their name.
func TestSought_PassesOverWhatNobodySees(t *testing.T) {
	t.Parallel()
	for typed, family := range map[string]string{"HADDAD\u3164": "HADDAD", "had\uffa0dad": "HADDAD", "HADDAD\ufe0f": "HADDAD", "haddad": "HAD\u115fDAD\u3164", "\u3164": "HADDAD"} {
		if !Seek(typed).fitsIdentity(Identity{FamilyName: family}) {
			t.Errorf("%+q does not find %+q", typed, family)
		}
	}
}
