package app_test

import (
	"bytes"
	"fmt"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"mandat/internal/apptest"
)

// What opens something is in no table, whatever its column's type: an invitation's secret, the key of an application, recovery codes, the secret of a sign-in link,
// the code that shows that a number is one's own. That the search finds what is there is seen by an address, which is.
func TestPrivacy_TablesHoldNoSecrets(t *testing.T) {
	t.Parallel()
	site := apptest.Start(t)
	secrets := tellPeople(t, site)
	secrets["code of a telephone"] = []string{contactCode(t, site)}
	content := everyTable(t, site)
	if !strings.Contains(content, professional["professional's e-mail"]) {
		t.Fatal("the search finds nothing at all")
	}
	for _, what := range slices.Sorted(maps.Keys(secrets)) {
		for _, secret := range secrets[what] {
			if regexp.MustCompile(`(^|[^0-9A-Za-z])`+regexp.QuoteMeta(secret)+`([^0-9A-Za-z]|$)`).MatchString(content) || len(secret) > 6 && strings.Contains(content, secret) {
				t.Errorf("the %s stands in the database", what)
			}
		}
	}
}

// contactCode has an aidant say another number, and returns the code that was sent there, before it was shown.
func contactCode(t *testing.T, site *apptest.Site) string {
	t.Helper()
	jeanne := site.Walker(t, site.Jeanne)
	must(t, jeanne.Get(site.URL+"/compte/telephone"))
	must(t, jeanne.Press("Envoyer le code", url.Values{"value": {"06 39 98 00 01"}}))
	m, err := site.Mailbox.Wait(t.Context(), "+33639980001", "code")
	must(t, err)
	code := regexp.MustCompile(`\b[0-9]{6}\b`).FindString(m.Text)
	if code == "" {
		t.Fatal("no code in the message")
	}
	return code
}

// everyTable is what all tables hold, each value in bytes, as text and as JSON have it.
func everyTable(t *testing.T, site *apptest.Site) string {
	t.Helper()
	var names []string
	site.Row(t, `select array_agg(quote_ident(tablename)) from pg_tables where schemaname = 'public'`, nil, &names)
	var out bytes.Buffer
	conn := site.Connect(t, site.Superuser)
	for _, name := range names {
		rows, err := conn.Query(t.Context(), `select * from `+name)
		must(t, err)
		for rows.Next() {
			values, err := rows.Values()
			must(t, err)
			for _, v := range values {
				if b, ok := v.([]byte); ok {
					out.Write(b)
					out.WriteByte('\n')
					continue
				}
				_, _ = fmt.Fprintln(&out, v)
			}
		}
		must(t, rows.Err())
	}
	return out.String()
}
