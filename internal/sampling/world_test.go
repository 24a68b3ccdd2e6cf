package sampling_test

import (
	"bytes"
	"context"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
	"mandat/internal/fixture"
	"mandat/internal/journal"
	"mandat/internal/journal/draw"
	"mandat/internal/journal/format"
	"mandat/internal/journal/stamp"
	"mandat/internal/journal/tree"
	"mandat/internal/journal/tree/treetest"
	"mandat/internal/journal/verify"
	"mandat/internal/journal/witness"
	"mandat/internal/sampling"
	"mandat/internal/tsa"
)

// world has two auditors, two witnesses who are both asked for, an authority, and some acts in the log.
type world struct {
	*fixture.World
	register    *sampling.Register
	trust       draw.Trust
	in          *tree.Integrator
	signer      *tree.Signer
	witnesses   []witness.Key
	authority   *tsa.Authority
	sofia, alma journal.Actor
}

func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{World: fixture.New(t)}
	w.sofia, w.alma = w.Newcomer(t, journal.Auditor, uuid.Nil, "sofia"), w.Newcomer(t, journal.Auditor, uuid.Nil, "alma")
	w.signer = treetest.Signer(t, treetest.Origin)
	lines := ""
	for _, name := range []string{"ville", "universite"} {
		k, err := witness.GenerateKey("temoin." + name + ".test/w")
		must(t, err)
		w.witnesses = append(w.witnesses, k)
		lines += "witness " + name + " " + k.VerifierKey() + "\n"
	}
	policy, err := verify.ParsePolicy([]byte(w.signer.PolicyWith("", lines+"group both all ville universite\nquorum both\n")))
	must(t, err)
	w.authority, err = tsa.New(w.Clock.Now)
	must(t, err)
	authorities, err := draw.ParseAuthorities(w.authority.PEM())
	must(t, err)
	w.trust = draw.Trust{Policy: policy, Authorities: authorities}
	w.register = sampling.New(w.DB, w.Journal, w.trust, w.Clock)
	w.register.CountEach(3)
	w.in = treetest.Integrator(t, tree.IntegratorOptions{DB: w.DB, Signer: w.signer, KeepEvery: time.Nanosecond})
	w.Sign(t, w.Jeanne, fixture.Angela(), fixture.Tax)
	return w
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// act is an act that is none of a sample's, so that the log grows.
func (w *world) act(t testing.TB) {
	t.Helper()
	must(t, w.Journal.Record(t.Context(), w.alma, func(*journal.Tx) (journal.Event, error) {
		return journal.Event{Action: "journal.compared", Detail: map[string]int{"differences": 0}}, nil
	}))
}

// grow grows the log by an act, and returns the checkpoint that was kept of it.
func (w *world) grow(t testing.TB) format.Checkpoint {
	t.Helper()
	w.act(t)
	must(t, w.in.CatchUp(t.Context()))
	var note string
	w.row(t, `select note from journal_checkpoint order by size desc limit 1`, nil, &note)
	c, err := format.ParseCheckpoint(format.TextOf(note))
	must(t, err)
	return c
}

// cosigned is grow with the cosignatures of some witnesses.
func (w *world) cosigned(t testing.TB, by ...int) format.Checkpoint {
	t.Helper()
	c := w.grow(t)
	for _, i := range by {
		w.put(t, `insert into journal_cosignature (size, key, line, at) values ($1, $2, $3, now())`, c.Size, w.trust.Policy.Witnesses()[i].ID(), w.witnesses[i].Cosign(c.Text(), w.Clock.Now()))
	}
	if len(by) == len(w.witnesses) {
		w.put(t, `insert into journal_witnessed (size, at) values ($1, now())`, c.Size)
	}
	return c
}

// stamped is a checkpoint with its timestamp.
func (w *world) stamped(t testing.TB, c format.Checkpoint) {
	t.Helper()
	q, err := stamp.Request(stamp.Sum([]byte(c.Text())), big.NewInt(7))
	must(t, err)
	req := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", bytes.NewReader(q))
	req.Header.Set("Content-Type", stamp.QueryType)
	answer := httptest.NewRecorder()
	w.authority.Handler().ServeHTTP(answer, req)
	reply, err := io.ReadAll(answer.Body)
	must(t, err)
	token, err := stamp.Token(reply)
	must(t, err)
	w.put(t, `insert into journal_timestamp (size, at, token) values ($1, $2, $3)`, c.Size, w.Clock.Now(), token)
}

// ready is what an order needs to be drawn.
func (w *world) ready(t testing.TB) {
	t.Helper()
	w.cosigned(t, 0, 1)
	w.stamped(t, w.cosigned(t, 0, 1))
}

func (w *world) put(t testing.TB, sql string, args ...any) {
	t.Helper()
	must(t, w.DB.Write(t.Context(), db.System(), db.Durable, func(tx *db.Tx) error {
		_, err := tx.Exec(t.Context(), sql, args...)
		return err
	}))
}

func (w *world) row(t testing.TB, sql string, args []any, to ...any) {
	t.Helper()
	must(t, w.Connect(t, w.Superuser).QueryRow(t.Context(), sql, args...).Scan(to...))
}

// wish is for everything.
var wish = sampling.Wish{Wanted: 5, Reason: sampling.Routine}

func (w *world) order(t testing.TB, by journal.Actor, what sampling.Wish) uuid.UUID {
	t.Helper()
	s, err := w.register.Order(t.Context(), by, what)
	must(t, err)
	return s.ID
}

func (w *world) look(t testing.TB, id uuid.UUID) sampling.Whole {
	t.Helper()
	whole, err := w.register.Look(t.Context(), w.alma, id)
	must(t, err)
	return whole
}

// drawn is a sample that was drawn.
func (w *world) drawn(t testing.TB, what sampling.Wish) sampling.Whole {
	t.Helper()
	w.cosigned(t, 0, 1)
	id := w.order(t, w.sofia, what)
	w.ready(t)
	must(t, w.register.Draw(t.Context()))
	return w.look(t, id)
}

// export is one of everything, verified, and what it says of the order at a place.
func (w *world) recomputed(t testing.TB, place int64) (draw.Drawn, error) {
	t.Helper()
	w.cosigned(t, 0, 1)
	dir := t.TempDir()
	_, err := tree.Export(t.Context(), w.OpenAuditor(t), w.signer.Keys().Witnessed(w.trust.Policy.Keys().Quorum()), tree.Folder(dir))
	must(t, err)
	files, closer, err := verify.OpenExport(dir)
	must(t, err)
	defer func() { _ = closer.Close() }()
	_, err = verify.Log(t.Context(), verify.Options{Policy: w.trust.Policy, Export: files, Authority: w.authority.Roots()})
	must(t, err)
	r, err := verify.NewReader(files, w.trust.Policy)
	must(t, err)
	defer r.Close()
	return draw.Recompute(context.WithoutCancel(t.Context()), r, w.trust, place, "")
}

// sound fails the test unless the tables say what the entries say.
func (w *world) sound(t testing.TB) {
	t.Helper()
	found, err := sampling.Compare(t.Context(), w.OpenAuditor(t))
	if err != nil || len(found) > 0 {
		t.Errorf("%v, %v", found, err)
	}
}

// busy is as if somebody drew a sample, and looked through the first entry at this moment.
func (w *world) busy(t testing.TB, id uuid.UUID, at time.Time) {
	t.Helper()
	must(t, w.exec(t, `update sample set looked = 1, looked_at = $2 where id = $1`, id, at))
}

func (w *world) exec(t testing.TB, sql string, args ...any) error {
	t.Helper()
	return w.DB.Write(t.Context(), db.System(), db.Durable, func(tx *db.Tx) error {
		_, err := tx.Exec(t.Context(), sql, args...)
		return err
	})
}

// unguarded runs a statement with every guard off.
func (w *world) unguarded(t testing.TB, sql string, args ...any) {
	t.Helper()
	conn := w.Connect(t, w.Superuser)
	must(t, pgx.BeginFunc(t.Context(), conn, func(tx pgx.Tx) error {
		if _, err := tx.Exec(t.Context(), `set local session_replication_role = replica`); err != nil {
			return err
		}
		_, err := tx.Exec(t.Context(), sql, args...)
		return err
	}))
}

// together runs all of these at once, and returns what each said.
func together(all ...func() error) []error {
	out := make([]error, len(all))
	var wait sync.WaitGroup
	begin := make(chan struct{})
	for i, f := range all {
		wait.Go(func() { <-begin; out[i] = f() })
	}
	close(begin)
	wait.Wait()
	return out
}
