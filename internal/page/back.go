package page

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"path"
	"regexp"
	"strings"

	"github.com/google/uuid"
)

// AuthorField is the hidden field by which a form says whose page it stands on (partial "author"): who signs in next in a browser in which the
// form was left open need not be who filled it in.
const AuthorField = "author"

// AuthorOf is the value of AuthorField for a person: it is told to themselves alone, and names nobody.
func AuthorOf(person uuid.UUID) string {
	sum := sha256.Sum256(append([]byte("mandat form "), person[:]...))
	return hex.EncodeToString(sum[:16])
}

// Back says where the browser comes back to that sent a form after its session had ended, and what of the form may wait meanwhile.
type Back struct {
	To     string   // pattern of the form's page ("/brouillons/{draft}/recapitulatif"); "" for the form's own address, or the page nearest above it
	Fields []string // that may wait, sealed: no code, no answer of a key, no agreement; one that ends in "-" is the beginning of names
}

// ComeBack declares the Back of a route that takes a form. The pattern has its method ("POST /brouillons/{draft}").
func (r *Router) ComeBack(pattern string, b Back) { r.backs[pattern] = b }

// placeholder is a wildcard of a pattern.
var placeholder = regexp.MustCompile(`\{[a-z]+\}`)

// BackOf is the address of the page of a form that was sent, with its organisation, and the fields of it that may wait.
func BackOf(r *http.Request) (to string, fields []string) {
	s := stateOf(r.Context())
	if s.router == nil {
		return "/", nil
	}
	b := s.router.backs[s.pattern]
	if b.To != "" {
		return Placed(r.Context(), placeholder.ReplaceAllStringFunc(b.To, func(name string) string { return r.PathValue(strings.Trim(name, "{}")) })), b.Fields
	}
	_, pattern, _ := strings.Cut(s.pattern, " ")
	if s.router.shows(pattern) {
		return Address(r), b.Fields
	}
	return above(r.Context(), s.router, r.URL.EscapedPath(), pattern), b.Fields
}

// above is the nearest page above an address that no GET has.
func above(ctx context.Context, router *Router, at, pattern string) string {
	for len(at) > 1 && !router.shows(pattern) {
		at, pattern = path.Dir(at), path.Dir(pattern)
	}
	return Placed(ctx, at)
}
