package proconnect

import (
	"errors"
	"net/http"
	"slices"
	"time"

	"mandat/internal/db"
	"mandat/internal/session"
	"mandat/internal/signin"
	"mandat/internal/upstream"
)

// clocks is how far ProConnect's clock may be from ours.
const clocks = 30 * time.Second

// renew notes a new second factor of the person who is signed in. Anybody else is refused, and the session stays as it was. Who has
// a factor of their own gives that one: it is theirs, and ProConnect's word is not.
func (rp *RP) renew(w http.ResponseWriter, r *http.Request, at *session.Session, attempt session.Attempt, answer upstream.Answer) error {
	ctx := r.Context()
	if !slices.Contains(rp.acr, answer.ACR) {
		return rp.refuse(r, nil, weak.again().of(at.Person).to(attempt))
	}
	person, err := rp.directory.Recognise(ctx, rp.provider.Issuer(), answer.Subject)
	if err != nil && !errors.Is(err, db.ErrNotFound) {
		return err
	}
	if err != nil || person.ID != attempt.Person || person.ID != at.Person {
		return rp.refuse(r, nil, otherPerson.of(at.Person).to(attempt))
	}
	factorAt := rp.factorAt(answer)
	if factorAt.Before(attempt.CreatedAt.Add(-clocks)) {
		return rp.refuse(r, nil, notAgain.of(at.Person).to(attempt)) // prompt=login was not honoured: this factor is the old one
	}
	own, err := rp.factors.Has(ctx, at.Person)
	if err != nil {
		return err
	}
	if own {
		return rp.refuse(r, nil, ownFactor.of(at.Person).to(attempt))
	}
	err = rp.door.StepUp(w, r, at, session.Factor{Kind: session.FactorProConnect, At: factorAt, Citizen: attempt.Citizen}, answer.ACR)
	if errors.Is(err, db.ErrConflict) {
		return rp.refuse(r, nil, used)
	}
	if err != nil {
		return err
	}
	http.Redirect(w, r, signin.Back(attempt.ReturnPath, at.Home()), http.StatusSeeOther)
	return nil
}
