package wrapping_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"
	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/keyset"

	"mandat/internal/card"
	"mandat/internal/certification"
	"mandat/internal/citizen"
	"mandat/internal/credential"
	"mandat/internal/draft"
	"mandat/internal/envelope"
	"mandat/internal/fixture"
	"mandat/internal/journal"
	"mandat/internal/mandate"
	"mandat/internal/session"
	"mandat/internal/signingkey"
	"mandat/internal/token"
	"mandat/internal/wrapping"
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// place is a world whose key-encryption key changes: steps are the keysets with the first key alone, with a second one that waits, with that one as
// primary key, and with it alone.
type place struct {
	*fixture.World
	steps [4]*envelope.Keys
	log   bytes.Buffer
	jeans mandate.Mandate // one of Jeanne's
	alix  journal.Actor   // an administrator
}

func newPlace(t testing.TB) *place {
	t.Helper()
	p := &place{World: fixture.New(t)}
	index := token.Bytes(32)
	m := keyset.NewManager()
	first, err := m.Add(aead.AES256GCMKeyTemplate())
	must(t, err)
	var second uint32
	for i, step := range []func() error{
		func() error { return m.SetPrimary(first) },
		func() error { second, err = m.Add(aead.AES256GCMKeyTemplate()); return err },
		func() error { return m.SetPrimary(second) },
		func() error { return m.Delete(first) },
	} {
		must(t, step())
		handle, err := m.Handle()
		must(t, err)
		p.steps[i], err = envelope.New(handle, index)
		must(t, err)
	}
	p.with(0)
	p.alix = p.Administrator(t, "alix")
	return p
}

// with lets the world's registers go on with another step's keyset.
func (p *place) with(step int) {
	p.Keys = p.steps[step]
	p.Open(p.DB)
}

func columns() []wrapping.Column {
	return append(signingkey.Wrapped(), citizen.Wrapped(), draft.Wrapped(), credential.Wrapped(), card.Wrapped(), certification.Wrapped(), session.Wrapped())
}

// server is the keeper of a server with a step's keyset.
func (p *place) server(step int) *wrapping.Keeper { return p.keeper(p.steps[step]) }

func (p *place) keeper(keys *envelope.Keys) *wrapping.Keeper {
	return wrapping.New(p.DB, p.Journal, keys, slog.New(slog.NewTextHandler(&p.log, nil)), columns()...)
}

// fill puts something into each column.
func (p *place) fill(t testing.TB, from int) {
	t.Helper()
	for n := range 5 {
		p.jeans = p.Sign(t, p.Jeanne, fixture.Citizen(from+n), fixture.Tax)
		p.Draft(t, p.Jeanne, fixture.Citizen(from+50+n), fixture.Tax)
	}
	factors, err := credential.New(p.DB, p.Journal, p.Keys, p.Clock, credential.Config{RPID: "localhost", Origins: []string{"http://localhost"}, Name: "Mandat"}, credential.Hooks{})
	must(t, err)
	newcomer := p.Newcomer(t, journal.Aidant, p.Jeanne.Organisation, fmt.Sprintf("nouvelle-%d", from), "aidant")
	newcomer.Session = token.Bytes(32)
	_, err = factors.StartApp(t.Context(), newcomer)
	must(t, err)
	seed := strings.Repeat("0123456789abcdef", 4)[:40]
	_, err = card.New(p.DB, p.Journal, p.Keys).Import(t.Context(), p.alix, strings.NewReader(fmt.Sprintf("serial;seed\r\nMDT%07d;%s\r\n", from, seed)), false)
	must(t, err)
}

// under counts the rows of all columns of bytes that begin with what a keyset's primary key writes, by column.
func (p *place) under(t testing.TB, keys *envelope.Keys) map[string]int {
	t.Helper()
	conn := p.Connect(t, p.Superuser)
	rows, err := conn.Query(t.Context(), `select table_name || '.' || column_name from information_schema.columns where table_schema = 'public' and data_type = 'bytea' and table_name <> 'wrapping_key'`)
	must(t, err)
	var names []string
	for rows.Next() {
		var name string
		must(t, rows.Scan(&name))
		names = append(names, name)
	}
	must(t, rows.Err())
	prefix, out := keys.Prefix(), map[string]int{}
	for _, name := range names {
		table, column, _ := strings.Cut(name, ".")
		var n int
		must(t, conn.QueryRow(t.Context(), `select count(*) from `+table+` where substr(`+column+`, 1, 5) = $1`, prefix[:]).Scan(&n))
		if n > 0 {
			out[name] = n
		}
	}
	return out
}

func TestRenew(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	must(t, p.server(0).Begin(t.Context()))
	ring := signingkey.New(p.DB, p.Journal, p.Keys, p.Clock, fixture.Source())
	must(t, ring.Open(t.Context()))
	p.fill(t, 100)
	if err := p.server(0).Renew(t.Context()); err != nil || len(p.under(t, p.steps[3])) > 0 {
		t.Errorf("renewed for nothing: %v", err)
	}
	was := p.under(t, p.steps[0])

	// The list of columns is complete, but for lists of results, which are there for moments, and for forms that wait.
	var listed []string
	for _, c := range columns() {
		if n := len(listed); n == 0 || listed[n-1] != c.Table {
			listed = append(listed, c.Table)
		}
	}
	for name := range was {
		if table, _, _ := strings.Cut(name, "."); !slices.Contains(listed, table) {
			t.Errorf("%s holds wrapped keys, and no column says so", name)
		}
	}
	for _, name := range []string{"citizen.data_key", "mandate_draft.data_key", "credential_totp.data_key", "credential_card.data_key", "signing_key.private", "signing_key.proof"} {
		if was[name] == 0 {
			t.Errorf("nothing is in %s: %v", name, was)
		}
	}

	// The second key waits on every server; then the first server starts with it, while another one still wraps with the first.
	must(t, p.server(1).Begin(t.Context()))
	for what, f := range map[string]func() error{"counted": func() error { _, err := p.server(2).Left(t.Context()); return err }, "ended": func() error { _, err := p.server(2).End(t.Context()); return err }} {
		if err := f(); !errors.Is(err, wrapping.ErrNotBegun) {
			t.Errorf("%s before a server wraps with the second key: %v", what, err)
		}
	}
	must(t, p.server(2).Begin(t.Context()))
	must(t, p.server(1).Begin(t.Context()))
	p.with(1)
	p.fill(t, 200)
	if err := p.server(1).Renew(t.Context()); err != nil || len(p.under(t, p.steps[3])) > 0 {
		t.Errorf("a server wrapped with a key that is not its own: %v", err)
	}
	var renewed int
	must(t, p.Connect(t, p.Superuser).QueryRow(t.Context(), `select count(*) from journal_entry where action = 'wrapping.renewed'`).Scan(&renewed))
	if renewed > 0 {
		t.Error("a server whose key is old wrapped anew with it")
	}
	if _, err := p.server(2).End(t.Context()); !errors.Is(err, wrapping.ErrLeft) {
		t.Fatalf("ended a key while things are wrapped with it: %v", err)
	}

	// Interrupted after each key that is read, it does the rest when it is called again.
	total := 0
	for _, n := range p.under(t, p.steps[0]) {
		total += n
	}
	for stop := 1; ; stop++ {
		left, err := p.server(2).Left(t.Context())
		must(t, err)
		if len(left) == 0 {
			break
		}
		if stop > 2*total {
			t.Fatalf("after %d interruptions there are left %v", stop, left)
		}
		ctx, cancel := context.WithCancel(t.Context())
		err = interrupted(p, cancel, 3).InBatchesOf(2).Renew(ctx)
		cancel()
		if err != nil && !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
	}

	if left, err := p.server(2).Left(t.Context()); err != nil || len(left) > 0 {
		t.Errorf("left: %v, %v", left, err)
	}
	ended, err := p.server(2).End(t.Context())
	if err != nil || len(ended) != 1 || ended[0] != p.steps[0].Prefix() {
		t.Fatalf("ended %x, %v", ended, err)
	}
	if again, err := p.server(2).End(t.Context()); err != nil || !slices.Equal(again, ended) {
		t.Errorf("ended again: %x, %v", again, err)
	}
	p.opens(t)
	if p.log.Len() > 0 {
		t.Errorf("logged: %s", p.log.String())
	}
}

// interrupted is the keeper of the third step, of which the context ends when it has wrapped so many keys.
func interrupted(p *place, cancel context.CancelFunc, after int) *wrapping.Keeper {
	all := columns()
	for i := range all {
		rewrap := all[i].Rewrap
		all[i].Rewrap = func(keys *envelope.Keys, owner string, wrapped []byte) ([]byte, error) {
			if after--; after == 0 {
				cancel()
			}
			return rewrap(keys, owner, wrapped)
		}
	}
	return wrapping.New(p.DB, p.Journal, p.steps[2], slog.New(slog.NewTextHandler(&p.log, nil)), all...)
}

// opens checks that who has the second key alone reads everything, and that who has the first one writes nothing.
func (p *place) opens(t testing.TB) {
	t.Helper()
	p.with(3)
	must(t, p.server(3).Begin(t.Context()))
	if who := p.Identity(t, p.jeans.Organisation, p.jeans.Citizen); who.FamilyName == "" {
		t.Error("a citizen is nobody")
	}
	ring := signingkey.New(p.DB, p.Journal, p.Keys, p.Clock, fixture.Source())
	must(t, ring.Open(t.Context()))
	for name, n := range p.under(t, p.steps[0]) {
		t.Errorf("%d in %s are under the first key", n, name)
	}
	p.with(1)
	err := p.wrapWith(t.Context(), p.steps[0], token.ID())
	if err == nil || !strings.Contains(err.Error(), "is gone") {
		t.Errorf("a server that still has the first key wrapped with it: %v", err)
	}
	if err := p.server(1).Begin(t.Context()); !errors.Is(err, wrapping.ErrGone) {
		t.Errorf("it starts: %v", err)
	}
}

// wrapWith puts a card's seed there as a server with a keyset would.
func (p *place) wrapWith(ctx context.Context, keys *envelope.Keys, id uuid.UUID) error {
	_, err := card.New(p.DB, p.Journal, keys).Import(ctx, p.alix,
		strings.NewReader(fmt.Sprintf("serial;seed\r\nX%s;%s\r\n", strings.ToUpper(id.String()[24:]), strings.Repeat("ab", 20))), false)
	return err
}

func TestBegin_RefusesAKeysetThatLacksAKey(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	must(t, p.server(0).Begin(t.Context()))
	foreign := wrapping.New(p.DB, p.Journal, fixture.Keys(t), slog.Default(), columns()...)
	if err := foreign.Begin(t.Context()); !errors.Is(err, wrapping.ErrForeign) {
		t.Errorf("another keyset: %v", err)
	}
	if err := p.server(3).Begin(t.Context()); !errors.Is(err, wrapping.ErrForeign) {
		t.Errorf("without the key that wraps: %v", err)
	}
	must(t, p.server(2).Begin(t.Context()))
	if err := p.server(0).Begin(t.Context()); !errors.Is(err, wrapping.ErrForeign) {
		t.Errorf("without the key that wraps now: %v", err)
	}
	if err := p.server(0).Renew(t.Context()); !errors.Is(err, wrapping.ErrForeign) {
		t.Errorf("a server that ran on without the key that wraps now: %v", err)
	}
	// The first start of several at once has one entry.
	p = newPlace(t)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			if err := p.server(0).Begin(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	var n int
	must(t, p.Connect(t, p.Superuser).QueryRow(t.Context(), `select count(*) from journal_entry where action = 'wrapping.changed'`).Scan(&n))
	if n != 1 {
		t.Errorf("%d entries", n)
	}
}

// Who wraps with a key while it ends either comes first, and the key does not end, or is refused.
func TestEnd_Race(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	conn := p.Connect(t, p.Superuser)
	m := keyset.NewManager()
	next := func() *envelope.Keys {
		id, err := m.Add(aead.AES256GCMKeyTemplate())
		must(t, err)
		must(t, m.SetPrimary(id))
		handle, err := m.Handle()
		must(t, err)
		keys, err := envelope.New(handle, token.Bytes(32))
		must(t, err)
		must(t, p.keeper(keys).Begin(t.Context()))
		return keys
	}
	old := next()
	for range 20 {
		keys := next()
		var wrapped, ended error
		var both sync.WaitGroup
		both.Go(func() { wrapped = p.wrapWith(t.Context(), old, token.ID()) })
		both.Go(func() { _, ended = p.keeper(keys).End(t.Context()) })
		both.Wait()
		if (wrapped == nil) == (ended == nil) {
			t.Fatalf("wrapped: %v; ended: %v", wrapped, ended)
		}
		if n := len(p.under(t, old)); wrapped != nil && n > 0 {
			t.Fatalf("%d columns are under a key that is gone", n)
		}
		_, err := conn.Exec(t.Context(), `delete from credential_card`)
		must(t, err)
		_, err = p.keeper(keys).End(t.Context())
		must(t, err)
		old = keys
	}
}

// What does not open, because its key was lost before, is named, and keeps nothing else from being wrapped anew; its key does not end.
func TestRenew_WhatDoesNotOpen(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	must(t, p.server(0).Begin(t.Context()))
	p.fill(t, 100)
	prefix := p.steps[0].Prefix()
	conn := p.Connect(t, p.Superuser)
	_, err := conn.Exec(t.Context(), `set session_replication_role = replica; update citizen set data_key = decode('`+fmt.Sprintf("%x", prefix)+`', 'hex') || sha256('x') where id = '`+p.jeans.Citizen.String()+`'`)
	must(t, err)
	must(t, p.server(2).Begin(t.Context()))
	must(t, p.server(2).Renew(t.Context()))
	if left := p.under(t, p.steps[0]); len(left) != 1 || left["citizen.data_key"] != 1 {
		t.Errorf("left: %v", left)
	}
	if !strings.Contains(p.log.String(), "citizen") {
		t.Errorf("logged: %s", p.log.String())
	}
	if _, err := p.server(2).End(t.Context()); !errors.Is(err, wrapping.ErrLeft) {
		t.Errorf("ended: %v", err)
	}
}
