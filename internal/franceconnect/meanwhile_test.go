package franceconnect_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"mandat/internal/browse"
	"mandat/internal/draft"
	"mandat/internal/fixture"
	"mandat/internal/journal"
	"mandat/internal/rogue"
)

// meanwhile is what can happen between the making of a link and the phone's return, and why nothing comes of it then.
func meanwhile(t *testing.T, c *counter) map[string]struct {
	happens func()
	why     string
} {
	t.Helper()
	by := journal.Actor{Kind: journal.Aidant, Person: c.jeanne, Organisation: c.Here}
	return map[string]struct {
		happens func()
		why     string
	}{
		"the aidant signs out": {func() { get(t, c.browser, c.URL+"/espace"); press(t, c.browser, "quitter") }, "franceconnect.refused.session_over"},
		"a colleague takes over": {func() {
			colleague := c.Person(t, c.pc.Issuer, "Relay-sub", c.Here, "aidant")
			c.Behind(t, `update mandate_draft set person_id = $1 where id = $2`, colleague, c.draft)
		}, "login.identity.draft_changed"},
		"the terms change": {func() {
			c.Clock.Advance(time.Second)
			if err := c.Drafts.Change(t.Context(), by, c.draft, fixture.Terms(fixture.Housing)); err != nil {
				t.Fatal(err)
			}
		}, "login.identity.draft_changed"},
		"the draft is deleted": {func() {
			if err := c.Drafts.Abandon(t.Context(), by, c.draft); err != nil {
				t.Fatal(err)
			}
		}, "login.identity.draft_changed"},
		"the aidant is suspended": {func() {
			if err := c.Directory.Suspend(t.Context(), journal.Program(), c.jeanne); err != nil {
				t.Fatal(err)
			}
		}, "franceconnect.refused.session_over"},
		"the certificate ends": {func() {
			c.Behind(t, `set session_replication_role = replica; update certification set certified_at = now() - interval '2 days', certified_until = now() - interval '1 day' where person_id = '`+c.jeanne.String()+`'`)
		}, "login.identity.draft_changed"},
	}
}

// What happened to the aidant or the draft meanwhile refuses the identity, with its words on the phone, and the citizen is signed out of
// FranceConnect all the same.
func TestPhone_Meanwhile(t *testing.T) {
	t.Parallel()
	for name := range meanwhile(t, open(t)) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, phone := open(t), browse.New()
			what := meanwhile(t, c)[name]
			answer := c.leaveBy(t, phone, c.link(t))
			what.happens()
			get(t, phone, answer)
			c.shows(t, phone, http.StatusOK, "franceconnect.end.not_done")
			title, err := c.Pages.Text("fr", what.why+".title")
			if err != nil || !phone.Has(title) {
				t.Errorf("%v: the phone says %s", err, phone.Text())
			}
			if n := c.Number(t, `select count(*) from mandate_draft where identity is not null or state = 'identified'`); n != 0 {
				t.Error("the identity is in the draft")
			}
			if n := c.Number(t, `select count(*) from journal_entry where action like 'draft.identi%'`); n != 0 {
				t.Errorf("%d entries", n)
			}
			if c.fc.Count(rogue.EndSession) != 1 {
				t.Errorf("FranceConnect's session was ended %d times", c.fc.Count(rogue.EndSession))
			}
		})
	}
}

// A phone that has not left yet is not sent to FranceConnect for nothing.
func TestPhone_MeanwhileBeforeLeaving(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"the aidant signs out", "a colleague takes over", "the terms change", "the draft is deleted", "the aidant is suspended"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, phone := open(t), browse.New()
			get(t, phone, c.link(t))
			meanwhile(t, c)[name].happens()
			press(t, phone, "FranceConnect")
			c.shows(t, phone, http.StatusGone, "franceconnect.over.title")
			if c.fc.Count("/authorize") != 0 {
				t.Error("FranceConnect was asked")
			}
		})
	}
}

// Who was signed in at FranceConnect before the phone was sent there, if only since the link was made, did not prove who they are for it.
func TestPhone_WantsAFreshSignIn(t *testing.T) {
	t.Parallel()
	c, phone := open(t), browse.New()
	link := c.link(t)
	c.Clock.Advance(5 * time.Minute)
	plan := sound()
	plan.IDToken = rogue.Set("auth_time", time.Now().Add(-2*time.Minute).Unix())
	c.fc.Play(plan)
	get(t, phone, c.leaveBy(t, phone, link))
	c.shows(t, phone, http.StatusOK, "franceconnect.end.not_done")
	c.refusedBy(t, "login.identity.wrong_answer.title")
}

// atOnce sends a request many times at the same moment, from so many browsers or from one that has a cookie.
func atOnce(t *testing.T, method, address string, cookie *http.Cookie, times int) (statuses []int, locations []string) {
	t.Helper()
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	var wg sync.WaitGroup
	statuses, locations = make([]int, times), make([]string, times)
	for i := range times {
		wg.Go(func() {
			req, err := http.NewRequestWithContext(t.Context(), method, address, nil)
			if err != nil {
				t.Error(err)
				return
			}
			if method == http.MethodPost {
				req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			}
			if cookie != nil {
				req.AddCookie(cookie)
			}
			res, err := client.Do(req)
			if err != nil {
				t.Error(err)
				return
			}
			_, _ = io.Copy(io.Discard, res.Body)
			_ = res.Body.Close()
			statuses[i], locations[i] = res.StatusCode, res.Header.Get("Location")
		})
	}
	wg.Wait()
	slices.Sort(statuses)
	return statuses, locations
}

// Of many phones that go on at the same moment, one does: each of them has found the link open when the first one takes it.
func TestPhone_TwoAtOnce(t *testing.T) {
	t.Parallel()
	c := open(t)
	link := c.link(t)
	get(t, browse.New(), link)
	holder, watcher := c.Connect(t, c.Superuser), c.Connect(t, c.Superuser)
	if _, err := holder.Exec(t.Context(), `begin; select from franceconnect_link for update`); err != nil {
		t.Fatal(err)
	}
	var statuses []int
	done := make(chan struct{})
	go func() {
		defer close(done)
		statuses, _ = atOnce(t, http.MethodPost, link, nil, 6)
	}()
	for end := time.Now().Add(time.Minute); ; time.Sleep(10 * time.Millisecond) {
		var waiting int
		err := watcher.QueryRow(t.Context(), `select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`).Scan(&waiting)
		if err != nil || time.Now().After(end) {
			t.Fatalf("%d wait, %v", waiting, err)
		}
		if waiting == 6 {
			break
		}
	}
	if _, err := holder.Exec(t.Context(), `commit`); err != nil {
		t.Fatal(err)
	}
	<-done
	if statuses[0] != http.StatusSeeOther || statuses[1] != http.StatusConflict || statuses[5] != http.StatusConflict {
		t.Errorf("answers %v", statuses)
	}
}

// An answer that comes many times at once, and again later, is followed once.
func TestPhone_AnswerCountsOnce(t *testing.T) {
	t.Parallel()
	c, phone := open(t), browse.New()
	answer := c.leaveBy(t, phone, c.link(t))
	secret, _ := phone.Cookie("telephone")
	_, locations := atOnce(t, http.MethodGet, answer, &http.Cookie{Name: "telephone", Value: secret}, 12)
	slices.Sort(locations)
	if locations[10] != "/i/fin" || locations[11] == "/i/fin" || c.fc.Count(rogue.Token) != 1 {
		t.Errorf("led to %v, %d codes exchanged", locations, c.fc.Count(rogue.Token))
	}
	get(t, phone, answer)
	c.shows(t, phone, http.StatusOK, "franceconnect.end.done")
	get(t, browse.New(), answer)
	get(t, c.browser, answer)
	c.shows(t, c.browser, http.StatusBadRequest, "login.problem.state_used.title")
	if n := c.Number(t, `select count(*) from journal_entry where action = 'draft.identified'`); n != 1 || c.fc.Count(rogue.Token) != 1 {
		t.Errorf("%d identifications", n)
	}
}

// Of links that one draft is asked for at the same moment, one lives.
func TestPhone_MadeAtOnce(t *testing.T) {
	t.Parallel()
	c := open(t)
	secret, _ := c.browser.Cookie("mandat")
	statuses, _ := atOnce(t, http.MethodPost, c.waiting(), &http.Cookie{Name: "mandat", Value: secret}, 8)
	if statuses[0] != http.StatusSeeOther || statuses[7] != http.StatusSeeOther {
		t.Errorf("answers %v", statuses)
	}
	if n := c.Number(t, `select count(*) from franceconnect_link where state = 'made'`); n != 1 {
		t.Errorf("%d links live", n)
	}
}

// What FranceConnect refuses is said on both screens, and identifies nobody.
func TestPhone_Refusals(t *testing.T) {
	t.Parallel()
	now := time.Now()
	c := open(t)
	for name, test := range map[string]wrong{
		"cancelled":       {rogue.Failing("access_denied", "User auth aborted"), "cancelled", false},
		"not found":       {rogue.Failing("access_denied", "user authentication aborted (Y010008)"), "not_found", false},
		"minor":           {func(p *rogue.Plan) { p.Userinfo = rogue.Set("birthdate", "2012-05-20") }, "minor", true},
		"lower acr":       {func(p *rogue.Plan) { p.ACR = "eidas0" }, "wrong_answer", true},
		"earlier session": {func(p *rogue.Plan) { p.IDToken = rogue.Set("auth_time", now.Add(-20*time.Minute).Unix()) }, "wrong_answer", true},
		"nonce":           {func(p *rogue.Plan) { p.IDToken = rogue.Set("nonce", strings.Repeat("0", 64)) }, "wrong_answer", true},
		"another's sub":   {func(p *rogue.Plan) { p.Userinfo = rogue.Set("sub", strings.Repeat("a", 64)+"v1") }, "wrong_answer", true},
		"no name":         {func(p *rogue.Plan) { p.Userinfo = rogue.Set("family_name", "") }, "incomplete", true},
		"another issuer":  {rogue.Lies(now)["callback of another"].Tell, "wrong_answer", false},
		"no issuer":       {rogue.Lies(now)["callback without iss"].Tell, "wrong_answer", false},
		"down":            {rogue.Instead(rogue.Userinfo, rogue.Status(http.StatusServiceUnavailable)), "unavailable", true},
	} {
		t.Run(name, func(t *testing.T) {
			plan, ended, phone := sound(), c.fc.Count(rogue.EndSession), browse.New()
			test.plan(&plan)
			c.fc.Play(plan)
			c.Clock.Advance(time.Minute) // links of one person are limited
			get(t, phone, c.leaveBy(t, phone, c.link(t)))
			c.shows(t, phone, http.StatusOK, "franceconnect.end.not_done")
			title, err := c.Pages.Text("fr", "login.identity."+test.want+".title")
			if err != nil || !phone.Has(title) {
				t.Errorf("%v: the phone says %s", err, phone.Text())
			}
			c.refusedBy(t, "login.identity."+test.want+".title")
			if got := c.fc.Count(rogue.EndSession) - ended; got == 1 != test.ends {
				t.Errorf("FranceConnect's session was ended %d times", got)
			}
		})
	}
}

// A FranceConnect that is down when the phone wants to leave uses nothing up.
func TestPhone_WithoutDiscovery(t *testing.T) {
	t.Parallel()
	c, phone := open(t), browse.New()
	link := c.link(t)
	plan := sound()
	rogue.Instead(rogue.Discovery, rogue.Status(http.StatusServiceUnavailable))(&plan)
	c.fc.Play(plan)
	get(t, phone, link)
	press(t, phone, "FranceConnect")
	c.shows(t, phone, http.StatusServiceUnavailable, "franceconnect.phone.title")
	c.fc.Play(sound())
	for end := time.Now().Add(time.Minute); phone.Status() != http.StatusOK; time.Sleep(50 * time.Millisecond) {
		press(t, phone, "FranceConnect")
		if time.Now().After(end) {
			t.Fatal(phone.Text())
		}
	}
	c.shows(t, phone, http.StatusOK, "franceconnect.end.done")
}

// Links are made, shown and cancelled for one's own drafts only; what is another's cannot be told from what is not there.
func TestPhone_OnlyForOnesOwnDraft(t *testing.T) {
	t.Parallel()
	c := open(t)
	c.link(t)
	c.Person(t, c.pc.Issuer, "Colleague-sub", c.Here, "aidant")
	c.Person(t, c.pc.Issuer, "Elsewhere-sub", c.Elsewhere, "aidant")
	for name, b := range map[string]*browse.Browser{"a colleague": c.signIn(t, "Colleague-sub", "21750001600019"),
		"another organisation": c.signIn(t, "Elsewhere-sub", "35600000000048")} {
		for _, id := range []string{c.draft.String(), uuid.NewString(), "nonsense"} {
			at := "/brouillons/" + id + "/identite/telephone"
			for address, ask := range map[string]func(string) error{at: b.Get, at + "/etat": b.Get, at + "#": func(a string) error { return b.Post(strings.TrimSuffix(a, "#"), nil) },
				at + "/annulation": func(a string) error { return b.Post(a, nil) }} {
				if err := ask(c.URL + address); err != nil || b.Status() != http.StatusNotFound {
					t.Errorf("%s, %s: %d, %v", name, address, b.Status(), err)
				}
			}
		}
	}
	if c.linkState(t) != "made" || c.Number(t, `select count(*) from franceconnect_link`) != 1 {
		t.Errorf("the link is %s", c.linkState(t))
	}
}

// What the page's module is told, and a browser that never had the secret, or another session of the same person.
func TestPhone_Waiting(t *testing.T) {
	t.Parallel()
	c, phone := open(t), browse.New()
	state := func() (out struct {
		State string
		Over  bool
	}) {
		t.Helper()
		get(t, c.browser, c.waiting()+"/etat")
		if err := json.Unmarshal(c.browser.Body(), &out); err != nil {
			t.Fatal(err)
		}
		return out
	}
	get(t, c.browser, c.waiting())
	if c.browser.URL().String() != c.page() || !state().Over {
		t.Errorf("without a link: at %v", c.browser.URL())
	}
	link := c.link(t)
	kept := c.browser.Cookies()
	c.browser.SetCookies(slices.DeleteFunc(slices.Clone(kept), func(k browse.Cookie) bool { return k.Name != "mandat" }))
	get(t, c.browser, c.waiting())
	if typedAddress.MatchString(c.browser.Text()) || !c.browser.Has("Le code n’est plus montré") {
		t.Errorf("a browser without the secret shows %s", c.browser.Text())
	}
	c.browser.SetCookies(kept)
	if s := state(); s.State != "made" || s.Over {
		t.Errorf("made: %v", s)
	}
	answer := c.leaveBy(t, phone, link)
	if s := state(); s.State != "left" || s.Over {
		t.Errorf("left: %v", s)
	}
	get(t, phone, answer)
	if s := state(); s.State != "identified" || !s.Over {
		t.Errorf("identified: %v", s)
	}
	same := c.signIn(t, "Jeanne-sub", "21750001600019")
	get(t, same, c.waiting())
	if same.URL().String() != c.page() {
		t.Errorf("another session is at %v", same.URL())
	}
}

// Who did not leave with a link is told nothing at the phone's last page, and a farewell serves its own phone only.
func TestPhone_EndIsItsOwn(t *testing.T) {
	t.Parallel()
	c, phone, stranger := open(t), browse.New(), browse.New()
	get(t, stranger, c.URL+"/i/fin")
	c.shows(t, stranger, http.StatusNotFound, "franceconnect.over.title")
	answer := c.leaveBy(t, phone, c.link(t))
	phone.StopAt(c.URL + "/connexion/franceconnect/fin")
	get(t, phone, answer)
	farewell := phone.URL().String()
	phone.StopAt()
	get(t, stranger, farewell)
	c.shows(t, stranger, http.StatusBadRequest, "login.problem.state_used.title")
	get(t, phone, farewell)
	c.shows(t, phone, http.StatusOK, "franceconnect.end.done")
	if u, err := url.Parse(farewell); err != nil || len(u.Query().Get("state")) != 64 {
		t.Error("the farewell has no state")
	}
	if d := c.state(t); d.State != draft.Identified {
		t.Errorf("the draft is %s", d.State)
	}
}
