package app

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"mandat/internal/comparison"
	"mandat/internal/db"
	"mandat/internal/jobs"
	"mandat/internal/journal"
	"mandat/internal/journal/inspection"
	"mandat/internal/notify"
	"mandat/internal/org"
)

// periodic lists the jobs that are done again and again, by one server of all.
func (a *App) periodic() []jobs.Periodic {
	return []jobs.Periodic{
		{Name: "compare-tables", Every: 24 * time.Hour, Run: a.compare},
		{Name: "inspect-journal", Every: 24 * time.Hour, Run: a.inspect},
		{Name: "stamp-journal", Every: time.Hour, Run: a.stampJournal},
		{Name: "note-rest", Every: 10 * time.Minute, Run: a.noteRest},
		{Name: "draw-samples", Every: time.Minute, Run: a.samples.Draw},
		{Name: "look-for-anomalies", Every: 10 * time.Minute, Run: a.anomalies.Watch},
		{Name: "look-again-for-anomalies", Every: 24 * time.Hour, Run: a.lookAgain},
		{Name: "count-acts", Every: time.Minute, Run: a.statistics().Count},
		{Name: "publish-figures", Every: time.Hour, Run: a.statistics().Publish},
		{Name: "digest-security-log", Every: 24 * time.Hour, Run: a.digest},
		{Name: "renew-wrapping", Every: time.Hour, Run: a.renewWrapping},
		{Name: "rotate-keys", Every: time.Hour, Run: a.ring.RotateDue},
		{Name: "start-mandates", Every: time.Minute, Run: a.startMandates},
		{Name: "erase-asked", Every: time.Hour, Run: a.erasures.CarryOut},
		{Name: "extend-status-lists", Every: time.Hour, Run: a.receipts.Extend},
		{Name: "purge-drafts", Every: 15 * time.Minute, Run: a.keeping(a.purgeDrafts, "drafts")},
		{Name: "purge-sessions", Every: 15 * time.Minute, Run: a.keeping(a.sessions.Purge, "sessions", "attempts")},
		{Name: "purge-trace", Every: 24 * time.Hour, Run: a.purgeTrace},
		{Name: "erase-due", Every: time.Hour, Run: a.eraseDue},
		{Name: "purge-logins", Every: 15 * time.Minute, Run: a.keeping(a.idp.Purge, "logins", "pushed_requests")},
		{Name: "tell-services", Every: time.Minute, Run: a.provider.services.Sweep},
		{Name: "purge-proofs", Every: 15 * time.Minute, Run: a.keeping(a.provider.purge, "proofs")},
		{Name: "purge-decisions", Every: 24 * time.Hour, Run: a.keeping(a.decisions.Purge, "decisions")},
		{Name: "purge-links", Every: 15 * time.Minute, Run: a.keeping(a.people.links.Purge, "mail_sign_ins")},
		{Name: "purge-phones", Every: time.Hour, Run: a.keeping(a.franceconnect.Purge, "identity_links")},
		{Name: "purge-contacts", Every: 15 * time.Minute, Run: a.keeping(a.office.contacts.Purge, "unshown_contacts", "former_addresses")},
		{Name: "purge-challenges", Every: 15 * time.Minute, Run: a.keeping(counted(a.people.factors.Purge), "challenges", "unfinished_factors")},
		{Name: "purge-allowances", Every: time.Hour, Run: a.keeping(counted(a.office.throttle.Purge), "allowances")},
		{Name: "purge-invitations", Every: 24 * time.Hour, Run: a.keeping(a.people.invitations.Purge, "invitations")},
		{Name: "purge-messages", Every: 24 * time.Hour, Run: a.keeping(a.office.post.Purge, "messages")},
		{Name: "purge-mail-links", Every: 24 * time.Hour, Run: a.keeping(a.office.mails.Purge, "mail_links")},
		{Name: "collect-messages", Every: 10 * time.Minute, Run: a.office.post.Collect},
		{Name: "tell-of-expired-mandates", Every: time.Hour, Run: a.office.post.TellExpired},
		{Name: "do-factor-resets", Every: time.Minute, Run: counted(a.people.factors.DoResets)},
		{Name: "resume-imports", Every: 5 * time.Minute, Run: a.office.certifications.ResumeImports},
		{Name: "remind-of-uses", Every: time.Hour, Run: a.remindOfUses},
		{Name: "expire-consents", Every: time.Minute, Run: counted(a.office.consents.Expire)},
		{Name: "purge-consents", Every: 24 * time.Hour, Run: a.keeping(a.office.consents.Purge, "consents")},
		{Name: "purge-telephones", Every: time.Hour, Run: a.keeping(a.office.phones.Purge, "telephones", "telephone_seats")},
		{Name: "purge-sms-callbacks", Every: 15 * time.Minute, Run: a.keeping(a.office.smsin.Purge, "sms_callbacks")},
		{Name: "carry-out-inquiries", Every: 5 * time.Minute, Run: a.inquiries.CarryOut},
		{Name: "forget-inquiries", Every: 24 * time.Hour, Run: a.keeping(a.inquiries.Purge, "inquiry_words")},
		{Name: "purge-anomalies", Every: 24 * time.Hour, Run: a.keeping(a.anomalies.Purge, "anomaly_words", "anomaly_trials")},
		{Name: "purge-unsealings", Every: 24 * time.Hour, Run: a.keeping(a.unsealings.Purge, "unsealing_words")},
		{Name: "purge-signals", Every: 24 * time.Hour, Run: a.keeping(a.recipients.Purge, "signal_words")},
		{Name: "remind-of-certificates", Every: 10 * time.Minute, Run: a.remind},
		{Name: "tell-of-orphans", Every: time.Hour, Run: a.tellOfOrphans},
		{Name: "inactive-people", Every: 12 * time.Hour, Run: a.inactive},
		{Name: "tell-of-ends", Every: 24 * time.Hour, Run: func(ctx context.Context) error { return a.caseload.TellOfEnds(ctx, notify.Queue) }},
	}
}

// rounds are the jobs of periodic. Those that let things go do nothing while all is to be kept.
func (a *App) rounds() []jobs.Periodic {
	all := a.periodic()
	for i, p := range all {
		action, _, _ := strings.Cut(p.Name, "-")
		if a.config.KeepAll && slices.Contains([]string{"purge", "erase", "forget"}, action) {
			all[i].Run = func(context.Context) error { return nil }
		}
	}
	return all
}

// acts lists the jobs that acts ask for.
func (a *App) acts() []jobs.Kind {
	return []jobs.Kind{a.office.post.Kind(), a.office.certifications.Kind(), a.office.phones.Kind(), a.office.consents.Kind(), a.anomalies.Kind(), a.mandates.Transfers(), a.mandates.EndsOfOthers(), a.provider.services.Kind()}
}

// Do does at once one of the jobs that are done again and again, by its name.
func (a *App) Do(ctx context.Context, name string) error {
	for _, p := range a.rounds() {
		if p.Name == name {
			return p.Run(ctx)
		}
	}
	return fmt.Errorf("there is no job %q", name)
}

// counted forgets how many there were.
func counted(f func(context.Context) (int, error)) func(context.Context) error {
	return func(ctx context.Context) error {
		_, err := f(ctx)
		return err
	}
}

// remind tells people what they are due to be told of their certificates.
func (a *App) remind(ctx context.Context) error {
	due, err := a.office.certifications.Due(ctx)
	if err != nil {
		return err
	}
	all := make([]org.Message, len(due))
	for i, n := range due {
		all[i] = org.Message{Kind: n.Kind, About: n.About, Person: n.Person}
	}
	return a.tellOnce(ctx, all)
}

// remindOfUses tells who owes an account of a use, once a day.
func (a *App) remindOfUses(ctx context.Context) error {
	due, err := a.reports.Due(ctx)
	if err != nil {
		return err
	}
	return a.tellOnce(ctx, due)
}

// tellOfOrphans tells referents of mandates that nobody follows up, once a day.
func (a *App) tellOfOrphans(ctx context.Context) error {
	due, err := a.caseload.TellOfOrphans(ctx)
	if err != nil {
		return err
	}
	return a.tellOnce(ctx, due)
}

// tellOnce queues the messages that were not queued before.
func (a *App) tellOnce(ctx context.Context, all []org.Message) error {
	untold, err := a.office.post.Untold(ctx, all)
	for _, m := range untold {
		err = errors.Join(err, a.db.Write(ctx, db.System(), db.Durable, func(tx *db.Tx) error { return notify.Queue(tx, a.clock.Now(), m) }))
	}
	return err
}

// inactive warns who has not been here for long, and suspends who has not for longer.
func (a *App) inactive(ctx context.Context) error {
	_, warned := a.directory.WarnInactive(ctx, a.clock.Now())
	_, suspended := a.directory.SuspendInactive(ctx, a.clock.Now())
	return errors.Join(warned, suspended)
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

// inspect verifies the whole journal where it lies. Whatever does not fit is told loudly: somebody must look at once.
func (a *App) inspect(ctx context.Context) error {
	found, err := inspection.Run(ctx, a.auditor, a.keys.Journal.Policy(""), a.clock.Now())
	if err != nil {
		return err
	}
	if found.Fault != "" {
		a.log.ErrorContext(ctx, "the journal is not whole: keep a copy of the database as it is, and read \"What the inspection finds\" in the handbook", "fault", found.Fault, "entries", found.Size)
	}
	return inspection.Keep(ctx, a.db, found)
}

// lookAgain makes alerts of what the watch has passed by, and tells it: the watch passes by nothing, unless somebody else writes in its table.
func (a *App) lookAgain(ctx context.Context) error {
	passed, err := a.anomalies.Again(ctx)
	if passed > 0 {
		a.log.ErrorContext(ctx, "anomalies were found that the job look-for-anomalies had passed by: somebody may have written in the table anomaly_watch", "alerts", passed)
	}
	return err
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
	d := digested{Since: journal.TimeText(since), Refusals: map[string]int64{}}
	for _, r := range refusals {
		d.Refusals[strings.ReplaceAll(r.Kind, ".", "_")] += r.Count // an entry's names have no dots
	}
	return a.journal.Record(ctx, journal.Program(), func(*journal.Tx) (journal.Event, error) {
		return journal.Event{Action: "security.digested", Detail: d}, nil
	})
}

// digestRows is the most pairs of network and kind that a digest adds up.
const digestRows = 100_000

// startMandates makes the mandates stand whose first day has come. It goes on with the others when one cannot be started.
func (a *App) startMandates(ctx context.Context) error {
	for {
		n, err := a.mandates.StartDue(ctx, db.PurgeBatch)
		if err != nil || n < db.PurgeBatch {
			return err
		}
	}
}

func (a *App) purgeDrafts(ctx context.Context) error {
	for {
		n, err := a.drafts.Purge(ctx, db.PurgeBatch)
		if err != nil || n < db.PurgeBatch {
			return err
		}
	}
}
