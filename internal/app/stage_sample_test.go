package app_test

import (
	"fmt"
	"strings"
	"time"

	"mandat/internal/journal"
	"mandat/internal/journal/draw"
	"mandat/internal/token"
)

// sample is one that another auditor than Sofia ordered, and that was drawn; where its secret is given it is not. It is not drawn by the rule: there are no witnesses here.
func (s *stage) sample() string {
	by, id, share := s.auditor("tireuse"), token.ID(), ""
	if strings.HasSuffix(s.route.Pattern, "/secret") {
		share = draw.Share(strings.Repeat("ab", 32)).Sum()
	}
	number := 10_000 + s.n
	name := fmt.Sprintf("2026-%d", number)
	var at time.Time
	must(s.t, s.site.Journal.Record(s.ctx(), by, func(tx *journal.Tx) (journal.Event, error) {
		at = tx.Now
		tx.Queue(`insert into sample (id, year, number, state, wanted, bound, ordered_by, ordered_at, ends_at) values ($1, 2026, $2, 'ordered', 1, $3, $4, $5, $6)`, id, number, share != "", by.Person, at, at.Add(draw.Term))
		return journal.Event{Action: "sample.ordered", Detail: draw.Order{Sample: id.String(), Number: name, Wanted: 1, Reason: "routine", Witnesses: []string{"temoin.test/w+01234567"},
			Authorities: []string{"none"}, EndsAt: journal.TimeText(at.Add(draw.Term)), Share: share}}, nil
	}))
	must(s.t, s.site.App.CatchUp(s.ctx()))
	if share != "" {
		return id.String()
	}
	must(s.t, s.site.Journal.Record(s.ctx(), journal.Program(), func(tx *journal.Tx) (journal.Event, error) {
		tx.Queue(`insert into sample_entry (sample_id, index) values ($1, 0)`, id)
		tx.Queue(`update sample set state = 'drawn', place = 1, witnessed = 2, size = 3, stamped_at = ordered_at, population = 1, ended_at = $2 where id = $1`, id, tx.Now)
		return journal.Event{Action: "sample.drawn", Detail: draw.Stated{Sample: id.String(), Number: name, Order: 1, Witnessed: 2, Size: 3, StampedAt: journal.TimeText(at), Population: 1, Places: []int64{0}}}, nil
	}))
	return id.String()
}
