package aidant

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"mandat/internal/fixture"
	"mandat/internal/journal"
	"mandat/internal/org"
	"mandat/internal/page"
	"mandat/internal/session"
	"mandat/internal/sitetest"
)

// Who is not certified sees what they lack and whom to ask, and is offered nothing that would be refused: of citizens nothing either, unless they were
// certified once. Ending a mandate and handing its attestation over, which protect the citizen, stay open to them when it is over.
func TestNotCertified_IsToldWhatIsMissing(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	b := c.jeanne(t)
	m := c.Sign(t, c.Jeanne, fixture.Angela(), fixture.Tax)
	draft, second := b.start(), b.start()
	for state, lacks := range map[string][]string{
		"to_train": {"la formation", "le test", "la certification, donnée"}, "trained": {"le test", "la certification, donnée"}, "passed": {"la certification, donnée"}, "suspended": {"la fin de la suspension"},
	} {
		c.Behind(t, `update certification set state = $2, suspended_at = case when $2 = 'suspended' then now() end, certified_at = case when $2 = 'suspended' then now() end,
			certified_until = case when $2 = 'suspended' then now() + interval '1 year' end where person_id = $1`, c.Jeanne.Person, state)
		a := b.Want(b.Get("/espace"), 200, append(lacks, "Votre référent peut vous dire")...)
		b.Without(a, "fr-btn--lg", "Utiliser un mandat")
		if strings.Contains(a.Body, `fr-btn--lg" href="/mandats/nouveau"`) || strings.Contains(a.Body, "la formation") != (state == "to_train") ||
			strings.Contains(a.Body, "DUBOIS") || strings.Contains(a.Body, m.ID.String()) || strings.Contains(a.Body, `id="mandats"`) {
			t.Errorf("%s: %s", state, a.Body)
		}
		path := "/mandats/" + m.ID.String()
		for _, refused := range []sitetest.Answer{b.Get("/mandats"), b.Get("/mandats?suivi=moi"), b.Get("/mandats/export"), b.Post("/mandats/export", "format", "csv"), b.Get(path), b.Get(path + "/attestation"), b.Get(path + "/attestation.pdf"), b.Get(path + "/fin"),
			b.Post(path+"/fin", "reason", "citizen"), b.Get(draft)} {
			b.Want(refused, 403, "Cette page s’ouvre avec votre certification", "Rien n’a été montré ni modifié", "Voir ce qu’il me manque")
		}
	}
	c.wantRows(t, 0, `select count(*) from mandate where state = 'ended'`)
	c.Behind(t, `update certification set state = 'suspended', suspended_at = now(), certified_at = now(), certified_until = now() + interval '1 year' where person_id = $1`, c.Jeanne.Person)
	b.Without(b.Want(b.Get(second+"/abandon"), 200, "Ce qui est effacé"), "Déclarer") // without what it says
	b.Want(b.Post(second+"/abandon"), 303, "/espace")                                 // what was told goes
	b.Want(b.Post(second+"/abandon"), 404, "n’existe plus")
	c.Behind(t, `update certification set state = 'certified', suspended_at = null, certified_at = now() - interval '3 years', certified_until = now() where person_id = $1`, c.Jeanne.Person)
	b.Want(b.Get("/espace"), 200, "Votre certification a pris fin")
	b.Want(b.Get("/mandats/nouveau"), 403, "Votre certification a pris fin")
	b.Want(b.Post("/mandats/nouveau", "procedures", fixture.Tax, "days", "31", "no_protection", "on", "informed", "on"), 403, "Votre certification a pris fin")
	b.Want(b.Get(draft), 403, "Votre certification a pris fin")
	b.Want(b.Post(draft+"/abandon"), 303, "/espace")
	b.Want(b.Get("/mandats/"+m.ID.String()+"/attestation"), 200, "Attestation")
	b.Want(b.Post("/mandats/"+m.ID.String()+"/fin", "reason", "citizen"), 303, "/fin")
	c.wantRows(t, 1, `select count(*) from mandate where state = 'ended'`)
}

// Ending asks for a fresh second factor first, and what was chosen is there again afterwards.
func TestEnd_StepsUpAndKeepsTheReason(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	m := c.Sign(t, c.Jeanne, fixture.Angela(), fixture.Tax)
	path := "/mandats/" + m.ID.String()
	late := c.visit(t, c.Jeanne, session.Aidant, c.Clock.Now().Add(-16*time.Minute))
	if a := late.Want(late.Get(path+"/fin"), 200, "Confirmer que c’est moi", "rien n’est perdu"); strings.Contains(a.Body, `type="radio"`) {
		t.Error("the form is filled in before it can be sent")
	}
	late.Want(late.Post(path+"/confirmation"), 303, session.ConfirmPath)
	late.Want(late.Post(path+"/fin", "reason", "death"), 303, session.ConfirmPath)
	c.wantRows(t, 0, `select count(*) from mandate where state = 'ended'`)
	c.wantRows(t, 1, `select count(*) from session where return_path = $1`, path+"/fin")
	late.Want(late.Get(path+"/fin"), 200, "Confirmer que c’est moi") // looking before the factor is given loses nothing
	c.stepUp(t, late)
	late.Want(late.Get(path+"/fin"), 200, "Rien n’est encore enregistré", `value="death" checked`)
	late.Want(late.Post(path+"/fin", "reason", "death"), 303, path+"/fin")
	c.wantRows(t, 1, `select count(*) from mandate where state = 'ended'`)
}

// stepUp gives a second factor in a browser's session, for nobody in particular.
func (c *counter) stepUp(t *testing.T, b *browser) {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/compte", nil)
	r.AddCookie(&http.Cookie{Name: "mandat", Value: b.Cookie})
	passed, err := c.Sessions.Account(httptest.NewRecorder(), r)
	if err != nil || passed == nil {
		t.Fatal("not signed in", err)
	}
	at := session.From(passed.Context())
	err = c.Journal.Record(t.Context(), at.Actor(), func(tx *journal.Tx) (journal.Event, error) {
		opened, err := c.Sessions.StepUp(t.Context(), tx, at, session.Factor{Kind: session.FactorApp, At: tx.Now})
		b.Cookie = opened.Secret()
		return journal.Event{Action: "session.stepped_up"}, err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// Two tabs on two organisations: what is done in one is done for it, what belongs to it is not found in the other, and its
// pages lead to its own.
func TestTwoOrganisations_DoNotMix(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	if err := c.Directory.Join(t.Context(), journal.Program(), c.Jeanne.Person, c.Elsewhere, org.RoleAidant); err != nil {
		t.Fatal(err)
	}
	b := c.severalOf(t, c.Jeanne)
	here, elsewhere := c.under(t, c.Here), c.under(t, c.Elsewhere)
	terms := []string{"procedures", fixture.Tax, "days", "31", "no_protection", "on", "informed", "on"}
	b.Want(b.Post("/mandats/nouveau", terms...), 409, "Pour quelle structure", `href="/structures"`)
	c.wantRows(t, 0, `select count(*) from mandate_draft`)
	b.Want(b.Get("/mandats/nouveau"), 303, here+"/mandats/nouveau")
	b.Want(b.Get("/structures"), 200, here+"/espace", elsewhere+"/espace")
	b.Want(b.Get(here+"/mandats/nouveau"), 200, `action="`+here+`/mandats/nouveau"`, `href="/structures"`)
	first := b.Want(b.Post(here+"/mandats/nouveau", terms...), 303, here+"/brouillons/").Location
	second := b.Want(b.Post(elsewhere+"/mandats/nouveau", terms...), 303, elsewhere+"/brouillons/").Location
	c.wantRows(t, 1, `select count(*) from mandate_draft where organisation_id = $1`, c.Here)
	c.wantRows(t, 1, `select count(*) from mandate_draft where organisation_id = $1`, c.Elsewhere)
	b.Want(b.Get(strings.Replace(second, elsewhere, here, 1)), 404)
	b.Want(b.Get(strings.Replace(first, here, elsewhere, 1)), 404)
	b.Want(b.Post(strings.Replace(strings.TrimSuffix(first, "/identite"), here, elsewhere, 1)+"/abandon"), 404)
	c.wantRows(t, 2, `select count(*) from mandate_draft where state = 'open'`)
	m := c.Sign(t, c.Jeanne, fixture.Angela(), fixture.Tax)
	mandate := "/mandats/" + m.ID.String()
	b.Want(b.Get(here+mandate), 200, here+mandate+"/attestation", here+mandate+"/fin", `href="`+here+`/espace"`)
	for _, a := range []sitetest.Answer{b.Get(elsewhere + mandate), b.Get(elsewhere + mandate + "/fin"), b.Get(elsewhere + mandate + "/attestation.pdf"), b.Post(elsewhere+mandate+"/fin", "reason", "mistake")} {
		b.Want(a, 404)
	}
	b.Want(b.Post(mandate+"/fin", "reason", "mistake"), 409)
	c.wantRows(t, 1, `select count(*) from mandate where state = 'standing'`)
	if a := b.Want(b.Get(elsewhere+"/espace"), 200); strings.Contains(a.Body, "DUBOIS") {
		t.Error("one organisation's citizen on the other's page")
	}
	b.Want(b.Post(here+mandate+"/fin", "reason", "mistake"), 303, here+mandate+"/fin")
}

// severalOf signs somebody in for all their organisations.
func (c *counter) severalOf(t *testing.T, by journal.Actor) *browser {
	t.Helper()
	return &browser{c.Visit(t, by, by.FactorAt), t, c}
}

func (c *counter) under(t *testing.T, organisation [16]byte) string {
	t.Helper()
	o, err := c.Directory.Organisation(t.Context(), organisation)
	if err != nil {
		t.Fatal(err)
	}
	return page.BaseOf(o.PublicID)
}

// A referent who is no aidant is told where their pages are.
func TestReferent_IsLedToTheirPages(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	b := c.visit(t, c.Referent(t, c.Here, "odile"), session.Referent, c.Clock.Now())
	for _, path := range []string{"/espace", "/mandats/nouveau"} {
		b.Want(b.Get(path), 403, "Cette page est réservée aux aidants", `href="/referent"`)
	}
	b.Want(b.Post("/mandats/nouveau", "procedures", fixture.Tax, "days", "31", "no_protection", "on", "informed", "on"), 403)
	c.wantRows(t, 0, `select count(*) from mandate_draft`)
}
