package apptest

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"mandat/internal/db"
	"mandat/internal/journal"
	"mandat/internal/org"
	"mandat/internal/page"
	"mandat/internal/session"
	"mandat/internal/token"
)

// Visitor sends bare requests, follows no redirect and shows no page: for what a browser would not do.
type Visitor struct {
	By     journal.Actor // with this session
	Cookie string        // the session's secret; "" for a stranger
	site   *Site
	t      testing.TB
	from   string // the address that a proxy says they come from
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
	return s.newVisitor(t)
}

func (s *Site) newVisitor(t testing.TB) *Visitor {
	v := &Visitor{site: s, t: t}
	if s.options.Proxied {
		n := s.visits.Add(1)
		v.from = netip.AddrFrom4([4]byte{198, 18, byte(n >> 8), byte(n)}).String() // a network for measurements, RFC 2544
	}
	return v
}

// Visit opens a session for somebody as a sign-in with a passkey does, without ProConnect. by.FactorAt is when they gave it; the
// organisation of by is where they begin.
func (s *Site) Visit(t testing.TB, by journal.Actor) *Visitor {
	t.Helper()
	sessions := session.New(s.DB, s.Keys, s.Clock, false)
	person, err := s.Directory.Find(t.Context(), by.Person)
	if err != nil {
		t.Fatal(err)
	}
	here := slices.IndexFunc(person.Memberships, func(m org.Membership) bool { return m.Organisation.ID == by.Organisation })
	who := session.SignedIn{Person: by.Person, Role: string(by.Kind), FactorAt: by.FactorAt, FactorKind: session.FactorPasskey, Method: session.ByPasskey}
	if here >= 0 {
		who.Places = session.Places(person, person.Memberships[here].Organisation.SIRET)
	}
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
	empty, err := sessions.Ensure(httptest.NewRecorder(), r)
	if err != nil {
		t.Fatal(err)
	}
	v := s.newVisitor(t)
	v.By = by
	err = s.Journal.Record(t.Context(), who.Actor(), func(tx *journal.Tx) (journal.Event, error) {
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

// Keep takes the session's cookie that an answer sets, as a browser would: without it, a visitor goes on with the one they came with.
func (v *Visitor) Keep(a Answer) {
	for _, c := range (&http.Response{Header: a.Header}).Cookies() {
		if c.Name == "mandat" {
			v.Cookie = c.Value
		}
	}
}

// Confirm gives the second factor for a citizen, as the page that asks for it in a login does: until another is given, the
// visitor may use that citizen's powers. It does nothing for who has no session any more.
func (v *Visitor) Confirm(citizen uuid.UUID) {
	v.t.Helper()
	if err := v.confirm(v.t.Context(), citizen); err != nil {
		v.t.Error(err)
	}
}

func (v *Visitor) confirm(ctx context.Context, citizen uuid.UUID) error {
	return v.site.DB.Write(ctx, db.Nothing(), db.Soon, func(tx *db.Tx) error {
		_, err := tx.Exec(ctx, `update session set factor_citizen = $2 where browser = (select browser from session where cookie = $1)`, token.Hash(v.Cookie), citizen)
		return err
	})
}

// Under is what the addresses of an organisation's pages begin with, for who has several.
func (s *Site) Under(t testing.TB, organisation uuid.UUID) string {
	t.Helper()
	o, err := s.Directory.Organisation(t.Context(), organisation)
	if err != nil {
		t.Fatal(err)
	}
	return page.BaseOf(o.PublicID)
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
	return v.ask(r)
}

// Upload sends a form that has a file in it, as the field "file".
func (v *Visitor) Upload(ctx context.Context, path string, form url.Values, content string) (Answer, error) {
	var body bytes.Buffer
	parts := multipart.NewWriter(&body)
	for name, values := range form {
		for _, value := range values {
			if err := parts.WriteField(name, value); err != nil {
				return Answer{}, err
			}
		}
	}
	file, err := parts.CreateFormFile("file", "file.csv")
	if err != nil {
		return Answer{}, err
	}
	if _, err := io.WriteString(file, content); err != nil {
		return Answer{}, err
	}
	if err := parts.Close(); err != nil {
		return Answer{}, err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, v.site.URL+path, &body)
	if err != nil {
		return Answer{}, err
	}
	r.Header.Set("Content-Type", parts.FormDataContentType())
	return v.ask(r)
}

func (v *Visitor) ask(r *http.Request) (Answer, error) {
	if v.Cookie != "" {
		r.AddCookie(&http.Cookie{Name: "mandat", Value: v.Cookie})
	}
	if v.from != "" {
		r.Header.Set("X-Forwarded-For", v.from)
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
