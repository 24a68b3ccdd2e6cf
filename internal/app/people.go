package app

import (
	"fmt"
	"net/url"

	"mandat/internal/charter"
	"mandat/internal/credential"
	"mandat/internal/inquiry"
	"mandat/internal/invitation"
	"mandat/internal/maillink"
	"mandat/internal/notify"
	"mandat/internal/session"
	"mandat/internal/signin"
	"mandat/internal/throttle"
)

// people is what professionals sign in with.
type people struct {
	factors *credential.Register
	charter *charter.Register
	door    *signin.Door
	links   *maillink.Links

	invitations *invitation.Register
}

// buildFactors comes before the mandates, which a person's key signs.
func (a *App) buildFactors() error {
	base, err := url.Parse(a.config.BaseURL)
	if err != nil {
		return fmt.Errorf("BASE_URL: %w", err)
	}
	a.sessions = session.New(a.db, a.keys.Envelope, a.clock, a.secure())
	a.people.factors, err = credential.New(a.db, a.journal, a.keys.Envelope, a.clock,
		credential.Config{RPID: base.Hostname(), Origins: []string{a.config.BaseURL}, Name: "Mandat"},
		credential.Hooks{Tell: notify.Tell, End: session.EndAndForget, Finish: invitation.Finish})
	return err
}

// buildPeople builds what professionals sign in with, on top of the sessions.
func (a *App) buildPeople() error {
	a.directory = a.directory.Telling(notify.Queue).Ending(session.EndIn)
	a.inquiries = inquiry.New(a.db, a.journal, a.keys.Envelope, a.directory, a.mandates, a.clock, notify.Queue)
	a.people.invitations = invitation.New(a.db, a.journal, a.directory, a.clock)
	a.people.charter = charter.New(a.db, a.journal)
	a.people.door = signin.New(a.journal, a.sessions, notify.Tell)
	a.people.links = maillink.New(a.db, a.clock, throttle.New(a.db, a.clock), a.sessions, notify.Queue)
	return a.buildOffice()
}
