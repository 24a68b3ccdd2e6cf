package session

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"mandat/internal/db"
	"mandat/internal/journal"
	"mandat/internal/token"
)

// Factor is a second factor that was given.
type Factor struct {
	Kind    string // FactorProConnect and the others
	At      time.Time
	Citizen uuid.UUID // for whom it was given, whose name stood on the page that asked for it; nil for nobody in particular
}

// ownCounts ends what stands in for a factor of one's own, once there is one: the sessions that were opened to add it, in every other
// browser, and ProConnect's factor, which is as if given long ago. Otherwise a cookie that was copied before would add another one as
// soon as there is none again.
const ownCounts = `with over as (delete from session where person_id = $1 and enrolling)
	update session set factor_at = 'epoch', factor_citizen = null where person_id = $1 and factor_kind = 'proconnect' and factor_at > 'epoch'`

// StepUp notes a new second factor and changes the secret of the browser's sessions, which it returns for Carry. What is
// bound to them stays bound. It does not lengthen them. Who was signed in only to add a first factor is signed in from then
// on, and no other session may add one (ownCounts). db.ErrConflict when the session has gone or changed hands.
func (s *Sessions) StepUp(ctx context.Context, tx *journal.Tx, old *Session, f Factor) (Opened, error) {
	secret, hash := token.New()
	if err := lockPerson(ctx, tx.Tx, old.Person); err != nil { // of every browser of theirs: see ownCounts
		return Opened{}, fmt.Errorf("step up session: %w", err)
	}
	done, err := tx.Exec(ctx, `update session p set before = p.cookie, cookie = `+cookieAgain+`, renewed_at = $6,
			factor_at = $4, factor_kind = $5, factor_citizen = $7, enrolling = false, seen_at = greatest(p.seen_at, $6)
		where p.browser = (select browser from session where cookie = $1 and person_id = $3)`, old.cookie, hash, old.Person, f.At, f.Kind, tx.Now, db.OrNull(f.Citizen))
	if err != nil {
		return Opened{}, fmt.Errorf("step up session: %w", err)
	}
	if done.RowsAffected() == 0 {
		return Opened{}, db.ErrConflict
	}
	if f.Kind != FactorProConnect {
		tx.Queue(ownCounts, old.Person)
	}
	return Opened{secret: secret}, nil
}

// Half notes that somebody has given their first factor (the link in a mail) in a browser where nobody is signed in, and
// changes its secret, which it returns for Carry. They have HalfLife for the second one. db.ErrConflict when the session has
// gone, or somebody is signed in.
func (s *Sessions) Half(ctx context.Context, tx *db.Tx, old *Session, person uuid.UUID) (Opened, error) {
	secret, hash := token.New()
	done, err := tx.Exec(ctx, `update session set cookie = $2, half_person = $3, half_until = $4 where cookie = $1 and person_id is null`,
		old.cookie, hash, person, s.clock.Now().Add(HalfLife))
	if err != nil {
		return Opened{}, fmt.Errorf("sign in by half: %w", err)
	}
	if done.RowsAffected() != 1 {
		return Opened{}, db.ErrConflict
	}
	return Opened{secret: secret}, nil
}

// FactorFor notes that the session's second factor, which was given for nobody in particular, was given for a citizen: who asked for it
// knows that nobody else was meant.
func (s *Sessions) FactorFor(ctx context.Context, at *Session, citizen uuid.UUID) error {
	return s.noteAll(ctx, at.Browser, `update session set factor_citizen = $2 where browser = $1 and factor_at = $3 and factor_citizen is null`, citizen, at.FactorAt)
}
