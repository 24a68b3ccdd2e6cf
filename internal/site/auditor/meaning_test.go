package auditor

import (
	"encoding/json"
	"io/fs"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"mandat/internal/journal"
	"mandat/internal/page/pagetest"
	"mandat/internal/procedure"
	"mandat/web"
)

// Each action of the list has a sentence in both languages, which can be said of an entry of it that is whole, and of one of before its details were kept.
// What stands in a sentence is told by entries of that action.
func TestMeaning_OfEveryAction(t *testing.T) {
	t.Parallel()
	pages := pagetest.Pages(t)
	valued := regexp.MustCompile(`\{\{\s*\.([A-Za-z]+)\s*\}\}`)
	for _, lang := range pagetest.Languages {
		b, err := fs.ReadFile(web.Files, "locales/"+lang+"/meaning.json")
		if err != nil {
			t.Fatal(err)
		}
		sentences := map[string]string{}
		if err := json.Unmarshal(b, &sentences); err != nil {
			t.Fatal(err)
		}
		m := meaning{text: pages.Text, lang: lang}
		for _, a := range journal.Actions() {
			sentence := sentences["meaning.action."+a.Name]
			told := []string{"Who", "Organisation", "Citizen", "Mandate", "Given"}
			for _, name := range a.Detail {
				told = append(told, camel(name))
			}
			for _, v := range valued.FindAllStringSubmatch(sentence, -1) {
				if !slices.Contains(told, v[1]) {
					t.Errorf("%s: the sentence of %s names %s, which its entries do not tell", lang, a.Name, v[1])
				}
			}
			for _, detail := range []map[string]any{nil, whole(a)} {
				e := entryOf(t, a.Name, detail)
				says, err := m.of(&e)
				if err != nil || says == "" || strings.Contains(says, "{{") {
					t.Errorf("%s of %s: %q, %v", lang, a.Name, says, err)
				}
				if strings.Contains(says, "—") {
					t.Errorf("%s of %s: %q", lang, a.Name, says)
				}
			}
		}
	}
}

// whole is a detail in which every member stands, as a text.
func whole(a journal.Action) map[string]any {
	out := map[string]any{}
	for _, name := range a.Detail {
		out[name] = uuid.NewString()
	}
	return out
}

func entryOf(t *testing.T, action string, detail map[string]any) journal.Entry {
	t.Helper()
	body, err := json.Marshal(map[string]any{"action": action, "by": map[string]any{"kind": "aidant"}, "detail": detail})
	if err != nil {
		t.Fatal(err)
	}
	return journal.Entry{Action: action, Organisation: someID, Person: someID, Citizen: someID, Mandate: someID, Body: body}
}

// Ids stand shortened in a sentence, procedures by their names, times as people write them.
func TestMeaning_Says(t *testing.T) {
	t.Parallel()
	pages := pagetest.Pages(t)
	catalogue, err := procedure.Load()
	if err != nil {
		t.Fatal(err)
	}
	p := catalogue.Themes()[0].Procedures[0]
	signed := entryOf(t, "mandate.signed", map[string]any{"ends_at": "2027-01-02T11:30:00.000000Z", "powers": []any{map[string]any{"procedure": p.Key}, map[string]any{"procedure": "caf-rsa"}}})
	older := entryOf(t, "mandate.signed", map[string]any{"procedures": []any{"nothing-of-ours"}})
	program := entryOf(t, "mandate.started", nil)
	program.Body, program.Person = json.RawMessage(`{"action":"mandate.started","by":{"kind":"system"}}`), uuid.Nil
	for _, c := range []struct {
		lang string
		e    journal.Entry
		want []string
	}{
		{"fr", signed, []string{"L’aidant 0123\u00a04567\u00a089ab et l’usager", "2 janvier 2027", p.Name.In("fr") + ", caf-rsa"}},
		{"en", signed, []string{"The aidant 0123\u00a04567\u00a089ab and", "2 January 2027"}},
		{"fr", older, []string{"nothing-of-ours", "jusqu’au (non précisé)"}},
		{"fr", program, []string{"Le premier jour du mandat"}},
	} {
		got, err := meaning{text: pages.Text, lang: c.lang}.of(&c.e)
		for _, want := range c.want {
			if err != nil || !strings.Contains(got, want) {
				t.Errorf("%s: %q, %v; want %q", c.lang, got, err, want)
			}
		}
		if strings.Contains(got, someID.String()) {
			t.Errorf("a whole id: %q", got)
		}
	}
	for name, e := range map[string]journal.Entry{"damaged": {Action: "mandate.signed", Body: json.RawMessage("{")}, "of an action that is not ours": {Action: "nothing.of_ours", Body: json.RawMessage("{}")}} {
		if got, err := (meaning{text: pages.Text, lang: "fr"}).of(&e); err != nil || !strings.HasPrefix(got, "Cette écriture ne se lit pas") {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
}
