package procedure

import (
	"strings"
	"testing"
)

func TestCatalogueIsWhole(t *testing.T) {
	c, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	if len(c.Themes()) != 10 {
		t.Fatalf("%d themes, want the ten that FranceConnect knows", len(c.Themes()))
	}
	for _, theme := range c.Themes() {
		if len(theme.Procedures) < 2 {
			t.Errorf("theme %s has %d procedures", theme.Key, len(theme.Procedures))
		}
		for _, p := range theme.Procedures {
			if !strings.HasPrefix(p.Key, theme.Key+"-") || p.Theme != theme.Key || p.Body.In("en") == "" {
				t.Errorf("procedure %s does not fit its theme %s", p.Key, theme.Key)
			}
			if (p.Warning == nil) != (p.Warning.In("fr") == "") || (p.Warning != nil && p.Warning["en"] == "") {
				t.Errorf("the warning of %s is not in both languages", p.Key)
			}
		}
		for _, value := range []string{theme.Label, theme.Key} {
			if found, ok := c.Perimeter(value); !ok || found.Key != theme.Key {
				t.Errorf("perimeter %q is not theme %s", value, theme.Key)
			}
		}
	}
	if _, ok := c.Perimeter("Argent-Impôts-Consommation"); ok {
		t.Error("a label with other accents than FranceConnect's was taken")
	}
}

func TestCatalogueRefusesDoubles(t *testing.T) {
	one := `{"key":"a-b","name":{"fr":"x","en":"x"}}`
	for name, data := range map[string]string{
		"procedure twice": `{"themes":[{"key":"a","label":"A","procedures":[` + one + `,` + one + `]}]}`,
		"empty theme":     `{"themes":[{"key":"a","label":"A","procedures":[]}]}`,
		"no label":        `{"themes":[{"key":"a","procedures":[` + one + `]}]}`,
		"no French":       `{"themes":[{"key":"a","label":"A","procedures":[{"key":"a-b","name":{"en":"x"}}]}]}`,
	} {
		if _, err := parse([]byte(data)); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}
