package idp

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"mandat/internal/db"
	"mandat/internal/dpop"
	"mandat/internal/journal"
	"mandat/internal/oidc"
)

// readAgain tells a service that talks to us directly who the citizen is, as often as it asks while its token is worth something. The
// release stands in the journal already. What refuses it is an act: the token was good, and something has ended.
func (p *Provider) readAgain(r *http.Request, sent presented) (body, form string, err error) {
	ctx, jkt := r.Context(), ""
	u, of, err := p.standing(ctx, sent.token)
	if errors.Is(err, db.ErrNotFound) { // before its proof is looked at: what is kept of proofs is not for anybody to fill
		return "", "", p.refuseAgain(ctx, sent, "")
	}
	if err == nil && sent.bound {
		jkt, err = p.proofs.Check(ctx, dpop.Request{Proofs: r.Header.Values("DPoP"), Method: r.Method, URL: p.issuer + "/userinfo", Token: sent.token})
	}
	if err != nil {
		return "", "", err
	}
	if u.jkt != jkt {
		return "", "", p.refuseAgain(ctx, sent, wrongVerifier)
	}
	if refusal := p.gate.Spend(of); refusal != nil {
		return "", "", refusal
	}
	to, err := p.recipientOf(ctx, of)
	if err != nil {
		return "", "", err
	}
	found, err := p.citizens.Open(u.sealed)
	if err != nil {
		return "", "", err
	}
	return p.inForm(to, userInfo(u.subject, u.claims, found.Identity), u.tokenEnd)
}

// refuseAgain looks why a token of a service is worth nothing, and records it if it was this login's. That ends the token, so that there
// is one entry. A token that comes without its key, or with another, has leaked (leak is wrongVerifier): it ends too.
func (p *Provider) refuseAgain(ctx context.Context, sent presented, leak string) error {
	invalid := oidc.Refuse(oidc.InvalidToken, "the token is not valid")
	login, ok := loginOf(strings.TrimPrefix(sent.token, directToken))
	if !ok {
		return invalid
	}
	return p.journal.Record(ctx, journal.Program(), func(tx *journal.Tx) (journal.Event, error) {
		f, err := p.ask(ctx, tx, login, sent.token)
		if errors.Is(err, db.ErrNotFound) || err == nil && (!f.hasToken || !f.direct) {
			return journal.Event{}, invalid
		}
		if err != nil {
			return journal.Event{}, err
		}
		reason := f.standing()
		switch {
		case leak != "" && f.jkt != "":
			reason = leak
		case !p.clock.Now().Before(f.tokenEnd):
			reason = tokenExpired
		}
		if reason == "" {
			return journal.Event{}, invalid // the client is gone, or no longer serves this, or shows a key for a token that needs none
		}
		return f.refuse(tx, "userinfo", reason, invalid)
	})
}
