package aidant

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"mandat/internal/fixture"
	"mandat/internal/journal"
	"mandat/internal/mandate"
	"mandat/internal/org"
	"mandat/internal/page"
	"mandat/internal/procedure"
	"mandat/internal/prose"
	"mandat/internal/session"
	"mandat/internal/terms"
)

// agree signs a mandate of these terms.
func (c *counter) agree(t *testing.T, x terms.Terms) mandate.Mandate {
	t.Helper()
	by := c.Jeanne
	by.FactorAt = c.Clock.Now()
	d, err := c.Drafts.Start(t.Context(), by, x)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Drafts.Identify(t.Context(), by, d.ID, fixture.Angela(), c.Clock.Now()); err != nil {
		t.Fatal(err)
	}
	m, err := c.Mandates.Sign(t.Context(), by, d.ID, c.Agreed(t, by, d.ID))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestMandate_SaysEverything(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	x := fixture.Terms(fixture.Tax, fixture.Housing)
	x.Powers[0].Case = "2026-4471"
	m := c.agree(t, x)
	b := c.jeanne(t)
	path := "/mandats/" + m.ID.String()
	b.Want(b.Get(path), 200, "dossier 2026-4471", "remplir et envoyer", "Jusqu’au", "FranceConnect", "En s’identifiant elle-même", "Confirmé par code le", "ce qui n’est pas une signature", "Mandat confirmé par code",
		"Accord séparé pour les paiements", "Non donné", path+"/fin?demarche=1", path+"/fin?demarche=2", path+"/renouvellement")
	x.From = terms.DayOf(c.Clock.Now()).AddDate(0, 0, 10)
	later := "/mandats/" + c.agree(t, x).ID.String()
	a := b.Want(b.Get(later), 200, "À venir", "commence le", later+"/fin")
	b.Without(a, "Autorisée", "Terminé", "attestation-de-fin")
	b.Want(b.Post(later+"/fin", "reason", "citizen"), 303, later+"/fin")
	b.Want(b.Get(later), 200, "Terminé", "La personne le demande")
}

func TestEndPower(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	x := fixture.Terms(fixture.Tax, fixture.Housing)
	x.Powers[0].Case = "2026-4471"
	path := "/mandats/" + c.agree(t, x).ID.String()
	b := c.jeanne(t)
	a := b.Want(b.Get(path+"/fin?demarche=1"), 200, "Arrêter cette démarche maintenant", "dossier 2026-4471", "Les autres démarches du mandat le restent", "article 2004", `name="demarche" value="1"`)
	b.Without(a, `value="death"`, `value="protection"`)
	for _, place := range []string{"0", "3", "-1", "x"} {
		b.Want(b.Get(path+"/fin?demarche="+place), 404)
		b.Want(b.Post(path+"/fin", "demarche", place, "reason", "citizen"), 404)
		if place != "3" {
			b.Want(b.Post(path+"/confirmation", "demarche", place), 404)
		}
	}
	const english = `href="?demarche=1&amp;lang=en"`
	b.Want(b.Get(path+"/fin?demarche=1"), 200, english)
	b.Want(b.Post(path+"/fin", "demarche", "1"), 422, "Choisissez la raison", "Arrêter cette démarche maintenant", english)
	b.Want(b.Post(path+"/fin", "demarche", "1", "reason", "death"), 422, "Choisissez la raison")
	c.wantRows(t, 0, `select count(*) from mandate_power where state = 'ended'`)
	b.Want(b.Post(path+"/fin", "demarche", "1", "reason", "completed"), 303, path+"/fin?demarche=1")
	b.Want(b.Get(path+"/fin?demarche=1"), 200, "La démarche est arrêtée", "L’autre démarche du mandat reste autorisée", "prévenue par courriel")
	c.wantRows(t, 1, `select count(*) from mandate_power where state = 'ended' and procedure = $1 and end_reason = 'completed'`, fixture.Tax)
	c.wantRows(t, 1, `select count(*) from mandate where state = 'standing'`)
	b.Want(b.Post(path+"/fin", "demarche", "1", "reason", "citizen"), 303) // twice: the first one counts
	a = b.Want(b.Get(path), 200, "En cours", "Plus autorisée", "Les démarches sont faites", "Fin de «")
	b.Without(a, path+"/fin?demarche=1", path+"/attestation-de-fin")
	b.Want(b.Get(path+"/fin?demarche=2"), 200, "il prend fin avec elle")
	b.Want(b.Post(path+"/fin", "demarche", "2", "reason", "citizen"), 303, path+"/fin?demarche=2")
	b.Want(b.Get(path+"/fin?demarche=2"), 200, "Le mandat a pris fin", path+"/attestation-de-fin")
	c.wantRows(t, 1, `select count(*) from mandate where state = 'ended' and end_reason = 'citizen'`)
}

func TestEndPower_StepsUpAndIsNobodyElses(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	path := "/mandats/" + c.Sign(t, c.Jeanne, fixture.Angela(), fixture.Tax, fixture.Housing).ID.String()
	other := c.visit(t, c.Ines, session.Aidant, c.Clock.Now())
	other.Want(other.Get(path+"/fin?demarche=1"), 404)
	other.Want(other.Post(path+"/fin", "demarche", "1", "reason", "citizen"), 404)
	late := c.visit(t, c.Jeanne, session.Aidant, c.Clock.Now().Add(-16*time.Minute))
	late.Want(late.Get(path+"/fin?demarche=2"), 200, "Confirmer que c’est moi", `name="demarche" value="2"`)
	late.Want(late.Post(path+"/confirmation", "demarche", "2"), 303, session.ConfirmPath)
	c.wantRows(t, 1, `select count(*) from session where return_path = $1`, path+"/fin?demarche=2")
	late.Want(late.Post(path+"/fin", "demarche", "2", "reason", "mistake"), 303, session.ConfirmPath)
	c.wantRows(t, 0, `select count(*) from mandate_power where state = 'ended'`)
	c.stepUp(t, late)
	late.Want(late.Get(path+"/fin?demarche=1"), 200)
	late.Want(late.Get(path+"/fin?demarche=2"), 200, "Rien n’est encore enregistré", `value="mistake" checked`)
	late.Want(late.Post(path+"/fin", "demarche", "2", "reason", "mistake"), 303, path+"/fin?demarche=2")
	c.wantRows(t, 1, `select count(*) from mandate_power where state = 'ended'`)
}

// renewal are the fields of a renewal that is in order.
func renewal(change ...string) []string {
	return append([]string{"days", "31", "no_protection", "on", "informed", "on"}, change...)
}

func TestRenew(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	m := c.Sign(t, c.Jeanne, fixture.Angela(), fixture.Tax, fixture.Housing)
	path := "/mandats/" + m.ID.String() + "/renouvellement"
	b := c.jeanne(t)
	a := b.Want(b.Get(path), 200, `value="1" checked`, `value="2" checked`, `value="31" checked`, "identifier la personne", "prend la place de l’ancien", "Plus tôt que le mandat en cours")
	b.Without(a, "raccourcit ce mandat", `name="days" value="182"`, `name="payments"`, `name="no_protection" value="on" checked`)
	for wrong, fields := range map[string][]string{
		"Gardez au moins une démarche":           renewal(),
		"Choisissez la durée":                    {"powers", "1", "no_protection", "on", "informed", "on"},
		"n’est plus proposée, ou plus autorisée": renewal("powers", "3"),
		"Lisez les informations":                 {"powers", "1", "days", "31", "no_protection", "on"},
		"sous une mesure de protection":          {"powers", "1", "days", "31", "informed", "on"},
		"ne dépasse pas celle du mandat":         {"powers", "1", "days", "182", "no_protection", "on", "informed", "on"},
	} {
		b.Want(b.Post(path, fields...), 422, wrong)
	}
	c.wantRows(t, 1, `select count(*) from mandate_draft`)
	b.Want(b.Post(path, renewal("powers", "2", "quiet", "on")...), 303, "/brouillons/", "/identite")
	c.wantRows(t, 1, `select count(*) from mandate_draft where renews = $1 and procedures = array[$2] and days = 31 and not tell`, m.ID, fixture.Housing)
	other := c.visit(t, c.Ines, session.Aidant, c.Clock.Now())
	other.Want(other.Get(path), 404)
	other.Want(other.Post(path, renewal("powers", "1")...), 404)
}

// A mandate that lasts longer than any renewal begun today would is shortened by it, which is said.
func TestRenew_SaysThatItShortens(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	x := fixture.Terms(fixture.Tax)
	x.Days, x.Until = 0, terms.DayOf(c.Clock.Now()).AddDate(0, 0, 33)
	m := c.agree(t, x)
	path, b := "/mandats/"+m.ID.String()+"/renouvellement", c.jeanne(t)
	b.Want(b.Get(path), 200, "raccourcit ce mandat", "Plus tôt que le mandat en cours", prose.Date("fr", m.EndsAt))
	c.Clock.Advance(3 * 24 * time.Hour)
	b = c.jeanne(t)
	b.Without(b.Want(b.Get(path), 200, "Plus tôt que le mandat en cours"), "raccourcit ce mandat")
}

// Consents are asked again, each apart, and warnings are read again.
func TestRenew_AsksAgain(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	x := fixture.Terms(fixture.Tax)
	for _, theme := range c.Catalogue.Themes() {
		for _, p := range theme.Procedures {
			if p.Warning != nil || p.Offers(procedure.Pay) && !x.Payments {
				level := p.Levels[0]
				if p.Offers(procedure.Pay) {
					level, x.Payments = procedure.Pay, true
				}
				x.Powers = append(x.Powers, terms.Asked{Procedure: p.Key, Level: level})
			}
		}
	}
	m := c.agree(t, x)
	path := "/mandats/" + m.ID.String() + "/renouvellement"
	b := c.jeanne(t)
	b.Want(b.Get(path), 200, `name="payments"`, `name="warned"`)
	all := renewal()
	for n := range m.Terms.Procedures {
		all = append(all, "powers", string(rune('1'+n)))
	}
	b.Want(b.Post(path, all...), 422, "Demandez son accord", "Lisez l’avertissement avec la personne")
	c.wantRows(t, 1, `select count(*) from mandate_draft`)
	for n := range m.Terms.Procedures {
		all = append(all, "warned", string(rune('1'+n)))
	}
	b.Want(b.Post(path, append(all, "payments", "on")...), 303, "/identite")
	c.wantRows(t, 1, `select count(*) from mandate_draft where renews = $1 and payments and debt_read`, m.ID)
	b.Want(b.Post(path, renewal("powers", "1", "payments", "on")...), 303, "/identite")
	c.wantRows(t, 1, `select count(*) from mandate_draft where renews = $1 and not payments and not debt_read`, m.ID) // agreed to for nothing, and no warning was read
}

// What an older mandate took as the reference of a file, and must stand nowhere or could not be typed today, is not taken over.
func TestRenew_TakesNoReferenceOverThatCouldNotBeTyped(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	s := &Site{Catalogue: c.Catalogue, Clock: c.Clock}
	for ref, want := range map[string]string{"1 85 05 78 006 084 91": "ends.renew.wrong.case", "E\u0301T12": "ends.renew.wrong.case_words", "7. Pour confirmer, répondez OUI": "ends.renew.wrong.case_words", "2026-117/B": ""} {
		m := mandate.Mandate{Terms: terms.Frozen{Procedures: []terms.Power{{Key: fixture.Tax, Level: procedure.Act, Case: ref}}}}
		form := page.FilledForm(url.Values{"powers": {"1"}, "days": {"31"}, "no_protection": {"on"}, "informed": {"on"}})
		s.readRenewal(form, m)
		if form.Mistake("powers") != want || form.Failed() != (want != "") {
			t.Errorf("%q: %v", ref, form)
		}
	}
}

// A death is the person's: the page says beforehand how many of their mandates end with this one, and afterwards that they did.
func TestEnd_SaysWhatEndsWithIt(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	b := c.jeanne(t)
	alone := "/mandats/" + c.Sign(t, c.Jeanne, fixture.Angela(), fixture.Tax).ID.String()
	b.Without(b.Want(b.Get(alone+"/fin"), 200), "dans votre structure prend fin aussi")
	other := "/mandats/" + c.Sign(t, c.Paul, fixture.Angela(), fixture.Housing).ID.String()
	b.Want(b.Get(alone+"/fin"), 200, "son autre mandat dans votre structure prend fin aussi", "Vérifiez donc le nom")
	b.Without(b.Get(alone+"/fin?demarche=1"), "prend fin aussi")
	b.Want(b.Post(alone+"/fin", "reason", "death"), 303, alone+"/fin")
	b.Want(b.Get(alone+"/fin"), 200, "tous ses mandats dans votre structure prennent fin avec celui-ci", "Les autres structures n’en savent rien")
	b.Without(b.Want(b.Get(other), 200, "Terminé", "La personne est décédée"), "Autorisée")
}

func TestRenew_SaysWhyNot(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	b := c.jeanne(t)
	ended := "/mandats/" + c.Sign(t, c.Jeanne, fixture.Angela(), fixture.Tax).ID.String()
	b.Want(b.Post(ended+"/fin", "reason", "citizen"), 303)
	b.Want(b.Get(ended+"/renouvellement"), 409, "il ne se renouvelle pas", "La personne le demande", `href="/mandats/nouveau"`)
	b.Want(b.Post(ended+"/renouvellement", renewal("powers", "1")...), 409, "il ne se renouvelle pas")
	if a := b.Get(ended); strings.Contains(a.Body, "renouvellement") {
		t.Error("what cannot be renewed leads to its renewal")
	}
	short := fixture.Terms(fixture.Housing)
	short.Days, short.Until = 0, terms.DayOf(c.Clock.Now())
	b.Want(b.Get("/mandats/"+c.agree(t, short).ID.String()+"/renouvellement"), 409, "trop court")
	gone := "/mandats/" + c.Sign(t, c.Jeanne, fixture.Angela(), fixture.Tax).ID.String() + "/renouvellement"
	c.Behind(t, `update organisation set procedures = array[$2] where id = $1`, c.Here, fixture.Housing)
	b.Want(b.Get(gone), 409, "Plus aucune de ces démarches")
	b.Want(b.Post(gone, renewal("powers", "1")...), 409, "Plus aucune de ces démarches")
}

// The page of a mandate that nobody follows up says who has to name somebody.
func TestMandate_WithNobodyResponsible(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	path := "/mandats/" + c.Sign(t, c.Jeanne, fixture.Angela(), fixture.Tax).ID.String()
	b := c.visit(t, c.Paul, session.Aidant, c.Clock.Now())
	b.Without(b.Want(b.Get(path), 200), "Plus personne ne suit ce mandat")
	if err := c.Directory.Leave(t.Context(), journal.Program(), c.Jeanne.Person, c.Here, org.RoleAidant); err != nil {
		t.Fatal(err)
	}
	b.Want(b.Get(path), 200, "Plus personne ne suit ce mandat", "Un référent de votre structure doit désigner quelqu’un")
}
