package app_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers/legacy"
	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"mandat/internal/apptest"
	"mandat/internal/decision"
	"mandat/internal/fixture"
	"mandat/internal/token"
)

// readable tells the validator how bodies are read that it has not heard of, once.
var readable = sync.OnceFunc(func() {
	openapi3filter.RegisterBodyDecoder("application/statuslist+jwt", openapi3filter.PlainBodyDecoder)
	openapi3filter.RegisterBodyDecoder("application/jwk-set+json", openapi3filter.JSONBodyDecoder)
	openapi3filter.RegisterBodyDecoder("text/html", openapi3filter.PlainBodyDecoder)
})

func description(t *testing.T) *openapi3.T {
	t.Helper()
	readable()
	doc, err := openapi3.NewLoader().LoadFromData(decision.OpenAPI)
	must(t, err)
	must(t, doc.Validate(t.Context()))
	return doc
}

// What programs ask of us beside OpenID Connect is described, all of it and nothing else.
func TestOpenAPI_DescribesTheRoutes(t *testing.T) {
	t.Parallel()
	site := apptest.Start(t)
	var described, served []string
	for path, item := range description(t).Paths.Map() {
		for method := range item.Operations() {
			described = append(described, method+" "+path)
		}
	}
	for _, r := range site.App.Routes() {
		if strings.HasPrefix(r.Pattern, "/api/") || strings.HasPrefix(r.Pattern, "/recus/") {
			served = append(served, r.Method+" "+r.Pattern)
		}
	}
	slices.Sort(described)
	slices.Sort(served)
	if !slices.Equal(described, served) || len(served) == 0 {
		t.Errorf("described are %v, served %v", described, served)
	}
}

// asDescribed sends a request, whose answer has to keep to the description.
func asDescribed(t *testing.T, r *http.Request) (status int, body []byte) {
	t.Helper()
	router, err := legacy.NewRouter(description(t))
	must(t, err)
	route, path, err := router.FindRoute(r)
	must(t, err)
	resp, err := http.DefaultClient.Do(r)
	must(t, err)
	defer func() { _ = resp.Body.Close() }()
	body, err = io.ReadAll(resp.Body)
	must(t, err)
	out := &openapi3filter.ResponseValidationInput{RequestValidationInput: &openapi3filter.RequestValidationInput{Request: r, PathParams: path, Route: route}, Status: resp.StatusCode, Header: resp.Header,
		Options: &openapi3filter.Options{IncludeResponseStatus: true}}
	if err := openapi3filter.ValidateResponse(t.Context(), out.SetBodyBytes(body)); err != nil {
		t.Errorf("%s: %d %s is not as described: %v", r.URL.Path, resp.StatusCode, body, err)
	}
	return resp.StatusCode, body
}

// What anybody may fetch is as described.
func TestOpenAPI_OfWhatIsPublic(t *testing.T) {
	t.Parallel()
	site := apptest.Start(t)
	v := site.Visit(t, fresh(site, site.Jeanne))
	m := site.Sign(t, v.By, fixture.Angela(), fixture.Tax)
	if a := v.Post("/mandats/" + m.ID.String() + "/recu"); a.Status != http.StatusOK {
		t.Fatal(a.Status)
	}
	for path, want := range map[string]int{"/api/openapi.json": 200, "/recus/cles": 200, "/recus/statuts/1": 200, "/recus/statuts/999": 404} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, site.URL+path, http.NoBody)
		must(t, err)
		if got, body := asDescribed(t, r); got != want {
			t.Errorf("%s: %d %s", path, got, body)
		}
	}
}

// proof is a proof of possession of a key (RFC 9449 §4.2), for an access token unless that is "".
func proof(t *testing.T, site *apptest.Site, key *ecdsa.PrivateKey, path, access string) string {
	t.Helper()
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: key}, (&jose.SignerOptions{}).WithType("dpop+jwt").WithHeader("jwk", jose.JSONWebKey{Key: key.Public()}))
	must(t, err)
	claims := map[string]any{"jti": token.Hex(16), "htm": http.MethodPost, "htu": site.URL + path, "iat": site.Clock.Now().Unix()}
	if access != "" {
		sum := sha256.Sum256([]byte(access))
		claims["ath"] = base64.RawURLEncoding.EncodeToString(sum[:])
	}
	text, err := jwt.Signed(signer).Claims(claims).Serialize()
	must(t, err)
	return text
}

// The whole way of a service that asks: it is told of both people at a login, takes a token for itself, asks with their names and is told yes, about the
// very mandate that it was told of; the aidant's organisation ends the mandate, it is told no, and the aidant reads why.
func TestDecision_WholeWay(t *testing.T) {
	t.Parallel()
	registration, _ := ownService(t)
	registration["decision"] = true
	site := apptest.Start(t, func(o *apptest.Options) { o.Clients = []map[string]any{registration} })
	u := newUse(t, site, 1)
	answer := ownToken(t.Context(), t, site, u.v, u)
	var told struct {
		Sub     string `json:"sub"`
		Act     struct{ Sub string }
		Details []struct{ Identifier string } `json:"authorization_details"`
	}
	payload, err := base64.RawURLEncoding.DecodeString(strings.Split(answer["id_token"].(string), ".")[1])
	must(t, err)
	must(t, json.Unmarshal(payload, &told))
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	a, err := site.Stranger(t).Do(t.Context(), http.MethodPost, "/idp/token", url.Values{"grant_type": {"client_credentials"}, "scope": {"decision"}},
		"Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(ownID+":"+ownSecret)), "DPoP", proof(t, site, key, "/idp/token", ""))
	if err != nil || a.Status != http.StatusOK {
		t.Fatalf("token: %v %d %s", err, a.Status, a.Body)
	}
	access := a.JSON(t)["access_token"].(string)
	ask := func() string {
		t.Helper()
		question := map[string]any{"subject": map[string]any{"type": "aidant", "id": told.Act.Sub, "properties": map[string]any{"organisation": "21750001600019"}},
			"action": map[string]any{"name": fixture.Tax}, "resource": map[string]any{"type": "citizen", "id": told.Sub}}
		body, err := json.Marshal(question)
		must(t, err)
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, site.URL+"/api/decision", strings.NewReader(string(body)))
		must(t, err)
		for name, value := range map[string]string{"Content-Type": "application/json", "Authorization": "DPoP " + access, "DPoP": proof(t, site, key, "/api/decision", access)} {
			r.Header.Set(name, value)
		}
		status, got := asDescribed(t, r)
		if status != http.StatusOK {
			t.Fatalf("%d %s", status, got)
		}
		return string(got)
	}
	var yes struct {
		Decision bool
		Context  struct{ Mandate string }
	}
	must(t, json.Unmarshal([]byte(ask()), &yes))
	if !yes.Decision || len(told.Details) != 1 || yes.Context.Mandate != told.Details[0].Identifier {
		t.Errorf("yes %+v, told %+v", yes, told)
	}
	if a := u.v.Post("/mandats/"+u.mandate.ID.String()+"/fin", "reason", "citizen"); a.Status != http.StatusSeeOther {
		t.Fatalf("end: %d", a.Status)
	}
	if got := ask(); got != `{"decision":false}` {
		t.Error(got)
	}
	if a := u.v.Get("/espace/refus"); a.Status != http.StatusOK || !strings.Contains(a.Body, "Les impôts") || !strings.Contains(a.Body, "Il avait été mis fin au mandat") {
		t.Errorf("%d %s", a.Status, a.Body)
	}
}
