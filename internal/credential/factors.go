package credential

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
)

// Totp is an application or a card, as its person sees it.
type Totp struct {
	ID        uuid.UUID
	Name      string
	Serial    string // of a card
	CreatedAt time.Time
	UsedAt    *time.Time
}

// Factors is what a person has.
type Factors struct {
	Passkeys     []Passkey // those that do not count any more too
	App          *Totp     // nil: none
	Cards        []Totp
	RecoveryLeft int       // recovery codes not used yet
	RecoveryAt   time.Time // when they were made
}

// Any reports whether there is one that counts. Recovery codes stand in for factors, and are none.
func (f *Factors) Any() bool {
	return f.Keys() || f.App != nil || len(f.Cards) > 0
}

// Codes reports whether a code can be given: of an application, a card, or for recovery.
func (f *Factors) Codes() bool { return f.App != nil || len(f.Cards) > 0 || f.RecoveryLeft > 0 }

// Keys reports whether a passkey or security key can be given.
func (f *Factors) Keys() bool {
	for _, p := range f.Passkeys {
		if !p.Cloned {
			return true
		}
	}
	return false
}

// Factors lists what a person has.
func (r *Register) Factors(ctx context.Context, person uuid.UUID) (Factors, error) {
	var f Factors
	err := r.db.Read(ctx, db.Nothing(), func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, `select id, name, created_at, used_at, backed_up, backup_eligible, cloned_at is not null
			from credential_passkey where person_id = $1 order by created_at, id`, person)
		if err != nil {
			return err
		}
		if f.Passkeys, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (Passkey, error) {
			var p Passkey
			err := row.Scan(&p.ID, &p.Name, &p.CreatedAt, &p.UsedAt, &p.Synced, &p.Syncable, &p.Cloned)
			return p, err
		}); err != nil {
			return err
		}
		if rows, err = tx.Query(ctx, `select id, name, coalesce(serial, ''), created_at, used_at from credential_totp
			where person_id = $1 and confirmed_at is not null order by created_at, id`, person); err != nil {
			return err
		}
		generators, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (Totp, error) {
			var t Totp
			err := row.Scan(&t.ID, &t.Name, &t.Serial, &t.CreatedAt, &t.UsedAt)
			return t, err
		})
		if err != nil {
			return err
		}
		for _, t := range generators {
			if t.Serial == "" {
				f.App = &t
			} else {
				f.Cards = append(f.Cards, t)
			}
		}
		return tx.QueryRow(ctx, `select count(*) filter (where used_at is null), coalesce(max(created_at), '0001-01-01') from credential_recovery where person_id = $1`,
			person).Scan(&f.RecoveryLeft, &f.RecoveryAt)
	})
	if err != nil {
		return f, fmt.Errorf("list factors: %w", err)
	}
	return f, nil
}

// Has reports whether a person has a factor of their own that counts, recovery codes aside.
func (r *Register) Has(ctx context.Context, person uuid.UUID) (bool, error) {
	var has bool
	batch := &pgx.Batch{}
	batch.Queue(`select exists (select from credential_passkey where person_id = $1 and cloned_at is null)
		or exists (select from credential_totp where person_id = $1 and confirmed_at is not null)`, person).QueryRow(func(row pgx.Row) error { return row.Scan(&has) })
	if err := r.db.Ask(ctx, db.Nothing(), batch); err != nil {
		return false, fmt.Errorf("look for factors: %w", err)
	}
	return has, nil
}
