package client_test

import (
	"os"
	"strings"
	"testing"

	"mandat/internal/client"
	"mandat/internal/procedure"
)

// The entry of the clients file that docs/services.md shows is one, and its service may see what the page says of it.
func TestServicesDoc_ShowsAnEntryOfTheFile(t *testing.T) {
	t.Parallel()
	doc, err := os.ReadFile("../../docs/services.md")
	if err != nil {
		t.Fatal(err)
	}
	_, from, found := strings.Cut(string(doc), "an entry of the clients file")
	_, from, fenced := strings.Cut(from, "```json\n")
	entry, _, ended := strings.Cut(from, "\n```")
	if !found || !fenced || !ended {
		t.Fatal("docs/services.md shows no entry")
	}
	all, err := client.Read(strings.NewReader("[" + entry + "]"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := client.New(all); err != nil {
		t.Fatal(err)
	}
	c := all[0]
	if !c.Direct() || strings.Join(c.AllowedScopes(), " ") != "openid profile" || c.Auth != client.PrivateKeyJWT {
		t.Errorf("the entry is of %+v", c)
	}
	for _, key := range c.Procedures {
		if _, ok := procedure.Find(key); !ok {
			t.Errorf("no procedure %s", key)
		}
	}
}
