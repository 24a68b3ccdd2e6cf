package tree

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"mandat/internal/journal"
	"mandat/internal/journal/format"
	"mandat/internal/journal/verify"
)

// key is a new signer of the house's log.
func (h *house) key(t testing.TB) *Signer {
	t.Helper()
	secret, _, err := GenerateKey(testOrigin)
	if err != nil {
		t.Fatal(err)
	}
	s, err := NewSigner(secret)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func with(t testing.TB, s, next *Signer, former ...format.Key) *Signer {
	t.Helper()
	out, err := s.With(next, former)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// restart puts a server with these keys in the place of the house's.
func (h *house) restart(t testing.TB, s *Signer) {
	t.Helper()
	in, err := NewIntegrator(IntegratorOptions{DB: h.DB, Signer: s, StateFile: h.state})
	if err != nil {
		t.Fatal(err)
	}
	h.in = in
}

// keep has the tree's checkpoint kept, as it is after ten seconds.
func (h *house) keep(t testing.TB) {
	t.Helper()
	if _, err := h.Connect(t, h.Superuser).Exec(t.Context(), `update journal_tree set kept_at = kept_at - interval '1 minute'`); err != nil {
		t.Fatal(err)
	}
	if _, err := h.in.Step(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// end ends the key that signs, in an act.
func (h *house) end(t testing.TB, before int, next *Signer) (e format.End, err error) {
	t.Helper()
	err = h.journal.Record(t.Context(), journal.Program(), func(tx *journal.Tx) (journal.Event, error) {
		var err error
		e, err = EndKey(t.Context(), tx.Tx, before, next)
		return journal.Event{Action: "journal.key_ended", Detail: map[string]any{"size": e.Size}}, err
	})
	return e, err
}

func policyOf(t testing.TB, s *Signer) *verify.Policy {
	t.Helper()
	p, err := verify.ParsePolicy([]byte(s.Policy("https://mandat.test/journal")))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func (h *house) grown(t testing.TB) memory {
	t.Helper()
	h.acts(t, 3)
	h.catchUp(t)
	h.keep(t)
	return h.export(t)
}

// One key hands over to the next: with either policy the log can be checked while both sign, an old export by the policy of after, and
// nothing of after by the policy of before.
func TestSuccession(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	old := h.in.signer
	before := h.grown(t)

	both := with(t, old, h.key(t))
	if _, err := h.end(t, 0, both.Next()); !errors.Is(err, ErrNotJoined) {
		t.Fatalf("passed to a key that nobody saw sign: %v", err)
	}
	h.restart(t, both)
	during := h.grown(t)
	end, err := h.end(t, 0, both.Next())
	if err != nil {
		t.Fatal(err)
	}
	overlap := h.grown(t) // a server that was not restarted yet goes on with both
	next := with(t, both.Next(), nil, format.Key{VKey: old.VerifierKey(), End: &end})
	h.restart(t, next)
	after := h.grown(t)

	for what, c := range map[string]struct {
		export memory
		policy *Signer
		whole  bool
	}{
		"before, by the old policy": {before, old, true}, "before, by that of both": {before, both, true}, "before, by the new one": {before, next, true},
		"during, by the old policy": {during, old, true}, "during, by that of both": {during, both, true}, "during, by the new one": {during, next, true},
		"overlap, by the old policy": {overlap, old, true}, "overlap, by the new one": {overlap, next, true},
		"after, by the old policy": {after, old, false}, "after, by that of both": {after, both, true}, "after, by the new one": {after, next, true},
	} {
		r, err := verified(t, c.export, policyOf(t, c.policy))
		if (err == nil) != c.whole || len(r.Breaks) > 0 {
			t.Errorf("%s: %v, breaks %v", what, err, r.Breaks)
		}
	}
	if r, err := verified(t, after, policyOf(t, next)); err != nil || !slices.Equal(r.SignedBy, []string{next.Keys().All()[0].ID()}) {
		t.Errorf("signed by %v: %v", r.SignedBy, err)
	}
}

// Whoever steals a key after its end signs nothing that is believed: neither what follows nor another log in its place.
func TestSuccession_AStolenOldKey(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	old := h.in.signer
	both := with(t, old, h.key(t))
	h.restart(t, both)
	h.grown(t)
	end, err := h.end(t, 0, both.Next())
	if err != nil {
		t.Fatal(err)
	}
	next := with(t, both.Next(), nil, format.Key{VKey: old.VerifierKey(), End: &end})
	h.restart(t, next)
	h.grown(t)

	honest := h.checkpoint(t)
	signed := func(size int64, root format.Hash) []byte {
		b, err := old.Sign(size, root)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	for what, forged := range map[string][]byte{"a tree beyond its end": signed(honest.Size, honest.Root), "a longer one": signed(end.Size+1, format.Hash{1}), "another tree of the size at its end": signed(end.Size, format.Hash{1})} {
		if _, err := format.OpenCheckpoint(forged, next.Keys()); err == nil {
			t.Errorf("%s is believed", what)
		}
		m := h.export(t)
		_ = m.Put(format.CheckpointName, forged)
		if _, err := verified(t, m, policyOf(t, next)); err == nil {
			t.Errorf("an export with %s is whole", what)
		}
	}
	if _, err := format.OpenCheckpoint(signed(end.Size, end.Root), next.Keys()); err != nil {
		t.Errorf("its last checkpoint: %v", err)
	}

	// Another log, with the help of the new key even: it does not lead over the tree at which the old one ended.
	other := newHouse(t)
	other.in.signer = next
	other.restart(t, next)
	other.acts(t, int(end.Size)+3)
	other.catchUp(t)
	if _, err := verified(t, other.export(t), policyOf(t, next)); err == nil || !strings.Contains(err.Error(), "former key") {
		t.Errorf("another log under the new key is whole: %v", err)
	}
}

// A server that has not the key of today signs nothing more, however the change falls between its steps.
func TestSuccession_AServerWithoutTheNewKeyStops(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.grown(t)
	old := h.in.signer
	stale := h.integrator(t, filepath.Join(t.TempDir(), "other"))
	both := with(t, old, h.key(t))
	h.restart(t, both)
	h.grown(t)
	if _, err := stale.Step(t.Context()); err != nil {
		t.Fatalf("while both sign: %v", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	stopped := make(chan error, 1)
	go func() { stopped <- stale.Run(ctx) }()
	h.acts(t, 3)
	end, err := h.end(t, 0, both.Next())
	for errors.Is(err, ErrNotJoined) { // the other server was the last that kept a checkpoint
		h.grown(t)
		end, err = h.end(t, 0, both.Next())
	}
	if err != nil {
		t.Fatal(err)
	}
	h.acts(t, 3)
	if err := <-stopped; !errors.Is(err, ErrKey) {
		t.Fatalf("a server with the old key alone: %v", err)
	}
	h.catchUp(t)
	next := with(t, both.Next(), nil, format.Key{VKey: old.VerifierKey(), End: &end})
	h.restart(t, next)
	if r, err := verified(t, h.grown(t), policyOf(t, next)); err != nil || len(r.Breaks) > 0 {
		t.Errorf("%v, breaks %v", err, r.Breaks)
	}
	again := h.integrator(t, filepath.Join(t.TempDir(), "again"))
	if _, err := again.Step(t.Context()); !errors.Is(err, ErrKey) {
		t.Errorf("started with the old key: %v", err)
	}
}

// The key is lost: the log goes on under another one, and who checks it is told that nothing but the policy joins the two.
func TestSuccession_LostKey(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	old := h.in.signer
	before := h.grown(t)
	end, err := h.end(t, 0, nil)
	if err != nil {
		t.Fatal(err)
	}
	h.act(t, "session.opened")
	// A step has nothing to take while any other transaction of the cluster is under way: those of other tests, too.
	for _, err = h.in.Step(t.Context()); !errors.Is(err, ErrKey); _, err = h.in.Step(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		if size := h.number(t, `select size from journal_tree`); int64(size) > int64(end.Size) {
			t.Fatalf("a server that has it still goes on: %d, and its key ended at %d", size, end.Size)
		}
	}
	next := with(t, h.key(t), nil, format.Key{VKey: old.VerifierKey(), End: &end})
	h.restart(t, next)
	after := h.grown(t)
	r, err := verified(t, after, policyOf(t, next))
	if err != nil || len(r.Breaks) != 1 || r.Breaks[0].After != end.Size || r.Breaks[0].Size <= end.Size || r.Breaks[0].Key != next.Keys().All()[0].ID() {
		t.Errorf("%v, breaks %+v, the key ended at %d", err, r.Breaks, end.Size)
	}
	if _, err := verified(t, before, policyOf(t, next)); err != nil {
		t.Errorf("an old export: %v", err)
	}
	if _, err := verified(t, after, policyOf(t, old)); err == nil {
		t.Error("the policy of before believes the new key")
	}
	// Called again after an interruption, it ends where the tree is now; a second key ends after it.
	if again, err := h.end(t, 0, nil); err != nil || again.Size < end.Size {
		t.Errorf("again: %+v, %v", again, err)
	}
	if _, err := h.Connect(t, h.Superuser).Exec(t.Context(), `update journal_tree set epoch = 0`); err == nil {
		t.Error("an epoch went back")
	}
}
