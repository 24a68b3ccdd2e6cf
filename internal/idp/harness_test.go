package idp_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/citizen"
	"mandat/internal/client"
	"mandat/internal/clientauth"
	"mandat/internal/db"
	"mandat/internal/fixture"
	"mandat/internal/idp"
	"mandat/internal/journal"
	"mandat/internal/mandate"
	"mandat/internal/notify"
	"mandat/internal/oidc"
	"mandat/internal/page"
	"mandat/internal/receipt"
	"mandat/internal/session"
	"mandat/internal/token"
	"mandat/web"
)

// The clients of every test: FranceConnect as it is registered, one like it in all that has its userinfo in clear, and a
// public service of its own with PKCE and Basic.
const (
	fc     = "franceconnect"
	plain  = "franceconnect-plain"
	direct = "service-direct"
	secret = "0123456789abcdef0123456789abcdef-" // and the client's id

	callback = "https://fc.exemple.test/oidc-callback?platform=low"
	state    = "5e1f8b7f0c3f4a4d8f0a6d3c2b1a09f85e1f8b7f0c3f4a4d8f0a6d3c2b1a09f8"
	nonce    = "a1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f60718293a4b5c6d7e8f90"
	verifier = "a-verifier-of-more-than-forty-three-characters~"
)

func clients() []client.Client {
	fcLike := client.Client{ID: fc, Name: "FranceConnect", Kind: client.FranceConnect, Secret: client.NewSecret(secret + fc), Auth: client.SecretPost, UserInfoAlg: "ES256",
		RedirectURIs: []string{callback, "https://fc.exemple.test/other-callback"}, PostLogoutRedirectURIs: []string{"https://fc.exemple.test/client/logout-callback"}}
	inClear := fcLike
	inClear.ID, inClear.Secret, inClear.UserInfoAlg = plain, client.NewSecret(secret+plain), ""
	return []client.Client{fcLike, inClear, {ID: direct, Name: "Service", Kind: client.Service, Secret: client.NewSecret(secret + direct), Auth: client.SecretBasic, Procedures: []string{fixture.Tax, fixture.Housing},
		RedirectURIs: []string{"https://service.exemple.test/retour"}, Scopes: []string{"openid", "profile"}}}
}

// site is a running provider with people.
type site struct {
	*fixture.World
	url      string
	keys     *oidc.KeySet
	provider *idp.Provider
	sessions *session.Sessions
	pages    *page.Pages
	handler  atomic.Pointer[http.Handler]
}

func newSite(t testing.TB, extra ...client.Client) *site {
	t.Helper()
	s := &site{World: fixture.New(t), keys: fixture.KeySet(t)}
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { (*s.handler.Load()).ServeHTTP(w, r) }))
	s.url = "http://" + server.Listener.Addr().String()
	pages, err := loadPages()
	if err != nil {
		t.Fatal(err)
	}
	s.sessions = session.New(s.DB, s.Keys, s.Clock, false)
	s.pages = pages
	s.register(t, append(clients(), extra...)...)
	server.Start()
	t.Cleanup(server.Close)
	return s
}

// register puts another provider in the place of the one there is, as after a restart with other clients.
func (s *site) register(t testing.TB, all ...client.Client) {
	t.Helper()
	registry, err1 := client.New(all)
	gate, err2 := clientauth.New(clientauth.Config{Issuer: s.url + "/idp", Clients: registry}, s.DB, s.Clock)
	if err := errors.Join(err1, err2); err != nil {
		t.Fatal(err)
	}
	keys := func() *oidc.KeySet { return s.keys }
	receipts := receipt.New(s.DB, s.Journal, s.Mandates, keys, receipt.Settings{BaseURL: s.url}, s.Clock)
	provider, err := idp.New(idp.Config{Issuer: s.url + "/idp", Clients: registry, Keys: keys, Gate: gate, Names: s.Keys, Receipts: receipts}, s.DB, s.Journal, s.sessions, s.Mandates, s.Citizens,
		s.Catalogue, s.Clock, s.pages)
	if err != nil {
		t.Fatal(err)
	}
	s.provider = provider.Telling(notify.Queue)
	router := page.NewRouter(page.RouterOptions{Pages: s.pages, Log: slog.New(slog.NewTextHandler(&testLog{t}, nil)), CrossOrigin: idp.CrossOrigin(), Organised: idp.Organised()})
	router.Guard(page.Browser, s.sessions.Browser)
	s.provider.Mount(router)
	s.handler.Store(ptr(router.Start()))
}

func ptr[T any](v T) *T { return &v }

// loadPages parses the templates once for all tests.
var loadPages = sync.OnceValues(func() (*page.Pages, error) { return page.Load(web.Files, page.Options{}) })

// testLog shows what the router logs as failed: nothing should be.
type testLog struct{ t testing.TB }

func (l *testLog) Write(b []byte) (int, error) {
	if strings.Contains(string(b), "level=ERROR") {
		l.t.Errorf("logged: %s", b)
	}
	return len(b), nil
}

// visitor is a browser of somebody, which follows no redirect.
type visitor struct {
	t      testing.TB
	site   *site
	cookie string
	by     journal.Actor
}

// visit opens a session for an actor, as a sign-in leaves it.
func (s *site) visit(t testing.TB, by journal.Actor) *visitor {
	t.Helper()
	clear, hash := token.New()
	now := s.Clock.Now()
	by.Session = token.Bytes(32)
	role := "aidant"
	var organisation *uuid.UUID
	if by.Kind == journal.Auditor {
		role = "auditor"
	} else {
		organisation = &by.Organisation
	}
	s.exec(t, `insert into session (id, cookie, browser, person_id, organisation_id, role, method, factor_at, factor_kind, created_at, seen_at, expires_at)
		values ($1, $2, sha256($1), $3, $4, $5, 'passkey', $6, 'passkey', $7, $7, $8)`, by.Session, hash, by.Person, organisation, role, by.FactorAt, now, now.Add(12*time.Hour))
	return &visitor{t: t, site: s, cookie: clear, by: by}
}

// stranger has no session.
func (s *site) stranger(t testing.TB) *visitor { return &visitor{t: t, site: s} }

// exec changes what the program itself may change.
func (s *site) exec(t testing.TB, sql string, args ...any) {
	t.Helper()
	err := s.DB.Write(t.Context(), db.System(), db.Durable, func(tx *db.Tx) error {
		tag, err := tx.Exec(t.Context(), sql, args...)
		if err == nil && tag.RowsAffected() == 0 {
			t.Errorf("%s: changed nothing", sql)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// answer is a response that was read.
type answer struct {
	*http.Response
	body string
}

// at returns where a redirect leads.
func (a answer) at() *url.URL {
	u, err := a.Location()
	if err != nil {
		return &url.URL{}
	}
	return u
}

func (a answer) json(t testing.TB) map[string]any {
	t.Helper()
	m := map[string]any{}
	if err := json.Unmarshal([]byte(a.body), &m); err != nil {
		t.Fatalf("%s is not JSON: %v", a.body, err)
	}
	return m
}

var noFollower = &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}

func do(t testing.TB, r *http.Request) answer {
	t.Helper()
	resp, err := noFollower.Do(r.WithContext(t.Context()))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{resp, string(b)}
}

func (v *visitor) send(method, path string, form url.Values) answer {
	v.t.Helper()
	r, err := http.NewRequest(method, v.site.url+path, strings.NewReader(form.Encode()))
	if err != nil {
		v.t.Fatal(err)
	}
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if v.cookie != "" {
		r.AddCookie(&http.Cookie{Name: "mandat", Value: v.cookie})
	}
	return do(v.t, r)
}

func (v *visitor) get(path string) answer { v.t.Helper(); return v.send("GET", path, nil) }
func (v *visitor) post(path string, form url.Values) answer {
	v.t.Helper()
	return v.send("POST", path, form)
}

// request is what FranceConnect sends, changed by pairs of name and value ("" takes a parameter away).
func request(changes ...string) url.Values {
	q := url.Values{"response_type": {"code"}, "client_id": {fc}, "redirect_uri": {callback}, "scope": {"openid profile email birth"}, "state": {state},
		"nonce": {nonce}, "acr_values": {"eidas1"}, "prompt": {"login"}}
	for i := 0; i < len(changes); i += 2 {
		if q.Set(changes[i], changes[i+1]); changes[i+1] == "" {
			q.Del(changes[i])
		}
	}
	return q
}

// begin starts a login and returns the path of its pages.
func (v *visitor) begin(changes ...string) string {
	v.t.Helper()
	a := v.get("/idp/authorize?" + request(changes...).Encode())
	path, found := strings.CutSuffix(a.at().Path, "/usager")
	if a.StatusCode != http.StatusSeeOther || !found {
		v.t.Fatalf("authorize: %d %s %s", a.StatusCode, a.at(), a.body)
	}
	return path
}

// choose goes on to the procedure.
func (v *visitor) choose(path string, m mandate.Mandate) {
	v.t.Helper()
	if a := v.post(path+"/usager", url.Values{"usager": {m.Citizen.String()}}); a.at().Path != path+"/demarche" {
		v.t.Fatalf("choose: %d %s", a.StatusCode, a.body)
	}
	v.confirm(m.Citizen)
}

// confirm gives the second factor for a citizen, as the page that asks for it leaves the session.
func (v *visitor) confirm(citizen uuid.UUID) {
	v.t.Helper()
	v.site.exec(v.t, `update session set factor_citizen = $2 where id = $1`, v.by.Session, citizen)
}

// code goes all the way to the code.
func (v *visitor) code(m mandate.Mandate, procedure string, changes ...string) string {
	v.t.Helper()
	path := v.begin(changes...)
	v.choose(path, m)
	a := v.post(path+"/demarche", url.Values{"demarche": {procedure}})
	code := a.at().Query().Get("code")
	if a.StatusCode != http.StatusSeeOther || code == "" {
		v.t.Fatalf("code: %d %s %s", a.StatusCode, a.at(), a.body)
	}
	return code
}

// redeem is what FranceConnect posts, changed by pairs.
func (s *site) redeem(t testing.TB, code string, changes ...string) answer {
	t.Helper()
	form := url.Values{"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {callback}, "client_id": {fc}, "client_secret": {secret + fc}}
	for i := 0; i < len(changes); i += 2 {
		if form.Set(changes[i], changes[i+1]); changes[i+1] == "" {
			form.Del(changes[i])
		}
	}
	return s.stranger(t).post("/idp/token", form)
}

// token redeems a good code.
func (s *site) token(t testing.TB, code string, changes ...string) map[string]any {
	t.Helper()
	a := s.redeem(t, code, changes...)
	if a.StatusCode != http.StatusOK {
		t.Fatalf("token: %d %s", a.StatusCode, a.body)
	}
	return a.json(t)
}

func (s *site) userinfo(t testing.TB, access any) answer {
	t.Helper()
	r, err := http.NewRequest("GET", s.url+"/idp/userinfo", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+access.(string))
	return do(t, r)
}

// entry is what the tests look at of a journal entry.
type entry struct {
	Action                        string
	Person                        uuid.UUID
	Citizen, Mandate              uuid.UUID
	Step, Reason, Procedure, Rest string
}

// entries lists the uses and refusals that an organisation's journal has, oldest first.
func (s *site) entries(t testing.TB) []entry {
	t.Helper()
	return s.entriesAfter(t, 0)
}

// entriesAfter are those that came after another one.
func (s *site) entriesAfter(t testing.TB, id int) []entry {
	t.Helper()
	var out []entry
	err := s.DB.Read(t.Context(), db.System(), func(tx pgx.Tx) error {
		rows, err := tx.Query(t.Context(), `select action, person_id, coalesce(citizen_id, '00000000-0000-0000-0000-000000000000'),
			coalesce(mandate_id, '00000000-0000-0000-0000-000000000000'), coalesce(body::jsonb #>> '{detail,step}', ''), coalesce(body::jsonb #>> '{detail,reason}', ''),
			coalesce(body::jsonb #>> '{detail,procedure}', ''), coalesce(body::jsonb #>> '{detail,service}', '') || coalesce(body::jsonb #>> '{detail,procedure_is}', '')
			from journal_entry where action in ('power.used', 'power.refused') and id > $1 order by id`, id)
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

// refusedOnce fails the test unless the journal has exactly this refusal and no use.
func (s *site) refusedOnce(t testing.TB, by journal.Actor, step, reason string) {
	t.Helper()
	got := s.entries(t)
	if len(got) != 1 || got[0].Action != "power.refused" || got[0].Person != by.Person || got[0].Step != step || got[0].Reason != reason {
		t.Errorf("entries %+v, want one refusal at %s: %s", got, step, reason)
	}
}

func count(t testing.TB, s *site, sql string, args ...any) int {
	t.Helper()
	var n int
	err := s.DB.Read(t.Context(), db.System(), func(tx pgx.Tx) error { return tx.QueryRow(t.Context(), sql, args...).Scan(&n) })
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func same(t testing.TB, what string, got, want any) {
	t.Helper()
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("%s (-want +got):\n%s", what, d)
	}
}

// angela signs a mandate for Jeanne and returns it with Jeanne's browser.
func (s *site) angela(t testing.TB, procedures ...string) (*visitor, mandate.Mandate) {
	t.Helper()
	return s.mandate(t, fixture.Angela(), procedures...)
}

func (s *site) mandate(t testing.TB, who citizen.Identity, procedures ...string) (*visitor, mandate.Mandate) {
	t.Helper()
	if len(procedures) == 0 {
		procedures = []string{fixture.Tax}
	}
	m := s.Sign(t, s.Jeanne, who, procedures...)
	return s.visit(t, s.Jeanne), m
}

func decode(t testing.TB, part string) []byte {
	t.Helper()
	b, err := base64.RawURLEncoding.DecodeString(part)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
