package proconnect

import (
	"errors"
	"net/http"

	"mandat/internal/session"
	"mandat/internal/upstream"
)

// Callback is where ProConnect sends the browser back (GET /connexion/proconnect/retour).
func (rp *RP) Callback(w http.ResponseWriter, r *http.Request) error {
	q, ctx := r.URL.Query(), r.Context()
	at := session.Browser(ctx)
	attempt, err := rp.sessions.Arrive(ctx, at, upstream.Once(q, "state"), session.SignIn, session.StepUp, session.Invitation)
	switch {
	case errors.Is(err, session.ErrUsed):
		return rp.refuse(r, at, used)
	case errors.Is(err, session.ErrOtherBrowser):
		return rp.refuse(r, nil, otherBrowser)
	case errors.Is(err, session.ErrTooLate):
		return rp.refuse(r, at, late)
	case err != nil:
		return err
	}
	// RFC 9207: an answer of another provider, sent to this address, is found here.
	if upstream.Once(q, "iss") != rp.provider.Issuer() {
		return rp.refuse(r, at, wrongAnswer)
	}
	if q.Has("error") {
		return rp.refuse(r, at, byError(q.Get("error")))
	}
	answer, err := rp.provider.Exchange(ctx, upstream.Once(q, "code"), attempt.Nonce, attempt.Verifier)
	if errors.Is(err, upstream.ErrUnavailable) {
		return rp.refuse(r, nil, down.because(err))
	}
	if failed, ok := errors.AsType[*upstream.Fault](err); ok {
		return rp.refuse(r, at, wrongAnswer.because(failed))
	}
	if err != nil {
		return err
	}
	switch attempt.Kind {
	case session.StepUp:
		return rp.renew(w, r, at, attempt, answer)
	case session.Invitation:
		return rp.accept(w, r, at, attempt, answer)
	}
	return rp.admit(w, r, at, answer)
}

// byError says which refusal an error of ProConnect's is (OpenID Connect Core §3.1.2.6).
func byError(code string) refusal {
	switch code {
	case "access_denied":
		return cancelled
	case "server_error", "temporarily_unavailable":
		return down
	}
	return wrongAnswer
}
