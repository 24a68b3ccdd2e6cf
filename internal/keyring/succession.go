package keyring

import (
	"context"

	"mandat/internal/journal"
	"mandat/internal/journal/format"
	"mandat/internal/journal/tree"
)

// announced is what the entry of an announcement says.
type announced struct {
	Key string `json:"key"` // as policy files name it
}

// Announce records in the log which key will sign it next, under the signature of the one that does.
func Announce(ctx context.Context, j *journal.Journal, s *tree.Signer) error {
	return j.Record(ctx, journal.Program(), func(*journal.Tx) (journal.Event, error) {
		return journal.Event{Action: "journal.key_announced", Detail: announced{s.Next().VerifierKey()}}, nil
	})
}

// gone is what the entry of an end says.
type gone struct {
	Key  string `json:"key"` // id of the key that ended
	Size int64  `json:"size"`
	Lost bool   `json:"lost"` // at once, with no checkpoint that both signed
}

// Pass ends the signer's key for every server, so that the next one goes on alone. It is for PassJournal.
func Pass(ctx context.Context, j *journal.Journal, s *tree.Signer) (format.End, error) {
	keys := s.Keys().All()
	return end(ctx, j, len(keys)-2, s.Next(), gone{Key: keys[0].ID()})
}

// Lose ends a key that was lost or stolen, at once, after others that ended. It is for ReplaceJournal.
func Lose(ctx context.Context, j *journal.Journal, before int, key format.Key) (format.End, error) {
	return end(ctx, j, before, nil, gone{Key: key.ID(), Lost: true})
}

func end(ctx context.Context, j *journal.Journal, before int, next *tree.Signer, d gone) (e format.End, err error) {
	err = j.Record(ctx, journal.Program(), func(tx *journal.Tx) (journal.Event, error) {
		var err error
		e, err = tree.EndKey(ctx, tx.Tx, before, next)
		d.Size = e.Size
		return journal.Event{Action: "journal.key_ended", Detail: d}, err
	})
	return e, err
}
