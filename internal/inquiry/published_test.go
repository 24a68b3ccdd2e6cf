package inquiry_test

import (
	"errors"
	"testing"
	"time"

	"mandat/internal/db"
	"mandat/internal/journal"
	"mandat/internal/journal/format"
	"mandat/internal/journal/tree"
	"mandat/internal/journal/verify"
	"mandat/internal/journal/witness"
)

// A paper names the checkpoint that witnesses cosigned, which everybody can have, as long as that has all of its entries; else the latest. Of an entry that no checkpoint has there is no paper.
func TestReport_NamesTheCheckpointThatIsPublished(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	k, err := witness.GenerateKey("temoin.ville.test/w")
	if err != nil {
		t.Fatal(err)
	}
	policy, err := verify.ParsePolicy([]byte(w.signer.PolicyWith("", "witness ville "+k.VerifierKey()+"\nquorum ville\n")))
	if err != nil {
		t.Fatal(err)
	}
	log, err := tree.OpenLog(w.DB, w.keys.Witnessed(policy.Keys().Quorum()), "")
	if err != nil {
		t.Fatal(err)
	}
	press := w.pressOf(t, log)
	q := w.open(t).ID
	grow := func() format.Checkpoint {
		t.Helper()
		if err := w.in.CatchUp(t.Context()); err != nil {
			t.Fatal(err)
		}
		var note string
		w.row(t, `select checkpoint from journal_tree`, nil, &note)
		c, err := format.ParseCheckpoint(format.TextOf(note))
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	cosigned := grow()
	if err := w.DB.Write(t.Context(), db.System(), db.Durable, func(tx *db.Tx) error {
		tx.Queue(`insert into journal_cosignature (size, key, line, at) values ($1, $2, $3, now())`, cosigned.Size, policy.Witnesses()[0].ID(), k.Cosign(cosigned.Text(), time.Now()))
		tx.Queue(`insert into journal_witnessed (size, at) values ($1, now())`, cosigned.Size)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	names := func(what string, want format.Checkpoint) {
		t.Helper()
		_, made, err := press.Make(t.Context(), w.sofia, q, "fr")
		if err != nil || made.Size != want.Size {
			t.Errorf("%s: under %d, %v, want %d", what, made.Size, err, want.Size)
		}
	}
	w.open(t)
	latest := grow()
	names("entries that are published", cosigned)
	if err := w.register.Attach(t.Context(), w.sofia, q, latest.Size-1); err != nil {
		t.Fatal(err)
	}
	names("an entry that is newer", latest)
	w.Behind(t, `insert into inquiry_entry (inquiry_id, index, attached_by, attached_at) values ($1, $2, $3, now())`, q, int64(1)<<40, w.sofia.Person)
	if _, _, err := press.Make(t.Context(), w.sofia, q, "fr"); !errors.Is(err, journal.ErrNotProvable) {
		t.Errorf("an entry that no checkpoint has: %v", err)
	}
}
