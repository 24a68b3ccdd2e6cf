package clientauth

import (
	"encoding/json"
	"math"
	"net/http"
	"strconv"
	"time"

	"mandat/internal/oidc"
)

// Refuse writes the answer to a client that is refused (RFC 6749 §5.2).
func Refuse(w http.ResponseWriter, r *http.Request, refusal *oidc.Error) error {
	body, err := json.Marshal(refusal)
	if err != nil {
		return err
	}
	h := w.Header()
	if refusal.Code == oidc.InvalidClient && triedBasic(r) {
		h.Set("WWW-Authenticate", `Basic realm="Mandat"`)
	}
	SetRetryAfter(h, refusal)
	h.Set("Content-Type", "application/json")
	h.Set("Cache-Control", "no-store")
	h.Set("Pragma", "no-cache")
	w.WriteHeader(refusal.Status())
	_, _ = w.Write(body) // an error here is a client that has gone
	return nil
}

// SetRetryAfter says after how many seconds who is slowed down may call again.
func SetRetryAfter(h http.Header, refusal *oidc.Error) {
	switch refusal.Code {
	case oidc.SlowDown:
		h.Set("Retry-After", strconv.Itoa(max(1, int(math.Ceil(refusal.RetryAfter.Seconds())))))
	case oidc.TemporarilyUnavailable:
		h.Set("Retry-After", strconv.Itoa(int(retryAfter/time.Second)))
	}
}
