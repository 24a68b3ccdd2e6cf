package tree

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/uuid"

	"mandat/internal/dbtest"
	"mandat/internal/journal"
	"mandat/internal/journal/format"
	"mandat/internal/token"
)

// house is a database with a journal and an integrator that a test moves by hand.
type house struct {
	*dbtest.Database
	journal *journal.Journal
	in      *Integrator
	state   string
	secret  string
}

const testOrigin = "mandat.test/journal"

func newHouse(t testing.TB) *house {
	t.Helper()
	d := dbtest.New(t)
	secret, _, err := GenerateKey(testOrigin)
	if err != nil {
		t.Fatal(err)
	}
	h := &house{Database: d, journal: journal.New(d.DB, nil), state: filepath.Join(t.TempDir(), "checkpoint"), secret: secret}
	h.in = h.integrator(t, h.state)
	return h
}

// integrator is one more server's integrator, of the same log.
func (h *house) integrator(t testing.TB, state string) *Integrator {
	t.Helper()
	signer, err := NewSigner(h.secret)
	if err != nil {
		t.Fatal(err)
	}
	in, err := NewIntegrator(IntegratorOptions{DB: h.DB, Signer: signer, StateFile: state})
	if err != nil {
		t.Fatal(err)
	}
	return in
}

// act records an act without consequences.
func (h *house) act(t testing.TB, action string) {
	t.Helper()
	by := journal.Actor{Kind: journal.Aidant, Person: token.ID(), Organisation: token.ID()}
	err := h.journal.Record(t.Context(), by, func(*journal.Tx) (journal.Event, error) {
		return journal.Event{Action: action, Citizen: token.ID(), Mandate: token.ID(), Detail: map[string]any{"note": "é \" \n", "n": 3}}, nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func (h *house) acts(t testing.TB, n int) {
	t.Helper()
	for range n {
		h.act(t, "session.opened")
	}
}

// bulk adds n entries in one transaction, in the plain form that acts have.
func (h *house) bulk(t testing.TB, n int) {
	t.Helper()
	conn := h.Connect(t, h.Superuser)
	_, err := conn.Exec(t.Context(), `insert into journal_entry (at, action, organisation_id, salt, body)
		select now(), 'session.opened', $1::uuid, decode(md5(n::text || random()::text) || md5(random()::text), 'hex'),
		'{"action":"session.opened","at":"2026-11-21T10:00:00.000000Z","by":{"kind":"aidant","person":"' || gen_random_uuid() || '"},"citizen":"' || gen_random_uuid() ||
		'","detail":{"client":"franceconnect","n":' || n || ',"procedure":"impots-declaration"},"mandate":"' || gen_random_uuid() || '","organisation":"' || $1::uuid || '"}'
		from generate_series(1, $2::int) n`, uuid.New(), n)
	if err != nil {
		t.Fatal(err)
	}
}

func (h *house) catchUp(t testing.TB) format.Checkpoint {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := h.in.CatchUp(ctx); err != nil {
		t.Fatal(err)
	}
	return h.checkpoint(t)
}

func (h *house) checkpoint(t testing.TB) format.Checkpoint {
	t.Helper()
	signed, err := h.in.Log().Checkpoint(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	c, err := format.OpenCheckpoint(signed, h.in.log.logs)
	if err != nil {
		t.Fatal(err)
	}
	return c
}
