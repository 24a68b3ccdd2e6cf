package page

import (
	"log/slog"
	"maps"
	"net/http"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"time"
)

// Audience says for whom a route is. Each audience has one guard.
type Audience string

// The audiences.
const (
	Public        Audience = "public"        // anybody; nothing on the page depends on who looks
	Browser       Audience = "browser"       // anybody with a browser, signed in or not
	Account       Audience = "account"       // anybody signed in, about themselves
	Aidant        Audience = "aidant"        // a signed-in aidant, acting for one organisation
	Referent      Audience = "referent"      // a signed-in referent, running one organisation's people
	Administrator Audience = "administrator" // a signed-in administrator
	Auditor       Audience = "auditor"       // a signed-in auditor
	Fraud         Audience = "fraud"         // signed in, of FranceConnect's fraud team
	Prefecture    Audience = "prefecture"    // signed in, of a department's prefecture
	Client        Audience = "client"        // a program; its handler authenticates it, errors are JSON and not pages
	Probe         Audience = "probe"         // health checks: answered when the server is full too, and not logged
)

// Handler serves a route. What it returns is shown by the router as a page; a handler that has written its answer returns nil.
type Handler func(w http.ResponseWriter, r *http.Request) error

// Guard lets a request of its audience pass: it returns the request to go on with (often with more in its context), or
// an error that is shown, with the request when it knows who is refused. A nil request without an error says that the guard
// has answered itself, for example with a redirect.
type Guard func(w http.ResponseWriter, r *http.Request) (*http.Request, error)

// Route is one line of the list of everything that is served.
type Route struct {
	Method, Pattern string
	Audience        Audience
	Handler         string // the handler's name in the code
}

// RouterOptions is what a Router needs.
type RouterOptions struct {
	Pages       *Pages
	Log         *slog.Logger                                         // nil is slog.Default
	Secure      bool                                                 // the site is reached by https: send HSTS
	Observe     func(pattern string, status int, took time.Duration) // called after each request; may be nil
	MaxRequests int                                                  // served at once, more get 503; 0 is 512
	CrossOrigin []string                                             // patterns that other sites may post to ("POST /idp/authorize")
	Organised   []string                                             // beginnings of paths of Browser routes that may stand under an organisation ("/idp/logins/")
}

// Router is the list of routes and the way to them.
type Router struct {
	options RouterOptions
	mux     *http.ServeMux
	origin  *http.CrossOriginProtection
	guards  map[Audience]Guard
	routes  map[string]Route // by method and pattern, as ServeMux names it
	outages map[string]Handler
	large   map[string]int64 // by method and pattern, what its body may have in bytes
	backs   map[string]Back  // by method and pattern
	places  chan struct{}
}

// NewRouter returns a router that serves only the static files of its pages. Public, Browser, Client and Probe routes
// have a guard that lets everybody pass; the others need one (Guard) before Start.
func NewRouter(o RouterOptions) *Router {
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.MaxRequests == 0 {
		o.MaxRequests = 512
	}
	r := &Router{options: o, mux: http.NewServeMux(), origin: http.NewCrossOriginProtection(), guards: map[Audience]Guard{},
		routes: map[string]Route{}, outages: map[string]Handler{}, large: map[string]int64{}, backs: map[string]Back{}, places: make(chan struct{}, o.MaxRequests)}
	for _, pattern := range o.CrossOrigin {
		r.origin.AddInsecureBypassPattern(pattern)
	}
	for _, a := range []Audience{Public, Browser, Client, Probe} {
		r.guards[a] = func(_ http.ResponseWriter, req *http.Request) (*http.Request, error) { return req, nil }
	}
	r.Get("/static/{file...}", Public, o.Pages.serveStatic)
	return r
}

// Guard sets the guard of an audience.
func (r *Router) Guard(a Audience, g Guard) { r.guards[a] = g }

// Outage lets a route answer in its own protocol when it failed because the database is down, in its guard or itself. An
// error of h leads to the page that says so. The pattern has its method ("GET /idp/authorize").
func (r *Router) Outage(pattern string, h Handler) { r.outages[pattern] = h }

// Large lets a route take a body of up to most bytes instead of 64 KiB. It is read once the guard has let the request pass: a
// stranger cannot fill the server's memory with it. The pattern has its method ("POST /admin/imports").
func (r *Router) Large(pattern string, most int64) { r.large[pattern] = most }

// Get serves GET and HEAD of a ServeMux pattern without its method ("/mandats/{mandate}").
func (r *Router) Get(pattern string, a Audience, h Handler) { r.Handle(http.MethodGet, pattern, a, h) }

// Post serves POST of a pattern.
func (r *Router) Post(pattern string, a Audience, h Handler) {
	r.Handle(http.MethodPost, pattern, a, h)
}

// Handle serves a method of a pattern. It panics, as ServeMux does, on patterns that are wrong or taken.
func (r *Router) Handle(method, pattern string, a Audience, h Handler) {
	route := Route{Method: method, Pattern: pattern, Audience: a, Handler: name(h)}
	r.routes[method+" "+pattern] = route
	r.mux.HandleFunc(method+" "+pattern, func(w http.ResponseWriter, req *http.Request) { r.dispatch(w, req, route, h) })
}

// LateHandler is a handler that runs the guard of its audience itself, because its own statement asks what the guard would
// ask or travels with it. It returns the request as the guard let it pass, or as it came.
type LateHandler func(w http.ResponseWriter, r *http.Request) (*http.Request, error)

// HandleLate is Handle without the guard: the handler runs it.
func (r *Router) HandleLate(method, pattern string, a Audience, h LateHandler) {
	route := Route{Method: method, Pattern: pattern, Audience: a, Handler: name(h)}
	r.routes[method+" "+pattern] = route
	r.mux.HandleFunc(method+" "+pattern, func(w http.ResponseWriter, req *http.Request) {
		setRobots(w, route)
		if passed, err := h(w, req); err != nil {
			r.fail(w, passed, err)
		}
	})
}

func setRobots(w http.ResponseWriter, route Route) {
	if route.Audience != Public {
		w.Header().Set("X-Robots-Tag", "noindex, nofollow")
	}
}

// dispatch runs the guard of the route's audience, then the handler.
func (r *Router) dispatch(w http.ResponseWriter, req *http.Request, route Route, h Handler) {
	setRobots(w, route)
	passed, err := r.guards[route.Audience](w, req)
	if err != nil {
		if passed == nil {
			passed = req
		}
		r.fail(w, passed, err)
		return
	}
	if passed == nil {
		return
	}
	if most := r.large[stateOf(passed.Context()).pattern]; most > 0 {
		if err := receive(w, passed, most, largeTime); err != nil {
			r.fail(w, passed, err)
			return
		}
	}
	if err := h(w, passed); err != nil {
		r.fail(w, passed, err)
	}
}

// Routes lists every route, by pattern and method.
func (r *Router) Routes() []Route {
	return slices.SortedFunc(maps.Values(r.routes), func(a, b Route) int {
		return strings.Compare(a.Pattern+" "+a.Method, b.Pattern+" "+b.Method)
	})
}

// shows reports whether a pattern is served to a GET.
func (r *Router) shows(pattern string) bool {
	_, ok := r.routes[http.MethodGet+" "+pattern]
	return ok
}

// Start returns the handler to serve. It panics when a route's audience has no guard: better no program than an open door.
func (r *Router) Start() http.Handler {
	for _, route := range r.routes {
		if r.guards[route.Audience] == nil {
			panic("page: no guard for audience " + string(route.Audience) + " of " + route.Method + " " + route.Pattern)
		}
	}
	return http.HandlerFunc(r.serve)
}

// name returns a handler's name without the path of its module: "aidant.(*Site).showHome".
func name(h any) string {
	full := runtime.FuncForPC(reflect.ValueOf(h).Pointer()).Name()
	return strings.TrimSuffix(full[strings.LastIndex(full, "/")+1:], "-fm")
}
