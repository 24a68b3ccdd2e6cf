package testimony_test

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/tlog"

	"mandat/internal/db"
	"mandat/internal/journal"
	"mandat/internal/journal/format"
	"mandat/internal/journal/tree"
)

// Whoever has our key and two databases shows one journal to some and another to others. Neither gets the cosignatures of both
// witnesses beyond what the two have in common, and the operator of the first is told.
func TestSplitView(t *testing.T) {
	t.Parallel()
	secret := newSecret(t)
	one, two := newObserver(t, "un", keysOf(t, secret)), newObserver(t, "deux", keysOf(t, secret))
	here := newHouse(t, secret, 2, one, two)
	there := newHouse(t, secret, 2, two, one)
	here.acts(t, 3)
	there.acts(t, 3)
	must(t, here.collector.Collect(t.Context(), here.policy.Witnesses()[0]))
	must(t, there.collector.Collect(t.Context(), there.policy.Witnesses()[0]))
	here.collect(t)
	there.collect(t)
	here.acts(t, 4)
	there.acts(t, 2)
	here.collect(t)
	there.collect(t)
	if a, b := here.published(t), there.published(t); a != 0 || b != 0 {
		t.Errorf("published %d here and %d there", a, b)
	}
	if a, b := here.failing(t, two), there.failing(t, one); a != "fork" || b != "ahead" {
		t.Errorf("the other's witness is %q here and %q there", a, b)
	}
	if here.failing(t, one) != "" || there.failing(t, two) != "" {
		t.Error("a witness contradicts the journal that it has seen")
	}
	if here.logged.errors.Load() == 0 || there.logged.errors.Load() == 0 {
		t.Error("nobody was alarmed")
	}
}

// A database that was put back to an older state, on a machine that remembers nothing: the witnesses do, and the start is refused. When
// it went on all the same, they cosign nothing.
func TestRollback(t *testing.T) {
	t.Parallel()
	secret := newSecret(t)
	one, two := newObserver(t, "un", keysOf(t, secret)), newObserver(t, "deux", keysOf(t, secret))
	lost := newHouse(t, secret, 2, one, two)
	lost.acts(t, 9)
	lost.collect(t)
	must(t, lost.collector.Agree(t.Context()))

	back := newHouse(t, secret, 2, one, two)
	if err := back.collector.Agree(t.Context()); !errors.Is(err, db.ErrNotFound) {
		t.Errorf("without a tree: %v", err)
	}
	back.acts(t, 5)
	if err := back.collector.Agree(t.Context()); !errors.Is(err, tree.ErrBelow) || !strings.Contains(err.Error(), "hold 9 entries of it, the database 5") {
		t.Errorf("the start on an older database: %v", err)
	}
	back.collect(t)
	if n, how := back.published(t), back.failing(t, one); n != 0 || how != "ahead" {
		t.Errorf("published %d, the witness is %q", n, how)
	}
	if back.logged.errors.Load() == 0 {
		t.Error("nobody was alarmed")
	}
	back.acts(t, 7) // past what was lost
	back.collect(t)
	if n, how := back.published(t), back.failing(t, one); n != 0 || how != "fork" {
		t.Errorf("past what was lost: published %d, the witness is %q", n, how)
	}

	// Nothing newer is left: the operators of the witnesses end them, and begin others.
	three, four := newObserver(t, "trois", keysOf(t, secret)), newObserver(t, "quatre", keysOf(t, secret))
	back.trust(t, 2, three, four)
	must(t, back.collector.Agree(t.Context()))
	back.acts(t, 1)
	back.collect(t)
	if n := back.published(t); n != 13 {
		t.Errorf("with other witnesses: published %d", n)
	}
}

// One witness of several cannot keep a server from starting by what it says, and one that does not answer cannot either.
func TestAgree_OneWitnessIsNotEnoughToStop(t *testing.T) {
	t.Parallel()
	secret := newSecret(t)
	one, two := newObserver(t, "un", keysOf(t, secret)), newObserver(t, "deux", keysOf(t, secret))
	lost := newHouse(t, secret, 1, one)
	lost.acts(t, 9)
	lost.collect(t)
	h := newHouse(t, secret, 1, one, two)
	h.acts(t, 5)
	must(t, h.collector.Agree(t.Context()))
	h.trust(t, 2, one, two)
	if err := h.collector.Agree(t.Context()); !errors.Is(err, tree.ErrBelow) {
		t.Errorf("when both are asked for: %v", err)
	}
	gone := newObserver(t, "trois", keysOf(t, secret))
	gone.url = "http://127.0.0.1:1"
	h.trust(t, 2, two, gone)
	must(t, h.collector.Agree(t.Context()))
}

// Another tree of a size that was cosigned is refused, and the alarm says that it is another.
func TestFork(t *testing.T) {
	t.Parallel()
	secret := newSecret(t)
	w := newObserver(t, "un", keysOf(t, secret))
	first := newHouse(t, secret, 1, w)
	first.acts(t, 5)
	first.collect(t)
	second := newHouse(t, secret, 1, w)
	second.acts(t, 5)
	second.collect(t)
	if n, how := second.published(t), second.failing(t, w); n != 0 || how != "fork" {
		t.Errorf("published %d, the witness is %q", n, how)
	}
	first.acts(t, 1)
	first.collect(t)
	if n := first.published(t); n != 6 {
		t.Errorf("the journal that it knows: published %d", n)
	}
}

// A thief has our key and continues the tree, for which what we publish is enough: a witness that sees theirs first cosigns it, and ours no more,
// which alarms at once. The key ends where the other witness holds our tree; under the next one the journal goes on, with a new witness in the place of the
// one that was deceived, and the thief's key is good for nothing larger.
func TestStolenKey(t *testing.T) {
	t.Parallel()
	secret := newSecret(t)
	one, two := newObserver(t, "un", keysOf(t, secret)), newObserver(t, "deux", keysOf(t, secret))
	h := newHouse(t, secret, 2, one, two)
	h.acts(t, 5)
	h.collect(t)
	old, forged := h.continued(t, 5, 3)
	if status := two.ask(t, old+forged); status != http.StatusOK {
		t.Fatalf("the thief's checkpoint: %d", status)
	}
	h.acts(t, 1)
	h.collect(t)
	if n, how := h.published(t), h.failing(t, two); n != 5 || how != "ahead" {
		t.Errorf("published %d, the witness that was deceived is %q", n, how)
	}
	if h.logged.errors.Load() == 0 {
		t.Error("nobody was alarmed")
	}

	var end format.End
	must(t, h.journal.Record(t.Context(), journal.Program(), func(tx *journal.Tx) (journal.Event, error) {
		var err error
		end, err = tree.EndKey(t.Context(), tx.Tx, 0, nil)
		return journal.Event{Action: "journal.key_ended", Detail: map[string]any{"size": end.Size}}, err
	}))
	next := newSecret(t)
	after, err := signerOf(t, next).With(nil, []format.Key{{VKey: h.signer.VerifierKey(), End: &end}})
	must(t, err)
	h.signer = after
	one.trust(t, after.Keys())
	three := newObserver(t, "trois", after.Keys())
	h.trust(t, 2, one, three)
	must(t, h.collector.Agree(t.Context()))
	h.acts(t, 2)
	h.collect(t)
	if n := h.published(t); n != 9 {
		t.Errorf("under the next key: published %d", n)
	}
	for _, w := range []*observer{one, three} {
		if status := w.ask(t, old+forged); status != http.StatusForbidden {
			t.Errorf("the thief's checkpoint at %s: %d", w.name, status)
		}
	}
}

// continued is what a thief makes of the published tiles: the tree of the first size entries with some of their own, signed, and the first part
// of the request that shows it to a witness.
func (h *house) continued(t testing.TB, size int64, more int) (head, signed string) {
	t.Helper()
	tile, _, err := h.log.Tile(t.Context(), fmt.Sprintf("tile/0/000.p/%d", size))
	must(t, err)
	var stored []tlog.Hash
	read := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		out := make([]tlog.Hash, len(indexes))
		for i, x := range indexes {
			out[i] = stored[x]
		}
		return out, nil
	})
	for n := range size + int64(more) {
		leaf := tlog.RecordHash([]byte("theirs"))
		if n < size {
			leaf = tlog.Hash(tile[n*32 : (n+1)*32])
		}
		hashes, err := tlog.StoredHashesForRecordHash(n, leaf, read)
		must(t, err)
		stored = append(stored, hashes...)
	}
	root, err := tlog.TreeHash(size+int64(more), read)
	must(t, err)
	path, err := tlog.ProveTree(size+int64(more), size, read)
	must(t, err)
	head = fmt.Sprintf("old %d\n", size)
	for _, p := range path {
		head += base64.StdEncoding.EncodeToString(p[:]) + "\n"
	}
	b, err := h.signer.Sign(size+int64(more), format.Hash(root))
	must(t, err)
	return head + "\n", string(b)
}

// A database that was dumped and loaded goes on when its owner has said that the original never runs again, and the witnesses see no break.
func TestLogicalRestore(t *testing.T) {
	t.Parallel()
	secret := newSecret(t)
	w := newObserver(t, "un", keysOf(t, secret))
	h := newHouse(t, secret, 1, w)
	h.acts(t, 4)
	h.collect(t)
	h.behind(t, `set session_replication_role = replica; update journal_entry set xid = (xid::text::bigint + 10000000000)::text::xid8;
		update journal_tree set xid = (xid::text::bigint + 10000000000)::text::xid8, cluster = cluster + 1; set session_replication_role = origin`)
	h.trust(t, 1, w)
	must(t, h.collector.Agree(t.Context()))
	if _, err := h.in.Step(t.Context()); !errors.Is(err, tree.ErrCluster) {
		t.Fatalf("another cluster: %v", err)
	}
	_, err := h.Connect(t, h.Owner).Exec(t.Context(), tree.AdoptSQL)
	must(t, err)
	h.trust(t, 1, w)
	h.acts(t, 2)
	h.collect(t)
	if n, how := h.published(t), h.failing(t, w); n != 6 || how != "" {
		t.Errorf("published %d, %q", n, how)
	}
}
