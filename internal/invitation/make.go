package invitation

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
	"mandat/internal/journal"
	"mandat/internal/org"
	"mandat/internal/token"
)

// made is the detail of invitation.made, proposed, confirmed and renewed.
type made struct {
	Invitation string   `json:"invitation"`
	Roles      []string `json:"roles,omitempty"`
	ExpiresAt  string   `json:"expires_at"`
}

// withdrawn is the detail of invitation.withdrawn.
type withdrawn struct {
	Invitation string `json:"invitation"`
}

func tellOf(id uuid.UUID, roles []string, expires time.Time) made {
	return made{id.String(), roles, journal.TimeText(expires)}
}

// read puts what was typed into the form in which it is kept, or returns ErrFields or org.ErrContact.
func (n *Invitee) read() error {
	var err error
	if n.Email, err = org.Email(n.Email); err != nil {
		return err
	}
	if n.Phone != "" {
		if n.Phone, err = org.Phone(n.Phone); err != nil {
			return err
		}
	}
	if n.Lang == "" {
		n.Lang = "fr"
	}
	for _, name := range []*string{&n.GivenName, &n.UsualName} {
		if *name, err = org.Name(*name); err != nil {
			return ErrFields
		}
	}
	if n.Profession = strings.TrimSpace(n.Profession); utf8.RuneCountInString(n.Profession) > 100 || n.Lang != "fr" && n.Lang != "en" {
		return ErrFields
	}
	n.Roles = slices.Compact(slices.Sorted(slices.Values(n.Roles)))
	for _, role := range n.Roles {
		if role != org.RoleAidant && role != org.RoleReferent {
			return ErrFields
		}
	}
	return nil
}

// Invite invites somebody to an organisation: a referent to theirs, an administrator to any that is active. The message invitation is queued in the same
// act. A late invitation of the same address is made anew, with what is said now.
//
// Errors: db.ErrConflict when somebody with this address works there already, or is invited and may still accept: this says nothing that the
// organisation does not know; throttle.WaitError, ErrFields, org.ErrContact, org.ErrMayNot, org.ErrFactorTooOld, db.ErrNotFound for no such organisation.
func (r *Register) Invite(ctx context.Context, by journal.Actor, n Invitee) (uuid.UUID, error) {
	if err := n.read(); err != nil {
		return uuid.Nil, err
	}
	if len(n.Roles) == 0 {
		return uuid.Nil, ErrFields
	}
	lock := &pgx.Batch{}
	may := org.MayAdminister
	if by.Kind == journal.Referent {
		may, n.Organisation = org.MayRun, by.Organisation
	}
	var id uuid.UUID
	allowed := may(lock, by)
	err := r.sparing(ctx, by, n.Organisation, n.Email, func() error {
		return r.journal.RecordAfter(ctx, by, lock, func(tx *journal.Tx) (journal.Event, error) {
			if err := cleared(allowed, tx); err != nil {
				return journal.Event{}, err
			}
			if err := r.invitable(ctx, tx, n); err != nil {
				return journal.Event{}, err
			}
			var err error
			id, err = r.add(ctx, tx, token.ID(), n)
			return journal.Event{Action: "invitation.made", Organisation: n.Organisation, Detail: tellOf(id, n.Roles, tx.Now.Add(Life))}, err
		})
	})
	if err != nil {
		return uuid.Nil, fmt.Errorf("invite: %w", err)
	}
	return id, nil
}

// CreateOrganisation adds an organisation and invites its first referent, in one act: an organisation without anybody would be one that nobody
// runs. An administrator does it. Its one entry, organisation.created, names both. It returns the organisation's id: the one that o has, for who may call
// twice with the same, of which the second call changes nothing and returns what the first did; or else a new one.
//
// Errors: ErrFields when no referent is invited, throttle.WaitError, those of org.Create, org.ErrContact, org.ErrMayNot, org.ErrFactorTooOld.
func (r *Register) CreateOrganisation(ctx context.Context, by journal.Actor, o org.Organisation, first Invitee) (uuid.UUID, error) {
	if err := first.read(); err != nil {
		return uuid.Nil, err
	}
	if !slices.Contains(first.Roles, org.RoleReferent) {
		return uuid.Nil, ErrFields
	}
	lock := &pgx.Batch{}
	allowed := org.MayAdminister(lock, by)
	if o.ID == uuid.Nil {
		o.ID = token.ID()
	}
	first.Organisation = o.ID
	id := token.ID()
	err := r.sparing(ctx, by, uuid.Nil, first.Email, func() error {
		return r.journal.RecordAfter(ctx, by, lock, func(tx *journal.Tx) (journal.Event, error) {
			if err := cleared(allowed, tx); err != nil {
				return journal.Event{}, err
			}
			event, err := org.Create(ctx, tx, o, &org.Opening{Invitation: id, Roles: first.Roles, ExpiresAt: tx.Now.Add(Life)})
			if err == nil {
				_, err = r.add(ctx, tx, id, first)
			}
			return event, err
		})
	})
	if err != nil {
		twice, failed := r.created(ctx, by, o, first, err)
		if twice {
			return o.ID, nil
		}
		return uuid.Nil, fmt.Errorf("create organisation: %w", errors.Join(err, failed))
	}
	return o.ID, nil
}

// add is the part of an act that invites somebody to an organisation from now on, and queues the message. The id is another one when a late invitation
// of the same address is made anew.
func (r *Register) add(ctx context.Context, tx *journal.Tx, id uuid.UUID, n Invitee) (uuid.UUID, error) {
	expires := tx.Now.Add(Life)
	err := tx.QueryRow(ctx, `insert into invitation (id, organisation_id, roles, email, given_name, usual_name, profession, digital_adviser, phone, lang, state, invited_by, created_at, expires_at)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 'open', $11, $12, $13)
		on conflict (organisation_id, email) where state in ('proposed', 'open') and organisation_id is not null do update set roles = excluded.roles, given_name = excluded.given_name,
			usual_name = excluded.usual_name, profession = excluded.profession, digital_adviser = excluded.digital_adviser, phone = excluded.phone, lang = excluded.lang,
			invited_by = excluded.invited_by, token_hash = null, created_at = excluded.created_at, expires_at = excluded.expires_at
		where invitation.expires_at <= excluded.created_at returning id`,
		id, n.Organisation, n.Roles, n.Email, n.GivenName, n.UsualName, n.Profession, n.DigitalAdviser, db.OrNull(n.Phone), n.Lang, db.OrNull(tx.By.Person), tx.Now, expires).Scan(&id)
	if errors.Is(err, pgx.ErrNoRows) {
		return uuid.Nil, db.ErrConflict
	}
	if err != nil {
		return uuid.Nil, err
	}
	return id, r.send(tx, id, expires)
}

// cleared asks whether who acts may, and gave a second factor a short while ago.
func cleared(allowed func() error, tx *journal.Tx) error {
	if err := allowed(); err != nil {
		return err
	}
	return org.Fresh(tx.By, tx.Now)
}

// invitable asks whether the organisation is there, and the invited not.
func (r *Register) invitable(ctx context.Context, tx *journal.Tx, n Invitee) error {
	var there, member bool
	err := tx.QueryRow(ctx, `select exists (select from organisation where id = $1 and active), exists (select from membership m join person a on a.id = m.person_id
		where m.organisation_id = $1 and m.ended_at is null and a.email = $2)`, n.Organisation, n.Email).Scan(&there, &member)
	switch {
	case err != nil:
		return err
	case !there:
		return db.ErrNotFound
	case member:
		return db.ErrConflict
	}
	return nil
}

// send queues the message of an invitation: one for each link.
func (r *Register) send(tx *journal.Tx, id uuid.UUID, expires time.Time) error {
	return r.directory.Tell(tx.Tx, tx.Now, org.Message{Kind: "invitation", About: id.String() + " " + journal.TimeText(expires), Invitation: id})
}

// Withdraw makes an invitation open nothing any more: a referent one of their organisation, an administrator any. It returns db.ErrNotFound for another
// organisation's, db.ErrConflict for one that was accepted or withdrawn already, org.ErrMayNot, org.ErrFactorTooOld.
func (r *Register) Withdraw(ctx context.Context, by journal.Actor, id uuid.UUID) error {
	return r.change(ctx, by, id, "withdraw invitation", func(tx *journal.Tx, i *held) (journal.Event, error) {
		return journal.Event{Action: "invitation.withdrawn", Organisation: i.organisation, Detail: withdrawn{id.String()}},
			tx.ExecOne(ctx, db.ErrConflict, `update invitation set state = 'withdrawn', decided_at = $2, token_hash = null where id = $1 and state in ('proposed', 'open')`, id, tx.Now)
	})
}

// Resend lets an invitation count for another 72 hours, and sends another link: the one before opens nothing any more. It is the actor's from then on when
// who invited may no more. That of an administrator waits for a second one again when it was late, or when one of the two who decided may no more: what they
// said does not outlive them. Errors as Withdraw, and throttle.WaitError.
func (r *Register) Resend(ctx context.Context, by journal.Actor, id uuid.UUID) error {
	return r.again(ctx, by, id, func() error { return r.resend(ctx, by, id) })
}

func (r *Register) resend(ctx context.Context, by journal.Actor, id uuid.UUID) error {
	return r.change(ctx, by, id, "send invitation again", func(tx *journal.Tx, i *held) (journal.Event, error) {
		expires := tx.Now.Add(Life)
		event := journal.Event{Action: "invitation.renewed", Organisation: i.organisation, Detail: tellOf(id, nil, expires)}
		if i.organisation == uuid.Nil && (!i.stands || !tx.Now.Before(i.expires)) {
			return journal.Event{Action: "invitation.proposed", Detail: tellOf(id, nil, expires)}, tx.ExecOne(ctx, db.ErrConflict, `update invitation set state = 'proposed', token_hash = null, invited_by = $2, confirmed_by = null, created_at = $3, expires_at = $4
				where id = $1 and state = 'open'`, id, db.OrNull(by.Person), tx.Now, expires)
		}
		set := `token_hash = null, expires_at = $2`
		args := []any{id, expires}
		if !i.stands {
			event = journal.Event{Action: "invitation.made", Organisation: i.organisation, Detail: tellOf(id, i.roles, expires)}
			set, args = set+`, invited_by = $3, created_at = $4`, append(args, db.OrNull(by.Person), tx.Now)
		}
		err := tx.ExecOne(ctx, db.ErrConflict, `update invitation set `+set+` where id = $1 and state = 'open'`, args...)
		if err == nil {
			err = r.send(tx, id, expires)
		}
		return event, err
	})
}

// held is what an act on an invitation has locked.
type held struct {
	there        bool
	organisation uuid.UUID
	by           uuid.UUID // who invited; nil: the operator
	roles        []string
	expires      time.Time
	stands       bool // see Invitation
}

// change is an act on an invitation of who may make one like it.
func (r *Register) change(ctx context.Context, by journal.Actor, id uuid.UUID, doing string, f func(*journal.Tx, *held) (journal.Event, error)) error {
	lock := &pgx.Batch{}
	may := org.MayAdminister
	if by.Kind == journal.Referent {
		may = org.MayRun
	}
	allowed := may(lock, by)
	var i held
	lock.Queue(`select coalesce(organisation_id, '00000000-0000-0000-0000-000000000000'), coalesce(invited_by, '00000000-0000-0000-0000-000000000000'), roles, expires_at, `+vouched+`
		from invitation i where id = $1 for update`, id).Query(func(rows pgx.Rows) error {
		defer rows.Close()
		if i.there = rows.Next(); i.there {
			return rows.Scan(&i.organisation, &i.by, &i.roles, &i.expires, &i.stands)
		}
		return rows.Err()
	})
	return db.Found(doing, r.journal.RecordAfter(ctx, by, lock, func(tx *journal.Tx) (journal.Event, error) {
		if err := cleared(allowed, tx); err != nil {
			return journal.Event{}, err
		}
		if !i.there || by.Kind == journal.Referent && i.organisation != by.Organisation {
			return journal.Event{}, db.ErrNotFound
		}
		return f(tx, &i)
	}))
}
