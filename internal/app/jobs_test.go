package app_test

import (
	"strings"
	"testing"
	"time"

	"mandat/internal/apptest"
)

// Every job runs when the program starts, and none fails. A day's refusals go into the journal as numbers: no network,
// nothing that was typed.
func TestJobs(t *testing.T) {
	t.Parallel()
	site := apptest.Start(t, func(o *apptest.Options) {
		o.Before = func(s *apptest.Site) {
			s.Behind(t, `insert into security_event (at, kind, network) values ($1, 'sign_in.unknown', '192.0.2.0/24'), ($1, 'sign_in.unknown', '198.51.100.0/24'), ($1, 'identity.state_used', '192.0.2.0/24')`,
				s.Clock.Now().Truncate(24*time.Hour).Add(-time.Hour)) // yesterday
		}
	})
	const done = `select count(*) from river_job where state = 'completed'`
	eventually(t, "every job is done once", func() bool {
		return site.Number(t, done) == site.Number(t, `select count(*) from river_job`) && site.Number(t, done) >= 5
	})
	bodies := site.Bodies(t)
	if !strings.Contains(bodies, `"identity_state_used":1`) || !strings.Contains(bodies, `"sign_in_unknown":2`) || strings.Contains(bodies, "192.0.2") {
		t.Errorf("the digest is not in the journal:\n%s", bodies)
	}
	if text := metrics(t, site); !strings.Contains(text, "\nmandat_compare_differences 0\n") || strings.Contains(text, "\nmandat_compare_timestamp_seconds 0\n") {
		t.Error("the comparison is not counted")
	}
	if text := metrics(t, site); !strings.Contains(text, "\nmandat_journal_whole 1\n") || strings.Contains(text, "\nmandat_journal_inspection_timestamp_seconds 0\n") {
		t.Error("the inspection of the journal is not told")
	}
}
