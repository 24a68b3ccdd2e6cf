// Package invitation brings people in: a referent invites an aidant or another referent to their organisation, an administrator the first referent of an
// organisation, and two administrators together another one. It owns the table invitation.
//
// An invitation is a link that works once, for 72 hours. Its secret exists only in the mail: the job that writes the mail makes it (Write), the
// table keeps its hash. To whom a link is no use, for whatever reason, the answer is the same. Inviting an address says nothing of whether it is
// known: only who accepts learns that they are, and then they join as themselves.
//
// The way: Invite, CreateOrganisation, or ProposeAdministrator and Confirm; Write; Read when the link is opened; Accept, which opens a session in the same act.
// Who accepts without ProConnect and leaves before they have a second factor comes back by the same link (Unfinished), until the act that gives them one
// ends it for good (Finish).
package invitation

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/clock"
	"mandat/internal/db"
	"mandat/internal/journal"
	"mandat/internal/org"
	"mandat/internal/throttle"
	"mandat/internal/token"
)

// Life is how long a link works.
const Life = 72 * time.Hour

// The states of an invitation. One whose time is over is still open.
const (
	Proposed  = "proposed" // a second administrator has to confirm it
	Open      = "open"
	Accepted  = "accepted"
	Withdrawn = "withdrawn"
)

// Errors of invitations.
var (
	ErrFields      = errors.New("an invitation needs an address, a name and roles")
	ErrOtherPerson = errors.New("this invitation is for a person who is known: they accept it themselves")
	ErrSuspended   = errors.New("this person is suspended")
)

// Invitation is an invitation, as those who made it and who holds its link see it.
type Invitation struct {
	ID               uuid.UUID
	Organisation     uuid.UUID // nil: to be an administrator
	OrganisationName string
	Roles            []string // in the organisation
	Email            string
	GivenName        string
	UsualName        string
	Profession       string
	Phone            string // E.164, "" for none
	Lang             string
	DigitalAdviser   bool
	State            string
	InvitedBy        uuid.UUID // nil: the operator
	ConfirmedBy      uuid.UUID // nil: nobody, or the operator
	InviterName      string    // "" for the operator
	CreatedAt        time.Time
	ExpiresAt        time.Time
	Written          bool   // the link was made
	Link             []byte // SHA-256 of its secret, for who has shown it: Read alone tells it
	Closed           bool   // the organisation has ended or is suspended: nobody joins it
	Stands           bool   // who invited, and who confirmed it, still may: else it opens nothing until somebody sends it again
}

// Administrator reports whether it is an invitation to administer.
func (i Invitation) Administrator() bool { return i.Organisation == uuid.Nil }

// Late reports whether its time is over.
func (i Invitation) Late(now time.Time) bool { return !now.Before(i.ExpiresAt) }

// Invitee is whom to invite, to what.
type Invitee struct {
	Organisation   uuid.UUID // for administrators; a referent invites to their own
	Email          string
	GivenName      string
	UsualName      string
	Profession     string
	Phone          string
	Lang           string   // "" is "fr"
	Roles          []string // org.RoleAidant, org.RoleReferent
	DigitalAdviser bool
}

// Register keeps invitations.
type Register struct {
	db        *db.DB
	journal   *journal.Journal
	directory *org.Directory
	clock     *clock.Clock
	throttle  *throttle.Throttle
}

// New returns the invitations kept in this database. The directory queues their messages (see org.Directory.Telling).
func New(d *db.DB, j *journal.Journal, directory *org.Directory, c *clock.Clock) *Register {
	return &Register{d, j, directory, c, throttle.New(d, c)}
}

const columns = `i.id, coalesce(i.organisation_id, '00000000-0000-0000-0000-000000000000'), coalesce(o.name, ''), i.roles, i.email, i.given_name, i.usual_name, i.profession,
	coalesce(i.phone, ''), i.lang, i.digital_adviser, i.state, coalesce(i.invited_by, '00000000-0000-0000-0000-000000000000'), coalesce(a.given_name || ' ' || a.usual_name, ''),
	i.created_at, i.expires_at, i.token_hash is not null, o.active is false, coalesce(i.confirmed_by, '00000000-0000-0000-0000-000000000000'), ` + vouched

// vouched is SQL, about an invitation i: whether those who decided on it still may.
const vouched = `(office_held(i.invited_by, null) or i.organisation_id is not null and office_held(i.invited_by, i.organisation_id)) and office_held(i.confirmed_by, null)`

const from = ` from invitation i left join organisation o on o.id = i.organisation_id left join person a on a.id = i.invited_by`

func (i *Invitation) fields() []any {
	return []any{&i.ID, &i.Organisation, &i.OrganisationName, &i.Roles, &i.Email, &i.GivenName, &i.UsualName, &i.Profession, &i.Phone, &i.Lang, &i.DigitalAdviser,
		&i.State, &i.InvitedBy, &i.InviterName, &i.CreatedAt, &i.ExpiresAt, &i.Written, &i.Closed, &i.ConfirmedBy, &i.Stands}
}

func scan(row pgx.CollectableRow) (Invitation, error) {
	var i Invitation
	err := row.Scan(i.fields()...)
	return i, err
}

// Find finds an invitation by its id, or returns db.ErrNotFound. It is for the program: the mail that is written, the browser on its way back from
// ProConnect.
func (r *Register) Find(ctx context.Context, id uuid.UUID) (Invitation, error) {
	return r.find(ctx, `i.id = $1`, id)
}

// Read finds the invitation whose link somebody holds. It returns db.ErrNotFound for a link that opens nothing: unknown, used, late, withdrawn,
// replaced, to an organisation that is not active, or made by somebody who may no more, all alike.
func (r *Register) Read(ctx context.Context, secret string) (Invitation, error) {
	link := token.Hash(secret)
	i, err := r.find(ctx, `i.token_hash = $1 and i.state = 'open' and i.expires_at > $2 and o.active is not false and `+vouched, link, r.clock.Now())
	i.Link = link
	return i, err
}

func (r *Register) find(ctx context.Context, where string, args ...any) (Invitation, error) {
	var i Invitation
	err := r.db.Read(ctx, db.System(), func(tx pgx.Tx) error {
		return tx.QueryRow(ctx, `select `+columns+from+` where `+where, args...).Scan(i.fields()...)
	})
	return i, db.Found("find invitation", err)
}

// List lists the invitations that wait to be accepted, late ones included, the newest first: a referent's those of their organisation, an
// administrator's those to administer. Others get org.ErrMayNot.
func (r *Register) List(ctx context.Context, by journal.Actor) ([]Invitation, error) {
	if by.Kind == journal.Referent {
		return r.list(ctx, by, by.Organisation, org.AskRunner)
	}
	return r.list(ctx, by, uuid.Nil, org.AskAdministrator)
}

// ListOf is List of any organisation, for administrators.
func (r *Register) ListOf(ctx context.Context, by journal.Actor, organisation uuid.UUID) ([]Invitation, error) {
	return r.list(ctx, by, organisation, org.AskAdministrator)
}

func (r *Register) list(ctx context.Context, by journal.Actor, organisation uuid.UUID, may func(context.Context, pgx.Tx, journal.Actor) error) ([]Invitation, error) {
	var out []Invitation
	err := r.db.Read(ctx, db.System(), func(tx pgx.Tx) error {
		if err := may(ctx, tx, by); err != nil {
			return err
		}
		rows, err := tx.Query(ctx, `select `+columns+from+` where i.organisation_id is not distinct from $1 and i.state in ('proposed', 'open') order by i.created_at desc, i.id`,
			db.OrNull(organisation))
		if err != nil {
			return err
		}
		out, err = pgx.CollectRows(rows, scan)
		return err
	})
	return out, db.Found("list invitations", err)
}
