package dossier

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"mandat/internal/journal"
	"mandat/internal/notify"
)

// beyond are actions whose entries are about no citizen, by their first word or whole: all of an inquiry but inquiry.found, which may be about a mandate.
var beyond = []string{"organisation", "person", "certification", "charter", "wrapping", "key", "client", "invitation", "factor", "cards", "session", "job", "inquiry", "anomaly", "statistics", "sample", "signal", "checklist", "security", "retention",
	"journal.key_announced", "journal.key_ended", "journal.compared", "journal.rested", "recipient.viewed", "recipient.refused", "citizen.searched", "mandate.listed", "mandate.exported", "mandate.handed_over", "decision.listed"}

// Both languages say the same things; what the page asks for is there, nothing is left over, and every action and mail that can be about a citizen has words.
func TestWords(t *testing.T) {
	t.Parallel()
	all, err := allTexts()
	if err != nil {
		t.Fatal(err)
	}
	fr, en := all["fr"], all["en"]
	if a, b := slices.Sorted(maps.Keys(fr)), slices.Sorted(maps.Keys(en)); !slices.Equal(a, b) {
		t.Errorf("keys differ:\n%q\n%q", a, b)
	}
	used := map[string]bool{}
	for _, m := range regexp.MustCompile(`\bw "([a-z_.]+)"`).FindAllStringSubmatch(pageHTML, -1) {
		if used[m[1]] = true; fr[m[1]] == "" {
			t.Errorf("no words for %q", m[1])
		}
	}
	for _, m := range regexp.MustCompile(`\bword "([a-z_.]+)"`).FindAllStringSubmatch(pageHTML, -1) {
		used[m[1]+"."] = true
	}
	for key := range fr {
		if prefix, _, _ := strings.Cut(key, "."); !used[key] && !used[prefix+"."] {
			t.Errorf("nothing says %q", key)
		}
	}
	for _, a := range journal.Actions() {
		first, _, _ := strings.Cut(a.Name, ".")
		if (a.Name == "inquiry.found" || !slices.Contains(beyond, first)) && !slices.Contains(beyond, a.Name) && fr["action."+a.Name] == "" {
			t.Errorf("no words for the action %s", a.Name)
		}
	}
	for _, kind := range []journal.Kind{journal.Aidant, journal.Referent, journal.Auditor, journal.Administrator, journal.Fraud, journal.Prefecture, journal.System} {
		if fr["kind."+string(kind)] == "" {
			t.Errorf("no words for who acts as %s", kind)
		}
	}
	for _, kind := range notify.Kinds() {
		if (strings.HasPrefix(kind, "mandate_") || kind == "phone_verified" || kind == "address_replaced" || kind == "erasure_asked") && fr["mail."+kind] == "" {
			t.Errorf("no words for mails %s", kind)
		}
	}
}

// What needs other words than there are fails, rather than to leave a hole.
func TestWords_MissingOnesFail(t *testing.T) {
	t.Parallel()
	if _, err := (texts{}).say("rights.title"); err == nil {
		t.Error("said nothing, and was content")
	}
	if got := (texts{}).or("state", "newer"); got != "newer" {
		t.Errorf("got %q", got)
	}
}
