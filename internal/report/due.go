package report

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
	"mandat/internal/org"
	"mandat/internal/prose"
)

const (
	// Grace is how long after a use nobody is reminded of its account.
	Grace = 24 * time.Hour
	// Reminder is the kind of the message (package notify).
	Reminder = "uses_open"

	remindFrom = 8 // o'clock in Paris: nobody is woken
)

// Due lists who is to be reminded now that they owe an account of a use older than Grace: once on a day in Paris, by the name of the message, from eight in
// the morning, until the account is given. Whoever's mandates were handed over to a colleague is followed by them here too. Who cannot sign in there, or may not
// read there, is not reminded.
func (r *Register) Due(ctx context.Context) ([]org.Message, error) {
	now := r.clock.Now()
	today := now.In(prose.Paris)
	if today.Hour() < remindFrom {
		return nil, nil
	}
	var out []org.Message
	err := r.db.Read(ctx, db.System(), func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, `with recursive owed (organisation_id, person) as (select organisation_id, person_id from report_use where state = 'open' and used_at < $1
				union select o.organisation_id, h.to_person from owed o join mandate_handover h on h.organisation_id = o.organisation_id and h.from_person = o.person)
			select distinct a.id from owed w join membership m on m.organisation_id = w.organisation_id and m.person_id = w.person
				join person a on a.id = m.person_id join organisation o on o.id = m.organisation_id where `+org.Reads+` order by a.id`, now.Add(-Grace))
		if err != nil {
			return err
		}
		var person uuid.UUID
		_, err = pgx.ForEachRow(rows, []any{&person}, func() error {
			out = append(out, org.Message{Kind: Reminder, About: person.String() + " " + today.Format(time.DateOnly), Person: person})
			return nil
		})
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("find who owes an account: %w", err)
	}
	return out, nil
}
