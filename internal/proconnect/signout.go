package proconnect

import (
	"errors"
	"net/http"
	"net/url"

	"mandat/internal/db"
	"mandat/internal/journal"
	"mandat/internal/session"
	"mandat/internal/token"
)

// SignedOutPath is where signing out is asked for, and the page that says that it is done.
const SignedOutPath = "/deconnexion"

// SignOut ends our session, then sends a browser that has been at ProConnect to end the session there (POST /deconnexion): for signing in, for
// an invitation, for a factor, whatever was given here since. When ProConnect does not answer, ours has ended all the same.
func (rp *RP) SignOut(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	at := session.From(ctx)
	if at == nil {
		if b := session.Browser(ctx); b != nil {
			if err := rp.sessions.Leave(w, r, b); err != nil {
				return err
			}
		}
		http.Redirect(w, r, SignedOutPath, http.StatusSeeOther)
		return nil
	}
	err := rp.journal.Record(ctx, at.Actor(), func(tx *journal.Tx) (journal.Event, error) {
		return journal.Event{Action: "session.closed"}, rp.sessions.Close(ctx, tx, at)
	})
	if err != nil && !errors.Is(err, db.ErrConflict) {
		return err
	}
	if err := rp.sessions.Forget(w, r); err != nil {
		return err
	}
	if !at.ProConnect {
		http.Redirect(w, r, SignedOutPath, http.StatusSeeOther)
		return nil
	}
	to, err := rp.provider.EndSessionURL(ctx, url.Values{"client_id": {rp.clientID}, "post_logout_redirect_uri": {rp.homeURL}, "state": {token.Hex(32)}})
	if err != nil || to == "" {
		to = SignedOutPath
	}
	http.Redirect(w, r, to, http.StatusSeeOther)
	return nil
}
