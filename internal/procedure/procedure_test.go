package procedure

import (
	"slices"
	"strings"
	"testing"
)

func newest(t *testing.T) *Catalogue {
	t.Helper()
	c, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestCatalogueIsWhole(t *testing.T) {
	t.Parallel()
	c := newest(t)
	if len(c.Themes()) != 10 {
		t.Fatalf("%d themes, want the ten that FranceConnect knows", len(c.Themes()))
	}
	count := 0
	for _, theme := range c.Themes() {
		count += len(theme.Procedures)
		if len(theme.Procedures) < 5 {
			t.Errorf("theme %s has %d procedures", theme.Key, len(theme.Procedures))
		}
		for _, p := range theme.Procedures {
			if !strings.HasPrefix(p.Key, theme.Key+"-") || p.Theme != theme.Key {
				t.Errorf("procedure %s does not fit its theme %s", p.Key, theme.Key)
			}
			if found, ok := c.Find(p.Key); !ok || found.Theme != theme.Key {
				t.Errorf("procedure %s is not found", p.Key)
			}
		}
		for _, value := range []string{theme.Label, theme.Key} {
			if found, ok := c.Perimeter(value); !ok || found.Key != theme.Key {
				t.Errorf("perimeter %q is not theme %s", value, theme.Key)
			}
		}
	}
	if count < 60 {
		t.Errorf("%d procedures, want 60", count)
	}
	if _, ok := c.Perimeter("Argent-Impôts-Consommation"); ok {
		t.Error("a label with other accents than FranceConnect's was taken")
	}
}

// TestCatalogueHoldsTogether holds what the members of one procedure mean for each other.
func TestCatalogueHoldsTogether(t *testing.T) {
	t.Parallel()
	sites := map[string]string{}
	for _, theme := range newest(t).Themes() {
		for _, p := range theme.Procedures {
			if p.Offers(Sign) && !p.Identity.Reaches(Witnessed) {
				t.Errorf("%s binds somebody who has shown nothing", p.Key)
			}
			if p.Reach == None && p.Identity == FranceConnect {
				t.Errorf("%s asks for FranceConnect, and its site does not know it", p.Key)
			}
			if p.BankDetails && (!p.Offers(Act) || !p.Identity.Reaches(Witnessed)) {
				t.Errorf("%s lets bank details be changed by who may only look, or for somebody who has shown nothing", p.Key)
			}
			if strings.HasSuffix(p.Site, "/") {
				t.Errorf("%s: site %s is written with a stroke at its end", p.Key, p.Site)
			}
			if other, seen := sites[p.Site]; seen && !slices.Contains(mixed, p.Site) && other != string(p.Reach) {
				t.Errorf("%s: FranceConnect opens %s to one procedure and not to another", p.Key, p.Site)
			}
			sites[p.Site] = string(p.Reach)
		}
	}
}

// mixed are the sites with procedures that stand outside the personal account: State medical assistance is asked on paper.
var mixed = []string{"https://www.ameli.fr"}

func TestLabelsAreFranceConnects(t *testing.T) {
	t.Parallel()
	want := []string{"Papier-Citoyenneté-Elections", "Famille-Scolarité", "Social-Santé", "Travail-Formation", "Logement", "Transports-Mobilité", "Argent-Impots-Consommation", "Justice", "Etranger-Europe", "Loisirs-Sport-Culture"}
	for _, version := range Versions() {
		c, _ := Version(version)
		var got []string
		for _, theme := range c.Themes() {
			got = append(got, theme.Label)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: %q", version, got)
		}
	}
}
