package notify_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"mandat/internal/db"
	"mandat/internal/erasure"
	"mandat/internal/fixture"
	"mandat/internal/notify"
	"mandat/internal/org"
	"mandat/internal/prose"
)

// A citizen who asked to be erased is told so at their address while it is there: when it will be done, and that nothing else will come.
func TestCitizen_IsToldThatTheyAskedToBeErased(t *testing.T) {
	t.Parallel()
	o := telling(t)
	m := o.Sign(t, o.Jeanne, fixture.Angela(), fixture.Tax)
	o.wait(t, angela, "Vous avez donné un mandat")
	must(t, o.Mandates.End(t.Context(), o.Jeanne, m.ID, "citizen"))
	o.wait(t, angela, "Un mandat a pris fin")
	by := o.Jeanne
	by.FactorAt = o.Clock.Now()
	register := erasure.New(o.DB, o.Journal, nil, o.Clock, nil).Telling(notify.Queue)
	q, err := register.Ask(t.Context(), by, m.Citizen)
	must(t, err)
	told := o.wait(t, angela, "Vous avez demandé l’effacement de vos données")
	text := strings.NewReplacer("\u00a0", " ", "\u202f", " ").Replace(strings.Join(strings.Fields(told.Text), " "))
	due := strings.NewReplacer("\u00a0", " ", "\u202f", " ").Replace(prose.Date("fr", q.DueAt))
	if !strings.Contains(text, "effacées le "+due) || strings.Contains(text, "/mails/") || strings.Contains(text, "DUBOIS") || q.DueAt.Before(o.Clock.Now().AddDate(5, 11, 0)) {
		t.Errorf("due %v:\n%s", q.DueAt.Format(time.RFC3339), told.Text)
	}
	// What was taken back before the message went is not told.
	must(t, register.TakeBack(t.Context(), by, q.ID))
	o.Behind(t, `insert into notify_message (id, kind, channel, about, citizen_id, created_at) values (gen_random_uuid(), 'erasure_asked', 'mail', 'again', $1, now())`, m.Citizen)
	var id uuid.UUID
	must(t, o.Connect(t, o.Superuser).QueryRow(t.Context(), `select id from notify_message where about = 'again'`).Scan(&id))
	must(t, o.post.Kind().Work(t.Context(), id, false))
	if n := o.number(t, `select count(*) from notify_message where about = 'again' and state = 'dropped'`); n != 1 {
		t.Error("it is told that an erasure was asked for that was taken back")
	}
}

// Who wants no mails is told what guards them when a signature said so, and of that signature; nothing when they said so by the link of a mail themselves.
func TestQueue_ForWhoWantsNoMails(t *testing.T) {
	t.Parallel()
	o := telling(t)
	m := o.Sign(t, o.Jeanne, fixture.Angela(), fixture.Tax)
	now := o.Clock.Now().Truncate(time.Microsecond)
	for name, x := range map[string]struct {
		kind           string
		signed         bool
		refused, since time.Time // no mails, and the citizen is known
		want           int
	}{
		"a number, by a signature":    {"phone_verified", true, now.Add(-time.Hour), now.Add(-2 * time.Hour), 1},
		"a number, by a link":         {"phone_verified", false, now.Add(-time.Hour), now.Add(-2 * time.Hour), 0},
		"an erasure, by a signature":  {"erasure_asked", true, now.Add(-time.Hour), now.Add(-2 * time.Hour), 0},
		"a use, at the signature":     {"mandate_used", true, now, now.Add(-2 * time.Hour), 0},
		"that signature":              {"mandate_signed", true, now, now.Add(-2 * time.Hour), 1},
		"that signature, by a link":   {"mandate_signed", false, now, now.Add(-2 * time.Hour), 0},
		"a later signature":           {"mandate_signed", true, now.Add(-time.Hour), now.Add(-2 * time.Hour), 0},
		"that signature, their first": {"mandate_signed", true, now, now, 0},
	} {
		o.Behind(t, `update citizen set mails_refused_at = $2, mails_refused_signed = $3, created_at = $4 where id = $1`, m.Citizen, x.refused, x.signed, x.since)
		must(t, o.DB.Write(t.Context(), db.InOrganisation(o.Here), db.Durable, func(tx *db.Tx) error {
			return notify.Queue(tx, now, org.Message{Kind: x.kind, About: name, Citizen: m.Citizen, Mandate: m.ID})
		}))
		if n := o.number(t, `select count(*) from notify_message where about = $1`, name); n != x.want {
			t.Errorf("%s: %d messages", name, n)
		}
	}
}
