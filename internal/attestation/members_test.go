package attestation

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"mandat/internal/citizen"
	"mandat/internal/procedure"
	"mandat/internal/terms"
)

// told are the members of what documents know whose change their reader sees, with a change of each, and the kind of document. The others, with why not, are in untold: a member that is in
// neither fails.
var told = map[string]struct {
	kind   Kind
	change func(*subject)
}{
	"organisation":             {Given, func(x *subject) { x.organisation = terms.Party{} }},
	"Party.Name":               {Given, func(x *subject) { x.organisation.Name = "Autre" }},
	"Party.SIRET":              {Given, func(x *subject) { x.organisation.SIRET = "1" }},
	"Party.Address":            {Given, func(x *subject) { x.organisation.Address = "2 rue Autre" }},
	"Party.Postcode":           {Given, func(x *subject) { x.organisation.Postcode = "69001" }},
	"Party.City":               {Given, func(x *subject) { x.organisation.City = "Lyon" }},
	"Party.Phone":              {Given, func(x *subject) { x.organisation.Phone = "+33 1 99 00 00 01" }},
	"Party.Email":              {Given, func(x *subject) { x.organisation.Email = "autre@exemple.invalid" }},
	"citizen":                  {Given, func(x *subject) { x.citizen = citizen.Identity{GivenName: "Other", FamilyName: "PERSON"} }},
	"powers":                   {Ended, func(x *subject) { x.powers = x.powers[:1] }},
	"granted.name":             {Given, func(x *subject) { x.powers[0].name = procedure.Text{"fr": "Autre chose"} }},
	"granted.body":             {Given, func(x *subject) { x.powers[0].body = procedure.Text{"fr": "Autre service"} }},
	"granted.warning":          {Given, func(x *subject) { x.powers[2].warning = nil }},
	"granted.level":            {Given, func(x *subject) { x.powers[0].level = procedure.Pay }},
	"granted.ref":              {Given, func(x *subject) { x.powers[0].ref = "CD-34" }},
	"granted.ends":             {Given, func(x *subject) { x.powers[0].ends = x.ends.Add(-24 * time.Hour) }},
	"granted.endedAt":          {Ended, func(x *subject) { x.powers[1].endedAt = x.signed.Add(time.Hour) }},
	"days":                     {Given, func(x *subject) { x.days = 1 }},
	"transfers":                {Given, func(x *subject) { x.transfers = nil }},
	"signed":                   {Given, func(x *subject) { x.signed = x.signed.Add(-time.Hour) }},
	"begins":                   {Given, func(x *subject) { x.begins = x.signed.Add(24 * time.Hour) }},
	"ends":                     {Given, func(x *subject) { x.ends = x.ends.Add(24 * time.Hour) }},
	"identifiedBy":             {Given, func(x *subject) { x.identifiedBy = "known" }},
	"identified":               {Given, func(x *subject) { x.identified = x.identified.Add(-time.Hour) }},
	"consentBy":                {Given, func(x *subject) { x.consentBy = "sms" }},
	"signedWith":               {Given, func(x *subject) { x.signedWith = "passkey" }},
	"reading":                  {Given, func(x *subject) { x.reading = "cannot_sign" }},
	"drawn":                    {Given, func(x *subject) { x.drawn = true }},
	"present":                  {Given, func(x *subject) { x.present = []terms.Present{{Role: "relative"}} }},
	"Present.Role":             {Given, func(x *subject) { x.present = []terms.Present{{Role: "interpreter"}} }},
	"Present.Name":             {Given, func(x *subject) { x.present = []terms.Present{{Role: "interpreter", Name: "Ana SILVA"}} }},
	"witness":                  {Given, func(x *subject) { x.witness = &terms.Attested{Person: colleague, At: x.signed} }},
	"Attested.Person":          {Given, func(x *subject) { x.witness = &terms.Attested{Person: uuid.Max, At: x.signed} }},
	"Attested.At":              {Given, func(x *subject) { x.witness = &terms.Attested{Person: colleague, At: x.signed.Add(-time.Hour)} }},
	"protection":               {Given, func(x *subject) { x.protection = x.protection.Add(-time.Hour) }},
	"informed":                 {Given, func(x *subject) { x.informed = x.informed.Add(-time.Hour) }},
	"apart":                    {Given, func(x *subject) { x.apart = false }},
	"payments":                 {Given, func(x *subject) { x.payments = x.signed }},
	"bankDetails":              {Given, func(x *subject) { x.bankDetails = x.signed }},
	"endedAt":                  {Ended, func(x *subject) { x.endedAt = x.endedAt.Add(time.Hour) }},
	"reason":                   {Ended, func(x *subject) { x.reason = "death" }},
	"agreed":                   {Given, func(x *subject) { x.agreed = agreed{powers: x.powers} }},
	"service":                  {Given, func(x *subject) { x.service = Settings{} }},
	"Settings.Phone":           {Given, func(x *subject) { x.service.Phone = "+33 1 99 00 00 02" }},
	"Settings.Email":           {Given, func(x *subject) { x.service.Email = "autre@exemple.invalid" }},
	"Settings.Address":         {Given, func(x *subject) { x.service.Address = "ailleurs" }},
	"status":                   {Given, func(x *subject) { x.status += "B" }},
	"word":                     {Given, func(x *subject) { x.word = "sapin-lune-pomme-tasse" }},
	"now":                      {Given, func(x *subject) { x.now = x.now.Add(time.Hour) }},
	"Transferred.SignedAt":     {Given, func(x *subject) { x.transfers.SignedAt = x.signed }},
	"Transferred.Organisation": {Given, func(x *subject) { x.transfers.Organisation = "Encore ailleurs" }},
}

var untold = map[string]string{"Transferred.Mandate": "an id", "lang": "the language itself", "beside": "marks nothing that is read", "Settings.BaseURL": "in the address"}

// colleague is the second one of a mandate, as entries name them.
var colleague = uuid.MustParse("01939b1c-7c5e-7000-8000-000000000001")

func members() []string {
	var out []string
	for _, x := range []struct {
		prefix string
		of     any
	}{{"", subject{}}, {"", agreed{}}, {"granted.", granted{}}, {"Party.", terms.Party{}}, {"Present.", terms.Present{}}, {"Attested.", terms.Attested{}}, {"Transferred.", terms.Transferred{}}, {"Settings.", Settings{}}} {
		of := reflect.TypeOf(x.of)
		for i := range of.NumField() {
			out = append(out, x.prefix+of.Field(i).Name)
		}
	}
	return out
}

// What a document is about is said in every language: whatever changes in it changes what is read, the notice of when it was made left aside.
func TestCompose_LeavesNothingOut(t *testing.T) {
	t.Parallel()
	for _, member := range members() {
		if told[member].change == nil && untold[member] == "" {
			t.Errorf("%s is known: is it said?", member)
		}
	}
	for _, lang := range everyLanguage() {
		seen := map[string]string{}
		for member, c := range told {
			x := someSubject(t, c.kind, lang)
			x.beside = lang != "fr"
			before := wordsOf(compose(c.kind, x, "", nil))
			transfers := *x.transfers
			x.transfers = &transfers
			c.change(&x)
			after := wordsOf(compose(c.kind, x, "", nil))
			if before == after || seen[after] != "" {
				t.Errorf("%s leaves out %s, or says it as %s", lang, member, seen[after])
			}
			seen[after] = member
		}
	}
}

// The second colleague is named as entries name them, which an auditor can look up, with the time of their word; where there was none nothing is said of one.
func TestCompose_TheSecondColleague(t *testing.T) {
	t.Parallel()
	m := someMandate(t)
	m.Terms.IdentifiedBy, m.Terms.ConsentBy = "witnessed", "colleague"
	for _, lang := range everyLanguage() {
		for _, word := range []*terms.Attested{nil, {Person: colleague, At: m.SignedAt.Add(-2 * time.Minute)}} {
			m.Terms.Witness = word
			x := someSubject(t, Given, lang)
			x.agreed = read(m, x.now)
			got := wordsOf(compose(Given, x, "", nil))
			if strings.Contains(got, colleague.String()) != (word != nil) || strings.Contains(got, x.short(m.SignedAt.Add(-2*time.Minute))) != (word != nil) {
				t.Errorf("%s, %v:\n%s", lang, word, got)
			}
		}
	}
}

// signed is how each language says of something that it was signed.
var signed = map[string][]string{"fr": {"Signé", " signé"}, "en": {"igned"}, "es": {"Firmado", " firmado", "lo firma", "firmó"}, "pt": {"ssinado"}, "ar": {"وُقّع", "وقّع", "موقّع"}, "uk": {"ідписан", "ідписав"}, "tr": {"mzaland", "mzaladı"}}

// What was confirmed by a code is nowhere said to be signed, in no language and in no document; what a passkey signed is.
func TestCompose_CallsNothingSignedThatWasConfirmed(t *testing.T) {
	t.Parallel()
	for _, lang := range everyLanguage() {
		for _, kind := range kinds {
			for with, want := range map[string]bool{"code": false, "passkey": true} {
				x := full(t, kind, lang, 4)
				x.signedWith, x.reason = with, "mistake"
				for i := range x.powers { // a warning is the law's
					x.powers[i].warning = nil
				}
				got := wordsOf(compose(kind, x, "Compte rendu", nil))
				said := false
				for _, word := range signed[lang] {
					said = said || strings.Contains(got, word)
				}
				if said != want {
					t.Errorf("%s, %s, %s: said to be signed: %v\n%s", lang, kind, with, said, got)
				}
			}
		}
	}
}
