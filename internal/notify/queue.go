package notify

import (
	"fmt"
	"time"

	"mandat/internal/db"
	"mandat/internal/jobs"
	"mandat/internal/journal"
	"mandat/internal/org"
	"mandat/internal/token"
)

// Job is the name of the job that sends a message; the id is the message's.
const Job = "message"

// Queue lets somebody be told, if and only if the caller's transaction commits. A message of this kind and about was queued before:
// nothing happens. now is the time of what it tells.
func Queue(tx *db.Tx, now time.Time, m org.Message) error {
	k, ok := kinds[m.Kind]
	if !ok {
		return fmt.Errorf("queue a message: no kind is called %q", m.Kind)
	}
	id := token.ID()
	tx.Queue(`insert into notify_message (id, kind, channel, about, person_id, invitation_id, created_at)
		values ($1, $2, $3, $4, nullif($5, '00000000-0000-0000-0000-000000000000'::uuid), nullif($6, '00000000-0000-0000-0000-000000000000'::uuid), $7)
		on conflict (kind, about) do nothing`, id, m.Kind, string(k.channel), m.About, m.Person, m.Invitation, now)
	jobs.Enqueue(tx, Job, id)
	return nil
}

// Tell is Queue in an act.
func Tell(tx *journal.Tx, m org.Message) error { return Queue(tx.Tx, tx.Now, m) }
