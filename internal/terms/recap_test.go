package terms_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"mandat/internal/citizen"
	"mandat/internal/evidence"
	"mandat/internal/procedure"
	"mandat/internal/terms"
)

func frozen(t *testing.T) terms.Frozen {
	t.Helper()
	p, _ := catalogue(t).Find(tax)
	d, _ := catalogue(t).Find(debts)
	ends := at(t, "2026-12-23T22:59:59Z")
	return terms.Frozen{Version: 2, Salt: "00", Organisation: terms.Party{Name: "Maison <b>France</b> Services", Address: "1 place de la Mairie", Postcode: "75001", City: "Paris", Phone: "+33 1 99 00 00 00"},
		Citizen: citizen.Identity{GivenName: "Angela", FamilyName: "DUBOIS & FILS"}, EndsAt: ends, Informed: at(t, "2026-11-22T10:00:00Z"),
		Procedures: []terms.Power{{Key: tax, Name: p.Name, Body: p.Body, Level: procedure.Sign, EndsAt: ends, Case: "AB-12"}, {Key: debts, Name: d.Name, Body: d.Body, Warning: d.Warning, Level: procedure.See, EndsAt: ends}}}
}

func TestRecap_SaysAllThatIsGiven(t *testing.T) {
	t.Parallel()
	for _, x := range []struct{ lang, form, says string }{
		{"fr", evidence.Plain, "signer en votre nom, sans payer|seulement pour le dossier|consulter, sans rien changer|23 décembre 2026|Banque de France|ne peut rien payer|quand vous voulez"},
		{"en", evidence.Plain, "This is a translation|sign in your name, without paying|only for the file|look, and change nothing|23 December 2026|can pay nothing|whenever you want"},
		{"fr", evidence.FALC, "Vous pouvez dire stop|Seulement pour le dossier|L’aidant peut regarder|signer pour vous, mais pas payer|la personne endettée le signe elle-même.<|23 décembre 2026|ne peut pas payer|<svg"},
		{"en", evidence.FALC, "This text is a translation|You can say stop|Only for the file|The helper can look|sign for you, but not pay|the indebted person signs it themselves.<|23 December 2026|cannot pay|<svg"},
	} {
		f := frozen(t)
		f.Agreement = &terms.Agreement{Lang: x.lang, Form: x.form, Reading: "self"}
		texts, err := terms.Recap(f)
		if err != nil {
			t.Fatal(err)
		}
		first := string(texts[0].Bytes)
		if texts[0].Lang != x.lang || texts[0].Form != x.form {
			t.Errorf("the first is %s %s", texts[0].Lang, texts[0].Form)
		}
		if last := texts[len(texts)-1]; last.Lang != "fr" || last.Form != evidence.Plain {
			t.Errorf("%s %s: the French in full is missing", x.lang, x.form)
		}
		for _, says := range strings.Split(x.says, "|") {
			if !strings.Contains(first, says) {
				t.Errorf("%s %s does not say %q:\n%s", x.lang, x.form, says, first)
			}
		}
		if strings.Contains(first, "<b>") || !strings.Contains(first, "DUBOIS &amp; FILS") || strings.Contains(first, "style=") || strings.Contains(first, "<no value>") {
			t.Errorf("%s %s:\n%s", x.lang, x.form, first)
		}
	}
}

// A voice of the browser reads the text without what is marked: no name may be left in it.
func TestRecap_NamesAreNotSpoken(t *testing.T) {
	t.Parallel()
	for _, x := range [][2]string{{"fr", evidence.Plain}, {"fr", evidence.FALC}, {"en", evidence.FALC}, {"tr", evidence.Translation}, {"ar", evidence.Translation}} {
		form := x[1]
		f := frozen(t)
		f.Transfers = transferred("Maison ailleurs")
		f.Agreement = &terms.Agreement{Lang: x[0], Form: form, Reading: "aloud"}
		texts, err := terms.Recap(f)
		if err != nil {
			t.Fatal(err)
		}
		for _, text := range texts {
			rest := text.Bytes
			for {
				before, after, ok := bytes.Cut(rest, []byte(" data-unspoken>"))
				for _, name := range []string{"Angela", "DUBOIS", "Maison", "place de la Mairie", "+33", "AB-12"} {
					if bytes.Contains(before, []byte(name)) {
						t.Errorf("%s %s would be spoken: %q", form, text.Lang, name)
					}
				}
				if !ok {
					break
				}
				_, rest, _ = bytes.Cut(after, []byte("</"))
			}
		}
	}
}

func TestRecap_OtherWays(t *testing.T) {
	t.Parallel()
	f := frozen(t)
	f.Payments, f.BankDetails, f.StartsAt = f.Informed, f.Informed, at(t, "2026-11-30T23:00:00Z")
	f.Procedures[0].Level = procedure.Pay
	texts, err := terms.Recap(f)
	if err != nil {
		t.Fatal(err)
	}
	for _, says := range []string{"fasse des paiements pour vous", "change vos coordonnées bancaires", "commence le mardi 1er décembre 2026", "signer et payer en votre nom"} {
		if !strings.Contains(string(texts[0].Bytes), says) {
			t.Errorf("does not say %q:\n%s", says, texts[0].Bytes)
		}
	}
	for _, how := range []terms.Agreement{{Lang: "de", Form: evidence.Plain}, {Lang: "fr", Form: evidence.Translation}, {Lang: "../fr", Form: evidence.Plain}} {
		f.Agreement = &how
		if _, err := terms.Recap(f); err == nil {
			t.Errorf("written in %q %q", how.Lang, how.Form)
		}
	}
}

func TestFrozen_VersionOneSaidLess(t *testing.T) {
	t.Parallel()
	signed := at(t, "2026-11-21T10:00:00Z")
	f, err := terms.Decode([]byte(`{"version":1,"salt":"00","procedures":[{"key":"x","theme":"y","name":{"fr":"X"},"body":{"fr":"Y"}}],"days":31,"signed_at":"2026-11-21T10:00:00Z","ends_at":"2026-12-22T22:59:59Z"}`), time.Time{})
	if err != nil || !f.SignedAt.Equal(signed) || f.Procedures[0].Level != procedure.Act || !f.Procedures[0].EndsAt.Equal(f.EndsAt) || f.IdentifiedBy != "franceconnect" {
		t.Errorf("%+v, %v", f, err)
	}
	f = frozen(t)
	plain, digest, err := f.Encode()
	if err != nil {
		t.Fatal(err)
	}
	f.SignedAt = signed
	again, same, err := f.Encode()
	if err != nil || !bytes.Equal(plain, again) || !bytes.Equal(digest, same) {
		t.Errorf("the time of the signature is in what is signed: %v", err)
	}
	if back, err := terms.Decode(plain, signed); err != nil || !back.SignedAt.Equal(signed) || back.Procedures[0].Case != "AB-12" {
		t.Errorf("%+v, %v", back, err)
	}
	if _, err := terms.Decode([]byte(`{"version":`), signed); err == nil {
		t.Error("half a text was read")
	}
}
