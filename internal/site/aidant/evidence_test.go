package aidant

import (
	"strings"
	"testing"
	"time"

	"mandat/internal/evidence"
	"mandat/internal/fixture"
	"mandat/internal/org"
	"mandat/internal/session"
)

func TestEvidence(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	m := c.Sign(t, c.Jeanne, fixture.Angela(), fixture.Tax)
	path := "/mandats/" + m.ID.String()
	b := c.jeanne(t)
	b.Want(b.Get(path), 200, path+"/preuve.json")
	sent := b.Want(b.Get(path+"/preuve.json"), 200)
	if r, err := evidence.Verify([]byte(sent.Body)); err != nil || r.File.Mandate != m.ID {
		t.Errorf("%v, %v", r.File.Mandate, err)
	}
	if d, kind := sent.Header.Get("Content-Disposition"), sent.Header.Get("Content-Type"); d != `attachment; filename="preuve-mandat.json"` || kind != "application/json" {
		t.Errorf("sent as %q, %q", d, kind)
	}
	c.wantRows(t, 1, `select count(*) from journal_entry where action = 'mandate.consulted' and mandate_id = $1 and body::jsonb #>> '{detail,page}' = 'evidence'`, m.ID)

	other := c.visit(t, c.Ines, session.Aidant, c.Clock.Now())
	if a := other.Want(other.Get(path+"/preuve.json"), 404); strings.Contains(a.Body, evidence.Format) {
		t.Error("another organisation reads it")
	}
	late := c.visit(t, c.Paul, session.Aidant, c.Clock.Now().Add(-org.FactorLife-time.Minute))
	late.Want(late.Get(path+"/preuve.json"), 303, session.ConfirmPath)
	c.wantRows(t, 1, `select count(*) from journal_entry where action = 'mandate.consulted' and body::jsonb #>> '{detail,page}' = 'evidence'`)

	c.Behind(t, `delete from mandate_evidence where mandate_id = $1`, m.ID)
	b.Want(b.Get(path+"/preuve.json"), 404, "Pas de fichier de preuve")
}
