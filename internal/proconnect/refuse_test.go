package proconnect_test

import (
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"mandat/internal/browse"
	"mandat/internal/desk"
	"mandat/internal/franceconnect"
	"mandat/internal/proconnect"
	"mandat/internal/rogue"
	"mandat/internal/session"
)

var client = rogue.Client{ID: "mandat", Secret: "a-secret-of-at-least-thirty-two-characters"}

// open starts a desk whose ProConnect is a rogue that names Jeanne.
func open(t *testing.T) (*desk.Desk, *rogue.Provider, uuid.UUID) {
	t.Helper()
	p := rogue.New(t, "RS256", client)
	p.Play(sound())
	d := desk.Open(t, func(string) (proconnect.Config, franceconnect.Config) {
		return proconnect.Config{Issuer: p.Issuer, ClientID: client.ID, ClientSecret: client.Secret, Timeout: 3 * time.Second},
			franceconnect.Config{Issuer: "https://franceconnect.invalid", ClientID: "mandat", ClientSecret: "secret"}
	})
	return d, p, d.Person(t, p.Issuer, "Jeanne-sub", d.Here, "aidant")
}

func sound() rogue.Plan {
	return rogue.Plan{Subject: "Jeanne-sub", ACR: "eidas1-mfa", Info: map[string]any{"email": "jeanne-sub@exemple.invalid", "siret": "21750001600019", "idp_id": "fia1"}}
}

func TestSignIn_Sound(t *testing.T) {
	t.Parallel()
	d, p, jeanne := open(t)
	b := browse.New()
	d.SignIn(t, b)
	if b.H1() != "espace" || b.TextByID("who") != "aidant "+jeanne.String()+" "+d.Here.String() {
		t.Fatalf("%d %s: %s", b.Status(), b.H1(), b.Text())
	}
	q := p.Asked()
	if len(q.Get("state")) != 64 || len(q.Get("nonce")) != 64 || q.Get("code_challenge_method") != "S256" || q.Has("prompt") ||
		q.Get("claims") != `{"id_token":{"acr":{"essential":true,"values":["eidas1-mfa","eidas2","eidas3"]},"auth_time":{"essential":true}}}` {
		t.Errorf("asked %v", q)
	}
	if n := d.Number(t, `select count(*) from journal_entry where action = 'session.opened' and person_id = $1 and organisation_id = $2 and body::jsonb->'detail' = '{"acr": "eidas1-mfa", "idp": "fia1"}'`, jeanne, d.Here); n != 1 {
		t.Errorf("%d entries", n)
	}
}

// Every way in which an answer can be wrong is refused: with its page, without a session, and noted.
func TestSignIn_RefusesWrongAnswers(t *testing.T) {
	t.Parallel()
	set := func(name string, value any) func(map[string]any) { return func(c map[string]any) { c[name] = value } }
	drop := func(name string) func(map[string]any) { return func(c map[string]any) { delete(c, name) } }
	now := time.Now()
	d, p, _ := open(t)
	for name, test := range map[string]wrong{
		"nonce":                     {func(p *rogue.Plan) { p.IDToken = set("nonce", strings.Repeat("0", 64)) }, "wrong_answer"},
		"no nonce":                  {func(p *rogue.Plan) { p.IDToken = drop("nonce") }, "wrong_answer"},
		"issuer":                    {func(p *rogue.Plan) { p.IDToken = set("iss", "https://elsewhere.invalid") }, "wrong_answer"},
		"audience":                  {func(p *rogue.Plan) { p.IDToken = set("aud", "somebody-else") }, "wrong_answer"},
		"two audiences":             {func(p *rogue.Plan) { p.IDToken = set("aud", []string{"mandat", "somebody-else"}) }, "wrong_answer"},
		"azp":                       {func(p *rogue.Plan) { p.IDToken = set("azp", "somebody-else") }, "wrong_answer"},
		"expired":                   {func(p *rogue.Plan) { p.IDToken = set("exp", now.Add(-time.Minute).Unix()) }, "wrong_answer"},
		"no expiry":                 {func(p *rogue.Plan) { p.IDToken = drop("exp") }, "wrong_answer"},
		"of the future":             {func(p *rogue.Plan) { p.IDToken = set("iat", now.Add(time.Hour).Unix()) }, "wrong_answer"},
		"no time":                   {func(p *rogue.Plan) { p.IDToken = drop("iat") }, "wrong_answer"},
		"no auth_time":              {func(p *rogue.Plan) { p.IDToken = drop("auth_time") }, "wrong_answer"},
		"auth_time of the future":   {func(p *rogue.Plan) { p.IDToken = set("auth_time", now.Add(time.Hour).Unix()) }, "wrong_answer"},
		"auth_time of nowhen":       {func(p *rogue.Plan) { p.IDToken = set("auth_time", -1) }, "wrong_answer"},
		"auth_time not a number":    {func(p *rogue.Plan) { p.IDToken = set("auth_time", "now") }, "wrong_answer"},
		"at_hash":                   {func(p *rogue.Plan) { p.IDToken = set("at_hash", "AAAAAAAAAAAAAAAAAAAAAA") }, "wrong_answer"},
		"no sub":                    {func(p *rogue.Plan) { p.IDToken = drop("sub") }, "wrong_answer"},
		"no sub anywhere":           {func(p *rogue.Plan) { p.IDToken, p.Userinfo = drop("sub"), drop("sub") }, "wrong_answer"},
		"forged":                    {func(p *rogue.Plan) { p.SignIDToken = rogue.Forged }, "wrong_answer"},
		"changed":                   {func(p *rogue.Plan) { p.SignIDToken = rogue.Changed }, "wrong_answer"},
		"alg none":                  {func(p *rogue.Plan) { p.SignIDToken = rogue.None }, "wrong_answer"},
		"alg HS256":                 {func(p *rogue.Plan) { p.SignIDToken = rogue.Secret }, "wrong_answer"},
		"another alg":               {func(p *rogue.Plan) { p.SignIDToken = rogue.Other }, "wrong_answer"},
		"userinfo of another":       {func(p *rogue.Plan) { p.Userinfo = set("sub", "Paul-sub") }, "wrong_answer"},
		"userinfo plain":            {func(p *rogue.Plan) { p.PlainUserinfo = true }, "wrong_answer"},
		"userinfo not called a JWT": {func(p *rogue.Plan) { p.UserinfoType = "application/json" }, "wrong_answer"},
		"huge userinfo, signed":     {func(p *rogue.Plan) { p.Userinfo = set("padding", strings.Repeat("x", 2<<20)) }, "wrong_answer"},
		"stalling userinfo":         {instead(rogue.Userinfo, stalling), "down"},
		"userinfo forged":           {func(p *rogue.Plan) { p.SignUserinfo = rogue.Forged }, "wrong_answer"},
		"userinfo alg none":         {func(p *rogue.Plan) { p.SignUserinfo = rogue.None }, "wrong_answer"},
		"userinfo alg HS256":        {func(p *rogue.Plan) { p.SignUserinfo = rogue.Secret }, "wrong_answer"},
		"userinfo audience":         {func(p *rogue.Plan) { p.Userinfo = set("aud", "somebody-else") }, "wrong_answer"},
		"userinfo without aud":      {func(p *rogue.Plan) { p.Userinfo = drop("aud") }, "wrong_answer"},
		"userinfo issuer":           {func(p *rogue.Plan) { p.Userinfo = set("iss", "https://elsewhere.invalid") }, "wrong_answer"},
		"userinfo expired":          {func(p *rogue.Plan) { p.Userinfo = set("exp", now.Add(-time.Minute).Unix()) }, "wrong_answer"},
		"callback without iss":      {func(p *rogue.Plan) { p.Callback = func(q url.Values) { q.Del("iss") } }, "wrong_answer"},
		"callback of another":       {func(p *rogue.Plan) { p.Callback = func(q url.Values) { q.Set("iss", "https://elsewhere.invalid") } }, "wrong_answer"},
		"callback without code":     {func(p *rogue.Plan) { p.Callback = func(q url.Values) { q.Del("code") } }, "wrong_answer"},
		"callback with wrong code":  {func(p *rogue.Plan) { p.Callback = func(q url.Values) { q.Set("code", "invented") } }, "wrong_answer"},
		"callback with two states":  {func(p *rogue.Plan) { p.Callback = func(q url.Values) { q.Add("state", q.Get("state")) } }, "used"},
		"callback without state":    {func(p *rogue.Plan) { p.Callback = func(q url.Values) { q.Del("state") } }, "used"},
		"unknown state":             {func(p *rogue.Plan) { p.Callback = func(q url.Values) { q.Set("state", strings.Repeat("0", 64)) } }, "used"},
		"cancelled": {func(p *rogue.Plan) {
			p.Callback = func(q url.Values) { q.Del("code"); q.Set("error", "access_denied") }
		}, "cancelled"},
		"broken": {func(p *rogue.Plan) {
			p.Callback = func(q url.Values) { q.Del("code"); q.Set("error", "server_error") }
		}, "down"},
		"redirecting token endpoint": {instead(rogue.Token, redirect), "wrong_answer"},
		"huge token":                 {instead(rogue.Token, endless), "wrong_answer"},
		"huge userinfo":              {instead(rogue.Userinfo, endless), "wrong_answer"},
		"broken token endpoint":      {instead(rogue.Token, status(http.StatusInternalServerError)), "down"},
		"broken userinfo":            {instead(rogue.Userinfo, status(http.StatusBadGateway)), "down"},
		"slow token endpoint":        {instead(rogue.Token, slow), "down"},
		"slow userinfo":              {instead(rogue.Userinfo, slow), "down"},
		"lower acr":                  {func(p *rogue.Plan) { p.ACR = "eidas1" }, "weak"},
		"weak identity":              {func(p *rogue.Plan) { p.ACR = "eidas0-mfa" }, "weak"},
		"no acr":                     {func(p *rogue.Plan) { p.IDToken = drop("acr") }, "weak"},
	} {
		t.Run(name, func(t *testing.T) {
			plan := sound()
			test.plan(&plan)
			p.Play(plan)
			refused(t, d, test.want)
		})
	}
}

// wrong is a way to be wrong, and the page it gets.
type wrong struct {
	plan func(*rogue.Plan)
	want string
}

// A provider that is down when it is first needed stops that sign-in and nothing else.
func TestSignIn_RefusesWithoutDiscoveryOrKeys(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]wrong{
		"no keys":        {instead(rogue.JWKS, status(http.StatusInternalServerError)), "down"},
		"no discovery":   {instead(rogue.Discovery, status(http.StatusInternalServerError)), "down"},
		"slow discovery": {instead(rogue.Discovery, slow), "down"},
		"discovery of another": {instead(rogue.Discovery, func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write([]byte(`{"issuer":"https://elsewhere.invalid"}`))
		}), "down"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d, p, _ := open(t)
			plan := sound()
			test.plan(&plan)
			p.Play(plan)
			refused(t, d, test.want)
			p.Play(sound())
			b := browse.New()
			browsing(t, func() error {
				d.SignIn(t, b)
				if b.H1() != "espace" {
					return errors.New(b.H1())
				}
				return nil
			})
		})
	}
}

// browsing tries until it works, for what the program remembers for a moment.
func browsing(t *testing.T, try func() error) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		err := try()
		if err == nil {
			return
		}
		if time.Now().After(end) {
			t.Fatal(err)
		}
	}
}

// refused signs in, and expects the page of a refusal, no session and a line in the security log.
func refused(t *testing.T, d *desk.Desk, want string) *browse.Browser {
	t.Helper()
	const events = `select count(*) from security_event where kind = $1 and network = '127.0.0.0/24'`
	before := d.Number(t, events, "sign_in."+want)
	b := browse.New()
	d.SignIn(t, b)
	title := titled(t, d, want)
	if b.H1() != title || b.Status() < 400 {
		t.Errorf("status %d, %q, want the page %q", b.Status(), b.H1(), title)
	}
	if n := d.Number(t, `select count(*) from session where person_id is not null`); n != 0 {
		t.Errorf("%d sessions", n)
	}
	if n := d.Number(t, `select count(*) from journal_entry where action = 'session.opened'`); n != 0 {
		t.Errorf("%d entries", n)
	}
	if n := d.Number(t, events, "sign_in."+want) - before; n != 1 {
		t.Errorf("%d security events", n)
	}
	if err := b.Get(d.URL + "/espace"); err != nil || !strings.HasSuffix(b.URL().Path, session.SignInPath) {
		t.Errorf("at %v, %v", b.URL(), err)
	}
	return b
}

// titled returns the title of a refusal's page, which has all its texts in both languages.
func titled(t *testing.T, d *desk.Desk, name string) (title string) {
	t.Helper()
	for _, lang := range []string{"en", "fr"} {
		for _, part := range []string{".what", ".safe", ".next", ".title"} {
			var err error
			if title, err = d.Pages.Text(lang, "login.problem."+name+part); err != nil {
				t.Fatal(err)
			}
		}
	}
	return title
}

func instead(endpoint string, h http.HandlerFunc) func(*rogue.Plan) {
	return func(p *rogue.Plan) { p.Instead = map[string]http.HandlerFunc{endpoint: h} }
}

func redirect(w http.ResponseWriter, r *http.Request) {
	http.Redirect(w, r, rogue.Moved, http.StatusTemporaryRedirect)
}

func endless(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/jwt")
	for range 2 << 10 {
		if _, err := w.Write(make([]byte, 1<<10)); err != nil {
			return
		}
	}
}

func status(code int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }
}

// stalling begins an answer and never ends it.
func stalling(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/jwt")
	_, _ = w.Write([]byte("ey"))
	_ = http.NewResponseController(w).Flush()
	<-r.Context().Done()
}

// slow answers when nobody waits any longer. The server notices that only when the request's body has been read.
func slow(_ http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body)
	<-r.Context().Done()
}
