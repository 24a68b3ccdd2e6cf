package counter

import (
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"mandat/internal/evidence"
	"mandat/internal/fixture"
	"mandat/internal/mandate"
	"mandat/internal/session"
	"mandat/internal/softkey"
)

// signedMandate is the mandate to whose page an answer leads.
func (b *browser) signedMandate(location string) mandate.Mandate {
	b.t.Helper()
	id, err := uuid.Parse(strings.TrimPrefix(location, "/mandats/"))
	if err != nil {
		b.t.Fatalf("not signed: %q", location)
	}
	m, err := b.site.Mandates.Consult(b.t.Context(), b.By, id, mandate.PageMandate)
	if err != nil {
		b.t.Fatal(err)
	}
	return m
}

// What stood on the page is what is kept, byte for byte, in the language and form in which it was read; so is how the citizen agreed.
func TestRecap_ShowsWhatIsKept(t *testing.T) {
	t.Parallel()
	for _, x := range []struct{ query, lang, form, says string }{
		{"", "fr", evidence.Plain, "Les aidants habilités de cette structure"},
		{"?langue=fr&forme=falc", "fr", evidence.FALC, "Vous pouvez dire stop"},
		{"?langue=en&forme=falc", "en", evidence.FALC, "You can say stop"},
		{"?langue=en&forme=invented", "en", evidence.Plain, "only"},
		{"?langue=ar&forme=falc", "ar", evidence.Translation, `<div class="fr-recap" id="recap-text" lang="ar" dir="rtl">`},
		{"?langue=tr", "tr", evidence.Translation, "vekâlet veriyorsunuz"},
	} {
		t.Run(x.lang+" "+x.form, func(t *testing.T) {
			t.Parallel()
			_, b, drawn := newIdentified(t)
			shown := b.Want(b.Get(drawn+"/recapitulatif"+x.query), 200, x.says, `name="langue" value="`+x.lang+`"`, `name="forme" value="`+x.form+`"`).Body
			a := b.Post(drawn+"/signature", "version", identified.FindStringSubmatch(shown)[1], "shown", whatShown.FindStringSubmatch(shown)[1], "langue", x.lang, "forme", x.form,
				"understood", "until", "reading", "cannot_sign", "present_role_1", "interpreter", "present_name_1", "Léa Fictif", "present_role_5", "relative", "agreed", "on")
			m := b.signedMandate(a.Location)
			how := m.Terms.Agreement
			if how.Lang != x.lang || how.Form != x.form || how.Reading != "cannot_sign" || how.Understood != "until" || len(how.Present) != 2 || how.Present[0].Name != "Léa Fictif" || how.Private {
				t.Errorf("agreed so: %+v", how)
			}
			data, err := b.site.Mandates.Evidence(t.Context(), b.By, m.ID)
			if err != nil {
				t.Fatal(err)
			}
			r, err := evidence.Verify(data)
			if err != nil || r.File.Confirmed == nil || r.File.Confirmed.Kind != session.FactorProConnect {
				t.Fatalf("%+v, %v", r, err)
			}
			for _, text := range r.File.Texts {
				if !strings.Contains(shown, string(text.Bytes)) {
					t.Errorf("%s %s was not shown so:\n%s", text.Lang, text.Form, text.Bytes)
				}
			}
		})
	}
}

// Whoever asks the question in a language that they may not read reads it in theirs too; what the citizen presses on their own screen is in theirs.
func TestRecap_InTheLanguageOfWhoReads(t *testing.T) {
	t.Parallel()
	_, b, drawn := newIdentified(t)
	const question, aloud = "Jusqu’à quand la structure peut-elle agir pour vous", "Lire à voix haute"
	b.Want(b.Get(drawn+"/recapitulatif?langue=ar"), 200, "حتى متى يمكن للهيئة", question, "</bdi> (Pour toujours)", aloud, "Effacer le dessin")
	b.Without(b.Get(drawn+"/recapitulatif"), "</bdi> (Pour toujours)")
	a := b.Want(b.Get(drawn+"/ecran?langue=ar"), 200, "القراءة بصوت عالٍ", "محو الرسم", "إعادة الشاشة إلى المساعِد")
	b.Without(a, question, aloud, "Effacer le dessin")
}

// Whatever is missing is said, nothing that was entered is lost, and nothing is signed.
func TestSign_AsksForWhatIsMissing(t *testing.T) {
	t.Parallel()
	c, b, drawn := newIdentified(t)
	entered := []string{"reading", "aloud", "present_role_2", "colleague", "present_name_2", "Paul Fictif"}
	for what, x := range map[string]struct {
		fields []string
		status int
		says   string
	}{
		"no answer":            {[]string{"agreed", "on"}, 422, "cochez sa réponse"},
		"a wrong answer":       {[]string{"agreed", "on", "understood", "later"}, 422, "Ce n’est pas ce que dit le mandat"},
		"another wrong answer": {[]string{"agreed", "on", "understood", "never"}, 422, "Ce n’est pas ce que dit le mandat"},
		"no choice of ours":    {[]string{"agreed", "on", "understood", "invented"}, 422, "Ce n’est pas ce que dit le mandat"},
		"not agreed":           {[]string{"understood", "until"}, 422, "Demandez son accord"},
		"a name of nobody":     {[]string{"agreed", "on", "understood", "until", "present_name_1", "Léa"}, 422, "Choisissez qui était cette personne"},
		"a name that hides":    {[]string{"agreed", "on", "understood", "until", "present_role_1", "other", "present_name_1", "L\u202eéa"}, 422, "caractères qui ne se voient pas"},
		"a name with a number": {[]string{"agreed", "on", "understood", "until", "present_role_1", "other", "present_name_1", "Léa, 1 85 05 78 006 084 91"}, 422, "contient un numéro"},
	} {
		a := b.Want(b.Post(drawn+"/signature", b.filled(drawn, slices.Concat(entered, x.fields)...)...), x.status, x.says, `value="aloud" checked`, `value="colleague" selected`, `value="Paul Fictif"`)
		if t.Failed() {
			t.Fatal(what, a.Status)
		}
	}
	b.Without(b.Get(drawn+"/recapitulatif"), `name="reading" value="self" checked`)
	for _, reading := range []string{"", "invented"} {
		b.Want(b.Post(drawn+"/signature", b.filled(drawn, "agreed", "on", "understood", "until", "reading", reading)...), 422, "a pris connaissance du texte et cochez", `href="#field-reading"`, `id="error-reading"`)
		b.Want(b.Send(drawn+"/signature/options", asJSON(b.filled(drawn, "agreed", "on", "understood", "until", "reading", reading)...)), 422, `"agreed"`)
	}
	form := b.filled(drawn, "agreed", "on", "understood", "until")
	for _, shown := range []string{strings.Repeat("0", 64), ""} { // midnight has passed, say; or it is not said
		form[3] = shown
		b.Want(b.Post(drawn+"/signature", form...), 409, "Rien n’a été signé")
	}
	c.wantRows(t, 0, `select count(*) from mandate`)
}

// A recap that refuses to be signed is read in another language, and changes into one, under its own address.
func TestSign_RefusedInAnotherLanguage(t *testing.T) {
	t.Parallel()
	_, b, drawn := newIdentified(t)
	shown := b.Get(drawn + "/recapitulatif?langue=en&forme=falc").Body
	b.Want(b.Post(drawn+"/signature", "version", identified.FindStringSubmatch(shown)[1], "shown", whatShown.FindStringSubmatch(shown)[1], "langue", "en", "forme", "falc"), 422,
		`formaction="`+drawn+`/recapitulatif?lang=en"`, `formaction="`+drawn+`/recapitulatif" name="way" value="ar translation"`, `name="langue" value="en"`, `name="forme" value="falc"`)
}

// Who signs again within a month is asked alone, as the rule says, whatever the page does.
func TestSign_AsksAloneWhoComesAgain(t *testing.T) {
	t.Parallel()
	c, b, first := newIdentified(t)
	b.Without(b.Get(first+"/recapitulatif"), "field-private")
	b.Want(b.Post(first+"/signature", b.filled(first, "agreed", "on", "understood", "until")...), 303, "/mandats/")
	second := b.start()
	b.identify(second)
	b.Want(b.Get(second+"/recapitulatif"), 200, "field-private")
	b.Want(b.Post(second+"/signature", b.filled(second, "agreed", "on", "understood", "until")...), 422, "Parlez seul avec la personne")
	how := c.Agreed(t, b.By, draftID(second))
	how.How.Private = false
	if _, err := c.Mandates.Sign(t.Context(), b.By, draftID(second), how); err == nil || !strings.Contains(err.Error(), mandate.ErrNotAlone.Error()) {
		t.Errorf("the rule let it pass: %v", err)
	}
	m := b.signedMandate(b.Post(second+"/signature", b.filled(second, "agreed", "on", "understood", "until", "private", "on")...).Location)
	if !m.Terms.Agreement.Private {
		t.Error("it is not kept that they were asked alone")
	}
	c.Clock.Advance(31 * 24 * time.Hour)
	b = c.jeanne(t)
	third := b.start()
	b.identify(third)
	b.Without(b.Want(b.Get(third+"/recapitulatif"), 200), "field-private")
}

// asJSON is a form as js/passkey.js sends it.
func asJSON(fields ...string) map[string]any {
	form := map[string]string{}
	for i := 0; i < len(fields); i += 2 {
		form[fields[i]] = fields[i+1]
	}
	return map[string]any{"form": form}
}

// A passkey signs what the recap shows, with the same agreement as the form; each refusal has its word, and no passkey is asked.
func TestSign_WithAPasskey(t *testing.T) {
	t.Parallel()
	c, b, drawn := newIdentified(t)
	options := drawn + "/signature/options"
	good := b.filled(drawn, "agreed", "on", "understood", "until", "reading", "aloud")
	b.Want(b.Send(options, "x"), 400, "failed")
	b.Want(b.Send(options, asJSON(b.filled(drawn, "understood", "until")...)), 422, `"agreed"`)
	b.Want(b.Send(options, asJSON(b.filled(drawn, "agreed", "on", "understood", "never")...)), 422, `"understood"`)
	b.Want(b.Send(options, asJSON("version", "1", "agreed", "on", "understood", "until")), 409, `"changed"`)
	b.Want(b.Send(options, asJSON(good...)), 403, `"no_key"`)

	key := c.passkey(t, b)
	late := c.visit(t, c.Jeanne, session.Aidant, c.Clock.Now().Add(-mandate.FactorLife-time.Second)) // a key is a factor too
	late.identify(drawn)
	good = late.filled(drawn, "agreed", "on", "understood", "until", "reading", "aloud")
	answer, err := key.Get([]byte(late.Want(late.Send(options, asJSON(good...)), 200, "challenge").Body))
	if err != nil {
		t.Fatal(err)
	}
	other := slices.Clone(good)
	other[len(other)-1] = "self"
	late.Want(late.Post(drawn+"/signature", append(other, "assertion", string(answer))...), 409, "Rien n’a été signé") // not what the key signed
	if _, err = key.Get([]byte(late.Send(options, asJSON(good...)).Body)); err != nil {
		t.Fatal(err)
	}
	late.Want(late.Post(drawn+"/signature", append(slices.Clone(good), "assertion", "{}")...), 409, "La réponse de votre clé d’accès")
	answer, err = key.Get([]byte(late.Send(options, asJSON(good...)).Body))
	if err != nil {
		t.Fatal(err)
	}
	m := late.signedMandate(late.Post(drawn+"/signature", append(good, "assertion", string(answer))...).Location)
	if m.SignedWith != mandate.WithPasskey || m.Terms.Agreement.Reading != "aloud" {
		t.Errorf("signed with %q, %+v", m.SignedWith, m.Terms.Agreement)
	}
	var said map[string]string
	if err := json.Unmarshal([]byte(late.Send(options, asJSON(good...)).Body), &said); err != nil || said["location"] != "/mandats/"+m.ID.String() {
		t.Errorf("after the signature: %v, %v", said, err)
	}
	c.wantRows(t, 1, `select count(*) from mandate`)
}

// passkey makes a passkey of Jeanne's that counts.
func (c *counter) passkey(t *testing.T, b *browser) *softkey.Key {
	t.Helper()
	key, err := softkey.New("http://localhost", "localhost")
	if err != nil {
		t.Fatal(err)
	}
	key.Counts = true
	question, err := c.factors.BeginPasskey(t.Context(), c.Jeanne, c.Jeanne.Session)
	if err != nil {
		t.Fatal(err)
	}
	made, err := key.Create(question)
	if err == nil {
		_, err = c.factors.AddPasskey(t.Context(), c.Jeanne, c.Jeanne.Session, "Clé", made)
	}
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// What was entered is there again after the second factor.
func TestSign_KeepsTheAnswersAtAStepUp(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	late := c.visit(t, c.Jeanne, session.Aidant, c.Clock.Now().Add(-mandate.FactorLife-time.Second))
	drawn := late.start()
	late.identify(drawn)
	late.Want(late.Post(drawn+"/signature", late.filled(drawn, "agreed", "on", "understood", "until", "reading", "aloud", "langue", "en", "forme", "falc", "present_role_4", "relative", "assertion", "")...), 409)
	en := url.Values{"langue": {"en"}, "forme": {"falc"}}.Encode()
	body := late.Get(drawn + "/recapitulatif?" + en).Body
	late.Want(late.Post(drawn+"/signature", "version", identified.FindStringSubmatch(body)[1], "shown", whatShown.FindStringSubmatch(body)[1], "agreed", "on", "understood", "until", "reading", "aloud",
		"langue", "en", "forme", "falc", "present_role_4", "relative"), 303, session.ConfirmPath)
	c.Clock.Advance(time.Second)
	c.stepUp(t, late)
	late.Want(late.Get(drawn+"/recapitulatif"), 200, "You can say stop", `value="aloud" checked`, `value="until" checked`, `value="relative" selected`, `name="agreed" value="on" checked`)
	c.wantRows(t, 0, `select count(*) from mandate`)
}

// The citizen's screen has what they agree to, and nothing of the application.
func TestScreen_ShowsNothingElse(t *testing.T) {
	t.Parallel()
	c, b, drawn := newIdentified(t)
	c.Sign(t, c.Jeanne, fixture.Citizen(7), fixture.Tax)
	a := b.Want(b.Get(drawn+"/ecran?langue=fr&forme=falc"), 200, "Vous pouvez dire stop", "Angela", `action="`+drawn+`/recapitulatif"`)
	b.Without(a, "fr-header", "fr-nav", "/mandats", "/deconnexion", "/compte", "jeanne", "Jeanne", "FICTIF-7", "fr-footer")
	b.Want(b.Get(drawn+"/ecran?langue=ar"), 200, `<h1 lang="ar" dir="rtl">`, `lang="ar" dir="rtl">العربية</button>`, `data-lang="ar"`, `name="forme" value="translation"`, `lang="fr" dir="ltr"><p>Vous, `)
	b.Want(b.sign(drawn, "agreed", "on"), 303)
	b.Want(b.Get(drawn+"/ecran"), 303, "/mandats/")
}
