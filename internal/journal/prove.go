package journal

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	tdproof "github.com/transparency-dev/formats/proof"
	"github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"
	"golang.org/x/mod/sumdb/tlog"

	"mandat/internal/db"
)

// maxProof is the most bytes a proof may have.
const maxProof = maxCheckpoint + 64*64

// IndexOf returns the place in the log of the entry with this number in the database. db.ErrNotFound: there is no such
// entry, or it is not in the tree yet.
func (l *Log) IndexOf(ctx context.Context, entry int64) (int64, error) {
	var index int64
	err := l.db.Read(ctx, db.System(), func(tx pgx.Tx) error {
		return tx.QueryRow(ctx, `select index from journal_leaf where entry_id = $1`, entry).Scan(&index)
	})
	if errors.Is(err, pgx.ErrNoRows) {
		return 0, db.ErrNotFound
	}
	if err != nil {
		return 0, fmt.Errorf("find entry: %w", err)
	}
	return index, nil
}

// Prove returns a proof that the log holds an entry at an index (C2SP tlog-proof@v1), and the entry's line as it stands
// in an export, which the proof is about. VerifyProof checks both, offline and for as long as SHA-256 and Ed25519 hold.
// The login must be one that may read the entry. db.ErrNotFound: the log is not so long.
func (l *Log) Prove(ctx context.Context, index int64) (text, entry []byte, err error) {
	signed, err := l.Checkpoint(ctx)
	if err != nil {
		return nil, nil, fmt.Errorf("prove entry %d: %w", index, err)
	}
	c, err := openCheckpoint(signed, l.logs)
	if err != nil {
		return nil, nil, fmt.Errorf("prove entry %d: %w", index, err)
	}
	if index < 0 || index >= c.Size {
		return nil, nil, db.ErrNotFound
	}
	path, err := tlog.ProveRecord(c.Size, index, tlog.TileHashReader(c.tree(), l.tiles(ctx)))
	if err != nil {
		return nil, nil, fmt.Errorf("prove entry %d: %w: %w", index, ErrTree, err)
	}
	p := tdproof.TLogProof{Index: uint64(index), Checkpoint: signed}
	for _, h := range path {
		p.Hashes = append(p.Hashes, h)
	}
	if entry, err = l.line(ctx, index); err != nil {
		return nil, nil, fmt.Errorf("prove entry %d: %w", index, err)
	}
	return p.Marshal(), entry, nil
}

func (l *Log) line(ctx context.Context, index int64) ([]byte, error) {
	var commitment, salt, body []byte
	err := l.db.Read(ctx, db.System(), func(tx pgx.Tx) error {
		return tx.QueryRow(ctx, `select l.commitment, e.salt, e.body from journal_leaf l left join journal_entry e on e.id = l.entry_id where l.index = $1`,
			index).Scan(&commitment, &salt, &body)
	})
	return appendLine(nil, index, commitment, salt, body), err
}

// Proven is what a proof shows.
type Proven struct {
	Checkpoint Checkpoint // under which signature
	Index      int64
	Body       []byte // the canonical entry; nil when its time is over
}

// VerifyProof checks a proof and the line of the entry it is about. It needs neither server nor database, only the
// policy that says whose signature counts. What is wrong is a *Fault.
func VerifyProof(text, entry []byte, policy *Policy) (Proven, error) {
	var p tdproof.TLogProof
	if len(text) > maxProof || p.Unmarshal(text) != nil || !bytes.Equal(p.Marshal(), text) || p.Index > maxIndex || len(p.Hashes) > 64 {
		return Proven{}, faultIn("the proof is not a C2SP tlog-proof@v1")
	}
	c, err := policy.open(p.Checkpoint)
	if err != nil {
		return Proven{}, faultIn("the proof's %v", err)
	}
	index := int64(p.Index)
	entry = bytes.Clone(bytes.TrimSuffix(entry, []byte("\n")))
	l, what := parseLine(entry)
	leaf := LeafHash(l.commitment)
	switch {
	case what != "":
	case l.index != index:
		what = fmt.Sprintf("the line is of entry %d", l.index)
	default:
		what = l.check(entry)
	}
	if what == "" && !included(c, index, leaf, p.Hashes) {
		what = "the checkpoint's tree does not hold it there"
	}
	if what != "" {
		return Proven{}, &Fault{Index: index, Last: index, Action: actionOf(entry), What: what}
	}
	return Proven{Checkpoint: c, Index: index, Body: l.body}, nil
}

func included(c Checkpoint, index int64, leaf Hash, path [][len(Hash{})]byte) bool {
	hashes := make([][]byte, len(path))
	for n := range path {
		hashes[n] = path[n][:]
	}
	return index < c.Size && proof.VerifyInclusion(rfc6962.DefaultHasher, uint64(index), uint64(c.Size), leaf[:], hashes, c.Root[:]) == nil //nolint:gosec // both were parsed as not negative
}
