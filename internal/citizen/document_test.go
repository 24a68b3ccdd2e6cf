package citizen

import (
	"strings"
	"testing"
)

// Whom documents call the same: accents, case and blanks make no other one, letters and marks do, and so does another day.
func TestCalled(t *testing.T) {
	t.Parallel()
	of := func(given, family, birth string) string {
		return Identity{GivenName: given, FamilyName: family, Birthdate: birth}.called()
	}
	same := of("Éloïse", "L'HÉRITIER", "1962-08-24")
	for _, x := range []string{of("eloise", "L’Heritier", "1962-08-24"), of(" ELOISE ", "l héritier", "1962-08-24")} {
		if x != same {
			t.Errorf("%q is somebody else than %q", x, same)
		}
	}
	for _, x := range [][2]string{{"LEBŒUF", "LEBOEUF"}, {"Strauß", "STRAUSS"}, {"Sørensen", "SORENSEN"}, {"Wałęsa", "WALESA"}, {"Đorđe", "DORDE"}, {"Yılmaz", "YILMAZ"},
		{"L\u02bcHéritier", "L'HERITIER"}, {"ΠΑΠΠΑΣ", "Παππας"}} {
		if of("Ada", x[0], "1950-01-01") != of("Ada", x[1], "1950-01-01") || of(x[0], "B", "1950-01-01") != of(x[1], "B", "1950-01-01") {
			t.Errorf("%s is somebody else than %s", x[0], x[1])
		}
	}
	for _, x := range [][2]string{{of("राम", "KUMAR", "1985-05-01"), of("रिमा", "KUMAR", "1985-05-01")}, {same, of("Éloïse", "L'HÉRITIER", "1962-08-25")}, {same, of("Éloïs", "EL'HÉRITIER", "1962-08-24")}} {
		if x[0] == x[1] {
			t.Errorf("%q is two people", x[0])
		}
	}
}

// Across organisations, FranceConnect's sub says who a person is; of a document, what it told, with the birth place and without the sub, which is another one in each.
func TestPersonMark(t *testing.T) {
	t.Parallel()
	document := func(change func(*Identity)) Identity {
		i := Identity{Sub: NewDocumentSub(), GivenName: "Amina", FamilyName: "HADDAD", Birthdate: "1983-00-00", BornTown: "Homs", BornCountry: "Syrie"}
		change(&i)
		return i
	}
	here := document(func(*Identity) {}).PersonMark()
	if there := document(func(i *Identity) { i.BornTown, i.FamilyName, i.Email = "HOMS", "Haddad", "amina@exemple.invalid" }).PersonMark(); there != here {
		t.Errorf("one person is two: %q, %q", here, there)
	}
	if a, b := document(func(i *Identity) { i.BornTown = "Œting" }), document(func(i *Identity) { i.BornTown = "OETING" }); a.PersonMark() != b.PersonMark() || !samePerson(a, b) {
		t.Error("one town is two")
	}
	for what, change := range map[string]func(*Identity){
		"town":          func(i *Identity) { i.BornTown = "Alep" },
		"country":       func(i *Identity) { i.BornCountry = "" },
		"name":          func(i *Identity) { i.GivenName = "Amine" },
		"FranceConnect": func(i *Identity) { i.Sub = "ab12v1" },
	} {
		if other := document(change).PersonMark(); other == here || other == "" {
			t.Errorf("another %s: %q", what, other)
		}
	}
	if a, b := (Identity{Sub: "ab12v1", GivenName: "A"}), (Identity{Sub: "ab12v1", GivenName: "B"}); a.PersonMark() != b.PersonMark() {
		t.Error("FranceConnect's sub is not enough")
	}
	if mark := (Identity{GivenName: "Amina"}).PersonMark(); mark != "" {
		t.Errorf("nobody is %q", mark)
	}
}

func TestNewDocumentSub(t *testing.T) {
	t.Parallel()
	a, b := NewDocumentSub(), NewDocumentSub()
	if a == b || !strings.HasPrefix(a, "document:") || len(a) != len("document:")+32 {
		t.Errorf("%q, %q", a, b)
	}
}

// The birth place stands behind the date as the document has it, and nowhere for those whom FranceConnect told.
func TestBirthdateText_WithThePlace(t *testing.T) {
	t.Parallel()
	for _, x := range []struct{ town, country, lang, want string }{
		{"HOMS", "SYRIE", "fr", "24 août 1962, à HOMS (SYRIE)"},
		{"HOMS", "SYRIE", "en", "24 August 1962, in HOMS (SYRIE)"},
		{"Le Mans (72)", "", "fr", "24 août 1962, à Le Mans (72)"},
		{"", "SYRIE", "fr", "24 août 1962 (SYRIE)"},
		{"", "", "fr", "24 août 1962"},
	} {
		i := Identity{Birthdate: "1962-08-24", Birthplace: "75107", Birthcountry: "99100", BornTown: x.town, BornCountry: x.country}
		if got := i.BirthdateText(x.lang); got != x.want {
			t.Errorf("%q, want %q", got, x.want)
		}
	}
}

func TestCheck_OfWhatWasTyped(t *testing.T) {
	t.Parallel()
	good := Identity{GivenName: "Éloïse", FamilyName: "O", Birthdate: "1962-08-24", BornTown: "Y", BornCountry: strings.Repeat("é", MaxPlace)}
	if wrong := good.Check(); len(wrong) != 0 {
		t.Errorf("%v", wrong)
	}
	for what, change := range map[string]func(*Identity){
		"no letter":         func(i *Identity) { i.FamilyName = "--" },
		"a sign":            func(i *Identity) { i.Birthdate = "1962-+8-24" },
		"digits of none":    func(i *Identity) { i.Birthdate = "1962-8-024" },
		"a town that hides": func(i *Identity) { i.BornTown = "A\u202eB" },
		"no town":           func(i *Identity) { i.BornTown = "- 12" },
		"a long country":    func(i *Identity) { i.BornCountry = strings.Repeat("é", MaxPlace+1) },
	} {
		i := good
		change(&i)
		if len(i.Check()) != 1 {
			t.Errorf("%s: %v", what, i.Check())
		}
	}
}
