package public

import (
	"net/http"
	"strconv"

	"mandat/internal/journal/format"
)

// sendCheckpoint sends the latest signed checkpoint. It changes with every act: a cache may keep it for a second.
func (s *Site) sendCheckpoint(w http.ResponseWriter, r *http.Request) error {
	signed, err := s.Log.Checkpoint(r.Context())
	if err != nil {
		return err
	}
	w.Header().Set("Cache-Control", "public, max-age=1")
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	return sendBytes(w, signed)
}

// sendTimestamp sends the newest checkpoint that an authority has given a timestamp for, and the timestamp. There is a new one each hour.
func (s *Site) sendTimestamp(w http.ResponseWriter, r *http.Request) error {
	signed, token, err := s.Log.Stamped(r.Context())
	if err != nil {
		return err
	}
	w.Header().Set("Cache-Control", "public, max-age=60")
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	return sendBytes(w, format.AppendStamped(nil, signed, token))
}

// sendTile sends a tile of the tree or of its entries (C2SP tlog-tiles).
func (s *Site) sendTile(w http.ResponseWriter, r *http.Request) error {
	content, immutable, err := s.Log.Tile(r.Context(), "tile/"+r.PathValue("path"))
	if err != nil {
		return err
	}
	if immutable {
		w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	w.Header().Set("Content-Type", "application/octet-stream")
	return sendBytes(w, content)
}

// sendPolicy sends what an auditor needs to check the journal by. An auditor who trusts us for it trusts us too much: it
// is to be compared with the one received by another way.
func (s *Site) sendPolicy(w http.ResponseWriter, _ *http.Request) error {
	return sendText(w, http.StatusOK, s.Policy)
}

// sendBytes sends what other sites' programs may read too: it is public.
func sendBytes(w http.ResponseWriter, b []byte) error {
	h := w.Header()
	h.Set("Cross-Origin-Resource-Policy", "cross-origin")
	h.Set("Access-Control-Allow-Origin", "*")
	h.Set("Content-Length", strconv.Itoa(len(b)))
	_, _ = w.Write(b) //nolint:gosec // a checkpoint, a tile or a policy, none of it HTML
	return nil
}
