package page_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/uuid"

	"mandat/internal/page"
)

// organised is a site whose pages say for which organisation they were asked.
func organised(t *testing.T) *site {
	t.Helper()
	s := newSite(t, page.RouterOptions{Organised: []string{"/idp/logins/"}})
	pass := func(_ http.ResponseWriter, r *http.Request) (*http.Request, error) { return r, nil }
	for _, a := range []page.Audience{page.Aidant, page.Referent, page.Account, page.Auditor} {
		s.Guard(a, pass)
	}
	say := func(w http.ResponseWriter, r *http.Request) error {
		_, err := fmt.Fprintf(w, "%s|%s|%s|%s", page.Base(r.Context()), r.URL.Path, page.Address(r), r.PathValue("mandate"))
		return err
	}
	s.Get("/mandats/{mandate}", page.Aidant, say)
	s.Post("/mandats/{mandate}/fin", page.Aidant, func(w http.ResponseWriter, r *http.Request) error {
		page.Redirect(w, r, "/mandats/"+r.PathValue("mandate")+"?fin=1")
		return nil
	})
	s.Get("/referent", page.Referent, say)
	s.Get("/compte", page.Account, say)
	s.Get("/audit", page.Auditor, say)
	s.Get("/connexion", page.Browser, say)
	s.Get("/idp/logins/{login}/usager", page.Browser, say)
	s.Get("/mentions", page.Public, say)
	s.Post("/ailleurs", page.Aidant, func(w http.ResponseWriter, r *http.Request) error {
		page.Redirect(w, r, r.URL.Query().Get("to"))
		return nil
	})
	s.Get("/perdu", page.Aidant, func(http.ResponseWriter, *http.Request) error {
		return &page.Problem{Status: http.StatusConflict, Title: "page.problem.conflict.title", What: "page.problem.conflict.what", Next: "page.problem.conflict.next", Link: "/referent", LinkText: "page.home"}
	})
	return s
}

// The organisation of an address reaches the pages that may be about one, and no others are found there.
func TestOrganisation_InTheAddress(t *testing.T) {
	t.Parallel()
	s, id := organised(t), uuid.New()
	base := "/structures/" + id.String()
	for target, want := range map[string]string{
		"/mandats/7?x=1":              "|/mandats/7|/mandats/7?x=1|7",
		base + "/mandats/7?x=1":       base + "|/mandats/7|" + base + "/mandats/7?x=1|7",
		base + "/referent":            base + "|/referent|" + base + "/referent|",
		base + "/idp/logins/9/usager": base + "|/idp/logins/9/usager|" + base + "/idp/logins/9/usager|",
		base + "/compte":              "",
		base + "/audit":               "",
		base + "/connexion":           "",
		base + "/mentions":            "",
		base + "/nulle-part":          "",
		base:                          "",
		base + base + "/referent":     "",
		"/structures/" + strings.ToUpper(id.String()) + "/referent": "",
		"/structures/" + uuid.Nil.String() + "/referent":            "",
		"/structures/x/referent":                                    "",
		"/structures/{" + id.String() + "}/referent":                "",
	} {
		w := s.do(http.MethodGet, target)
		if want == "" {
			if w.Code != http.StatusNotFound {
				t.Errorf("%s: %d %s", target, w.Code, w.Body)
			}
			continue
		}
		if w.Code != http.StatusOK || w.Body.String() != want {
			t.Errorf("%s: %d %s, want %s", target, w.Code, w.Body, want)
		}
	}
	if strings.Contains(s.log.String(), id.String()) {
		t.Error("an organisation's address is in the log")
	}
}

// Redirects and links stay with the organisation where a page may be about one, and leave it where not.
func TestOrganisation_InRedirects(t *testing.T) {
	t.Parallel()
	s := organised(t)
	base := "/structures/" + uuid.NewString()
	if w := s.do(http.MethodPost, base+"/mandats/7/fin"); w.Header().Get("Location") != base+"/mandats/7?fin=1" {
		t.Errorf("%d %s", w.Code, w.Header().Get("Location"))
	}
	if w := s.do(http.MethodPost, "/mandats/7/fin"); w.Header().Get("Location") != "/mandats/7?fin=1" {
		t.Errorf("%d %s", w.Code, w.Header().Get("Location"))
	}
	for to, want := range map[string]string{"/referent": base + "/referent", "/compte": "/compte", "/connexion": "/connexion", "/idp/logins/1/usager": base + "/idp/logins/1/usager",
		"/": "/", base + "/referent": base + "/referent", "/nulle-part": "/nulle-part"} {
		if w := s.do(http.MethodPost, base+"/ailleurs?to="+to); w.Header().Get("Location") != want {
			t.Errorf("to %s: %d %s", to, w.Code, w.Header().Get("Location"))
		}
	}
	if w := s.do(http.MethodGet, base+"/perdu"); !strings.Contains(w.Body.String(), `href="`+base+`/referent"`) {
		t.Errorf("the way on from a problem: %s", w.Body)
	}
}
