package mailbox

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// Reply answers a short message as its receiver, and returns the status with which the site took it.
func (b *Box) Reply(ctx context.Context, m Message, text string) (int, error) {
	return b.Tell(ctx, "/sms/reponses", map[string]string{"id": m.ID, "from": m.To, "text": text}, time.Now())
}

// Report tells the site whether a short message was delivered.
func (b *Box) Report(ctx context.Context, m Message, delivered bool) (int, error) {
	status := "undelivered"
	if delivered {
		status = "delivered"
	}
	return b.Tell(ctx, "/sms/rapports", map[string]string{"id": m.ID, "status": status}, time.Now())
}

// Tell posts what a gateway tells, signed at a time. It is written after what operators are told of the signature, not after the site's code.
func (b *Box) Tell(ctx context.Context, path string, what any, at time.Time) (int, error) {
	body, err := json.Marshal(what)
	if err != nil {
		return 0, fmt.Errorf("mailbox: %w", err)
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, b.Site+path, bytes.NewReader(body))
	if err != nil {
		return 0, fmt.Errorf("mailbox: %w", err)
	}
	stamp := strconv.FormatInt(at.Unix(), 10)
	mac := hmac.New(sha256.New, []byte(b.Secret))
	mac.Write([]byte(stamp))
	mac.Write([]byte{'.'})
	mac.Write(body)
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Mandat-Timestamp", stamp)
	r.Header.Set("Mandat-Signature", hex.EncodeToString(mac.Sum(nil)))
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0, fmt.Errorf("mailbox: %w", err)
	}
	return answer.StatusCode, answer.Body.Close()
}

// answerAs takes the form under a short message.
func (b *Box) answerAs(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 1<<14)
	number, err := strconv.Atoi(r.FormValue("message"))
	all := b.To("")
	if err != nil || number < 1 || number > len(all) || all[number-1].Channel != "sms" {
		http.Error(w, "not a short message", http.StatusBadRequest)
		return
	}
	status, err := b.Reply(r.Context(), all[number-1], r.FormValue("text"))
	if err != nil || status != http.StatusNoContent {
		http.Error(w, fmt.Sprintf("the site did not take the answer (%d)", status), http.StatusBadGateway)
		return
	}
	http.Redirect(w, r, "/?a="+url.QueryEscape(r.URL.Query().Get("a")), http.StatusSeeOther)
}
