package backchannel

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"mandat/internal/db"
	"mandat/internal/jobs"
	"mandat/internal/org"
)

// Job is the name of the job that tells a service; the id is the login's.
const Job = "tell_service"

// memory is for how long a service is told of the end of a use after it began. Its own session has ended by then.
const memory = 24 * time.Hour

// kept is how long a row stays: the last try of a job is eleven hours after the first.
const kept = 2 * memory

// Session is a use whose end a service wants to hear of.
type Session struct {
	Login                         uuid.UUID
	Organisation, Person, Mandate uuid.UUID
	Procedure, Case               string // of the power, as mandate.Power has them
	Client                        string
	Subject                       string // the citizen, as the service knows them
}

// Open remembers a use, in the act that releases the identity. It queues one statement, which travels with the commit.
func Open(tx *db.Tx, now time.Time, s Session) {
	tx.QueueOne(`insert into backchannel_session (login_id, organisation_id, person_id, mandate_id, procedure, case_ref, client, sub, opened_at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
		s.Login, s.Organisation, s.Person, s.Mandate, s.Procedure, s.Case, s.Client, s.Subject, now)
}

// The power of a use b stands as mandate.Stands has it; and the aidant may act.
const (
	powerOver = `not exists (select from mandate_power p where p.mandate_id = b.mandate_id and p.procedure = b.procedure and p.case_ref = b.case_ref and p.state = 'standing' and p.suspended_at is null and p.ends_at > $5::timestamptz)`
	actorOver = `not exists (select from membership m join person a on a.id = m.person_id join organisation o on o.id = m.organisation_id
		where m.organisation_id = b.organisation_id and m.person_id = b.person_id and ` + org.Acts + `$5::timestamptz)`
	untold = `b.told_at is null and b.opened_at > $6::timestamptz`
)

// Ended asks for the jobs that tell services of uses under a mandate whose power has ended. The act that ends powers calls it after its
// statements, in its transaction.
func Ended(tx *db.Tx, now time.Time, mandate uuid.UUID) {
	jobs.EnqueueEach(tx, Job, `select b.login_id as id from backchannel_session b where b.mandate_id = $7 and `+untold+` and `+powerOver, now, now.Add(-memory), mandate)
}

// Close says that the service itself ended a use, and asks for the job: whatever else it has open of that login hears of it too.
func Close(tx *db.Tx, now time.Time, login uuid.UUID) {
	tx.Queue(`update backchannel_session set over_at = $2 where login_id = $1 and over_at is null`, login, now)
	jobs.EnqueueEach(tx, Job, `select b.login_id as id from backchannel_session b where b.login_id = $7 and `+untold+` and b.over_at <= $5::timestamptz`, now, now.Add(-memory), login)
}

// Sweep asks for the jobs of every use that is over and of which nobody was told yet, and forgets those that are long past. A job calls it.
func (s *Services) Sweep(ctx context.Context) error {
	now := s.clock.Now()
	err := s.db.Write(ctx, db.System(), db.Durable, func(tx *db.Tx) error {
		jobs.EnqueueEach(tx, Job, `select b.login_id as id from backchannel_session b where `+untold+` and (b.over_at is not null or `+powerOver+` or `+actorOver+`)`, now, now.Add(-memory))
		return nil
	})
	if err != nil {
		return fmt.Errorf("look for uses that are over: %w", err)
	}
	if _, err := s.db.Purge(ctx, db.System(), `delete from backchannel_session where login_id in (select login_id from backchannel_session where opened_at < $1 limit $2)`, now.Add(-kept)); err != nil {
		return fmt.Errorf("forget uses: %w", err)
	}
	return nil
}
