package terms_test

import (
	"testing"
	"time"

	"mandat/internal/procedure"
	"mandat/internal/terms"
)

// A reference as it is on letters is taken as it is typed; a sentence is none, nor is what closes one of ours or looks like another reference.
func TestCheck_Cases(t *testing.T) {
	t.Parallel()
	c := catalogue(t)
	for typed, right := range map[string]bool{
		"": true, "2026-117/B": true, "AB 12": true, "Avis 2025": true, "Avis d’impôt 2025": true, "n° 2024/117": true, "12 34 567 890 128": true, "  2026 – 117\u00a0": true, "réf. 117": true, "E\u0301T12": true,
		"dossier MDPH Muñoz 3": true, "CAF_0012345 K": true, "A1-B2-C3-D4-E5-F6": true, "Nº 12": true,
		"Pour confirmer votre rendez-vous du 25/11": false, "pour.confirmer.votre.RDV.12": false, "pour1confirmer2votre3accord": false, "OUI": false, "Allocation": false,
		"7 (consulter seulement)": false, "7, jusqu'au 30": false, "12 »": false, "12\"": false, "12 ; 13": false, "12 : 13": false, "12?": false, "12!": false, "a@b.fr 1": false, "<b>12": false, "12\n13": true, "12\x0013": false,
		"ЕТ12": false, "Ν12": false, "ÉT12\ufe0f": false, "ÉT12\u3164": false, "ÉT\u200412": true, "1\u200b2": false, "١٢": false, "ÐA12": false, "K\u0336 12": false, "ĸ12": false, "\xff12": false,
	} {
		x := good(terms.Asked{Procedure: tax, Level: procedure.Act, Case: terms.TidyCase(typed)})
		if got := x.Check(c, time.Now())["cases"]; (got == "") != right {
			t.Errorf("%q: %q", typed, got)
		}
	}
}

// However one file's reference is typed, it is one file.
func TestTidyCase_OneFileOneKey(t *testing.T) {
	t.Parallel()
	for _, pair := range [][2]string{{"ÉT12", "E\u0301T12"}, {"ÉT12", "ÉT\u200412"}, {"2026-117", "2026\u2011117"}, {"AB 12", "ＡＢ　１２"}, {"d'impôt 2025", "d’impôt  2025"}} {
		a, b := terms.TidyCase(pair[0]), terms.TidyCase(pair[1])
		if terms.FoldCase(a) != terms.FoldCase(b) {
			t.Errorf("%q and %q are two: %q, %q", pair[0], pair[1], a, b)
		}
	}
}
