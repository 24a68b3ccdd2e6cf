package notify

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
	"mandat/internal/jobs"
	"mandat/internal/journal"
	"mandat/internal/org"
	"mandat/internal/token"
)

// Job is the name of the job that sends a message; the id is the message's.
const Job = "message"

// Queue lets somebody be told, if and only if the caller's transaction commits. When a message of this kind and about was queued before,
// no row and no job is added; nor for a citizen who has no address or wants no mails. now is the time of what it tells.
func Queue(tx *db.Tx, now time.Time, m org.Message) error {
	k, ok := kinds[m.Kind]
	if !ok {
		return fmt.Errorf("queue a message: no kind is called %q", m.Kind)
	}
	if m.Citizen != uuid.Nil {
		queueCitizen(tx, now, m)
		return nil
	}
	if slices.Contains(alarms, m.Kind) {
		queueFormer(tx, now, m)
	}
	id := token.ID()
	tx.Queue(`insert into notify_message (id, kind, channel, about, person_id, invitation_id, created_at)
		values ($1, $2, $3, $4, nullif($5, '00000000-0000-0000-0000-000000000000'::uuid), nullif($6, '00000000-0000-0000-0000-000000000000'::uuid), $7)
		on conflict (kind, about) do nothing`, id, m.Kind, string(k.channel), m.About, m.Person, m.Invitation, now)
	jobs.EnqueueIf(tx, Job, id, `exists (select from notify_message where id = $2::uuid)`)
	return nil
}

// former stands in what a message is about, before the time at which an address was given up, when the message goes there.
const former = " former "

// queueFormer lets somebody be told at the addresses too that they have given up within a week, the oldest first: whoever took an address over, with a
// session and a factor, would silence every warning with it. Each is a message of its own. Three are enough: the owner's is the oldest.
func queueFormer(tx *db.Tx, now time.Time, m org.Message) {
	for n := range 3 {
		id := token.ID()
		tx.Queue(`insert into notify_message (id, kind, channel, about, person_id, created_at)
			select $1::uuid, $2::text, 'mail', $3::text || f.at::text, f.person_id, $5::timestamptz
			from (select email, min(at) at, person_id from person_contact_former where person_id = $4 and at > $5::timestamptz - interval '7 days' group by email, person_id
				order by min(at) offset $6::int limit 1) f join person p on p.id = f.person_id and p.email <> f.email
			on conflict (kind, about) do nothing`, id, m.Kind, m.About+former, m.Person, now, n)
		jobs.EnqueueIf(tx, Job, id, `exists (select from notify_message where id = $2::uuid)`)
	}
}

// Untold lists which of these messages were not queued before, in their order: for reminders, which are due for weeks.
func (p *Post) Untold(ctx context.Context, all []org.Message) ([]org.Message, error) {
	kinds, abouts := make([]string, len(all)), make([]string, len(all))
	for i, m := range all {
		kinds[i], abouts[i] = m.Kind, m.About
	}
	var out []org.Message
	err := p.db.Read(ctx, db.System(), func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, `select u.n from unnest($1::text[], $2::text[]) with ordinality u(kind, about, n)
			where not exists (select from notify_message m where m.kind = u.kind and m.about = u.about) order by u.n`, kinds, abouts)
		if err != nil {
			return err
		}
		var n int
		_, err = pgx.ForEachRow(rows, []any{&n}, func() error {
			out = append(out, all[n-1])
			return nil
		})
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("find what was not told: %w", err)
	}
	return out, nil
}

// Tell is Queue in an act.
func Tell(tx *journal.Tx, m org.Message) error { return Queue(tx.Tx, tx.Now, m) }
