package citizen

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

func (s Sought) fitsIdentity(i Identity) bool { return s.fits(i.folded(nil), []byte(i.Birthdate)) }

// Every word typed begins a word of one of the names, however it is written; a birth date is a whole one.
func TestSought(t *testing.T) {
	t.Parallel()
	for who, queries := range map[Identity]map[string]bool{
		{GivenName: "Éloïse Anaïs", FamilyName: "L'HÉRITIER-ÇAVEAU", PreferredUsername: "LE GŒUR", Birthdate: "1962-08-24"}: {
			"eloise": true, "ÉLO": true, "heritier": true, "cav": true, "elo heri": true, "goeu": true, "gœur": true, // given, birth and usage name
			"l'héritier": true, "l’heritier": true, "lheritier": true, "l heritier": true, "heritier-caveau": true, "heritier‑caveau": true, "héritier caveau": true,
			"lheritiercaveau": true, "caveau heritier": true, "heritiercaveau": false, // a compound is typed whole, or in words
			"loise": false, "elo zzz": false, "e'loise": true, "el-zzz": false, "d'héritier": false,
			"24/08/1962": true, "24 08 1962": true, "24 8 1962": true, "24.08.1962": true, "24-08-62": true, "24 08 62": true, "24081962": true, "1962-08-24": true, "1962/8/24": true,
			"eloise 24/08/1962": true, "24/08/1962 goeur": true, "martin 24/08/1962": false, "eloise 25/08/1962": false,
			"08/24/1962": false, "1962": false, "08/1962": false, "24/08/1862": false, "24/08/1962 25/08/1962": false, "124/08/1962": false,
			"'": true, "": true, // nothing at all fits everybody: who searches refuses it
		},
		{GivenName: "Jean-Pierre", FamilyName: "D'ARC", Birthdate: "1964-07-00"}: {
			"jean pierre": true, "JEAN-PIERRE": true, "jeanpierre": true, "Jean–Pierre darc": true, "d arc": true, "d´arc": true, "pierre-jean": true, "jeanp": true, "eanpierre": false,
			"00/07/1964": true, "01/07/1964": false,
		},
		{GivenName: "Işık", FamilyName: "ŁUKASZEWIČ", Birthdate: "2001-02-03"}: {"isik": true, "IŞIK": true, "lukaszewic": true, "03/02/01": true},
		{GivenName: "Zoë", FamilyName: "O’CONNOR \"B\" <A&B>", Birthdate: "1990-01-01"}: { // its JSON has escapes
			"oconnor": true, "zoe b": true, "a b": true, "u0026": false, "01/01/1990": true},
		{GivenName: "Angela", FamilyName: "DUBOIS", Birthdate: "1990-01-01", Email: "martin@exemple.invalid", Gender: "female", Sub: "1962-08-24"}: {
			"martin": false, "female": false, "given": false, "dubois": true, "1962-08-24": false},
	} {
		for query, want := range queries {
			if got := Seek(query).fitsIdentity(who); got != want {
				t.Errorf("%q for %s: %v", query, who.FullName(), got)
			}
		}
	}
	if s := Seek(" d-u "); s.Letters() != 2 || s.Dated() {
		t.Errorf("d-u has %d letters", s.Letters())
	}
}

// Who types a name, in whatever case and form, finds who bears it; and what is cut out of the sealed JSON is what the decoder reads.
func FuzzSought(f *testing.F) {
	for _, seed := range [][3]string{{"Angela Claire", "DUBOIS", "dub ang"}, {"Éloïse", "L'HÉRITIER-ÇAVEAU", "24/08/1962"}, {"ẞŒ\u02bc\u0301-", "Σίσυφος", "\"\\ <"}, {"I\u0307ıſ", "é'-\u00ad", "1-1-11"},
		{"\",\"family_name\":\"X", "{}", "x"}, {"\xff\xfe", "\u2028", "ﬀ"}} {
		f.Add(seed[0], seed[1], seed[2])
	}
	f.Fuzz(func(t *testing.T, given, family, typed string) {
		who := Identity{Sub: typed, GivenName: strings.ToValidUTF8(given, ""), FamilyName: strings.ToValidUTF8(family, ""), Birthdate: "1962-08-24"}
		for _, name := range []string{who.GivenName, norm.NFD.String(who.FamilyName), strings.ToUpper(who.GivenName), strings.ToLower(who.FamilyName)} {
			if s := Seek(name); !s.Dated() && digits.FindString(name) == "" && !s.fitsIdentity(who) {
				t.Errorf("%+q does not find %+q %+q", name, who.GivenName, who.FamilyName)
			}
		}
		for _, r := range string(fold(nil, []byte(family))) {
			if r != ' ' && (joins(r) || !unicode.In(r, unicode.L, unicode.Nd) && r != unicode.ReplacementChar) {
				t.Errorf("%+q is folded to %+q", family, fold(nil, []byte(family)))
			}
		}
		plain, err := json.Marshal(who)
		if err != nil {
			t.Fatal(err)
		}
		s := Seek(typed)
		n, err := readName(plain, 0)
		if want := s.fitsIdentity(who); err != nil || s.fits(n.folded, n.birthdate) != want {
			t.Errorf("%+q: sealed %v %v, in clear %v", typed, !want, err, want)
		}
	})
}

// The short way through European letters folds each of them as the long way does.
func TestFold_LatinLetters(t *testing.T) {
	t.Parallel()
	for r := rune(firstLatin); r < lastLatin; r++ {
		name := "x" + string(r) + "y"
		long := folding{}
		long.letters(norm.NFD.Bytes([]byte(name)))
		if got, want := string(fold(nil, []byte(name))), string(long.end()); got != want {
			t.Errorf("%q is folded to %q, and by way of its normal form to %q", name, got, want)
		}
	}
}
