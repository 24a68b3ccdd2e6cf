package credential_test

import (
	"context"
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"mandat/internal/card"
	"mandat/internal/credential"
	"mandat/internal/fixture"
	"mandat/internal/journal"
	"mandat/internal/org"
	"mandat/internal/softkey"
	"mandat/internal/token"
)

const (
	site   = "https://mandat.exemple.invalid"
	domain = "mandat.exemple.invalid"
)

var home = netip.MustParseAddr("192.0.2.10")

// world is a fixture with a register of factors, and what it told people and ended.
type world struct {
	*fixture.World
	factors   *credential.Register
	cardStock *card.Stock
	session   []byte

	mu    sync.Mutex
	told  map[string]int // by kind
	about map[string]string
	ended []uuid.UUID

	finished []uuid.UUID // whose link to begin by is over

	failing map[uuid.UUID]error // whose sessions cannot be ended
}

func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{World: fixture.New(t), session: token.Bytes(32), told: map[string]int{}, about: map[string]string{}}
	w.cardStock = card.New(w.DB, w.Journal, w.Keys)
	var err error
	w.factors, err = credential.New(w.DB, w.Journal, w.Keys, w.Clock, credential.Config{RPID: domain, Origins: []string{site}, Name: "Mandat"}, credential.Hooks{
		Tell: func(_ *journal.Tx, m org.Message) error {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.told[m.Kind]++
			w.about[m.Kind] = m.About
			return nil
		},
		End: func(_ context.Context, _ *journal.Tx, person uuid.UUID) error {
			w.ended = append(w.ended, person)
			return w.failing[person]
		},
		Finish: func(_ *journal.Tx, person uuid.UUID) { w.finished = append(w.finished, person) },
	})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// newcomer is somebody of Here whom ProConnect does not know, in a session that was opened to add a first factor.
func (w *world) newcomer(t testing.TB, name string) journal.Actor {
	t.Helper()
	id, err := w.Directory.AddPerson(t.Context(), journal.Program(), org.Person{Email: name + "@exemple.invalid", EmailVerified: true, GivenName: name, UsualName: "Fictif"}, w.Here, org.RoleAidant)
	if err != nil {
		t.Fatal(err)
	}
	return journal.Actor{Kind: journal.Aidant, Person: id, Organisation: w.Here, Session: w.session, Enrolling: true}
}

// fresh is the actor who has just given a factor.
func (w *world) fresh(by journal.Actor) journal.Actor {
	by.FactorAt, by.Enrolling = w.Clock.Now(), false
	return by
}

func newKey(t testing.TB) *softkey.Key {
	t.Helper()
	k, err := softkey.New(site, domain)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// enrol adds a key to a person.
func (w *world) enrol(t testing.TB, by journal.Actor, k *softkey.Key, name string) {
	t.Helper()
	if err := w.tryEnrol(t, by, k, name); err != nil {
		t.Fatal(err)
	}
}

func (w *world) tryEnrol(t testing.TB, by journal.Actor, k *softkey.Key, name string) error {
	t.Helper()
	question, err := w.factors.BeginPasskey(t.Context(), by, w.session)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := k.Create(question)
	if err != nil {
		t.Fatal(err)
	}
	_, err = w.factors.AddPasskey(t.Context(), by, w.session, name, answer)
	return err
}

// question asks for a key of somebody, or of whoever there is.
func (w *world) question(t testing.TB, person uuid.UUID, purpose credential.Purpose) []byte {
	t.Helper()
	q, err := w.factors.BeginAssertion(t.Context(), w.session, person, purpose, uuid.Nil)
	if err != nil {
		t.Fatal(err)
	}
	return q
}

func answer(t testing.TB, k *softkey.Key, question []byte) []byte {
	t.Helper()
	a, err := k.Get(question)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// use signs in with a key alone.
func (w *world) use(t testing.TB, k *softkey.Key) (credential.Given, error) {
	t.Helper()
	return w.factors.Assert(t.Context(), w.session, credential.SignIn, answer(t, k, w.question(t, uuid.Nil, credential.SignIn)))
}

// sound fails the test unless the tables say what the entries say.
func (w *world) sound(t testing.TB) {
	t.Helper()
	w.Content(t)
	found, err := credential.Compare(t.Context(), w.OpenAuditor(t))
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range found {
		t.Error(d)
	}
}

// entries counts the entries of an action.
func (w *world) entries(t testing.TB, action string) int {
	t.Helper()
	var n int
	if err := w.Connect(t, w.Superuser).QueryRow(context.Background(), `select count(*) from journal_entry where action = $1`, action).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

const tooOld = org.FactorLife + time.Minute
