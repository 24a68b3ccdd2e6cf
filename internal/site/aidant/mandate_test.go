package aidant

import (
	"strings"
	"testing"
	"time"

	"mandat/internal/fixture"
	"mandat/internal/session"
)

func TestMandate_IsNobodyElses(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	m := c.Sign(t, c.Jeanne, fixture.Angela(), fixture.Tax)
	path := "/mandats/" + m.ID.String()
	other := c.visit(t, c.Ines, session.Aidant, c.Clock.Now())
	for _, p := range []string{path, path + "/attestation", path + "/attestation.pdf", path + "/fin"} {
		if a := other.Want(other.Get(p), 404); strings.Contains(a.Body, "DUBOIS") {
			t.Errorf("%s shows another organisation's citizen", p)
		}
	}
	other.Want(other.Post(path+"/fin", "reason", "mistake"), 404)
	if a := other.Get("/mandats"); strings.Contains(a.Body, "DUBOIS") {
		t.Error("the list shows another organisation's citizen")
	}
	colleague := c.visit(t, c.Paul, session.Aidant, c.Clock.Now())
	colleague.Want(colleague.Get(path), 200, "Angela Claire Louise DUBOIS", "jeanne Fictif")
}

func TestEnd(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	m := c.Sign(t, c.Jeanne, fixture.Angela(), fixture.Tax, fixture.Housing)
	path := "/mandats/" + m.ID.String()
	b := c.jeanne(t)
	b.Want(b.Get(path+"/fin"), 200, "Les 2 démarches autorisées ne le seront plus", "Il a été établi par erreur")
	b.Want(b.Post(path+"/fin"), 422, "Choisissez la raison")
	b.Want(b.Post(path+"/fin", "reason", "superseded"), 422, "Choisissez la raison")
	b.Want(b.Post(path+"/fin", "reason", "mistake"), 303, path+"/fin")
	b.Want(b.Get(path+"/fin"), 200, "L’effet a été immédiat", "Il a été établi par erreur")
	b.Want(b.Post(path+"/fin", "reason", "citizen"), 303, path+"/fin") // twice: the first one counts
	b.Want(b.Get(path), 200, "Terminé", "Il a été établi par erreur", "Fin du mandat")
	b.Want(b.Get("/mandats?onglet=ended"), 200, "Terminé le")
	c.wantRows(t, 0, `select count(*) from mandate_power where state = 'standing'`)
}

func TestMandate_PastItsDate(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	m := c.Sign(t, c.Jeanne, fixture.Angela(), fixture.Tax)
	c.Clock.Advance(33 * 24 * time.Hour)
	b := c.jeanne(t)
	path := "/mandats/" + m.ID.String()
	b.Want(b.Get(path), 200, "Terminé", "La date prévue est atteinte", "Plus autorisée")
	b.Want(b.Get(path+"/fin"), 200, "Le mandat a pris fin", "La date prévue est atteinte")
	b.Want(b.Get("/mandats?onglet=ended"), 200, "Terminé le")
}

func TestAttestation(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	m := c.Sign(t, c.Jeanne, fixture.Angela(), fixture.Tax)
	b := c.jeanne(t)
	path := "/mandats/" + m.ID.String()
	shown := b.Want(b.Get(path+"/attestation"), 200, "Angela Claire Louise DUBOIS", "http://localhost/v/", "<svg", "Mettre fin au mandat")
	if strings.Contains(shown.Header.Get("Content-Security-Policy"), "data:") {
		t.Error("the code needs an exception in the policy")
	}
	first, second := b.Get(path+"/attestation.pdf"), b.Get(path+"/attestation.pdf")
	if first.Status != 200 || !strings.HasPrefix(first.Body, "%PDF-") || first.Body != second.Body {
		t.Errorf("PDF: %d, the same twice: %v", first.Status, first.Body == second.Body)
	}
	if d := first.Header.Get("Content-Disposition"); d != `attachment; filename="attestation-mandat.pdf"` {
		t.Errorf("file name %q", d)
	}
	b.Want(b.Post(path+"/fin", "reason", "citizen"), 303)
	b.Want(b.Get(path+"/attestation"), 200, "Ce mandat a pris fin le")
	b.Want(b.Get(path), 200, "Attestation établie")
}
