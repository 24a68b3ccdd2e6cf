package app_test

import "mandat/internal/erasure"

// request is that the citizen of a mandate, which has ended, asked to be erased.
func (s *stage) request() string {
	s.t.Helper()
	mandate, citizen := s.id("{mandate}"), s.id("{citizen}")
	must(s.t, s.site.Mandates.End(s.ctx(), s.owner.By, mandate, "citizen"))
	q, err := erasure.New(s.site.DB, s.site.Journal, nil, s.site.Clock, nil).Ask(s.ctx(), s.owner.By, citizen)
	must(s.t, err)
	return q.ID.String()
}
