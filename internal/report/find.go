package report

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
	"mandat/internal/envelope"
	"mandat/internal/journal"
	"mandat/internal/org"
)

const (
	useColumns = `u.id, u.organisation_id, u.citizen_id, u.mandate_id, u.person_id, coalesce(a.given_name || ' ' || a.usual_name, ''), u.procedure, u.case_ref, u.way, u.used_at, u.state,
		coalesce(u.outcome, ''), u.closed_at`
	ofUse = ` from report_use u left join person a on a.id = u.person_id `
)

func (u *Use) fields(closed **time.Time) []any {
	return []any{&u.ID, &u.Organisation, &u.Citizen, &u.Mandate, &u.Person, &u.Name, &u.Procedure, &u.Case, &u.Way, &u.UsedAt, &u.State, &u.Outcome, closed}
}

func scanUse(row pgx.CollectableRow) (Use, error) {
	var u Use
	var closed *time.Time
	err := row.Scan(u.fields(&closed)...)
	u.ClosedAt = db.OrZero(closed)
	return u, err
}

// Waiting lists what an aidant still has to write or to finish in their organisation, the oldest first, at most limit, with how many there are in all: their own
// uses, and those of whoever's mandates were handed over to them. It names no citizen. Who may not read here (org.Reads) has none.
func (r *Register) Waiting(ctx context.Context, by journal.Actor, limit int) (uses []Use, all int, err error) {
	batch := &pgx.Batch{}
	mayRead := org.MayRead(batch, by)
	batch.Queue(`with recursive owner (person) as (select $2::uuid union
			select h.from_person from mandate_handover h join owner o on h.to_person = o.person where h.organisation_id = $1)
		select `+useColumns+`, count(*) over ()`+ofUse+`where u.organisation_id = $1 and u.person_id in (select person from owner) and (u.state = 'open' or u.outcome = 'to_finish')
		order by u.used_at, u.id limit $3`, by.Organisation, by.Person, limit).Query(func(rows pgx.Rows) error {
		var err error
		uses, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (Use, error) {
			var u Use
			var closed *time.Time
			err := row.Scan(append(u.fields(&closed), &all)...)
			u.ClosedAt = db.OrZero(closed)
			return u, err
		})
		return err
	})
	if err := r.db.Ask(ctx, db.InOrganisation(by.Organisation), batch); err != nil {
		return nil, 0, fmt.Errorf("list uses without an account: %w", err)
	}
	if err := mayRead(); errors.Is(err, org.ErrMayNot) {
		return nil, 0, nil
	}
	return uses, all, nil
}

// OfMandate returns the uses of a mandate of the actor's organisation with all their accounts, the latest use first, to who may read here (org.Reads; others
// get org.ErrMayNot). What shows them records that they were read (mandate.Register.Consult). Another organisation's mandate has none.
func (r *Register) OfMandate(ctx context.Context, by journal.Actor, mandate uuid.UUID) ([]Use, error) {
	uses, _, err := r.read(ctx, by, `u.mandate_id = $2 order by u.used_at desc, u.id desc`, mandate)
	return uses, err
}

// Find returns one use of a mandate with its accounts, as OfMandate does, or db.ErrNotFound.
func (r *Register) Find(ctx context.Context, by journal.Actor, mandate, use uuid.UUID) (Use, error) {
	found, _, err := r.read(ctx, by, `u.mandate_id = $2 and u.id = $3`, mandate, use)
	if err == nil && len(found) == 0 {
		err = db.ErrNotFound
	}
	if err != nil {
		return Use{}, err
	}
	return found[0], nil
}

// PageLength is how many uses are on one page.
const PageLength = 25

// Listing is one page of the uses of a mandate, the latest first.
type Listing struct {
	Uses         []Use
	All          int  // how many the mandate has
	Newer, Older bool // there are some, on other pages
}

const (
	turnOlder = `u.mandate_id = $2 and (u.used_at, u.id) < (select used_at, id from report_use where id = $3 and mandate_id = $2) order by u.used_at desc, u.id desc limit $4`
	turnNewer = `u.mandate_id = $2 and (u.used_at, u.id) > (select used_at, id from report_use where id = $3 and mandate_id = $2) order by u.used_at, u.id limit $4`
)

// List returns a page of what OfMandate returns: the latest; or, of a page that was shown, those before its last use or those after its first one, whose id is
// given (else the nil id). New uses move nothing on pages that are turned. It returns db.ErrNotFound for a use from which there is nothing to turn to.
func (r *Register) List(ctx context.Context, by journal.Actor, mandate, before, after uuid.UUID) (Listing, error) {
	var uses []Use
	var all int
	var err error
	switch {
	case before != uuid.Nil:
		uses, all, err = r.read(ctx, by, turnOlder, mandate, before, PageLength+1)
	case after != uuid.Nil:
		uses, all, err = r.read(ctx, by, turnNewer, mandate, after, PageLength+1)
	default:
		uses, all, err = r.read(ctx, by, `u.mandate_id = $2 order by u.used_at desc, u.id desc limit $3`, mandate, PageLength+1)
	}
	turned := before != uuid.Nil || after != uuid.Nil
	if err == nil && turned && len(uses) == 0 {
		err = db.ErrNotFound
	}
	if err != nil {
		return Listing{}, err
	}
	out := Listing{Uses: uses, All: all, Newer: before != uuid.Nil}
	more := len(uses) > PageLength
	out.Uses = uses[:min(len(uses), PageLength)]
	if after != uuid.Nil {
		slices.Reverse(out.Uses)
		out.Newer, out.Older = more, true
	} else {
		out.Older = more
	}
	return out, nil
}

// sealedAccount is an account as it stands in the table.
type sealedAccount struct {
	Account
	use    uuid.UUID
	sealed []byte
}

// read finds uses by a condition, whose second value is the mandate, with their accounts; and how many uses the mandate has in all.
func (r *Register) read(ctx context.Context, by journal.Actor, condition string, args ...any) (uses []Use, all int, err error) {
	err = r.db.Read(ctx, db.InOrganisation(by.Organisation), func(tx pgx.Tx) error {
		batch := &pgx.Batch{}
		mayRead := org.MayRead(batch, by)
		batch.Queue(`select count(*) from report_use where organisation_id = $1 and mandate_id = $2`, by.Organisation, args[0]).QueryRow(func(row pgx.Row) error { return row.Scan(&all) })
		batch.Queue(`select `+useColumns+ofUse+`where u.organisation_id = $1 and `+condition, append([]any{by.Organisation}, args...)...).Query(func(rows pgx.Rows) error {
			var err error
			uses, err = pgx.CollectRows(rows, scanUse)
			return err
		})
		if err := tx.SendBatch(ctx, batch).Close(); err != nil {
			return err
		}
		if err := mayRead(); err != nil || len(uses) == 0 {
			return err
		}
		if err := readServices(ctx, tx, by.Organisation, uses); err != nil {
			return err
		}
		return r.readAccounts(ctx, tx, by.Organisation, uses)
	})
	if err == nil {
		err = r.nameServices(ctx, uses)
	}
	if err != nil {
		return nil, 0, fmt.Errorf("read uses: %w", err)
	}
	return uses, all, nil
}

// readAccounts puts their accounts to uses of one mandate.
func (r *Register) readAccounts(ctx context.Context, tx pgx.Tx, organisation uuid.UUID, uses []Use) error {
	ids := make([]uuid.UUID, len(uses))
	for i, u := range uses {
		ids[i] = u.ID
	}
	rows, err := tx.Query(ctx, `select g.use_id, g.number, g.outcome, g.supplied, g.person_id, coalesce(a.given_name || ' ' || a.usual_name, ''), g.given_at, g.account
		from report_account g left join person a on a.id = g.person_id where g.use_id = any ($1) and g.organisation_id = $2 order by g.use_id, g.number`, ids, organisation)
	if err != nil {
		return err
	}
	accounts, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (sealedAccount, error) {
		var a sealedAccount
		err := row.Scan(&a.use, &a.Number, &a.Outcome, &a.Supplied, &a.Person, &a.Name, &a.At, &a.sealed)
		return a, err
	})
	if err != nil || len(accounts) == 0 {
		return err
	}
	key, err := r.citizens.DataKey(ctx, tx, organisation, uses[0].Citizen) // a mandate's uses are one citizen's
	if err != nil {
		return err
	}
	return unseal(key, uses, accounts)
}

// unseal puts accounts to their uses.
func unseal(key *envelope.DataKey, uses []Use, accounts []sealedAccount) error {
	at := map[uuid.UUID]*Use{}
	for i := range uses {
		at[uses[i].ID] = &uses[i]
	}
	for _, a := range accounts {
		plain, err := key.Unseal(purpose(a.use, a.Number), a.sealed)
		if err != nil {
			return fmt.Errorf("account %d of use %s: %w", a.Number, a.use, err)
		}
		var t typed
		if json.Unmarshal(plain, &t) != nil {
			return fmt.Errorf("account %d of use %s: not what was sealed", a.Number, a.use) // the decoder's error would quote it
		}
		a.Site, a.Receipt, a.Note = t.Site, t.Receipt, t.Note
		at[a.use].Accounts = append(at[a.use].Accounts, a.Account)
	}
	return nil
}
