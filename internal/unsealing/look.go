package unsealing

import (
	"context"
	"errors"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/citizen"
	"mandat/internal/db"
	"mandat/internal/journal"
	"mandat/internal/org"
)

// Name is whom a pseudonym stands for.
type Name struct {
	Unsealing Unsealing
	Citizen   citizen.Identity // of a citizen
	GivenName string           // of a person, as the next two
	UsualName string
	Email     string
}

// seen is SQL: the look is counted, if one that stands is that of who looks, and who granted it is an auditor now, as who looks was found to be before; what follows reads the name of whom it is about.
const seen = `with granter as (select p.id from unsealing x join person p on p.id = x.decided_by where x.id = $1 and p.auditor and p.suspended_at is null for share of p),
	seen as (update unsealing u set looks = looks + 1, looked_at = $3 from granter
		where u.id = $1 and u.asked_by = $2 and u.state = 'granted' and u.decided_at <= $3 and u.until > $3 returning u.*)
	select `

// Look tells who asked, while it is granted, whom the pseudonym stands for. Each look is an entry, and needs a fresh second factor. It returns db.ErrNotFound when nothing stands
// for them, be it that it is over, another one's, that who granted it is no auditor any more, or that whom it is about is known no more; org.ErrMayNot and org.ErrFactorTooOld.
func (r *Register) Look(ctx context.Context, by journal.Actor, id uuid.UUID) (Name, error) {
	var n Name
	first := &pgx.Batch{}
	may := org.MayAudit(first, by)
	err := r.journal.RecordAfter(ctx, by, first, func(tx *journal.Tx) (journal.Event, error) {
		if err := may(); err != nil {
			return journal.Event{}, err
		}
		if err := org.Fresh(by, tx.Now); err != nil {
			return journal.Event{}, err
		}
		if err := r.name(ctx, tx, id, &n); err != nil {
			return journal.Event{}, err
		}
		return journal.Event{Action: "unsealing.looked", Organisation: n.Unsealing.Organisation, Citizen: n.Unsealing.Citizen, Detail: n.Unsealing.detail()}, nil
	})
	if err != nil {
		return Name{}, wrap("look whom a pseudonym stands for", err)
	}
	n.Unsealing.settle(r.clock.Now())
	return n, nil
}

func (r *Register) name(ctx context.Context, tx *journal.Tx, id uuid.UUID, n *Name) error {
	var s citizen.Sealed
	var row scanned
	err := tx.QueryRow(ctx, seen+columns+`, coalesce(p.given_name, ''), coalesce(p.usual_name, ''), coalesce(p.email, ''), coalesce(c.id, '00000000-0000-0000-0000-000000000000'), c.data_key, c.identity, coalesce(c.identified_at, 'epoch')
		from seen u left join person p on p.id = u.person_id left join citizen c on c.id = u.citizen_id where p.id is not null or c.id is not null`, id, tx.By.Person, tx.Now).
		Scan(append(append(row.fields(), &n.GivenName, &n.UsualName, &n.Email), s.Fields()...)...)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return db.ErrNotFound
	case err != nil:
		return err
	}
	n.Unsealing = row.unsealing()
	if n.Unsealing.Citizen == uuid.Nil {
		return nil
	}
	c, err := r.citizens.Open(s)
	n.Citizen = c.Identity
	return err
}
