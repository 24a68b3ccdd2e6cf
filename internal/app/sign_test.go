package app_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"mandat/internal/apptest"
	"mandat/internal/fixture"
	"mandat/internal/journal"
	"mandat/internal/org"
)

// A click is often two. Both lead to the one mandate.
func TestSign_DoubleClick(t *testing.T) {
	t.Parallel()
	site := apptest.Start(t)
	jeanne := site.Visit(t, site.Jeanne)
	for n := range 10 {
		draft := site.Draft(t, jeanne.By, fixture.Citizen(n), fixture.Tax)
		form := agreement(t, jeanne, draft)
		answers := atOnce(t, 4, func(int) (apptest.Answer, error) { _, a, err := jeanne.Sign(t.Context(), draft, form); return a, err })
		for _, a := range answers {
			if a.Status != http.StatusSeeOther || a.At.Path != answers[0].At.Path {
				t.Errorf("%d to %s, and %s", a.Status, a.At.Path, answers[0].At.Path)
			}
		}
		if a := jeanne.Get(answers[0].At.Path); a.Status != http.StatusOK {
			t.Errorf("the mandate's page: %d", a.Status)
		}
	}
	if n := site.Number(t, `select count(*) from mandate`); n != 10 {
		t.Errorf("%d mandates of 10 drafts", n)
	}
}

// Two tabs, or two aidants, at the same second for the same citizen: two mandates in order, of which one stands.
func TestSign_AtOnceForOneCitizen(t *testing.T) {
	t.Parallel()
	site := apptest.Start(t)
	jeanne, paul := site.Visit(t, site.Jeanne), site.Visit(t, site.Paul)
	for name, other := range map[string]*apptest.Visitor{"two tabs": jeanne, "two aidants": paul} {
		for n := range 5 {
			who := fixture.Citizen(100*len(name) + n)
			visitors := []*apptest.Visitor{jeanne, other}
			drafts, forms := make([]uuid.UUID, 2), make([]url.Values, 2)
			for i, v := range visitors {
				drafts[i] = site.Draft(t, v.By, who, fixture.Tax, fixture.Housing)
				forms[i] = agreement(t, v, drafts[i])
			}
			mandates := make([]uuid.UUID, 2)
			atOnce(t, 2, func(i int) (a apptest.Answer, err error) {
				mandates[i], a, err = visitors[i].Sign(t.Context(), drafts[i], forms[i])
				return a, err
			})
			var standing, superseded int
			site.Row(t, `select count(*) filter (where state = 'standing'), count(*) filter (where end_reason = 'superseded')
				from mandate where id = any($1)`, []any{mandates}, &standing, &superseded)
			if standing != 1 || superseded != 1 || mandates[0] == mandates[1] {
				t.Errorf("%s: %d stand, %d superseded", name, standing, superseded)
			}
			for i, v := range visitors {
				if a := v.Get("/mandats/" + mandates[i].String()); a.Status != http.StatusOK {
					t.Errorf("%s: the mandate's page: %d", name, a.Status)
				}
			}
		}
	}
}

func agreement(t testing.TB, v *apptest.Visitor, draft uuid.UUID) url.Values {
	t.Helper()
	form, err := v.Agreement(t.Context(), draft)
	must(t, err)
	return form
}

// Every condition of the signature, each missing alone. The answer is a page that says what to do, and nothing is signed.
func TestSign_Refuses(t *testing.T) {
	t.Parallel()
	site := apptest.Start(t)
	// at is one signature about to be tried.
	type at struct {
		v     *apptest.Visitor
		by    journal.Actor
		draft uuid.UUID
		form  url.Values
	}
	for name, c := range map[string]struct {
		spoil  func(t *testing.T, a *at)
		status int
		to     string // where a redirect leads; {draft} is the draft
		says   string
	}{
		"not agreed":       {func(_ *testing.T, a *at) { a.form.Del("agreed") }, 422, "", "<h1"},
		"not understood":   {func(_ *testing.T, a *at) { a.form.Set("understood", "later") }, 422, "", "<h1"},
		"identity too old": {func(_ *testing.T, _ *at) { site.Clock.Advance(10*time.Minute + time.Second) }, 409, "", "<h1"},
		"factor too old": {func(t *testing.T, a *at) {
			site.Behind(t, `update session set factor_at = factor_at - interval '15 minutes 1 second' where id = $1`, a.v.By.Session)
		}, 303, "/connexion/confirmation", ""},
		"another browser": {func(t *testing.T, a *at) { a.v = site.Visit(t, a.by) }, 303, "/brouillons/{draft}/identite", ""},
		"another person":  {func(t *testing.T, a *at) { identifyAgain(t, site, a.v.By, a.draft) }, 409, "", "<h1"},
		"suspended": {func(t *testing.T, a *at) {
			must(t, site.Directory.Suspend(t.Context(), journal.Program(), a.by.Person))
		}, 403, "", "<h1"},
		"membership over": {func(t *testing.T, a *at) {
			must(t, site.Directory.Leave(t.Context(), journal.Program(), a.by.Person, site.Here, org.RoleAidant))
		}, 403, "", "<h1"},
		"session over": {func(_ *testing.T, a *at) { a.v.Post("/deconnexion") }, 303, "/connexion", ""},
		"session idle": {func(_ *testing.T, _ *at) { site.Clock.Advance(31 * time.Minute) }, 303, "/connexion", ""},
		"draft over": {func(t *testing.T, a *at) {
			site.Clock.Advance(24*time.Hour + time.Minute)
			a.v = site.Visit(t, fresh(site, a.by))
		}, 404, "", "<h1"},
		"draft abandoned":    {func(_ *testing.T, a *at) { a.v.Post("/brouillons/" + a.draft.String() + "/abandon") }, 404, "", "<h1"},
		"colleague's":        {func(t *testing.T, a *at) { a.v = site.Visit(t, fresh(site, site.Paul)) }, 409, "", "<h1"},
		"other organisation": {func(t *testing.T, a *at) { a.v = site.Visit(t, fresh(site, site.Ines)) }, 404, "", "<h1"},
	} {
		t.Run(name, func(t *testing.T) {
			by := fresh(site, site.Aidant(t, site.Here, strings.ReplaceAll(strings.ReplaceAll(name, " ", "-"), "'", "")))
			a := &at{v: site.Visit(t, by), by: by}
			a.draft = site.Draft(t, a.v.By, fixture.Angela(), fixture.Tax)
			a.form = agreement(t, a.v, a.draft)
			before := site.Number(t, `select count(*) from mandate`)
			c.spoil(t, a)
			got, err := a.v.Do(t.Context(), http.MethodPost, "/brouillons/"+a.draft.String()+"/signature", a.form)
			must(t, err)
			if to := strings.ReplaceAll(c.to, "{draft}", a.draft.String()); got.Status != c.status || got.At.Path != to || !strings.Contains(got.Body, c.says) {
				t.Errorf("answer %d to %q, want %d to %q", got.Status, got.At.Path, c.status, to)
			}
			if n := site.Number(t, `select count(*) from mandate`); n != before {
				t.Error("it was signed")
			}
			if home := a.v.Get("/espace"); got.Status == http.StatusForbidden && home.Status == http.StatusOK {
				t.Error("the space of somebody who may no longer act is still open")
			}
		})
	}
}

// fresh is somebody who gives their second factor now.
func fresh(site *apptest.Site, by journal.Actor) journal.Actor {
	by.FactorAt = site.Clock.Now()
	return by
}

// identifyAgain lets somebody else identify themselves for the same draft, as from a second tab.
func identifyAgain(t testing.TB, site *apptest.Site, by journal.Actor, draft uuid.UUID) {
	t.Helper()
	must(t, site.Drafts.DropIdentity(t.Context(), by, draft))
	must(t, site.Drafts.Identify(t.Context(), by, draft, fixture.Citizen(7), site.Clock.Now()))
}
