package app_test

import (
	"encoding/hex"

	"mandat/internal/fixture"
	"mandat/internal/report"
)

func (s *stage) reports() *report.Register {
	return report.New(s.site.DB, s.site.Journal, s.site.Mandates, s.site.Citizens, s.site.Clock)
}

// use is one that the owner declared, of which nobody has given an account.
func (s *stage) use() string {
	id, err := s.reports().Declare(s.ctx(), s.owner.By, s.id("{mandate}"), fixture.Tax, "", report.Paper)
	must(s.t, err)
	return id.String()
}

// shown is the digest of the report that the owner sees in French.
func (s *stage) shown() string {
	r, err := s.reports().Compose(s.ctx(), s.owner.By, s.id("{mandate}"), "fr")
	must(s.t, err)
	return hex.EncodeToString(r.SHA256)
}
