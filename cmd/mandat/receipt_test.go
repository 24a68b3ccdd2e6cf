package main

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"mandat/internal/fixture"
	"mandat/internal/oidc"
	"mandat/internal/receipt"
	"mandat/internal/receipt/format"
	"mandat/internal/sitetest"
)

// Anybody checks a receipt with the keys and a list of the site, which is asked nothing.
func TestReceipt(t *testing.T) {
	t.Parallel()
	w, folder := fixture.New(t), t.TempDir()
	keys, others := sitetest.Keys(t), sitetest.Keys(t)
	register := func(keys func() *oidc.KeySet, base string) *receipt.Register {
		return receipt.New(w.DB, w.Journal, w.Mandates, keys, receipt.Settings{BaseURL: base}, w.Clock)
	}
	const base = "https://mandat.exemple.invalid"
	listed := func(name string, r *receipt.Register) string {
		list, err := r.List(t.Context(), 1)
		if err != nil {
			t.Fatal(err)
		}
		return written(t, folder, name, []byte(list+"\n"))
	}
	m := w.Sign(t, w.Jeanne, fixture.Angela(), fixture.Tax, fixture.Housing)
	text, err := register(keys, base).Issue(t.Context(), w.Jeanne, m.ID)
	if err != nil {
		t.Fatal(err)
	}
	trusted := written(t, folder, "keys", register(keys, base).JWKS())
	file := written(t, folder, "receipt.txt", []byte(text[:80]+"\n"+text[80:]+"\n"))
	changed := written(t, folder, "changed.txt", []byte(text[:200]+map[bool]string{true: "A", false: "B"}[text[200] != 'A']+text[201:]))
	valid := listed("valid", register(keys, base))
	foreign, elsewhere := listed("foreign", register(others, base)), listed("elsewhere", register(keys, "https://ailleurs.invalid"))
	if err := w.Mandates.EndPower(t.Context(), w.Jeanne, m.ID, fixture.Tax, "", "completed"); err != nil {
		t.Fatal(err)
	}
	part := listed("part", register(keys, base))
	if err := w.Mandates.End(t.Context(), w.Jeanne, m.ID, "citizen"); err != nil {
		t.Fatal(err)
	}
	ended := listed("ended", register(keys, base))
	now := w.Clock.Now()
	for name, c := range map[string]struct {
		command receiptVerify
		at      time.Time
		code    int
		said    string
	}{
		"stands":                       {receiptVerify{Keys: trusted, Status: []string{valid}, File: file, Issuer: base + "/recus"}, now, 0, "stands         " + fixture.Tax},
		"one power ended":              {receiptVerify{Keys: trusted, Status: []string{part}, File: file}, now, 2, "ended          " + fixture.Tax},
		"ended":                        {receiptVerify{Keys: trusted, Status: []string{ended}, File: file}, now, 2, "ended          " + fixture.Housing},
		"over":                         {receiptVerify{Keys: trusted, File: file}, m.EndsAt, 2, "over           " + fixture.Tax},
		"before":                       {receiptVerify{Keys: trusted, File: file}, m.StartsAt.Add(-time.Second), 2, "not begun      " + fixture.Tax},
		"without a list":               {receiptVerify{Keys: trusted, File: file}, now, 3, "not known      " + fixture.Tax},
		"with an old list":             {receiptVerify{Keys: trusted, Status: []string{valid}, File: file}, now.Add(time.Hour), 3, "the status list is too old: fetch it anew"},
		"with a list of another's key": {receiptVerify{Keys: trusted, Status: []string{foreign}, File: file}, now, 1, "no key that is trusted has this kid"},
		"with a list of elsewhere":     {receiptVerify{Keys: trusted, Status: []string{elsewhere}, File: file}, now, 1, "the receipt names other lists"},
		"with no list":                 {receiptVerify{Keys: trusted, Status: []string{file}, File: file}, now, 1, "not a compact JWS"},
		"by another issuer":            {receiptVerify{Keys: trusted, File: file, Issuer: "https://ailleurs.invalid/recus"}, now, 1, "was made by " + base},
		"changed":                      {receiptVerify{Keys: trusted, File: changed}, now, 1, "something was changed"},
		"another's keys":               {receiptVerify{Keys: written(t, folder, "others", others().JWKS()), File: file}, now, 1, "no key that is trusted has this kid"},
		"no keys":                      {receiptVerify{Keys: file, File: file}, now, 1, "not a JSON Web Key Set"},
		"a list as a receipt":          {receiptVerify{Keys: trusted, File: valid}, now, 1, "a JWS of another type"},
		"no file":                      {receiptVerify{Keys: trusted, File: filepath.Join(folder, "none")}, now, 1, "no such file"},
	} {
		var out bytes.Buffer
		code, said := 0, ""
		if err := c.command.verify(&out, c.at); err != nil {
			code, said = exitCode(err), err.Error()
		}
		if said += out.String(); code != c.code || !strings.Contains(said, c.said) {
			t.Errorf("%s: %d %s", name, code, said)
		}
		if genuine := strings.Contains(out.String(), "Angela Claire Louise DUBOIS, born 1962-08-24"); genuine && code == 1 {
			t.Errorf("%s: what is not genuine is told: %s", name, out.String())
		}
	}
}

// What stands in a receipt does not command the terminal.
func TestTell_IsPrintable(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	tell(&out, format.Receipt{Audience: "x", Organisation: format.Organisation{Name: "\x1b[2Jok\ngenuine"}}, nil, nil)
	if text := out.String(); strings.Contains(text, "\x1b") || strings.Contains(text, "\ngenuine") {
		t.Errorf("%q", text)
	}
}
