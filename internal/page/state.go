package page

import (
	"context"
	"net/http"

	"github.com/google/uuid"

	"mandat/internal/token"
)

// state is what the router knows of a request. It travels in the request's context and is not shared between requests.
type state struct {
	id           string
	lang         string
	pattern      string
	audience     Audience
	organisation uuid.UUID // that the address names, nil if none
	router       *Router   // nil outside one
}

type stateKey struct{}

func withState(r *http.Request) (*http.Request, *state) {
	s := &state{id: token.Hex(8), pattern: "other"}
	return r.WithContext(context.WithValue(r.Context(), stateKey{}, s)), s
}

// stateOf returns the request's state; outside a router it is a fresh one.
func stateOf(ctx context.Context) *state {
	if s, ok := ctx.Value(stateKey{}).(*state); ok {
		return s
	}
	return &state{}
}

// RequestID returns the id under which this request is logged: 16 hexadecimal digits, "" outside a router.
func RequestID(ctx context.Context) string { return stateOf(ctx).id }

// Who is the signed-in person as the header of a page shows them.
type Who struct {
	Name         string
	Organisation string // for which they act; "" for who has an office
	Role         string // "aidant", "referent", "auditor", "administrator", "fraud" or "prefecture": decides which links the header has
	Home         string // where their work begins, a path of ours
	Referent     bool   // of that organisation, among other things or only
	Several      bool   // they have other organisations to go to
	Entering     bool   // signed in to add a first factor, and for nothing else yet
	Author       string // the value of AuthorField in their forms; "" writes none
}

type whoKey struct{}

// WithWho tells the pages of this request who is signed in. Guards call it.
func WithWho(ctx context.Context, who Who) context.Context {
	return context.WithValue(ctx, whoKey{}, &who)
}

func whoOf(ctx context.Context) *Who {
	who, _ := ctx.Value(whoKey{}).(*Who)
	return who
}
