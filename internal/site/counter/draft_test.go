package counter

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"mandat/internal/draft"
	"mandat/internal/fixture"
	"mandat/internal/mandate"
	"mandat/internal/session"
)

func draftID(path string) uuid.UUID { return uuid.MustParse(strings.TrimPrefix(path, "/brouillons/")) }

func (b *browser) identify(drawn string) {
	b.t.Helper()
	if err := b.site.Drafts.Identify(b.t.Context(), b.By, draftID(drawn), fixture.Angela(), b.site.Clock.Now()); err != nil {
		b.t.Fatal(err)
	}
}

// newIdentified is a counter where Jeanne has begun a draft, for which Angela identified herself.
func newIdentified(t *testing.T) (*counter, *browser, string) {
	t.Helper()
	c := newCounter(t)
	b := c.jeanne(t)
	drawn := b.start()
	b.identify(drawn)
	return c, b, drawn
}

func TestDraft_FromTermsToMandate(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	b := c.jeanne(t)
	b.Want(b.Get("/espace"), 200, "Votre structure n’a pas encore de mandat")
	drawn := b.start()
	b.Want(b.Get("/espace"), 200, "Mandats commencés", drawn+"/identite")
	page := b.Want(b.Get(drawn+"/identite"), 200, "S’identifier avec", `action="`+drawn+`/identite"`)
	if !strings.Contains(page.Header.Get("Content-Security-Policy"), "form-action 'self' https://fc.example") {
		t.Error("the browser would not follow the redirect to FranceConnect")
	}
	b.Want(b.Get(drawn+"/recapitulatif"), 303, drawn+"/identite")
	b.identify(drawn)
	b.Want(b.Get(drawn+"/recapitulatif"), 200, "Angela Claire Louise DUBOIS", "24 août 1962", "Déclaration", "à 23\u00a0h\u00a059")
	b.Want(b.sign(drawn), 422, "Demandez son accord")
	signed := b.Want(b.sign(drawn, "agreed", "on"), 303, "/mandats/")
	b.Want(b.Get(signed.Location), 200, "Le mandat est établi", "Étape 4 sur 4", "Mandat confirmé par code", "jeanne Fictif")
	if strings.Contains(b.Get(signed.Location).Body, "Étape 4 sur 4") {
		t.Error("the mandate is still said to be signed just now")
	}
	for _, path := range []string{"", "/identite", "/recapitulatif"} { // back button
		b.Want(b.Get(drawn+path), 303, signed.Location)
	}
	b.Want(b.Post(drawn+"/signature", "version", "x", "agreed", "on"), 303, signed.Location) // double click
	b.Want(b.Get("/mandats"), 200, "Angela Claire Louise DUBOIS", "En cours jusqu’au")
	c.wantRows(t, 1, `select count(*) from mandate`)
}

func TestTerms_Refused(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	b := c.jeanne(t)
	b.Want(b.Post("/mandats/nouveau"), 422, "4 réponses", "Cochez au moins une démarche", "Choisissez la durée", "mesure de protection", "Lisez les informations")
	b.Want(b.Post("/mandats/nouveau", "procedures", fixture.Tax, "days", "30", "no_protection", "on", "informed", "on"), 422, "Choisissez la durée", `value="`+fixture.Tax+`" checked`, "Une réponse est à corriger")
	b.Want(b.Post("/mandats/nouveau", "procedures", "invented", "days", "1", "no_protection", "on", "informed", "on"), 422, "n’existe pas ou plus")
	c.wantRows(t, 0, `select count(*) from mandate_draft`)
	drawn := b.start()
	b.Want(b.Post(drawn, "days", "1"), 422, "3 réponses", `action="`+drawn+`"`)
	b.identify(drawn)
	b.Want(b.Get(drawn), 200, "la personne devra s’identifier de nouveau", "sans rien changer", `value="`+fixture.Tax+`" checked`)
	b.Want(b.Post(drawn, "procedures", fixture.Tax, "days", "1", "no_protection", "on", "informed", "on"), 303, drawn+"/identite")
	b.Want(b.Get(drawn+"/recapitulatif"), 303, drawn+"/identite")
}

func TestIdentity_WrongPersonIsDropped(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	b := c.jeanne(t)
	drawn := b.start()
	b.Want(b.Post(drawn+"/autre-personne"), 303, drawn+"/identite") // nobody yet
	b.identify(drawn)
	b.Want(b.Post(drawn+"/autre-personne"), 303, drawn+"/identite")
	b.Want(b.Get(drawn+"/identite"), 200, "L’identité est retirée du brouillon", "Rien de ce que vous avez saisi n’est perdu")
	if strings.Contains(b.Get(drawn+"/identite").Body, "L’identité est retirée") {
		t.Error("the message stays")
	}
	c.wantRows(t, 0, `select count(*) from mandate_draft where identity is not null`)
}

func TestAbandon_ForgetsTheDraft(t *testing.T) {
	t.Parallel()
	c, b, drawn := newIdentified(t)
	for _, path := range []string{"/espace", drawn + "/identite", drawn + "/recapitulatif"} { // each leads to the question, and asks nothing else
		b.Without(b.Want(b.Get(path), 200, `<a class="fr-btn fr-btn--tertiary" href="`+drawn+`/abandon">`), `action="`+drawn+`/abandon"`)
	}
	b.Without(b.Want(b.Get(drawn+"/abandon"), 200, "Ce qui est effacé", "Ce qui ne change pas", `<form method="post" action="`+drawn+`/abandon">`, `href="`+drawn+`/recapitulatif">Le garder`), "DUBOIS")
	c.wantRows(t, 1, `select count(*) from mandate_draft where state = 'identified' and identity is not null`)
	paul := c.paul(t)
	paul.Want(paul.Get(drawn+"/abandon"), 409)
	b.Want(b.Post(drawn+"/abandon"), 303, "/espace")
	b.Want(b.Get(drawn+"/abandon"), 404, "Ce brouillon n’existe plus")
	b.Want(b.Get("/espace"), 200, "Le brouillon est supprimé")
	b.Want(b.Get(drawn+"/recapitulatif"), 404, "Ce brouillon n’existe plus", "Rien n’a été signé")
}

// W44: what is late or gone is explained; nobody is signed out.
func TestDraft_GoneOrForeign(t *testing.T) {
	t.Parallel()
	c, b, drawn := newIdentified(t)
	stranger := c.visit(t, c.Ines, session.Aidant, c.Clock.Now())
	for _, path := range []string{"", "/identite", "/recapitulatif"} {
		stranger.Without(stranger.Want(stranger.Get(drawn+path), 404, "Ce brouillon n’existe plus"), "DUBOIS")
	}
	for _, path := range []string{"", "/abandon", "/autre-personne", "/confirmation", "/signature", "/reprise"} {
		stranger.Want(stranger.Post(drawn+path, "agreed", "on", "version", "2"), 404, "Ce brouillon n’existe plus")
	}
	b.Want(b.Get("/brouillons/x/recapitulatif"), 404, "Cette page n’existe pas")
	c.Clock.Advance(draft.Life)
	b = c.jeanne(t) // a session does not live as long without a request
	a := b.Want(b.Post(drawn+"/signature", "agreed", "on"), 404, "Ce brouillon n’existe plus", "/mandats/nouveau")
	if a.Header.Get("Set-Cookie") != "" {
		t.Error("the aidant was signed out")
	}
}

func TestReferent_SeesNoCitizen(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	m := c.Sign(t, c.Jeanne, fixture.Angela(), fixture.Tax)
	c.Behind(t, `insert into membership (organisation_id, person_id, role, created_at) values ($1, $2, 'referent', now())`, c.Here, c.Paul.Person)
	b := c.visit(t, c.Paul, session.Referent, c.Clock.Now())
	path := "/mandats/" + m.ID.String()
	for _, p := range []string{"/espace", "/mandats/nouveau", path, path + "/attestation", path + "/attestation.pdf", path + "/fin"} {
		if a := b.Want(b.Get(p), 403, "réservée aux aidants"); strings.Contains(a.Body, "DUBOIS") {
			t.Errorf("%s shows a citizen to a referent", p)
		}
	}
	b.Want(b.Post(path+"/fin", "reason", "mistake"), 403)
	b.Want(b.Post("/mandats/nouveau"), 403)
}

func TestSignedOut_IsSentToSignIn(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	nobody := c.Stranger(t)
	for _, p := range []string{"/espace", "/mandats/nouveau", "/mandats/" + uuid.Nil.String(), "/brouillons/" + uuid.Nil.String()} {
		if a := nobody.Get(p); a.Status != http.StatusSeeOther || a.Location != session.SignInPath {
			t.Errorf("%s: %d %s", p, a.Status, a.Location)
		}
	}
}

func TestRecap_WhatIsTooOldIsDoneAgain(t *testing.T) {
	t.Parallel()
	c, b, drawn := newIdentified(t)
	before := b.filled(drawn, "agreed", "on")
	const done = "Une personne s’est déjà identifiée"
	b.Want(b.Get(drawn+"/identite"), 200, done)
	c.Clock.Advance(mandate.IdentityLife + time.Second)
	b.Want(b.Post(drawn+"/signature", before...), 409, "Le mandat n’est pas encore signé", "L’identification est trop ancienne")
	b.Want(b.Get(drawn+"/recapitulatif"), 200, "Identifier de nouveau la personne", "est demandé de nouveau ensuite")
	b.Without(b.Want(b.Get(drawn+"/identite"), 200), done)

	late := c.visit(t, c.Paul, session.Aidant, c.Clock.Now().Add(-mandate.FactorLife-time.Second))
	drawn = late.start()
	late.identify(drawn)
	late.Want(late.Get(drawn+"/recapitulatif"), 200, "Confirmer que c’est moi", "rien n’est perdu")
	late.Want(late.Post(drawn+"/confirmation"), 303, session.ConfirmPath)
	late.Want(late.Post(drawn+"/signature", late.filled(drawn, "agreed", "on")...), 303, session.ConfirmPath)
	c.wantRows(t, 0, `select count(*) from mandate`)
}

// The tick of who had to give their second factor first is there again, once, and nothing is signed before they press the button. It was for the
// person whom the recap showed: for somebody else it is not there.
func TestSign_KeepsTheTickAtAStepUp(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	const ticked = `name="agreed" value="on" checked`
	late := c.visit(t, c.Jeanne, session.Aidant, c.Clock.Now().Add(-mandate.FactorLife-time.Second))
	drawn, other := late.start(), late.start()
	for _, d := range []string{drawn, other} {
		late.identify(d)
		late.Want(late.Post(d+"/signature", late.filled(d)...), 303, session.ConfirmPath) // nothing to keep
		late.Want(late.Post(d+"/signature", late.filled(d, "agreed", "on")...), 303, session.ConfirmPath)
	}
	late.Want(late.Get(other+"/recapitulatif"), 200, "Confirmer que c’est moi") // looking before the factor is given loses nothing
	c.Clock.Advance(time.Second)
	c.stepUp(t, late)
	late.Without(late.Want(late.Get(drawn+"/recapitulatif"), 200), ticked) // the last one that was sent is kept
	late.Want(late.Get(other+"/recapitulatif"), 200, ticked, "Rien n’est encore enregistré")
	c.wantRows(t, 0, `select count(*) from mandate`)
	late.Without(late.Want(late.Get(other+"/recapitulatif"), 200), ticked, "Rien n’est encore enregistré")

	c.Clock.Advance(mandate.FactorLife + time.Second)
	late.identify(drawn)
	late.Want(late.Post(drawn+"/signature", late.filled(drawn, "agreed", "on")...), 303, session.ConfirmPath)
	c.Clock.Advance(time.Second)
	if err := c.Drafts.Identify(t.Context(), late.By, draftID(drawn), fixture.Citizen(1), c.Clock.Now()); err != nil {
		t.Fatal(err)
	}
	c.stepUp(t, late)
	late.Without(late.Want(late.Get(drawn+"/recapitulatif"), 200, "FICTIF-1"), ticked, "Rien n’est encore enregistré")
	late.Want(late.sign(drawn, "agreed", "on"), 303, "/mandats/")
}

// Another tab identified somebody else: what is on the screen is not signed for them.
func TestSign_OnlyWhomTheRecapShowed(t *testing.T) {
	t.Parallel()
	c, b, drawn := newIdentified(t)
	old := identified.FindStringSubmatch(b.Get(drawn + "/recapitulatif").Body)[1]
	c.Clock.Advance(time.Second)
	if err := c.Drafts.Identify(t.Context(), b.By, draftID(drawn), fixture.Citizen(1), c.Clock.Now()); err != nil {
		t.Fatal(err)
	}
	b.Want(b.Post(drawn+"/signature", "version", old, "agreed", "on"), 409, "L’identité a changé entre-temps", "FICTIF-1")
	b.Want(b.Post(drawn+"/signature", "agreed", "on"), 409, "L’identité a changé entre-temps")
	c.wantRows(t, 0, `select count(*) from mandate`)
}

func TestSign_InTheBrowserOfTheIdentification(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	here, there := c.jeanne(t), c.jeanne(t)
	drawn := here.start()
	there.identify(drawn)
	here.Want(here.sign(drawn, "agreed", "on"), 303, drawn+"/identite")
	here.Want(here.Get(drawn+"/identite"), 200, "faite dans une autre session")
	c.wantRows(t, 0, `select count(*) from mandate`)
}
