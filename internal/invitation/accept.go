package invitation

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"mandat/internal/db"
	"mandat/internal/journal"
	"mandat/internal/org"
	"mandat/internal/token"
)

// Write makes the secret of an invitation's link, stores its hash and returns it. The job that writes the mail calls it; what it returned before opens
// nothing any more. It returns db.ErrNotFound when there is nothing to send any more, or who invited may no more.
func (r *Register) Write(ctx context.Context, id uuid.UUID) (string, error) {
	secret, hash := token.New()
	err := r.db.Write(ctx, db.System(), db.Durable, func(tx *db.Tx) error {
		return tx.ExecOne(ctx, db.ErrNotFound, `update invitation i set token_hash = $2 where id = $1 and state = 'open' and expires_at > $3 and `+vouched, id, hash, r.clock.Now())
	})
	if err != nil {
		return "", fmt.Errorf("write invitation: %w", err)
	}
	return secret, nil
}

// Accepting is how somebody accepts.
type Accepting struct {
	Secret      string    // of the link, or
	ID          uuid.UUID // the invitation whose link was shown before, or whose address is theirs
	Link        []byte    // with ID: Invitation.Link, of the link that was shown; only who is signed in goes without
	Issuer, Sub string    // how ProConnect named them, or
	Person      uuid.UUID // as whom they are signed in; neither: without ProConnect, they are new
}

// Accept uses an invitation up: the person is added, or who is known gets the roles, and then runs in the same act with who that is, to open their
// session. Of two who accept at once, one does.
//
// A new person has the address to which the link was sent, shown by the link. When that address, or what ProConnect told, is a known person's, only they
// accept, signed in as themselves: ErrOtherPerson. Who is signed in, or known to ProConnect by a confirmed name, joins as themselves, also by a link sent to an
// address that nobody here has.
//
// Errors: db.ErrNotFound for a link that opens nothing, ErrOtherPerson, ErrSuspended, org.ErrOneOffice, db.ErrConflict for who has all that it gives.
func (r *Register) Accept(ctx context.Context, how Accepting, then func(*journal.Tx, uuid.UUID) error) (uuid.UUID, error) {
	i, err := r.accepted(ctx, how)
	if err != nil {
		return uuid.Nil, err
	}
	known, err := r.who(ctx, how, i)
	if err != nil {
		return uuid.Nil, err
	}
	a := org.Admission{Person: known, Known: known.ID != uuid.Nil, Organisation: i.Organisation, Roles: i.Roles, Invitation: i.ID, InvitedBy: i.InvitedBy, ConfirmedBy: i.ConfirmedBy}
	if !a.Known {
		a.Person = org.Person{ID: token.ID(), Issuer: how.Issuer, Sub: how.Sub, Email: i.Email, EmailVerified: true, GivenName: i.GivenName, UsualName: i.UsualName,
			Profession: i.Profession, Phone: i.Phone, Lang: i.Lang, DigitalAdviser: i.DigitalAdviser}
	}
	by := journal.Actor{Kind: kindOf(i), Person: a.Person.ID, Organisation: i.Organisation}
	lock := &pgx.Batch{}
	there := false
	lock.Queue(`select from person where id = $1 or id in (select unnest(array[invited_by, confirmed_by]) from invitation where id = $2) order by id for no key update`, a.Person.ID, i.ID)
	// What was read is what is accepted: the link, the roles and the time are asked of the row again, locked, and whether who invited still may.
	lock.Queue(`select from invitation i where id = $1 and ($2::bytea is null or token_hash = $2) and state = 'open' and roles = $3 and email = $4 and expires_at = $5 and `+vouched+` for update`,
		i.ID, i.Link, i.Roles, i.Email, i.ExpiresAt).Exec(func(tag pgconn.CommandTag) error {
		there = tag.RowsAffected() == 1
		return nil
	})
	err = r.journal.RecordAfter(ctx, by, lock, func(tx *journal.Tx) (journal.Event, error) {
		if !there || i.Late(tx.Now) {
			return journal.Event{}, db.ErrNotFound
		}
		return r.admit(ctx, tx, i, a, then)
	})
	switch {
	case errors.Is(err, db.ErrConflict) && !a.Known:
		return uuid.Nil, ErrOtherPerson // somebody took the address or the name meanwhile
	case errors.Is(err, org.ErrMayNot):
		return uuid.Nil, ErrSuspended
	case err != nil:
		return uuid.Nil, fmt.Errorf("accept invitation: %w", err)
	}
	return a.Person.ID, nil
}

func (r *Register) admit(ctx context.Context, tx *journal.Tx, i Invitation, a org.Admission, then func(*journal.Tx, uuid.UUID) error) (journal.Event, error) {
	event, err := org.Admit(ctx, tx, a)
	if err != nil {
		return event, err
	}
	begun := !a.Known && a.Person.Sub == "" // they have no way to sign in yet: see Unfinished
	err = tx.ExecOne(ctx, db.ErrNotFound, `update invitation set state = 'accepted', decided_at = $2, person_id = $3, token_hash = case when $4 then token_hash end
		where id = $1 and state = 'open'`, i.ID, tx.Now, a.Person.ID, begun)
	if err != nil {
		return event, err
	}
	return event, then(tx, a.Person.ID)
}

// accepted finds the invitation.
func (r *Register) accepted(ctx context.Context, how Accepting) (Invitation, error) {
	if how.Secret != "" {
		return r.Read(ctx, how.Secret)
	}
	i, err := r.Find(ctx, how.ID)
	if err == nil && (i.State != Open || i.Closed || !i.Stands || i.Late(r.clock.Now()) || how.Link == nil && how.Person == uuid.Nil) {
		return i, db.ErrNotFound
	}
	i.Link = how.Link
	return i, err
}

// who finds the known person who accepts; the zero one is somebody new.
func (r *Register) who(ctx context.Context, how Accepting, i Invitation) (org.Person, error) {
	var p org.Person
	err := db.ErrNotFound
	switch {
	case how.Person != uuid.Nil:
		if p, err = r.directory.Find(ctx, how.Person); err != nil {
			return p, err
		}
	case how.Sub != "":
		p, err = r.directory.Recognise(ctx, how.Issuer, how.Sub)
	}
	if err != nil && !errors.Is(err, db.ErrNotFound) {
		return p, err
	}
	owner, err := r.directory.FindByEmail(ctx, i.Email)
	if err != nil && !errors.Is(err, db.ErrNotFound) {
		return p, err
	}
	if err == nil && owner.ID != p.ID {
		return p, ErrOtherPerson
	}
	return p, nil
}

// kindOf is as what somebody acts who accepts.
func kindOf(i Invitation) journal.Kind {
	switch {
	case i.Administrator():
		return journal.Administrator
	case len(i.Roles) == 1 && i.Roles[0] == org.RoleReferent:
		return journal.Referent
	default:
		return journal.Aidant
	}
}
