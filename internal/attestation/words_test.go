package attestation

import (
	"crypto/sha256"
	"encoding/hex"
	"flag"
	"os"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"mandat/internal/fixture"
	"mandat/internal/mandate"
	"mandat/internal/paper"
	"mandat/internal/procedure"
	"mandat/internal/terms"
)

var update = flag.Bool("update", false, "write the words of this template to testdata")

// overIndebtedness is a procedure with a warning.
const overIndebtedness = "argent-surendettement"

func someMandate(t *testing.T) mandate.Mandate {
	t.Helper()
	c, err := procedure.Load()
	if err != nil {
		t.Fatal(err)
	}
	signed := time.Date(2026, 11, 21, 14, 5, 9, 0, time.UTC)
	f := terms.Frozen{Version: 2, IdentifiedBy: "franceconnect", ConsentBy: "franceconnect", Citizen: fixture.Angela(), Days: 31, SignedAt: signed, EndsAt: terms.EndOf(signed, 31), IdentifiedAt: signed.Add(-time.Minute),
		NoProtection: signed.Add(-5 * time.Minute), Informed: signed.Add(-4 * time.Minute),
		Organisation: terms.Party{Name: "Maison France Services de démonstration", SIRET: "21750001600019", Address: "1 place de la Mairie", Postcode: "75001", City: "Paris",
			Phone: "+33 1 99 00 00 00", Email: "accueil@exemple.invalid"}}
	f.Citizen.PreferredUsername = "MARTIN"
	f.Transfers = &terms.Transferred{Organisation: "CCAS de démonstration", SignedAt: signed.AddDate(0, -2, 0)}
	for _, key := range []string{fixture.Tax, fixture.Housing, overIndebtedness} {
		p, ok := c.Find(key)
		if !ok {
			t.Fatalf("%s is not in the catalogue", key)
		}
		f.Procedures = append(f.Procedures, terms.Power{Key: p.Key, Theme: p.Theme, Name: p.Name, Body: p.Body, Warning: p.Warning, Level: procedure.Act, EndsAt: f.EndsAt})
	}
	return mandate.Mandate{Terms: f, State: mandate.Standing, SignedWith: "code", SignedAt: f.SignedAt, EndsAt: f.EndsAt}
}

// someSubject is a mandate as the documents of each kind are about it.
func someSubject(t *testing.T, kind Kind, lang string) subject {
	t.Helper()
	m := someMandate(t)
	now := m.SignedAt.Add(time.Minute)
	x := subject{agreed: read(m, now), lang: lang, service: service, status: service.BaseURL + "/v/AAAAAAAAAAAAAAAAAAAAAA", word: "lune-pomme-sapin-tasse", now: now}
	if kind == Ended {
		x.endedAt, x.reason = now.Add(48*time.Hour), "citizen"
		x.powers[0].endedAt = now
	}
	return x
}

// talkative is a mandate of which everything is told that the other one leaves out.
func talkative(t *testing.T, kind Kind, lang string) subject {
	t.Helper()
	x := someSubject(t, kind, lang)
	for i := range x.powers {
		x.powers[i].level = procedure.Levels()[i+1]
	}
	x.powers[0].ref, x.powers[1].ends = "AB 12 345 678", x.ends.Add(-48*time.Hour)
	x.begins, x.payments, x.bankDetails, x.drawn = x.signed.Add(24*time.Hour), x.signed, x.signed, true
	x.identifiedBy, x.consentBy, x.signedWith, x.reason = "witnessed", "colleague", "passkey", "mistake"
	x.witness = &terms.Attested{Person: colleague, At: x.signed.Add(-30 * time.Second)}
	x.reading, x.present = "aloud", []terms.Present{{Role: "interpreter", Name: "Ana SILVA"}, {Role: "relative"}}
	x.citizen.BornTown, x.citizen.BornCountry = "Essaouira", "Maroc"
	return x
}

// wordsOfTemplate is what a template's phrases are: with every change of a sealed language's file, or of what compose… makes of it, the template changes too, and this line with it.
var wordsOfTemplate = [2]string{"2026-11-7", "1a371f5cd83b03722bd0831d4b9475311b300b605df02f75d49899679a0c70af"}

func TestPhrases_TheTemplateNamesThem(t *testing.T) {
	t.Parallel()
	all := sha256.New()
	for _, lang := range Languages {
		b, err := os.ReadFile("words/" + lang + ".json")
		if err != nil {
			t.Fatal(err)
		}
		all.Write(b)
	}
	if is := [2]string{template, hex.EncodeToString(all.Sum(nil))}; is != wordsOfTemplate {
		t.Errorf("these words are %q: give them another template in words.go, then write both here", is)
	}
}

// someReport is what another part of the program says of what was done.
var someReport = []Block{heading(2, "Ce qui a été fait"), list("21 novembre 2026 : Déclaration de revenus, fait, numéro 12345"), paragraph("C’est tout.")}

var kinds = []Kind{Given, Ended, Report}

// The words of a template are reviewed as a text, and never change under the same name.
func TestCompose_IsTheTemplate(t *testing.T) {
	t.Parallel()
	for _, kind := range kinds {
		for _, lang := range Languages {
			got := wordsOf(compose(kind, someSubject(t, kind, lang), "Compte rendu", someReport)) + "\n=== Of another mandate\n\n" + wordsOf(compose(kind, talkative(t, kind, lang), "Compte rendu", someReport))
			name := "testdata/" + template + "." + string(kind) + "." + lang + ".txt"
			if *update {
				if err := os.WriteFile(name, []byte(got), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Errorf("the words changed: give the template a new name, then run with -update\n%s", diff)
			}
		}
	}
}

type shape struct {
	kind               paper.Kind
	level, items, rows int
	small, word        bool
}

func shapes(words []Block) []shape {
	var out []shape
	for _, b := range words {
		out = append(out, shape{b.Kind, b.Level, len(b.Items), len(b.Rows), b.Small, b.Word != ""})
	}
	return out
}

// Every language says the same things in the same order as the French, of a mandate of which little is told and of one of which all is.
func TestCompose_BlockForBlock(t *testing.T) {
	t.Parallel()
	for _, kind := range kinds {
		for _, of := range []func(lang string) subject{
			func(lang string) subject { return someSubject(t, kind, lang) },
			func(lang string) subject { return full(t, kind, lang, 10) },
		} {
			want := shapes(compose(kind, of("fr"), "Compte rendu", someReport))
			for _, into := range Translations() {
				x := of(into.Tag)
				x.beside = true
				if diff := cmp.Diff(want, shapes(compose(kind, x, "Compte rendu", someReport)), cmp.AllowUnexported(shape{})); diff != "" {
					t.Errorf("%s, %s: %s", into.Tag, kind, diff)
				}
			}
		}
	}
}
