package desk

import (
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"

	"mandat/internal/db"
	"mandat/internal/invitation"
	"mandat/internal/journal"
	"mandat/internal/token"
)

// Robin is a referent of Here, who has just given a factor.
func (d *Desk) Robin(t testing.TB) journal.Actor {
	t.Helper()
	const issuer, sub = "https://proconnect.invalid", "robin-sub"
	session := token.ID()
	robin, err := d.Directory.Recognise(t.Context(), issuer, sub)
	if errors.Is(err, db.ErrNotFound) {
		robin.ID, err = d.Person(t, issuer, sub, d.Here, "referent"), nil
	}
	must(t, err)
	return journal.Actor{Kind: journal.Referent, Person: robin.ID, Organisation: d.Here, Session: session[:], FactorAt: d.Clock.Now()}
}

// Invite invites an address to Here, and returns the link that is mailed.
func (d *Desk) Invite(t testing.TB, by journal.Actor, email string, roles ...string) string {
	t.Helper()
	id, err := d.Invitations.Invite(t.Context(), by, invitation.Invitee{Email: email, GivenName: "Nora", UsualName: "Fictif", Roles: roles})
	must(t, err)
	secret, err := d.Invitations.Write(t.Context(), id)
	must(t, err)
	return d.URL + "/invitation/" + secret
}

// Reset removes every factor of a person, as two others decide and an hour later, and returns the link that is mailed.
func (d *Desk) Reset(t testing.TB, person uuid.UUID) string {
	t.Helper()
	session := token.ID()
	approver := journal.Actor{Kind: journal.Referent, Person: d.Person(t, "https://proconnect.invalid", "ida-sub", d.Here, "referent"), Organisation: d.Here, Session: session[:], FactorAt: d.Clock.Now()}
	id, err := d.Factors.AskReset(t.Context(), d.Robin(t), person)
	must(t, err)
	must(t, d.Factors.ApproveReset(t.Context(), approver, id))
	d.Clock.Advance(time.Hour + time.Minute)
	done, err := d.Factors.DoResets(t.Context())
	if err != nil || done != 1 {
		t.Fatalf("%d resets, %v", done, err)
	}
	secret, err := d.Factors.WriteReset(t.Context(), id)
	must(t, err)
	return d.URL + "/connexion/reprise/" + secret
}
