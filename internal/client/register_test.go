package client_test

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"mandat/internal/client"
	"mandat/internal/db"
	"mandat/internal/fixture"
	"mandat/internal/journal"
	"mandat/internal/org"
	"mandat/internal/token"
)

// world is a registry with a file and a table.
type world struct {
	*fixture.World
	*client.Registry
}

const filed = "0192f0c1-0000-7000-8000-000000000001" // the file may have any id, this one too

func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{World: fixture.New(t)}
	w.Registry = w.other(t)
	return w
}

// other is another server on the same database.
func (w *world) other(t testing.TB) *client.Registry {
	t.Helper()
	c := service()
	c.ID, c.Secret, c.Sector = filed, client.NewSecret(strings.Repeat("x", 32)), "all"
	file, err := client.New([]client.Client{c})
	if err != nil {
		t.Fatal(err)
	}
	r, err := file.On(w.DB, w.Journal, w.Catalogue, w.Clock)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// number asks the database as its owner.
func (w *world) number(t testing.TB, sql string, args ...any) (n int) {
	t.Helper()
	if err := w.Connect(t, w.Superuser).QueryRow(t.Context(), sql, args...).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// differences are those between the table and the entries.
func (w *world) differences(t testing.TB) []journal.Difference {
	t.Helper()
	found, err := client.Compare(t.Context(), w.OpenAuditor(t))
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// beside registers another service, and holds at the end that nothing was done to it.
func (w *world) beside(t testing.TB, by journal.Actor) (unchanged func()) {
	t.Helper()
	id := token.ID()
	secret, err := w.Register(t.Context(), by, id, service())
	if err != nil {
		t.Fatal(err)
	}
	return func() {
		t.Helper()
		c, err := w.Find(t.Context(), id.String())
		if err != nil || !c.Secret.Matches(secret) || c.Decision || c.Auth != client.SecretPost {
			t.Errorf("something was done to another service: %+v, %v", c, err)
		}
	}
}

func service() client.Client {
	return client.Client{Name: "Service de Ploërmel", Kind: client.Service, Auth: client.SecretPost, Procedures: []string{fixture.Tax}, RedirectURIs: []string{"https://service.exemple.test/retour"}}
}

// A service is registered, known at once here and soon elsewhere, changed, closed and opened again; its secret is told once and stored as a hash.
func TestRegister(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx, ada, id := t.Context(), w.Administrator(t, "ada"), token.ID()
	defer w.beside(t, ada)()
	if _, err := w.Find(ctx, id.String()); !errors.Is(err, client.ErrUnknown) {
		t.Fatal(err)
	}
	secret, err := w.Register(ctx, ada, id, service())
	if err != nil || len(secret) != 43 {
		t.Fatal(secret, err)
	}
	c, err := w.Find(ctx, id.String())
	if err != nil || c.Name != "Service de Ploërmel" || !c.Secret.Matches(secret) || c.Secret.Matches("") || c.Secret.Clear() != nil || c.Filed || c.SectorName() != id.String() || !slices.Equal(c.AllowedScopes(), []string{"openid"}) {
		t.Fatalf("%+v %v", c, err)
	}
	if n := w.number(t, `select count(*) from client where registration::text || coalesce(secret_hash::text, '') like '%' || $1 || '%'`, secret); n != 0 {
		t.Error("the secret is stored")
	}
	if _, err := w.Register(ctx, ada, id, service()); !errors.Is(err, db.ErrConflict) {
		t.Errorf("the same form again: %v", err)
	}
	known, err := w.Look(ctx, ada, id.String())
	if err != nil {
		t.Fatal(err)
	}
	to := service()
	to.RedirectURIs, to.Scopes, to.Decision = []string{"https://service.exemple.test/autre"}, []string{"openid", "birth"}, true
	if secret, err := w.Change(ctx, ada, id.String(), known.Version, to); err != nil || secret != "" {
		t.Fatal(secret, err)
	}
	if c, err = w.Find(ctx, id.String()); err != nil || !slices.Equal(c.RedirectURIs, to.RedirectURIs) || !slices.Equal(c.Scopes, to.Scopes) || !c.Decision || !c.Secret.Matches(secret) {
		t.Errorf("%+v %v", c, err)
	}
	if _, err := w.Change(ctx, ada, id.String(), known.Version, service()); !errors.Is(err, db.ErrConflict) {
		t.Errorf("a form that was open while another was sent: %v", err)
	}
	if err := w.Close(ctx, ada, id.String()); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Find(ctx, id.String()); !errors.Is(err, client.ErrUnknown) {
		t.Errorf("closed: %v", err)
	}
	if err := w.Reopen(ctx, ada, id.String()); err != nil {
		t.Fatal(err)
	}
	if c, err := w.Find(ctx, id.String()); err != nil || !c.Secret.Matches(secret) {
		t.Errorf("opened again: %v", err)
	}
	want := []string{"client.registered", "client.changed", "client.closed", "client.reopened"}
	for _, action := range want {
		if n := w.number(t, `select count(*) from journal_entry where action = $1 and body::jsonb -> 'detail' ->> 'client' = $2 and person_id = $3`, action, id.String(), ada.Person); n != 1 {
			t.Errorf("%d entries %s", n, action)
		}
	}
	if n := w.number(t, `select count(*) from journal_entry where action = 'client.changed' and body::jsonb -> 'detail' -> 'members' = '["decision", "redirect_uris", "scope"]'`); n != 1 {
		t.Error("the entry does not name what changed")
	}
	if found := w.differences(t); len(found) != 0 {
		t.Error(found)
	}
	w.Behind(t, `update client set registration = replace(registration::text, 'autre', 'pirate')::json where id = $1`, id)
	if found := w.differences(t); len(found) != 1 || found[0].ID != id.String() {
		t.Errorf("another return address goes unseen: %v", found)
	}
	w.Behind(t, `update client set state = 'closed', closed_at = now() where id = $1`, id)
	w.Behind(t, `insert into client (id, registration, state, registered_at, changed_at) values (gen_random_uuid(), '{}', 'open', now(), now())`)
	if found := w.differences(t); len(found) != 2 {
		t.Errorf("a service that nobody registered goes unseen: %v", found)
	}
}

// What one server closes, another believes for Fresh at most.
func TestFind_OnAnotherServer(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx, ada, id, other := t.Context(), w.Administrator(t, "ada"), token.ID(), w.other(t)
	if _, err := w.Register(ctx, ada, id, service()); err != nil {
		t.Fatal(err)
	}
	if _, err := other.Find(ctx, id.String()); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(ctx, ada, id.String()); err != nil {
		t.Fatal(err)
	}
	w.Clock.Advance(client.Fresh)
	if _, err := other.Find(ctx, id.String()); !errors.Is(err, client.ErrUnknown) {
		t.Errorf("closed elsewhere: %v", err)
	}
	if err := w.Reopen(ctx, ada, id.String()); err != nil {
		t.Fatal(err)
	}
	w.Clock.Advance(-time.Hour) // what was read in the future is not believed until then
	if _, err := other.Find(ctx, id.String()); err != nil {
		t.Errorf("opened again elsewhere: %v", err)
	}
}

// After a replacement both secrets count for a while; after a theft only the new one.
func TestReplace(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx, ada, id := t.Context(), w.Administrator(t, "ada"), token.ID()
	defer w.beside(t, ada)()
	first, err := w.Register(ctx, ada, id, service())
	if err != nil {
		t.Fatal(err)
	}
	counts := func(want ...bool) func(...string) {
		return func(secrets ...string) {
			t.Helper()
			c, err := w.Find(ctx, id.String())
			if err != nil {
				t.Fatal(err)
			}
			for i, secret := range secrets {
				if c.Secret.Matches(secret) != want[i] {
					t.Errorf("secret %d counts: %t", i+1, !want[i])
				}
			}
		}
	}
	second, err := w.Replace(ctx, ada, id.String(), false)
	if err != nil {
		t.Fatal(err)
	}
	counts(true, true)(first, second)
	third, err := w.Replace(ctx, ada, id.String(), false)
	if err != nil {
		t.Fatal(err)
	}
	counts(false, true, true)(first, second, third)
	w.Clock.Advance(client.FormerLife + time.Minute)
	counts(false, false, true)(first, second, third)
	ada.FactorAt = w.Clock.Now()
	fourth, err := w.Replace(ctx, ada, id.String(), true)
	if err != nil {
		t.Fatal(err)
	}
	counts(false, false, false, true)(first, second, third, fourth)
	if found := w.differences(t); len(found) != 0 {
		t.Error(found)
	}
}

// A service that takes a key instead of its secret loses the secret, and one that comes back to a secret has a new one.
func TestChange_OfAuthentication(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx, ada, id := t.Context(), w.Administrator(t, "ada"), token.ID()
	defer w.beside(t, ada)()
	secret, err := w.Register(ctx, ada, id, service())
	if err != nil {
		t.Fatal(err)
	}
	version := func() string {
		r, err := w.Look(ctx, ada, id.String())
		if err != nil {
			t.Fatal(err)
		}
		return r.Version
	}
	keyed := service()
	keyed.Auth, keyed.AuthAlg, keyed.JWKSURI = client.PrivateKeyJWT, "ES256", "https://service.exemple.test/jwks"
	if none, err := w.Change(ctx, ada, id.String(), version(), keyed); err != nil || none != "" {
		t.Fatal(none, err)
	}
	if c, err := w.Find(ctx, id.String()); err != nil || c.Secret.Matches(secret) {
		t.Errorf("the secret still counts: %v", err)
	}
	for _, stolen := range []bool{false, true} {
		if _, err := w.Replace(ctx, ada, id.String(), stolen); !errors.Is(err, db.ErrConflict) {
			t.Errorf("a secret for who has a key: %v", err)
		}
	}
	again, err := w.Change(ctx, ada, id.String(), version(), service())
	if err != nil || again == "" || again == secret {
		t.Fatal(again, err)
	}
	if c, err := w.Find(ctx, id.String()); err != nil || !c.Secret.Matches(again) || c.Secret.Matches(secret) {
		t.Errorf("%v", err)
	}
}

// Only administrators with a fresh factor register services, and nobody changes what the operator's file says.
func TestRegister_Refuses(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx, ada, id := t.Context(), w.Administrator(t, "ada"), token.ID()
	if _, err := w.Register(ctx, ada, id, service()); err != nil {
		t.Fatal(err)
	}
	stale, referent := ada, w.Referent(t, w.Here, "rene")
	stale.FactorAt = stale.FactorAt.Add(-org.FactorLife - time.Minute)
	act := func(f func() error) error { return f() }
	second := func(_ any, err error) error { return err }
	r, err := w.Look(ctx, ada, id.String())
	if err != nil {
		t.Fatal(err)
	}
	to := service()
	to.Decision = true
	for name, c := range map[string]struct{ got, want error }{
		"registered by a referent":      {second(w.Register(ctx, referent, token.ID(), service())), org.ErrMayNot},
		"registered by an aidant":       {second(w.Register(ctx, w.Paul, token.ID(), service())), org.ErrMayNot},
		"registered without a factor":   {second(w.Register(ctx, stale, token.ID(), service())), org.ErrFactorTooOld},
		"with an id of the file":        {second(w.Register(ctx, ada, uuid.MustParse(filed), service())), db.ErrConflict},
		"changed by a referent":         {second(w.Change(ctx, referent, id.String(), r.Version, to)), org.ErrMayNot},
		"changed without a factor":      {second(w.Change(ctx, stale, id.String(), r.Version, to)), org.ErrFactorTooOld},
		"changed into itself":           {second(w.Change(ctx, ada, id.String(), r.Version, service())), db.ErrConflict},
		"nobody changed":                {second(w.Change(ctx, ada, token.ID().String(), r.Version, to)), db.ErrNotFound},
		"no id changed":                 {second(w.Change(ctx, ada, "x", r.Version, to)), db.ErrNotFound},
		"another writing of the id":     {second(w.Change(ctx, ada, strings.ToUpper(id.String()), r.Version, to)), db.ErrNotFound},
		"the file's changed":            {second(w.Change(ctx, ada, filed, "", to)), client.ErrFiled},
		"the file's secret":             {second(w.Replace(ctx, ada, filed, true)), client.ErrFiled},
		"the file's closed":             {w.Close(ctx, ada, filed), client.ErrFiled},
		"secret replaced by a referent": {second(w.Replace(ctx, referent, id.String(), true)), org.ErrMayNot},
		"closed by a referent":          {w.Close(ctx, referent, id.String()), org.ErrMayNot},
		"closed without a factor":       {w.Close(ctx, stale, id.String()), org.ErrFactorTooOld},
		"opened while it is open":       {w.Reopen(ctx, ada, id.String()), db.ErrConflict},
		"closed":                        {act(func() error { return w.Close(ctx, ada, id.String()) }), nil},
		"closed twice":                  {act(func() error { return w.Close(ctx, ada, id.String()) }), db.ErrConflict},
		"listed by a referent":          {second(w.List(ctx, referent)), org.ErrMayNot},
		"looked at by an aidant":        {second(w.Look(ctx, w.Paul, id.String())), org.ErrMayNot},
		"looked at, nobody":             {second(w.Look(ctx, ada, token.ID().String())), db.ErrNotFound},
	} {
		if !errors.Is(c.got, c.want) || c.want == nil && c.got != nil {
			t.Errorf("%s: %v", name, c.got)
		}
	}
	for name, got := range map[string]error{
		"changed while closed":      second(w.Change(ctx, ada, id.String(), r.Version, to)),
		"replaced while closed":     second(w.Replace(ctx, ada, id.String(), false)),
		"replaced by theft, closed": second(w.Replace(ctx, ada, id.String(), true)),
	} {
		if !errors.Is(got, db.ErrConflict) {
			t.Errorf("%s: %v", name, got)
		}
	}
	all, err := w.List(ctx, ada)
	if err != nil || len(all) != 2 || !all[0].Filed || all[0].ID != filed || all[1].State != client.Closed || all[1].ClosedAt.IsZero() {
		t.Errorf("%+v %v", all, err)
	}
}

// Without its entry no row changes, and of one that is there neither id nor beginning does.
func TestTable_WantsItsEntry(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx, id := t.Context(), token.ID()
	if _, err := w.Register(ctx, w.Administrator(t, "ada"), id, service()); err != nil {
		t.Fatal(err)
	}
	for _, sql := range []string{`update client set state = 'closed', closed_at = now() where id = $1`, `update client set secret_hash = sha256('x') where id = $1`,
		`update client set registered_at = now() where id = $1`, `delete from client where id = $1`} {
		err := w.DB.Write(ctx, db.System(), db.Durable, func(tx *db.Tx) error {
			_, err := tx.Exec(ctx, sql, id)
			return err
		})
		if err == nil {
			t.Errorf("%s passed", sql)
		}
	}
}

// Two registrations of one id never count side by side.
func TestCheckTable(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.beside(t, w.Administrator(t, "alan"))
	if err := w.CheckTable(t.Context()); err != nil {
		t.Fatal(err)
	}
	file, err := client.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	r, err := file.On(w.DB, w.Journal, w.Catalogue, w.Clock)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Register(t.Context(), w.Administrator(t, "ada"), uuid.MustParse(filed), service()); err != nil {
		t.Fatal(err)
	}
	if err := w.CheckTable(t.Context()); err == nil {
		t.Error("a client of the file that stands in the table passes")
	}
	odd := service()
	odd.ID, odd.Secret, odd.Procedures = "x", client.NewSecret(strings.Repeat("x", 32)), []string{"invented"}
	if file, err = client.New([]client.Client{odd}); err != nil {
		t.Fatal(err)
	}
	if _, err := file.On(w.DB, w.Journal, w.Catalogue, w.Clock); err == nil {
		t.Error("a procedure that no catalogue has passes")
	}
}

// What an administrator may register is less than what the operator may.
func TestRegister_Wrong(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ada := w.Administrator(t, "ada")
	for member, change := range map[string]func(*client.Client){
		"client_name":                       func(c *client.Client) { c.Name = " " },
		"kind":                              func(c *client.Client) { c.Kind, c.Procedures = client.FranceConnect, nil },
		"sector":                            func(c *client.Client) { c.Sector = filed },
		"procedures":                        func(c *client.Client) { c.Procedures = []string{"invented"} },
		"jwks_uri":                          func(c *client.Client) { c.JWKSURI = "https://169.254.169.254/latest" },
		"backchannel_logout_uri":            func(c *client.Client) { c.BackchannelLogoutURI = "https://localhost./x" },
		"redirect_uris":                     func(c *client.Client) { c.RedirectURIs = []string{"http://service.exemple.test/"} },
		"post_logout_redirect_uris":         func(c *client.Client) { c.PostLogoutRedirectURIs = []string{"javascript:alert(1)"} },
		"scope":                             func(c *client.Client) { c.Scopes = []string{"everything"} },
		"identity_level":                    func(c *client.Client) { c.IdentityLevel = "guessed" },
		"token_endpoint_auth_method":        func(c *client.Client) { c.Auth = "none" },
		"id_token_signed_response_alg":      func(c *client.Client) { c.IDTokenAlg = "HS256" },
		"userinfo_signed_response_alg":      func(c *client.Client) { c.UserInfoAlg = "none" },
		"jwks":                              func(c *client.Client) { c.JWKS = json.RawMessage(`{"keys":[{"kty":"oct","k":"eHh4"}]}`) },
		"introspection_signed_response_alg": func(c *client.Client) { c.IntrospectionAlg = "HS256" },
	} {
		c := service()
		change(&c)
		_, err := w.Register(t.Context(), ada, token.ID(), c)
		wrong, ok := errors.AsType[client.Wrong](err)
		if !ok || wrong[0].Member != member {
			t.Errorf("%s: %v", member, err)
		}
	}
	for _, name := range []string{"FranceConnect", "France Connect+", "pro-connect", "Mon FRANCECONNECT à moi"} {
		c := service()
		if c.Name = name; len(w.Wrong(c)) != 1 {
			t.Errorf("a service may be called %s", name)
		}
	}
	for _, inside := range []string{"https://LOCALHOST/", "https://127.1/", "https://2130706433/", "https://0x7f000001/", "https://0x7f.0.0.1/", "https://0177.0.0.1./"} {
		c := service()
		if c.BackchannelLogoutURI = inside; len(w.Wrong(c)) != 1 {
			t.Errorf("%s may be called", inside)
		}
	}
	if n := w.number(t, `select count(*) from client`); n != 0 {
		t.Errorf("%d clients", n)
	}
}
