package decision_test

import (
	"bytes"
	"net/http"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/legacy"

	"mandat/internal/decision"
)

// contract reads the description as a client does, and holds it to OpenAPI 3.1 itself.
func contract(t testing.TB) routers.Router {
	t.Helper()
	doc, err := openapi3.NewLoader().LoadFromData(decision.OpenAPI)
	if err != nil {
		t.Fatal(err)
	}
	if err := doc.Validate(t.Context()); err != nil {
		t.Fatal(err)
	}
	router, err := legacy.NewRouter(doc)
	if err != nil {
		t.Fatal(err)
	}
	return router
}

// keeps returns what is wrong with an answer, and with the question if it was one, by the description.
func keeps(t testing.TB, router routers.Router, r *http.Request, question []byte, status int, header http.Header, body []byte) (asked, answered error) {
	t.Helper()
	route, path, err := router.FindRoute(r)
	if err != nil {
		t.Fatal(err)
	}
	r.Body = http.NoBody
	in := &openapi3filter.RequestValidationInput{Request: r, PathParams: path, Route: route, Options: &openapi3filter.Options{AuthenticationFunc: openapi3filter.NoopAuthenticationFunc}}
	asked = openapi3filter.ValidateRequestBody(t.Context(), withBody(in, question), route.Operation.RequestBody.Value)
	out := &openapi3filter.ResponseValidationInput{RequestValidationInput: in, Status: status, Header: header, Options: &openapi3filter.Options{IncludeResponseStatus: true}}
	return asked, openapi3filter.ValidateResponse(t.Context(), out.SetBodyBytes(body))
}

func withBody(in *openapi3filter.RequestValidationInput, body []byte) *openapi3filter.RequestValidationInput {
	r := in.Request.Clone(in.Request.Context())
	r.Body, r.ContentLength = http.NoBody, int64(len(body))
	if len(body) > 0 {
		r.Body = readCloser{bytes.NewReader(body)}
	}
	copied := *in
	copied.Request = r
	return &copied
}

type readCloser struct{ *bytes.Reader }

func (readCloser) Close() error { return nil }

// The validator refuses what the description does not allow. It would pass whatever it could not read.
func TestContract_IsSound(t *testing.T) {
	t.Parallel()
	router := contract(t)
	const good = `{"subject":{"type":"aidant","id":"a","properties":{"organisation":"21750001600019"}},"action":{"name":"x"},"resource":{"type":"citizen","id":"b"}}`
	const yes = `{"decision":true,"context":{"mandate":"Qm1Xc0bV9a4hJk6Lw0f8XqzP1m5s0tQm2yq8v7dQn3o","level":"act","identified_by":"known","valid_until":"2026-12-30T22:59:59Z"}}`
	for name, c := range map[string]struct {
		question, answer string
		status           int
		ok, okAnswer     bool
	}{
		"no":               {good, `{"decision":false}`, 200, true, true},
		"why":              {good, `{"decision":false,"context":{"reason":"ended"}}`, 200, true, false},
		"yes without more": {good, `{"decision":true}`, 200, true, false},
		"yes":              {good, yes, 200, true, true},
		"time as a number": {good, strings.Replace(yes, `"2026-12-30T22:59:59Z"`, `1798671599`, 1), 200, true, false},
		"not described":    {good, `{}`, 418, true, false},
		"citizen":          {`{"subject":{"type":"citizen"}}`, `{"error":"invalid_request"}`, 400, false, true},
		"other error":      {good, `{"error":"teapot"}`, 400, true, false},
	} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://localhost/api/decision", http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/json")
		header := http.Header{"Content-Type": {"application/json"}, "Cache-Control": {"no-store"}}
		asked, answered := keeps(t, router, r, []byte(c.question), c.status, header, []byte(c.answer))
		if (asked == nil) != c.ok || (answered == nil) != c.okAnswer {
			t.Errorf("%s: %v; %v", name, asked, answered)
		}
	}
}
