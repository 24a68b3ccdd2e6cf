package unsealing

import (
	"context"
	"errors"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
	"mandat/internal/journal"
	"mandat/internal/org"
	"mandat/internal/private"
	"mandat/internal/token"
)

// Question is what an auditor asks: whom a pseudonym stands for, and why they want to know.
type Question struct {
	Person, Citizen uuid.UUID // one of the two
	Reason          string    // one of Reasons
	Words           string    // what it is about
}

// Ask asks, with a fresh second factor. It returns ErrWhom, ErrReason, ErrSecret, db.ErrNotFound when nobody has that id, db.ErrConflict when the same auditor has
// asked already and waits, org.ErrYourself for one's own account, org.ErrMayNot and org.ErrFactorTooOld.
func (r *Register) Ask(ctx context.Context, by journal.Actor, q Question) (uuid.UUID, error) {
	q.Words = strings.Join(strings.Fields(q.Words), " ")
	switch n := utf8.RuneCountInString(q.Words); {
	case (q.Person == uuid.Nil) == (q.Citizen == uuid.Nil):
		return uuid.Nil, ErrWhom
	case q.Person != uuid.Nil && q.Person == by.Person:
		return uuid.Nil, org.ErrYourself
	case !slices.Contains(Reasons(), q.Reason) || n < WordsMin || n > WordsMax:
		return uuid.Nil, ErrReason
	case private.Holds(q.Words) != "":
		return uuid.Nil, ErrSecret
	}
	u := Unsealing{ID: token.ID(), Person: q.Person, Citizen: q.Citizen}
	wrapped, sealed, err := r.keys.Seal(u.ID, purpose, []byte(q.Words))
	if err != nil {
		return uuid.Nil, wrap("ask for an unsealing", err)
	}
	first := &pgx.Batch{}
	may := org.MayAudit(first, by)
	first.Queue(`select pg_advisory_xact_lock(hashtextextended($1, 0))`, "unsealing "+by.Person.String())
	err = r.journal.RecordAfter(ctx, by, first, func(tx *journal.Tx) (journal.Event, error) {
		if err := may(); err != nil {
			return journal.Event{}, err
		}
		if err := org.Fresh(by, tx.Now); err != nil {
			return journal.Event{}, err
		}
		if err := waits(ctx, tx, q); err != nil {
			return journal.Event{}, err
		}
		var organisation *uuid.UUID
		err := tx.QueryRow(ctx, `insert into unsealing (id, person_id, citizen_id, organisation_id, reason, data_key, words, state, asked_by, asked_at, expires_at)
			select $1, p.id, c.id, c.organisation_id, $4, $5, $6, 'asked', $7, $8, $9 from (select) one
				left join person p on p.id = $2 left join citizen c on c.id = $3 where p.id is not null or c.id is not null
				returning organisation_id`,
			u.ID, db.OrNull(q.Person), db.OrNull(q.Citizen), q.Reason, wrapped, sealed, by.Person, tx.Now, tx.Now.Add(Waits)).Scan(&organisation)
		if errors.Is(err, pgx.ErrNoRows) {
			err = db.ErrNotFound
		}
		if err == nil {
			err = r.tellAuditors(ctx, tx, u.ID)
		}
		d := u.detail()
		d.Reason = q.Reason
		return journal.Event{Action: "unsealing.asked", Organisation: db.OrZero(organisation), Citizen: q.Citizen, Detail: d}, err
	})
	return u.ID, wrap("ask for an unsealing", err)
}

// mostTold is how many auditors are told that somebody asked.
const mostTold = 100

// tellAuditors tells those who may decide, but whoever asked.
func (r *Register) tellAuditors(ctx context.Context, tx *journal.Tx, id uuid.UUID) error {
	if r.tell == nil {
		return nil
	}
	rows, err := tx.Query(ctx, `select id from person where auditor and suspended_at is null and id <> $1 order by id limit $2`, tx.By.Person, mostTold)
	if err != nil {
		return err
	}
	others, err := pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
	for _, person := range others {
		if err == nil {
			err = r.tell(tx.Tx, tx.Now, org.Message{Kind: "unsealing_asked", About: id.String() + " " + person.String(), Person: person})
		}
	}
	return err
}

// waits refuses with db.ErrConflict a question that its auditor has asked already, and that can still be answered. The caller has locked the auditor's questions.
func waits(ctx context.Context, tx *journal.Tx, q Question) error {
	var asked bool
	err := tx.QueryRow(ctx, `select exists (select from unsealing where asked_by = $1 and state = 'asked' and expires_at > $2 and coalesce(person_id, citizen_id) = $3)`,
		tx.By.Person, tx.Now, Unsealing{Person: q.Person, Citizen: q.Citizen}.Subject()).Scan(&asked)
	if err == nil && asked {
		err = db.ErrConflict
	}
	return err
}

// Withdraw takes back what the actor asked and nobody has decided. Errors: db.ErrNotFound for another one's, db.ErrConflict when it does not wait any more, org.ErrMayNot.
func (r *Register) Withdraw(ctx context.Context, by journal.Actor, id uuid.UUID) error {
	return wrap("withdraw an unsealing", r.act(ctx, by, id, func(tx *journal.Tx, u *Unsealing) (journal.Event, error) {
		if u.AskedBy != by.Person {
			return journal.Event{}, db.ErrNotFound
		}
		err := tx.ExecOne(ctx, db.ErrConflict, `update unsealing set state = 'withdrawn', ended_by = $2, ended_at = $3 where id = $1 and asked_by = $2 and state = 'asked' and expires_at > $3`, id, by.Person, tx.Now)
		return journal.Event{Action: "unsealing.withdrawn", Organisation: u.Organisation, Citizen: u.Citizen, Detail: u.detail()}, err
	}))
}

// act is an act of an auditor on one that is there, which it locks.
func (r *Register) act(ctx context.Context, by journal.Actor, id uuid.UUID, f func(*journal.Tx, *Unsealing) (journal.Event, error)) error {
	first := &pgx.Batch{}
	may := org.MayAudit(first, by)
	var found []Unsealing
	first.Queue(`select `+columns+` from unsealing u where id = $1 for update`, id).Query(func(rows pgx.Rows) error {
		var err error
		found, err = pgx.CollectRows(rows, scan)
		return err
	})
	return r.journal.RecordAfter(ctx, by, first, func(tx *journal.Tx) (journal.Event, error) {
		if err := may(); err != nil {
			return journal.Event{}, err
		}
		if len(found) == 0 {
			return journal.Event{}, db.ErrNotFound
		}
		return f(tx, &found[0])
	})
}
