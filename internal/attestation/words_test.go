package attestation

import (
	"flag"
	"os"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"mandat/internal/fixture"
	"mandat/internal/mandate"
	"mandat/internal/procedure"
)

var update = flag.Bool("update", false, "write the words of this template to testdata")

// overIndebtedness is a procedure with a warning.
const overIndebtedness = "argent-surendettement"

func terms(t *testing.T) mandate.FrozenTerms {
	t.Helper()
	c, err := procedure.Load()
	if err != nil {
		t.Fatal(err)
	}
	signed := time.Date(2026, 11, 21, 14, 5, 9, 0, time.UTC)
	f := mandate.FrozenTerms{Citizen: fixture.Angela(), Days: 31, SignedAt: signed, EndsAt: mandate.EndOf(signed, 31), IdentifiedAt: signed.Add(-time.Minute),
		NoProtection: signed.Add(-5 * time.Minute), Informed: signed.Add(-4 * time.Minute),
		Organisation: mandate.Party{Name: "Maison France Services de démonstration", SIRET: "21750001600019", Address: "1 place de la Mairie", Postcode: "75001", City: "Paris",
			Phone: "+33 1 99 00 00 00", Email: "accueil@exemple.invalid"}}
	f.Citizen.PreferredUsername = "MARTIN"
	for _, key := range []string{fixture.Tax, fixture.Housing, overIndebtedness} {
		p, ok := c.Find(key)
		if !ok {
			t.Fatalf("%s is not in the catalogue", key)
		}
		f.Procedures = append(f.Procedures, mandate.FrozenPower{Key: p.Key, Theme: p.Theme, Name: p.Name, Body: p.Body, Warning: p.Warning})
	}
	return f
}

// The words of a template are reviewed as a text, and never change under the same name.
func TestCompose_IsTheTemplate(t *testing.T) {
	t.Parallel()
	f := terms(t)
	for _, lang := range Languages {
		got := wordsOf(compose(lang, f, service, service.BaseURL+"/v/AAAAAAAAAAAAAAAAAAAAAA", f.SignedAt.Add(time.Minute)))
		name := "testdata/" + template + "." + lang + ".txt"
		if *update {
			if err := os.WriteFile(name, []byte(got), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), got); diff != "" {
			t.Errorf("the words changed: give the template a new name, then run with -update\n%s", diff)
		}
	}
}

// Both languages say the same things in the same order.
func TestCompose_BlockForBlock(t *testing.T) {
	t.Parallel()
	f := terms(t)
	type shape struct {
		kind               Kind
		level, items, rows int
	}
	var shapes [2][]shape
	for i, lang := range Languages {
		for _, b := range compose(lang, f, service, "x", f.SignedAt) {
			shapes[i] = append(shapes[i], shape{b.Kind, b.Level, len(b.Items), len(b.Rows)})
		}
	}
	if diff := cmp.Diff(shapes[0], shapes[1], cmp.AllowUnexported(shape{})); diff != "" {
		t.Error(diff)
	}
}

func TestDays(t *testing.T) {
	t.Parallel()
	if days("fr", 1) != "1\u00a0jour" || days("en", 31) != "31\u00a0days" {
		t.Error(days("fr", 1), days("en", 31))
	}
}
