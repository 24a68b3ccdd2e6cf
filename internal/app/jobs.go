package app

import (
	"context"
	"time"

	"mandat/internal/jobs"
	"mandat/internal/mandate"
)

// periodic lists the jobs that are done again and again, by one server of all.
func (a *App) periodic() []jobs.Periodic {
	return []jobs.Periodic{
		{Name: "compare-mandates", Every: 24 * time.Hour, Run: a.compare},
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
