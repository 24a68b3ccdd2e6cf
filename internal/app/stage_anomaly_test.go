package app_test

import (
	"errors"
	"fmt"
	"time"

	"mandat/internal/anomaly"
	"mandat/internal/draft"
	"mandat/internal/fixture"
)

// alert is one about an aidant to whom five steps were just refused.
func (s *stage) alert() string {
	who := s.site.Aidant(s.t, s.site.Here, fmt.Sprintf("refused-%d-%d", s.n, time.Now().UnixNano()))
	minor := fixture.Citizen(s.n)
	minor.Birthdate = s.site.Clock.Now().AddDate(-10, 0, 0).Format(time.DateOnly)
	for range 5 {
		d, err := s.site.Drafts.Start(s.ctx(), who, fixture.Terms(fixture.Tax))
		must(s.t, err)
		if err := s.site.Drafts.Identify(s.ctx(), who, d.ID, minor, s.site.Clock.Now()); !errors.Is(err, draft.ErrMinor) {
			s.t.Fatal(err)
		}
	}
	register := anomaly.New(s.site.DB, s.site.OpenAuditor(s.t), s.site.Journal, s.site.Keys, s.site.Clock)
	for begun := time.Now(); time.Since(begun) < 20*time.Second; time.Sleep(50 * time.Millisecond) {
		must(s.t, register.Watch(s.ctx()))
		all, err := register.List(s.ctx(), s.site.Sofia, anomaly.Wanted{Person: who.Person}, 1)
		must(s.t, err)
		if len(all) == 1 {
			return all[0].ID.String()
		}
	}
	s.t.Fatal("no alert was found")
	return ""
}
