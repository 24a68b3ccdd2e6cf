package erasure

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/citizen"
	"mandat/internal/db"
	"mandat/internal/journal"
	"mandat/internal/org"
	"mandat/internal/token"
)

// MaxHold is how far ahead a hold may end: who still needs it then makes another one.
const MaxHold = 2 * 365 * 24 * time.Hour

// HoldReasons are why records are held. What is behind one stands elsewhere: no words about anybody are kept with it.
var HoldReasons = []string{"investigation", "litigation", "inspection"}

// ReleaseReasons are why a hold is released before its day: what it was for is over, who asked for it wants it no longer, or it was made by mistake.
var ReleaseReasons = []string{"over", "lifted", "mistaken"}

// ErrHold says that a hold is not one that can be made, or released: of no reason, or of no time.
var ErrHold = errors.New("not a hold of a reason and a time")

// Hold keeps the records of a citizen, or of everybody in an organisation, from being erased, and every step of retention from them.
type Hold struct {
	ID                    uuid.UUID
	Organisation, Citizen uuid.UUID // Citizen is nil for everybody
	Reason                string    // of HoldReasons
	HeldAt, Until         time.Time
	HeldBy                uuid.UUID
	ReleasedAt            *time.Time
	ReleasedBy            uuid.UUID
	ReleaseReason         string // of ReleaseReasons; "" also for one that was released before reasons were asked for
}

// Stands reports whether a hold counts.
func (h Hold) Stands(now time.Time) bool { return h.ReleasedAt == nil && now.Before(h.Until) }

const holdColumns = `h.id, h.organisation_id, coalesce(h.citizen_id, '00000000-0000-0000-0000-000000000000'), h.reason, h.held_at, h.until, h.held_by, h.released_at,
	coalesce(h.released_by, '00000000-0000-0000-0000-000000000000'), coalesce(h.release_reason, '')`

func scanHold(row pgx.CollectableRow) (h Hold, err error) {
	return h, row.Scan(&h.ID, &h.Organisation, &h.Citizen, &h.Reason, &h.HeldAt, &h.Until, &h.HeldBy, &h.ReleasedAt, &h.ReleasedBy, &h.ReleaseReason)
}

// StandingHold is SQL: that something about a citizen c of an organisation o is held at a time. It is for queries that look for what is due.
func StandingHold(organisation, citizen, now string) string {
	return `exists (select from erasure_hold h where h.organisation_id = ` + organisation + ` and (h.citizen_id is null or h.citizen_id = ` + citizen + `) and h.released_at is null and h.until > ` + now + `)`
}

// queueHolds reads the holds on a citizen, and on everybody in the organisation.
func queueHolds(b *pgx.Batch, who Who, out *[]Hold) {
	b.Queue(`select `+holdColumns+` from erasure_hold h where h.organisation_id = $1 and (h.citizen_id is null or h.citizen_id = $2) and h.released_at is null order by h.until desc`,
		who.Organisation, who.Citizen).Query(func(rows pgx.Rows) error {
		var err error
		*out, err = pgx.CollectRows(rows, scanHold)
		return err
	})
}

// holdLock names the lock that holds take, and erasures share, whoever they are about: an erasure also asks whether words about it are held for somebody of another organisation. The trigger
// citizen_erased takes it too.
const holdLock = "erasure.hold"

// heldEntry is the detail of the entry about a hold that is made, and releasedEntry of the one about its release; docs/journal.md lists them.
type (
	heldEntry struct {
		Hold   string `json:"hold"`
		Reason string `json:"reason"`
		Until  string `json:"until"`
	}
	releasedEntry struct {
		Hold string `json:"hold"`
		Why  string `json:"why"`
	}
)

// MakeHold is an administrator's act. It waits for erasures under way: a citizen who is held is there. Errors: ErrHold, org.ErrMayNot,
// org.ErrFactorTooOld, db.ErrNotFound.
func (r *Register) MakeHold(ctx context.Context, by journal.Actor, who Who, reason string, until time.Time) (Hold, error) {
	h := Hold{ID: token.ID(), Organisation: who.Organisation, Citizen: who.Citizen, Reason: reason, Until: until.UTC().Truncate(time.Microsecond), HeldBy: by.Person}
	b := &pgx.Batch{}
	may := org.MayAdminister(b, by)
	b.Queue(`select pg_advisory_xact_lock(hashtextextended($1, 0))`, holdLock)
	var there bool
	b.Queue(`select exists (select from organisation where id = $1) and ($2::uuid is null or exists (select from citizen where id = $2 and organisation_id = $1))`, who.Organisation, db.OrNull(who.Citizen)).
		QueryRow(func(row pgx.Row) error { return row.Scan(&there) })
	err := r.journal.RecordAfter(ctx, by, b, func(tx *journal.Tx) (journal.Event, error) {
		switch err := may(); {
		case err != nil:
			return journal.Event{}, err
		case org.Fresh(by, tx.Now) != nil:
			return journal.Event{}, org.ErrFactorTooOld
		case !there:
			return journal.Event{}, db.ErrNotFound
		case !slices.Contains(HoldReasons, reason) || !h.Until.After(tx.Now) || h.Until.After(tx.Now.Add(MaxHold)):
			return journal.Event{}, ErrHold
		}
		h.HeldAt = tx.Now
		tx.QueueOne(`insert into erasure_hold (id, organisation_id, citizen_id, reason, held_at, held_by, until) values ($1, $2, $3, $4, $5, $6, $7)`,
			h.ID, h.Organisation, db.OrNull(h.Citizen), h.Reason, h.HeldAt, h.HeldBy, h.Until)
		return journal.Event{Action: "erasure.held", Organisation: h.Organisation, Citizen: h.Citizen, Detail: heldEntry{h.ID.String(), h.Reason, journal.TimeText(h.Until)}}, nil
	})
	if err != nil {
		return Hold{}, fmt.Errorf("hold records: %w", err)
	}
	return h, nil
}

// Release is an administrator's act that ends a hold, for one of ReleaseReasons. Errors: ErrHold, org.ErrMayNot, org.ErrFactorTooOld, db.ErrNotFound for one that is not there or
// was released.
func (r *Register) Release(ctx context.Context, by journal.Actor, hold uuid.UUID, why string) error {
	b := &pgx.Batch{}
	may := org.MayAdminister(b, by)
	err := r.journal.RecordAfter(ctx, by, b, func(tx *journal.Tx) (journal.Event, error) {
		err := may()
		if err == nil {
			err = org.Fresh(by, tx.Now)
		}
		if err == nil && !slices.Contains(ReleaseReasons, why) {
			err = ErrHold
		}
		if err != nil {
			return journal.Event{}, err
		}
		var who Who
		var citizen *uuid.UUID
		err = tx.QueryRow(ctx, `update erasure_hold set released_at = $2, released_by = $3, release_reason = $4 where id = $1 and released_at is null returning organisation_id, citizen_id`, hold, tx.Now, by.Person, why).
			Scan(&who.Organisation, &citizen)
		if err != nil {
			return journal.Event{}, db.Found("release a hold", err)
		}
		return journal.Event{Action: "erasure.released", Organisation: who.Organisation, Citizen: db.OrZero(citizen), Detail: releasedEntry{hold.String(), why}}, nil
	})
	if err != nil {
		return fmt.Errorf("release a hold: %w", err)
	}
	return nil
}

// Holds lists the holds that stand, the last made first.
func (r *Register) Holds(ctx context.Context) ([]Hold, error) {
	return r.holds(ctx, `h.released_at is null and h.until > $1 order by h.held_at desc, h.id`, r.clock.Now())
}

// maxReleased is how many released holds are listed.
const maxReleased = 50

// Released lists the holds that were released, the last first, at most fifty.
func (r *Register) Released(ctx context.Context) ([]Hold, error) {
	return r.holds(ctx, `h.released_at is not null order by h.released_at desc, h.id limit $1`, maxReleased)
}

func (r *Register) holds(ctx context.Context, which string, arg any) ([]Hold, error) {
	var out []Hold
	err := r.db.Read(ctx, db.System(), func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, `select `+holdColumns+` from erasure_hold h where `+which, arg)
		if err != nil {
			return err
		}
		out, err = pgx.CollectRows(rows, scanHold)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list holds: %w", err)
	}
	return out, nil
}

// Held reports whether a citizen's records are held, inside a transaction that is about to change them.
func (r *Register) Held(ctx context.Context, q citizen.Querier, who Who, now time.Time) (held bool, err error) {
	err = q.QueryRow(ctx, `select `+StandingHold("$1", "$2", "$3"), who.Organisation, who.Citizen, now).Scan(&held)
	return held, err
}
