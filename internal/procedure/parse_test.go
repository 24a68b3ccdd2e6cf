package procedure

import (
	"strings"
	"testing"
)

const one = `{"key":"a-b","name":{"fr":"x","en":"x"},"body":{"fr":"y"},"site":"https://x.fr","franceconnect":"yes","levels":["see","pay"],"identity":"known","max_days":31,"bank_details":false,"warning":{"fr":"w","en":"w"}}`

// written is a version with one theme of these procedures.
func written(procedures string) string {
	return `{"format":2,"version":"2030-1-1","licence":"etalab-2.0","inferred":["levels"],"themes":[{"key":"a","label":"A","name":{"fr":"A","en":"A"},"procedures":[` + procedures + `]}],"retired":[]}`
}

func TestParse_RefusesBadProcedures(t *testing.T) {
	t.Parallel()
	if _, err := parse([]byte(written(one))); err != nil {
		t.Fatal(err)
	}
	for name, procedures := range map[string]string{
		"procedure twice":       one + "," + one,
		"no French name":        replace(t, `"name":{"fr":"x",`, `"name":{`),
		"no English name":       replace(t, `{"fr":"x","en":"x"}`, `{"fr":"x"}`),
		"no body":               replace(t, `"body":{"fr":"y"}`, `"body":{"en":"y"}`),
		"no English warning":    replace(t, `{"fr":"w","en":"w"}`, `{"fr":"w"}`),
		"no French warning":     replace(t, `{"fr":"w","en":"w"}`, `{"en":"w"}`),
		"no site":               replace(t, `"site":"https://x.fr",`, ``),
		"site without TLS":      replace(t, `https://x.fr`, `http://x.fr`),
		"site without a host":   replace(t, `https://x.fr`, `https:x.fr`),
		"site with a user":      replace(t, `https://x.fr`, `https://impots.gouv.fr@x.fr`),
		"no reach":              replace(t, `"franceconnect":"yes",`, ``),
		"unknown reach":         replace(t, `"yes"`, `"maybe"`),
		"no levels":             replace(t, `["see","pay"]`, `[]`),
		"unknown level":         replace(t, `["see","pay"]`, `["see","own"]`),
		"falling levels":        replace(t, `["see","pay"]`, `["pay","see"]`),
		"level twice":           replace(t, `["see","pay"]`, `["see","see"]`),
		"no assurance":          replace(t, `"identity":"known",`, ``),
		"unknown assurance":     replace(t, `"known"`, `"certain"`),
		"no days":               replace(t, `"max_days":31,`, ``),
		"less than a day":       replace(t, `31`, `-1`),
		"more days than a year": replace(t, `31`, `366`),
	} {
		if _, err := parse([]byte(written(procedures))); err == nil || !strings.Contains(err.Error(), `"a-b"`) {
			t.Errorf("%s: %v, want an error that names the key", name, err)
		}
	}
}

func TestParse_RefusesBadFiles(t *testing.T) {
	t.Parallel()
	retired := func(r string) string {
		return strings.Replace(written(one), `"retired":[]`, `"retired":[`+r+`]`, 1)
	}
	gone := `{"key":"a-c","theme":"a","since":"2030-01-31"}`
	if _, err := parse([]byte(retired(gone))); err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string]string{
		"empty":                     ``,
		"something after it":        written(one) + `{}`,
		"unknown member":            strings.Replace(written(one), `"licence"`, `"license"`, 1),
		"unknown member of a theme": strings.Replace(written(one), `"label":"A"`, `"label":"A","icon":"x"`, 1),
		"unknown member of another": written(replace(t, `"identity"`, `"rights":[],"identity"`)),
		"unknown format":            strings.Replace(written(one), `"format":2`, `"format":3`, 1),
		"no version":                strings.Replace(written(one), `2030-1-1`, ``, 1),
		"no number in the version":  strings.Replace(written(one), `2030-1-1`, `2030-1`, 1),
		"version of another form":   strings.Replace(written(one), `2030-1-1`, `2030-01-1`, 1),
		"no thirteenth month":       strings.Replace(written(one), `2030-1-1`, `2030-13-1`, 1),
		"empty theme":               written(``),
		"no label":                  strings.Replace(written(one), `"label":"A",`, ``, 1),
		"no English theme":          strings.Replace(written(one), `{"fr":"A","en":"A"}`, `{"fr":"A"}`, 1),
		"retired and there":         retired(strings.Replace(gone, "a-c", "a-b", 1)),
		"retired twice":             retired(gone + "," + gone),
		"retired of no theme":       retired(strings.Replace(gone, `"a"`, `"z"`, 1)),
		"retired on no day":         retired(strings.Replace(gone, `2030-01-31`, `2030`, 1)),
	} {
		if _, err := parse([]byte(data)); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func replace(t *testing.T, old, with string) string {
	t.Helper()
	if !strings.Contains(one, old) {
		t.Fatalf("nothing to replace: %s", old)
	}
	return strings.Replace(one, old, with, 1)
}
