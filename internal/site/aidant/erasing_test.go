package aidant

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"mandat/internal/erasure"
	"mandat/internal/fixture"
	"mandat/internal/org"
	"mandat/internal/page"
	"mandat/internal/session"
	"mandat/internal/token"
)

// erasurePages are the pages in all their states.
func erasurePages() []shownPage {
	ask := func(standing int, form *page.Form) func() page.Page {
		return func() page.Page {
			return &askErasurePage{Common: page.Common{Title: "erasing.ask.title", Trail: mandateTrail(someID), Form: form}, Mandate: someID, Identity: angela, Standing: standing, Years: erasure.Years}
		}
	}
	q := erasure.Request{ID: someID, AskedAt: time.Date(2026, 11, 21, 10, 0, 0, 0, time.UTC), DueAt: time.Date(2032, 11, 21, 10, 0, 0, 0, time.UTC)}
	answer := func(now time.Time) func() page.Page {
		return func() page.Page { return (&Site{}).erasurePage(q, now) }
	}
	list := func(all ...erasure.Request) func() page.Page {
		return func() page.Page {
			return &erasuresPage{Common: page.Common{Title: "erasing.list.title", Trail: []page.Link{home}}, Requests: all}
		}
	}
	wrong := page.FilledForm(url.Values{})
	wrong.Fail("asked", "erasing.wrong.asked")
	wrong.Fail("ends", "erasing.wrong.ends")
	return []shownPage{
		{"aidant/ask_erasure.html", "over", ask(0, nil)},
		{"aidant/ask_erasure.html", "standing", ask(1, nil)},
		{"aidant/ask_erasure.html", "wrong", ask(2, wrong)},
		{"aidant/erasure.html", "waits", answer(q.AskedAt)},
		{"aidant/erasure.html", "due", answer(q.DueAt)},
		{"aidant/erasures.html", "none", list()},
		{"aidant/erasures.html", "some", list(q)},
	}
}

func TestErasure(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	m := c.Sign(t, c.Jeanne, fixture.Angela(), fixture.Tax)
	path := "/mandats/" + m.ID.String()
	b := c.jeanne(t)
	b.Want(b.Get(path), 200, path+"/effacement")
	b.Want(b.Get(path+"/effacement"), 200, fixture.Angela().FamilyName, "1 mandat en cours prend fin maintenant", "6 ans après sa fin")
	b.Want(b.Post(path+"/effacement"), 422, "Cochez la case si la personne demande")
	b.Want(b.Post(path+"/effacement", "asked", "on"), 422, "Cochez la case pour mettre fin")
	c.wantRows(t, 0, `select count(*) from mandate where state = 'ended'`)
	late := c.visit(t, c.Paul, session.Aidant, c.Clock.Now().Add(-org.FactorLife-time.Minute))
	late.Want(late.Post(path+"/effacement", "asked", "on", "ends", "on"), 303, session.ConfirmPath)
	other := c.visit(t, c.Ines, session.Aidant, c.Clock.Now())
	other.Want(other.Get(path+"/effacement"), 404)
	other.Want(other.Post(path+"/effacement", "asked", "on", "ends", "on"), 404)
	c.wantRows(t, 0, `select count(*) from erasure_request`)

	answer := b.Want(b.Post(path+"/effacement", "asked", "on", "ends", "on"), 303).Header.Get("Location")
	c.wantRows(t, 1, `select count(*) from mandate where id = $1 and end_reason = 'citizen'`, m.ID)
	c.wantRows(t, 1, `select count(*) from erasure_request where citizen_id = $1 and state = 'asked'`, m.Citizen)
	at := answer[strings.Index(answer, "/effacements"):]
	shown := b.Want(b.Get(at), 200, "Référence", "article 17", "article 18", "seront effacées le")
	if strings.Contains(shown.Body, fixture.Angela().FamilyName) {
		t.Error("the answer names them")
	}
	for _, page := range []string{path, path + "/effacement", path + "/attestation", path + "/attestation.pdf", path + "/attestation-de-fin", path + "/attestation-de-fin.pdf", path + "/compte-rendu", path + "/compte-rendu.pdf", path + "/usages",
		path + "/preuve.json", path + "/telephone", path + "/telephone/exception", path + "/renouvellement", path + "/fin", path + "/dossier"} {
		b.Want(b.Get(page), 404)
	}
	if list := b.Want(b.Get("/mandats?onglet=ended"), 200); strings.Contains(list.Body, m.ID.String()) {
		t.Error("they are in the list")
	}
	b.Want(b.Get("/effacements"), 200, at)
	other.Want(other.Get(at), 404)
	other.Want(other.Post(at), 404)
	late.Want(late.Post(at), 303, session.ConfirmPath)
	b.Want(b.Get("/effacements/"+token.ID().String()), 404)
	b.Want(b.Post(at), 303, "/effacements")
	b.Want(b.Post(at), 404)
	b.Want(b.Get("/effacements"), 200, "Aucune demande en attente")
	b.Want(b.Get(path), 200, fixture.Angela().FamilyName)
}
