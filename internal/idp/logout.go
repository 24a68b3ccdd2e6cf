package idp

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"

	"github.com/google/uuid"

	"mandat/internal/backchannel"
	"mandat/internal/client"
	"mandat/internal/db"
	"mandat/internal/oidc"
	"mandat/internal/page"
)

// endedPage says that there is nothing to end here.
type endedPage struct{ page.Common }

// endSession is OpenID Connect RP-Initiated Logout: GET and POST /idp/end_session. FranceConnect sends the browser here
// to end the citizen's session at their identity provider, and waits for it to come back.
//
// For FranceConnect it ends nothing: we keep no session of a citizen, and tokens die within a minute. For a service that talks to us
// directly it ends the use that its ID token is of: the access token, and whatever else the service has open of that login
// (package backchannel). The aidant's own session ends for neither. It is not the citizen's: it serves the other people of the day, any
// site could send a browser here, and being signed out of Mandat in the middle of a mandate for having closed a tax file
// would teach aidants not to close it.
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
	from, login, ok := p.leaving(r.Context(), values)
	address := values.Get("post_logout_redirect_uri")
	if !ok || address != "" && (from == nil || !slices.Contains(from.PostLogoutRedirectURIs, address)) {
		return logoutProblem()
	}
	if from != nil && from.Direct() && login != uuid.Nil && r.Method != http.MethodHead {
		if err := p.close(r.Context(), from, login); err != nil {
			return err
		}
	}
	if address == "" {
		return p.pages.Render(w, r, http.StatusOK, "idp/ended.html", &endedPage{Common: page.Common{Title: "idp.ended.title", NoIndex: true}})
	}
	http.Redirect(w, r, withState(address, values.Get("state")), http.StatusSeeOther)
	return nil
}

// leaving finds the client that a logout is for: by an ID token of ours, however old, or by its id. Both must agree. It
// is nil when neither was sent, and not ok when what was sent is wrong. The login is known by an ID token alone.
func (p *Provider) leaving(ctx context.Context, values url.Values) (from *client.Client, login uuid.UUID, ok bool) {
	id := values.Get("client_id")
	if hint := values.Get("id_token_hint"); hint != "" {
		claims, err := p.keys().OpenHint(hint, p.secretOf(ctx))
		if err != nil || claims.Issuer != p.issuer || id != "" && id != claims.Audience {
			return nil, uuid.Nil, false
		}
		if login, err = uuid.Parse(claims.Session); err != nil {
			return nil, uuid.Nil, false
		}
		id = claims.Audience
	}
	if id == "" {
		return nil, uuid.Nil, true
	}
	from, err := p.clients.Find(ctx, id)
	return from, login, err == nil
}

// secretOf finds the secret of a client whose ID tokens are signed with it.
func (p *Provider) secretOf(ctx context.Context) func(id string) []byte {
	return func(id string) []byte {
		c, err := p.clients.Find(ctx, id)
		if err != nil || c.SigningAlg() != oidc.HS256 {
			return nil
		}
		return c.Secret.Clear()
	}
}

const closeUse = `update idp_login l set token_expires_at = $2 where l.id = $1 and l.client = $3 and l.token_expires_at > $2`

// close ends a use of a service. Like giving the token back it is no act.
func (p *Provider) close(ctx context.Context, from *client.Client, login uuid.UUID) error {
	now := p.clock.Now()
	err := p.db.Write(ctx, db.System(), db.Durable, func(tx *db.Tx) error {
		tx.Queue(closeUse, login, now, from.ID)
		backchannel.Close(tx, now, login)
		return nil
	})
	if err != nil {
		return fmt.Errorf("close use: %w", err)
	}
	return nil
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
