package idp_test

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"mandat/internal/idp"
	"mandat/internal/page"
)

// failing answers as the site does, and lets errors be.
func (s *site) failing() http.Handler {
	router := page.NewRouter(page.RouterOptions{Pages: s.pages, Log: slog.New(slog.DiscardHandler), CrossOrigin: idp.CrossOrigin(), Organised: idp.Organised()})
	router.Guard(page.Browser, s.sessions.Browser)
	s.provider.Mount(router)
	return router.Start()
}

// While the database is down a client is told so in its protocol, and nobody is led anywhere by a request that cannot be trusted.
func TestAuthorize_WhileTheDatabaseIsDown(t *testing.T) {
	t.Parallel()
	s := newSite(t, pusher())
	h := s.failing()
	conn := s.Connect(t, s.Superuser)
	for _, sql := range []string{`do $$ begin execute format('alter database %I connection limit 0', current_database()); end $$`,
		`select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()`} {
		if _, err := conn.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	sound := request().Encode()
	for name, c := range map[string]struct{ query, told string }{
		"sound":                     {sound, "temporarily_unavailable"},
		"wrong":                     {request("response_type", "token").Encode(), "unsupported_response_type"},
		"to an unregistered place":  {request("redirect_uri", "https://elsewhere.exemple.invalid/").Encode(), ""},
		"that waits on this side":   {sound + "&request_uri=" + url.QueryEscape("urn:ietf:params:oauth:request_uri:"+strings.Repeat("A", 43)), ""},
		"of nobody who is known":    {request("client_id", "unknown").Encode(), ""},
		"of who has to push theirs": {asks("service-pushes").Encode(), "invalid_request"},
	} {
		w := httptest.NewRecorder()
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/idp/authorize?"+c.query, nil)
		r.AddCookie(&http.Cookie{Name: "mandat", Value: strings.Repeat("A", 43)})
		h.ServeHTTP(w, r)
		to, err := url.Parse(w.Header().Get("Location"))
		if err != nil {
			t.Fatal(err)
		}
		if c.told == "" {
			if w.Code != http.StatusServiceUnavailable || to.Host != "" {
				t.Errorf("%s: %d to %s", name, w.Code, to)
			}
		} else if q := to.Query(); w.Code != http.StatusSeeOther || q.Get("error") != c.told || q.Get("state") == "" || q.Get("iss") != s.url+"/idp" {
			t.Errorf("%s: %d to %s", name, w.Code, to)
		}
	}
}
