package app

import (
	"context"

	"mandat/internal/dossier"
	"mandat/internal/retention"
)

// retention says how long things are kept. It holds nothing itself.
func (a *App) retention() *retention.Register {
	return retention.New(a.db, a.journal, a.erasures, a.clock)
}

// keeping lets a job that purges note what it did under the policies that it follows.
func (a *App) keeping(purge func(context.Context) error, keys ...string) func(context.Context) error {
	return func(ctx context.Context) error {
		return a.retention().Do(ctx, func(ctx context.Context, _ retention.Until) error { return purge(ctx) }, keys...)
	}
}

// eraseDue erases the citizens whose time is over.
func (a *App) eraseDue(ctx context.Context) error {
	r := a.retention()
	return r.Do(ctx, r.Erase, retention.Mandates)
}

// purgeTrace forgets devices, where sessions were opened from, and the security log, each after its period.
func (a *App) purgeTrace(ctx context.Context) error {
	return a.retention().Do(ctx, func(ctx context.Context, until retention.Until) error {
		return a.sessions.PurgeTrace(ctx, until("devices"), until("session_origins"), until("security_log"))
	}, "devices", "session_origins", "security_log")
}

// keptForCitizens are the policies of which a citizen is told who asks what is kept about them.
var keptForCitizens = []string{retention.Mandates, "drafts", "consents", "telephones", "mail_links", "messages", "logins", "decisions"}

// keptFor says to a citizen how long things are kept.
func (a *App) keptFor(ctx context.Context, lang string) ([]dossier.Keeping, error) {
	all, err := a.retention().Policies(ctx)
	if err != nil {
		return nil, err
	}
	at := map[string]retention.Policy{}
	for _, p := range all {
		at[p.Key] = p
	}
	var out []dossier.Keeping
	for _, key := range keptForCitizens {
		var k dossier.Keeping
		for _, text := range []struct {
			to    *string
			key   string
			count int
		}{{&k.What, "keep.what." + key, 0}, {&k.HowLong, "keep.unit." + at[key].Unit, at[key].Amount}, {&k.Why, "keep.from." + key, 0}} {
			if *text.to, err = a.pages.Text(lang, text.key, "Count", text.count); err != nil {
				return nil, err
			}
		}
		out = append(out, k)
	}
	return out, nil
}
