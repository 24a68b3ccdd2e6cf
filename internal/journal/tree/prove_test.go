package tree

import (
	"bytes"
	"errors"
	"testing"
	"testing/fstest"

	"mandat/internal/db"
	"mandat/internal/journal/format"
	"mandat/internal/journal/verify"
)

func TestProve_IsCheckedOffline(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.acts(t, 300)
	h.catchUp(t)
	p := h.policy(t)
	log, err := OpenLog(h.OpenAuditor(t), h.in.signer.Keys(), "")
	if err != nil {
		t.Fatal(err)
	}
	for _, index := range []int64{0, 255, 256, 299} {
		text, line, err := log.Prove(t.Context(), index)
		if err != nil {
			t.Fatal(err)
		}
		got, err := verify.Proof(text, line, p)
		if err != nil || got.Index != index || got.Checkpoint.Size != 300 || !format.IsCanonical(got.Body) {
			t.Fatalf("%+v, %v", got, err)
		}
		if _, next, err := log.Prove(t.Context(), (index+1)%300); err != nil || proofFails(text, next, p) == nil {
			t.Errorf("the proof of %d proves its neighbour, %v", index, err)
		}
	}
	text, line, err := log.Prove(t.Context(), 77)
	if err != nil {
		t.Fatal(err)
	}
	for k := range len(text) * 8 {
		bad := bytes.Clone(text)
		bad[k/8] ^= 1 << (k % 8)
		if proofFails(bad, line, p) == nil {
			t.Errorf("bit %d of the proof flipped, and it passes:\n%s", k, bad)
		}
	}
	for k := range (len(line) - 1) * 8 {
		bad := bytes.Clone(line)
		bad[k/8] ^= 1 << (k % 8)
		if proofFails(text, bad, p) == nil {
			t.Errorf("bit %d of the line flipped, and it passes", k)
		}
	}
	if proofFails(text, line, newHouse(t).policy(t)) == nil {
		t.Error("a stranger's policy is content")
	}
	for _, index := range []int64{-1, 300} {
		if _, _, err := log.Prove(t.Context(), index); !errors.Is(err, db.ErrNotFound) {
			t.Errorf("%d: %v", index, err)
		}
	}
}

// proofFails returns the error of verify.Proof.
func proofFails(text, line []byte, p *verify.Policy) error {
	_, err := verify.Proof(text, line, p)
	return err
}

// An entry whose time is over leaves the log as it is, and its place can still be proven.
func TestExport_OfAnEntryWhoseTimeIsOver(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.acts(t, 5)
	h.catchUp(t)
	session{h.Connect(t, h.Superuser)}.do(t, "set session_replication_role = replica; delete from journal_entry where id = (select entry_id from journal_leaf where index = 2)")
	m := h.export(t)
	if _, err := verify.Log(t.Context(), verify.Options{Policy: h.policy(t), Export: fstest.MapFS(m)}); err == nil {
		t.Fatal("an entry was deleted, and nothing was said")
	} else if fault, ok := verify.AsFault(err); !ok || fault.Index != 2 {
		t.Fatalf("the deleted entry is not named: %v", err)
	}
	r, err := verify.Log(t.Context(), verify.Options{Policy: h.policy(t), Export: fstest.MapFS(m), Gone: 3})
	if err != nil || r.Over != 1 || r.Entries != 4 {
		t.Fatalf("%+v, %v", r, err)
	}
	if l := m.lines(t)[2]; !bytes.HasSuffix(l, []byte(" - -\n")) {
		t.Errorf("its line is %q", l)
	}
	text, line, err := h.in.Log().Prove(t.Context(), 2)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := verify.Proof(text, line, h.policy(t)); err != nil || got.Body != nil {
		t.Errorf("%+v, %v", got, err)
	}
}
