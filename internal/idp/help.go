package idp

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"mandat/internal/client"
	"mandat/internal/oidc"
	"mandat/internal/page"
	"mandat/internal/session"
)

// Contact is whom to call when signing in fails, as shown.
type Contact struct{ Phone, Email string }

// Dial is the telephone number as an address of one.
func (c Contact) Dial() string { return strings.ReplaceAll(c.Phone, " ", "") }

// helpPage says where help is, how to get an account, and what to do without one's factor. FranceConnect asks identity providers for it.
type helpPage struct {
	page.Common
	Contact Contact
}

// showHelp shows it to anybody: GET /idp/aide.
func (p *Provider) showHelp(w http.ResponseWriter, r *http.Request) error {
	return p.pages.Render(w, r, http.StatusOK, "idp/help.html", &helpPage{Common: page.Common{Title: "idp.help.title", NoIndex: true}, Contact: p.contact})
}

// Waits reports whether a sign-in would come back to an authorization request, so that there is a service to go back to instead.
func Waits(path string) bool { return strings.HasPrefix(path, "/idp/authorize?") }

// Asker is what people call the service whose authorization request a sign-in would come back to; "" when there is none, or it is not registered any more.
func (p *Provider) Asker(ctx context.Context, path string) (string, error) {
	if !Waits(path) {
		return "", nil
	}
	_, query, _ := strings.Cut(path, "?")
	values, err := url.ParseQuery(query)
	if err != nil {
		return "", nil //nolint:nilerr // nobody asks in this way
	}
	asking, err := p.clients.Find(ctx, values.Get("client_id"))
	if errors.Is(err, client.ErrUnknown) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("find who asks for a sign-in: %w", err)
	}
	return asking.Name, nil
}

// leave goes back to the service before a login has begun: GET /idp/annuler. The request is the one that the sign-in of this browser
// would come back to, and it is forgotten.
func (p *Provider) leave(w http.ResponseWriter, r *http.Request) error {
	at := session.Browser(r.Context())
	if r.Method == http.MethodHead || at == nil || !Waits(at.ReturnPath) {
		return problem(http.StatusNotFound, "gone")
	}
	values, err := url.ParseQuery(strings.TrimPrefix(at.ReturnPath, "/idp/authorize?"))
	if err != nil {
		return untrusted()
	}
	if err := p.sessions.ComeBack(r.Context(), at, "/"); err != nil {
		return err
	}
	req, err := p.read(r, values)
	if err == nil {
		err = oidc.Refuse(oidc.AccessDenied, "the person went back")
	}
	return p.refuse(w, r, req, err)
}
