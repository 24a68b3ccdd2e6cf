package franceconnect_test

import (
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/google/uuid"

	"mandat/internal/browse"
	"mandat/internal/desk"
	"mandat/internal/draft"
	"mandat/internal/franceconnect"
	"mandat/internal/journal"
	"mandat/internal/proconnect"
	"mandat/internal/rogue"
)

var client = rogue.Client{ID: "mandat", Secret: "a-secret-of-at-least-thirty-two-characters"}

// counter is a desk with Jeanne signed in, a draft of hers, and a rogue FranceConnect.
type counter struct {
	*desk.Desk
	pc, fc  *rogue.Provider
	jeanne  uuid.UUID
	draft   uuid.UUID
	browser *browse.Browser
}

// Time that a call to the rogue may take: what works is not hurried, however busy the machine is.
const (
	patient = 30 * time.Second
	hasty   = 5 * time.Second
)

func open(t *testing.T) *counter {
	t.Helper()
	return openWithin(t, patient)
}

func openWithin(t *testing.T, timeout time.Duration) *counter {
	t.Helper()
	c := &counter{pc: rogue.New(t, "RS256", client), fc: rogue.New(t, "ES256", client)}
	c.Desk = desk.Open(t, func(string) (proconnect.Config, franceconnect.Config) {
		return proconnect.Config{Issuer: c.pc.Issuer, ClientID: client.ID, ClientSecret: client.Secret},
			franceconnect.Config{Issuer: c.fc.Issuer, ClientID: client.ID, ClientSecret: client.Secret, Timeout: timeout}
	})
	c.fc.Play(sound())
	c.jeanne = c.Person(t, c.pc.Issuer, "Jeanne-sub", c.Here, "aidant")
	c.browser = c.signIn(t, "Jeanne-sub", "21750001600019")
	c.draft = c.Draft(t, c.jeanne, c.Here)
	return c
}

func (c *counter) signIn(t *testing.T, sub, siret string) *browse.Browser {
	t.Helper()
	c.pc.Play(rogue.Plan{Subject: sub, ACR: "eidas1-mfa", Info: map[string]any{"email": "x@exemple.invalid", "siret": siret, "idp_id": "fia1"}})
	b := browse.New()
	c.SignIn(t, b)
	if b.H1() != "espace" {
		t.Fatalf("not signed in: %s", b.Text())
	}
	return b
}

const subject = "b6048e95bb134ec5b1d1e1fa69f287172e91722b9354d637a1bcf2ebb0fd2ef5v1"

func sound() rogue.Plan {
	return rogue.Plan{Subject: subject, ACR: "eidas1", Info: map[string]any{"given_name": "Angela Claire Louise", "given_name_array": []string{"Angela", "Claire", "Louise"},
		"family_name": "DUBOIS", "birthdate": "1962-08-24", "idp_birthdate": "1962-08-24", "gender": "female", "birthplace": "75107", "birthcountry": "99100",
		"email": "angela@exemple.invalid"}}
}

func (c *counter) page() string { return c.URL + "/brouillons/" + c.draft.String() + "/identite" }

// identify presses the button of the identity page.
func (c *counter) identify(t *testing.T) {
	t.Helper()
	get(t, c.browser, c.page())
	if err := c.browser.Press("identifier", nil); err != nil {
		t.Fatal(err)
	}
}

// leave is identify, stopped before the answer is followed. It returns the answer's address.
func (c *counter) leave(t *testing.T) string {
	t.Helper()
	c.browser.StopAt(c.URL + "/connexion/franceconnect/retour")
	c.identify(t)
	c.browser.StopAt()
	if !c.browser.Stopped() {
		t.Fatalf("not at the callback: %v", c.browser.URL())
	}
	return c.browser.URL().String()
}

// state returns the draft's state, as the domain tells it.
func (c *counter) state(t *testing.T) draft.Draft {
	t.Helper()
	d, err := c.Drafts.Find(t.Context(), journal.Actor{Kind: journal.Aidant, Person: c.jeanne, Organisation: c.Here}, c.draft)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func get(t *testing.T, b *browse.Browser, address string) {
	t.Helper()
	if err := b.Get(address); err != nil {
		t.Fatal(err)
	}
}

// Every way in which an answer can be wrong is refused: with its words on the draft's page, without an identity, and with
// the citizen's FranceConnect session ended whenever there is an ID token to end it with.
func TestIdentify_RefusesWrongAnswers(t *testing.T) {
	t.Parallel()
	now := time.Now()
	c, hurried := open(t), openWithin(t, hasty)
	said := func(change func(map[string]any)) func(*rogue.Plan) {
		return func(p *rogue.Plan) { p.Userinfo = change }
	}
	every, waits := map[string]wrong{
		"lower acr":            {func(p *rogue.Plan) { p.ACR = "eidas0" }, "wrong_answer", true},
		"no acr":               {func(p *rogue.Plan) { p.IDToken = rogue.Drop("acr") }, "wrong_answer", true},
		"earlier session":      {func(p *rogue.Plan) { p.IDToken = rogue.Set("auth_time", now.Add(-20*time.Minute).Unix()) }, "wrong_answer", true},
		"just before":          {func(p *rogue.Plan) { p.IDToken = rogue.Set("auth_time", now.Add(-time.Minute).Unix()) }, "wrong_answer", true},
		"no name":              {said(rogue.Set("family_name", "")), "incomplete", true},
		"no first name":        {said(rogue.Drop("given_name")), "incomplete", true},
		"no birth date":        {said(rogue.Drop("birthdate")), "incomplete", true},
		"no such day":          {said(rogue.Set("birthdate", "1962-02-30")), "incomplete", true},
		"no gender":            {said(rogue.Drop("gender")), "incomplete", true},
		"no country":           {said(rogue.Drop("birthcountry")), "incomplete", true},
		"no place in France":   {said(rogue.Set("birthplace", "")), "incomplete", true},
		"a place that is none": {said(rogue.Set("birthplace", "None")), "incomplete", true},
		"a name with controls": {said(rogue.Set("family_name", "DU\x00BOIS")), "incomplete", true},
		"a name turned round":  {said(rogue.Set("given_name", "Angela \u202eesiuoL")), "incomplete", true},
		"a name with nothing":  {said(rogue.Set("preferred_username", "MAR\u200bTIN")), "incomplete", true},
		"minor": {func(p *rogue.Plan) {
			p.Userinfo = func(c map[string]any) { c["birthdate"] = "2012-05-20"; c["idp_birthdate"] = "2012-05-20" }
		}, "minor", true},
		"perhaps minor": {func(p *rogue.Plan) { // 18 on 1 January, but the day and month are only presumed
			year := time.Now().AddDate(-18, 0, 1).Format("2006")
			p.Userinfo = func(c map[string]any) { c["birthdate"] = year + "-01-01"; c["idp_birthdate"] = year + "-00-00" }
		}, "minor", true},
		"cancelled":          {rogue.Failing("access_denied", "User auth aborted"), "cancelled", false},
		"cancelled, code":    {rogue.Failing("access_denied", "retour (Y030030)"), "cancelled", false},
		"refused":            {rogue.Failing("access_denied", "user authentication aborted"), "refused", false},
		"not found":          {rogue.Failing("access_denied", "user authentication aborted (Y010008)"), "not_found", false},
		"several":            {rogue.Failing("access_denied", "user authentication aborted (Y010006)"), "several", false},
		"deceased":           {rogue.Failing("access_denied", "user authentication aborted (Y010015)"), "deceased", false},
		"register down":      {rogue.Failing("temporarily_unavailable", "authentication aborted due to a technical error on the authorization server"), "register_down", false},
		"register malformed": {rogue.Failing("server_error", "… (Y010013)"), "register_down", false},
		"account refused":    {rogue.Failing("access_denied", "… (Y100011)"), "account_refused", false},
		"account disabled":   {rogue.Failing("access_denied", "… (Y180001)"), "account_disabled", false},
		"session lost":       {rogue.Failing("access_denied", "… (Y190001)"), "session_lost", false},
		"suspicious device":  {rogue.Failing("access_denied", "suspicious context"), "suspicious", false},
		"technical":          {rogue.Failing("server_error", "authentication aborted due to a technical error on the authorization server"), "technical", false},
		"made up":            {rogue.Failing("<script>", "<script>"), "technical", false},
	}, map[string]bool{}
	for name, lie := range rogue.Lies(now) {
		every[name], waits[name] = wrong{lie.Tell, "wrong_answer", lie.Signed}, lie.Late
		if lie.Down {
			every[name] = wrong{lie.Tell, "unavailable", lie.Signed}
		}
	}
	for name, test := range every {
		t.Run(name, func(t *testing.T) {
			c := c
			if waits[name] {
				c = hurried
			}
			plan, ended := sound(), c.fc.Count(rogue.EndSession)
			test.plan(&plan)
			c.fc.Play(plan)
			c.identify(t)
			c.refused(t, test.want)
			if got := c.fc.Count(rogue.EndSession) - ended; got == 1 != test.ends {
				t.Errorf("FranceConnect's session was ended %d times", got)
			}
		})
	}
	if n := c.Number(t, `select count(*) from journal_entry where action = 'draft.identified'`); n != 0 {
		t.Errorf("%d identifications", n)
	}
}

// wrong is a way to be wrong, the words it gets, and whether FranceConnect's session is ended.
type wrong struct {
	plan func(*rogue.Plan)
	want string
	ends bool
}

// refused expects the browser on the draft's identity page, with a message, and the draft without an identity.
func (c *counter) refused(t *testing.T, want string) {
	t.Helper()
	if c.browser.URL().String() != c.page() {
		t.Errorf("at %v: %s", c.browser.URL(), c.browser.Text())
	}
	if got := c.browser.TextByID("notice"); got != "login.identity."+want {
		t.Errorf("notice %q, want %q", got, want)
	}
	for _, lang := range []string{"fr", "en"} {
		for _, part := range []string{".title", ".what", ".next"} {
			if _, err := c.Pages.Text(lang, "login.identity."+want+part); err != nil {
				t.Error(err)
			}
		}
	}
	if d := c.state(t); d.State != draft.Open || d.Identity != nil {
		t.Errorf("the draft is %s", d.State)
	}
}

// A FranceConnect that is down when it is first needed stops that identification and nothing else.
func TestIdentify_WithoutDiscoveryOrKeys(t *testing.T) {
	t.Parallel()
	for name, endpoint := range map[string]string{"no discovery": rogue.Discovery, "no keys": rogue.JWKS} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := open(t)
			plan := sound()
			rogue.Instead(endpoint, rogue.Status(http.StatusServiceUnavailable))(&plan)
			c.fc.Play(plan)
			c.identify(t)
			c.refused(t, "unavailable")
			c.fc.Play(sound())
			for end := time.Now().Add(time.Minute); ; time.Sleep(50 * time.Millisecond) {
				c.identify(t)
				if c.browser.H1() == "recapitulatif" {
					break
				}
				if time.Now().After(end) {
					t.Fatal(errors.New(c.browser.Text()))
				}
			}
		})
	}
}
