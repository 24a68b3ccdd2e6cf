package franceconnect

import (
	"errors"
	"log/slog"
	"net/http"
	"net/url"

	"mandat/internal/page"
	"mandat/internal/session"
	"mandat/internal/upstream"
)

// endSession sends the browser to end the citizen's FranceConnect session, then on: to the recap, or back to the identity
// page with a message. Without an ID token (FranceConnect broke down before giving one) there is nothing to end it with.
func (rp *RP) endSession(w http.ResponseWriter, r *http.Request, at *session.Session, attempt session.Attempt, idToken, outcome string) error {
	ctx, next := r.Context(), attempt.ReturnPath
	if outcome != "" {
		next = at.Base() + identityPage(attempt.Draft)
		if err := rp.sessions.Notify(ctx, at, About(attempt.Draft), noticePrefix+outcome); err != nil {
			return err
		}
	}
	to := ""
	if idToken != "" {
		state, err := rp.sessions.Depart(ctx, at, session.Attempt{Kind: session.IdentityEnd, Person: at.Person, Draft: attempt.Draft, ReturnPath: next})
		if err != nil {
			return err
		}
		// An address that discovery cannot tell now was told a moment ago, for the code.
		to, err = rp.provider.EndSessionURL(ctx, url.Values{"id_token_hint": {idToken}, "state": {state}, "post_logout_redirect_uri": {rp.endURL}})
		if err != nil {
			return err
		}
	}
	if to == "" {
		to = next
	}
	http.Redirect(w, r, to, http.StatusSeeOther)
	return nil
}

// LoggedOut is where FranceConnect sends the browser after that (GET /connexion/franceconnect/fin).
func (rp *RP) LoggedOut(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	state := upstream.Once(r.URL.Query(), "state")
	attempt, err := rp.sessions.Arrive(ctx, session.Browser(ctx), state, session.IdentityEnd)
	if errors.Is(err, session.ErrUsed) {
		phone, err := rp.farewellOf(ctx, state, rp.phone(r))
		if err != nil {
			return err
		}
		if phone {
			http.Redirect(w, r, endPath, http.StatusSeeOther)
			return nil
		}
	}
	if err != nil {
		return rp.refuseState(r, session.From(ctx), err)
	}
	http.Redirect(w, r, attempt.ReturnPath, http.StatusSeeOther)
	return nil
}

// logFailure logs an error that the page shows as a message on the draft. An outage of FranceConnect's is a warning: it is
// not ours to repair.
func (rp *RP) logFailure(r *http.Request, err error) {
	level := slog.LevelError
	if errors.Is(err, upstream.ErrUnavailable) {
		level = slog.LevelWarn
	}
	rp.logger.Log(r.Context(), level, "identify", slog.String("request", page.RequestID(r.Context())), slog.String("error", err.Error()))
}
