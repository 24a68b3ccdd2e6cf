package decision_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/routers"
	"github.com/go-jose/go-jose/v4"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/apitoken"
	"mandat/internal/client"
	"mandat/internal/clientauth"
	"mandat/internal/db"
	"mandat/internal/decision"
	"mandat/internal/dpop"
	"mandat/internal/fixture"
	"mandat/internal/journal"
	"mandat/internal/mandate"
	"mandat/internal/page"
	"mandat/internal/procedure"
	"mandat/internal/session"
	"mandat/internal/token"
	"mandat/web"
)

// The services of every test: one that may ask, one of another sector, one that may not ask, one that takes whom an aidant knows.
const (
	impots  = "impots"
	caf     = "caf"
	quiet   = "quiet"
	lenient = "lenient"

	siret = "21750001600019" // of Here
)

func clients() []client.Client {
	one := func(id string, level procedure.Assurance, asks bool) client.Client {
		return client.Client{ID: id, Name: "Service " + id, Kind: client.Service, Secret: client.NewSecret("0123456789abcdef0123456789abcdef-" + id), Auth: client.SecretBasic,
			Procedures: []string{fixture.Tax}, RedirectURIs: []string{"https://" + id + ".exemple.test/retour"}, IdentityLevel: level, Decision: asks}
	}
	return []client.Client{one(impots, procedure.FranceConnect, true), one(caf, procedure.FranceConnect, true), one(quiet, procedure.FranceConnect, false), one(lenient, procedure.Known, true)}
}

// site is a running API with people.
type site struct {
	*fixture.World
	url      string
	point    *decision.Point
	tokens   *apitoken.Tokens
	gate     *clientauth.Gate
	clients  *client.Registry
	contract routers.Router
	callers  map[string]caller
}

// caller is a service with its token and the key that it is bound to.
type caller struct {
	key   *ecdsa.PrivateKey
	token string
}

var loadPages = sync.OnceValues(func() (*page.Pages, error) { return page.Load(web.Files, page.Options{}) })

func newSite(t testing.TB) *site {
	t.Helper()
	s := &site{World: fixture.New(t), contract: contract(t), callers: map[string]caller{}}
	pages, err := loadPages()
	if err != nil {
		t.Fatal(err)
	}
	if s.clients, err = client.New(clients()); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(nil)
	s.url = "http://" + server.Listener.Addr().String()
	s.tokens = apitoken.New(s.DB, s.clients, dpop.New(s.DB, s.Clock), s.Clock, s.url)
	if s.gate, err = clientauth.New(clientauth.Config{Issuer: s.url + "/idp", Clients: s.clients}, s.DB, s.Clock); err != nil {
		t.Fatal(err)
	}
	s.point = decision.New(decision.Config{DB: s.DB, Journal: s.Journal, Clients: s.clients, Citizens: s.Citizens, Drafts: s.Drafts, Catalogue: s.Catalogue, Keys: s.Keys, Clock: s.Clock,
		Who: decision.Callers(s.tokens, s.gate), Note: session.New(s.DB, s.Keys, s.Clock, false).Note})
	router := page.NewRouter(page.RouterOptions{Pages: pages, Log: slog.New(slog.NewTextHandler(&testLog{t}, nil))})
	s.point.Mount(router)
	server.Config.Handler = router.Start()
	server.Start()
	t.Cleanup(server.Close)
	for _, c := range clients() {
		s.callers[c.ID] = s.caller(t, &c)
	}
	return s
}

// testLog shows what the router logs as failed: nothing should be.
type testLog struct{ t testing.TB }

func (l *testLog) Write(b []byte) (int, error) {
	if strings.Contains(string(b), "level=ERROR") {
		l.t.Errorf("logged: %s", b)
	}
	return len(b), nil
}

func (s *site) caller(t testing.TB, of *client.Client) caller {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	thumbprint, err := (&jose.JSONWebKey{Key: key.Public()}).Thumbprint(crypto.SHA256)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := s.tokens.Issue(t.Context(), of, apitoken.Decision, base64.RawURLEncoding.EncodeToString(thumbprint))
	if err != nil {
		t.Fatal(err)
	}
	return caller{key, secret}
}

// proof is a DPoP proof by the caller's key for a token (RFC 9449 §4.2).
func (s *site) proof(t testing.TB, c caller) string {
	t.Helper()
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: c.key}, (&jose.SignerOptions{}).WithType("dpop+jwt").WithHeader("jwk", jose.JSONWebKey{Key: c.key.Public()}))
	if err != nil {
		t.Fatal(err)
	}
	ath := sha256.Sum256([]byte(c.token))
	payload, err := json.Marshal(map[string]any{"jti": token.Hex(16), "htm": "POST", "htu": s.url + "/api/decision", "iat": s.Clock.Now().Unix(), "ath": base64.RawURLEncoding.EncodeToString(ath[:])})
	if err != nil {
		t.Fatal(err)
	}
	jws, err := signer.Sign(payload)
	if err != nil {
		t.Fatal(err)
	}
	text, err := jws.CompactSerialize()
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// answer is a response that was read, and found to be as described.
type answer struct {
	*http.Response
	body string
}

// ask sends a body as a service, whose answer has to keep to the description. It reports too whether the body is a question by it.
func (s *site) ask(t testing.TB, service string, body string, headers ...string) (answer, bool) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.url+"/api/decision", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	if c, ok := s.callers[service]; ok {
		r.Header.Set("Authorization", "DPoP "+c.token)
		r.Header.Set("DPoP", s.proof(t, c))
	}
	for i := 0; i < len(headers); i += 2 {
		if r.Header.Set(headers[i], headers[i+1]); headers[i+1] == "" {
			r.Header.Del(headers[i])
		}
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	if resp.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("%d may be kept: %s", resp.StatusCode, resp.Header.Get("Cache-Control"))
	}
	asked, answered := keeps(t, s.contract, r.Clone(t.Context()), []byte(body), resp.StatusCode, resp.Header, bytes.Clone(b))
	if answered != nil {
		t.Errorf("%d %s is not as described: %v", resp.StatusCode, b, answered)
	}
	return answer{resp, string(b)}, asked == nil
}

// names are those of somebody towards a sector, as logins make them.
type names struct{ actor, citizen string }

// named makes the names of an aidant and a citizen towards a sector.
func (s *site) named(t testing.TB, sector string, by journal.Actor, m mandate.Mandate) names {
	t.Helper()
	return names{s.actor(t, sector, by), s.subject(t, sector, m)}
}

// actor makes the name of an aidant towards a sector.
func (s *site) actor(t testing.TB, sector string, by journal.Actor) string {
	t.Helper()
	return s.name(t, `insert into idp_actor (person_id, sector, sub, created_at) values ($1, $2, $3, now())`, by.Person, sector)
}

// subject makes the name of the citizen of a mandate towards a sector.
func (s *site) subject(t testing.TB, sector string, m mandate.Mandate) string {
	t.Helper()
	return s.name(t, `insert into idp_subject (citizen_id, sector, organisation_id, sub, created_at) values ($1, $2, $4, $3, now())`, m.Citizen, sector, m.Organisation)
}

func (s *site) name(t testing.TB, insert string, who uuid.UUID, sector string, more ...any) string {
	t.Helper()
	sub := base64.RawURLEncoding.EncodeToString(token.Bytes(32))
	err := s.DB.Write(t.Context(), db.System(), db.Durable, func(tx *db.Tx) error {
		return tx.ExecOne(t.Context(), pgx.ErrNoRows, insert, append([]any{who, sector, sub}, more...)...)
	})
	if err != nil {
		t.Fatal(err)
	}
	return sub
}

// asked is the body of a question about tax, changed by pairs of a member's path and its value ("" takes it away).
func asked(n names, changes ...string) string {
	q := map[string]string{"subject.type": "aidant", "subject.id": n.actor, "subject.properties.organisation": siret, "action.name": fixture.Tax, "resource.type": "citizen", "resource.id": n.citizen}
	for i := 0; i < len(changes); i += 2 {
		if q[changes[i]] = changes[i+1]; changes[i+1] == "" {
			delete(q, changes[i])
		}
	}
	out := map[string]any{}
	for path, text := range q {
		at, parts := out, strings.Split(path, ".")
		for _, part := range parts[:len(parts)-1] {
			if at[part] == nil {
				at[part] = map[string]any{}
			}
			at = at[part].(map[string]any)
		}
		at[parts[len(parts)-1]] = text
	}
	b, _ := json.Marshal(out)
	return string(b)
}

const no = `{"decision":false}`

// says asks a question and wants a yes or a no.
func (s *site) says(t testing.TB, service, body string, want bool) answer {
	t.Helper()
	a, ok := s.ask(t, service, body)
	if a.StatusCode != http.StatusOK || !ok || (a.body == no) == want {
		t.Errorf("%s: %d %s (a question: %v), want %v", body, a.StatusCode, a.body, ok, want)
	}
	return a
}

// entry is what the tests look at of an entry of a decision.
type entry struct {
	Action            string
	Citizen, Mandate  uuid.UUID
	Client, Person    string
	Procedure, Reason string
}

func (s *site) entries(t testing.TB) []entry {
	t.Helper()
	var out []entry
	err := s.DB.Read(t.Context(), db.System(), func(tx pgx.Tx) error {
		rows, err := tx.Query(t.Context(), `select action, citizen_id, coalesce(mandate_id, '00000000-0000-0000-0000-000000000000'), body::jsonb #>> '{detail,client}', body::jsonb #>> '{detail,person}',
			coalesce(body::jsonb #>> '{detail,procedure}', ''), coalesce(body::jsonb #>> '{detail,reason}', '') from journal_entry where action in ('decision.given', 'decision.refused') order by id`)
		if err != nil {
			return err
		}
		out, err = pgx.CollectRows(rows, pgx.RowToStructByPos[entry])
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func (s *site) count(t testing.TB, sql string, args ...any) (n int) {
	t.Helper()
	if err := s.DB.Read(t.Context(), db.System(), func(tx pgx.Tx) error { return tx.QueryRow(t.Context(), sql, args...).Scan(&n) }); err != nil {
		t.Fatal(err)
	}
	return n
}
