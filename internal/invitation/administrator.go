package invitation

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
	"mandat/internal/journal"
	"mandat/internal/org"
	"mandat/internal/token"
)

const addAdministrator = `insert into invitation (id, administrator, roles, email, given_name, usual_name, profession, digital_adviser, phone, lang, state, token_hash, invited_by, created_at, expires_at)
	values ($1, true, '{}', $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`

func (r *Register) addAdministrator(ctx context.Context, tx *journal.Tx, id uuid.UUID, n Invitee, state string, hash []byte) (time.Time, error) {
	expires := tx.Now.Add(Life)
	_, err := tx.Exec(ctx, addAdministrator, id, n.Email, n.GivenName, n.UsualName, n.Profession, n.DigitalAdviser, db.OrNull(n.Phone), n.Lang, state, hash, db.OrNull(tx.By.Person), tx.Now, expires)
	if db.Unique(err, "") {
		err = db.ErrConflict
	}
	return expires, err
}

// ProposeAdministrator proposes to make somebody an administrator. Nothing is sent until another administrator has confirmed it. Errors: db.ErrConflict
// when this address is proposed or invited already, ErrFields (also for roles or an organisation), org.ErrContact, org.ErrMayNot, org.ErrFactorTooOld.
func (r *Register) ProposeAdministrator(ctx context.Context, by journal.Actor, n Invitee) (uuid.UUID, error) {
	if err := n.read(); err != nil {
		return uuid.Nil, err
	}
	if len(n.Roles) > 0 || n.Organisation != uuid.Nil {
		return uuid.Nil, ErrFields
	}
	lock := &pgx.Batch{}
	allowed := org.MayAdminister(lock, by)
	id := token.ID()
	err := r.journal.RecordAfter(ctx, by, lock, func(tx *journal.Tx) (journal.Event, error) {
		if err := cleared(allowed, tx); err != nil {
			return journal.Event{}, err
		}
		expires, err := r.addAdministrator(ctx, tx, id, n, Proposed, nil)
		return journal.Event{Action: "invitation.proposed", Detail: tellOf(id, nil, expires)}, err
	})
	if err != nil {
		return uuid.Nil, fmt.Errorf("propose administrator: %w", err)
	}
	return id, nil
}

// Confirm lets the invitation of an administrator be sent: by another administrator than who proposed it and may still do so, or by the operator on the
// command line while there is no other who may (org.Second). It returns db.ErrNotFound for an organisation's, db.ErrConflict for one that is not proposed any more or late,
// org.ErrYourself, org.ErrNotSecond, org.ErrMayNot, org.ErrFactorTooOld.
func (r *Register) Confirm(ctx context.Context, by journal.Actor, id uuid.UUID) error {
	if by.Kind == journal.Referent {
		return org.ErrMayNot
	}
	return r.change(ctx, by, id, "confirm administrator", func(tx *journal.Tx, i *held) (journal.Event, error) {
		expires := tx.Now.Add(Life)
		event := journal.Event{Action: "invitation.confirmed", Detail: tellOf(id, nil, expires)}
		if i.organisation != uuid.Nil {
			return event, db.ErrNotFound
		}
		if by.Person != uuid.Nil && by.Person == i.by {
			return event, org.ErrYourself
		}
		var proposed time.Time
		if err := tx.QueryRow(ctx, `select created_at from invitation where id = $1`, id).Scan(&proposed); err != nil {
			return event, err
		}
		if err := org.Second(ctx, tx, org.Office{Person: i.by}, org.OfficeOf(by), i.by, proposed); err != nil {
			return event, err
		}
		err := tx.ExecOne(ctx, db.ErrConflict, `update invitation set state = 'open', confirmed_by = $2, expires_at = $3 where id = $1 and state = 'proposed' and expires_at > $4 and office_held(invited_by, null)`,
			id, db.OrNull(by.Person), expires, tx.Now)
		if err != nil {
			return event, err
		}
		return event, r.send(tx, id, expires)
	})
}

// Proposal finds the administrator who is proposed with an address, late or not, or returns db.ErrNotFound. It is for the operator, who confirms
// on the command line.
func (r *Register) Proposal(ctx context.Context, email string) (uuid.UUID, error) {
	i, err := r.find(ctx, `i.administrator and i.state = 'proposed' and i.email = lower($1)`, email)
	return i.ID, err
}

// firstLock is the number of the lock that lets one First pass at a time.
const firstLock = 0x6669727374

// First invites the first administrator of an instance, for the operator on the command line, and returns the secret of the link. It returns db.ErrConflict
// once there is an administrator, suspended or not, and while the link of such an invitation works or one is proposed.
func (r *Register) First(ctx context.Context, n Invitee) (string, error) {
	if err := n.read(); err != nil {
		return "", err
	}
	id := token.ID()
	secret, hash := token.New()
	lock := &pgx.Batch{}
	lock.Queue(`select pg_advisory_xact_lock($1)`, int64(firstLock))
	err := r.journal.RecordAfter(ctx, journal.Program(), lock, func(tx *journal.Tx) (journal.Event, error) {
		var late []uuid.UUID
		var there bool
		err := tx.QueryRow(ctx, `select exists (select from person where administrator)
			or exists (select from invitation where administrator and state in ('proposed', 'open') and expires_at > $1),
			array(select id from invitation where administrator and state = 'open' and email = $2)`, tx.Now, n.Email).Scan(&there, &late)
		if err == nil && there {
			err = db.ErrConflict
		}
		if err != nil {
			return journal.Event{}, err
		}
		if len(late) == 1 { // the same person, whose link came to nothing
			id = late[0]
			expires := tx.Now.Add(Life)
			return journal.Event{Action: "invitation.renewed", Detail: tellOf(id, nil, expires)},
				tx.ExecOne(ctx, db.ErrConflict, `update invitation set token_hash = $2, expires_at = $3 where id = $1 and state = 'open'`, id, hash, expires)
		}
		expires, err := r.addAdministrator(ctx, tx, id, n, Open, hash)
		return journal.Event{Action: "invitation.made", Detail: tellOf(id, nil, expires)}, err
	})
	if err != nil {
		return "", fmt.Errorf("invite the first administrator: %w", err)
	}
	return secret, nil
}
