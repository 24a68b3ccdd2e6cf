package notify_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"mandat/internal/citizen"
	"mandat/internal/db"
	"mandat/internal/fixture"
	"mandat/internal/journal"
	"mandat/internal/mailbox"
	"mandat/internal/mandate"
	"mandat/internal/notify"
	"mandat/internal/org"
	"mandat/internal/throttle"
	"mandat/internal/token"
)

const angela = "angela@exemple.invalid"

// telling is an office whose mandates are told.
func telling(t *testing.T, change ...func(*notify.Config)) *office {
	t.Helper()
	o := open(t, change...)
	o.Mandates = o.Mandates.Telling(notify.Queue)
	return o
}

func (o *office) mails() *citizen.Mails {
	return citizen.NewMails(o.DB, o.Journal, throttle.New(o.DB, o.Clock), o.Clock)
}

// use queues what a use queues.
func (o *office) use(t *testing.T, m mandate.Mandate, login string, at time.Time) {
	t.Helper()
	must(t, o.DB.Write(t.Context(), db.System(), db.Durable, func(tx *db.Tx) error {
		return notify.Queue(tx, at, org.Message{Kind: "mandate_used", About: login, Citizen: m.Citizen, Mandate: m.ID})
	}))
}

func (o *office) number(t *testing.T, sql string, args ...any) (n int) {
	t.Helper()
	must(t, o.Connect(t, o.Superuser).QueryRow(t.Context(), sql, args...).Scan(&n))
	return n
}

// A citizen with an address is told of the signature, of each use, and of the end, each once; and the message names nobody but the organisation.
func TestCitizen_IsTold(t *testing.T) {
	t.Parallel()
	o := telling(t)
	m := o.Sign(t, o.Jeanne, fixture.Angela(), fixture.Tax, fixture.Housing)
	signed := o.wait(t, angela, "Vous avez donné un mandat")
	for range 2 {
		o.use(t, m, "login-1", o.Clock.Now())
	}
	used := o.wait(t, angela, "Un mandat a servi en votre nom")
	must(t, o.Mandates.EndPower(t.Context(), o.Jeanne, m.ID, fixture.Housing, "", "completed"))
	part := o.wait(t, angela, "Une partie d’un mandat a pris fin")
	must(t, o.Mandates.End(t.Context(), o.Jeanne, m.ID, "citizen"))
	ended := o.wait(t, angela, "Un mandat a pris fin")
	if states := o.ended(t); states != "sent 4" || len(o.box.To("")) != 4 {
		t.Errorf("%s, %d arrived", states, len(o.box.To("")))
	}
	for _, mail := range []mailbox.Message{signed, used, part, ended} {
		link := "https://mandat.example/mails/"
		secret := strings.TrimPrefix(mail.Link(), link)
		if choice, err := o.mails().Choice(t.Context(), secret); err != nil || choice != citizen.MailsAll {
			t.Errorf("the link %s: %s, %v", mail.Link(), choice, err)
		}
		if mail.Headers["List-Unsubscribe"] != "<"+link+secret+">" || mail.Headers["List-Unsubscribe-Post"] != "List-Unsubscribe=One-Click" || mail.Lang != "fr, en" {
			t.Errorf("headers %v", mail.Headers)
		}
		for _, never := range []string{"DUBOIS", "Angela", "1962", "24 août", "angela-sub", "impôt", "Impôt", "tax", "logement", fixture.Tax, fixture.Housing, m.ID.String(), m.Citizen.String(), "jeanne", "Jeanne"} {
			if strings.Contains(mail.Subject+mail.Text+mail.HTML, never) {
				t.Errorf("%s tells %q", mail.Subject, never)
			}
		}
	}
	var rows string
	must(t, o.Connect(t, o.Superuser).QueryRow(t.Context(), `select (select string_agg(j::text, ' ') from river_job j) || (select string_agg(m::text, ' ') from notify_message m)`).Scan(&rows))
	for _, private := range []string{angela, "DUBOIS", "Angela", "mandat.example/mails/"} {
		if strings.Contains(rows, private) {
			t.Errorf("the rows hold %q", private)
		}
	}
}

// Who has no address, who refused, who is unknown or erased by then: nobody, and no failure.
func TestCitizen_IsNobody(t *testing.T) {
	t.Parallel()
	o := telling(t)
	without := fixture.Citizen(1)
	without.Email = ""
	m := o.Sign(t, o.Jeanne, without, fixture.Tax)
	o.use(t, m, "one", o.Clock.Now())
	o.use(t, mandate.Mandate{ID: m.ID, Citizen: uuid.New()}, "two", o.Clock.Now())
	if n := o.number(t, `select count(*) from notify_message`); n != 0 {
		t.Errorf("%d messages to nobody are queued", n)
	}
	o.Behind(t, `update citizen set has_email = true where id = $1`, m.Citizen) // nobody has looked since the column came
	o.use(t, m, "three", o.Clock.Now())
	if states := o.ended(t); states != "dropped 1" {
		t.Errorf("without an address: %s", states)
	}
	known := o.Sign(t, o.Jeanne, fixture.Angela(), fixture.Tax)
	o.wait(t, angela, "Vous avez donné un mandat")
	erase := func(sql string, args ...any) {
		t.Helper()
		o.Behind(t, `insert into notify_message (id, kind, about, citizen_id, mandate_id, created_at) values (gen_random_uuid(), 'mandate_used', gen_random_uuid()::text, $1, $2, now())`, known.Citizen, known.ID)
		o.Behind(t, sql, args...)
		var id uuid.UUID
		must(t, o.Connect(t, o.Superuser).QueryRow(t.Context(), `select id from notify_message where state = 'queued'`).Scan(&id))
		must(t, o.post.Kind().Work(t.Context(), id, false))
	}
	erase(`update citizen set data_key = '' where id = $1`, known.Citizen)
	erase(`update notify_message set citizen_id = gen_random_uuid() where state = 'queued'`)
	if states := o.ended(t); states != "dropped 3, sent 1" || len(o.box.To("")) != 1 {
		t.Errorf("erased, unknown: %s, %d arrived", states, len(o.box.To("")))
	}
}

// Refusing the mails of one organisation leaves the other's, and stops what is queued already; taken back, they come again.
func TestCitizen_RefusesOneOrganisation(t *testing.T) {
	t.Parallel()
	o := telling(t)
	here, there := o.Sign(t, o.Jeanne, fixture.Angela(), fixture.Tax), o.Sign(t, o.Ines, fixture.Angela(), fixture.Tax)
	first := o.wait(t, angela, "Maison France Services")
	o.wait(t, angela, "Un autre organisme")
	o.ended(t)
	secret := strings.TrimPrefix(first.Link(), "https://mandat.example/mails/")
	must(t, o.mails().Refuse(t.Context(), secret, "page"))
	o.Behind(t, `insert into notify_message (id, kind, about, citizen_id, mandate_id, created_at) values ($3, 'mandate_used', 'queued before', $1, $2, now())`, here.Citizen, here.ID, token.ID())
	var waiting uuid.UUID
	must(t, o.Connect(t, o.Superuser).QueryRow(t.Context(), `select id from notify_message where state = 'queued'`).Scan(&waiting))
	must(t, o.post.Kind().Work(t.Context(), waiting, false))
	o.use(t, here, "one", o.Clock.Now())
	o.use(t, there, "two", o.Clock.Now())
	o.wait(t, angela, "Un mandat a servi en votre nom")
	if states := o.ended(t); states != "dropped 1, sent 3" || len(o.box.To(angela)) != 3 {
		t.Errorf("%s, %d arrived", states, len(o.box.To(angela)))
	}
	must(t, o.mails().Resume(t.Context(), secret))
	must(t, o.Mandates.End(t.Context(), o.Jeanne, here.ID, "completed"))
	o.wait(t, angela, "Un mandat a pris fin")
	if states := o.ended(t); states != "dropped 1, sent 4" {
		t.Error(states)
	}
}

// A mandate whose time is over is told once by the job, and not when its power is ended later by an act that meets it; what ended long ago is not told.
func TestCitizen_IsToldThatTheTimeIsOver(t *testing.T) {
	t.Parallel()
	o := telling(t)
	m := o.Sign(t, o.Jeanne, fixture.Angela(), fixture.Tax)
	other := o.Sign(t, o.Jeanne, fixture.Citizen(1), fixture.Tax)
	ended := o.Sign(t, o.Jeanne, fixture.Citizen(2), fixture.Tax)
	must(t, o.Mandates.End(t.Context(), o.Jeanne, ended.ID, "citizen"))
	for range 2 { // the second takes the place of the first, of which its mail tells
		o.Sign(t, o.Jeanne, fixture.Citizen(3), fixture.Tax)
	}
	must(t, o.post.TellExpired(t.Context()))
	o.ended(t)
	count := func() int {
		return o.number(t, `select count(*) from notify_message where kind = 'mandate_ended' and mandate_id <> $1`, ended.ID)
	}
	if n := count(); n != 0 {
		t.Fatalf("%d told before their time is over", n)
	}
	o.Clock.Advance(time.Until(m.EndsAt) + time.Minute)
	for range 2 {
		must(t, o.post.TellExpired(t.Context()))
	}
	if n := count(); n != 3 {
		t.Errorf("%d messages about three mandates", n)
	}
	jeanne := o.Jeanne
	jeanne.FactorAt = o.Clock.Now()
	o.Sign(t, jeanne, fixture.Angela(), fixture.Tax) // ends the power that expired
	must(t, o.post.TellExpired(t.Context()))
	must(t, o.post.Purge(t.Context()))
	must(t, o.post.TellExpired(t.Context()))
	o.ended(t)
	if n := count(); n != 3 {
		t.Errorf("%d messages about three mandates, after another act", n)
	}
	text := o.wait(t, angela, "Un mandat a pris fin").Text
	if !strings.Contains(strings.Join(strings.Fields(text), " "), "sa durée est écoulée") {
		t.Errorf("%s", text)
	}
	o.Clock.Advance(200 * 24 * time.Hour)
	must(t, o.post.Purge(t.Context()))
	must(t, o.post.TellExpired(t.Context()))
	if n := o.number(t, `select count(*) from notify_message where kind = 'mandate_ended' and mandate_id = $1`, other.ID); n != 0 {
		t.Errorf("%d messages about what ended half a year ago", n)
	}
}

// Of many uses at once the first are told one by one, in whatever order the jobs run, and the others together in one message.
func TestCitizen_ABurstOfUses(t *testing.T) {
	t.Parallel()
	o := telling(t)
	m := o.Sign(t, o.Jeanne, fixture.Angela(), fixture.Tax)
	o.ended(t)
	now := o.Clock.Now()
	var wg sync.WaitGroup
	for n := range 10 {
		wg.Go(func() { o.use(t, m, fmt.Sprintf("login-%d", n), now.Add(time.Duration(n)*time.Minute)) })
	}
	wg.Wait()
	o.ended(t)
	told := func() int { return len(o.box.To(angela)) }
	if n, held := told(), o.number(t, `select count(*) from notify_message where state = 'held'`); n != 1+4 || held != 6 {
		t.Fatalf("%d mails, %d held", n, held)
	}
	must(t, o.post.Collect(t.Context()))
	if n := o.number(t, `select count(*) from notify_message where kind = 'mandate_uses'`); n != 0 {
		t.Error("collected at once")
	}
	o.Clock.Advance(2 * time.Hour)
	for range 2 {
		must(t, o.post.Collect(t.Context()))
	}
	mail := o.wait(t, angela, "plusieurs fois en votre nom")
	if text := strings.Join(strings.Fields(mail.Text), " "); !strings.Contains(text, "6 fois, la première le") || !strings.Contains(text, "6 times, the first one on") {
		t.Errorf("%s", mail.Text)
	}
	if states := o.ended(t); states != "collected 6, sent 6" || told() != 6 {
		t.Errorf("%s, %d arrived", states, told())
	}
	o.use(t, m, "the next day", o.Clock.Now())
	if states := o.ended(t); states != "collected 6, sent 7" {
		t.Errorf("after the burst: %s", states)
	}
}

// What fails is tried again with the same Message-ID and another link, and the link of before stays good: both are for the same word.
func TestCitizen_IsToldAgainAfterAFailure(t *testing.T) {
	t.Parallel()
	o := telling(t)
	o.box.Answer(angela, 451)
	o.Sign(t, o.Jeanne, fixture.Angela(), fixture.Tax)
	mail := o.wait(t, angela, "Vous avez donné un mandat")
	if states := o.ended(t); states != "sent 1" || strings.Contains(o.log.String(), angela) {
		t.Errorf("%s: %s", states, o.log)
	}
	if n := o.number(t, `select count(*) from citizen_mails_link`); n != 2 || mail.Link() == "" {
		t.Errorf("%d links", n)
	}
}

// An act that fails tells nobody; and whoever does not open is a failure that somebody sees, not silence.
func TestCitizen_NoActNoMail(t *testing.T) {
	t.Parallel()
	o := telling(t)
	m := o.Sign(t, o.Jeanne, fixture.Angela(), fixture.Tax)
	o.ended(t)
	broken := errors.New("broken")
	err := o.Journal.Record(t.Context(), o.Jeanne, func(tx *journal.Tx) (journal.Event, error) {
		return journal.Event{}, errors.Join(notify.Tell(tx, org.Message{Kind: "mandate_used", About: "x", Citizen: m.Citizen, Mandate: m.ID}), broken)
	})
	if n := o.number(t, `select count(*) from notify_message where kind = 'mandate_used'`); !errors.Is(err, broken) || n != 0 {
		t.Errorf("%d messages of an act that failed, %v", n, err)
	}
	// Another organisation's act cannot tell this one's citizen anything.
	must(t, o.DB.Write(t.Context(), db.InOrganisation(o.Elsewhere), db.Durable, func(tx *db.Tx) error {
		return notify.Queue(tx, o.Clock.Now(), org.Message{Kind: "mandate_used", About: "y", Citizen: m.Citizen, Mandate: m.ID})
	}))
	if n := o.number(t, `select count(*) from notify_message where kind = 'mandate_used'`); n != 0 {
		t.Errorf("%d messages from another organisation", n)
	}
	o.Behind(t, `insert into notify_message (id, kind, about, citizen_id, mandate_id, created_at) values (gen_random_uuid(), 'mandate_used', 'z', $1, $2, now())`, m.Citizen, m.ID)
	o.Behind(t, `update citizen set data_key = '\x00' where id = $1`, m.Citizen)
	var id uuid.UUID
	must(t, o.Connect(t, o.Superuser).QueryRow(t.Context(), `select id from notify_message where about = 'z'`).Scan(&id))
	if err := o.post.Kind().Work(t.Context(), id, false); err == nil {
		t.Error("a citizen who does not open is passed by in silence")
	}
	o.Behind(t, `delete from notify_message where about = 'z'`)
}
