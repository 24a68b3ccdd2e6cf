package notify_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"mandat/internal/citizen"
	"mandat/internal/db"
	"mandat/internal/fixture"
	"mandat/internal/jobs"
	"mandat/internal/journal"
	"mandat/internal/mail"
	"mandat/internal/mailbox"
	"mandat/internal/notify"
	"mandat/internal/org"
	"mandat/internal/sms"
	"mandat/internal/throttle"
	"mandat/internal/token"
)

// office is a post at work.
type office struct {
	*fixture.World
	post   *notify.Post
	box    *mailbox.Box
	log    *safe
	secret func() (string, error) // what every maker of secrets answers
}

// safe is a buffer that several write to.
type safe struct {
	mu sync.Mutex
	b  bytes.Buffer
}

// Write implements io.Writer.
func (s *safe) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

// String returns what was written.
func (s *safe) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

func open(t *testing.T, change ...func(*notify.Config)) *office {
	t.Helper()
	box, err := mailbox.Start(t.Context(), mailbox.Options{})
	must(t, err)
	t.Cleanup(func() { must(t, box.Close()) })
	o := &office{World: fixture.New(t), box: box, log: &safe{}, secret: func() (string, error) { return token.Hex(20), nil }}
	letters, err := mail.New(mail.Config{URL: box.SMTP(), From: "Mandat <mandat@exemple.invalid>"})
	must(t, err)
	gateway, err := sms.New(sms.Config{URL: box.SMS(), Token: box.Token, From: "Mandat"})
	must(t, err)
	log := slog.New(slog.NewJSONHandler(o.log, nil))
	c := notify.Config{BaseURL: "https://mandat.example", Mail: letters, SMS: gateway}
	made := func(context.Context, uuid.UUID) (string, error) { return o.secret() }
	c.Links = notify.Links{Invitation: made, SignIn: made, Reset: made, Contact: func(_ context.Context, _ uuid.UUID, kind string) (string, string, error) {
		secret, err := o.secret()
		return map[string]string{"email": "new@exemple.invalid", "phone": "+33639980000"}[kind], secret, err
	}}
	c.Links.Mails = citizen.NewMails(o.DB, o.Journal, throttle.New(o.DB, o.Clock), o.Clock).Link
	c.Citizens, c.Contact = o.Citizens, notify.Contact{Phone: "+33 1 99 00 00 01", Email: "service@exemple.invalid", Address: "1 rue du Service, 75001 Paris"}
	for _, f := range change {
		f(&c)
	}
	o.post, err = notify.New(o.DB, o.Clock, c)
	must(t, err)
	r, err := jobs.Start(t.Context(), o.App, log, nil, o.post.Kind())
	must(t, err)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		must(t, r.Stop(ctx))
	})
	return o
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (o *office) queue(t *testing.T, kind, about string, who uuid.UUID) {
	t.Helper()
	must(t, o.DB.Write(t.Context(), db.Nothing(), db.Durable, func(tx *db.Tx) error {
		return notify.Queue(tx, o.Clock.Now(), org.Message{Kind: kind, About: about, Person: who})
	}))
}

// ended waits until no message waits, and returns how many ended in each state.
func (o *office) ended(t *testing.T) string {
	t.Helper()
	conn := o.Connect(t, o.Superuser)
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
		var waiting bool
		var states string
		must(t, conn.QueryRow(t.Context(), `select exists (select from notify_message where state = 'queued') or exists (select from river_job where kind = 'act' and state in ('available', 'running', 'retryable', 'scheduled')),
			coalesce((select string_agg(state || ' ' || n, ', ' order by state) from (select state, count(*) as n from notify_message group by state) s), '')`).Scan(&waiting, &states))
		if !waiting {
			return states
		}
		if time.Now().After(deadline) {
			t.Fatalf("messages still wait: %s\n%s", states, o.log)
		}
	}
}

const jeanne = "jeanne@exemple.invalid"

func (o *office) wait(t *testing.T, to, words string) mailbox.Message {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	m, err := o.box.Wait(ctx, to, words)
	must(t, err)
	return m
}

func TestSend_OnceInTheActThatCausesIt(t *testing.T) {
	t.Parallel()
	o := open(t)
	boom := errors.New("boom")
	err := o.DB.Write(t.Context(), db.Nothing(), db.Durable, func(tx *db.Tx) error {
		return errors.Join(notify.Queue(tx, o.Clock.Now(), org.Message{Kind: "factor_added", About: "undone", Person: o.Jeanne.Person}), boom)
	})
	if !errors.Is(err, boom) {
		t.Fatal(err)
	}
	for range 2 {
		o.queue(t, "factor_added", "one", o.Jeanne.Person)
	}
	m := o.wait(t, jeanne, "Un second facteur a été ajouté")
	if m.Link() != "https://mandat.example/compte/facteurs" || m.Lang != "fr" || m.Headers["Auto-Submitted"] != "auto-generated" ||
		!strings.HasSuffix(m.ID, "@exemple.invalid>") || !strings.Contains(m.From, "mandat@exemple.invalid") || m.Headers["User-Agent"]+m.Headers["X-Mailer"] != "" {
		t.Errorf("%+v", m)
	}
	if !strings.Contains(m.HTML, `<a href="https://mandat.example/compte/facteurs"`) || !strings.Contains(m.Headers["Content-Type"], "multipart/alternative") {
		t.Errorf("%s\n%s", m.Headers["Content-Type"], m.HTML)
	}
	if states := o.ended(t); states != "sent 1" || len(o.box.To("")) != 1 {
		t.Errorf("%s, %d arrived", states, len(o.box.To("")))
	}
	var done int
	must(t, o.Connect(t, o.Superuser).QueryRow(t.Context(), `select count(*) from river_job where kind = 'act'`).Scan(&done))
	if done != 1 {
		t.Errorf("%d jobs for one message", done)
	}
	one, two := org.Message{Kind: "factor_added", About: "one", Person: o.Jeanne.Person}, org.Message{Kind: "factor_removed", About: "one", Person: o.Jeanne.Person}
	untold, err := o.post.Untold(t.Context(), []org.Message{one, two})
	must(t, err)
	if len(untold) != 1 || untold[0] != two {
		t.Errorf("untold: %+v", untold)
	}
	if err := o.DB.Write(t.Context(), db.Nothing(), db.Durable, func(tx *db.Tx) error {
		return notify.Queue(tx, o.Clock.Now(), org.Message{Kind: "novelty", About: "x", Person: o.Jeanne.Person})
	}); err == nil {
		t.Error("a kind without text was queued")
	}
}

func TestSend_DropsWhatIsOfNoUse(t *testing.T) {
	t.Parallel()
	o := open(t)
	o.queue(t, "sign_in_link", token.ID().String(), token.ID()) // of an address that is nobody's
	o.queue(t, "sign_in_link", "not an id", o.Jeanne.Person)
	if states := o.ended(t); states != "dropped 2" {
		t.Errorf("for nobody: %s", states)
	}
	o.secret = func() (string, error) { return "", fmt.Errorf("write: %w", db.ErrNotFound) }
	o.queue(t, "sign_in_link", token.ID().String(), o.Jeanne.Person)
	if states := o.ended(t); states != "dropped 3" {
		t.Errorf("a link that was used: %s", states)
	}
	o.secret = func() (string, error) { return "late", nil }
	must(t, o.DB.Write(t.Context(), db.Nothing(), db.Durable, func(tx *db.Tx) error {
		return notify.Queue(tx, o.Clock.Now().Add(-6*time.Minute), org.Message{Kind: "sign_in_link", About: token.ID().String(), Person: o.Jeanne.Person})
	}))
	if states := o.ended(t); states != "dropped 4" || len(o.box.To("")) != 0 {
		t.Errorf("too late: %s, %d arrived", states, len(o.box.To("")))
	}
}

// A refusal for good ends a message, and administrators see it; a passing one is tried again, with a new secret and the same
// Message-ID.
func TestSend_AgainOrNot(t *testing.T) {
	t.Parallel()
	o := open(t)
	var mu sync.Mutex
	made := 0
	o.secret = func() (string, error) {
		mu.Lock()
		defer mu.Unlock()
		made++
		return fmt.Sprintf("secret-number-%d", made), nil
	}
	o.box.Answer(jeanne, 451)
	o.queue(t, "sign_in_link", token.ID().String(), o.Jeanne.Person)
	if m := o.wait(t, jeanne, "lien de connexion"); m.Link() != "https://mandat.example/connexion/lien/secret-number-2" {
		t.Errorf("the link is %s", m.Link())
	}
	if states := o.ended(t); states != "sent 1" {
		t.Error(states)
	}
	o.box.Answer("paul@exemple.invalid", 550)
	o.queue(t, "factor_removed", "x", o.Paul.Person)
	if states := o.ended(t); states != "failed 1, sent 1" {
		t.Error(states)
	}
	board := jobs.NewBoard(o.DB)
	list, err := board.Failed(t.Context())
	must(t, err)
	if len(list) != 1 || list[0].Name != notify.Job || !list[0].Given || list[0].Error != "factor_removed: the mail server refused the letter (550)" {
		t.Fatalf("%+v", list)
	}
	must(t, o.Journal.Record(t.Context(), journal.Program(), func(tx *journal.Tx) (journal.Event, error) { return board.Retry(t.Context(), tx, list[0].ID) }))
	o.wait(t, "paul@exemple.invalid", "a été retiré")
	if states := o.ended(t); states != "sent 2" {
		t.Error(states)
	}
	must(t, o.DB.Write(t.Context(), db.Nothing(), db.Durable, func(tx *db.Tx) error { // what was sent, once more
		var id uuid.UUID
		err := tx.QueryRow(t.Context(), `select id from notify_message where kind = 'factor_removed'`).Scan(&id)
		jobs.Enqueue(tx, notify.Job, id)
		return err
	}))
	if states := o.ended(t); states != "sent 2" || len(o.box.To("paul@exemple.invalid")) != 1 {
		t.Errorf("%s, %d arrived", states, len(o.box.To("paul@exemple.invalid")))
	}
	o.private(t, "secret-number", jeanne, "paul@exemple.invalid")
}

// private fails if the queue, the rows or the log hold what only the message may.
func (o *office) private(t *testing.T, words ...string) {
	t.Helper()
	var rows string
	must(t, o.Connect(t, o.Superuser).QueryRow(t.Context(), `select (select string_agg(j::text, ' ') from river_job j) || (select string_agg(m::text, ' ') from notify_message m)`).Scan(&rows))
	if !strings.Contains(o.log.String(), "the mail server did not take the letter (451)") || !strings.Contains(o.log.String(), "the mail server refused the letter (550)") {
		t.Errorf("the log does not say what failed: %s", o.log)
	}
	for _, w := range words {
		if strings.Contains(rows, w) || strings.Contains(o.log.String(), w) {
			t.Errorf("the rows or the log hold %q", w)
		}
	}
}

func TestSend_BySMS(t *testing.T) {
	t.Parallel()
	o := open(t)
	o.secret = func() (string, error) { return "123456", nil }
	o.queue(t, "contact_phone", "x", o.Jeanne.Person)
	if m := o.wait(t, "+33639980000", "123456"); m.Channel != "sms" || m.From != "Mandat" || m.ID == "" {
		t.Errorf("%+v", m)
	}
	o.queue(t, "contact_email", "x", o.Jeanne.Person)
	o.wait(t, "new@exemple.invalid", "123456")
	o.box.Answer("+33639980000", 422)
	o.queue(t, "contact_phone", "y", o.Jeanne.Person)
	if states := o.ended(t); states != "failed 1, sent 2" {
		t.Error(states)
	}
}

// What tells of a change of address goes to the address of before, also when the new one is theirs by then.
func TestSend_ToTheOldAddressOrNobody(t *testing.T) {
	t.Parallel()
	o := open(t)
	now := o.Clock.Now().UTC().Truncate(time.Microsecond)
	o.Behind(t, `update person set email = 'new@exemple.invalid', email_verified_at = now() where id = $1`, o.Jeanne.Person)
	o.Behind(t, `insert into person_contact_former (person_id, at, email) values ($1, $2, $3)`, o.Jeanne.Person, now, jeanne)
	must(t, o.DB.Write(t.Context(), db.Nothing(), db.Durable, func(tx *db.Tx) error {
		return notify.Queue(tx, now, org.Message{Kind: "contact_changed", About: "one", Person: o.Jeanne.Person})
	}))
	o.wait(t, jeanne, "Changement de votre adresse")
	o.queue(t, "contact_changed", "two", o.Jeanne.Person)
	if states := o.ended(t); states != "dropped 1, sent 1" || len(o.box.To("new@exemple.invalid")) != 0 {
		t.Errorf("after the change: %s", states)
	}
}

// What is about one organisation of several says which.
func TestSend_NamesTheOrganisation(t *testing.T) {
	t.Parallel()
	o := open(t)
	name, err := o.Directory.Organisation(t.Context(), o.Here)
	must(t, err)
	for kind, words := range map[string]string{"suspended_there": "suspendu dans une structure", "organisation_suspended": "Votre structure est suspendue",
		"organisation_closed": "Votre structure est fermée", "role_ended": "Un de vos rôles a pris fin",
		"resumed_there": "rétabli dans une structure", "organisation_resumed": "Votre structure est rétablie", "referent_named": "Vous êtes référent", "referent_ended": "Vous n’êtes plus référent"} {
		o.queue(t, kind, o.Here.String()+" x", o.Jeanne.Person)
		if m := o.wait(t, jeanne, words); !strings.Contains(strings.Join(strings.Fields(m.Text), " "), name.Name) {
			t.Errorf("%s does not say %q:\n%s", kind, name.Name, m.Text)
		}
	}
	o.queue(t, "suspended_there", "elsewhere", o.Paul.Person)
	o.wait(t, "paul@exemple.invalid", "suspendu dans une structure")
}

func TestSend_WithoutAWay(t *testing.T) {
	t.Parallel()
	o := open(t, func(c *notify.Config) { c.SMS, c.Mail = nil, nil })
	o.queue(t, "contact_phone", "x", o.Jeanne.Person)
	o.queue(t, "certified", "x", o.Jeanne.Person)
	if states := o.ended(t); states != "failed 2" {
		t.Error(states)
	}
}

func TestPurge(t *testing.T) {
	t.Parallel()
	o := open(t)
	for _, days := range []int{1, 89, 91, 400} {
		must(t, o.DB.Write(t.Context(), db.Nothing(), db.Durable, func(tx *db.Tx) error {
			return notify.Queue(tx, o.Clock.Now().AddDate(0, 0, -days), org.Message{Kind: "certified", About: fmt.Sprint(days), Person: o.Jeanne.Person})
		}))
	}
	o.ended(t)
	must(t, o.post.Purge(t.Context()))
	var left int
	must(t, o.Connect(t, o.Superuser).QueryRow(t.Context(), `select count(*) from notify_message where about in ('1', '89')`).Scan(&left))
	if states := o.ended(t); left != 2 || strings.Contains(states, "3") || strings.Contains(states, "4") {
		t.Errorf("%d left: %s", left, states)
	}
}
