package citizen

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
	"mandat/internal/envelope"
	"mandat/internal/journal"
	"mandat/internal/procedure"
)

// purpose binds sealed identities to their place. It never changes: stored values would no longer open.
const purpose = "citizen.identity"

// Citizen is one person as one organisation knows them.
type Citizen struct {
	ID           uuid.UUID
	Identity     Identity
	IdentifiedAt time.Time // when FranceConnect, or a document, last said so
}

// Register reads and writes the citizens of organisations.
type Register struct {
	keys  *envelope.Keys
	names *names // of the last searches
}

// New returns the register kept under these keys. Whoever asks it brings the transaction.
func New(keys *envelope.Keys) *Register {
	return &Register{keys: keys, names: newNames()}
}

// Querier is a transaction of whatever kind, for reads inside it.
type Querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}

// Find finds a citizen of an organisation, with the key under which everything about them is sealed. It returns db.ErrNotFound for another
// organisation's.
func (r *Register) Find(ctx context.Context, q Querier, organisation, id uuid.UUID) (Citizen, *envelope.DataKey, error) {
	var s Sealed
	err := q.QueryRow(ctx, `select id, data_key, identity, identified_at from citizen where id = $1 and organisation_id = $2`, id, organisation).
		Scan(s.Fields()...)
	if err != nil {
		return Citizen{}, nil, db.Found("find citizen", err)
	}
	return r.OpenWithKey(s)
}

// Sealed is a citizen as stored, for queries that join the table citizen.
type Sealed struct {
	ID                uuid.UUID
	dataKey, identity []byte
	identifiedAt      time.Time
}

// Fields are where to scan id, data_key, identity and identified_at, in this order.
func (s *Sealed) Fields() []any { return []any{&s.ID, &s.dataKey, &s.identity, &s.identifiedAt} }

// Open decrypts a stored citizen.
func (r *Register) Open(s Sealed) (Citizen, error) {
	c, _, err := r.OpenWithKey(s)
	return c, err
}

// OpenWithKey is Open, with the citizen's key.
func (r *Register) OpenWithKey(s Sealed) (Citizen, *envelope.DataKey, error) {
	key, err := r.KeyOf(&s)
	if err != nil {
		return Citizen{}, nil, fmt.Errorf("open citizen %s: %w", s.ID, err)
	}
	c := Citizen{ID: s.ID, IdentifiedAt: s.identifiedAt}
	if c.Identity, err = OpenIdentity(key, s.identity); err != nil {
		return Citizen{}, nil, fmt.Errorf("open citizen %s: %w", s.ID, err)
	}
	return c, key, nil
}

// OpenIdentity decrypts an identity that SealIdentity sealed.
func OpenIdentity(key *envelope.DataKey, sealed []byte) (Identity, error) {
	var i Identity
	plain, err := key.Unseal(purpose, sealed)
	if err != nil {
		return i, err
	}
	if err := json.Unmarshal(plain, &i); err != nil {
		return i, errors.New("identity: not what was sealed") // the decoder's error would quote it
	}
	return i, nil
}

// SealIdentity encrypts an identity under its owner's data key.
func SealIdentity(key *envelope.DataKey, i Identity) ([]byte, error) {
	plain, err := json.Marshal(i)
	if err != nil {
		return nil, errors.New("identity: cannot be encoded")
	}
	return key.Seal(purpose, plain), nil
}

// DataKey returns the key under which everything about a citizen is sealed (documents, evidence). It returns
// db.ErrNotFound for another organisation's citizen.
func (r *Register) DataKey(ctx context.Context, q Querier, organisation, id uuid.UUID) (*envelope.DataKey, error) {
	var wrapped []byte
	err := q.QueryRow(ctx, `select data_key from citizen where id = $1 and organisation_id = $2`, id, organisation).Scan(&wrapped)
	if err != nil {
		return nil, db.Found("find citizen's key", err)
	}
	return r.keys.Open(id, wrapped)
}

// KeyOf is DataKey of a citizen as stored.
func (r *Register) KeyOf(s *Sealed) (*envelope.DataKey, error) { return r.keys.Open(s.ID, s.dataKey) }

// Index returns the key by which an organisation finds a citizen by their sub: FranceConnect's, or NewDocumentSub's.
func (r *Register) Index(organisation uuid.UUID, sub string) ([]byte, error) {
	return r.keys.Index(organisation, "citizen.sub", sub)
}

// Lock queues, among an act's first statements, the lock of the citizen with an index: an SQL expression, such as a query
// of the row that the statement before has locked, with its argument as $1. Two acts on one citizen of one organisation
// wait for each other here. The result is filled before the act's function runs; ID is nil when the organisation does not
// know the citizen yet.
func Lock(b *pgx.Batch, organisation uuid.UUID, index string, arg any) *Sealed {
	s := &Sealed{}
	// An advisory lock, because a citizen who is not known yet has no row to lock; 64 bits of a keyed hash.
	b.Queue(`select pg_advisory_xact_lock(('x' || encode(substring(`+index+` for 8), 'hex'))::bit(64)::bigint)`, arg)
	b.Queue(`select id, data_key, identity, identified_at from citizen where sub_index = `+index+` and organisation_id = $2 for update`, arg, organisation).
		Query(func(rows pgx.Rows) error {
			defer rows.Close()
			if rows.Next() {
				return rows.Scan(s.Fields()...)
			}
			return rows.Err()
		})
	return s
}

// Save queues the newest identity of a citizen: a new row, or the known row brought up to date (names and birth place get
// corrected at the register, and a correction must not stay behind).
func (r *Register) Save(tx *journal.Tx, known *Sealed, fresh Fresh) (Saved, error) {
	var called []byte // nil but of a document
	if fresh.IdentifiedBy == string(procedure.Witnessed) {
		var err error
		if called, err = r.called(fresh.Organisation, fresh.Identity); err != nil {
			return Saved{}, err
		}
	}
	if known.ID == uuid.Nil && fresh.IdentifiedBy == string(procedure.Known) { // erased meanwhile: nobody is known by a word from before
		return Saved{}, db.ErrConflict
	}
	if known.ID == uuid.Nil {
		tx.Queue(`insert into citizen (id, organisation_id, sub_index, data_key, identity, identified_by, identified_at, created_at, has_email, name_index)
			values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
			fresh.Owner, fresh.Organisation, fresh.Index, fresh.DataKey, fresh.Sealed, fresh.IdentifiedBy, fresh.IdentifiedAt, tx.Now, fresh.Identity.Email != "", called)
		return Saved{ID: fresh.Owner, Key: fresh.Key}, nil
	}
	before, key, err := r.sameCitizen(known, fresh)
	if err != nil {
		return Saved{}, err
	}
	saved := Saved{ID: known.ID, Key: key}
	if fresh.IdentifiedBy == string(procedure.Known) { // nothing new was told
		return saved, nil
	}
	sealed, err := SealIdentity(key, fresh.Identity)
	if err != nil {
		return Saved{}, err
	}
	if was := before.Identity.Email; was != "" && !strings.EqualFold(was, fresh.Identity.Email) {
		saved.Former = key.Seal(formerAddress, []byte(was))
	}
	tx.Queue(`update citizen set identity = $2, identified_at = $3, has_email = $4, name_index = coalesce($5, name_index) where id = $1`, known.ID, sealed, fresh.IdentifiedAt,
		fresh.Identity.Email != "", called)
	return saved, nil
}

// Saved is the row of a citizen after Save.
type Saved struct {
	ID     uuid.UUID
	Key    *envelope.DataKey
	Former []byte // the address, sealed, that they had until now and have no more; nil if there is none
}

// formerAddress binds a sealed address to what it was. It never changes: what is stored would no longer open.
const formerAddress = "citizen.former_address"

// OpenFormer opens the address of a citizen that Save replaced.
func (r *Register) OpenFormer(s *Sealed, former []byte) (string, error) {
	key, err := r.KeyOf(s)
	if err != nil {
		return "", err
	}
	address, err := key.Unseal(formerAddress, former)
	return string(address), err
}

// sameCitizen opens the row that the index found and holds its identity to the index: a row whose index was changed behind
// the program's back must not take somebody else's identity, and their powers with it.
func (r *Register) sameCitizen(known *Sealed, fresh Fresh) (Citizen, *envelope.DataKey, error) {
	before, key, err := r.OpenWithKey(*known)
	if err != nil {
		return before, nil, err
	}
	index, err := r.Index(fresh.Organisation, before.Identity.Sub)
	if err != nil {
		return before, nil, err
	}
	if !bytes.Equal(index, fresh.Index) {
		return before, nil, fmt.Errorf("open citizen %s: the row's index is not that of the identity in it", known.ID)
	}
	return before, key, nil
}

// Fresh is an identity just told, sealed under the key of an owner that becomes the citizen's id if
// the organisation does not know them yet.
type Fresh struct {
	Owner, Organisation uuid.UUID
	IdentifiedBy        string // a procedure.Assurance; Known tells nothing new
	Index               []byte
	DataKey, Sealed     []byte
	Key                 *envelope.DataKey // DataKey, opened
	Identity            Identity
	IdentifiedAt        time.Time
}
