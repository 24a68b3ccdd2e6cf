package draft

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/citizen"
	"mandat/internal/db"
	"mandat/internal/journal"
	"mandat/internal/org"
)

// Documents are those on which an identity can be read.
var Documents = []string{"identity_card", "passport", "residence_permit", "driving_licence", "other"}

// IdentityError is ErrIdentity with what is wrong, by field: citizen.Identity.Check, and "document": "unknown".
type IdentityError struct{ Wrong map[string]string }

// Error returns the text of ErrIdentity.
func (e *IdentityError) Error() string { return ErrIdentity.Error() }

// Unwrap returns ErrIdentity.
func (e *IdentityError) Unwrap() error { return ErrIdentity }

// ReadDocument puts into a draft of the actor's own the identity that they read on a document in the citizen's hands. It counts once a second
// colleague has seen the same (Witness). Errors: *IdentityError, *TooLowError when a procedure needs FranceConnect, ErrMinor.
func (r *Register) ReadDocument(ctx context.Context, by journal.Actor, id uuid.UUID, i citizen.Identity, document string) error {
	wrong := i.Check()
	if !slices.Contains(Documents, document) {
		wrong["document"] = "unknown"
	}
	if len(wrong) > 0 {
		return &IdentityError{wrong}
	}
	i.Sub = i.DocumentSub()
	index, err := r.citizens.Index(by.Organisation, i.Sub)
	if err != nil {
		return fmt.Errorf("read document: %w", err)
	}
	err = r.onOwn(ctx, by, id, func(tx *journal.Tx, d *Held) (journal.Event, error) {
		return r.put(tx, d, told{by: ByDocument, document: document, identity: i, index: index})
	})
	if err != nil {
		return fmt.Errorf("read document: %w", err)
	}
	return nil
}

// Recognise puts into a draft of the actor's own somebody whom the organisation knows since an earlier mandate, and whom the aidant recognises. It is
// the lowest rung, and the agreement then needs a proof of its own. Errors: db.ErrNotFound for somebody the organisation does not know, *TooLowError,
// ErrMinor.
func (r *Register) Recognise(ctx context.Context, by journal.Actor, id, who uuid.UUID) error {
	batch := &pgx.Batch{}
	mayAct := org.MayAct(batch, by)
	lookup := Lock(batch, by, id)
	var sealed citizen.Sealed
	var index []byte
	batch.Queue(`select id, data_key, identity, identified_at, sub_index from citizen where id = $1 and organisation_id = $2`, who, by.Organisation).Query(func(rows pgx.Rows) error {
		defer rows.Close()
		if rows.Next() {
			return rows.Scan(append(sealed.Fields(), &index)...)
		}
		return rows.Err()
	})
	err := r.journal.RecordAfter(ctx, by, batch, func(tx *journal.Tx) (journal.Event, error) {
		if err := mayAct(tx.Now); err != nil {
			return journal.Event{}, err
		}
		d, err := lookup(tx.Now)
		switch {
		case err != nil:
			return journal.Event{}, err
		case d.Person != by.Person:
			return journal.Event{}, ErrNotOwn
		case sealed.ID == uuid.Nil:
			return journal.Event{}, db.ErrNotFound
		}
		known, err := r.citizens.Open(sealed)
		if err != nil {
			return journal.Event{}, err
		}
		e, err := r.put(tx, d, told{by: ByAcquaintance, identity: known.Identity, index: index})
		e.Citizen = who
		return e, err
	})
	if err != nil {
		return fmt.Errorf("recognise a citizen: %w", err)
	}
	return nil
}

// Witness is the second colleague's word, in their own session and with a second factor of at most org.FactorLife ago: they are in the room, see
// the same person and, when one is used, the same document, and heard them agree to these terms. version is what they were shown; another one is refused
// with ErrState. Errors: ErrWitness for who has the draft themselves, org.ErrMayNot, org.ErrFactorTooOld.
func (r *Register) Witness(ctx context.Context, by journal.Actor, id uuid.UUID, version int) error {
	err := r.onAny(ctx, by, id, func(tx *journal.Tx, d *Held) (journal.Event, error) {
		switch {
		case d.Person == by.Person:
			return journal.Event{}, ErrWitness
		case d.State != Identified || d.Version != version || d.IdentifiedBy == ByFranceConnect || d.Witness != uuid.Nil:
			return journal.Event{}, ErrState
		}
		if err := org.Fresh(by, tx.Now); err != nil {
			return journal.Event{}, err
		}
		tx.Queue(`update mandate_draft set witness_id = $2, witnessed_at = $3, witness_factor_at = $4 where id = $1`, id, by.Person, tx.Now, by.FactorAt)
		return journal.Event{Action: "draft.witnessed", Detail: detail{Draft: id.String(), Version: version, Method: d.IdentifiedBy}}, nil
	})
	if err != nil {
		return fmt.Errorf("witness: %w", err)
	}
	return nil
}

// ForWitness finds a colleague's draft that waits for a second colleague, with who the citizen is. That it was shown is an entry. Errors:
// ErrWitness to who has the draft themselves, ErrState when it does not wait, org.ErrMayNot, db.ErrNotFound.
func (r *Register) ForWitness(ctx context.Context, by journal.Actor, id uuid.UUID) (Draft, error) {
	var out Draft
	err := r.onAny(ctx, by, id, func(_ *journal.Tx, d *Held) (journal.Event, error) {
		switch {
		case d.Person == by.Person:
			return journal.Event{}, ErrWitness
		case d.State != Identified || d.IdentifiedBy == ByFranceConnect || d.Witness != uuid.Nil:
			return journal.Event{}, ErrState
		}
		if err := r.open(d); err != nil {
			return journal.Event{}, err
		}
		out = d.Draft
		return journal.Event{Action: "draft.identity_shown", Detail: detail{Draft: id.String(), Version: d.Version}}, nil
	})
	if err != nil && !errors.Is(err, ErrWitness) {
		return Draft{}, fmt.Errorf("show a draft to a second colleague: %w", err)
	}
	return out, err
}
