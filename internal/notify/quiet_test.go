package notify_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/uuid"

	"mandat/internal/citizen"
	"mandat/internal/db"
	"mandat/internal/fixture"
	"mandat/internal/journal"
	"mandat/internal/mailbox"
	"mandat/internal/mandate"
	"mandat/internal/notify"
	"mandat/internal/org"
	"mandat/internal/report"
)

// agree signs a mandate of somebody who wants to be told by mail, or not.
func (o *office) agree(t *testing.T, by journal.Actor, who citizen.Identity, tell bool) mandate.Mandate {
	t.Helper()
	x := fixture.Terms(fixture.Tax)
	x.Tell = tell
	d, err := o.Drafts.Start(t.Context(), by, x)
	must(t, err)
	must(t, o.Drafts.Identify(t.Context(), by, d.ID, who, o.Clock.Now()))
	m, err := o.Mandates.Sign(t.Context(), by, d.ID, o.Agreed(t, by, d.ID))
	must(t, err)
	return m
}

// number lets a citizen be told of a telephone number.
func (o *office) phone(t *testing.T, m mandate.Mandate) {
	t.Helper()
	must(t, o.DB.Write(t.Context(), db.System(), db.Durable, func(tx *db.Tx) error {
		return notify.Queue(tx, o.Clock.Now(), org.Message{Kind: "phone_verified", About: uuid.NewString(), Citizen: m.Citizen})
	}))
}

// The signature that turns mails off is told, as the last of them; what comes after is not, but a telephone number that can agree for them. By the link they refuse that too.
func TestCitizen_IsToldWhatTurnsMailsOff(t *testing.T) {
	t.Parallel()
	o := telling(t)
	o.agree(t, o.Jeanne, fixture.Angela(), true)
	o.wait(t, angela, "Vous avez donné un mandat")
	m := o.agree(t, o.Jeanne, fixture.Angela(), false)
	told := func(want int) mailbox.Message {
		t.Helper()
		o.ended(t)
		all := o.box.To(angela)
		if len(all) != want {
			t.Fatalf("%d mails, want %d", len(all), want)
		}
		return all[len(all)-1]
	}
	if last := told(2); !strings.Contains(strings.Join(strings.Fields(last.Text), " "), "celui-ci est le dernier") {
		t.Errorf("the last:\n%s", last.Text)
	}
	o.use(t, m, "a use", o.Clock.Now())
	must(t, o.Mandates.End(t.Context(), o.Jeanne, m.ID, "citizen"))
	m = o.agree(t, o.Jeanne, fixture.Angela(), false)
	told(2)
	o.phone(t, m)
	number := told(3)
	if number.Subject != "Un numéro de téléphone peut répondre pour vous / A telephone number can answer for you" || !strings.Contains(strings.Join(strings.Fields(number.Text), " "), "part quand même") {
		t.Errorf("%s\n%s", number.Subject, number.Text)
	}
	secret := strings.TrimPrefix(number.Link(), "https://mandat.example/mails/")
	must(t, o.mails().Refuse(t.Context(), secret, "one_click"))
	o.phone(t, m)
	o.agree(t, o.Jeanne, fixture.Angela(), true)
	told(3)
	must(t, o.mails().Resume(t.Context(), secret))
	o.phone(t, m)
	if number := told(4); strings.Contains(strings.Join(strings.Fields(number.Text), " "), "part quand même") {
		t.Errorf("%s", number.Text)
	}
}

// Who says at their first signature that they want no mails gets none of it: they may fear who reads them. And what was queued before somebody refused stays behind.
func TestCitizen_IsNotToldFromTheFirst(t *testing.T) {
	t.Parallel()
	o := telling(t)
	m := o.agree(t, o.Jeanne, fixture.Angela(), false)
	if o.ended(t); len(o.box.To("")) != 0 {
		t.Errorf("%d mails", len(o.box.To("")))
	}
	before := o.number(t, `select count(*) from notify_message`)
	o.agree(t, o.Ines, fixture.Angela(), true) // another organisation's are another matter
	o.wait(t, angela, "Un autre organisme")
	queued := func(kind string) {
		o.Behind(t, `insert into notify_message (id, kind, about, citizen_id, created_at) select gen_random_uuid(), $2, 'queued', id, mails_refused_at from citizen where id = $1`, m.Citizen, kind)
	}
	work := func() {
		var id uuid.UUID
		must(t, o.Connect(t, o.Superuser).QueryRow(t.Context(), `select id from notify_message where state = 'queued' limit 1`).Scan(&id))
		must(t, o.post.Kind().Work(t.Context(), id, false))
	}
	for _, kind := range []string{"mandate_used", "mandate_signed"} { // before the signature that refuses, or for it
		queued(kind)
		work()
	}
	queued("phone_verified")
	o.Behind(t, `update citizen set mails_refused_signed = false where id = $1`, m.Citizen)
	work()
	if states := o.ended(t); states != fmt.Sprintf("dropped %d, sent 1", before+3) {
		t.Errorf("states %q", states)
	}
}

// A use that is declared is told like one by a login, and not called one.
func TestCitizen_IsToldOfADeclaredUse(t *testing.T) {
	t.Parallel()
	o := telling(t)
	reports := report.New(o.DB, o.Journal, o.Mandates, o.Citizens, o.Clock).Telling(notify.Queue)
	m := o.agree(t, o.Jeanne, fixture.Angela(), true)
	o.wait(t, angela, "Vous avez donné un mandat")
	_, err := reports.Declare(t.Context(), o.Jeanne, m.ID, fixture.Tax, "", report.Telephone)
	must(t, err)
	used := o.wait(t, angela, "Un mandat a servi en votre nom")
	if text := strings.Join(strings.Fields(used.Text), " "); !strings.Contains(text, "C’est elle qui le déclare.") || strings.Contains(text, "connectée") || strings.Contains(text, "revenus") {
		t.Errorf("%s", used.Text)
	}
	must(t, o.mails().Refuse(t.Context(), strings.TrimPrefix(used.Link(), "https://mandat.example/mails/"), "page"))
	_, err = reports.Declare(t.Context(), o.Jeanne, m.ID, fixture.Tax, "", report.Telephone)
	must(t, err)
	if states := o.ended(t); states != "sent 2" {
		t.Errorf("after they refused: %s", states)
	}
}
