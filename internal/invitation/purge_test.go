package invitation_test

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
	"mandat/internal/fixture"
	"mandat/internal/invitation"
	"mandat/internal/journal"
)

// Who never came is forgotten, and nothing that still opens something, or says what is to be decided, is.
func TestPurge_ForgetsWhatEnded(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	ctx, r, odile := t.Context(), w.Invitations, w.Referent(t, w.Here, "odile")
	invite := func(name string, before time.Duration) uuid.UUID {
		t.Helper()
		w.Clock.Advance(-before)
		defer w.Clock.Advance(before)
		by := odile
		by.FactorAt = w.Clock.Now()
		id, err := r.Invite(ctx, by, guest(name, "aidant"))
		if err != nil {
			t.Fatal(err)
		}
		return id
	}
	over := invite("over", invitation.Kept+invitation.Life+time.Hour)
	late := invite("late", invitation.Life+time.Hour)
	withdrawn, open := invite("withdrawn", 0), invite("open", 0)
	if err := r.Withdraw(ctx, odile, withdrawn); err != nil {
		t.Fatal(err)
	}
	if err := r.Purge(ctx); err != nil {
		t.Fatal(err)
	}
	if got := ids(t, w); len(got) != 3 || got[over] || !got[late] || !got[withdrawn] || !got[open] {
		t.Errorf("left: %v", got)
	}
	w.Content(t)

	// The database keeps what has not ended, whoever asks.
	err := w.DB.Write(ctx, db.System(), db.Durable, func(tx *db.Tx) error {
		_, err := tx.Exec(ctx, `delete from invitation`)
		return err
	})
	if got := ids(t, w); err != nil || len(got) != 3 {
		t.Errorf("%v, left: %v", err, got)
	}
	w.Behind(t, `delete from invitation where id = $1`, late)
	found, err := invitation.Compare(ctx, w.OpenAuditor(t))
	if err != nil || len(found) != 1 || found[0] != (journal.Difference{Of: "invitation", ID: late.String(), What: found[0].What}) {
		t.Errorf("found %v, %v", found, err)
	}
}

func ids(t *testing.T, w *fixture.World) map[uuid.UUID]bool {
	t.Helper()
	out := map[uuid.UUID]bool{}
	rows, err := w.Connect(t, w.Superuser).Query(t.Context(), `select id from invitation`)
	if err != nil {
		t.Fatal(err)
	}
	list, err := pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range list {
		out[id] = true
	}
	return out
}
