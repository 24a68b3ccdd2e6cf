package app_test

import (
	"errors"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"mandat/internal/app"
	"mandat/internal/apptest"
	"mandat/internal/dbtest"
	"mandat/internal/fixture"
	"mandat/internal/journal"
	"mandat/internal/journal/format"
	"mandat/internal/journal/tree"
	"mandat/internal/keyring"
	"mandat/internal/mandate"
	"mandat/internal/wrapping"
)

// operated is an installation whose operator changes keys, beside a server that runs.
type operated struct {
	*apptest.Process
	dir, path string // the folder of keys, the file of the keyset
	journal   *journal.Journal
}

func operate(t *testing.T) *operated {
	t.Helper()
	p := apptest.Prepare(t, dbtest.NewDurable(t))
	dir, _ := p.Folders()
	return &operated{Process: p, dir: dir, path: filepath.Join(filepath.Dir(dir), "kek"), journal: journal.New(p.DB, p.Clock)}
}

func (o *operated) text(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(o.path)
	must(t, err)
	return string(text)
}

// change changes the keyset in its file.
func (o *operated) change(t *testing.T, f func(*keyring.KEK) (*keyring.KEK, error)) *keyring.KEK {
	t.Helper()
	k, err := keyring.ReadKEK(o.text(t))
	must(t, err)
	k, err = f(k)
	must(t, err)
	must(t, k.Save(o.path))
	return k
}

// ring is what the files hold now.
func (o *operated) ring(t *testing.T) *keyring.Keyring {
	t.Helper()
	ring, err := keyring.Load(o.dir, o.text(t))
	must(t, err)
	return ring
}

func (o *operated) restart(t *testing.T) {
	t.Helper()
	o.Kill()
	o.Run(t)
}

// uses is that mandates are used once more each, at the running server.
func (o *operated) uses(t *testing.T, all ...mandate.Mandate) {
	t.Helper()
	v := o.Visit(t, fresh(o.Site, o.Jeanne))
	for _, m := range all {
		v.Confirm(m.Citizen)
		if a, err := o.UserInfo(t.Context(), o.Token(t, v.MustCode(m.Citizen, fixture.Tax))); err != nil || a.Status != http.StatusOK {
			t.Errorf("a use: %d, %v", a.Status, err)
		}
	}
}

func (o *operated) keeper(t *testing.T) *wrapping.Keeper {
	return wrapping.New(o.DB, o.journal, o.ring(t).Envelope, slog.New(slog.DiscardHandler), app.Wrapped()...)
}

// The key-encryption key changes while servers run: what was sealed before is used after, what a server with the keyset of the step before sealed too, and
// when the old key has ended it is taken nowhere any more.
func TestKEK_ChangesWhileServersRun(t *testing.T) {
	t.Parallel()
	o := operate(t)
	o.Run(t)
	first := o.Sign(t, fresh(o.Site, o.Jeanne), fixture.Citizen(1), fixture.Tax)
	o.uses(t, first)

	o.change(t, (*keyring.KEK).Add)
	o.Keys = o.ring(t).Envelope // the test's own registers are another server, which stays at this step
	o.Open(o.DB)
	o.restart(t)
	used := o.change(t, (*keyring.KEK).Use)
	must(t, used.Reseal(o.dir))
	o.restart(t)
	second := o.Sign(t, fresh(o.Site, o.Jeanne), fixture.Citizen(2), fixture.Tax)
	o.uses(t, first, second)

	var both sync.WaitGroup
	both.Go(func() {
		if err := o.keeper(t).Renew(t.Context()); err != nil {
			t.Error(err)
		}
	})
	for range 3 {
		o.uses(t, first, second)
	}
	both.Wait()
	must(t, o.keeper(t).Renew(t.Context())) // what a server at the step before wrapped meanwhile
	ended, err := o.keeper(t).End(t.Context())
	must(t, err)
	o.change(t, func(k *keyring.KEK) (*keyring.KEK, error) { return k.Without(ended...) })
	o.uses(t, first, second)
	o.restart(t)
	o.uses(t, first, second)

	by := fresh(o.Site, o.Jeanne)
	d, err := o.Drafts.Start(t.Context(), by, fixture.Terms(fixture.Tax))
	if err == nil {
		err = o.Drafts.Identify(t.Context(), by, d.ID, fixture.Citizen(3), o.Clock.Now())
	}
	if err == nil || !strings.Contains(err.Error(), "is gone") {
		t.Errorf("a server that has the old key still wrapped with it: %v", err)
	}
	o.Sound(t)
}

// The journal passes to its next key, and another seal is put in place; neither keeps anybody from anything. The server that was not
// restarted in time stops and signs nothing.
func TestJournalKey_PassesOnWhileServersRun(t *testing.T) {
	t.Parallel()
	o := operate(t)
	o.Run(t)
	m := o.Sign(t, fresh(o.Site, o.Jeanne), fixture.Citizen(1), fixture.Tax)
	o.uses(t, m)
	both, err := keyring.AnnounceJournal(o.dir, o.text(t))
	must(t, err)
	must(t, keyring.Announce(t.Context(), o.journal, both))
	pass := func() error {
		return keyring.PassJournal(o.dir, o.text(t), func(s *tree.Signer) (format.End, error) { return keyring.Pass(t.Context(), o.journal, s) })
	}
	if err := pass(); !errors.Is(err, tree.ErrNotJoined) {
		t.Fatalf("passed on while the server has the old key alone: %v", err)
	}
	o.restart(t)
	until := time.Now().Add(time.Minute)
	for err = tree.ErrNotJoined; errors.Is(err, tree.ErrNotJoined) && time.Now().Before(until); err = pass() { // others' transactions may hold the log back
		o.Behind(t, `update journal_tree set kept_at = kept_at - interval '1 minute'`)
		o.uses(t, m)
		o.Sound(t)
	}
	must(t, err)
	o.uses(t, m) // the server that signs with both goes on
	o.restart(t)
	o.uses(t, m)
	o.Sound(t)
	if now := o.ring(t).Journal; now.VerifierKey() != both.Next().VerifierKey() || now.Next() != nil {
		t.Error("the journal has another key")
	}
}
