package citizen

import (
	"bytes"
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// Limits of a search in which one person is chosen: enough to find who sits there, too little to copy the list.
const (
	MinSearch  = 3
	MaxResults = 10
)

// ErrTooShort says that a search has fewer than MinSearch letters.
var ErrTooShort = errors.New("search: too short")

// Search finds citizens of an organisation who have a power that stands now, by name or birth date: every word typed must begin a word
// of the name. At most MaxResults, in the order of their names. Whoever shows the result records that it was asked for.
func (r *Register) Search(ctx context.Context, q Querier, organisation uuid.UUID, query string, now time.Time) ([]Citizen, error) {
	s := Seek(query)
	if s.Letters() < MinSearch && !s.Dated() {
		return nil, ErrTooShort
	}
	ids, err := r.fitting(ctx, q, organisation, s, `c.id in (select p.citizen_id from mandate_power p where p.organisation_id = $1 and p.state = 'standing' and p.suspended_at is null and p.starts_at <= $2 and p.ends_at > $2)`, now)
	if err != nil {
		return nil, fmt.Errorf("search citizens: %w", err)
	}
	rows, err := q.Query(ctx, `select id, data_key, identity, identified_at from citizen where organisation_id = $1 and id = any ($2)`, organisation, ids)
	if err != nil {
		return nil, fmt.Errorf("search citizens: %w", err)
	}
	out, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (Citizen, error) {
		var s Sealed
		if err := row.Scan(s.Fields()...); err != nil {
			return Citizen{}, err
		}
		return r.Open(s)
	})
	if err != nil {
		return nil, fmt.Errorf("search citizens: %w", err)
	}
	slices.SortFunc(out, func(a, b Citizen) int {
		return cmp.Or(cmp.Compare(a.Identity.FamilyName, b.Identity.FamilyName), cmp.Compare(a.Identity.GivenName, b.Identity.GivenName), cmp.Compare(a.Identity.Birthdate, b.Identity.Birthdate),
			cmp.Compare(a.Identity.BornTown, b.Identity.BornTown), bytes.Compare(a.ID[:], b.ID[:]))
	})
	return out[:min(len(out), MaxResults)], nil
}

// Matching finds the ids of all citizens of an organisation whom what was typed fits, in no order. Whoever shows who they are records it.
func (r *Register) Matching(ctx context.Context, q Querier, organisation uuid.UUID, s Sought) ([]uuid.UUID, error) {
	ids, err := r.fitting(ctx, q, organisation, s, `true`)
	if err != nil {
		return nil, fmt.Errorf("search citizens: %w", err)
	}
	return ids, nil
}

// packedSize is of one citizen: the id, the row's version, and whether the condition fits.
const packedSize = 16 + 4 + 1

// fitting finds the ids of those citizens c of an organisation ($1) whom what was typed fits, and a further condition of ours with its values.
//
// Names are encrypted, and an index over them would tell what they are, so an organisation's rows are opened and compared here. Whose row is as it was
// when it was opened for an earlier search is compared by what that one kept.
func (r *Register) fitting(ctx context.Context, q Querier, organisation uuid.UUID, s Sought, condition string, values ...any) ([]uuid.UUID, error) {
	// All in one value: twenty thousand rows of two columns take longer to send and to read than to find.
	var packed []byte
	err := q.QueryRow(ctx, `select coalesce(string_agg(uuid_send(c.id) || xidsend(c.xmin) || case when `+condition+` then '\x01'::bytea else '\x00' end, ''), '') from citizen c where c.organisation_id = $1`,
		append([]any{organisation}, values...)...).Scan(&packed)
	if err != nil {
		return nil, err
	}
	known := r.names.in(organisation)
	here := make([]uuid.UUID, 0, len(packed)/packedSize) // who counts, known or not
	var unknown, fit []uuid.UUID
	may := map[uuid.UUID]bool{} // of those unknown, who fits the condition
	for ; len(packed) >= packedSize; packed = packed[packedSize:] {
		id, version, fits := uuid.UUID(packed[:16]), binary.BigEndian.Uint32(packed[16:]), packed[20] == 1
		here = append(here, id)
		if n, ok := known[id]; !ok || n.version != version {
			unknown = append(unknown, id)
			may[id] = fits
		} else if fits && s.fits(n.folded, n.birthdate) {
			fit = append(fit, id)
		}
	}
	if len(unknown) == 0 && len(known) == len(here) {
		return fit, nil
	}
	fresh, err := r.openNames(ctx, q, organisation, unknown, len(unknown) > len(here)/2)
	if err != nil {
		return nil, err
	}
	people := make(map[uuid.UUID]name, len(here))
	for _, id := range here {
		n, ok := fresh[id]
		if !ok {
			n = known[id]
		} else if may[id] && s.fits(n.folded, n.birthdate) {
			fit = append(fit, id)
		}
		people[id] = n
	}
	r.names.keep(organisation, people)
	return fit, nil
}
