package apptest

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/google/uuid"

	"mandat/internal/journal"
	"mandat/internal/session"
)

// Visitor sends bare requests, follows no redirect and shows no page: for what a browser would not do.
type Visitor struct {
	By     journal.Actor // with this session
	Cookie string        // the session's secret; "" for a stranger
	site   *Site
	t      testing.TB
}

// Answer is a response that was read.
type Answer struct {
	Status int
	Header http.Header
	Body   string
	At     *url.URL // where a redirect leads; empty without one
}

// JSON reads the body.
func (a Answer) JSON(t testing.TB) map[string]any {
	t.Helper()
	m := map[string]any{}
	if err := json.Unmarshal([]byte(a.Body), &m); err != nil {
		t.Errorf("%q is not JSON: %v", a.Body, err)
	}
	return m
}

// Stranger has no session.
func (s *Site) Stranger(t testing.TB) *Visitor {
	t.Helper()
	return &Visitor{site: s, t: t}
}

// Visit opens a session for somebody as a sign-in does, without ProConnect. by.FactorAt is when they gave a second factor.
func (s *Site) Visit(t testing.TB, by journal.Actor) *Visitor {
	t.Helper()
	sessions := session.New(s.DB, s.Clock, false)
	role := session.Aidant
	switch {
	case by.Kind == journal.Auditor:
		role = session.Auditor
	case by.Person == s.Odile.Person:
		role = session.Referent
	}
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
	empty, err := sessions.Ensure(httptest.NewRecorder(), r)
	if err != nil {
		t.Fatal(err)
	}
	v := &Visitor{By: by, site: s, t: t}
	err = s.Journal.Record(t.Context(), by, func(tx *journal.Tx) (journal.Event, error) {
		who := session.SignedIn{Person: by.Person, Role: role, FactorAt: by.FactorAt, FactorKind: session.FactorPasskey, Method: session.ByPasskey}
		if by.Organisation != uuid.Nil {
			who.Places = []session.Place{{Organisation: by.Organisation, Role: role}}
		}
		opened, err := sessions.Open(t.Context(), tx, empty, who)
		v.Cookie = opened.Secret()
		return journal.Event{Action: "session.opened"}, err
	})
	if err != nil {
		t.Fatal(err)
	}
	again := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
	again.AddCookie(&http.Cookie{Name: "mandat", Value: v.Cookie})
	passed, err := sessions.Browser(httptest.NewRecorder(), again)
	if err != nil {
		t.Fatal(err)
	}
	v.By = session.From(passed.Context()).Actor()
	return v
}

// newClient follows no redirect. Each site has its own: its connections are closed before the site is stopped, which would
// wait for those on which nothing was ever asked.
func newClient() *http.Client {
	return &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 40}, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// Do sends a request; headers are pairs. It may be called from any goroutine.
func (v *Visitor) Do(ctx context.Context, method, path string, form url.Values, headers ...string) (Answer, error) {
	r, err := http.NewRequestWithContext(ctx, method, v.site.URL+path, strings.NewReader(form.Encode()))
	if err != nil {
		return Answer{}, err
	}
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	if v.Cookie != "" {
		r.AddCookie(&http.Cookie{Name: "mandat", Value: v.Cookie})
	}
	resp, err := v.site.client.Do(r)
	if err != nil {
		return Answer{}, err
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return Answer{}, err
	}
	at, err := resp.Location()
	if err != nil {
		at = &url.URL{}
	}
	return Answer{Status: resp.StatusCode, Header: resp.Header, Body: string(body), At: at}, nil
}

func (v *Visitor) send(method, path string, form url.Values, headers ...string) Answer {
	v.t.Helper()
	a, err := v.Do(v.t.Context(), method, path, form, headers...)
	if err != nil {
		v.t.Errorf("%s %s: %v", method, path, err)
		return Answer{At: &url.URL{}}
	}
	return a
}

// Get asks for a path of the site; headers are pairs.
func (v *Visitor) Get(path string, headers ...string) Answer {
	v.t.Helper()
	return v.send(http.MethodGet, path, nil, headers...)
}

// Post sends a form, given as pairs of name and value.
func (v *Visitor) Post(path string, pairs ...string) Answer {
	v.t.Helper()
	return v.send(http.MethodPost, path, Form(pairs...))
}

// Form makes a form of pairs of name and value.
func Form(pairs ...string) url.Values {
	form := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		form.Add(pairs[i], pairs[i+1])
	}
	return form
}
