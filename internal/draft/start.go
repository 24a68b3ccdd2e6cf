package draft

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
	"mandat/internal/envelope"
	"mandat/internal/journal"
	"mandat/internal/org"
	"mandat/internal/terms"
	"mandat/internal/token"
)

// Start begins a draft for the actor's organisation. It returns ErrTerms unless terms.Check finds nothing, a
// *NotAllowedError for procedures that the organisation does not do or the actor is not to do there, and org.ErrMayNot.
func (r *Register) Start(ctx context.Context, by journal.Actor, t terms.Terms) (Draft, error) {
	return r.start(ctx, by, t, uuid.Nil, nil)
}

// StartRenewal begins a draft that renews a mandate of the actor's organisation; that it gives no more than the mandate does is asked when
// it is signed. Errors: those of Start.
func (r *Register) StartRenewal(ctx context.Context, by journal.Actor, t terms.Terms, mandate uuid.UUID) (Draft, error) {
	return r.start(ctx, by, t, mandate, nil)
}

func (r *Register) start(ctx context.Context, by journal.Actor, t terms.Terms, renews uuid.UUID, transfers *terms.Transferred) (Draft, error) {
	now := r.clock.Now()
	if len(t.Check(r.catalogue, now)) > 0 {
		return Draft{}, ErrTerms
	}
	d := Draft{ID: token.ID(), Organisation: by.Organisation, Person: by.Person, Version: 1, State: Open, Terms: t, Renews: renews, Transfers: transfers, InformedAt: now, CreatedAt: now, ExpiresAt: now.Add(Life)}
	subject := token.ID()
	key, wrapped, err := r.keys.NewDataKey(subject)
	if err != nil {
		return Draft{}, fmt.Errorf("start draft: %w", err)
	}
	v, err := r.values(by.Organisation, t, key)
	if err != nil {
		return Draft{}, fmt.Errorf("start draft: %w", err)
	}
	old, from, err := sealTransfer(key, transfers)
	if err != nil {
		return Draft{}, fmt.Errorf("start draft: %w", err)
	}
	err = r.mayDraft(ctx, by, t, func(tx *db.Tx) error {
		tx.Queue(`insert into mandate_draft (id, organisation_id, person_id, state, informed_at, no_protection_at, procedures, levels, case_refs, cases, days, from_on, until_on, payments, bank_details,
			debt_read, tell, created_at, expires_at, renews, subject_id, data_key, transfers, transfers_from) values ($1, $2, $3, 'open', $4, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $4, $16, $17, $18, $19, $20, $21)`,
			append(append([]any{d.ID, d.Organisation, d.Person, now}, v...), d.ExpiresAt, db.OrNull(renews), subject, wrapped, old, from)...)
		return nil
	})
	if err != nil {
		return Draft{}, fmt.Errorf("start draft: %w", err)
	}
	return d, nil
}

// values are the columns that hold terms, from procedures to tell.
func (r *Register) values(organisation uuid.UUID, t terms.Terms, key *envelope.DataKey) ([]any, error) {
	var procedures, levels, refs, cases []string
	some := false
	for _, p := range t.Powers {
		ref, err := r.CaseRef(organisation, p.Case)
		if err != nil {
			return nil, err
		}
		procedures, levels, refs, cases = append(procedures, p.Procedure), append(levels, string(p.Level)), append(refs, ref), append(cases, p.Case)
		some = some || p.Case != ""
	}
	var sealed []byte
	if some {
		plain, err := json.Marshal(cases)
		if err != nil {
			return nil, errors.New("cases: cannot be encoded")
		}
		sealed = key.Seal(casesPurpose, plain)
	}
	return []any{procedures, levels, refs, sealed, db.OrNull(t.Days), date(t.From), date(t.Until), t.Payments, t.BankDetails, t.Warned, t.Tell}, nil
}

func date(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

// CaseRef is how powers name the one file that they are for: a hash keyed for the organisation, so that the reference, which is personal,
// stands nowhere in clear. "" stays "".
func (r *Register) CaseRef(organisation uuid.UUID, reference string) (string, error) {
	if reference == "" {
		return "", nil
	}
	index, err := r.keys.Index(organisation, "mandate.case", terms.FoldCase(reference))
	if err != nil {
		return "", fmt.Errorf("case: %w", err)
	}
	return hex.EncodeToString(index[:16]), nil
}

// mayDraft runs f for who may act, about procedures that they may do.
func (r *Register) mayDraft(ctx context.Context, by journal.Actor, t terms.Terms, f func(*db.Tx) error) error {
	var o org.Organisation
	batch := &pgx.Batch{}
	mayAct := org.MayActFor(batch, by, &o)
	return r.db.WriteAfter(ctx, db.InOrganisation(by.Organisation), db.Durable, batch, func(tx *db.Tx) error {
		if err := mayAct(r.clock.Now()); err != nil {
			return err
		}
		if err := Allowed(&o, t.Procedures()); err != nil {
			return err
		}
		return f(tx)
	})
}

// Change replaces the terms of a draft of the actor's own that is not signed. An identity already given is dropped with them: it was
// given for the terms that stood then. Errors are those of Start, and ErrState.
func (r *Register) Change(ctx context.Context, by journal.Actor, id uuid.UUID, t terms.Terms) error {
	now := r.clock.Now()
	if len(t.Check(r.catalogue, now)) > 0 {
		return ErrTerms
	}
	err := r.mayDraft(ctx, by, t, func(tx *db.Tx) error {
		d, err := scan(tx.QueryRow(ctx, `select `+columns+` from mandate_draft where id = $1 and organisation_id = $2 and person_id = $3 and state in ('open', 'identified')
			and expires_at > $4 for update`, id, by.Organisation, by.Person, now))
		if errors.Is(err, db.ErrNotFound) {
			return ErrState
		}
		if err != nil {
			return err
		}
		if err := r.ensureKey(d); err != nil {
			return err
		}
		v, err := r.values(by.Organisation, t, d.Key)
		if err != nil {
			return err
		}
		tx.Queue(`update mandate_draft set informed_at = $2, no_protection_at = $2, procedures = $3, levels = $4, case_refs = $5, cases = $6, days = $7, from_on = $8, until_on = $9, payments = $10,
			bank_details = $11, debt_read = $12, tell = $13, subject_id = $14, data_key = $15,`+noIdentity+` where id = $1`, append(append([]any{id, now}, v...), d.Subject, d.DataKey)...)
		return nil
	})
	if err != nil {
		return fmt.Errorf("change draft: %w", err)
	}
	return nil
}

// ensureKey opens the draft's data key, or makes one for a draft of before drafts had one from their start.
func (r *Register) ensureKey(d *Held) (err error) {
	if d.DataKey != nil {
		d.Key, err = r.keys.Open(d.Subject, d.DataKey)
		return err
	}
	d.Subject = token.ID()
	d.Key, d.DataKey, err = r.keys.NewDataKey(d.Subject)
	return err
}

// What a draft forgets, as columns.
const (
	nobody  = `identity = null, sub_index = null, identified_at = null, identified_session = null, identified_by = null, same_as = null, other_than = null` // who the citizen is
	unasked = `witness_id = null, witnessed_at = null, witness_factor_at = null, witness_terms = null, signing = null`                                      // what was said and asked of one version
	unnamed = `cases = null, transfers_from = null`                                                                                                         // files and an organisation before
)

// noIdentity makes a version without an identity, and without what was done for the one before.
const noIdentity = ` version = version + 1, state = 'open', ` + nobody + `, ` + unasked
