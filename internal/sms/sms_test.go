package sms_test

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"mandat/internal/sms"
)

// What goes to the gateway: nothing in the address, the token in its header, and never to where a redirect leads.
func TestSend(t *testing.T) {
	t.Parallel()
	status := http.StatusAccepted
	var got []*http.Request
	var body map[string]string
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got = append(got, r)
		raw, _ := io.ReadAll(r.Body)
		_ = json.Unmarshal(raw, &body)
		w.Header().Set("Location", "/elsewhere")
		w.WriteHeader(status)
	}))
	t.Cleanup(server.Close)
	g, err := sms.New(sms.Config{URL: server.URL + "/messages", Token: "t0ken", From: "Mandat", Client: server.Client()})
	if err != nil {
		t.Fatal(err)
	}
	if err := g.Send(t.Context(), "an-id", "+33639980000", "Votre code est 123456"); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]string{"id": "an-id", "to": "+33639980000", "from": "Mandat", "text": "Votre code est 123456"}, body); diff != "" {
		t.Error(diff)
	}
	if r := got[0]; r.Method != http.MethodPost || r.RequestURI != "/messages" || r.Header.Get("Authorization") != "Bearer t0ken" || r.Header.Get("Idempotency-Key") != "an-id" {
		t.Errorf("%s %s %v", r.Method, r.RequestURI, r.Header)
	}
	for code, good := range map[int]bool{302: false, 400: true, 401: false, 403: false, 422: true, 429: false, 500: false, 503: false} {
		status, got = code, nil
		err := g.Send(t.Context(), "an-id", "+33639980000", "Votre code est 123456")
		if _, ok := errors.AsType[*sms.Refusal](err); err == nil || ok != good || len(got) != 1 {
			t.Errorf("%d: %v, %d requests", code, err, len(got))
		}
		if err != nil && (strings.Contains(err.Error(), "+33") || strings.Contains(err.Error(), "t0ken") || strings.Contains(err.Error(), "123456")) {
			t.Errorf("%d: the error tells too much: %v", code, err)
		}
	}
	server.Close()
	if err := g.Send(t.Context(), "an-id", "+33639980000", "Votre code est 123456"); err == nil || strings.Contains(err.Error(), "+33") {
		t.Errorf("nobody listens: %v", err)
	}
}

func TestNew_RefusesBadSettings(t *testing.T) {
	t.Parallel()
	for _, c := range []sms.Config{{URL: "sms.example", Token: "t"}, {URL: "https://sms.example/?token=t", Token: "t"}, {URL: "https://u:p@sms.example", Token: "t"}, {URL: "https://sms.example"}} {
		if _, err := sms.New(c); err == nil {
			t.Errorf("%s accepted", c.URL)
		}
	}
}
