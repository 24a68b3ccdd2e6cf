package unsealing

import (
	"context"

	"github.com/google/uuid"

	"mandat/internal/db"
	"mandat/internal/journal"
	"mandat/internal/org"
)

// Grant grants what another auditor asked, for an hour from now on, with a fresh second factor. Errors: org.ErrYourself for who asked and for whom it is about,
// org.ErrNotSecond when who asked is no auditor any more, ErrOneBrowser, db.ErrNotFound, db.ErrConflict when it does not wait any more, org.ErrMayNot and org.ErrFactorTooOld.
func (r *Register) Grant(ctx context.Context, by journal.Actor, id uuid.UUID) error {
	return wrap("grant an unsealing", r.act(ctx, by, id, func(tx *journal.Tx, u *Unsealing) (journal.Event, error) {
		if err := org.Fresh(by, tx.Now); err != nil {
			return journal.Event{}, err
		}
		if err := r.second(ctx, tx, u); err != nil {
			return journal.Event{}, err
		}
		until := tx.Now.Add(Lasts)
		err := tx.ExecOne(ctx, db.ErrConflict, `update unsealing set state = 'granted', decided_by = $2, decided_at = $3, until = $4 where id = $1 and state = 'asked' and asked_by <> $2 and expires_at > $3`,
			id, by.Person, tx.Now, until)
		d := u.detail()
		d.Until = journal.TimeText(until)
		return journal.Event{Action: "unsealing.granted", Organisation: u.Organisation, Citizen: u.Citizen, Detail: d}, err
	}))
}

// second asks whether the actor may be the second beside who asked (docs/decisions/0036): another auditor, who is not whom it is about, beside one who is an auditor
// still, and with whom they never shared a browser. Who asked is locked: a suspension comes before or after.
func (r *Register) second(ctx context.Context, tx *journal.Tx, u *Unsealing) error {
	if tx.By.Person == u.AskedBy || tx.By.Person == u.Person {
		return org.ErrYourself
	}
	var still, one bool
	err := tx.QueryRow(ctx, `select auditor and suspended_at is null, unsealing_one_browser($1, $2) from person where id = $1 for share`, u.AskedBy, tx.By.Person).Scan(&still, &one)
	switch {
	case err != nil:
		return err
	case !still:
		return org.ErrNotSecond
	case one:
		return ErrOneBrowser
	}
	return nil
}

// Refuse refuses what another auditor asked. Errors: as Grant, but for the factor, which a refusal needs not.
func (r *Register) Refuse(ctx context.Context, by journal.Actor, id uuid.UUID) error {
	return wrap("refuse an unsealing", r.act(ctx, by, id, func(tx *journal.Tx, u *Unsealing) (journal.Event, error) {
		if by.Person == u.AskedBy {
			return journal.Event{}, org.ErrYourself
		}
		err := tx.ExecOne(ctx, db.ErrConflict, `update unsealing set state = 'refused', decided_by = $2, decided_at = $3 where id = $1 and state = 'asked' and asked_by <> $2 and expires_at > $3`, id, by.Person, tx.Now)
		return journal.Event{Action: "unsealing.refused", Organisation: u.Organisation, Citizen: u.Citizen, Detail: u.detail()}, err
	}))
}

// End ends one before its hour is over: who asked does, or who granted it. Errors: db.ErrNotFound for others, db.ErrConflict when it does not stand any more, org.ErrMayNot.
func (r *Register) End(ctx context.Context, by journal.Actor, id uuid.UUID) error {
	return wrap("end an unsealing", r.act(ctx, by, id, func(tx *journal.Tx, u *Unsealing) (journal.Event, error) {
		if by.Person != u.AskedBy && by.Person != u.DecidedBy {
			return journal.Event{}, db.ErrNotFound
		}
		err := tx.ExecOne(ctx, db.ErrConflict, `update unsealing set state = 'ended', ended_by = $2, ended_at = $3 where id = $1 and state = 'granted' and until > $3`, id, by.Person, tx.Now)
		return journal.Event{Action: "unsealing.ended", Organisation: u.Organisation, Citizen: u.Citizen, Detail: u.detail()}, err
	}))
}
