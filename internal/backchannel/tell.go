package backchannel

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/client"
	"mandat/internal/clock"
	"mandat/internal/db"
	"mandat/internal/jobs"
	"mandat/internal/oidc"
	"mandat/internal/outward"
	"mandat/internal/token"
)

// tokenLife is how long a logout token is good (§4 of the specification: at most two minutes).
const tokenLife = 2 * time.Minute

// A service that lets us wait must not hold up what others are told: of the calls to one a few are under way at once, on each server, and the
// next comes when one is through.
const (
	callsEach = 4
	comeBack  = time.Second
)

// event is what makes a JWT a logout token (§2.4).
const event = "http://schemas.openid.net/event/backchannel-logout"

// Services tells services. It may be used concurrently.
type Services struct {
	issuer            string
	clients           *client.Registry
	keys              func() *oidc.KeySet
	db                *db.DB
	clock             *clock.Clock
	anywhere, outside *http.Client

	mu      sync.Mutex
	calling map[string]int // by client, how many calls are under way
}

// New returns what tells the services of a provider with this issuer, signing with the keys of its ID tokens.
func New(issuer string, clients *client.Registry, keys func() *oidc.KeySet, d *db.DB, c *clock.Clock) *Services {
	return &Services{issuer: issuer, clients: clients, keys: keys, db: d, clock: c, anywhere: outward.New(true), outside: outward.New(false),
		calling: map[string]int{}}
}

// Kind is the job, for jobs.Start. One that fails is tried again for eleven hours, and is on the administrators' board until it goes well.
func (s *Services) Kind() jobs.Kind {
	return jobs.Kind{Name: Job, Timeout: 2 * outward.Timeout, Work: func(ctx context.Context, login uuid.UUID, _ bool) error { return s.tell(ctx, login) }}
}

// logoutToken holds the claims of §2.4. There is no nonce, so that it is never taken for an ID token.
type logoutToken struct {
	Issuer   string              `json:"iss"`
	Audience string              `json:"aud"`
	IssuedAt int64               `json:"iat"`
	Expiry   int64               `json:"exp"`
	ID       string              `json:"jti"`
	Events   map[string]struct{} `json:"events"`
	Subject  string              `json:"sub"`
	Session  string              `json:"sid"`
}

// tell tells the service of one use that it is over. Of a use that it was told of, or that is forgotten, it does nothing; nor for a client
// that is gone or wants to hear nothing any more.
func (s *Services) tell(ctx context.Context, login uuid.UUID) error {
	var of, subject string
	err := s.db.Read(ctx, db.System(), func(tx pgx.Tx) error {
		return tx.QueryRow(ctx, `select client, sub from backchannel_session where login_id = $1 and told_at is null`, login).Scan(&of, &subject)
	})
	if errors.Is(err, pgx.ErrNoRows) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("tell service of %s: %w", login, err)
	}
	to, err := s.clients.Find(ctx, of)
	if errors.Is(err, client.ErrUnknown) || err == nil && to.BackchannelLogoutURI == "" {
		return s.told(ctx, login)
	}
	if err != nil {
		return fmt.Errorf("tell service of %s: %w", login, err)
	}
	if !s.enter(to.ID) {
		return jobs.Later(comeBack)
	}
	defer s.leave(to.ID)
	if err := s.post(ctx, to, subject, login); err != nil {
		return fmt.Errorf("tell service %s that %s is over: %w", to.ID, login, err)
	}
	return s.told(ctx, login)
}

// enter reports whether one more call to a client may begin; then leave has to follow it.
func (s *Services) enter(id string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.calling[id] >= callsEach {
		return false
	}
	s.calling[id]++
	return true
}

func (s *Services) leave(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.calling[id]--; s.calling[id] == 0 {
		delete(s.calling, id)
	}
}

// post sends the logout token (§2.5). Whatever the service answers with is not read, but for its status.
func (s *Services) post(ctx context.Context, to *client.Client, subject string, login uuid.UUID) error {
	now := s.clock.Now()
	claims := logoutToken{Issuer: s.issuer, Audience: to.ID, IssuedAt: now.Unix(), Expiry: now.Add(tokenLife).Unix(), ID: token.ID().String(), Events: map[string]struct{}{event: {}},
		Subject: subject, Session: login.String()}
	signed, err := s.keys().Sign(to.SigningAlg(), oidc.TypeLogout, claims)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, to.BackchannelLogoutURI, strings.NewReader(url.Values{"logout_token": {signed}}.Encode()))
	if err != nil {
		return errors.New("its address cannot be called")
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	way := s.outside
	if to.Filed {
		way = s.anywhere
	}
	res, err := way.Do(req)
	if err != nil {
		return plain(err)
	}
	defer func() { _ = res.Body.Close() }()
	_, _ = io.Copy(io.Discard, io.LimitReader(res.Body, 4096)) // so that the connection can be used again
	if res.StatusCode != http.StatusOK && res.StatusCode != http.StatusNoContent {
		return fmt.Errorf("it answered with status %d", res.StatusCode)
	}
	return nil
}

// plain is an error of a call without the address, in which there may be a secret of the service.
func plain(err error) error {
	if wrapped, ok := errors.AsType[*url.Error](err); ok {
		return wrapped.Err
	}
	return err
}

func (s *Services) told(ctx context.Context, login uuid.UUID) error {
	err := s.db.Write(ctx, db.System(), db.Durable, func(tx *db.Tx) error {
		tx.Queue(`update backchannel_session set told_at = $2 where login_id = $1`, login, s.clock.Now())
		return nil
	})
	if err != nil {
		return fmt.Errorf("note that the service of %s was told: %w", login, err)
	}
	return nil
}
