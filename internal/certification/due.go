package certification

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
	"mandat/internal/journal"
	"mandat/internal/org"
)

// The kinds of notices.
const (
	NoticeCertified = "certified"          // the certificate was given
	NoticeEnds      = "certification_ends" // it ends in at most Days
)

// announced is for how long after it was given a certificate is still announced.
const announced = 7 * 24 * time.Hour

// reminders are how many days before its end somebody is told, the nearest first.
var reminders = [...]int{14, 60}

// Notice is a message that a person is due.
type Notice struct {
	Kind   string // Notice…
	Person uuid.UUID
	Days   int // of NoticeEnds: 60 or 14
	Until  time.Time
	About  string // tells it from every other of its kind: who queues it under this name tells nobody twice
}

// informed is SQL, about a person p: they are told of their certificate. Who is suspended, or works nowhere as aidant, is not.
const informed = `p.suspended_at is null
	and exists (select from membership m where m.person_id = p.id and m.role = 'aidant' and m.ended_at is null and m.suspended_at is null)`

// announce tells who was certified by this act, in the act itself. Due tells the same under the same name: to whom a file certifies (a thousand messages would
// make everybody wait who acts meanwhile), and to who is not told until later.
func (r *Register) announce(ctx context.Context, tx *journal.Tx, person uuid.UUID) error {
	n := Notice{Person: person}
	err := tx.QueryRow(ctx, `select c.certified_until from certification c join person p on p.id = c.person_id
		where p.id = $1 and c.state = 'certified' and c.certified_at = $2 and `+informed, person, tx.Now).Scan(&n.Until)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil
	}
	if err != nil {
		return err
	}
	return r.tell(tx.Tx, tx.Now, org.Message{Kind: NoticeCertified, About: n.name(), Person: person})
}

// name tells a certificate from every other.
func (n Notice) name() string { return n.Person.String() + " " + n.Until.UTC().Format(time.DateOnly) }

// Due lists what people are due to be told of their certificates: that they have one, and, 60 and 14 days before, that it ends. It
// lists the same again as long as it is true; About is for telling once. Who is suspended, or works nowhere as aidant any
// more, is not told.
func (r *Register) Due(ctx context.Context) ([]Notice, error) {
	now := r.clock.Now()
	var out []Notice
	err := r.db.Read(ctx, db.System(), func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, `select p.id, c.certified_at, c.certified_until from certification c join person p on p.id = c.person_id
			where c.state = 'certified' and c.certified_until > $1 and (c.certified_until <= $2 or c.certified_at > $3) and `+informed+`
			order by c.certified_until, p.id`, now, now.AddDate(0, 0, reminders[len(reminders)-1]), now.Add(-announced))
		if err != nil {
			return err
		}
		n := Notice{}
		var at time.Time
		_, err = pgx.ForEachRow(rows, []any{&n.Person, &at, &n.Until}, func() error {
			n.Until = n.Until.UTC()
			out = append(out, n.due(at, now)...)
			return nil
		})
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("find who is due a notice of their certificate: %w", err)
	}
	return out, nil
}

// due is what there is to say of one certificate.
func (n Notice) due(at, now time.Time) []Notice {
	var out []Notice
	if at.After(now.Add(-announced)) {
		n.Kind, n.About = NoticeCertified, n.name()
		out = append(out, n)
	}
	for _, days := range reminders {
		if !n.Until.After(now.AddDate(0, 0, days)) {
			n.Kind, n.Days, n.About = NoticeEnds, days, fmt.Sprintf("%s %d", n.name(), days)
			return append(out, n)
		}
	}
	return out
}
