package witness

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"path/filepath"
)

// What a refused checkpoint shows. Two of one size are a contradiction, whoever sent them. A proof that leads nowhere may be the
// log's, of another tree, or anybody's: checkpoints are public, and anybody may send one with a proof that they made up.
const (
	contradiction = "contradiction"
	doubt         = "doubt"
)

// maxEvidence is how many files of each sort are kept: one shows what the log did, a hundred leave no doubt.
const maxEvidence = 100

// suspect notes a checkpoint that the log has signed and that does not fit the one held, and keeps both: who sees two signatures that
// contradict each other can show what the log did. It must not keep an answer from being given, so what fails is logged.
func (w *Witness) suspect(sort string, s *state, q request) {
	size := []any{slog.String("log", q.shown.Origin), slog.Int64("held", s.last.Size), slog.Int64("shown", q.shown.Size)}
	if sort == contradiction {
		w.log.Error("THE LOG CONTRADICTS ITSELF: it signed two trees of one size", size...)
	} else {
		w.log.Warn("a proof does not lead from the tree held to the one shown", size...)
	}
	content := append(append(append([]byte{}, s.signed...), '\n'), q.signed...)
	sum := sha256.Sum256(content)
	name := fmt.Sprintf("%s-%x", sort, sum[:8])
	files, err := filepath.Glob(filepath.Join(w.dir, evidenceName, sort+"-*"))
	if err == nil && len(files) < maxEvidence {
		err = createFile(filepath.Join(w.dir, evidenceName, name), content)
	}
	if err != nil && !errors.Is(err, fs.ErrExist) {
		w.log.Error("evidence could not be kept", slog.Any("error", err))
	}
}
