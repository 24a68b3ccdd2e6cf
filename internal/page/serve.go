package page

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"runtime"
	"runtime/debug"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"
)

// Limits of what a request may bring. The server's own settings limit its header.
const (
	maxBody   = 64 << 10
	bodyTime  = 4 * time.Second  // within which the whole body arrives
	largeTime = 30 * time.Second // within which a large one does (see Large)
	maxURL    = 8 << 10          // an authorization request with a claims parameter has about 1 KiB
)

// serve is the outermost step: it makes the request's state, answers, and writes the access log.
func (r *Router) serve(out http.ResponseWriter, req *http.Request) {
	begun := time.Now()
	req, s := withState(req)
	s.router = r
	w := &response{ResponseWriter: out}
	defer func() {
		broken := recover()
		if broken != nil {
			r.recovered(w, req, broken)
		}
		r.report(req, s, w.status, time.Since(begun))
		if broken == http.ErrAbortHandler || w.aborted { //nolint:errorlint // a panic carries it as it is
			panic(http.ErrAbortHandler)
		}
	}()
	r.setHeaders(w.Header(), s)
	s.lang = r.options.Pages.chooseLanguage(w, req, r.options.Secure)
	r.route(w, req)
}

// route finds the route, and refuses what may not reach it.
func (r *Router) route(w http.ResponseWriter, req *http.Request) {
	if len(req.RequestURI) > maxURL {
		r.fail(w, req, known(http.StatusRequestURITooLong, "bad_request"))
		return
	}
	if !readable(req.URL) {
		r.fail(w, req, known(http.StatusBadRequest, "bad_request"))
		return
	}
	req = r.underOrganisation(req)
	h, pattern := r.mux.Handler(req)
	if pattern == "" {
		r.fail(w, req, noRoute(w, req, h))
		return
	}
	s := stateOf(req.Context())
	if s.pattern, s.audience = pattern, r.routes[pattern].Audience; s.organisation != uuid.Nil && !r.organised(r.routes[pattern], req.URL.Path) {
		r.fail(w, req, known(http.StatusNotFound, "not_found"))
		return
	}
	if s.audience == Probe {
		r.mux.ServeHTTP(w, req)
		return
	}
	if r.large[pattern] == 0 {
		if err := receive(w, req, maxBody, bodyTime); err != nil {
			r.fail(w, req, err)
			return
		}
	}
	select {
	case r.places <- struct{}{}:
		defer func() { <-r.places }()
	default:
		w.Header().Set("Retry-After", "2")
		r.fail(w, req, known(http.StatusServiceUnavailable, "busy"))
		return
	}
	if err := r.origin.Check(req); err != nil {
		r.fail(w, req, known(http.StatusForbidden, "cross_origin"))
		return
	}
	r.mux.ServeHTTP(w, req)
}

// readable reports whether an address is text, in its path and in its query. PostgreSQL takes nothing else for text, and what
// a handler takes from an address it need not look at again for that.
func readable(u *url.URL) bool {
	text := func(s string) bool { return utf8.ValidString(s) && !strings.ContainsRune(s, 0) }
	query, err := url.QueryUnescape(u.RawQuery)
	return err == nil && text(u.Path) && text(query)
}

// noRoute asks the mux's own answer whether the path or only its method is unknown.
func noRoute(w http.ResponseWriter, req *http.Request, h http.Handler) *Problem {
	probe := &discard{header: http.Header{}}
	h.ServeHTTP(probe, req)
	if probe.status == http.StatusMethodNotAllowed {
		w.Header().Set("Allow", probe.header.Get("Allow"))
		return known(http.StatusMethodNotAllowed, "bad_request")
	}
	return known(http.StatusNotFound, "not_found")
}

// recovered turns a panic into a 500. Its value may quote anything, so only its type and the stack are logged, unless
// it comes from the Go runtime.
func (r *Router) recovered(w *response, req *http.Request, broken any) {
	if broken == http.ErrAbortHandler { //nolint:errorlint // a panic carries it as it is
		return
	}
	value := fmt.Sprintf("%T", broken)
	if fault, ok := broken.(runtime.Error); ok {
		value = fault.Error()
	}
	r.options.Log.ErrorContext(req.Context(), "panic", slog.String("request", RequestID(req.Context())), slog.String("value", value),
		slog.String("stack", string(debug.Stack())))
	r.fail(w, req, known(http.StatusInternalServerError, "internal"))
}

// report writes the access log and tells the metrics. Path, query, address and referer stay out: they may hold secrets.
func (r *Router) report(req *http.Request, s *state, status int, took time.Duration) {
	if status == 0 {
		status = http.StatusOK
	}
	if r.options.Observe != nil {
		r.options.Observe(s.pattern, status, took)
	}
	if s.audience == Probe {
		return
	}
	r.options.Log.InfoContext(req.Context(), "request", slog.String("method", method(req)), slog.String("route", s.pattern), slog.Int("status", status),
		slog.Duration("took", took), slog.String("request", s.id))
}

// method returns the request's method, or "other" for one a stranger made up.
func method(req *http.Request) string {
	switch req.Method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return req.Method
	}
	return "other"
}

// response remembers whether and how an answer has begun.
type response struct {
	http.ResponseWriter
	status  int
	aborted bool
}

func (w *response) WriteHeader(status int) {
	if w.status == 0 && status >= 200 {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *response) Write(b []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	return w.ResponseWriter.Write(b)
}

// Unwrap serves http.ResponseController.
func (w *response) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// discard takes an answer that nobody gets.
type discard struct {
	header http.Header
	status int
}

func (d *discard) Header() http.Header         { return d.header }
func (d *discard) Write(b []byte) (int, error) { return len(b), nil }
func (d *discard) WriteHeader(status int)      { d.status = status }
