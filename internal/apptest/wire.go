package apptest

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"sync"
	"testing"
	"time"
)

// Exchange is one request to the site and its answer.
type Exchange struct {
	Method  string
	URL     *url.URL
	Request http.Header
	Form    string // body of the request
	Status  int
	Answer  http.Header
	Body    string // of the answer
}

// Wire is everything that went between browsers (and FranceConnect) and the site.
type Wire struct {
	mu  sync.Mutex
	all []Exchange
}

// All returns what went over the wire so far.
func (w *Wire) All() []Exchange {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]Exchange(nil), w.all...)
}

// record puts a proxy before the site that keeps what passes.
func record(t testing.TB, front, site int) *Wire {
	t.Helper()
	w := &Wire{}
	target := &url.URL{Scheme: "http", Host: fmt.Sprintf("127.0.0.1:%d", site)}
	proxy := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(target); r.Out.Host = r.In.Host },
		ModifyResponse: func(resp *http.Response) error {
			body, err := io.ReadAll(resp.Body)
			resp.Body = io.NopCloser(bytes.NewReader(body))
			asked := resp.Request
			form, _ := asked.Context().Value(formKey{}).(string)
			w.mu.Lock()
			defer w.mu.Unlock()
			w.all = append(w.all, Exchange{Method: asked.Method, URL: asked.URL, Request: asked.Header.Clone(), Form: form, Status: resp.StatusCode, Answer: resp.Header.Clone(), Body: string(body)})
			return err
		},
	}
	var c net.ListenConfig
	l, err := c.Listen(t.Context(), "tcp", fmt.Sprintf("127.0.0.1:%d", front))
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{ReadHeaderTimeout: time.Minute, Handler: keepForm(proxy)}
	go func() { _ = server.Serve(l) }()
	t.Cleanup(func() { _ = server.Close() })
	return w
}

type formKey struct{}

// keepForm hands the body of a request on and keeps a copy.
func keepForm(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<20))
		if err != nil {
			http.Error(w, "too long", http.StatusRequestEntityTooLarge)
			return
		}
		again := r.Clone(context.WithValue(r.Context(), formKey{}, string(body)))
		again.Body = io.NopCloser(bytes.NewReader(body))
		next.ServeHTTP(w, again)
	})
}
