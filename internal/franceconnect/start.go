package franceconnect

import (
	"errors"
	"net/http"

	"github.com/google/uuid"
	"golang.org/x/oauth2"

	"mandat/internal/db"
	"mandat/internal/draft"
	"mandat/internal/org"
	"mandat/internal/page"
	"mandat/internal/session"
	"mandat/internal/token"
	"mandat/internal/upstream"
)

// Start sends the browser to FranceConnect for a draft of the aidant's own (POST /brouillons/{draft}/identite).
func (rp *RP) Start(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	at, drawn, elsewhere, err := rp.own(r)
	if err != nil {
		return err
	}
	if elsewhere != "" {
		page.Redirect(w, r, elsewhere)
		return nil
	}
	if err := rp.cancelLink(ctx, at, drawn.ID); err != nil { // one way at a time
		return err
	}
	nonce := token.Hex(32)
	state, err := rp.sessions.Depart(ctx, at, session.Attempt{Kind: session.Identity, Nonce: nonce, Person: at.Person, Draft: drawn.ID, ReturnPath: page.Placed(ctx, recapPage(drawn.ID))})
	if err != nil {
		return err
	}
	to, err := rp.provider.AuthURL(ctx, state, nonce, oauth2.SetAuthURLParam("acr_values", "eidas1"), oauth2.SetAuthURLParam("prompt", "login"))
	if errors.Is(err, upstream.ErrUnavailable) {
		rp.logFailure(r, err)
		return rp.backToDraft(w, r, at, drawn.ID, "unavailable")
	}
	if err != nil {
		return err
	}
	http.Redirect(w, r, to, http.StatusSeeOther)
	return nil
}

// own finds the draft of the path, for the aidant whose it is. elsewhere is where the browser goes instead when the draft takes no identity.
func (rp *RP) own(r *http.Request) (at *session.Session, drawn draft.Draft, elsewhere string, err error) {
	at = session.From(r.Context())
	id, err := uuid.Parse(r.PathValue("draft"))
	if err != nil {
		return at, drawn, "", db.ErrNotFound
	}
	drawn, err = rp.drafts.Find(r.Context(), at.Actor(), id)
	if errors.Is(err, org.ErrMayNot) {
		return at, drawn, identityPage(id), nil // which says why
	}
	if err != nil {
		return at, drawn, "", err
	}
	if drawn.Person != at.Person { // a colleague's: its pages say how to take it over
		return at, drawn, "", db.ErrNotFound
	}
	switch drawn.State {
	case draft.Signed:
		return at, drawn, "/mandats/" + drawn.Mandate.String(), nil
	case draft.Open, draft.Identified:
		return at, drawn, "", nil
	}
	return at, drawn, "", db.ErrNotFound
}

// backToDraft shows a message on the draft's identity page. Nothing of the draft is lost.
func (rp *RP) backToDraft(w http.ResponseWriter, r *http.Request, at *session.Session, drawn uuid.UUID, notice string) error {
	if err := rp.sessions.Notify(r.Context(), at, About(drawn), noticePrefix+notice); err != nil {
		return err
	}
	http.Redirect(w, r, at.Base()+identityPage(drawn), http.StatusSeeOther)
	return nil
}
