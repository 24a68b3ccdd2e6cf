package mandate

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/citizen"
	"mandat/internal/db"
	"mandat/internal/envelope"
	"mandat/internal/journal"
	"mandat/internal/org"
	"mandat/internal/token"
)

// The states of drafts.
const (
	DraftOpen       = "open"
	DraftIdentified = "identified"
	DraftSigned     = "signed"
	DraftAbandoned  = "abandoned"
)

// Draft is a mandate being drawn up. It belongs to the aidant who started it.
type Draft struct {
	ID, Organisation, Person           uuid.UUID
	State                              string
	Procedures                         []string
	Days                               int
	Identity                           *citizen.Identity // nil until FranceConnect has told it
	IdentifiedAt, CreatedAt, ExpiresAt time.Time
	Mandate                            uuid.UUID // once signed
}

// draftRow is a draft with what only this package needs.
type draftRow struct {
	Draft
	noProtectionAt, informedAt             time.Time
	subject                                *uuid.UUID
	dataKey, sealed, subIndex, identifiedS []byte
	key                                    *envelope.DataKey // dataKey, once opened
}

const draftColumns = `id, organisation_id, person_id, state, procedures, days, no_protection_at, informed_at, subject_id, data_key, identity, sub_index,
	identified_at, identified_session, mandate_id, created_at, expires_at`

func scanDraft(row pgx.Row) (*draftRow, error) {
	var d draftRow
	var identifiedAt *time.Time
	var mandate *uuid.UUID
	err := row.Scan(&d.ID, &d.Organisation, &d.Person, &d.State, &d.Procedures, &d.Days, &d.noProtectionAt, &d.informedAt, &d.subject, &d.dataKey, &d.sealed, &d.subIndex,
		&identifiedAt, &d.identifiedS, &mandate, &d.CreatedAt, &d.ExpiresAt)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, db.ErrNotFound
	}
	if err != nil {
		return nil, fmt.Errorf("find draft: %w", err)
	}
	if identifiedAt != nil {
		d.IdentifiedAt = *identifiedAt
	}
	if mandate != nil {
		d.Mandate = *mandate
	}
	return &d, nil
}

// StartDraft begins a draft for the actor's organisation. It returns ErrTerms unless Terms.Check finds nothing, a
// *NotAllowedError for procedures that the organisation does not do or the actor is not to do there, and org.ErrMayNot.
func (r *Register) StartDraft(ctx context.Context, by journal.Actor, t Terms) (Draft, error) {
	if len(t.Check(r.catalogue)) > 0 {
		return Draft{}, ErrTerms
	}
	now := r.clock.Now()
	d := Draft{ID: token.ID(), Organisation: by.Organisation, Person: by.Person, State: DraftOpen, Procedures: t.Procedures, Days: t.Days, CreatedAt: now, ExpiresAt: now.Add(DraftLife)}
	err := r.mayDraft(ctx, by, t.Procedures, func(tx *db.Tx) error {
		tx.Queue(`insert into mandate_draft (id, organisation_id, person_id, state, procedures, days, no_protection_at, informed_at, created_at, expires_at)
			values ($1, $2, $3, 'open', $4, $5, $6, $6, $6, $7)`, d.ID, d.Organisation, d.Person, d.Procedures, d.Days, now, d.ExpiresAt)
		return nil
	})
	if err != nil {
		return Draft{}, fmt.Errorf("start draft: %w", err)
	}
	return d, nil
}

// mayDraft runs f for who may act, about procedures that they may do.
func (r *Register) mayDraft(ctx context.Context, by journal.Actor, procedures []string, f func(*db.Tx) error) error {
	var o org.Organisation
	batch := &pgx.Batch{}
	mayAct := org.MayActFor(batch, by, &o)
	return r.db.WriteAfter(ctx, db.InOrganisation(by.Organisation), db.Durable, batch, func(tx *db.Tx) error {
		if err := mayAct(r.clock.Now()); err != nil {
			return err
		}
		if err := allowed(&o, procedures); err != nil {
			return err
		}
		return f(tx)
	})
}

// ChangeDraft replaces the terms of a draft that is not signed. An identity already given is dropped with them: it was
// given for the terms that stood then. Errors are those of StartDraft, and ErrDraftState.
func (r *Register) ChangeDraft(ctx context.Context, by journal.Actor, id uuid.UUID, t Terms) error {
	if len(t.Check(r.catalogue)) > 0 {
		return ErrTerms
	}
	err := r.mayDraft(ctx, by, t.Procedures, func(tx *db.Tx) error {
		return tx.ExecOne(ctx, ErrDraftState, `update mandate_draft set state = 'open', procedures = $4, days = $5, no_protection_at = $6, informed_at = $6,`+noIdentity+liveDraft,
			id, by.Organisation, by.Person, t.Procedures, t.Days, r.clock.Now())
	})
	if err != nil {
		return fmt.Errorf("change draft: %w", err)
	}
	return nil
}

// Abandon gives a draft up and forgets the identity it held.
func (r *Register) Abandon(ctx context.Context, by journal.Actor, id uuid.UUID) error {
	err := r.db.Write(ctx, db.InOrganisation(by.Organisation), db.Durable, func(tx *db.Tx) error {
		return tx.ExecOne(ctx, ErrDraftState, `update mandate_draft set state = 'abandoned', expires_at = least(expires_at, $4),`+noIdentity+` where id = $1 and organisation_id = $2 and person_id = $3 and state in ('open', 'identified')`,
			id, by.Organisation, by.Person, r.clock.Now())
	})
	if err != nil {
		return fmt.Errorf("abandon draft: %w", err)
	}
	return nil
}

const (
	noIdentity = ` subject_id = null, data_key = null, identity = null, sub_index = null, identified_at = null, identified_session = null`
	liveDraft  = ` where id = $1 and organisation_id = $2 and person_id = $3 and state in ('open', 'identified') and expires_at > $6`
)

// Draft finds a draft of the actor's own that has not expired. It returns db.ErrNotFound for anybody else's, org.ErrMayNot to who may not
// read here (org.Reads).
func (r *Register) Draft(ctx context.Context, by journal.Actor, id uuid.UUID) (Draft, error) {
	row, err := r.readDraft(ctx, by, id)
	if err != nil {
		return Draft{}, err
	}
	return r.openDraft(row)
}

// openDraft decrypts the identity a draft holds.
func (r *Register) openDraft(row *draftRow) (Draft, error) {
	if row.State != DraftIdentified {
		return row.Draft, nil
	}
	var err error
	if row.key, err = r.keys.Open(*row.subject, row.dataKey); err != nil {
		return Draft{}, fmt.Errorf("open draft %s: %w", row.ID, err)
	}
	identity, err := citizen.OpenIdentity(row.key, row.sealed)
	if err != nil {
		return Draft{}, fmt.Errorf("open draft %s: %w", row.ID, err)
	}
	row.Identity = &identity
	return row.Draft, nil
}

func (r *Register) readDraft(ctx context.Context, by journal.Actor, id uuid.UUID) (*draftRow, error) {
	var d *draftRow
	batch := &pgx.Batch{}
	mayRead := org.MayRead(batch, by)
	batch.Queue(`select `+draftColumns+` from mandate_draft where id = $1 and organisation_id = $2 and person_id = $3 and expires_at > $4`, id, by.Organisation, by.Person, r.clock.Now()).
		QueryRow(func(row pgx.Row) error {
			err := mayRead()
			if err != nil {
				return err
			}
			d, err = scanDraft(row)
			return err
		})
	if err := r.db.Ask(ctx, db.InOrganisation(by.Organisation), batch); err != nil {
		if errors.Is(err, db.ErrNotFound) {
			return nil, db.ErrNotFound
		}
		return nil, err
	}
	return d, nil
}

// Drafts lists the actor's own drafts that can still be signed, newest first, without the identities they hold.
func (r *Register) Drafts(ctx context.Context, by journal.Actor) ([]Draft, error) {
	var out []Draft
	err := r.db.Read(ctx, db.InOrganisation(by.Organisation), func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, `select `+draftColumns+` from mandate_draft where organisation_id = $1 and person_id = $2 and state in ('open', 'identified') and expires_at > $3
			order by created_at desc limit 20`, by.Organisation, by.Person, r.clock.Now())
		if err != nil {
			return err
		}
		out, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (Draft, error) {
			d, err := scanDraft(row)
			if err != nil {
				return Draft{}, err
			}
			return d.Draft, nil
		})
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list drafts: %w", err)
	}
	return out, nil
}

// PurgeDrafts deletes drafts whose time is over, at most limit of them, with the identities they held. Signed drafts stay:
// their mandate names them.
func (r *Register) PurgeDrafts(ctx context.Context, limit int) (int64, error) {
	var purged int64
	err := r.db.Write(ctx, db.System(), db.Durable, func(tx *db.Tx) error {
		tag, err := tx.Exec(ctx, `delete from mandate_draft where id in (select id from mandate_draft where state <> 'signed' and expires_at <= $1 limit $2)`, r.clock.Now(), limit)
		purged = tag.RowsAffected()
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("purge drafts: %w", err)
	}
	return purged, nil
}
