package page_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"mandat/internal/page"
)

// A form that was sent too late comes back to its page: that which its route names, or its own address, or the page nearest above it; under its organisation.
func TestBackOf(t *testing.T) {
	t.Parallel()
	s := newSite(t, page.RouterOptions{})
	s.Guard(page.Aidant, func(w http.ResponseWriter, r *http.Request) (*http.Request, error) {
		if r.Method == http.MethodPost {
			to, fields := page.BackOf(r)
			_, err := fmt.Fprint(w, to, fields)
			return nil, err
		}
		return r, nil
	})
	say := func(http.ResponseWriter, *http.Request) error { return nil }
	s.Get("/mandats/{mandate}", page.Aidant, say)
	s.Get("/mandats/{mandate}/page", page.Aidant, say)
	s.Post("/mandats/{mandate}", page.Aidant, say)
	s.Post("/mandats/{mandate}/fin/suite", page.Aidant, say)
	s.Post("/mandats/{mandate}/signature", page.Aidant, say)
	s.ComeBack("POST /mandats/{mandate}", page.Back{Fields: []string{"a", "b-"}})
	s.ComeBack("POST /mandats/{mandate}/signature", page.Back{To: "/mandats/{mandate}/page"})
	h := s.Start()
	for _, base := range []string{"", "/structures/" + uuid.NewString()} {
		for path, want := range map[string]string{"/mandats/7?x=1": "/mandats/7?x=1[a b-]", "/mandats/7/fin/suite": "/mandats/7[]", "/mandats/7/signature": "/mandats/7/page[]"} {
			w := httptest.NewRecorder()
			h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodPost, base+path, nil))
			if got := w.Body.String(); got != base+want {
				t.Errorf("%s: %q, want %q", base+path, got, base+want)
			}
		}
	}
}

// What may wait is what is named, and what begins with a beginning that is named.
func TestForm_Some(t *testing.T) {
	t.Parallel()
	form := page.FilledForm(url.Values{"a": {"1", "2"}, "level-x": {"act"}, "levels": {"x"}, "level": {"y"}, "code": {"123456"}})
	if diff := cmp.Diff(url.Values{"a": {"1", "2"}, "level-x": {"act"}}, form.Some("a", "level-", "none")); diff != "" {
		t.Error(diff)
	}
	if one, other := uuid.New(), uuid.New(); page.AuthorOf(one) == page.AuthorOf(other) {
		t.Error("two people have one mark")
	}
}
