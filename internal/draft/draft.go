// Package draft is a mandate being drawn up: its terms, who the citizen is, and what proves it, until it is signed. It owns
// the table mandate_draft; package mandate makes a mandate of it.
//
// A draft belongs to an organisation and lives a day: left half done, it is found again, by a colleague too, who takes it over.
// Who the citizen is belongs to the aidant and the browser that asked, and goes when the terms change or the draft changes
// hands: it was told for the terms, and to the person, that were there. Each such change makes another version, and
// whatever somebody agreed to, witnessed or was asked to sign holds for one version only.
//
// The rungs of the ladder, from the lowest: the citizen is known to the organisation since an earlier mandate; a document was seen by
// the aidant and a second colleague; FranceConnect told. A procedure says which it needs (procedure.Assurance), and a draft
// below it is refused here, before anybody agrees to it.
//
// One act is one file: start.go (which changes the terms too), transfer.go, take.go, identify.go, document.go, recognise.go, witness.go; sign.go is what package mandate
// asks of a draft that it signs.
package draft

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/citizen"
	"mandat/internal/clock"
	"mandat/internal/db"
	"mandat/internal/envelope"
	"mandat/internal/journal"
	"mandat/internal/org"
	"mandat/internal/procedure"
	"mandat/internal/terms"
)

// Hidden stands for the reference of a file that is not told.
const Hidden = "…"

// Life is how long a draft lives, from its start.
const Life = 24 * time.Hour

// The states of drafts.
const (
	Open       = "open"
	Identified = "identified"
	Signed     = "signed"
	Abandoned  = "abandoned"
)

// How a citizen was identified; the values of procedure.Assurance.
const (
	ByFranceConnect = string(procedure.FranceConnect)
	ByDocument      = string(procedure.Witnessed)
	ByAcquaintance  = string(procedure.Known)
)

// The refusals that callers tell apart. db.ErrNotFound stands for what is not there or another organisation's.
var (
	ErrTerms      = errors.New("the terms of the mandate are incomplete")
	ErrMinor      = errors.New("the citizen is not certainly of age")
	ErrState      = errors.New("the draft is not in the state for this")
	ErrSigned     = errors.New("the draft is signed already")
	ErrNotOwn     = errors.New("the draft is a colleague's")
	ErrNotAllowed = errors.New("the organisation does not do this procedure, not by this aidant, or nobody does so any more") // NotAllowedError says which
	ErrTooLow     = errors.New("the citizen is not identified well enough for a procedure")                                   // TooLowError says which
	ErrIdentity   = errors.New("the identity is incomplete")                                                                  // IdentityError says what
	ErrWitness    = errors.New("not a second colleague")
	ErrWider      = errors.New("a renewal gives no more than what it renews")
)

// NotAllowedError is ErrNotAllowed with the procedures, keys of the catalogue.
type NotAllowedError struct{ Procedures []string }

// Error returns the text of ErrNotAllowed.
func (e *NotAllowedError) Error() string { return ErrNotAllowed.Error() }

// Unwrap returns ErrNotAllowed.
func (e *NotAllowedError) Unwrap() error { return ErrNotAllowed }

// TooLowError is ErrTooLow with the procedures, keys of the catalogue, that need more.
type TooLowError struct{ Procedures []string }

// Error returns the text of ErrTooLow.
func (e *TooLowError) Error() string { return ErrTooLow.Error() }

// Unwrap returns ErrTooLow.
func (e *TooLowError) Unwrap() error { return ErrTooLow }

// Allowed returns a *NotAllowedError unless the person who acts may do all of the procedures for the organisation.
func Allowed(o *org.Organisation, procedures []string) error {
	var not []string
	for _, p := range procedures {
		if !o.Allows(p) {
			not = append(not, p)
		}
	}
	if not != nil {
		return &NotAllowedError{not}
	}
	return nil
}

// Draft is a mandate being drawn up.
type Draft struct {
	ID, Organisation, Person uuid.UUID // Person is the aidant who has it now
	Version                  int
	State                    string
	Terms                    terms.Terms
	Renews                   uuid.UUID          // the mandate that it renews
	Transfers                *terms.Transferred // the mandate of another organisation whose place it takes; its name and day are told by Find alone
	Identity                 *citizen.Identity  // nil until it is told; and for a colleague
	IdentifiedBy             string
	IdentifiedAt             time.Time
	SameAs                   uuid.UUID   // of a document: the citizen who they are, as the aidant says (Who); nil for somebody new
	OtherThan                []uuid.UUID // of a document: those of their name and birth date who they are not
	Witness                  uuid.UUID   // the second colleague who attested the identity and the agreement
	WitnessedAt              time.Time
	Attested                 []byte    // SHA-256 of the terms that they were shown (mandate.Register.Attested)
	Salt                     string    // makes the terms the same bytes again for whom they were shown to; "" before (KeepSalt), and for a colleague
	InformedAt               time.Time // when the terms were entered as they are
	CreatedAt, ExpiresAt     time.Time
	Mandate                  uuid.UUID // once signed
}

// Held is a draft with what only an act on it needs.
type Held struct {
	Draft
	Subject           uuid.UUID // whose key DataKey is: the citizen's id, if this organisation does not know them yet
	DataKey           []byte    // wrapped; of the citizen, if the organisation does not know them yet
	Key               *envelope.DataKey
	Sealed            []byte // the identity
	Index             []byte // under which the organisation finds the citizen
	IdentifiedSession []byte
	CaseRefs          []string
	cases, signing    []byte
	transfers         []byte
}

// Register keeps drafts.
type Register struct {
	db        *db.DB
	journal   *journal.Journal
	citizens  *citizen.Register
	catalogue *procedure.Catalogue
	keys      *envelope.Keys
	clock     *clock.Clock
}

// New returns the register of drafts kept in this database.
func New(d *db.DB, j *journal.Journal, citizens *citizen.Register, catalogue *procedure.Catalogue, keys *envelope.Keys, c *clock.Clock) *Register {
	return &Register{db: d, journal: j, citizens: citizens, catalogue: catalogue, keys: keys, clock: c}
}

const columns = `id, organisation_id, person_id, version, state, procedures, levels, case_refs, cases, coalesce(days, 0), from_on, until_on, payments, bank_details, debt_read, tell,
	renews, transfers, transfers_from, subject_id, data_key, identity, coalesce(identified_by, ''), sub_index, identified_at, identified_session, witness_id, witnessed_at, witness_terms, signing, same_as, other_than, informed_at, mandate_id, created_at, expires_at`

func scan(row pgx.Row) (*Held, error) {
	var d Held
	var procedures, levels []string
	var from, until, identifiedAt, witnessedAt *time.Time
	var renews, transfers, subject, witness, same, mandate *uuid.UUID
	err := row.Scan(&d.ID, &d.Organisation, &d.Person, &d.Version, &d.State, &procedures, &levels, &d.CaseRefs, &d.cases, &d.Terms.Days, &from, &until, &d.Terms.Payments, &d.Terms.BankDetails,
		&d.Terms.Warned, &d.Terms.Tell, &renews, &transfers, &d.transfers, &subject, &d.DataKey, &d.Sealed, &d.IdentifiedBy, &d.Index, &identifiedAt, &d.IdentifiedSession, &witness, &witnessedAt, &d.Attested, &d.signing, &same, &d.OtherThan,
		&d.InformedAt, &mandate, &d.CreatedAt, &d.ExpiresAt)
	if err != nil {
		return nil, db.Found("find draft", err)
	}
	for i := range procedures {
		d.Terms.Powers = append(d.Terms.Powers, terms.Asked{Procedure: procedures[i], Level: procedure.Level(levels[i])})
	}
	d.Terms.NoProtection, d.Terms.Informed = true, true // or there would be no draft
	d.Terms.From, d.Terms.Until = db.OrZero(from), db.OrZero(until)
	d.IdentifiedAt, d.WitnessedAt = db.OrZero(identifiedAt), db.OrZero(witnessedAt)
	d.Renews, d.Subject, d.Witness, d.SameAs, d.Mandate = db.OrZero(renews), db.OrZero(subject), db.OrZero(witness), db.OrZero(same), db.OrZero(mandate)
	if transfers != nil {
		d.Transfers = &terms.Transferred{Mandate: *transfers}
	}
	return &d, nil
}

// Open decrypts what a draft holds sealed.
func (r *Register) Open(d *Held) error {
	if d.DataKey == nil {
		return nil
	}
	var err error
	if d.Key, err = r.keys.Open(d.Subject, d.DataKey); err != nil {
		return fmt.Errorf("open draft %s: %w", d.ID, err)
	}
	if err := errors.Join(d.openCases(), d.openTransfer()); err != nil {
		return fmt.Errorf("open draft %s: %w", d.ID, err)
	}
	if d.Sealed == nil {
		return nil
	}
	identity, err := citizen.OpenIdentity(d.Key, d.Sealed)
	if err != nil {
		return fmt.Errorf("open draft %s: %w", d.ID, err)
	}
	d.Identity = &identity
	if err := d.openSalt(); err != nil {
		return fmt.Errorf("open draft %s: %w", d.ID, err)
	}
	return nil
}

// casesPurpose binds sealed references to their place; it never changes.
const casesPurpose = "draft.cases"

func (d *Held) openCases() error {
	if d.cases == nil {
		return nil
	}
	plain, err := d.Key.Unseal(casesPurpose, d.cases)
	if err != nil {
		return err
	}
	var cases []string
	if json.Unmarshal(plain, &cases) != nil || len(cases) != len(d.Terms.Powers) {
		return errors.New("cases: not what was sealed")
	}
	for i, c := range cases {
		d.Terms.Powers[i].Case = c
	}
	return nil
}

// Find finds a draft of the actor's organisation that has not expired. Of a colleague's it tells the terms, and not who the citizen is. It
// returns db.ErrNotFound for another organisation's, org.ErrMayNot to who may not read here (org.Reads).
func (r *Register) Find(ctx context.Context, by journal.Actor, id uuid.UUID) (Draft, error) {
	d, err := r.read(ctx, by, id)
	if err != nil {
		return Draft{}, err
	}
	if d.Person != by.Person {
		d.Identity, d.Salt = nil, ""
		for i := range d.Terms.Powers {
			if d.Terms.Powers[i].Case != "" {
				d.Terms.Powers[i].Case = Hidden
			}
		}
	}
	return d.Draft, nil
}

func (r *Register) read(ctx context.Context, by journal.Actor, id uuid.UUID) (*Held, error) {
	var d *Held
	batch := &pgx.Batch{}
	mayRead := org.MayRead(batch, by)
	batch.Queue(`select `+columns+` from mandate_draft where id = $1 and organisation_id = $2 and expires_at > $3`, id, by.Organisation, r.clock.Now()).
		QueryRow(func(row pgx.Row) error {
			err := mayRead()
			if err != nil {
				return err
			}
			d, err = scan(row)
			return err
		})
	if err := r.db.Ask(ctx, db.InOrganisation(by.Organisation), batch); err != nil {
		if errors.Is(err, db.ErrNotFound) {
			return nil, db.ErrNotFound
		}
		return nil, err
	}
	return d, r.Open(d)
}

// List lists the organisation's drafts that can still be signed, newest first, without the identities they hold.
func (r *Register) List(ctx context.Context, by journal.Actor) ([]Draft, error) {
	var out []Draft
	batch := &pgx.Batch{}
	mayRead := org.MayRead(batch, by)
	batch.Queue(`select `+columns+` from mandate_draft where organisation_id = $1 and state in ('open', 'identified') and expires_at > $2
		order by created_at desc limit 100`, by.Organisation, r.clock.Now()).Query(func(rows pgx.Rows) error {
		defer rows.Close()
		err := mayRead()
		if err != nil {
			return err
		}
		out, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (Draft, error) {
			d, err := scan(row)
			if err != nil {
				return Draft{}, err
			}
			return d.Draft, nil
		})
		return err
	})
	if err := r.db.Ask(ctx, db.InOrganisation(by.Organisation), batch); err != nil {
		return nil, fmt.Errorf("list drafts: %w", err)
	}
	return out, nil
}

// Purge deletes drafts whose time is over, at most limit of them, with the identities they held. Signed drafts stay:
// their mandate names them. So do those of a citizen whose records are held (package erasure).
func (r *Register) Purge(ctx context.Context, limit int) (int64, error) {
	var purged int64
	err := r.db.Write(ctx, db.System(), db.Durable, func(tx *db.Tx) error {
		tag, err := tx.Exec(ctx, `delete from mandate_draft where id in (select id from mandate_draft where state <> 'signed' and expires_at <= $1
			and not erasure_held(organisation_id, erasure_drafts_citizen(id), $1) limit $2)`,
			r.clock.Now(), limit)
		purged = tag.RowsAffected()
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("purge drafts: %w", err)
	}
	return purged, nil
}
