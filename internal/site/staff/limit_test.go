package staff

import (
	"net/url"
	"slices"
	"testing"

	"mandat/internal/page"
	"mandat/internal/procedure"
)

func limiting(t *testing.T) Limiting {
	t.Helper()
	c, err := procedure.Load()
	if err != nil {
		t.Fatal(err)
	}
	return Limiting{Catalogue: c}
}

func keysOf(themes []Theme) []string {
	var out []string
	for _, t := range themes {
		for _, p := range t.Procedures {
			out = append(out, p.Key)
		}
	}
	return out
}

// every lists the keys of the catalogue, in its order.
func every(c *procedure.Catalogue) []string {
	var out []string
	for _, t := range c.Themes() {
		for _, p := range t.Procedures {
			out = append(out, p.Key)
		}
	}
	return out
}

func TestThemes_LoseNone(t *testing.T) {
	t.Parallel()
	l := limiting(t)
	all := every(l.Catalogue)
	themes := l.Themes("fr", page.FilledForm(url.Values{"procedures": all[:3]}), nil)
	if got := keysOf(themes); !slices.Equal(got, all) || len(themes) != 10 {
		t.Errorf("%d themes with %d procedures to tick, want 10 with %d", len(themes), len(got), len(all))
	}
	if themes[0].Chosen != 3 || themes[0].Of != len(l.Catalogue.Themes()[0].Procedures) || themes[1].Chosen != 0 {
		t.Errorf("chosen %d of %d, then %d", themes[0].Chosen, themes[0].Of, themes[1].Chosen)
	}
	if got := keysOf(l.Themes("fr", page.FilledForm(nil), all[2:4])); !slices.Equal(got, all[2:4]) {
		t.Errorf("%q may be chosen within %q", got, all[2:4])
	}
}

func TestAllowed_LosesNone(t *testing.T) {
	t.Parallel()
	c := limiting(t).Catalogue
	all := every(c)
	if got := keysOf(Allowed(c, "fr", all)); !slices.Equal(got, all) {
		t.Errorf("%d procedures are said of %d", len(got), len(all))
	}
	if got := Allowed(c, "fr", nil); got != nil {
		t.Errorf("%v for no limit", got)
	}
	some := Allowed(c, "en", []string{all[1], all[0], all[len(all)-1]})
	if len(some) != 2 || some[0].Chosen != 2 || some[0].Of <= 2 || some[1].Procedures[0].Key != all[len(all)-1] || some[0].Name != c.Themes()[0].Name["en"] {
		t.Errorf("%+v", some)
	}
	older, ok := procedure.Version("2026-11-1")
	if !ok {
		t.Fatal("the first version is gone")
	}
	// A procedure of the newest version is, for the older one, as one that was retired.
	var after string
	for _, key := range all {
		if _, had := older.Find(key); !had {
			after = key
		}
	}
	if got := keysOf(Allowed(older, "fr", []string{all[0], after})); !slices.Equal(got, []string{all[0], after}) {
		t.Errorf("%q, want %s and %s, which the catalogue does not hold", got, all[0], after)
	}
}

func TestChosen(t *testing.T) {
	t.Parallel()
	l := limiting(t)
	housing, _ := l.Catalogue.Theme("logement")
	var whole []string
	for _, p := range housing.Procedures {
		whole = append(whole, p.Key)
	}
	slices.Sort(whole)
	for name, c := range map[string]struct {
		form   url.Values
		within []string
		want   []string
		wrong  bool
	}{
		"every":                      {url.Values{"every": {"on"}, "procedures": {"justice-casier"}}, nil, nil, false},
		"one":                        {url.Values{"procedures": {"justice-casier"}}, nil, []string{"justice-casier"}, false},
		"one twice":                  {url.Values{"procedures": {"justice-casier", "justice-casier"}}, nil, []string{"justice-casier"}, false},
		"a whole theme":              {url.Values{"themes": {"logement"}}, nil, whole, false},
		"a whole theme and its own":  {url.Values{"themes": {"logement"}, "procedures": {"logement-dalo"}}, nil, whole, false},
		"a whole theme within":       {url.Values{"themes": {"logement"}}, []string{"logement-dalo", "justice-casier"}, []string{"logement-dalo"}, false},
		"nothing":                    {url.Values{}, nil, nil, true},
		"a theme with nothing left":  {url.Values{"themes": {"logement"}}, []string{"justice-casier"}, nil, true},
		"an unknown theme":           {url.Values{"themes": {"invented"}}, nil, nil, true},
		"an unknown one among known": {url.Values{"procedures": {"justice-casier", "invented"}}, nil, nil, true},
	} {
		form := page.FilledForm(c.form)
		if got := l.chosen(form, c.within); !slices.Equal(got, c.want) || form.Failed() != c.wrong {
			t.Errorf("%s: %q, wrong %v; want %q", name, got, form.Failed(), c.want)
		}
	}
}
