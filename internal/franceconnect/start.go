package franceconnect

import (
	"errors"
	"net/http"

	"github.com/google/uuid"
	"golang.org/x/oauth2"

	"mandat/internal/db"
	"mandat/internal/mandate"
	"mandat/internal/org"
	"mandat/internal/page"
	"mandat/internal/session"
	"mandat/internal/token"
	"mandat/internal/upstream"
)

// Start sends the browser to FranceConnect for a draft of the aidant's own (POST /brouillons/{draft}/identite).
func (rp *RP) Start(w http.ResponseWriter, r *http.Request) error {
	ctx, at := r.Context(), session.From(r.Context())
	id, err := uuid.Parse(r.PathValue("draft"))
	if err != nil {
		return db.ErrNotFound
	}
	draft, err := rp.mandates.Draft(ctx, at.Actor(), id)
	if errors.Is(err, org.ErrMayNot) {
		page.Redirect(w, r, identityPage(id)) // which says why
		return nil
	}
	if err != nil {
		return err
	}
	switch draft.State {
	case mandate.DraftSigned:
		page.Redirect(w, r, "/mandats/"+draft.Mandate.String())
		return nil
	case mandate.DraftOpen, mandate.DraftIdentified:
	default:
		return db.ErrNotFound
	}
	nonce := token.Hex(32)
	state, err := rp.sessions.Depart(ctx, at, session.Attempt{Kind: session.Identity, Nonce: nonce, Person: at.Person, Draft: id, ReturnPath: page.Placed(ctx, recapPage(id))})
	if err != nil {
		return err
	}
	to, err := rp.provider.AuthURL(ctx, state, nonce, oauth2.SetAuthURLParam("acr_values", "eidas1"), oauth2.SetAuthURLParam("prompt", "login"))
	if errors.Is(err, upstream.ErrUnavailable) {
		rp.logFailure(r, err)
		return rp.backToDraft(w, r, at, id, "unavailable")
	}
	if err != nil {
		return err
	}
	http.Redirect(w, r, to, http.StatusSeeOther)
	return nil
}

// backToDraft shows a message on the draft's identity page. Nothing of the draft is lost.
func (rp *RP) backToDraft(w http.ResponseWriter, r *http.Request, at *session.Session, draft uuid.UUID, notice string) error {
	if err := rp.sessions.Notify(r.Context(), at, About(draft), noticePrefix+notice); err != nil {
		return err
	}
	http.Redirect(w, r, at.Base()+identityPage(draft), http.StatusSeeOther)
	return nil
}
