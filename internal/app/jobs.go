package app

import (
	"context"
	"strings"
	"time"

	"mandat/internal/comparison"
	"mandat/internal/db"
	"mandat/internal/jobs"
	"mandat/internal/journal"
)

// periodic lists the jobs that are done again and again, by one server of all.
func (a *App) periodic() []jobs.Periodic {
	return []jobs.Periodic{
		{Name: "compare-tables", Every: 24 * time.Hour, Run: a.compare},
		{Name: "digest-security-log", Every: 24 * time.Hour, Run: a.digest},
		{Name: "purge-drafts", Every: 15 * time.Minute, Run: a.purgeDrafts},
		{Name: "purge-sessions", Every: 15 * time.Minute, Run: a.sessions.Purge},
		{Name: "purge-logins", Every: 15 * time.Minute, Run: a.idp.Purge},
	}
}

// compare logs and counts everything that is not what its entries say; somebody must look at each.
func (a *App) compare(ctx context.Context) error {
	found, err := comparison.Run(ctx, a.auditor)
	if err != nil {
		return err
	}
	for _, d := range found {
		a.log.ErrorContext(ctx, "the tables are not what the journal says", "of", d.Of, "id", d.ID, "what", d.What)
	}
	return comparison.Keep(ctx, a.db, comparison.Outcome{At: a.clock.Now(), Differences: len(found)})
}

// digested is what the entry of a day's refusals says.
type digested struct {
	Since    string           `json:"since"`    // midnight UTC of the day
	Refusals map[string]int64 `json:"refusals"` // how often each kind of refusal happened before anybody was signed in
}

// digest puts yesterday's security log into the journal: how often what was refused that day, by UTC. Networks stay in the log, which is
// kept for a year; the entry is for ever.
func (a *App) digest(ctx context.Context) error {
	const day = 24 * time.Hour
	today := a.clock.Now().Truncate(day)
	since := today.Add(-day)
	refusals, err := a.sessions.RefusalsBetween(ctx, since, today, digestRows)
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

func (a *App) purgeDrafts(ctx context.Context) error {
	for {
		n, err := a.mandates.PurgeDrafts(ctx, db.PurgeBatch)
		if err != nil || n < db.PurgeBatch {
			return err
		}
	}
}
