package app

import (
	"context"
	"fmt"
	"net/url"
	"time"

	"github.com/google/uuid"

	"mandat/internal/charter"
	"mandat/internal/credential"
	"mandat/internal/db"
	"mandat/internal/journal"
	"mandat/internal/maillink"
	"mandat/internal/org"
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
}

// buildPeople builds what professionals sign in with, on top of the sessions.
func (a *App) buildPeople(context.Context) error {
	base, err := url.Parse(a.config.BaseURL)
	if err != nil {
		return fmt.Errorf("BASE_URL: %w", err)
	}
	a.sessions = session.New(a.db, a.clock, a.secure())
	a.people.factors, err = credential.New(a.db, a.journal, a.keys.Envelope, a.clock, credential.Config{RPID: base.Hostname(), Origins: []string{a.config.BaseURL}, Name: "Mandat"},
		credential.Hooks{Tell: a.tell, End: func(tx *journal.Tx, person uuid.UUID) error { return session.EndAll(context.Background(), tx, person) }})
	if err != nil {
		return err
	}
	a.people.charter = charter.New(a.db, a.journal)
	a.people.door = signin.New(a.journal, a.sessions, a.tell)
	a.people.links = maillink.New(a.db, a.clock, throttle.New(a.db, a.clock), a.sessions, a.queue)
	return nil
}

// tell queues a message in an act.
func (a *App) tell(tx *journal.Tx, m org.Message) error { return a.queue(tx.Tx, tx.Now, m) }

// queue queues a message in a transaction.
func (a *App) queue(*db.Tx, time.Time, org.Message) error { return nil }
