package apptest

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/google/uuid"
)

// A client of our provider that the test plays itself, registered as FranceConnect is. OtherClient has the same secret and
// address, and is another.
const (
	ClientID       = "relais"
	ClientSecret   = "client-secret-3c5e7a9b1d2f4068ace0"
	ClientCallback = "https://relais.exemple.invalid/retour"
	OtherClient    = "autre-relais"
)

// Values with which the client recognises its request; they look like nothing else.
const (
	ClientState = "5e1f8b7f0c3f4a4d8f0a6d3c2b1a09f85e1f8b7f0c3f4a4d8f0a6d3c2b1a09f8"
	ClientNonce = "a1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f60718293a4b5c6d7e8f90"
)

// Request is the client's authorization request, changed by pairs ("" takes a parameter away).
func Request(changes ...string) string {
	q := Form("response_type", "code", "client_id", ClientID, "redirect_uri", ClientCallback, "scope", "openid profile email birth", "state", ClientState,
		"nonce", ClientNonce, "acr_values", "eidas1", "prompt", "login")
	change(q, changes)
	return "/idp/authorize?" + q.Encode()
}

func change(q url.Values, changes []string) {
	for i := 0; i+1 < len(changes); i += 2 {
		if q.Set(changes[i], changes[i+1]); changes[i+1] == "" {
			q.Del(changes[i])
		}
	}
}

// Begin starts a login in somebody's session and returns the path of its pages, such as /idp/logins/ID.
func (v *Visitor) Begin(ctx context.Context, changes ...string) (string, error) {
	a, err := v.Do(ctx, http.MethodGet, Request(changes...), nil)
	if err != nil {
		return "", err
	}
	path, ok := strings.CutSuffix(a.At.Path, "/usager")
	if !ok {
		return "", fmt.Errorf("authorize: %d, to %q", a.Status, a.At.Path)
	}
	return path, nil
}

// Choose chooses the citizen of a login, and gives the second factor for them.
func (v *Visitor) Choose(ctx context.Context, login string, citizen uuid.UUID) error {
	a, err := v.Do(ctx, http.MethodPost, login+"/usager", Form("usager", citizen.String()))
	if err == nil && a.At.Path != login+"/demarche" {
		err = fmt.Errorf("choose citizen: %d, to %q", a.Status, a.At.Path)
	}
	if err != nil {
		return err
	}
	return v.confirm(ctx, citizen)
}

// Code goes from the request to the code.
func (v *Visitor) Code(ctx context.Context, citizen uuid.UUID, procedure string, changes ...string) (string, error) {
	login, err := v.Begin(ctx, changes...)
	if err != nil {
		return "", err
	}
	if err := v.Choose(ctx, login, citizen); err != nil {
		return "", err
	}
	a, err := v.Do(ctx, http.MethodPost, login+"/demarche", Form("demarche", procedure))
	if err != nil {
		return "", err
	}
	if code := a.At.Query().Get("code"); code != "" {
		return code, nil
	}
	return "", fmt.Errorf("choose procedure: %d, to %q", a.Status, a.At.Path)
}

// MustCode is Code that fails the test.
func (v *Visitor) MustCode(citizen uuid.UUID, procedure string, changes ...string) string {
	v.t.Helper()
	code, err := v.Code(v.t.Context(), citizen, procedure, changes...)
	if err != nil {
		v.t.Fatal(err)
	}
	return code
}

// Redeem presents a code as the client, changed by pairs.
func (s *Site) Redeem(ctx context.Context, code string, changes ...string) (Answer, error) {
	form := Form("grant_type", "authorization_code", "code", code, "redirect_uri", ClientCallback, "client_id", ClientID, "client_secret", ClientSecret)
	change(form, changes)
	return (&Visitor{site: s}).Do(ctx, http.MethodPost, "/idp/token", form)
}

// Token redeems a good code and returns the access token.
func (s *Site) Token(t testing.TB, code string) string {
	t.Helper()
	a, err := s.Redeem(t.Context(), code)
	if err != nil {
		t.Fatal(err)
	}
	access, _ := a.JSON(t)["access_token"].(string)
	if a.Status != http.StatusOK || access == "" {
		t.Fatalf("token: %d %s", a.Status, a.Body)
	}
	return access
}

// UserInfo presents an access token.
func (s *Site) UserInfo(ctx context.Context, access string) (Answer, error) {
	return (&Visitor{site: s}).Do(ctx, http.MethodGet, "/idp/userinfo", nil, "Authorization", "Bearer "+access)
}

var shown = regexp.MustCompile(`name="(version|shown)" value="([^"]+)"`)

// Agreement opens the recap of a draft and returns its form as it is filled in when all is well.
func (v *Visitor) Agreement(ctx context.Context, draft uuid.UUID) (url.Values, error) {
	a, err := v.Do(ctx, http.MethodGet, "/brouillons/"+draft.String()+"/recapitulatif", nil)
	if err != nil {
		return nil, err
	}
	form := Form("agreed", "on", "understood", "until", "reading", "self", "private", "on")
	for _, hidden := range shown.FindAllStringSubmatch(a.Body, -1) {
		form.Set(hidden[1], hidden[2])
	}
	if form.Get("version") == "" {
		return nil, fmt.Errorf("recap: %d, no form to sign", a.Status)
	}
	return form, nil
}

// Sign signs a draft with a form of Agreement. The answer is where the browser was led: the mandate's page, or not.
func (v *Visitor) Sign(ctx context.Context, draft uuid.UUID, agreement url.Values) (mandate uuid.UUID, a Answer, err error) {
	a, err = v.Do(ctx, http.MethodPost, "/brouillons/"+draft.String()+"/signature", agreement)
	if err != nil {
		return uuid.Nil, a, err
	}
	id, found := strings.CutPrefix(a.At.Path, "/mandats/")
	if !found {
		return uuid.Nil, a, fmt.Errorf("sign: %d, to %q", a.Status, a.At.Path)
	}
	mandate, err = uuid.Parse(id)
	return mandate, a, err
}
