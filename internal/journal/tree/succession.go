package tree

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"mandat/internal/journal"
	"mandat/internal/journal/format"
)

// ErrNotJoined says that no checkpoint that is kept is signed by the next key too: who trusts the one before could not follow.
var ErrNotJoined = errors.New("no kept checkpoint is signed by the next key yet: copy KEYS_DIR to every server, restart them, and wait some seconds and an act")

// Next is the key that signs too and will go on alone; nil: there is none.
func (s *Signer) Next() *Signer { return s.next }

// announced is what the entry of an announcement says.
type announced struct {
	Key string `json:"key"` // as policy files name it
}

// Announce records in the log which key will sign it next, under the signature of the one that does.
func Announce(ctx context.Context, j *journal.Journal, s *Signer) error {
	return j.Record(ctx, journal.Program(), func(*journal.Tx) (journal.Event, error) {
		return journal.Event{Action: "journal.key_announced", Detail: announced{s.next.vkey}}, nil
	})
}

// ended is what the entry of an end says.
type ended struct {
	Key  string `json:"key"` // id of the key that ended
	Size int64  `json:"size"`
	Lost bool   `json:"lost"` // at once, with no checkpoint that both signed
}

// Pass ends the signer's key for every server, and returns where: what it signs of larger trees counts no more. The next one must
// have signed a checkpoint that is kept. Servers with both keys go on; those without the next one stop.
func Pass(ctx context.Context, j *journal.Journal, s *Signer) (format.End, error) {
	return end(ctx, j, s.epoch(), ended{Key: s.Keys().All()[0].ID()}, func(tx *journal.Tx) error {
		var kept string
		if err := tx.QueryRow(ctx, `select note from journal_checkpoint order by size desc limit 1`).Scan(&kept); err != nil {
			return fmt.Errorf("%w (%w)", ErrNotJoined, err)
		}
		alone, err := format.NewKeys(format.Key{VKey: s.next.vkey})
		if err != nil {
			return err
		}
		if _, err := format.OpenCheckpoint([]byte(kept), alone); err != nil {
			return ErrNotJoined
		}
		return nil
	})
}

// Lose ends a key that was lost or stolen, at once, after others that ended. Servers that have it still stop.
func Lose(ctx context.Context, j *journal.Journal, before int, key format.Key) (format.End, error) {
	return end(ctx, j, before, ended{Key: key.ID(), Lost: true}, func(*journal.Tx) error { return nil })
}

// end raises the epoch from before; when that is done already, as by a call that was interrupted, the key ends where the tree is now.
func end(ctx context.Context, j *journal.Journal, before int, d ended, check func(*journal.Tx) error) (format.End, error) {
	var e format.End
	err := j.Record(ctx, journal.Program(), func(tx *journal.Tx) (journal.Event, error) {
		if err := check(tx); err != nil {
			return journal.Event{}, err
		}
		var root []byte
		err := tx.QueryRow(ctx, `update journal_tree set epoch = $1 + 1 where epoch in ($1, $1 + 1) returning size, root`, before).Scan(&d.Size, &root)
		if errors.Is(err, pgx.ErrNoRows) {
			return journal.Event{}, fmt.Errorf("%w (or the log was not begun)", ErrKey)
		}
		if err != nil {
			return journal.Event{}, err
		}
		e = format.End{Size: d.Size, Root: format.Hash(root)}
		return journal.Event{Action: "journal.key_ended", Detail: d}, nil
	})
	if err != nil {
		return format.End{}, fmt.Errorf("end the journal's key: %w", err)
	}
	return e, nil
}
