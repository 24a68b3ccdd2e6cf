package page

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"strconv"

	"mandat/internal/db"
)

// ErrForbidden says that the person may not do this, and will not by trying again.
var ErrForbidden = errors.New("forbidden")

// Problem is a refusal that is shown as a page: what happened, what is safe, what to do next. All texts are i18n keys.
type Problem struct {
	Status   int
	Title    string
	What     string
	Safe     string // "" when there was nothing to lose
	Next     string
	Args     map[string]any // values for the texts; nothing that identifies a person beyond the one who looks
	Link     string         // where to go on, a path of ours; "" is "/"
	LinkText string         // "" is "back to the home page"
	Cause    error          // of a Problem with a status of 500 or more: logged, never shown
}

// Error returns the key of what happened; it is for logs and tests.
func (p *Problem) Error() string { return p.What }

// Unwrap returns the cause.
func (p *Problem) Unwrap() error { return p.Cause }

// NewProblem makes a refusal from the texts key.{title,what,safe,next,link}.
func NewProblem(status int, key, link string) *Problem {
	return &Problem{Status: status, Title: key + ".title", What: key + ".what", Safe: key + ".safe", Next: key + ".next", Link: link, LinkText: key + ".link"}
}

// known returns one of the problems of this package, whose texts are page.problem.<name>.{title,what,next}.
func known(status int, name string) *Problem {
	key := "page.problem." + name
	return &Problem{Status: status, Title: key + ".title", What: key + ".what", Next: key + ".next"}
}

// problemOf says which page an error is shown as.
func problemOf(err error) *Problem {
	if p, ok := errors.AsType[*Problem](err); ok {
		return p
	}
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return known(http.StatusRequestEntityTooLarge, "too_large")
	}
	switch {
	case errors.Is(err, db.ErrNotFound):
		return known(http.StatusNotFound, "not_found")
	case errors.Is(err, ErrForbidden):
		return known(http.StatusForbidden, "forbidden")
	case errors.Is(err, db.ErrConflict):
		return known(http.StatusConflict, "conflict")
	case errors.Is(err, errBadForm):
		return known(http.StatusBadRequest, "bad_request")
	}
	p := known(http.StatusInternalServerError, "internal")
	if db.Down(err) {
		p = known(http.StatusServiceUnavailable, "down")
		p.Safe = "page.problem.down.safe"
	}
	p.Cause = err
	return p
}

// retryAfter is after how many seconds who was told 503 may try again.
const retryAfter = "10"

// fail shows an error. It is the one place where errors are logged: those that are ours, once, with the request's id.
func (r *Router) fail(w http.ResponseWriter, req *http.Request, err error) {
	if errors.Is(err, context.Canceled) && req.Context().Err() != nil {
		err = known(http.StatusRequestTimeout, "busy")
	}
	p := problemOf(err)
	if p.Status >= 500 && p.Cause != nil {
		r.options.Log.Log(req.Context(), levelOf(p), "failed", slog.String("request", RequestID(req.Context())),
			slog.String("route", stateOf(req.Context()).pattern), slog.Int("status", p.Status), slog.String("error", p.Cause.Error()))
	}
	if out, ok := w.(*response); ok && out.status != 0 {
		out.aborted = true // half an answer is out: the browser must see that it is broken
		return
	}
	if p.Status == http.StatusServiceUnavailable && w.Header().Get("Retry-After") == "" {
		w.Header().Set("Retry-After", retryAfter)
	}
	if stateOf(req.Context()).audience == Client {
		failClient(w, p)
		return
	}
	if answer := r.outages[stateOf(req.Context()).pattern]; answer != nil && db.Down(p.Cause) && answer(w, req) == nil {
		return
	}
	if err := r.options.Pages.renderProblem(w, req, p); err != nil {
		r.options.Log.ErrorContext(req.Context(), "failed", slog.String("request", RequestID(req.Context())), slog.String("error", err.Error()))
		http.Error(w, "500 "+RequestID(req.Context()), http.StatusInternalServerError)
	}
}

// levelOf is how loud a failure is: an outage of somebody else's service is not ours to repair.
func levelOf(p *Problem) slog.Level {
	if p.Status == http.StatusServiceUnavailable && !db.Down(p.Cause) {
		return slog.LevelWarn
	}
	return slog.LevelError
}

// failClient answers a program whose handler did not answer in its own protocol.
func failClient(w http.ResponseWriter, p *Problem) {
	body := map[string]string{"error": "invalid_request"}
	if p.Status >= 500 {
		body["error"] = "server_error"
	}
	if p.Status == http.StatusServiceUnavailable {
		body["error"] = "temporarily_unavailable"
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(p.Status)
	_ = json.NewEncoder(w).Encode(body)
}

// problemPage is page/problem.html, for every area.
type problemPage struct {
	Common
	Problem   *Problem
	RequestID string
	Number    string
}

func (p *Pages) renderProblem(w http.ResponseWriter, r *http.Request, problem *Problem) error {
	shown := *problem
	if shown.Link == "" {
		shown.Link, shown.LinkText = "/", "page.home"
	}
	shown.Link = Placed(r.Context(), shown.Link)
	data := &problemPage{Common: Common{Title: shown.Title, TitleArgs: shown.Args, Here: problem.Link}, Problem: &shown, RequestID: RequestID(r.Context()), Number: strconv.Itoa(shown.Status)}
	return p.Render(w, r, shown.Status, "page/problem.html", data)
}
