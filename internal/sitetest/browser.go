package sitetest

import (
	"bytes"
	"encoding/json"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"mandat/internal/journal"
	"mandat/internal/page/pagetest"
)

// Browser is one person's browser. It follows no redirect.
type Browser struct {
	By      journal.Actor // who is signed in
	t       testing.TB
	handler http.Handler
	Cookie  string // the secret of their session, "" in a browser without one
}

// Answer is a response that was read.
type Answer struct {
	Status         int
	Location, Body string
	Header         http.Header
}

// Get asks for a page.
func (b *Browser) Get(path string) Answer {
	b.t.Helper()
	return b.do(httptest.NewRequestWithContext(b.t.Context(), http.MethodGet, path, nil))
}

// Post sends a form: name, value, name, value.
func (b *Browser) Post(path string, fields ...string) Answer {
	b.t.Helper()
	form := url.Values{}
	for i := 0; i < len(fields); i += 2 {
		form.Add(fields[i], fields[i+1])
	}
	r := httptest.NewRequestWithContext(b.t.Context(), http.MethodPost, path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return b.do(r)
}

// Send sends what a module of ours would, as JSON.
func (b *Browser) Send(path string, body any) Answer {
	b.t.Helper()
	sent, err := json.Marshal(body)
	if err != nil {
		b.t.Fatal(err)
	}
	r := httptest.NewRequestWithContext(b.t.Context(), http.MethodPost, path, bytes.NewReader(sent))
	r.Header.Set("Content-Type", "application/json")
	return b.do(r)
}

// Upload sends a form with a file in its field "file", after the other fields.
func (b *Browser) Upload(path, content string, fields ...string) Answer {
	b.t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	for i := 0; i < len(fields); i += 2 {
		if err := form.WriteField(fields[i], fields[i+1]); err != nil {
			b.t.Fatal(err)
		}
	}
	file, err := form.CreateFormFile("file", "a.csv")
	if err == nil {
		_, err = io.WriteString(file, content)
	}
	if err == nil {
		err = form.Close()
	}
	if err != nil {
		b.t.Fatal(err)
	}
	r := httptest.NewRequestWithContext(b.t.Context(), http.MethodPost, path, &body)
	r.Header.Set("Content-Type", form.FormDataContentType())
	return b.do(r)
}

func (b *Browser) do(r *http.Request) Answer {
	b.t.Helper()
	if b.Cookie != "" {
		r.AddCookie(&http.Cookie{Name: "mandat", Value: b.Cookie})
	}
	w := httptest.NewRecorder()
	b.handler.ServeHTTP(w, r)
	a := Answer{w.Code, w.Header().Get("Location"), w.Body.String(), w.Header()}
	if strings.HasPrefix(a.Header.Get("Content-Type"), "text/html") && a.Location == "" {
		for _, fault := range pagetest.Faults(a.Body) {
			b.t.Errorf("%s %s: %s", r.Method, r.URL.Path, fault)
		}
	}
	return a
}

// Want fails unless the answer has this status, and these words in its page or its redirect.
func (b *Browser) Want(a Answer, status int, words ...string) Answer {
	b.t.Helper()
	if a.Status != status {
		b.t.Errorf("got %d %s, want %d\n%s", a.Status, a.Location, status, a.main())
	}
	for _, w := range words {
		if !strings.Contains(a.Body+" "+a.Location, w) {
			b.t.Errorf("%q is not in %d %s\n%s", w, a.Status, a.Location, a.main())
		}
	}
	return a
}

// Without fails when one of these words is in an answer.
func (b *Browser) Without(a Answer, words ...string) {
	b.t.Helper()
	for _, w := range words {
		if strings.Contains(a.Body, w) {
			b.t.Errorf("%q is in %d\n%s", w, a.Status, a.main())
		}
	}
}

// main is the part of a page that differs from page to page.
func (a Answer) main() string {
	_, body, _ := strings.Cut(a.Body, "<main")
	body, _, _ = strings.Cut(body, "</main")
	return body
}
