package counter

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"mandat/internal/consent"
	"mandat/internal/fixture"
	"mandat/internal/mandate"
	"mandat/internal/procedure"
	"mandat/internal/session"
)

// low starts a draft for which the citizen may be known only, and returns its path.
func (b *browser) low() string {
	b.t.Helper()
	for _, theme := range b.site.Catalogue.Themes() {
		for _, p := range theme.Procedures {
			if p.Identity == procedure.Known && p.Warning == nil && p.Offers(procedure.Act) {
				d, err := b.site.Drafts.Start(b.t.Context(), b.By, fixture.Terms(p.Key))
				if err != nil {
					b.t.Fatal(err)
				}
				return "/brouillons/" + d.ID.String()
			}
		}
	}
	b.t.Fatal("every procedure needs FranceConnect")
	return ""
}

var passport = []string{"document", "passport", "family_name", "DUBOIS", "given_name", "Angela", "birth_day", "24", "birth_month", "8", "birth_year", "1962", "born_town", "Paris 7e"}

// with is a form with another value in one field.
func with(form []string, name, value string) []string {
	out := append([]string{}, form...)
	for i := 0; i < len(out); i += 2 {
		if out[i] == name {
			out[i+1] = value
			return out
		}
	}
	return append(out, name, value)
}

func TestIdentity_TooLowIsSaidBefore(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	b := c.jeanne(t)
	drawn := b.start()
	tax, _ := c.Catalogue.Find(fixture.Tax)
	b.Without(b.Want(b.Get(drawn+"/identite"), 200, "Pas possible pour ce mandat", tax.Name.In("fr"), ": FranceConnect</li>", "/identite/telephone"), "vue par deux aidants, ou FranceConnect", drawn+"/identite/piece", drawn+"/identite/connue")
	for _, path := range []string{"/identite/piece", "/identite/connue"} {
		b.Want(b.Get(drawn+path), 303, drawn+"/identite")
		b.Want(b.Post(drawn+path, passport...), 303, drawn+"/identite")
	}
	b.Want(b.Post(drawn+"/identite/connue/choix", "person", someID.String()), 303, drawn+"/identite")
	c.wantRows(t, 0, `select count(*) from mandate_draft where state = 'identified'`)
	b.Without(b.Want(b.Get(b.low()+"/identite"), 200, "/identite/piece", "/identite/connue"), "n’ouvre pas FranceConnect")
	seen, err := c.Drafts.Start(t.Context(), b.By, fixture.Terms("papiers-etat-civil"))
	if err != nil {
		t.Fatal(err)
	}
	b.Without(b.Want(b.Get("/brouillons/"+seen.ID.String()+"/identite"), 200, ": une pièce d’identité vue par deux aidants, ou FranceConnect</li>", "n’ouvre pas FranceConnect", "/identite/piece"), "/identite/connue")
}

func TestDocument_WhatIsWrongIsSaid(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	b := c.jeanne(t)
	drawn := b.low()
	b.Want(b.Get(drawn+"/identite/piece"), 200, "Aucune photographie")
	for _, x := range [][3]string{
		{"document", "library_card", "Choisissez le document"}, {"family_name", " ", "Écrivez le nom de naissance"}, {"given_name", "", "Écrivez les prénoms"}, {"given_name", "A\u202eB", "Ces prénoms"},
		{"birth_day", "41", "en chiffres"}, {"birth_month", "", "en chiffres"}, {"birth_year", "62", "en chiffres"}, {"birth_year", "+962", "en chiffres"}, {"email", "nobody", "adresse électronique comme"},
		{"born_town", "", "cochez que le document ne les dit pas"}, {"born_town", "A\u202eB", "Cette ville de naissance"}, {"born_country", "--", "Ce pays de naissance"},
	} {
		b.Want(b.Post(drawn+"/identite/piece", with(passport, x[0], x[1])...), 422, x[2], `value="DUBOIS"`[:7])
	}
	b.Want(b.Post(drawn+"/identite/piece", with(passport, "birth_year", "2015")...), 303, drawn+"/identite")
	b.Want(b.Get(drawn+"/identite"), 200, "n’a pas 18 ans")
	c.wantRows(t, 0, `select count(*) from mandate_draft where state = 'identified'`)
}

// A document that one aidant saw is nothing; a second one attests it in their own session, what they are shown and no other version.
func TestWitness_TheSecondColleague(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	b := c.jeanne(t)
	drawn := b.low()
	b.Want(b.Post(drawn+"/identite/piece", passport...), 303, drawn+"/recapitulatif")
	recap := b.Want(b.Get(drawn+"/recapitulatif"), 200, "Il manque l’attestation d’un collègue", drawn+"/temoin")
	b.Without(recap, `action="`+drawn+`/signature"`, `action="`+drawn+`/sms"`)
	b.Want(b.Post(drawn+"/signature", "version", "2", "understood", "until", "reading", "self", "agreed", "on"), 409, "La preuve de l’accord de la personne manque encore")
	b.Want(b.Get(drawn+"/temoin"), 200, "Il ouvre sa propre page d’accueil")
	attest := []string{"version", "2", "attested", strings.Repeat("0", 64), "seen", "on", "heard", "on"}
	b.Want(b.Post(drawn+"/temoin", attest...), 409, "Ce ne peut pas être vous")
	ines := c.visit(t, c.Ines, session.Aidant, c.Clock.Now())
	ines.Without(ines.Want(ines.Get(drawn+"/temoin"), 404), "DUBOIS")
	ines.Want(ines.Post(drawn+"/temoin", attest...), 404)

	late := c.visit(t, c.Paul, session.Aidant, c.Clock.Now().Add(-mandate.FactorLife-time.Second))
	late.Want(late.Get(drawn+"/temoin"), 200, "Angela DUBOIS", "24 août 1962", "jeanne Fictif", "rien d’autre", "demandez à le voir")
	attest[3] = late.toAttest(drawn)
	late.Want(late.Post(drawn+"/temoin", attest...), 303, session.ConfirmPath)
	c.Clock.Advance(time.Second)
	c.stepUp(t, late)
	late.Want(late.Get(drawn+"/temoin"), 200, `name="seen" value="on" checked`, "Rien n’est encore enregistré")
	late.Want(late.Post(drawn+"/temoin", append(attest[:4:4], "seen", "on")...), 422, "Demandez son accord")
	late.Want(late.Post(drawn+"/temoin", append(attest[:4:4], "heard", "on")...), 422, "Voyez la personne")
	late.Want(late.Post(drawn+"/temoin", with(attest, "attested", strings.Repeat("0", 64))...), 409, "n’attend plus d’attestation")
	late.Want(late.Post(drawn+"/temoin", with(attest, "attested", "")...), 409, "n’attend plus d’attestation")
	late.Want(late.Post(drawn+"/temoin", with(attest, "version", "1")...), 409, "n’attend plus d’attestation")
	c.wantRows(t, 0, `select count(*) from mandate_draft where witness_id is not null`)
	late.Want(late.Post(drawn+"/temoin", attest...), 303, "/espace")
	late.Want(late.Get("/espace"), 200, "Votre attestation est enregistrée")
	late.Want(late.Post(drawn+"/temoin", attest...), 409, "n’attend plus d’attestation")
	late.Without(late.Want(late.Get(drawn+"/temoin"), 409, "n’attend plus d’attestation"), "DUBOIS")

	b.Want(b.Get(drawn+"/recapitulatif"), 200, "Attestée par paul Fictif")
	m := b.signedMandate(b.sign(drawn, "agreed", "on").Location)
	if m.ConsentBy != mandate.ConsentColleague || m.Witness != c.Paul.Person {
		t.Errorf("proven by %s, witness %s", m.ConsentBy, m.Witness)
	}
	b.Want(b.Get(drawn+"/temoin"), 303, "/mandats/")
}

// whatAttested is the hidden field of the page of a second colleague.
var whatAttested = regexp.MustCompile(`name="attested" value="([0-9a-f]{64})"`)

// toAttest is what the page of a second colleague has them attest.
func (b *browser) toAttest(drawn string) string {
	b.t.Helper()
	m := whatAttested.FindStringSubmatch(b.Get(drawn + "/temoin").Body)
	if m == nil {
		b.t.Fatal("the page has nothing to attest")
	}
	return m[1]
}

// newAttested returns Jeanne's draft of somebody whom she and Paul know by a document, with Paul's word.
func newAttested(t *testing.T) (c *counter, b *browser, drawn string) {
	t.Helper()
	c = newCounter(t)
	b = c.jeanne(t)
	drawn = b.low()
	b.Want(b.Post(drawn+"/identite/piece", passport...), 303, drawn+"/recapitulatif")
	paul := c.visit(t, c.Paul, session.Aidant, c.Clock.Now())
	paul.Want(paul.Post(drawn+"/temoin", "version", "2", "attested", paul.toAttest(drawn), "seen", "on", "heard", "on"), 303, "/espace")
	return c, b, drawn
}

// What was attested one day is not what would be signed the next: the page says so, and what to do, and nothing is signed.
func TestRecap_SaysThatOtherTermsWereAttested(t *testing.T) {
	t.Parallel()
	c, b, drawn := newAttested(t)
	form := b.filled(drawn, "agreed", "on", "understood", "until")
	c.Behind(t, `update mandate_draft set days = 1 where state = 'identified'`) // as if another day had begun
	b.Without(b.Want(b.Get(drawn+"/recapitulatif"), 200, "Votre collègue a attesté d’autres termes", "paul Fictif a attesté ce mandat tel qu’il était alors", `href="`+drawn+`/identite"`), `action="`+drawn+`/signature"`)
	form[3] = ""
	b.Want(b.Post(drawn+"/signature", form...), 409, "La preuve de l’accord de la personne manque encore, ou ne vaut plus")
	c.wantRows(t, 0, `select count(*) from mandate`)
}

// known makes a draft for Angela, whom the house knows by a mandate and a telephone number.
func known(t *testing.T, number bool) (c *counter, b *browser, drawn string) {
	t.Helper()
	c = newCounter(t)
	b = c.jeanne(t)
	m := c.Sign(t, c.Jeanne, fixture.Angela(), fixture.Tax)
	if number {
		c.tel.Verify(t, c.Jeanne, m.Citizen, "+33639981234")
	}
	c.Clock.Advance(time.Minute)
	drawn = b.low()
	b.Want(b.Get(drawn+"/identite/connue"), 200, "Cherchez seulement la personne qui est là")
	b.Want(b.Post(drawn+"/identite/connue", "recherche", "du"), 422, "Écrivez au moins trois lettres")
	b.Want(b.Post(drawn+"/identite/connue", "recherche", "durand"), 200, "Personne n’est trouvé")
	b.Want(b.Post(drawn+"/identite/connue", "recherche", "dubois"), 200, "Angela Claire Louise DUBOIS", "24 août 1962", m.Citizen.String())
	for _, who := range []string{"x", someID.String()} {
		b.Want(b.Post(drawn+"/identite/connue/choix", "person", who), 303, drawn+"/identite")
		b.Want(b.Get(drawn+"/identite"), 200, "Cette personne n’est pas connue ici")
	}
	b.Want(b.Post(drawn+"/identite/connue/choix", "person", m.Citizen.String()), 303, drawn+"/recapitulatif")
	b.Without(b.Want(b.Get(drawn+"/recapitulatif"), 200, "Il manque une preuve de l’accord", drawn+"/temoin"), `action="`+drawn+`/signature"`)
	return c, b, drawn
}

func TestKnown_WithoutANumberAColleague(t *testing.T) {
	t.Parallel()
	c, b, drawn := known(t, false)
	b.Want(b.Get(drawn+"/recapitulatif"), 200, "Pas possible ici")
	b.Want(b.Post(drawn+"/sms"), 409, "Ce numéro ne peut pas servir")
	paul := c.visit(t, c.Paul, session.Aidant, c.Clock.Now())
	paul.Want(paul.Get(drawn+"/temoin"), 200, "votre collègue l’a reconnue")
	paul.Want(paul.Post(drawn+"/temoin", "version", "2", "attested", paul.toAttest(drawn), "seen", "on", "heard", "on"), 303)
	b.Want(b.sign(drawn, "agreed", "on"), 303, "/mandats/")
}

// The citizen answers by SMS: each state is said, a no signs nothing, and a yes signs once they were asked alone.
func TestKnown_AgreesBySMS(t *testing.T) {
	t.Parallel()
	c, b, drawn := known(t, true)
	ask := func() (latest consent.Consent) {
		t.Helper()
		b.Want(b.Post(drawn+"/sms", "langue", "fr"), 303, drawn+"/recapitulatif")
		latest, err := c.tel.Consents.Latest(t.Context(), b.By, draftID(drawn))
		if err != nil {
			t.Fatal(err)
		}
		return latest
	}
	b.Want(b.Get(drawn+"/recapitulatif"), 200, "•• 34", `action="`+drawn+`/sms"`)
	b.Want(b.Get(drawn+"/sms/etat"), 200, `"over":true`)
	x := ask()
	b.Want(b.Get(drawn+"/sms/etat"), 200, `"state":"queued"`, `"over":false`)
	c.tel.Send(t, x.ID)
	b.Want(b.Get(drawn+"/recapitulatif"), 200, "La question est partie", `data-state="sent"`)
	c.tel.Answer(t, x.ID, "+33639981234", "oui mais")
	b.Want(b.Get(drawn+"/recapitulatif"), 200, "ni oui ni non")
	b.Want(b.Post(drawn+"/sms/annulation"), 303, drawn+"/recapitulatif")
	b.Want(b.Get(drawn+"/recapitulatif"), 200, "La demande est annulée", "Demander de nouveau par SMS")
	b.Want(b.Post(drawn+"/sms/annulation"), 303) // twice

	x = ask()
	c.tel.Send(t, x.ID)
	c.tel.Answer(t, x.ID, "+33639981234", "OUI")
	b.Want(b.Get(drawn+"/sms/etat"), 200, `"state":"yes"`, `"over":true`)
	b.Want(b.Post(drawn+"/signature", b.filled(drawn, "understood", "until", "agreed", "on")...), 422, "Parlez seul avec la personne")
	m := b.signedMandate(b.sign(drawn, "agreed", "on").Location)
	if m.ConsentBy != mandate.ConsentSMS {
		t.Errorf("proven by %s", m.ConsentBy)
	}
	b.Want(b.Post(drawn+"/sms"), 303, "/mandats/"+m.ID.String())
}

// An answer that does not come in time is none.
func TestKnown_TheAnswerIsLate(t *testing.T) {
	t.Parallel()
	c, b, drawn := known(t, true)
	b.Want(b.Post(drawn+"/sms"), 303)
	c.Behind(t, `update consent set expires_at = asked_at + interval '1 second'`)
	c.Clock.Advance(2 * time.Second)
	b.Want(b.Get(drawn+"/recapitulatif"), 200, "n’a pas répondu à temps", "Demander de nouveau par SMS")
	if !strings.Contains(b.Get(drawn+"/sms/etat").Body, `"state":"expired"`) {
		t.Error("the module is not told")
	}
}

// A no ends it: nothing is signed, and the same draft is not asked about again.
func TestKnown_SaysNoBySMS(t *testing.T) {
	t.Parallel()
	c, b, drawn := known(t, true)
	b.Want(b.Post(drawn+"/sms", "langue", "fr"), 303, drawn+"/recapitulatif")
	x, err := c.tel.Consents.Latest(t.Context(), b.By, draftID(drawn))
	if err != nil {
		t.Fatal(err)
	}
	c.tel.Send(t, x.ID)
	c.tel.Answer(t, x.ID, "+33639981234", "non")
	b.Without(b.Want(b.Get(drawn+"/recapitulatif"), 200, "La personne a répondu non"), `action="`+drawn+`/signature"`)
	b.Want(b.Post(drawn+"/signature", "version", "2", "understood", "until", "reading", "self", "private", "on", "agreed", "on"), 409, "La preuve de l’accord de la personne manque encore")
	b.Want(b.Post(drawn+"/sms", "langue", "fr"), 409, "a déjà répondu non", "dans les 24 heures")
	c.tel.Answer(t, x.ID, "+33639981234", "stop")
	b.Want(b.Post(drawn+"/sms", "langue", "fr"), 409, "ne veut plus de demandes par SMS", "un deuxième collègue")
}

// What ended since the identification is said where the person is identified, with what shows that a death was a mistake; a question by SMS says the same.
func TestKnown_SomethingEndedSince(t *testing.T) {
	t.Parallel()
	for reason, said := range map[string]string{"citizen": "Demandez-lui si elle veut encore ce mandat", "death": "avec FranceConnect, ou par un document d’identité, devant un second collègue"} {
		c, b, drawn := known(t, true)
		paul := c.visit(t, c.Paul, session.Aidant, c.Clock.Now())
		paul.Want(paul.Post(drawn+"/temoin", "version", "2", "attested", paul.toAttest(drawn), "seen", "on", "heard", "on"), 303)
		form := b.filled(drawn, "agreed", "on", "understood", "until", "private", "on")
		c.Clock.Advance(time.Minute)
		by := c.Paul
		by.FactorAt = c.Clock.Now()
		var old uuid.UUID
		err := c.Connect(t, c.Superuser).QueryRow(t.Context(), `select id from mandate`).Scan(&old)
		if err == nil {
			err = c.Mandates.End(t.Context(), by, old, reason)
		}
		if err != nil {
			t.Fatal(err)
		}
		for path, fields := range map[string][]string{"/signature": form, "/sms": {"langue", "fr"}} {
			b.Want(b.Post(drawn+path, fields...), 303, drawn+"/identite")
			b.Want(b.Get(drawn+"/identite"), 200, said)
		}
		c.wantRows(t, 1, `select count(*) from mandate`)
	}
}

// A colleague who was suspended since they attested proves nothing: the page says so, and whom to ask.
func TestRecap_SaysThatTheColleagueLeft(t *testing.T) {
	t.Parallel()
	c, b, drawn := newAttested(t)
	form := b.filled(drawn, "agreed", "on", "understood", "until")
	c.Behind(t, `update person set suspended_at = now(), suspended_why = 'decided' where id = $1`, c.Paul.Person)
	b.Want(b.Post(drawn+"/signature", form...), 409, "La preuve de l’accord de la personne manque encore, ou ne vaut plus", "demandez à un autre collègue de la voir et d’attester")
	b.Without(b.Want(b.Get(drawn+"/recapitulatif"), 200, "L’attestation de votre collègue ne compte plus", `href="`+drawn+`/identite"`), `action="`+drawn+`/signature"`)
	c.wantRows(t, 0, `select count(*) from mandate`)
}
