package rogue

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Lie is an answer that no relying party must believe.
type Lie struct {
	Tell   func(*Plan)
	Down   bool // it may work later: the provider is broken, or late
	Late   bool // it does not answer in any time
	Signed bool // the relying party has had an ID token, whatever that is worth
}

// Lies are the ways in which an answer can be wrong for every relying party, by name. now is the time; "somebody-else" and
// https://elsewhere.invalid are nobody.
func Lies(now time.Time) map[string]Lie {
	out := map[string]Lie{}
	add := func(signed bool, lies map[string]func(*Plan)) {
		for name, tell := range lies {
			late := strings.HasPrefix(name, "slow ") || strings.HasPrefix(name, "stalling ")
			out[name] = Lie{Tell: tell, Signed: signed, Late: late, Down: late || strings.HasPrefix(name, "broken ")}
		}
	}
	add(true, wrongTokens(now))
	add(true, wrongUserinfo(now))
	add(true, map[string]func(*Plan){
		"huge userinfo":     Instead(Userinfo, endless),
		"broken userinfo":   Instead(Userinfo, Status(http.StatusBadGateway)),
		"slow userinfo":     Instead(Userinfo, Slow),
		"stalling userinfo": Instead(Userinfo, stalling),
	})
	add(false, map[string]func(*Plan){
		"redirecting token endpoint": Instead(Token, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, Moved, http.StatusTemporaryRedirect) }),
		"huge token":                 Instead(Token, endless),
		"broken token endpoint":      Instead(Token, Status(http.StatusInternalServerError)),
		"slow token endpoint":        Instead(Token, Slow),
		"callback without iss":       callback(func(q url.Values) { q.Del("iss") }),
		"callback of another":        callback(func(q url.Values) { q.Set("iss", "https://elsewhere.invalid") }),
		"callback without code":      callback(func(q url.Values) { q.Del("code") }),
		"callback with wrong code":   callback(func(q url.Values) { q.Set("code", "invented") }),
	})
	return out
}

func wrongTokens(now time.Time) map[string]func(*Plan) {
	set := func(name string, value any) func(*Plan) { return func(p *Plan) { p.IDToken = Set(name, value) } }
	drop := func(name string) func(*Plan) { return func(p *Plan) { p.IDToken = Drop(name) } }
	return map[string]func(*Plan){
		"nonce":                   set("nonce", strings.Repeat("0", 64)),
		"no nonce":                drop("nonce"),
		"issuer":                  set("iss", "https://elsewhere.invalid"),
		"audience":                set("aud", "somebody-else"),
		"two audiences":           set("aud", []string{"mandat", "somebody-else"}),
		"azp":                     set("azp", "somebody-else"),
		"expired":                 set("exp", now.Add(-time.Minute).Unix()),
		"no expiry":               drop("exp"),
		"of the future":           set("iat", now.Add(time.Hour).Unix()),
		"no time":                 drop("iat"),
		"auth_time of the future": set("auth_time", now.Add(time.Hour).Unix()),
		"auth_time of nowhen":     set("auth_time", -1),
		"auth_time not a number":  set("auth_time", "now"),
		"at_hash":                 set("at_hash", "AAAAAAAAAAAAAAAAAAAAAA"),
		"no sub":                  drop("sub"),
		"no sub anywhere":         func(p *Plan) { p.IDToken, p.Userinfo = Drop("sub"), Drop("sub") },
		"forged":                  func(p *Plan) { p.SignIDToken = Forged },
		"changed":                 func(p *Plan) { p.SignIDToken = Changed },
		"alg none":                func(p *Plan) { p.SignIDToken = None },
		"alg HS256":               func(p *Plan) { p.SignIDToken = Secret },
		"another alg":             func(p *Plan) { p.SignIDToken = Other },
	}
}

func wrongUserinfo(now time.Time) map[string]func(*Plan) {
	set := func(name string, value any) func(*Plan) { return func(p *Plan) { p.Userinfo = Set(name, value) } }
	return map[string]func(*Plan){
		"userinfo of another":       set("sub", "somebody-else"),
		"userinfo plain":            func(p *Plan) { p.PlainUserinfo = true },
		"userinfo not called a JWT": func(p *Plan) { p.UserinfoType = "application/json" },
		"huge userinfo, signed":     set("padding", strings.Repeat("x", 2<<20)),
		"userinfo forged":           func(p *Plan) { p.SignUserinfo = Forged },
		"userinfo alg none":         func(p *Plan) { p.SignUserinfo = None },
		"userinfo alg HS256":        func(p *Plan) { p.SignUserinfo = Secret },
		"userinfo audience":         set("aud", "somebody-else"),
		"userinfo without aud":      func(p *Plan) { p.Userinfo = Drop("aud") },
		"userinfo issuer":           set("iss", "https://elsewhere.invalid"),
		"userinfo expired":          set("exp", now.Add(-time.Minute).Unix()),
	}
}

// Set says another value in a claim.
func Set(name string, value any) func(claims map[string]any) {
	return func(claims map[string]any) { claims[name] = value }
}

// Drop leaves a claim out.
func Drop(name string) func(claims map[string]any) {
	return func(claims map[string]any) { delete(claims, name) }
}

// Failing answers with an OAuth error; description "" is none.
func Failing(code, description string) func(*Plan) {
	return callback(func(q url.Values) {
		q.Del("code")
		q.Set("error", code)
		if description != "" {
			q.Set("error_description", description)
		}
	})
}

func callback(change func(url.Values)) func(*Plan) {
	return func(p *Plan) { p.Callback = change }
}

// Instead answers at an endpoint in the provider's place.
func Instead(endpoint string, h http.HandlerFunc) func(*Plan) {
	return func(p *Plan) { p.Instead = map[string]http.HandlerFunc{endpoint: h} }
}

// Status answers with a status and nothing else.
func Status(code int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }
}

// Slow answers when nobody waits any longer. The server notices that only when the request's body has been read.
func Slow(_ http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body)
	<-r.Context().Done()
}

func endless(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/jwt")
	for range 2 << 10 {
		if _, err := w.Write(make([]byte, 1<<10)); err != nil {
			return
		}
	}
}

// stalling begins an answer and never ends it.
func stalling(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/jwt")
	_, _ = w.Write([]byte("ey"))
	_ = http.NewResponseController(w).Flush()
	<-r.Context().Done()
}
