package app_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"time"

	"mandat/internal/apptest"
	"mandat/internal/backup"
	"mandat/internal/dbtest"
	"mandat/internal/fixture"
	"mandat/internal/journal/format"
	"mandat/internal/journal/tree"
	"mandat/internal/journal/verify"
	"mandat/internal/journal/witness"
)

// observer is a witness of every test's journal.
type observer struct {
	line string
	down atomic.Bool
}

func newObserver(t *testing.T, name string) *observer {
	t.Helper()
	policy, err := verify.ParsePolicy([]byte(apptest.LogPolicy(t)))
	must(t, err)
	dir := t.TempDir()
	key, err := witness.Init(dir, "temoin.exemple.invalid/"+name)
	must(t, err)
	_, err = witness.Begin(dir, policy.Keys())
	must(t, err)
	w, err := witness.Open(witness.Options{Dir: dir, Logs: policy.Keys(), Log: slog.New(slog.DiscardHandler)})
	must(t, err)
	o := &observer{}
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if o.down.Load() {
			panic(http.ErrAbortHandler)
		}
		w.Handler().ServeHTTP(rw, r)
	}))
	t.Cleanup(func() { server.CloseClientConnections(); server.Close(); w.Close() })
	o.line = fmt.Sprintf("witness %s %s %s\n", name, key.VerifierKey(), server.URL)
	return o
}

// watched is the setting that names these witnesses, of whom all are asked for.
func watched(t *testing.T, all ...*observer) string {
	t.Helper()
	lines, names := "# those who watch the journal\n", ""
	for _, o := range all {
		lines += o.line
		names += " " + strings.Fields(o.line)[1]
	}
	path := filepath.Join(t.TempDir(), "witnesses")
	must(t, os.WriteFile(path, []byte(lines+"group all-of-them all"+names+"\nquorum all-of-them"), 0o600))
	return "WITNESSES_FILE=" + path
}

func policyOf(t *testing.T, site *apptest.Site) *verify.Policy {
	t.Helper()
	p, err := verify.ParsePolicy([]byte(site.Stranger(t).Get("/journal/policy").Body))
	must(t, err)
	return p
}

// export is what `mandat journal export --policy` writes.
func export(t *testing.T, site *apptest.Site, policy *verify.Policy) fstest.MapFS {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "export")
	_, err := tree.Export(t.Context(), site.OpenAuditor(t), policy.Keys(), tree.Folder(dir))
	must(t, err)
	files := fstest.MapFS{}
	must(t, filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		name, err := filepath.Rel(dir, path)
		must(t, err)
		content, err := os.ReadFile(path)
		files[name] = &fstest.MapFile{Data: content}
		return err
	}))
	return files
}

// The whole program with two witnesses: what is published, exported and proven bears the cosignatures of both. While one of them is
// away, acts go on and are provable under our signature; what is published stays where both have seen it.
func TestWitnesses_OfTheWholeProgram(t *testing.T) {
	t.Parallel()
	one, two := newObserver(t, "un"), newObserver(t, "deux")
	site := apptest.Start(t, func(o *apptest.Options) {
		o.KeepEvery, o.Settings = 50*time.Millisecond, []string{watched(t, one, two)}
	})
	m := site.Sign(t, fresh(site, site.Jeanne), fixture.Angela(), fixture.Tax)
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	must(t, site.App.CatchUp(ctx))

	policy := policyOf(t, site)
	if len(policy.Witnesses()) != 2 {
		t.Fatalf("the policy names %d witnesses", len(policy.Witnesses()))
	}
	r, err := verify.Log(ctx, verify.Options{Policy: policy, Export: export(t, site, policy), Site: site.URL})
	if err != nil || r.Entries == 0 {
		t.Errorf("by the policy with both witnesses: %+v, %v", r, err)
	}
	prove(t, site, policy, m.ID.String())

	two.down.Store(true)
	before := shown(t, site, policy)
	site.Sign(t, fresh(site, site.Jeanne), fixture.Citizen(2), fixture.Housing)
	for deadline := time.Now().Add(time.Minute); !strings.Contains(metrics(t, site), `mandat_journal_witness_failing_seconds{witness="deux"} 0.`); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("the witness that is away does not show:\n%s", metrics(t, site))
		}
	}
	latest, err := tree.OpenLog(site.OpenAuditor(t), policy.Keys(), "")
	must(t, err)
	signed, err := latest.Latest(ctx)
	must(t, err)
	c, err := format.OpenCheckpoint(signed, policy.Keys())
	if after := shown(t, site, policy); err != nil || after != before || c.Size <= after {
		t.Errorf("without a witness: published %d, before %d, signed %d, %v", after, before, c.Size, err)
	}
	two.down.Store(false)
	must(t, site.App.CatchUp(ctx))
	if after := shown(t, site, policy); after < c.Size {
		t.Errorf("when it is back: published %d, signed %d", after, c.Size)
	}
}

// shown is the size of the checkpoint that the site shows, which must bear the quorum.
func shown(t *testing.T, site *apptest.Site, policy *verify.Policy) int64 {
	t.Helper()
	signed := site.Stranger(t).Get("/journal/checkpoint").Body
	c, err := format.OpenCheckpoint([]byte(signed), policy.Keys())
	if err != nil || !policy.Keys().Quorum().Satisfied([]byte(signed)) {
		t.Errorf("published: %v\n%s", err, signed)
	}
	return c.Size
}

// prove proves the signature of a mandate under the policy.
func prove(t *testing.T, site *apptest.Site, policy *verify.Policy, mandate string) {
	t.Helper()
	var index int64
	site.Row(t, `select l.index from journal_leaf l join journal_entry e on e.id = l.entry_id where e.mandate_id = $1::uuid and e.action = 'mandate.signed'`, []any{mandate}, &index)
	log, err := tree.OpenLog(site.OpenAuditor(t), policy.Keys(), "")
	must(t, err)
	text, line, err := log.Prove(t.Context(), index)
	must(t, err)
	if _, err := verify.Proof(text, line, policy); err != nil {
		t.Errorf("the proof: %v", err)
	}
	alone, _, _ := strings.Cut(string(text), "— temoin.exemple.invalid/deux")
	if _, err := verify.Proof([]byte(alone), line, policy); err == nil {
		t.Error("a proof without one of the witnesses passed")
	}
}

// A copy that is not the last one is restored on a machine that remembers nothing. The copy's own state file fits it; the witnesses have seen
// more, and the server refuses to start. With the newer copy it goes on.
func TestWitnesses_AnOldCopyIsRestored(t *testing.T) {
	t.Parallel()
	one, two := newObserver(t, "un"), newObserver(t, "deux")
	p := apptest.Prepare(t, dbtest.NewDurable(t))
	p.Set(watched(t, one, two))
	p.Run(t)
	witnessed(t, p)
	old, oldIdentity := copied(t, p)
	p.Sign(t, p.Jeanne, fixture.Angela(), fixture.Tax)
	witnessed(t, p)
	newer, newIdentity := copied(t, p)
	p.Kill()

	must(t, errors.Join(os.RemoveAll(old.KeysDir), os.RemoveAll(old.StateDir)))
	d := dbtest.NewDurable(t)
	old.OwnerURL = d.Owner
	emptied(t, d)
	_, err := backup.Restore(t.Context(), old, oldIdentity)
	must(t, err)
	p.Move(t, d)
	if said := p.Refuses(t); !strings.Contains(said, tree.ErrBelow.Error()) || !strings.Contains(said, "docs/journal.md") {
		t.Errorf("the server said %s", said)
	}

	must(t, errors.Join(os.RemoveAll(newer.KeysDir), os.RemoveAll(newer.StateDir)))
	d = dbtest.NewDurable(t)
	newer.OwnerURL = d.Owner
	emptied(t, d)
	_, err = backup.Restore(t.Context(), newer, newIdentity)
	must(t, err)
	p.Move(t, d)
	p.Run(t)
	p.Sign(t, p.Jeanne, fixture.Citizen(2), fixture.Housing)
	witnessed(t, p)
}

func emptied(t *testing.T, d *dbtest.Database) {
	t.Helper()
	_, err := d.Connect(t, d.Superuser).Exec(t.Context(), `drop schema public cascade; create schema public authorization pg_database_owner; grant usage on schema public to public`)
	must(t, err)
}

// witnessed waits until everything that was done is under a checkpoint that the site shows.
func witnessed(t *testing.T, p *apptest.Process) {
	t.Helper()
	p.Behind(t, `update journal_tree set kept_at = kept_at - interval '1 minute'`)
	for deadline := time.Now().Add(2 * time.Minute); p.Number(t, `select (select count(*) from journal_entry) - coalesce((select max(size) from journal_witnessed), 0)`) != 0; time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not witnessed:\n%s", p.Log)
		}
	}
}
