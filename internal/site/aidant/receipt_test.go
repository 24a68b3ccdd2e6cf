package aidant

import (
	"net/http"
	"strings"
	"testing"

	"mandat/internal/fixture"
	"mandat/internal/session"
)

// An aidant hands over a receipt by a button on the page of a mandate, and the page tells that they did.
func TestReceipt_IsHandedOver(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	m := c.Sign(t, c.Jeanne, fixture.Angela(), fixture.Tax)
	b, path := c.jeanne(t), "/mandats/"+m.ID.String()
	if got := b.Get(path); !strings.Contains(got.Body, `action="`+path+`/recu"`) {
		t.Error("no button")
	}
	got := b.Post(path + "/recu")
	h := got.Header
	if got.Status != http.StatusOK || h.Get("Content-Type") != "text/plain; charset=utf-8" || h.Get("Content-Disposition") != `attachment; filename="recu-mandat.txt"` || h.Get("Cache-Control") != "no-store" || strings.Count(got.Body, ".") != 2 {
		t.Errorf("%d %v %s", got.Status, h, got.Body)
	}
	if got := b.Get(path); !strings.Contains(got.Body, "Reçu de mandat remis") {
		t.Error("the page does not tell of it")
	}
	if n := c.Count(t, `select count(*) from journal_entry where action = 'receipt.issued' and person_id = $1`, c.Jeanne.Person); n != 1 {
		t.Errorf("%d entries", n)
	}
	if got := c.visit(t, c.Ines, session.Aidant, c.Clock.Now()).Post(path + "/recu"); got.Status != http.StatusNotFound {
		t.Errorf("another organisation's: %d", got.Status)
	}
	if err := c.Mandates.End(t.Context(), c.Jeanne, m.ID, "citizen"); err != nil {
		t.Fatal(err)
	}
	if got := b.Get(path); strings.Contains(got.Body, path+"/recu") {
		t.Error("a button for what has ended")
	}
	if got := b.Post(path + "/recu"); got.Status != http.StatusConflict || !strings.Contains(got.Body, "Aucun reçu n’a été établi.") {
		t.Errorf("of what has ended: %d", got.Status)
	}
}
