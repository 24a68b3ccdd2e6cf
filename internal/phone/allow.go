package phone

import (
	"context"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/google/uuid"

	"mandat/internal/db"
	"mandat/internal/jobs"
	"mandat/internal/journal"
	"mandat/internal/org"
	"mandat/internal/private"
	"mandat/internal/token"
)

// How long a reason is, in characters.
const (
	ReasonMin = 10
	ReasonMax = 500
)

// Allow lets a number serve a citizen although it is a professional's, or another citizen's: the actor, an aidant of the same organisation with a fresh
// second factor of their own, gives the reason. Then the code is sent. It returns ErrSamePerson to who entered the number and to whose number it is,
// ErrReason, ErrSecret for a reason that says what must stand nowhere (private.Holds), db.ErrNotFound when no number of the citizen waits for that, and org's errors.
func (r *Register) Allow(ctx context.Context, by journal.Actor, citizen uuid.UUID, reason string) error {
	reason = strings.Join(strings.Fields(reason), " ")
	if n := utf8.RuneCountInString(reason); n < ReasonMin || n > ReasonMax {
		return ErrReason
	}
	if private.Holds(reason) != "" {
		return ErrSecret
	}
	if err := org.Fresh(by, r.clock.Now()); err != nil {
		return err
	}
	err := r.onCitizen(ctx, by, citizen, func(tx *journal.Tx, who opened) (journal.Event, error) {
		return r.allowed(ctx, tx, who, reason)
	})
	return wrap("allow a telephone number", err)
}

// allowed is the part of Allow inside its act. What the colleague allows is what bars the number now.
func (r *Register) allowed(ctx context.Context, tx *journal.Tx, who opened, reason string) (journal.Event, error) {
	open, err := inState(ctx, tx, tx.By.Organisation, who.ID, Asked)
	if err != nil {
		return journal.Event{}, err
	}
	if open == nil || !open.NeedsColleague() || !tx.Now.Before(open.AskedAt.Add(Kept)) {
		return journal.Event{}, db.ErrNotFound
	}
	if err := open.open(who.key); err != nil {
		return journal.Event{}, err
	}
	_, why, owners, err := r.ask(ctx, tx, open.Number.Number, who)
	if err != nil {
		return journal.Event{}, err
	}
	if why == "" { // it was given up elsewhere since
		why = open.Barred
	}
	if slices.Contains(append(owners, open.AskedBy), tx.By.Person) {
		return journal.Event{}, ErrSamePerson
	}
	message := token.ID()
	tx.Queue(`update phone set barred = $2, colleague_id = $3, allowed_at = $4, reason = $5, message_id = $6, expires_at = $7, tries = 0, sent_at = null, failed_at = null where id = $1`,
		open.ID, why, tx.By.Person, tx.Now, who.key.Seal(purpose("reason", open.ID), []byte(reason)), message, tx.Now.Add(CodeLife))
	jobs.Enqueue(tx.Tx, Job, message)
	return journal.Event{Action: "phone.allowed", Citizen: who.ID, Detail: detail{Phone: open.ID.String(), Why: why}}, nil
}
