package proconnect

import (
	"context"
	"errors"
	"net/http"
	"slices"

	"github.com/google/uuid"

	"mandat/internal/db"
	"mandat/internal/invitation"
	"mandat/internal/journal"
	"mandat/internal/org"
	"mandat/internal/session"
	"mandat/internal/signin"
	"mandat/internal/upstream"
)

// Invite sends a browser to ProConnect whose person accepts an invitation. Its link was shown to us: what names it goes on from here, not its secret.
func (rp *RP) Invite(w http.ResponseWriter, r *http.Request, i invitation.Invitation) error {
	if ok, err := rp.sessions.Allow(r); err != nil {
		return err
	} else if !ok {
		return rp.refuse(r, nil, tooMany)
	}
	at, err := rp.sessions.Ensure(w, r)
	if err != nil {
		return err
	}
	return rp.leave(w, r, at, session.Attempt{Kind: session.Invitation, Invitation: i.ID, Link: i.Link, ReturnPath: "/"}, at.LoginAgain)
}

// accept uses an invitation up for the person whom ProConnect named, who is new or joins as themselves, and signs them in, in one act.
func (rp *RP) accept(w http.ResponseWriter, r *http.Request, at *session.Session, attempt session.Attempt, answer upstream.Answer) error {
	ctx := r.Context()
	var told asserted
	if err := answer.Userinfo(&told); err != nil {
		return rp.refuse(r, at, wrongAnswer)
	}
	if !slices.Contains(rp.acr, answer.ACR) {
		return rp.refuse(r, at, weak)
	}
	person, why, err := rp.invited(ctx, attempt.Invitation, answer, told)
	if err != nil {
		return err
	}
	if why != nil {
		return rp.refuse(r, at, why.of(person.ID))
	}
	way, err := rp.way(ctx, person, session.ByInvitation, answer, told)
	if err != nil {
		return err
	}
	who, err := rp.door.Who(r, person, way)
	if errors.Is(err, signin.ErrSuspended) {
		return rp.refuse(r, at, suspended.of(person.ID))
	}
	if err != nil {
		return rp.refuse(r, at, noOrganisation.of(person.ID))
	}
	var opened session.Opened
	how := invitation.Accepting{ID: attempt.Invitation, Link: attempt.Link, Issuer: rp.provider.Issuer(), Sub: answer.Subject}
	_, err = rp.invitations.Accept(ctx, how, func(tx *journal.Tx, id uuid.UUID) error {
		who.Person = id
		var err error
		opened, err = rp.door.Enter(ctx, tx, at, who)
		return err
	})
	if why := unaccepted(err); why != nil {
		return rp.refuse(r, at, why.of(person.ID))
	}
	if err != nil {
		return err
	}
	if err := rp.sessions.Carry(w, r, opened); err != nil {
		return err
	}
	http.Redirect(w, r, who.Home(), http.StatusSeeOther)
	return nil
}

// invited is the person as they will be once they have accepted, or says why they may not. Who accepts comes from the organisation that
// invites: signing in will ask the same of them every day.
func (rp *RP) invited(ctx context.Context, id uuid.UUID, answer upstream.Answer, told asserted) (org.Person, *refusal, error) {
	i, err := rp.invitations.Find(ctx, id)
	if errors.Is(err, db.ErrNotFound) {
		return org.Person{}, &invitationOver, nil
	}
	if err != nil {
		return org.Person{}, nil, err
	}
	person, err := rp.directory.Recognise(ctx, rp.provider.Issuer(), answer.Subject)
	if err != nil && !errors.Is(err, db.ErrNotFound) {
		return person, nil, err
	}
	if i.Administrator() {
		person.Administrator = true
		return person, nil, nil
	}
	o, err := rp.directory.Organisation(ctx, i.Organisation)
	if err != nil {
		return person, nil, err
	}
	if o.SIRET != told.SIRET {
		return person, &wrongOrganisation, nil
	}
	return signin.Joining(person, o, i.Roles), nil, nil
}

// unaccepted says which refusal an error of Accept is, nil when it is none.
func unaccepted(err error) *refusal {
	switch {
	case errors.Is(err, db.ErrNotFound), errors.Is(err, db.ErrConflict):
		return &invitationOver
	case errors.Is(err, invitation.ErrOtherPerson):
		return &invitationOther
	case errors.Is(err, invitation.ErrSuspended):
		return &suspended
	case errors.Is(err, org.ErrOneOffice):
		return &invitationOffice
	}
	return nil
}
