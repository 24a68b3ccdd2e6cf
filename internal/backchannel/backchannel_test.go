package backchannel_test

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"github.com/google/uuid"

	"mandat/internal/backchannel"
	"mandat/internal/client"
	"mandat/internal/db"
	"mandat/internal/fixture"
	"mandat/internal/jobs"
	"mandat/internal/mandate"
	"mandat/internal/oidc"
	"mandat/internal/token"
)

const issuer = "https://mandat.test/idp"

// heard is a logout token as a service got it.
type heard struct {
	at     time.Time
	client string
	login  uuid.UUID
}

// hall is a world whose services listen.
type hall struct {
	*fixture.World
	services *backchannel.Services
	keys     *oidc.KeySet
	heard    chan heard

	mu     sync.Mutex
	status map[string]int // what a service answers; 204 when it is not here
}

func newHall(t *testing.T) *hall {
	t.Helper()
	h := &hall{World: fixture.New(t), keys: fixture.KeySet(t), heard: make(chan heard, 100), status: map[string]int{}}
	h.Mandates = h.Mandates.Closing(backchannel.Ended)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { h.listen(t, w, r) }))
	t.Cleanup(server.Close)
	var all []client.Client
	for _, id := range []string{"a", "b", "inside"} {
		all = append(all, client.Client{ID: id, Kind: client.Service, Secret: client.NewSecret(strings.Repeat(id, 32)), Auth: client.SecretBasic, Procedures: []string{fixture.Tax}, RedirectURIs: []string{"https://s.test/r"},
			IDTokenAlg: map[string]string{"b": "RS256"}[id], BackchannelLogoutURI: server.URL + "/" + id})
	}
	registry, err := client.New(all)
	if err != nil {
		t.Fatal(err)
	}
	h.services = backchannel.New(issuer, registry, func() *oidc.KeySet { return h.keys }, h.DB, h.Clock)
	return h
}

// listen is a service: it believes what it can verify.
func (h *hall) listen(t *testing.T, w http.ResponseWriter, r *http.Request) {
	t.Helper()
	id := strings.TrimPrefix(r.URL.Path, "/")
	parsed, err := jwt.ParseSigned(r.FormValue("logout_token"), []jose.SignatureAlgorithm{map[string]jose.SignatureAlgorithm{"a": jose.ES256, "b": jose.RS256}[id]})
	if err != nil || r.Method != http.MethodPost || r.Header.Get("Content-Type") != "application/x-www-form-urlencoded" {
		t.Errorf("%s %s: %v", r.Method, r.URL, err)
		return
	}
	var set jose.JSONWebKeySet
	claims := map[string]any{}
	if err := errors.Join(json.Unmarshal(h.keys.JWKS(), &set), parsed.Claims(set, &claims)); err != nil {
		t.Error(err)
	}
	now := float64(h.Clock.Now().Unix())
	events, err := json.Marshal(claims["events"])
	if err != nil || string(events) != `{"http://schemas.openid.net/event/backchannel-logout":{}}` || claims["iss"] != issuer || claims["aud"] != id || claims["nonce"] != nil || claims["jti"] == "" ||
		claims["sub"] != "sub-of-"+id || claims["iat"].(float64) > now || claims["exp"].(float64)-claims["iat"].(float64) != 120 || parsed.Headers[0].ExtraHeaders[jose.HeaderType] != "logout+jwt" {
		t.Errorf("logout token %v", claims)
	}
	login, err := uuid.Parse(claims["sid"].(string))
	if err != nil {
		t.Error(err)
	}
	h.mu.Lock()
	status := h.status[id]
	h.mu.Unlock()
	if status == 0 {
		status = http.StatusNoContent
	}
	w.WriteHeader(status)
	h.heard <- heard{time.Now(), id, login}
}

// open is a use of a service under a mandate.
func (h *hall) open(t *testing.T, id string, m mandate.Mandate, procedure string) uuid.UUID {
	t.Helper()
	login := token.ID()
	h.write(t, func(tx *db.Tx) {
		backchannel.Open(tx, h.Clock.Now(), backchannel.Session{Login: login, Organisation: m.Organisation, Person: m.Person, Mandate: m.ID, Procedure: procedure, Client: id, Subject: "sub-of-" + id})
	})
	return login
}

func (h *hall) write(t *testing.T, f func(tx *db.Tx)) {
	t.Helper()
	if err := h.DB.Write(t.Context(), db.System(), db.Durable, func(tx *db.Tx) error { f(tx); return nil }); err != nil {
		t.Fatal(err)
	}
}

func (h *hall) work(t *testing.T) {
	t.Helper()
	r, err := jobs.Start(t.Context(), h.App, slog.New(slog.DiscardHandler), nil, h.services.Kind())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		if err := r.Stop(ctx); err != nil {
			t.Error(err)
		}
	})
}

// wanted lists the logins for which there is a job.
func (h *hall) wanted(t *testing.T) map[uuid.UUID]bool {
	t.Helper()
	rows, err := h.Connect(t, h.Superuser).Query(t.Context(), `select (args ->> 'id')::uuid from river_job where args ->> 'name' = $1`, backchannel.Job)
	if err != nil {
		t.Fatal(err)
	}
	out := map[uuid.UUID]bool{}
	for rows.Next() {
		var id uuid.UUID
		if err := rows.Scan(&id); err != nil {
			t.Fatal(err)
		}
		out[id] = true
	}
	return out
}

func (h *hall) sweep(t *testing.T) {
	t.Helper()
	if err := h.services.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func only(t *testing.T, what string, got map[uuid.UUID]bool, want ...uuid.UUID) {
	t.Helper()
	ok := len(got) == len(want)
	for _, id := range want {
		ok = ok && got[id]
	}
	if !ok {
		t.Errorf("%s: jobs for %v, want %v", what, got, want)
	}
}

// The end of a mandate is heard by every service that has something open under it, once, and by nobody else.
func TestEnded_TellsEachServiceOnce(t *testing.T) {
	t.Parallel()
	h := newHall(t)
	m, other := h.Sign(t, h.Jeanne, fixture.Angela(), fixture.Tax, fixture.Housing), h.Sign(t, h.Jeanne, fixture.Citizen(1), fixture.Tax)
	a, b := h.open(t, "a", m, fixture.Tax), h.open(t, "b", m, fixture.Housing)
	h.open(t, "a", other, fixture.Tax)
	h.work(t)
	ended := time.Now()
	if err := h.Mandates.End(t.Context(), h.Paul, m.ID, "citizen"); err != nil {
		t.Fatal(err)
	}
	want := map[uuid.UUID]string{a: "a", b: "b"}
	for range 2 {
		select {
		case got := <-h.heard:
			if want[got.login] != got.client {
				t.Errorf("%s heard of %s", got.client, got.login)
			}
			delete(want, got.login)
			t.Logf("service %s heard after %v", got.client, got.at.Sub(ended))
		case <-time.After(time.Minute):
			t.Fatalf("not told: %v", want)
		}
	}
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
		var left int
		if err := h.Connect(t, h.Superuser).QueryRow(t.Context(), `select count(*) from backchannel_session where told_at is null`).Scan(&left); err != nil {
			t.Fatal(err)
		}
		if left == 1 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d uses of which nobody was told", left)
		}
	}
	h.sweep(t)
	only(t, "afterwards", h.wanted(t), a, b)
	select {
	case got := <-h.heard:
		t.Errorf("%s heard of %s again", got.client, got.login)
	case <-time.After(1500 * time.Millisecond): // longer than a job waits
	}
}

// The end of one power, and of one whose place another takes, concerns the uses of that power alone. What is undone asks for nothing.
func TestEnded_OfOnePower(t *testing.T) {
	t.Parallel()
	h := newHall(t)
	m := h.Sign(t, h.Jeanne, fixture.Angela(), fixture.Tax, fixture.Housing)
	tax, housing := h.open(t, "a", m, fixture.Tax), h.open(t, "b", m, fixture.Housing)
	undone := errors.New("undone")
	err := h.DB.Write(t.Context(), db.System(), db.Durable, func(tx *db.Tx) error {
		backchannel.Ended(tx, h.Clock.Now().Add(100*24*time.Hour), m.ID)
		return undone
	})
	if !errors.Is(err, undone) {
		t.Fatal(err)
	}
	h.write(t, func(tx *db.Tx) { backchannel.Ended(tx, h.Clock.Now(), m.ID) })
	only(t, "while both stand", h.wanted(t))
	if err := h.Mandates.EndPower(t.Context(), h.Jeanne, m.ID, fixture.Housing, "", "citizen"); err != nil {
		t.Fatal(err)
	}
	only(t, "one ended", h.wanted(t), housing)
	h.Sign(t, h.Paul, fixture.Angela(), fixture.Tax)
	only(t, "the other superseded", h.wanted(t), housing, tax)
}

// A death ends the citizen's other mandates too, and their services hear it.
func TestEnded_WithOthers(t *testing.T) {
	t.Parallel()
	h := newHall(t)
	m, other := h.Sign(t, h.Jeanne, fixture.Angela(), fixture.Tax), h.Sign(t, h.Jeanne, fixture.Angela(), fixture.Housing)
	one, two := h.open(t, "a", m, fixture.Tax), h.open(t, "b", other, fixture.Housing)
	if err := h.Mandates.End(t.Context(), h.Jeanne, m.ID, "death"); err != nil {
		t.Fatal(err)
	}
	only(t, "death", h.wanted(t), one, two)
}

// What ends without an act about the mandate is found by looking.
func TestSweep(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]string{
		"power over":          `update mandate_power set starts_at = now() - interval '2 days', ends_at = now() where mandate_id = $1`,
		"aidant suspended":    `update person set suspended_at = now(), suspended_why = 'decided' where id = (select person_id from mandate where id = $1)`,
		"suspended there":     `update membership set suspended_at = now() where person_id = (select person_id from mandate where id = $1)`,
		"certificate over":    `update certification set certified_at = now() - interval '3 years', certified_until = now() where person_id = (select person_id from mandate where id = $1)`,
		"organisation closed": `update organisation set active = false where id = (select organisation_id from mandate where id = $1)`,
		"closed by itself":    `update backchannel_session set over_at = now() where mandate_id = $1`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHall(t)
			m := h.Sign(t, h.Jeanne, fixture.Angela(), fixture.Tax)
			kept := h.Sign(t, h.Ines, fixture.Citizen(1), fixture.Tax)
			login := h.open(t, "a", m, fixture.Tax)
			h.open(t, "b", kept, fixture.Tax)
			h.sweep(t)
			only(t, "while it stands", h.wanted(t))
			h.Behind(t, spoil, m.ID)
			h.sweep(t)
			only(t, "once it is over", h.wanted(t), login)
		})
	}
}

// Nobody is told of what is long past, and it is forgotten.
func TestSweep_Forgets(t *testing.T) {
	t.Parallel()
	h := newHall(t)
	m := h.Sign(t, h.Jeanne, fixture.Angela(), fixture.Tax)
	h.open(t, "a", m, fixture.Tax)
	h.Clock.Advance(24 * time.Hour)
	h.Behind(t, `update mandate_power set state = 'ended', ended_at = now(), end_reason = 'citizen' where mandate_id = $1`, m.ID)
	h.sweep(t)
	h.write(t, func(tx *db.Tx) { backchannel.Ended(tx, h.Clock.Now(), m.ID) })
	only(t, "a day later", h.wanted(t))
	h.Clock.Advance(25 * time.Hour)
	h.sweep(t)
	var left int
	if err := h.Connect(t, h.Superuser).QueryRow(t.Context(), `select count(*) from backchannel_session`).Scan(&left); err != nil || left != 0 {
		t.Errorf("%d rows left, %v", left, err)
	}
}

// A service that answers with an error is told again, and administrators see it meanwhile.
func TestTell_AgainAfterAFailure(t *testing.T) {
	t.Parallel()
	h := newHall(t)
	m := h.Sign(t, h.Jeanne, fixture.Angela(), fixture.Tax)
	login := h.open(t, "a", m, fixture.Tax)
	h.status["a"] = http.StatusInternalServerError
	if err := h.Mandates.End(t.Context(), h.Jeanne, m.ID, "citizen"); err != nil {
		t.Fatal(err)
	}
	h.work(t)
	<-h.heard
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
		list, err := jobs.NewBoard(h.DB).Failed(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if len(list) == 1 {
			if f := list[0]; f.Name != backchannel.Job || f.Given || !strings.Contains(f.Error, "status 500") || strings.Contains(f.Error, "127.0.0.1") {
				t.Errorf("%+v", f)
			}
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("the failure is not on the board")
		}
	}
	h.mu.Lock()
	h.status["a"] = http.StatusOK
	h.mu.Unlock()
	for {
		select {
		case got := <-h.heard:
			if got.login != login {
				t.Errorf("told of %s", got.login)
			}
		case <-time.After(time.Minute):
			t.Fatal("not tried again")
		}
		var told bool
		for deadline := time.Now().Add(2 * time.Second); !told && time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
			if err := h.Connect(t, h.Superuser).QueryRow(t.Context(), `select told_at is not null from backchannel_session where login_id = $1`, login).Scan(&told); err != nil {
				t.Fatal(err)
			}
		}
		if told {
			return
		}
	}
}

// A service that lets us wait holds up nobody but itself: of its calls a few are under way at once, and the others come later.
func TestTell_ASlowServiceHoldsUpNoOther(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	keys := fixture.KeySet(t)
	m := w.Sign(t, w.Jeanne, fixture.Angela(), fixture.Tax)
	quick, release := make(chan struct{}), make(chan struct{})
	var under, most atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/quick" {
			close(quick)
			return
		}
		n := under.Add(1)
		defer under.Add(-1)
		for was := most.Load(); n > was && !most.CompareAndSwap(was, n); was = most.Load() {
		}
		<-release
	}))
	t.Cleanup(server.Close)
	var all []client.Client
	for _, id := range []string{"slow", "quick"} {
		all = append(all, client.Client{ID: id, Kind: client.Service, Secret: client.NewSecret(strings.Repeat(id, 32)), Auth: client.SecretBasic, Procedures: []string{fixture.Tax},
			RedirectURIs: []string{"https://s.test/r"}, BackchannelLogoutURI: server.URL + "/" + id})
	}
	registry, err := client.New(all)
	if err != nil {
		t.Fatal(err)
	}
	h := &hall{World: w, keys: keys, services: backchannel.New(issuer, registry, func() *oidc.KeySet { return keys }, w.DB, w.Clock)}
	for range 30 {
		h.open(t, "slow", m, fixture.Tax)
	}
	h.open(t, "quick", m, fixture.Tax)
	if err := h.Mandates.Closing(backchannel.Ended).End(t.Context(), h.Jeanne, m.ID, "citizen"); err != nil {
		t.Fatal(err)
	}
	h.work(t)
	t.Cleanup(func() { close(release) })
	select {
	case <-quick:
	case <-time.After(time.Minute):
		t.Error("the other service is not told")
	}
	if n := most.Load(); n == 0 || n > 4 {
		t.Errorf("%d calls to one service were under way at once", n)
	}
}
