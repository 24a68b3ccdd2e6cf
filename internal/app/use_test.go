package app_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"mandat/internal/apptest"
	"mandat/internal/fixture"
	"mandat/internal/journal"
	"mandat/internal/mandate"
)

// A use has four steps that lie apart: the choices, the code, the token, the release. Whatever ends the power between two
// of them ends the use.
func TestUse_EndsWithThePower(t *testing.T) {
	t.Parallel()
	site := apptest.Start(t)
	paul := site.Visit(t, site.Paul)
	n := 0
	for why, end := range map[string]func(t *testing.T, u *use){
		"no_power":        func(t *testing.T, u *use) { paul.Post("/mandats/"+u.mandate.ID.String()+"/fin", "reason", "mistake") },
		"aidant_inactive": func(t *testing.T, u *use) { u.suspend(t) },
		"session_over":    func(t *testing.T, u *use) { u.v.Post("/deconnexion") },
	} {
		for _, step := range []string{"citizen", "procedure", "token", "userinfo"} {
			n++
			t.Run(why+"/"+step, func(t *testing.T) {
				u := newUse(t, site, n)
				u.until(t, step)
				end(t, u)
				u.try(t, step)
				u.refused(t, step, why)
			})
		}
	}
}

// use is a use of a mandate by an aidant of its own, under way.
type use struct {
	site    *apptest.Site
	by      journal.Actor
	v       *apptest.Visitor
	mandate mandate.Mandate
	who     string

	login, code, access string
	answer              apptest.Answer
}

func newUse(t *testing.T, site *apptest.Site, n int) *use {
	t.Helper()
	u := &use{site: site, by: site.Aidant(t, site.Here, fmt.Sprintf("aidant-%d", n)), who: fmt.Sprintf("FICTIF-%d", n)}
	u.v = site.Visit(t, u.by)
	u.mandate = site.Sign(t, u.by, fixture.Citizen(n), fixture.Tax)
	return u
}

// suspend ends the aidant's right to act.
func (u *use) suspend(t *testing.T) {
	t.Helper()
	must(t, u.site.Directory.Suspend(t.Context(), journal.Program(), u.by.Person))
}

// until goes through the steps before this one.
func (u *use) until(t *testing.T, step string) {
	t.Helper()
	var err error
	if u.login, err = u.v.Begin(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, s := range []string{"citizen", "procedure", "token"} {
		if s == step {
			return
		}
		u.try(t, s)
		if u.answer.Status >= 400 {
			t.Fatalf("%s: %d %s", s, u.answer.Status, u.answer.Body)
		}
	}
}

// try does one step.
func (u *use) try(t *testing.T, step string, changes ...string) {
	t.Helper()
	var err error
	switch step {
	case "citizen":
		u.answer = u.v.Post(u.login+"/usager", "usager", u.mandate.Citizen.String())
		u.v.Confirm(u.mandate.Citizen)
	case "procedure":
		u.answer = u.v.Post(u.login+"/demarche", "demarche", fixture.Tax)
		u.code = u.answer.At.Query().Get("code")
	case "token":
		u.answer, err = u.site.Redeem(t.Context(), u.code, changes...)
		if u.answer.Status == http.StatusOK {
			u.access, _ = u.answer.JSON(t)["access_token"].(string)
		}
	case "userinfo":
		u.answer, err = u.site.UserInfo(t.Context(), u.access)
	}
	must(t, err)
}

// refused fails the test unless the last answer refuses, shows nothing of the citizen, and the journal has exactly this
// refusal and no use.
func (u *use) refused(t *testing.T, step, reason string) {
	t.Helper()
	a := u.answer
	switch {
	case a.Status >= 500 || a.Status < 300 || a.At.Query().Get("code") != "":
		t.Errorf("answer %d to %s", a.Status, a.At)
	case step == "token" && !strings.Contains(a.Body, `"invalid_grant"`), step == "userinfo" && !strings.Contains(a.Body, `"invalid_token"`):
		t.Errorf("answer %d %s", a.Status, a.Body)
	}
	if step == "token" || step == "userinfo" {
		for _, word := range []string{u.who, "Camille", `"id_token"`, `"access_token"`} {
			if strings.Contains(a.Body, word) {
				t.Errorf("the refusal shows %s", word)
			}
		}
	}
	// Somebody whose session is gone is stopped at the door of a page: there is no act, and no entry.
	want := []string{step + " " + reason}
	if (step == "citizen" || step == "procedure") && reason != "no_power" {
		want = []string{}
	}
	if got := u.refusals(t); strings.Join(got, ",") != strings.Join(want, ",") {
		t.Errorf("refusals in the journal %q, want %q", got, want)
	}
	if n := u.uses(t); n != 0 {
		t.Errorf("%d uses in the journal", n)
	}
}

func (u *use) refusals(t *testing.T) []string {
	t.Helper()
	var out []string
	u.site.Row(t, `select coalesce(array_agg((body::jsonb #>> '{detail,step}') || ' ' || (body::jsonb #>> '{detail,reason}') order by id), '{}')
		from journal_entry where action = 'power.refused' and person_id = $1`, []any{u.by.Person}, &out)
	return out
}

func (u *use) uses(t *testing.T) int {
	t.Helper()
	return u.site.Number(t, `select count(*) from journal_entry where action = 'power.used' and mandate_id = $1`, u.mandate.ID)
}

// What a client may try with a code or a token that is not, or no longer, good for it.
func TestUse_RefusesTheClient(t *testing.T) {
	t.Parallel()
	site := apptest.Start(t)
	n := 100
	for name, c := range map[string]struct {
		step    string // the last one tried
		before  func(u *use, t *testing.T)
		changes []string // of the token request
		refusal string   // in the journal; "" is none
		then    bool     // a sound request works afterwards
	}{
		"another redirect_uri": {step: "token", changes: []string{"redirect_uri", apptest.ClientCallback + "-2"}, refusal: "token wrong_redirect_uri"},
		"another client":       {step: "token", changes: []string{"client_id", apptest.OtherClient}, refusal: "token wrong_client"},
		"wrong secret":         {step: "token", changes: []string{"client_secret", strings.Repeat("x", 40)}, then: true},
		"no secret":            {step: "token", changes: []string{"client_secret", ""}, then: true},
		"a code nobody gave":   {step: "token", changes: []string{"code", strings.Repeat("A", 64)}, then: true},
		"late code":            {step: "token", before: func(u *use, _ *testing.T) { u.site.Clock.Advance(61 * time.Second) }, refusal: "token code_expired"},
		"late token":           {step: "userinfo", before: func(u *use, _ *testing.T) { u.site.Clock.Advance(61 * time.Second) }, refusal: "userinfo token_expired"},
		"late login":           {step: "citizen", before: func(u *use, _ *testing.T) { u.site.Clock.Advance(10*time.Minute + time.Second) }},
		"late procedure":       {step: "procedure", before: func(u *use, _ *testing.T) { u.site.Clock.Advance(10*time.Minute + time.Second) }},
		"code replayed": {step: "token", before: func(u *use, t *testing.T) {
			if u.try(t, "token"); u.answer.Status != http.StatusOK {
				t.Fatal(u.answer.Body)
			}
		}, refusal: "token code_replayed"},
	} {
		n++
		t.Run(name, func(t *testing.T) {
			u := newUse(t, site, n)
			u.by.FactorAt = site.Clock.Now()
			u.v = site.Visit(t, u.by)
			u.until(t, c.step)
			if c.before != nil {
				c.before(u, t)
			}
			u.try(t, c.step, c.changes...)
			if u.answer.Status < 400 || u.answer.Status >= 500 || strings.Contains(u.answer.Body, u.who) || strings.Contains(u.answer.Body, `"id_token"`) {
				t.Errorf("answer %d %s", u.answer.Status, u.answer.Body)
			}
			if got := strings.Join(u.refusals(t), ","); got != c.refusal {
				t.Errorf("refusals in the journal %q, want %q", got, c.refusal)
			}
			if name == "code replayed" { // RFC 6749 §4.1.2: what was issued with it falls too
				u.try(t, "userinfo")
				if u.answer.Status != http.StatusUnauthorized || u.uses(t) != 0 {
					t.Errorf("the first token still works: %d", u.answer.Status)
				}
			}
			if u.try(t, "token"); (u.answer.Status == http.StatusOK) != c.then && c.step == "token" {
				t.Errorf("a sound request afterwards: %d", u.answer.Status)
			}
		})
	}
}

// Of twenty who present the same code, or the same token, at the same instant, at most one gets something.
func TestUse_OneWinner(t *testing.T) {
	t.Parallel()
	site := apptest.Start(t)
	jeanne := site.Visit(t, site.Jeanne)
	m := site.Sign(t, jeanne.By, fixture.Angela(), fixture.Tax)
	for range 20 {
		code := jeanne.MustCode(m.Citizen, fixture.Tax)
		answers := atOnce(t, 2, func(int) (apptest.Answer, error) { return site.Redeem(t.Context(), code) })
		if n := with(answers, http.StatusOK); n != 1 || with(answers, http.StatusBadRequest) != 1 {
			t.Fatalf("%d of two got a token", n)
		}
	}
	before := site.Number(t, `select count(*) from journal_entry where action = 'power.used'`)
	code := jeanne.MustCode(m.Citizen, fixture.Tax)
	access := site.Token(t, code)
	answers := atOnce(t, 20, func(int) (apptest.Answer, error) { return site.UserInfo(t.Context(), access) })
	if n := with(answers, http.StatusOK); n != 1 || with(answers, http.StatusUnauthorized) != 19 {
		t.Errorf("%d of twenty got the identity", n)
	}
	if n := site.Number(t, `select count(*) from journal_entry where action = 'power.used'`) - before; n != 1 {
		t.Errorf("%d entries of one use", n)
	}
}

// atOnce does something n times, all released at the same instant.
func atOnce(t testing.TB, n int, do func(i int) (apptest.Answer, error)) []apptest.Answer {
	t.Helper()
	out, errs := make([]apptest.Answer, n), make([]error, n)
	gate := make(chan struct{})
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() {
			<-gate
			out[i], errs[i] = do(i)
		})
	}
	close(gate)
	all.Wait()
	for _, err := range errs {
		must(t, err)
	}
	return out
}

func with(answers []apptest.Answer, status int) int {
	n := 0
	for _, a := range answers {
		if a.Status == status {
			n++
		}
	}
	return n
}
