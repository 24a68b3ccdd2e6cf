package keyring_test

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"mandat/internal/certs"
	"mandat/internal/dbtest"
	"mandat/internal/journal"
	"mandat/internal/journal/format"
	"mandat/internal/journal/tree"
	"mandat/internal/journal/verify"
	"mandat/internal/keyring"
)

const origin = "mandat.exemple.invalid/journal"

// place is a database and a folder of keys.
type place struct {
	*dbtest.Database
	dir, kek string
	state    string
	journal  *journal.Journal
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func newPlace(t testing.TB) *place {
	t.Helper()
	d := dbtest.New(t)
	p := &place{Database: d, dir: filepath.Join(t.TempDir(), "keys"), state: filepath.Join(t.TempDir(), "checkpoint"), journal: journal.New(d.DB, nil)}
	k, err := keyring.MakeKEK()
	must(t, err)
	p.kek, err = k.Text()
	must(t, err)
	_, err = keyring.Generate(p.dir, origin, p.kek)
	must(t, err)
	authority, err := certs.NewAuthority(time.Now())
	must(t, err)
	seal, err := certs.NewSeal(authority, "Essai", time.Now())
	must(t, err)
	must(t, seal.Save(p.dir, "seal"))
	_, err = keyring.Encrypt(p.dir, p.kek)
	must(t, err)
	return p
}

// run starts a server with the keys of the folder, has it sign three acts, and keeps the checkpoint.
func (p *place) run(t testing.TB) *tree.Signer {
	t.Helper()
	ring, err := keyring.Load(p.dir, p.kek)
	must(t, err)
	in, err := tree.NewIntegrator(tree.IntegratorOptions{DB: p.DB, Signer: ring.Journal, StateFile: p.state})
	must(t, err)
	for range 3 {
		must(t, p.journal.Record(t.Context(), journal.Program(), func(*journal.Tx) (journal.Event, error) {
			return journal.Event{Action: "security.digested"}, nil
		}))
	}
	must(t, in.CatchUp(t.Context()))
	_, err = p.Connect(t, p.Superuser).Exec(t.Context(), `update journal_tree set kept_at = kept_at - interval '1 minute'`)
	must(t, err)
	_, err = in.Step(t.Context())
	must(t, err)
	return ring.Journal
}

// memory is an export in memory.
type memory fstest.MapFS

// Put stores a file.
func (m memory) Put(name string, content []byte) error {
	m[name] = &fstest.MapFile{Data: append([]byte{}, content...)}
	return nil
}

func (p *place) verified(t testing.TB, s *tree.Signer) verify.Report {
	t.Helper()
	m := memory{}
	_, err := tree.Export(t.Context(), p.OpenAuditor(t), s.Keys(), m)
	must(t, err)
	policy, err := verify.ParsePolicy([]byte(s.Policy("")))
	must(t, err)
	r, err := verify.Log(t.Context(), verify.Options{Policy: policy, Export: fstest.MapFS(m)})
	must(t, err)
	return r
}

// actions are the last entries' actions and details.
func (p *place) last(t testing.TB, action string) (detail string) {
	t.Helper()
	must(t, p.Connect(t, p.Superuser).QueryRow(t.Context(), `select coalesce(max(body::jsonb ->> 'detail'), '') from journal_entry where action = $1`, action).Scan(&detail))
	return detail
}

func (p *place) pass(ctx context.Context) func(*tree.Signer) (format.End, error) {
	return func(s *tree.Signer) (format.End, error) { return keyring.Pass(ctx, p.journal, s) }
}

func TestPass_TheLogGoesOnAndTellsOfIt(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	old := p.run(t)
	both, err := keyring.AnnounceJournal(p.dir, p.kek)
	must(t, err)
	must(t, keyring.Announce(t.Context(), p.journal, both))
	if err := keyring.PassJournal(p.dir, p.kek, p.pass(t.Context())); !errors.Is(err, tree.ErrNotJoined) {
		t.Fatalf("passed to a key that nobody saw sign: %v", err)
	}
	p.run(t)

	// The end is in the database, and the program was stopped before it wrote it down.
	interrupted := errors.New("interrupted")
	if err := keyring.PassJournal(p.dir, p.kek, func(s *tree.Signer) (format.End, error) {
		_, err := p.pass(t.Context())(s)
		return format.End{}, errors.Join(err, interrupted)
	}); !errors.Is(err, interrupted) || errors.Is(err, tree.ErrKey) {
		t.Fatal(err)
	}
	p.run(t) // servers with both keys go on
	must(t, keyring.PassJournal(p.dir, p.kek, p.pass(t.Context())))
	next := p.run(t)
	if r := p.verified(t, next); len(r.Breaks) > 0 {
		t.Errorf("breaks: %+v", r.Breaks)
	}
	if next.VerifierKey() != both.Next().VerifierKey() || !strings.Contains(p.last(t, "journal.key_announced"), next.VerifierKey()) || !strings.Contains(p.last(t, "journal.key_ended"), old.Keys().All()[0].ID()) {
		t.Error("the log does not tell of it")
	}
	if _, err := tree.NewIntegrator(tree.IntegratorOptions{DB: p.DB, Signer: old, StateFile: p.state}); err == nil {
		t.Error("a server with the old key starts over what the new one signed")
	}
}

func TestLose_TheLogGoesOnWithABreak(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	old := p.run(t)
	lose := func(before int, key format.Key) (format.End, error) {
		return keyring.Lose(t.Context(), p.journal, before, key)
	}
	must(t, keyring.ReplaceJournal(p.dir, p.kek, old.VerifierKey(), origin, lose))
	next := p.run(t)
	if r := p.verified(t, next); len(r.Breaks) != 1 || next.VerifierKey() == old.VerifierKey() {
		t.Errorf("breaks: %+v", r.Breaks)
	}
	if detail := p.last(t, "journal.key_ended"); !strings.Contains(detail, `"lost": true`) {
		t.Errorf("the log says %s", detail)
	}
	// And a second time, of the one that is there.
	must(t, keyring.ReplaceJournal(p.dir, p.kek, "", origin, lose))
	if r := p.verified(t, p.run(t)); len(r.Breaks) != 2 {
		t.Errorf("breaks: %+v", r.Breaks)
	}
}
