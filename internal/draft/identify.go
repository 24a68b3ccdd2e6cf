package draft

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/citizen"
	"mandat/internal/db"
	"mandat/internal/journal"
	"mandat/internal/org"
	"mandat/internal/procedure"
)

// Identify puts the identity that FranceConnect told into a draft of the actor's own, for this browser session. asked is when the citizen was
// sent to FranceConnect: terms that were changed since then are not what they were asked for, and the identity is refused
// with ErrState. An identity that stands there already is replaced. A person who is not certainly of age is refused with ErrMinor, and the refusal is an entry;
// one who asked to be erased with citizen.ErrRestricted.
func (r *Register) Identify(ctx context.Context, by journal.Actor, id uuid.UUID, i citizen.Identity, asked time.Time) error {
	return r.identify(ctx, by, id, told{by: ByFranceConnect, identity: i}, func(d *Held) bool { return !d.InformedAt.After(asked) })
}

// IdentifyOnPhone is Identify of a citizen who was at FranceConnect in another browser than the actor's: on their own phone, for one version of
// the draft. The entry says so.
func (r *Register) IdentifyOnPhone(ctx context.Context, by journal.Actor, id uuid.UUID, i citizen.Identity, version int) error {
	return r.identify(ctx, by, id, told{by: ByFranceConnect, on: "phone", identity: i}, func(d *Held) bool { return d.Version == version })
}

func (r *Register) identify(ctx context.Context, by journal.Actor, id uuid.UUID, t told, same func(*Held) bool) error {
	index, err := r.citizens.Index(by.Organisation, t.identity.Sub)
	if err != nil {
		return fmt.Errorf("identify: %w", err)
	}
	t.index = index
	err = r.onOwn(ctx, by, id, func(tx *journal.Tx, d *Held) (journal.Event, error) {
		if !same(d) {
			return journal.Event{}, ErrState
		}
		if e, err := r.fits(tx, d, t); err != nil {
			return e, err
		}
		if err := r.citizens.Restricted(ctx, tx, by.Organisation, index, nil); err != nil {
			return journal.Event{}, err
		}
		return r.put(tx, d, t)
	})
	if err != nil {
		return fmt.Errorf("identify: %w", err)
	}
	return nil
}

// told is an identity, how it was told, and the key under which the organisation knows or will know the citizen.
type told struct {
	by, on, document string // on is "phone", or "" for the screen of who acts
	identity         citizen.Identity
	index            []byte
	same             uuid.UUID   // whom it is, of those whom the organisation knows; nil when nobody said so
	others           []uuid.UUID // of a document: whom it is not
}

// fits refuses an identity that cannot give what a draft is for.
func (r *Register) fits(tx *journal.Tx, d *Held, t told) (journal.Event, error) {
	if !t.identity.AdultAt(tx.Now) {
		e := journal.Event{Action: "draft.identity_refused", Citizen: t.same, Detail: detail{Draft: d.ID.String(), Method: t.by, On: t.on, Document: t.document, Reason: "minor"}}
		return e, journal.Refused{Err: ErrMinor}
	}
	return journal.Event{}, r.High(d.Terms.Procedures(), t.by)
}

// put puts an identity that fits into a draft that the act has locked.
func (r *Register) put(tx *journal.Tx, d *Held, t told) (journal.Event, error) {
	if err := r.ensureKey(d); err != nil {
		return journal.Event{}, err
	}
	sealed, err := citizen.SealIdentity(d.Key, t.identity)
	if err != nil {
		return journal.Event{}, err
	}
	tx.Queue(`update mandate_draft set version = version + 1, state = 'identified', subject_id = $2, data_key = $3, identity = $4, sub_index = $5, identified_at = $6, identified_session = $7, identified_by = $8,
		same_as = $9, other_than = $10, `+unasked+` where id = $1`, d.ID, d.Subject, d.DataKey, sealed, t.index, tx.Now,
		tx.By.Session, t.by, sameAs(t), t.others)
	return journal.Event{Action: "draft.identified", Citizen: t.same, Detail: detail{Draft: d.ID.String(), Version: d.Version + 1, Method: t.by, On: t.on, Document: t.document,
		OtherThan: texts(t.others)}}, nil
}

// High returns a *TooLowError unless an identification reaches what all of the procedures need.
func (r *Register) High(procedures []string, by string) error {
	var low []string
	for _, key := range procedures {
		if p, ok := r.catalogue.Find(key); ok && !procedure.Assurance(by).Reaches(p.Identity) {
			low = append(low, key)
		}
	}
	if low != nil {
		return &TooLowError{low}
	}
	return nil
}

// DropIdentity forgets the identity a draft holds: it was not the person at the counter.
func (r *Register) DropIdentity(ctx context.Context, by journal.Actor, id uuid.UUID) error {
	err := r.onOwn(ctx, by, id, func(tx *journal.Tx, d *Held) (journal.Event, error) {
		if d.State != Identified {
			return journal.Event{}, ErrState
		}
		tx.Queue(`update mandate_draft set`+noIdentity+` where id = $1`, id)
		return journal.Event{Action: "draft.identity_dropped", Detail: detail{Draft: id.String()}}, nil
	})
	if err != nil {
		return fmt.Errorf("drop an identity: %w", err)
	}
	return nil
}

// onOwn runs an act on the actor's own live draft, whose row it has locked.
func (r *Register) onOwn(ctx context.Context, by journal.Actor, id uuid.UUID, f func(*journal.Tx, *Held) (journal.Event, error)) error {
	return r.onAny(ctx, by, id, func(tx *journal.Tx, d *Held) (journal.Event, error) {
		if d.Person != by.Person {
			return journal.Event{}, ErrNotOwn
		}
		return f(tx, d)
	})
}

// theirs asks the questions of an act on the actor's own live draft, which the act's first statements have locked.
func theirs(by journal.Actor, now time.Time, mayAct func(time.Time) error, lookup func(time.Time) (*Held, error)) (*Held, error) {
	if err := mayAct(now); err != nil {
		return nil, err
	}
	d, err := lookup(now)
	if err == nil && d.Person != by.Person {
		err = ErrNotOwn
	}
	return d, err
}

// onAny is onOwn for a draft of the actor's organisation, whoever has it.
func (r *Register) onAny(ctx context.Context, by journal.Actor, id uuid.UUID, f func(*journal.Tx, *Held) (journal.Event, error)) error {
	batch := &pgx.Batch{}
	mayAct := org.MayAct(batch, by)
	lookup := Lock(batch, by, id)
	return r.journal.RecordAfter(ctx, by, batch, func(tx *journal.Tx) (journal.Event, error) {
		if err := mayAct(tx.Now); err != nil {
			return journal.Event{}, err
		}
		d, err := lookup(tx.Now)
		if err != nil {
			return journal.Event{}, err
		}
		return f(tx, d)
	})
}

// Lock queues the lock of a draft of the actor's organisation and returns the question whether it is there and open: db.ErrNotFound, ErrSigned with
// the draft, ErrState.
func Lock(b *pgx.Batch, by journal.Actor, id uuid.UUID) func(now time.Time) (*Held, error) {
	var d *Held
	var missing error
	b.Queue(`select `+columns+` from mandate_draft where id = $1 and organisation_id = $2 for update`, id, by.Organisation).QueryRow(func(row pgx.Row) error {
		var err error
		if d, err = scan(row); err == db.ErrNotFound { //nolint:errorlint // scan returns it as it is
			missing = err
			return nil
		}
		return err
	})
	return func(now time.Time) (*Held, error) {
		switch {
		case missing != nil:
			return nil, missing
		case d.State == Signed:
			return d, ErrSigned
		case d.State == Abandoned:
			return d, ErrState
		case !now.Before(d.ExpiresAt):
			return nil, db.ErrNotFound
		}
		return d, nil
	}
}
