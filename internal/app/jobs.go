package app

import (
	"context"
	"strings"
	"time"

	"mandat/internal/jobs"
	"mandat/internal/journal"
	"mandat/internal/mandate"
)

// periodic lists the jobs that are done again and again, by one server of all.
func (a *App) periodic() []jobs.Periodic {
	return []jobs.Periodic{
		{Name: "compare-mandates", Every: 24 * time.Hour, Run: a.compare},
		{Name: "digest-security-log", Every: 24 * time.Hour, Run: a.digest},
		{Name: "purge-drafts", Every: 15 * time.Minute, Run: a.purgeDrafts},
		{Name: "purge-sessions", Every: 15 * time.Minute, Run: a.sessions.Purge},
		{Name: "purge-logins", Every: 15 * time.Minute, Run: a.idp.Purge},
	}
}

// compare logs and counts every mandate that is not what its entries say; somebody must look at each.
func (a *App) compare(ctx context.Context) error {
	found, err := mandate.Compare(ctx, a.auditor)
	if err != nil {
		return err
	}
	for _, d := range found {
		a.log.ErrorContext(ctx, "a mandate is not what the journal says", "mandate", d.Mandate, "what", d.What)
	}
	a.metrics.differences.Set(float64(len(found)))
	a.metrics.compared.Set(float64(a.clock.Now().Unix()))
	return nil
}

// digested is what the entry of a day's refusals says.
type digested struct {
	Since    string           `json:"since"`
	Refusals map[string]int64 `json:"refusals"` // how often each kind of refusal happened before anybody was signed in
}

// digest puts the security log's day into the journal: how often what was refused. Networks stay in the log, which is
// kept for a year; the entry is for ever.
func (a *App) digest(ctx context.Context) error {
	since := a.clock.Now().Add(-24 * time.Hour)
	refusals, err := a.sessions.RefusalsSince(ctx, since, digestRows)
	if err != nil {
		return err
	}
	d := digested{Since: since.Format(journal.TimeFormat), Refusals: map[string]int64{}}
	for _, r := range refusals {
		d.Refusals[strings.ReplaceAll(r.Kind, ".", "_")] += r.Count // an entry's names have no dots
	}
	return a.journal.Record(ctx, journal.Program(), func(*journal.Tx) (journal.Event, error) {
		return journal.Event{Action: "security.digested", Detail: d}, nil
	})
}

// digestRows is the most pairs of network and kind that a digest adds up.
const digestRows = 100_000

// purgeBatch keeps each deletion short: a long writing transaction would hold the journal's integrator back.
const purgeBatch = 500

func (a *App) purgeDrafts(ctx context.Context) error {
	for {
		n, err := a.mandates.PurgeDrafts(ctx, purgeBatch)
		if err != nil || n < purgeBatch {
			return err
		}
	}
}
