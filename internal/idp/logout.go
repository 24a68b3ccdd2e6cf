package idp

import (
	"context"
	"net/http"
	"net/url"
	"slices"

	"mandat/internal/client"
	"mandat/internal/page"
)

// endedPage says that there is nothing to end here.
type endedPage struct{ page.Common }

// endSession is OpenID Connect RP-Initiated Logout: GET and POST /idp/end_session. FranceConnect sends the browser here
// to end the citizen's session at their identity provider, and waits for it to come back.
//
// It ends nothing. We keep no session of a citizen: tokens die within a minute. And the aidant's own session is not the
// citizen's: it serves the other people of the day, any site could send a browser here, and being signed out of Mandat in
// the middle of a mandate for having closed a tax file would teach aidants not to close it.
func (p *Provider) endSession(w http.ResponseWriter, r *http.Request) error {
	values, err := url.ParseQuery(r.URL.RawQuery)
	if r.Method == http.MethodPost {
		err = r.ParseForm()
		values = r.PostForm
	}
	if err != nil {
		return logoutProblem()
	}
	for _, name := range []string{"id_token_hint", "client_id", "post_logout_redirect_uri", "state"} {
		if len(values[name]) > 1 {
			return logoutProblem()
		}
	}
	from, ok := p.leaving(r.Context(), values)
	if !ok {
		return logoutProblem()
	}
	address := values.Get("post_logout_redirect_uri")
	switch {
	case address == "":
		return p.pages.Render(w, r, http.StatusOK, "idp/ended.html", &endedPage{Common: page.Common{Title: "idp.ended.title", NoIndex: true}})
	case from == nil || !slices.Contains(from.PostLogoutRedirectURIs, address):
		return logoutProblem()
	}
	http.Redirect(w, r, withState(address, values.Get("state")), http.StatusSeeOther)
	return nil
}

// leaving finds the client that a logout is for: by an ID token of ours, however old, or by its id. Both must agree. It
// is nil when neither was sent, and not ok when what was sent is wrong.
func (p *Provider) leaving(ctx context.Context, values url.Values) (*client.Client, bool) {
	id := values.Get("client_id")
	if hint := values.Get("id_token_hint"); hint != "" {
		claims, err := p.keys().OpenHint(hint, nil)
		if err != nil || claims.Issuer != p.issuer || id != "" && id != claims.Audience {
			return nil, false
		}
		id = claims.Audience
	}
	if id == "" {
		return nil, true
	}
	found, err := p.clients.Find(ctx, id)
	return found, err == nil
}

func withState(address, state string) string {
	u, err := url.Parse(address)
	if err != nil || state == "" {
		return address
	}
	q := u.Query()
	q.Set("state", state)
	u.RawQuery = q.Encode()
	return u.String()
}

func logoutProblem() *page.Problem {
	return &page.Problem{Status: http.StatusBadRequest, Title: "idp.problem.logout.title", What: "idp.problem.logout.what", Safe: "idp.problem.logout.safe",
		Next: "idp.problem.logout.next"}
}
