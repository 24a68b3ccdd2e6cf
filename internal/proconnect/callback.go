package proconnect

import (
	"errors"
	"net/http"
	"net/url"

	"mandat/internal/session"
	"mandat/internal/upstream"
)

// Callback is where ProConnect sends the browser back (GET /connexion/proconnect/retour).
func (rp *RP) Callback(w http.ResponseWriter, r *http.Request) error {
	q, ctx := r.URL.Query(), r.Context()
	at := session.Browser(ctx)
	attempt, err := rp.sessions.Arrive(ctx, at, once(q, "state"), session.SignIn, session.StepUp, session.Invitation)
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
	if once(q, "iss") != rp.provider.Issuer() {
		return rp.refuse(r, at, wrongAnswer)
	}
	if q.Has("error") {
		return rp.refuse(r, at, byError(q.Get("error")))
	}
	answer, err := rp.provider.Exchange(ctx, once(q, "code"), attempt.Nonce, attempt.Verifier)
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

// once returns a parameter that is there exactly once, else "".
func once(q url.Values, name string) string {
	if v := q[name]; len(v) == 1 {
		return v[0]
	}
	return ""
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
