package page

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"github.com/google/uuid"
)

// Organisations is where the organisations of somebody who has several are listed. Under it, with an organisation's public
// id, stand its pages: "/structures/<id>/espace" is "/espace" of that organisation.
const Organisations = "/structures"

// Base is what addresses under the request's organisation begin with ("/structures/<id>"), "" when its own address names
// none.
func Base(ctx context.Context) string { return BaseOf(stateOf(ctx).organisation) }

// BaseOf is what addresses under an organisation begin with, given its public id; "" for the nil one.
func BaseOf(organisation uuid.UUID) string {
	if organisation == uuid.Nil {
		return ""
	}
	return Organisations + "/" + organisation.String()
}

// Organisation is the public id of the organisation that the request's address names, nil if it names none. It is what the
// browser says: a guard finds out whether the person belongs to it.
func Organisation(ctx context.Context) uuid.UUID { return stateOf(ctx).organisation }

// Address is the path and query of a request as the browser knows it, with its organisation.
func Address(r *http.Request) string { return Base(r.Context()) + r.URL.RequestURI() }

// UnderOrganisation returns the request as if its address named an organisation, by its public id, or none (nil).
func UnderOrganisation(r *http.Request, organisation uuid.UUID) *http.Request {
	s := *stateOf(r.Context())
	s.organisation = organisation
	return r.WithContext(context.WithValue(r.Context(), stateKey{}, &s))
}

// Redirect sends the browser on to a path of ours (303), under the request's organisation if such a page may stand there.
func Redirect(w http.ResponseWriter, r *http.Request, path string) {
	http.Redirect(w, r, Placed(r.Context(), path), http.StatusSeeOther)
}

// Placed returns a path of ours under the organisation of the request, if it is the path of a page that may stand there.
func Placed(ctx context.Context, path string) string {
	s := stateOf(ctx)
	if s.organisation == uuid.Nil || s.router == nil {
		return path
	}
	to, err := url.Parse(path)
	if err != nil || to.Host != "" {
		return path
	}
	_, pattern := s.router.mux.Handler(&http.Request{Method: http.MethodGet, URL: to})
	if !s.router.organised(s.router.routes[pattern], to.Path) {
		return path
	}
	return BaseOf(s.organisation) + path
}

// underOrganisation takes the organisation out of a request's address. An address that only looks like one stays as it is,
// and leads nowhere.
func (r *Router) underOrganisation(req *http.Request) *http.Request {
	rest, ok := strings.CutPrefix(req.URL.Path, Organisations+"/")
	id, rest, more := strings.Cut(rest, "/")
	if !ok || !more || len(id) != 36 || req.URL.RawPath != "" {
		return req
	}
	organisation, err := uuid.Parse(id)
	if err != nil || organisation == uuid.Nil || organisation.String() != id {
		return req
	}
	s := stateOf(req.Context())
	s.organisation = organisation
	out := *req
	address := *req.URL
	address.Path = "/" + rest
	out.URL = &address
	return &out
}

// organised reports whether the page at a path may stand under an organisation.
func (r *Router) organised(route Route, path string) bool {
	switch route.Audience {
	case Aidant, Referent:
		return true
	case Browser:
		for _, beginning := range r.options.Organised {
			if strings.HasPrefix(path, beginning) {
				return true
			}
		}
	}
	return false
}
