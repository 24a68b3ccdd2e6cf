package browse_test

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"
)

// site is a small web: one server seen as localhost and as 127.0.0.2 (another site), and a second port of localhost
// (another origin of the same site). It notes what every request carries.
type site struct {
	home, port, other string // origins

	mu   sync.Mutex
	seen []string
}

func newSite(t *testing.T) *site {
	t.Helper()
	s := &site{}
	listen := func(host string) string {
		l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", host+":0")
		if err != nil {
			t.Fatal(err)
		}
		server := &httptest.Server{Listener: l, Config: &http.Server{Handler: http.HandlerFunc(s.serve), ReadHeaderTimeout: time.Minute}}
		server.Start()
		t.Cleanup(server.Close)
		return strings.Replace(server.URL, "127.0.0.1", "localhost", 1)
	}
	s.home, s.port, s.other = listen("127.0.0.1"), listen("127.0.0.1"), listen("127.0.0.2")
	return s
}

// named replaces ports, which differ from run to run, by the role of the origin.
func (s *site) named(text string) string {
	return strings.NewReplacer(s.home, "home", s.port, "port", s.other, "other").Replace(text)
}

func (s *site) note(r *http.Request) {
	origin := "http://" + r.Host
	line := fmt.Sprintf("%s %s%s |", r.Method, origin, r.URL.Path)
	for _, h := range []string{"Sec-Fetch-Site", "Sec-Fetch-Mode", "Sec-Fetch-Dest", "Sec-Fetch-User", "Origin", "Referer", "Cookie", "Content-Type"} {
		if v := r.Header.Get(h); v != "" {
			line += fmt.Sprintf(" %s: %s |", h, v)
		}
	}
	if r.Method == http.MethodPost {
		_ = r.ParseForm()
		line += " " + r.PostForm.Encode()
	}
	s.mu.Lock()
	s.seen = append(s.seen, s.named(line))
	s.mu.Unlock()
}

func (s *site) requests() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.seen...)
}

var cookies = []string{
	"plain=1", "strict=1; SameSite=Strict", "lax=1; SameSite=Lax; HttpOnly", "none=1; SameSite=None; Secure", "none-insecure=1; SameSite=None",
	"secure=1; Secure", "__Host-good=1; Secure; Path=/", "__Host-insecure=1; Path=/", "__Host-path=1; Secure; Path=/sub", "__Secure-insecure=1; Path=/",
	"sub=1; Path=/sub", "gone=1", "gone=; Max-Age=0", "domain=1; Domain=example.org",
}

func (s *site) serve(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/favicon.ico" {
		http.NotFound(w, r)
		return
	}
	s.note(r)
	w.Header().Set("Cache-Control", "no-store")
	if to := r.URL.Query().Get("to"); to != "" { // /302?to=…
		status := http.StatusSeeOther
		_, _ = fmt.Sscanf(r.URL.Path, "/%d", &status)
		w.Header().Set("Location", to)
		w.WriteHeader(status)
		return
	}
	switch r.URL.Path {
	case "/start":
		for _, c := range cookies {
			w.Header().Add("Set-Cookie", c)
		}
	case "/no-referrer", "/same-origin", "/origin", "/unsafe-url":
		w.Header().Set("Referrer-Policy", r.URL.Path[1:])
	case "/locked":
		w.Header().Set("Content-Security-Policy", "default-src 'self'; form-action 'self' "+s.port)
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = fmt.Fprintf(w, page, s.links(), s.forms())
}

const page = `<!DOCTYPE html><html lang="fr"><head><title>Une page</title></head><body><h1>Bonjour</h1>%s%s</body></html>`

// chains are the addresses that links and forms lead to, by the id of the link; the form's button has the id "post-…".
func (s *site) chains() [][2]string {
	via := func(status int, at, to string) string {
		return fmt.Sprintf("%s/%d?to=%s", at, status, url.QueryEscape(to))
	}
	return [][2]string{
		{"home", s.home + "/sub/page"},
		{"port", s.port + "/page"},
		{"other", s.other + "/page"},
		{"seeother", via(303, s.home, s.home+"/page")},
		{"found", via(302, s.home, s.home+"/page")},
		{"temporary", via(307, s.home, s.home+"/page")},
		{"away", via(303, s.home, s.other+"/page")},
		{"round", via(303, s.home, via(302, s.other, s.home+"/page"))},
		{"round307", via(307, s.home, via(307, s.other, s.home+"/page"))},
		{"toport", via(303, s.home, s.port+"/page")},
	}
}

func (s *site) links() string {
	var b strings.Builder
	for _, c := range s.chains() {
		_, _ = fmt.Fprintf(&b, `<p><a id="%s" href="%s">lien %s</a></p>`, c[0], strings.ReplaceAll(c[1], "&", "&amp;"), c[0])
	}
	return b.String()
}

func (s *site) forms() string {
	var b strings.Builder
	for _, c := range s.chains() {
		_, _ = fmt.Fprintf(&b, `<form method="post" action="%s"><input type="hidden" name="h" value="é &amp;"><button id="post-%s" name="go" value="%s">envoyer %s</button></form>`, strings.ReplaceAll(c[1], "&", "&amp;"), c[0], c[0], c[0])
	}
	return b.String()
}
