package proconnect

import (
	"errors"
	"net/http"
	"slices"
	"time"

	"mandat/internal/db"
	"mandat/internal/journal"
	"mandat/internal/session"
	"mandat/internal/upstream"
)

// steppedUp is the detail of session.stepped_up.
type steppedUp struct {
	ACR string `json:"acr"`
}

// clocks is how far ProConnect's clock may be from ours.
const clocks = 30 * time.Second

// renew notes a new second factor of the person who is signed in. Anybody else is refused, and the session stays as it was.
func (rp *RP) renew(w http.ResponseWriter, r *http.Request, at *session.Session, attempt session.Attempt, answer upstream.Answer) error {
	ctx := r.Context()
	if !slices.Contains(rp.acr, answer.ACR) {
		return rp.refuse(r, nil, weak.again())
	}
	person, err := rp.directory.Recognise(ctx, rp.provider.Issuer(), answer.Subject)
	if err != nil && !errors.Is(err, db.ErrNotFound) {
		return err
	}
	if err != nil || person.ID != attempt.Person || person.ID != at.Person {
		return rp.refuse(r, nil, otherPerson)
	}
	factorAt := rp.factorAt(answer)
	if factorAt.Before(attempt.CreatedAt.Add(-clocks)) {
		return rp.refuse(r, nil, notAgain) // prompt=login was not honoured: this factor is the old one
	}
	by := at.Actor()
	by.FactorAt = factorAt
	var secret session.Opened
	err = rp.journal.Record(ctx, by, func(tx *journal.Tx) (journal.Event, error) {
		secret, err = rp.sessions.StepUp(ctx, tx, at, session.Factor{Kind: session.FactorProConnect, At: factorAt})
		return journal.Event{Action: "session.stepped_up", Detail: steppedUp{answer.ACR}}, err
	})
	if errors.Is(err, db.ErrConflict) {
		return rp.refuse(r, nil, used)
	}
	if err != nil {
		return err
	}
	if err := rp.sessions.Carry(w, r, secret); err != nil {
		return err
	}
	back := attempt.ReturnPath
	if !session.Local(back) {
		back = at.Home()
	}
	http.Redirect(w, r, back, http.StatusSeeOther)
	return nil
}
