package terms_test

import (
	"maps"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"mandat/internal/citizen"
	"mandat/internal/evidence"
	"mandat/internal/procedure"
	"mandat/internal/prose"
	"mandat/internal/terms"
)

func wordsOf(t *testing.T, lang string) *terms.Words {
	t.Helper()
	w, err := terms.WordsOf(lang)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

var places = regexp.MustCompile(`\{[a-z]+\}`)

// Each language has the phrases of the French, with the same places in each, and none of its own but that it is a translation.
func TestWords_SentenceBySentenceAsInFrench(t *testing.T) {
	t.Parallel()
	french := wordsOf(t, "fr")
	for _, lang := range terms.RecapLanguages {
		w := wordsOf(t, lang)
		keys := slices.DeleteFunc(slices.Sorted(maps.Keys(w.Phrases)), func(key string) bool { return key == "translation" && lang != "fr" })
		if diff := cmp.Diff(slices.Sorted(maps.Keys(french.Phrases)), keys); diff != "" {
			t.Errorf("%s: other phrases (-French +%s):\n%s", lang, lang, diff)
		}
		if lang != "fr" && w.Phrase("translation") == "" {
			t.Errorf("%s does not say that it is a translation", lang)
		}
		for key, text := range w.Phrases {
			want, got := places.FindAllString(french.Phrases[key], -1), places.FindAllString(text, -1)
			slices.Sort(want)
			slices.Sort(got)
			if !slices.Equal(want, got) {
				t.Errorf("%s, %s: places for %v, and in French for %v", lang, key, got, want)
			}
			if strings.TrimSpace(text) == "" || strings.ContainsAny(text, "<>\u202a\u202b\u202d\u202e") || lang != "fr" && text == french.Phrases[key] {
				t.Errorf("%s, %s: %q", lang, key, text)
			}
		}
		for _, level := range procedure.Levels() {
			if w.Levels[level] == "" {
				t.Errorf("%s has no words for the level %s", lang, level)
			}
		}
		if w.Name == "" || lang != "fr" && w.Name == french.Name || w.RightToLeft != (lang == "ar") {
			t.Errorf("%s: %q, right to left %t", lang, w.Name, w.RightToLeft)
		}
	}
	there, err := os.ReadDir("recap/words")
	if err != nil || len(there) != len(terms.RecapLanguages) {
		t.Errorf("%d files for %d languages, %v", len(there), len(terms.RecapLanguages), err)
	}
	if _, err := terms.WordsOf("de"); err == nil {
		t.Error("there is German")
	}
}

// Every warning of the catalogue is there in every language: who reads Arabic is warned in Arabic.
func TestWords_EveryWarning(t *testing.T) {
	t.Parallel()
	for _, theme := range catalogue(t).Themes() {
		for _, p := range theme.Procedures {
			if p.Warning == nil {
				continue
			}
			for _, lang := range terms.RecapLanguages {
				if wordsOf(t, lang).Warning(p.Warning) == "" {
					t.Errorf("%s: %s is not warned of: %s", lang, p.Key, p.Warning.In("fr"))
				}
			}
		}
	}
}

// said are the members of what is agreed whose change a citizen reads, and a change of each. The others, with why not, are in unsaid: a member that is in neither fails.
var said = map[string]func(*terms.Frozen){
	"Citizen":                  func(f *terms.Frozen) { f.Citizen = citizen.Identity{GivenName: "Other", FamilyName: "PERSON"} },
	"EndsAt":                   func(f *terms.Frozen) { f.EndsAt = f.EndsAt.Add(24 * time.Hour) },
	"StartsAt":                 func(f *terms.Frozen) { f.StartsAt = f.EndsAt.Add(-24 * time.Hour) },
	"Payments":                 func(f *terms.Frozen) { f.Payments = f.Informed },
	"BankDetails":              func(f *terms.Frozen) { f.BankDetails = f.Informed },
	"Mails":                    func(f *terms.Frozen) { f.Mails = true },
	"Transfers":                func(f *terms.Frozen) { f.Transfers = transferred("Ailleurs") },
	"Transferred.Organisation": func(f *terms.Frozen) { f.Transfers = transferred("Encore ailleurs") },
	"Transferred.SignedAt": func(f *terms.Frozen) {
		f.Transfers = transferred("Ailleurs")
		f.Transfers.SignedAt = f.Transfers.SignedAt.Add(-24 * time.Hour)
	},
	"Organisation": func(f *terms.Frozen) {
		f.Organisation = terms.Party{Name: "Autre", Address: "2", Postcode: "3", City: "4", Phone: "5"}
	},
	"Party.Name":    func(f *terms.Frozen) { f.Organisation.Name = "Autre" },
	"Party.Phone":   func(f *terms.Frozen) { f.Organisation.Phone = "+33 1 99 00 00 01" },
	"Procedures":    func(f *terms.Frozen) { f.Procedures = f.Procedures[:1] },
	"Power.Name":    func(f *terms.Frozen) { f.Procedures[0].Name = procedure.Text{"fr": "Autre chose"} },
	"Power.Warning": func(f *terms.Frozen) { f.Procedures[1].Warning = nil },
	"Power.Level":   func(f *terms.Frozen) { f.Procedures[0].Level = procedure.Pay },
	"Power.Case":    func(f *terms.Frozen) { f.Procedures[0].Case = "CD-34" },
	"Power.EndsAt":  func(f *terms.Frozen) { f.Procedures[0].EndsAt = f.EndsAt.Add(-24 * time.Hour) },
}

// saidInFull are those that the easy version leaves to the French in full, which stands beside it.
var saidInFull = map[string]func(*terms.Frozen){
	"Party.Address":  func(f *terms.Frozen) { f.Organisation.Address = "2 rue Autre" },
	"Party.Postcode": func(f *terms.Frozen) { f.Organisation.Postcode = "69001" },
	"Party.City":     func(f *terms.Frozen) { f.Organisation.City = "Lyon" },
	"Power.Body":     func(f *terms.Frozen) { f.Procedures[0].Body = procedure.Text{"fr": "Autre service"} },
}

var unsaid = map[string]string{
	"Version": "of the format", "Salt": "says nothing", "Catalogue": "the procedures are named", "Days": "the end is said", "SignedAt": "not known yet", "IdentifiedBy": "they have just done it", "IdentifiedAt": "the same",
	"ConsentBy": "the same", "NoProtection": "they declare it", "Informed": "of this text", "Warned": "the warning itself stands there", "Agreement": "how they read it", "Shown": "of this text", "Witness": "they were there",
	"Party.SIRET": "on the attestation", "Party.Email": "on the attestation", "Power.Key": "its name is said", "Power.Theme": "its name is said", "Power.Site": "declared at each use", "Transferred.Mandate": "an id",
}

func transferred(organisation string) *terms.Transferred {
	return &terms.Transferred{Mandate: uuid.MustParse("01939b1c-7c5e-7000-8000-000000000001"), Organisation: organisation, SignedAt: time.Date(2026, 10, 3, 12, 0, 0, 0, time.UTC)}
}

func members() []string {
	var out []string
	for _, x := range []struct {
		prefix string
		of     any
	}{{"", terms.Frozen{}}, {"Party.", terms.Party{}}, {"Power.", terms.Power{}}, {"Transferred.", terms.Transferred{}}} {
		for _, f := range reflect.VisibleFields(reflect.TypeOf(x.of)) {
			out = append(out, x.prefix+f.Name)
		}
	}
	return out
}

func TestRecap_LeavesNothingOut(t *testing.T) {
	t.Parallel()
	for _, member := range members() {
		if said[member] == nil && saidInFull[member] == nil && unsaid[member] == "" {
			t.Errorf("%s is agreed: is it said in the recap?", member)
		}
	}
	first := func(lang, form string, change func(*terms.Frozen)) string {
		f := frozen(t)
		f.Agreement = &terms.Agreement{Lang: lang, Form: form, Reading: "self"}
		if change != nil {
			change(&f)
		}
		texts, err := terms.Recap(f)
		if err != nil {
			t.Fatal(lang, form, err)
		}
		return string(texts[0].Bytes)
	}
	for _, lang := range terms.RecapLanguages {
		for _, form := range wordsOf(t, lang).Forms() {
			before := first(lang, form, nil)
			for member, change := range said {
				if first(lang, form, change) == before {
					t.Errorf("%s %s leaves out %s", lang, form, member)
				}
			}
			for member, change := range saidInFull {
				if form != evidence.FALC && first(lang, form, change) == before {
					t.Errorf("%s %s leaves out %s", lang, form, member)
				}
			}
			for _, level := range procedure.Levels() {
				if form != evidence.FALC && !strings.Contains(first(lang, form, func(f *terms.Frozen) { f.Procedures[0].Level = level }), wordsOf(t, lang).Levels[level]) {
					t.Errorf("%s %s leaves out the level %s", lang, form, level)
				}
			}
		}
	}
}

// Official names stay French and are marked so; names and numbers keep their direction among words of another; what looks like a place in a name is none.
func TestRecap_InAnotherScript(t *testing.T) {
	t.Parallel()
	f := frozen(t)
	f.Agreement, f.Organisation.Name = &terms.Agreement{Lang: "ar", Form: evidence.Translation, Reading: "aloud"}, "Maison {phone} <b>"
	f.StartsAt = at(t, "2026-11-30T23:00:00Z")
	texts, err := terms.Recap(f)
	if err != nil || len(texts) != 2 || texts[0].Lang != "ar" || texts[0].Form != evidence.Translation || texts[1].Lang != "fr" || texts[1].Form != evidence.Plain {
		t.Fatalf("%v, %v", texts, err)
	}
	for _, says := range []string{`<strong><bdi lang="fr" dir="ltr">Déclaration de revenus</bdi></strong>`, `<bdi lang="fr" dir="ltr">Banque de France</bdi>`, `<bdi dir="ltr" data-unspoken>` + prose.Together("+33 1 99 00 00 00") + `</bdi>`,
		`<bdi dir="ltr" data-unspoken>AB-12</bdi>`, `<bdi data-unspoken>Maison {phone} &lt;b&gt;</bdi>`, "الأربعاء 23 ديسمبر 2026، الساعة 23:59", "الثلاثاء 1 ديسمبر 2026", "الإفراط في المديونية", "لم يراجعها بعدُ مترجم محلَّف"} {
		if !strings.Contains(string(texts[0].Bytes), says) {
			t.Errorf("does not say %q:\n%s", says, texts[0].Bytes)
		}
	}
	for _, how := range [][2]string{{"ar", evidence.Plain}, {"ar", evidence.FALC}, {"en", evidence.Translation}, {"es", ""}} {
		f.Agreement = &terms.Agreement{Lang: how[0], Form: how[1]}
		if _, err := terms.Recap(f); err == nil {
			t.Errorf("written in %v", how)
		}
	}
}
