package citizen

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// Limits of a search: enough to find the person who sits there, too little to copy the list.
const (
	MinSearch  = 3
	MaxResults = 10
)

// ErrTooShort says that a search has fewer than MinSearch letters.
var ErrTooShort = errors.New("search: too short")

// Search finds citizens of an organisation who have a power that stands now, by name: every word typed must begin a word
// of the name. At most MaxResults, in the order of their names.
//
// The organisation's rows are opened and compared here: names are encrypted, and an index over them would tell what they
// are. 20,000 citizens take about as long as a page. Whoever shows the result records that it was asked for.
func (r *Register) Search(ctx context.Context, q Querier, organisation uuid.UUID, query string, now time.Time) ([]Citizen, error) {
	words := fold(query)
	if len([]rune(strings.Join(words, ""))) < MinSearch {
		return nil, ErrTooShort
	}
	var out []Citizen
	rows, err := q.Query(ctx, `select c.id, c.data_key, c.identity, c.identified_at from citizen c where c.organisation_id = $1
			and exists (select from mandate_power p where p.organisation_id = $1 and p.citizen_id = c.id and p.state = 'standing' and p.starts_at <= $2 and p.ends_at > $2)`, organisation, now)
	if err != nil {
		return nil, fmt.Errorf("search citizens: %w", err)
	}
	var s Sealed
	_, err = pgx.ForEachRow(rows, s.Fields(), func() error {
		c, err := r.Open(s)
		if err == nil && c.Identity.matches(words) {
			out = append(out, c)
		}
		s = Sealed{}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("search citizens: %w", err)
	}
	slices.SortFunc(out, func(a, b Citizen) int {
		return cmp.Or(cmp.Compare(a.Identity.FamilyName, b.Identity.FamilyName), cmp.Compare(a.Identity.GivenName, b.Identity.GivenName), cmp.Compare(a.Identity.Birthdate, b.Identity.Birthdate))
	})
	return out[:min(len(out), MaxResults)], nil
}

// matches reports whether each word begins some word of the name.
func (i Identity) matches(words []string) bool {
	name := fold(i.GivenName + " " + i.FamilyName + " " + i.PreferredUsername)
	for _, word := range words {
		if !slices.ContainsFunc(name, func(part string) bool { return strings.HasPrefix(part, word) }) {
			return false
		}
	}
	return true
}
