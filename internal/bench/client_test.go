package bench

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"mandat/internal/db"
	"mandat/internal/fixture"
	"mandat/internal/journal"
	"mandat/internal/token"
)

// browser is somebody signed in at the program under test, or at its rival. It follows no redirect.
type browser struct {
	wire    *wire
	fields  string // of the header, each with its line break
	session []byte // the session's id; nil for a client
	citizen uuid.UUID
}

// errBusy is the answer 503.
var errBusy = errors.New("busy")

// answered is what the benchmark looks at of an answer.
type answered struct {
	status int
	at     *url.URL
	body   []byte
}

func (br *browser) do(ctx context.Context, method, path string, form url.Values, bearer string) (answered, error) {
	fields := br.fields
	if bearer != "" {
		fields = "Authorization: Bearer " + bearer + "\r\n"
	}
	got, err := br.wire.exchange(ctx, method, path, fields, form.Encode())
	a := answered{status: got.status, at: &url.URL{}, body: got.body}
	if err != nil {
		return a, err
	}
	if a.status == http.StatusServiceUnavailable {
		return a, errBusy
	}
	if got.location != "" {
		a.at, err = url.Parse(got.location)
	}
	return a, err
}

// signIn opens sessions for an aidant, as sign-ins and step-ups leave them: the second factor of each was given for one of the
// citizens, in turn.
func (p *place) signIn(b *testing.B, by journal.Actor, count int, citizens []uuid.UUID, server *wire) []*browser {
	b.Helper()
	var out []*browser
	now := p.Clock.Now()
	err := p.DB.Write(b.Context(), db.System(), db.Durable, func(tx *db.Tx) error {
		for n := range count {
			secret, hash := token.New()
			br := &browser{server, "Cookie: mandat=" + secret + "\r\n", token.Bytes(32), citizens[n%len(citizens)]}
			out = append(out, br)
			tx.Queue(`insert into session (id, cookie, browser, person_id, organisation_id, role, method, factor_at, factor_kind, factor_citizen, created_at, seen_at, expires_at)
				values ($1, $2, sha256($1), $3, $4, $8, 'passkey', $5, 'passkey', $7, $5, $5, $6)`,
				br.session, hash, by.Person, db.OrNull(by.Organisation), now, now.Add(12*time.Hour), db.OrNull(br.citizen), string(by.Kind))
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
	return out
}

// authorization is FranceConnect's request.
var authorization = "/idp/authorize?" + url.Values{"response_type": {"code"}, "client_id": {clientID}, "redirect_uri": {callback}, "scope": {"openid profile email birth"},
	"state": {strings.Repeat("5e1f8b7f", 8)}, "nonce": {strings.Repeat("a1b2c3d4", 8)}, "acr_values": {"eidas1"}, "prompt": {"login"}}.Encode()

// use goes all the way: the request, both pages with their forms, the token and the identity.
func (br *browser) use(ctx context.Context) error {
	a, err := br.do(ctx, http.MethodGet, authorization, nil, "")
	login, found := strings.CutSuffix(a.at.Path, "/usager")
	if err != nil || !found {
		return fmt.Errorf("authorize: %d to %q, %w", a.status, a.at.Path, err)
	}
	if a, err = br.do(ctx, http.MethodGet, login+"/usager", nil, ""); err != nil || a.status != http.StatusOK {
		return fmt.Errorf("page of the citizen: %d, %w", a.status, err)
	}
	if a, err = br.do(ctx, http.MethodPost, login+"/usager", url.Values{"usager": {br.citizen.String()}}, ""); err != nil || a.at.Path != login+"/demarche" {
		return fmt.Errorf("citizen: %d to %q, %w", a.status, a.at.Path, err)
	}
	if a, err = br.do(ctx, http.MethodGet, login+"/demarche", nil, ""); err != nil || a.status != http.StatusOK {
		return fmt.Errorf("page of the procedure: %d, %w", a.status, err)
	}
	if a, err = br.do(ctx, http.MethodPost, login+"/demarche", url.Values{"demarche": {fixture.Tax}}, ""); err != nil || a.at.Query().Get("code") == "" {
		return fmt.Errorf("procedure: %d to %q, %w", a.status, a.at.Path, err)
	}
	franceconnect := browser{wire: br.wire}
	form := url.Values{"grant_type": {"authorization_code"}, "code": {a.at.Query().Get("code")}, "redirect_uri": {callback}, "client_id": {clientID}, "client_secret": {clientSecret}}
	if a, err = franceconnect.do(ctx, http.MethodPost, "/idp/token", form, ""); err != nil || a.status != http.StatusOK {
		return fmt.Errorf("token: %d, %w", a.status, err)
	}
	var given struct {
		Access string `json:"access_token"`
	}
	if err := json.Unmarshal(a.body, &given); err != nil {
		return fmt.Errorf("token: %w", err)
	}
	if a, err = franceconnect.do(ctx, http.MethodGet, "/idp/userinfo", nil, given.Access); err != nil || a.status != http.StatusOK {
		return fmt.Errorf("userinfo: %d, %w", a.status, err)
	}
	return nil
}

// exchange is as many requests to the rival.
func (br *browser) exchange(ctx context.Context) error {
	form := url.Values{"usager": {"0197c1f0-0000-7000-8000-000000000000"}}
	for _, step := range []struct {
		method, path string
		form         url.Values
		want         int
	}{{http.MethodGet, authorization, nil, 303}, {http.MethodGet, "/page", nil, 200}, {http.MethodPost, "/choice", form, 303}, {http.MethodGet, "/page", nil, 200},
		{http.MethodPost, "/choice", form, 303}, {http.MethodPost, "/idp/token", form, 200}, {http.MethodGet, "/idp/userinfo", nil, 200}} {
		if a, err := br.do(ctx, step.method, step.path, step.form, ""); err != nil || a.status != step.want {
			return fmt.Errorf("%s: %d, %w", step.path, a.status, err)
		}
	}
	return nil
}
