package aidant

import (
	"archive/zip"
	"bytes"
	"net/url"
	"strings"
	"testing"
	"time"

	"mandat/internal/dossier"
	"mandat/internal/erasure"
	"mandat/internal/fixture"
	"mandat/internal/org"
	"mandat/internal/page"
	"mandat/internal/session"
)

// dossierPages are the page in all its states.
func dossierPages() []shownPage {
	shown := func(form *page.Form) func() page.Page {
		return func() page.Page {
			return &dossierPage{Common: page.Common{Title: "mydata.title", Trail: mandateTrail(someID), Form: form}, Path: dossierPath(someID), Back: "/espace", Identity: &angela, Seen: dossier.Seen}
		}
	}
	asked := func() page.Page {
		return &dossierPage{Common: page.Common{Title: "mydata.title", Trail: mandateTrail(someID)}, Path: askedDossierPath(someID), Back: erasurePath(someID), Request: erasure.Request{ID: someID}, Seen: dossier.Seen}
	}
	wrong := page.FilledForm(url.Values{})
	wrong.Fail("seen", "mydata.wrong.seen")
	return []shownPage{
		{"aidant/dossier.html", "ask", shown(nil)},
		{"aidant/dossier.html", "wrong", shown(wrong)},
		{"aidant/dossier.html", "asked", asked},
		{"aidant/dossier.html", "kept", shown(page.KeptForm(url.Values{"seen": {dossier.SeenKnown}}))},
	}
}

func TestDossier(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	m := c.Sign(t, c.Jeanne, fixture.Angela(), fixture.Tax)
	path := "/mandats/" + m.ID.String()
	b := c.jeanne(t)
	b.Want(b.Get(path), 200, path+"/dossier")
	b.Want(b.Get(path+"/dossier"), 200, fixture.Angela().FamilyName, "Comment savez-vous")
	b.Want(b.Post(path+"/dossier"), 422, "Dites comment vous l’avez reconnue")
	b.Want(b.Post(path+"/dossier", "seen", "guessed"), 422, "Dites comment vous l’avez reconnue")
	sent := b.Want(b.Post(path+"/dossier", "seen", dossier.SeenDocument), 200)
	if d, kind := sent.Header.Get("Content-Disposition"), sent.Header.Get("Content-Type"); d != `attachment; filename="mes-donnees.zip"` || kind != "application/zip" {
		t.Errorf("sent as %q, %q", d, kind)
	}
	z, err := zip.NewReader(bytes.NewReader([]byte(sent.Body)), int64(len(sent.Body)))
	if err != nil || len(z.File) != 3 {
		t.Errorf("%v", err)
	}
	c.wantRows(t, 1, `select count(*) from journal_entry where action = 'dossier.handed_over' and citizen_id = $1`, m.Citizen)

	other := c.visit(t, c.Ines, session.Aidant, c.Clock.Now())
	other.Want(other.Get(path+"/dossier"), 404)
	other.Want(other.Post(path+"/dossier", "seen", dossier.SeenDocument), 404)
	late := c.visit(t, c.Paul, session.Aidant, c.Clock.Now().Add(-org.FactorLife-time.Minute))
	late.Want(late.Post(path+"/dossier", "seen", dossier.SeenKnown), 303, session.ConfirmPath)
	c.wantRows(t, 1, `select count(*) from journal_entry where action = 'dossier.handed_over'`)
}

// Who asked to be erased may have it too, from the page of their request.
func TestDossier_OfARequest(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	m := c.Sign(t, c.Jeanne, fixture.Angela(), fixture.Tax)
	b := c.jeanne(t)
	asked := b.Post("/mandats/"+m.ID.String()+"/effacement", "asked", "on", "ends", "on")
	path := asked.Location
	b.Want(b.Get(path), 200, path+"/dossier")
	page := b.Want(b.Get(path+"/dossier"), 200, "Comment savez-vous")
	if strings.Contains(page.Body, fixture.Angela().FamilyName) {
		t.Error("the page says who it is")
	}
	b.Want(b.Post(path+"/dossier"), 422, "Dites comment vous l’avez reconnue")
	sent := b.Want(b.Post(path+"/dossier", "seen", dossier.SeenDocument), 200)
	if kind := sent.Header.Get("Content-Type"); kind != "application/zip" {
		t.Errorf("sent as %q", kind)
	}
	other := c.visit(t, c.Ines, session.Aidant, c.Clock.Now())
	other.Want(other.Get(path+"/dossier"), 404)
	other.Want(other.Post(path+"/dossier", "seen", dossier.SeenDocument), 404)
	late := c.visit(t, c.Paul, session.Aidant, c.Clock.Now().Add(-org.FactorLife-time.Minute))
	late.Want(late.Post(path+"/dossier", "seen", dossier.SeenKnown), 303, session.ConfirmPath)
	c.wantRows(t, 1, `select count(*) from journal_entry where action = 'dossier.handed_over' and citizen_id = $1`, m.Citizen)
}

// Too many in a row are a page that says when to come back.
func TestDossier_NotTooOften(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	m := c.Sign(t, c.Jeanne, fixture.Angela(), fixture.Tax)
	b := c.jeanne(t)
	for range 10 {
		b.Want(b.Post("/mandats/"+m.ID.String()+"/dossier", "seen", dossier.SeenKnown), 200)
	}
	b.Want(b.Post("/mandats/"+m.ID.String()+"/dossier", "seen", dossier.SeenKnown), 429, "Réessayez dans une demi-heure")
}
