package app_test

import (
	"fmt"
	"strings"

	"github.com/google/uuid"

	"mandat/internal/fixture"
	"mandat/internal/journal"
	"mandat/internal/unsealing"
)

// unsealing is one that waits for Sofia's decision, or, where she does what only who asked may, one that she asked.
func (s *stage) unsealing() string {
	register := unsealing.New(s.site.DB, s.site.Journal, s.site.Keys, s.site.Citizens, s.site.Clock)
	n := 0
	alma := func() journal.Actor {
		n++
		return s.site.Newcomer(s.t, journal.Auditor, uuid.Nil, fmt.Sprintf("alma-%d-%d", s.n, n))
	}
	asker := s.site.Sofia
	asker.FactorAt = s.site.Clock.Now()
	decided := strings.HasSuffix(s.route.Pattern, "/accord") || strings.HasSuffix(s.route.Pattern, "/refus")
	if decided {
		asker = alma()
	}
	citizen := s.site.Sign(s.t, s.owner.By, fixture.Citizen(s.n), fixture.Tax).Citizen
	id, err := register.Ask(s.ctx(), asker, unsealing.Question{Citizen: citizen, Reason: unsealing.Request, Words: "La personne demande qui a agi pour elle."})
	must(s.t, err)
	if strings.HasSuffix(s.route.Pattern, "/fin") || strings.HasSuffix(s.route.Pattern, "/nom") {
		must(s.t, register.Grant(s.ctx(), alma(), id))
	}
	return id.String()
}
