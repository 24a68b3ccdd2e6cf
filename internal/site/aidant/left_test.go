package aidant

import (
	"strings"
	"testing"
	"time"

	"mandat/internal/fixture"
	"mandat/internal/mandate"
	"mandat/internal/prose"
)

// What is left of a mandate is what its page, the list and the export say of it: how many of its procedures, and until when.
func TestMandate_SaysWhatIsLeft(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	x := fixture.Terms(fixture.Tax, "social-carte-europeenne")
	x.Days = 365
	m := c.agree(t, x)
	by, path := c.Jeanne, "/mandats/"+m.ID.String()
	b := c.jeanne(t)
	b.Want(b.Get("/mandats"), 200, "2 démarches")
	b.Without(b.Get(path), "prend fin plus tôt")
	by.FactorAt = c.Clock.Now()
	if err := c.Mandates.EndPower(t.Context(), by, m.ID, fixture.Tax, "", "citizen"); err != nil {
		t.Fatal(err)
	}
	b.Without(b.Want(b.Get("/mandats"), 200, "il reste une démarche sur 2"), "2 démarches")
	b.Want(b.Get(path), 200, "En cours", "Ce qui en reste prend fin plus tôt")
	left, err := c.Mandates.Consult(t.Context(), by, m.ID, mandate.PageMandate)
	if err != nil {
		t.Fatal(err)
	}
	b.Want(b.Get(path+"/renouvellement"), 200, "Le mandat en cours va jusqu’au "+prose.Date("fr", left.Until()))
	c.Clock.Advance(20 * 24 * time.Hour)
	b = c.jeanne(t)
	if n := strings.Count(b.Get(path+"/renouvellement").Body, "Plus tôt que le mandat en cours"); n != 1 {
		t.Errorf("%d durations end sooner than what is left, which lasts eleven days", n)
	}
	b.Want(b.Get(path+"/compte-rendu"), 200, "jusqu’ici", "Prend fin le")
	table := b.Want(b.Post("/mandats/export", "format", "csv"), 200, "Démarches qui restent").Body
	if !strings.Contains(table, ";1;jeanne Fictif") {
		t.Errorf("exported %s", table)
	}
	c.Clock.Advance(13 * 24 * time.Hour)
	b = c.jeanne(t)
	b.Want(b.Get("/mandats"), 200, "Aucun mandat en cours", "sous les autres onglets")
	b.Without(b.Want(b.Get("/mandats?onglet=ended"), 200, "2 démarches", "Terminé"), "il reste")
	a := b.Want(b.Get(path), 200, "Terminé", "La date prévue est atteinte", "attestation-de-fin")
	b.Without(a, "prend fin plus tôt", path+"/fin")
	b.Want(b.Get(path+"/compte-rendu"), 200, "A pris fin le", "Ce mandat est terminé")
}

// A mandate that a key signed was signed on its day; of one of before there was a difference neither is said.
func TestMandate_SaysHowItWasConfirmed(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	m := c.Sign(t, c.Jeanne, fixture.Angela(), fixture.Tax)
	b, path := c.jeanne(t), "/mandats/"+m.ID.String()
	b.Without(b.Want(b.Get(path), 200, "<dt>Confirmé par code le</dt>"), "Signé le", "Mandat signé")
	c.Behind(t, `update mandate set signed_with = $2 where id = $1`, m.ID, mandate.WithPasskey)
	b.Without(b.Want(b.Get(path), 200, "<dt>Signé le</dt>"), "Confirmé par code le")
	c.Behind(t, `update mandate set signed_with = null where id = $1`, m.ID)
	b.Without(b.Want(b.Get(path), 200, "<dt>Établi le</dt>"), "<dt>Signé le", "Confirmé par code le")
	b.Without(b.Want(b.Post("/mandats/export", "format", "csv"), 200, "Établi le"), "Signé le")
}
