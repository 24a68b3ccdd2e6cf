package erasure

import (
	"context"
	"errors"

	"mandat/internal/db"
	"mandat/internal/journal"
)

// Replayed is what came of what one line of a ledger says.
type Replayed struct {
	Noted
	Erased  bool  // they were there, and are not any more
	Refused error // why not: they are there, and something keeps them; nil when they were not there
}

// Again erases, after an older copy of the database was restored, whom a ledger says were erased: whoever is there again. Doing it twice
// does no harm. It goes on with the others when one is refused: a mandate that lasts in the copy, or a hold. An entry that is not in the tree yet is a refusal: servers
// must have run since the restore.
func (r *Register) Again(ctx context.Context, ledger []Noted) ([]Replayed, error) {
	var out []Replayed
	seen := map[Who]bool{}
	for _, n := range ledger {
		if seen[n.Who] {
			continue
		}
		seen[n.Who] = true
		_, err := r.Erase(ctx, n.Who, Again)
		one := Replayed{Noted: n, Erased: err == nil}
		switch {
		case err == nil, errors.Is(err, db.ErrNotFound):
		case errors.Is(err, ErrStands), errors.Is(err, ErrHeld), errors.Is(err, journal.ErrNotProvable):
			one.Refused = err
		default:
			return out, err
		}
		out = append(out, one)
	}
	return out, nil
}
