package mailbox

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

// Who reads a short message on the page answers it there; a mail, or nothing, cannot be answered.
func TestPage_Answers(t *testing.T) {
	t.Parallel()
	box, err := Start(t.Context(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = box.Close() })
	var told []string
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		mac := hmac.New(sha256.New, []byte(box.Secret))
		_, _ = mac.Write([]byte(r.Header.Get("Mandat-Timestamp") + "." + string(body)))
		if r.Header.Get("Mandat-Signature") != hex.EncodeToString(mac.Sum(nil)) {
			t.Error("signed otherwise")
		}
		told = append(told, r.URL.Path+" "+string(body))
		w.WriteHeader(http.StatusNoContent)
	}))
	t.Cleanup(site.Close)
	box.Site = site.URL
	box.put(Message{Channel: "mail", To: "jeanne@exemple.invalid", Text: "Bonjour"})
	box.put(Message{Channel: "sms", ID: "an-id", To: "+33639980010", Text: "Répondez OUI"})
	page := httptest.NewRecorder()
	box.http.Handler.ServeHTTP(page, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil))
	if n := strings.Count(page.Body.String(), `action="/reponse"`); n != 1 {
		t.Errorf("%d messages can be answered", n)
	}
	for number, want := range map[string]int{"1": 400, "2": 303, "3": 400, "0": 400, "x": 400} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/reponse", strings.NewReader(url.Values{"message": {number}, "text": {"oui"}}.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		w := httptest.NewRecorder()
		box.http.Handler.ServeHTTP(w, r)
		if w.Code != want {
			t.Errorf("message %s: %d, want %d", number, w.Code, want)
		}
	}
	if len(told) != 1 || told[0] != `/sms/reponses {"from":"+33639980010","id":"an-id","text":"oui"}` {
		t.Errorf("told %q", told)
	}
}
