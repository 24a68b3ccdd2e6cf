package citizen_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"mandat/internal/citizen"
	"mandat/internal/db"
	"mandat/internal/fixture"
	"mandat/internal/journal"
	"mandat/internal/mandate"
	"mandat/internal/throttle"
)

// letters is a world in which citizens have mails.
type letters struct {
	*fixture.World
	mails *citizen.Mails
}

func newLetters(t *testing.T) *letters {
	t.Helper()
	w := fixture.New(t)
	return &letters{w, citizen.NewMails(w.DB, w.Journal, throttle.New(w.DB, w.Clock), w.Clock)}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (l *letters) link(t *testing.T, m mandate.Mandate) string {
	t.Helper()
	secret, err := l.mails.Link(t.Context(), m.Citizen)
	must(t, err)
	return secret
}

func (l *letters) number(t *testing.T, sql string, args ...any) (n int) {
	t.Helper()
	must(t, l.Connect(t, l.Superuser).QueryRow(t.Context(), sql, args...).Scan(&n))
	return n
}

func (l *letters) refused(t *testing.T, secret string, want bool) {
	t.Helper()
	if got, err := l.mails.Choice(t.Context(), secret); err != nil || (got == citizen.MailsNone) != want {
		t.Errorf("%s, %v, want refused: %t", got, err, want)
	}
}

// same fails if the comparison names somebody.
func (l *letters) same(t *testing.T, want int) {
	t.Helper()
	if found, err := citizen.Compare(t.Context(), l.OpenAuditor(t)); err != nil || len(found) != want {
		t.Errorf("the comparison names %v, %v", found, err)
	}
}

// A link refuses the mails about what one organisation does, and no other's; each change is one entry, which names nobody who did it.
func TestMails_AreRefusedForOneOrganisation(t *testing.T) {
	t.Parallel()
	l := newLetters(t)
	here, there := l.Sign(t, l.Jeanne, fixture.Angela(), fixture.Tax), l.Sign(t, l.Ines, fixture.Angela(), fixture.Tax)
	secret, other := l.link(t, here), l.link(t, there)
	l.refused(t, secret, false)
	for range 2 { // a second time does nothing
		must(t, l.mails.Refuse(t.Context(), secret, "one_click"))
	}
	l.refused(t, secret, true)
	l.refused(t, other, false)
	if _, err := l.mails.Link(t.Context(), here.Citizen); !errors.Is(err, db.ErrNotFound) {
		t.Errorf("a link for a mail that nobody wants: %v", err)
	}
	l.same(t, 0)
	must(t, l.mails.Resume(t.Context(), secret))
	l.refused(t, secret, false)
	l.same(t, 0)
	if n := l.number(t, `select count(*) from journal_entry where citizen_id = $1 and organisation_id = $2 and person_id is null and action like 'citizen.mails%'
		and body::jsonb -> 'by' ->> 'kind' = 'system' and body::jsonb -> 'detail' ->> 'with' = case action when 'citizen.mails_refused' then 'one_click' else 'page' end`, here.Citizen, l.Here); n != 2 {
		t.Errorf("%d entries", n)
	}
}

func TestMails_ALinkIsOneThatWasMade(t *testing.T) {
	t.Parallel()
	l := newLetters(t)
	m := l.Sign(t, l.Jeanne, fixture.Angela(), fixture.Tax)
	secret := l.link(t, m)
	if n := l.number(t, `select count(*) from citizen_mails_link where strpos(citizen_mails_link::text, $1) > 0`, secret); n != 0 || len(secret) < 22 {
		t.Errorf("the table holds a link's secret, or it is short: %d, %d", n, len(secret))
	}
	for _, wrong := range []string{"", "x", secret + "x", strings.ToLower(secret)} {
		_, err := l.mails.Choice(t.Context(), wrong)
		if refuse := l.mails.Refuse(t.Context(), wrong, "page"); !errors.Is(err, db.ErrNotFound) || !errors.Is(refuse, db.ErrNotFound) || !errors.Is(l.mails.Resume(t.Context(), wrong), db.ErrNotFound) {
			t.Errorf("%q: %v, %v", wrong, err, refuse)
		}
	}
	if _, err := l.mails.Link(t.Context(), uuid.New()); !errors.Is(err, db.ErrNotFound) {
		t.Errorf("a link for nobody: %v", err)
	}
	l.Clock.Advance(citizen.LinkLife - time.Minute)
	must(t, l.mails.Purge(t.Context()))
	l.refused(t, secret, false)
	l.Clock.Advance(2 * time.Minute)
	if _, err := l.mails.Choice(t.Context(), secret); !errors.Is(err, db.ErrNotFound) {
		t.Errorf("a link that is over: %v", err)
	}
	must(t, l.mails.Purge(t.Context()))
	if n := l.number(t, `select count(*) from citizen_mails_link`); n != 0 {
		t.Errorf("%d links are left", n)
	}
}

func TestMails_WhoCannotDecideWaits(t *testing.T) {
	t.Parallel()
	l := newLetters(t)
	secret := l.link(t, l.Sign(t, l.Jeanne, fixture.Angela(), fixture.Tax))
	var err error
	for n := 0; n < 10 && err == nil; n++ {
		if n%2 == 0 {
			err = l.mails.Refuse(t.Context(), secret, "page")
		} else {
			err = l.mails.Resume(t.Context(), secret)
		}
	}
	must(t, err)
	if _, waits := errors.AsType[throttle.WaitError](l.mails.Refuse(t.Context(), secret, "page")); !waits {
		t.Error("somebody writes as many entries as they like")
	}
	l.Clock.Advance(time.Hour + time.Second)
	must(t, l.mails.Refuse(t.Context(), secret, "page"))
}

// Two who click at the same instant refuse once: the second sees what the first said, because it waited for the row.
func TestMails_TwoAtOnce(t *testing.T) {
	t.Parallel()
	l := newLetters(t)
	m := l.Sign(t, l.Jeanne, fixture.Angela(), fixture.Tax)
	secret := l.link(t, m)
	holder, err := l.Connect(t, l.Superuser).Begin(t.Context())
	must(t, err)
	_, err = holder.Exec(t.Context(), `select from citizen where id = $1 for update`, m.Citizen)
	must(t, err)
	ends := make(chan error)
	for range 2 {
		go func() { ends <- l.mails.Refuse(context.WithoutCancel(t.Context()), secret, "page") }()
	}
	for deadline := time.Now().Add(time.Minute); l.number(t, `select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`) < 2; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the two do not wait")
		}
	}
	must(t, holder.Rollback(t.Context()))
	for range 2 {
		if err := <-ends; err != nil {
			t.Error(err)
		}
	}
	if n := l.number(t, `select count(*) from journal_entry where action = 'citizen.mails_refused'`); n != 1 {
		t.Errorf("%d entries", n)
	}
}

// What a citizen says when a mandate is drawn up counts from its signature on, and whether there is an address is known without opening it.
func TestMails_AtTheSignature(t *testing.T) {
	t.Parallel()
	l := newLetters(t)
	who := fixture.Angela()
	m := l.Sign(t, l.Jeanne, who, fixture.Tax)
	say := func(wanted bool) {
		must(t, l.Journal.Record(t.Context(), l.Jeanne, func(tx *journal.Tx) (journal.Event, error) {
			l.Citizens.SetMails(tx, m.Citizen, wanted)
			return journal.Event{Action: "mandate.signed", Citizen: m.Citizen, Mandate: m.ID, Detail: struct {
				Mails bool `json:"mails"`
			}{wanted}}, nil
		}))
		if n := l.number(t, `select count(*) from citizen where id = $1 and (mails_refused_at is null) = $2`, m.Citizen, wanted); n != 1 {
			t.Errorf("wanted %t: not kept", wanted)
		}
		l.same(t, 0)
	}
	for _, wanted := range []bool{true, false, false, true, false} {
		say(wanted)
	}
	address := func(want bool) {
		t.Helper()
		if n := l.number(t, `select count(*) from citizen where id = $1 and has_email = $2`, m.Citizen, want); n != 1 {
			t.Errorf("has_email is not %t", want)
		}
	}
	address(true)
	who.Email = ""
	l.Sign(t, l.Jeanne, who, fixture.Housing)
	address(false)
	who.Email = "angela@exemple.invalid"
	l.Sign(t, l.Jeanne, who, fixture.Tax)
	address(true)
	unreachable := fixture.Citizen(9)
	unreachable.Email = ""
	m = l.Sign(t, l.Jeanne, unreachable, fixture.Tax)
	address(false)
}

// Nobody stops somebody's mails without an entry that says just that, and the comparison names who did.
func TestMails_BehindTheJournal(t *testing.T) {
	t.Parallel()
	l := newLetters(t)
	m := l.Sign(t, l.Jeanne, fixture.Angela(), fixture.Tax)
	secret := l.link(t, m)
	for name, act := range map[string]struct{ sql, action string }{
		"without an entry":       {`update citizen set mails_refused_at = now() where id = $1`, ""},
		"with the other's entry": {`update citizen set mails_refused_at = now() where id = $1`, "citizen.mails_resumed"},
		"as if by a signature":   {`update citizen set mails_refused_at = now(), mails_refused_signed = true where id = $1`, "citizen.mails_refused"},
		"and something else":     {`update citizen set mails_refused_at = now(), identified_at = now() where id = $1`, "citizen.mails_refused"},
	} {
		err := l.Journal.Record(t.Context(), journal.Program(), func(tx *journal.Tx) (journal.Event, error) {
			tx.Queue(act.sql, m.Citizen)
			if act.action == "" {
				return journal.Event{Action: "journal.exported"}, nil
			}
			return journal.Event{Action: act.action, Organisation: l.Here, Citizen: m.Citizen}, nil
		})
		if err == nil || !strings.Contains(err.Error(), "changed without their entry") {
			t.Errorf("%s: %v", name, err)
		}
	}
	must(t, l.mails.Refuse(t.Context(), secret, "page"))
	l.Behind(t, `update citizen set mails_refused_signed = true where id = $1`, m.Citizen)
	l.same(t, 1)
	l.Behind(t, `update citizen set mails_refused_at = null, mails_refused_signed = false where id = $1`, m.Citizen)
	l.same(t, 1)
	l.Behind(t, `update citizen set mails_refused_at = now() + interval '1 hour' where id = $1`, m.Citizen)
	l.same(t, 1)
}

// What a citizen refuses by the link of a mail no signature takes back, they do; what a signature refused, another one takes back, and the link does more.
func TestMails_TheLinkIsTheCitizensWord(t *testing.T) {
	t.Parallel()
	l := newLetters(t)
	secret := l.link(t, l.Sign(t, l.Jeanne, fixture.Angela(), fixture.Tax))
	sign := func(tell bool) func() error {
		return func() error {
			x := fixture.Terms(fixture.Tax)
			x.Tell = tell
			d, err := l.Drafts.Start(t.Context(), l.Jeanne, x)
			if err == nil {
				err = l.Drafts.Identify(t.Context(), l.Jeanne, d.ID, fixture.Angela(), l.Clock.Now())
			}
			if err == nil {
				_, err = l.Mandates.Sign(t.Context(), l.Jeanne, d.ID, l.Agreed(t, l.Jeanne, d.ID))
			}
			return err
		}
	}
	refuse := func() error { return l.mails.Refuse(t.Context(), secret, "page") }
	resume := func() error { return l.mails.Resume(t.Context(), secret) }
	for n, step := range []struct {
		name string
		act  func() error
		want string
	}{
		{"a signature with mails", sign(true), citizen.MailsAll}, {"one without", sign(false), citizen.MailsGuards}, {"again", sign(false), citizen.MailsGuards},
		{"with", sign(true), citizen.MailsAll}, {"without", sign(false), citizen.MailsGuards}, {"the link takes it back", resume, citizen.MailsAll},
		{"the link refuses", refuse, citizen.MailsNone}, {"a signature with mails", sign(true), citizen.MailsNone}, {"one without", sign(false), citizen.MailsNone},
		{"with", sign(true), citizen.MailsNone}, {"taken back", resume, citizen.MailsAll}, {"without", sign(false), citizen.MailsGuards},
		{"the link refuses the rest", refuse, citizen.MailsNone}, {"with", sign(true), citizen.MailsNone}, {"twice", refuse, citizen.MailsNone},
	} {
		must(t, step.act())
		if got, err := l.mails.Choice(t.Context(), secret); err != nil || got != step.want {
			t.Fatalf("%d, %s: %s, %v, want %s", n, step.name, got, err, step.want)
		}
		l.same(t, 0)
	}
	if n := l.number(t, `select count(*) from journal_entry where action = 'citizen.mails_refused'`); n != 2 {
		t.Errorf("%d entries", n)
	}
}

// A link that is made while its citizen is erased waits for that, and is not made.
func TestMails_NoLinkToWhoIsErased(t *testing.T) {
	t.Parallel()
	l := newLetters(t)
	m := l.Sign(t, l.Jeanne, fixture.Angela(), fixture.Tax)
	conn := l.Connect(t, l.Superuser)
	tx, err := conn.Begin(t.Context())
	must(t, err)
	_, err = tx.Exec(t.Context(), `set local session_replication_role = replica`)
	must(t, err)
	_, err = tx.Exec(t.Context(), `delete from citizen where id = $1`, m.Citizen)
	must(t, err)
	made := make(chan error, 1)
	go func() {
		_, err := l.mails.Link(t.Context(), m.Citizen)
		made <- err
	}()
	for deadline := time.Now().Add(time.Minute); l.number(t, `select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`) == 0; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("it does not wait")
		}
	}
	must(t, tx.Commit(t.Context()))
	if err := <-made; !errors.Is(err, db.ErrNotFound) {
		t.Errorf("made: %v", err)
	}
}
