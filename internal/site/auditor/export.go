package auditor

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"

	"mandat/internal/journal"
	"mandat/internal/journal/tree"
	"mandat/internal/page"
	"mandat/internal/session"
)

type exported struct {
	Size int64 `json:"size"` // entries the log had when the export began
}

// doExport records that the journal was taken out, then sends it. What fails on the way cuts the answer off: a file that
// looks whole and is not would be worse.
func (s *Site) doExport(w http.ResponseWriter, r *http.Request) error {
	at := session.From(r.Context())
	size, err := s.size(r.Context())
	if err != nil {
		return err
	}
	err = s.Journal.Record(r.Context(), at.Actor(), func(*journal.Tx) (journal.Event, error) {
		return journal.Event{Action: "journal.exported", Detail: exported{size}}, nil
	})
	if err != nil {
		return err
	}
	now := s.Clock.Now()
	w.Header().Set("Content-Type", "application/x-tar")
	w.Header().Set("Content-Disposition", `attachment; filename="journal-`+now.Format("20060102T150405Z")+`.tar"`)
	out := tree.NewTar(w, now)
	_, err = tree.Export(r.Context(), s.Auditor, s.Keys, out)
	if err = errors.Join(err, out.Close()); err != nil {
		s.Logger.ErrorContext(r.Context(), "an export was cut off", slog.String("request", page.RequestID(r.Context())), slog.Any("error", err))
		panic(http.ErrAbortHandler)
	}
	return nil
}

func (s *Site) size(ctx context.Context) (int64, error) {
	checkpoint, err := s.Log.Checkpoint(ctx)
	if err != nil {
		return 0, err
	}
	var origin string
	var size int64
	if _, err := fmt.Sscanf(string(checkpoint), "%s\n%d\n", &origin, &size); err != nil {
		return 0, fmt.Errorf("read checkpoint: %w", err)
	}
	return size, nil
}
