package consent

import (
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

func TestRead(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]Meaning{
		"oui": Agreed, "OUI": Agreed, " Oui. ": Agreed, "oui merci": Agreed, "Oui, merci !": Agreed, "ok": Agreed, "O.K.": Agreed, "d'accord": Agreed, "D’ACCORD": Agreed, "Òuï": Agreed, "« OUI »": Agreed,
		"j'accepte\n": Agreed, "oui je suis d'accord": Agreed, "oui…": Agreed, "YES": Agreed,
		"non": Refused, "NON !!": Refused, "Stop": Stopped, "stop.": Stopped, "Arrêtez !": Stopped, "stop tout": NotClear, "pas d'accord": Refused, "je refuse": Refused, "non, merci": Refused, "no": Refused,
		"Merci !": Thanked, "merci beaucoup": Thanked, "merci mais non": NotClear, "merci, j'ai changé d'avis": NotClear,
		"": NotClear, "?": NotClear, "oui ?": NotClear, "oui mais": NotClear, "oui mais pas les impôts": NotClear, "oui et non": NotClear, "oui non": NotClear, "ouais": NotClear, "ou": NotClear,
		"ok ?": NotClear, "peut-être": NotClear, "1": NotClear, "oui1": NotClear, "oui (ma fille)": NotClear, "ОUI": NotClear, "ＯＵＩ": NotClear, "👍": NotClear, "oui 👍": NotClear, "oui/non": NotClear,
		"pas ok": NotClear, "o\u0336u\u0336i\u0336": NotClear, "oui\x00": NotClear, "oui\xff": NotClear, strings.Repeat("oui ", 60): NotClear,
	} {
		if got := Read(text); got != want {
			t.Errorf("%q means %d, want %d", text, got, want)
		}
	}
	for _, s := range slices.Concat(agrees, refuses, stops, thanks) {
		if squeeze(s) != s {
			t.Errorf("%q is listed and can never be met", s)
		}
		if n := len(slices.DeleteFunc(slices.Concat(agrees, refuses, stops, thanks), func(other string) bool { return other != s })); n != 1 {
			t.Errorf("%q is listed %d times", s, n)
		}
	}
}

// Whatever strangers send: what agrees is, letter for letter, on the list; case, accents, blanks and dots change nothing; a question mark, a digit or
// another word does.
func FuzzRead(f *testing.F) {
	for _, s := range []string{"oui", "Oui merci", "ok.", "d’accord", "non", "STOP", "oui mais", "?", "o\u0301ui", "\u202foui\u00a0!", "ouİ", "\xff\xfe", "oui\u200b", "K"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		meaning := Read(s)
		if meaning != NotClear {
			var letters strings.Builder
			for _, c := range norm.NFD.String(s) {
				switch {
				case unicode.IsLetter(c):
					letters.WriteRune(unicode.ToLower(c))
				case unicode.IsDigit(c), c == '?', c == '/', c == '(', c == unicode.ReplacementChar, unicode.IsControl(c) && !unicode.IsSpace(c):
					t.Fatalf("%q means %d", s, meaning)
				}
			}
			if listed := map[Meaning][]string{Agreed: agrees, Refused: refuses, Stopped: stops, Thanked: thanks}[meaning]; !slices.Contains(listed, letters.String()) {
				t.Fatalf("%q means %d, and %q is not listed", s, meaning, letters.String())
			}
			if len(s) < 90 && Read(" "+s+". ") != meaning {
				t.Fatalf("%q with blanks means something else", s)
			}
		}
		for _, more := range []string{"?", " mais", "1", " sauf les impôts"} {
			if Read(s+more) == Agreed {
				t.Fatalf("%q agrees", s+more)
			}
		}
	})
}

func TestSplit(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "court", strings.Repeat("a", 268), strings.Repeat("a", 269), strings.Repeat("mot ", 300), strings.Repeat("é\n", 500), strings.Repeat("👍", 400), strings.Repeat("un deux\n", 100)} {
		parts, err := Split(text, PartUnits)
		if err != nil {
			t.Fatal(err)
		}
		var whole strings.Builder
		for _, p := range parts {
			if length(p) > PartUnits {
				t.Errorf("a part has %d units", length(p))
			}
			if len(parts) > 1 {
				_, p, _ = strings.Cut(p, ") ")
			}
			whole.WriteString(p)
		}
		bare := func(s string) string { return strings.Join(strings.Fields(s), "") }
		if bare(whole.String()) != bare(text) {
			t.Errorf("%.20q… is not whole: %d of %d", text, whole.Len(), len(text))
		}
	}
	if _, err := Split(strings.Repeat("mot ", 3000), PartUnits); err == nil {
		t.Error("more than thirty parts")
	}
}

// The texts fit one message, whatever the name of the organisation, and names make no links or lines.
func TestTexts(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 12, 21, 22, 59, 59, 0, time.UTC)
	for _, lang := range []string{"fr", "en"} {
		x := terms{organisation: strings.Repeat("Maison de l’aide numérique ", 20), contact: "01 99 00 00 00", procedures: make([]string, 100), endsAt: at, answerBy: at, lang: lang}
		if n := length(x.request()); n > PartUnits {
			t.Errorf("%s: the question has %d units", lang, n)
		}
		for _, kind := range []string{again, withdrawn, accepted, refused, stopped, closed, late, signed} {
			if s := reply(kind, lang, x.contact); s == "" || length(s) > PartUnits {
				t.Errorf("%s %s: %q", lang, kind, s)
			}
		}
	}
	x := terms{organisation: "Mairie\nhttps://mal.exemple", procedures: []string{"Impôts\n- Tout"}, endsAt: at, lang: "fr"}
	parts, err := x.recap()
	if err != nil || strings.Contains(parts[0], "mal.exemple") || strings.Count(parts[0], "\n") != 2 || !strings.Contains(parts[0], "1 démarche, jusqu'au lundi 21 décembre 2026") {
		t.Errorf("%q, %v", parts, err)
	}
}
