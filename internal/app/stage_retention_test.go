package app_test

import (
	"strconv"
	"time"

	"mandat/internal/erasure"
	"mandat/internal/retention"
)

// amount is another period of the security log than the one there is.
func (s *stage) amount() string {
	return strconv.Itoa(s.site.Number(s.t, `select case when amount = 12 then 11 else 12 end from retention_policy where key = 'security_log'`))
}

// trial is a dry run of that period by an administrator.
func (s *stage) trial() string {
	n, err := strconv.Atoi(s.amount())
	must(s.t, err)
	trial, err := retention.New(s.site.DB, s.site.Journal, nil, s.site.Clock).Try(s.ctx(), fresh(s.site, s.site.Adele), "security_log", n)
	must(s.t, err)
	return trial.ID.String()
}

// hold keeps what is about the citizen of the stage.
func (s *stage) hold() string {
	h, err := erasure.New(s.site.DB, s.site.Journal, nil, s.site.Clock, nil).MakeHold(s.ctx(), fresh(s.site, s.site.Adele), erasure.Who{Organisation: s.site.Here, Citizen: s.id("{citizen}")}, "litigation", s.site.Clock.Now().AddDate(0, 1, 0))
	must(s.t, err)
	return h.ID.String()
}

func (s *stage) soon() string {
	return s.site.Clock.Now().UTC().AddDate(0, 1, 0).Format(time.DateOnly)
}
