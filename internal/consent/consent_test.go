package consent_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"mandat/internal/consent"
	"mandat/internal/db"
	"mandat/internal/evidence"
	"mandat/internal/fixture"
	"mandat/internal/journal"
	"mandat/internal/org"
	"mandat/internal/phone"
	"mandat/internal/token"
)

const angelas = "+33639980010"

// counter is a citizen with a telephone, and a draft that they are asked about.
type counter struct {
	*fixture.Telephone
	t       *testing.T
	angela  uuid.UUID
	number  phone.Number
	request consent.Request
}

func open(t *testing.T) *counter {
	t.Helper()
	c := &counter{Telephone: fixture.New(t).Telephone(t), t: t}
	c.angela = c.Sign(t, c.Jeanne, fixture.Angela(), fixture.Tax).Citizen
	c.number = c.Verify(t, c.Jeanne, c.angela, angelas)
	now := c.Clock.Now()
	c.request = consent.Request{Draft: c.draft(), Version: 3, Digest: token.Bytes(32), Begun: now.Add(time.Second), Until: now.Add(24 * time.Hour), Citizen: c.angela, Phone: c.number.ID,
		Procedures: []string{"Déclaration de revenus", "Prime d’activité"}, EndsAt: now.AddDate(0, 1, 0), Lang: "fr"}
	return c
}

// draft is the third version of one more draft of hers.
func (c *counter) draft() uuid.UUID {
	c.t.Helper()
	id := c.Recognised(c.t, c.Jeanne, c.angela).ID
	c.Behind(c.t, `update mandate_draft set version = 3 where id = $1`, id)
	return id
}

// ask sends a request whole.
func (c *counter) ask() uuid.UUID {
	c.t.Helper()
	id, err := c.Consents.Start(c.t.Context(), c.Jeanne, c.request)
	if err != nil {
		c.t.Fatal(err)
	}
	c.Send(c.t, id)
	return id
}

func (c *counter) want(what string, err, want error) {
	c.t.Helper()
	if !errors.Is(err, want) {
		c.t.Errorf("%s: %v, want %v", what, err, want)
	}
}

func (c *counter) state(want string) consent.Consent {
	c.t.Helper()
	got, err := c.Consents.Latest(c.t.Context(), c.Jeanne, c.request.Draft)
	if err != nil || got.State != want {
		c.t.Errorf("the request is %q, want %q, %v", got.State, want, err)
	}
	return got
}

func (c *counter) content() {
	c.t.Helper()
	found, err := consent.Compare(c.t.Context(), c.OpenAuditor(c.t))
	if err != nil || len(found) > 0 {
		c.t.Errorf("%v, %v", found, err)
	}
}

// entries counts those of an action.
func (c *counter) entries(want int, action string) {
	c.t.Helper()
	var n int
	if err := c.Connect(c.t, c.Superuser).QueryRow(c.t.Context(), `select count(*) from journal_entry where action = $1`, action).Scan(&n); err != nil || n != want {
		c.t.Errorf("%d entries %s, want %d, %v", n, action, want, err)
	}
}

func TestConsent_IsGiven(t *testing.T) {
	t.Parallel()
	c := open(t)
	before := len(c.Box.To(angelas))
	id, err := c.Consents.Start(t.Context(), c.Jeanne, c.request)
	if err != nil {
		t.Fatal(err)
	}
	c.state(consent.Queued)
	c.Send(t, id)
	if got := c.state(consent.Sent); got.SentAt.IsZero() {
		t.Errorf("%+v", got)
	}
	said := c.Box.To(angelas)[before:]
	if len(said) != 2 || !strings.Contains(said[0].Text, "2 démarches") || !strings.Contains(said[0].Text, "- Prime d’activité") || !strings.Contains(said[1].Text, "Répondez OUI pour accepter, NON pour refuser") {
		t.Fatalf("said %+v", said)
	}
	c.Answer(t, id, "06 39 98 00 10", " Oui. Merci ! ")
	got := c.state(consent.Yes)
	given, kept := c.given()
	if !given.Stands(c.angela, 3, c.request.Digest, c.Clock.Now()) || given.Stands(c.angela, 3, c.request.Digest, got.ExpiresAt) {
		t.Errorf("%+v stands, or not", given)
	}
	if len(kept) != 3 || string(kept[0].Bytes) != said[0].Text || string(kept[1].Bytes) != said[1].Text || kept[2].Template != evidence.Answer || string(kept[2].Bytes) != " Oui. Merci ! " {
		t.Errorf("kept %+v", kept)
	}
	c.Send(t, id)
	if got := c.kinds(id); !slices.Equal(got, []string{"recap", "request", "accepted"}) {
		t.Errorf("said %v", got)
	}
	if _, err := c.Consents.Latest(t.Context(), c.Ines, c.request.Draft); !errors.Is(err, db.ErrNotFound) {
		t.Errorf("another organisation sees it: %v", err)
	}
	c.entries(1, "consent.given")
	c.content()
}

// given is what an act that signs finds answered, and keeps as evidence.
func (c *counter) given() (given *consent.Given, kept []evidence.Text) {
	c.t.Helper()
	batch := &pgx.Batch{}
	given = consent.Ask(batch, c.Here, c.request.Draft)
	err := c.DB.WriteAfter(c.t.Context(), db.InOrganisation(c.Here), db.Durable, batch, func(tx *db.Tx) error {
		_, key, err := c.Citizens.Find(c.t.Context(), tx, c.Here, c.angela)
		if err == nil {
			kept, err = given.Said(key)
		}
		return err
	})
	c.want("read what was answered", err, nil)
	return given, kept
}

// kinds are the messages of a request, in their order.
func (c *counter) kinds(id uuid.UUID) []string {
	c.t.Helper()
	rows, err := c.Connect(c.t, c.Superuser).Query(c.t.Context(), `select kind from consent_message where consent_id = $1 order by seq`, id)
	c.want("read the messages", err, nil)
	out, err := pgx.CollectRows(rows, pgx.RowTo[string])
	c.want("read the messages", err, nil)
	return out
}

func TestStart_Refuses(t *testing.T) {
	t.Parallel()
	c := open(t)
	start := func(by journal.Actor, change func(*consent.Request)) error {
		q := c.request
		change(&q)
		_, err := c.Consents.Start(t.Context(), by, q)
		return err
	}
	same := func(*consent.Request) {}
	c.want("a number verified after the draft was begun", start(c.Jeanne, func(q *consent.Request) { q.Begun = c.number.VerifiedAt }), consent.ErrTooNew)
	c.want("another citizen", start(c.Jeanne, func(q *consent.Request) { q.Citizen = c.Sign(t, c.Jeanne, fixture.Citizen(1), fixture.Tax).Citizen }), phone.ErrNotShown)
	c.want("another organisation", start(c.Ines, same), phone.ErrNotShown)
	c.want("a referent", start(c.Referent(t, c.Here, "odile"), same), org.ErrMayNot)
	c.want("a draft that is over", start(c.Jeanne, func(q *consent.Request) { q.Until = c.Clock.Now().Add(-time.Second) }), consent.ErrOver)
	c.want("too long", start(c.Jeanne, func(q *consent.Request) { q.Procedures = []string{strings.Repeat("x", 30*consent.PartUnits)} }), consent.ErrTooLong)
	if err := start(c.Jeanne, func(q *consent.Request) { q.Digest = q.Digest[:31] }); err == nil {
		t.Error("a digest that is none")
	}
	c.Behind(t, `update person set phone = $2 where id = $1`, c.Ines.Person, angelas)
	c.want("a professional's number by now", start(c.Jeanne, same), phone.ErrBarred)
	c.Behind(t, `update person set phone = null where id = $1`, c.Ines.Person)
	c.want("remove", c.Phones.Remove(t.Context(), c.Jeanne, c.angela), nil)
	c.want("a removed number", start(c.Jeanne, same), phone.ErrNotShown)
	none := consent.New(c.DB, c.Journal, c.Phones, c.Clock, consent.Config{Answers: true})
	if _, err := none.Start(t.Context(), c.Jeanne, c.request); !errors.Is(err, consent.ErrNoGateway) {
		t.Errorf("without a gateway: %v", err)
	}
	c.entries(0, "consent.asked")
}

// Asked twice, the same request stands; changed, the one before is cancelled and its yes with it.
func TestStart_Again(t *testing.T) {
	t.Parallel()
	c := open(t)
	first := c.ask()
	if again := c.ask(); again != first {
		t.Error("the same request was made twice")
	}
	c.Answer(t, first, angelas, "oui")
	c.request.Version++
	second := c.ask()
	if second == first || c.state(consent.Sent).ID != second {
		t.Error("the changed draft was not asked about")
	}
	c.Answer(t, first, angelas, "oui")
	c.state(consent.Sent)
	c.want("cancel", c.Consents.Cancel(t.Context(), c.Ines, c.request.Draft), consent.ErrOver)
	c.want("cancel", c.Consents.Cancel(t.Context(), c.Paul, c.request.Draft), nil)
	c.want("cancel twice", c.Consents.Cancel(t.Context(), c.Paul, c.request.Draft), consent.ErrOver)
	c.state(consent.Cancelled)
	for n := range 3 {
		c.request.Version = 10 + n
		_, err := c.Consents.Start(t.Context(), c.Jeanne, c.request)
		c.want("ask", err, nil)
	}
	c.request.Version++
	_, err := c.Consents.Start(t.Context(), c.Jeanne, c.request)
	c.want("a sixth within the hour", err, consent.ErrTooOften)
	c.content()
}

// sign uses what was answered, as an act that signs does.
func (c *counter) sign(citizen uuid.UUID, version int, digest []byte) error {
	batch := &pgx.Batch{}
	given := consent.Ask(batch, c.Here, c.request.Draft)
	return c.Journal.RecordAfter(c.t.Context(), c.Jeanne, batch, func(tx *journal.Tx) (journal.Event, error) {
		if !given.Stands(citizen, version, digest, tx.Now) {
			return journal.Event{}, errNoYes
		}
		mandate := token.ID()
		given.Use(tx, mandate)
		return journal.Event{Action: "mandate.signed", Citizen: citizen, Mandate: mandate, Detail: map[string]string{"draft": c.request.Draft.String(), "consent": given.ID.String()}}, nil
	})
}

var errNoYes = errors.New("no yes stands")

// A yes is for one citizen, version and digest, and for one signature.
func TestGiven_IsUsedOnce(t *testing.T) {
	t.Parallel()
	c := open(t)
	digest := c.request.Digest
	c.want("not asked", c.sign(c.angela, 3, digest), errNoYes)
	id := c.ask()
	c.want("not answered", c.sign(c.angela, 3, digest), errNoYes)
	c.Answer(t, id, angelas, "oui")
	c.want("another version", c.sign(c.angela, 2, digest), errNoYes)
	c.want("other terms", c.sign(c.angela, 3, token.Bytes(32)), errNoYes)
	c.want("no terms", c.sign(c.angela, 3, nil), errNoYes)
	c.want("another citizen", c.sign(token.ID(), 3, digest), errNoYes)
	var wg sync.WaitGroup
	errs := make([]error, 6)
	for i := range errs {
		wg.Go(func() { errs[i] = c.sign(c.angela, 3, digest) })
	}
	wg.Wait()
	used := 0
	for _, err := range errs {
		if err == nil {
			used++
		} else if !errors.Is(err, errNoYes) {
			t.Error(err)
		}
	}
	if used != 1 {
		t.Errorf("used %d times", used)
	}
	c.state(consent.Used)
	c.Answer(t, id, angelas, "non")
	c.state(consent.Used)
	c.want("cancel", c.Consents.Cancel(t.Context(), c.Jeanne, c.request.Draft), consent.ErrOver)
	c.content()
}

// A number that was removed consents to nothing more, and after its time a yes does not either.
func TestGiven_NeedsTheNumberAndTime(t *testing.T) {
	t.Parallel()
	c := open(t)
	c.Answer(t, c.ask(), angelas, "oui")
	c.Clock.Advance(consent.Life)
	c.want("late", c.sign(c.angela, 3, c.request.Digest), errNoYes)
	c = open(t)
	c.Answer(t, c.ask(), angelas, "oui")
	c.want("remove", c.Phones.Remove(t.Context(), c.Jeanne, c.angela), nil)
	c.want("removed", c.sign(c.angela, 3, c.request.Digest), errNoYes)
	c.content()
}

// Whoever agreed and writes something else, in answer to whichever message, is asked again, and nothing is signed on the yes.
func TestGiven_GoesWithDoubts(t *testing.T) {
	t.Parallel()
	for _, to := range []string{"recap", "request", "accepted"} {
		c := open(t)
		id := c.ask()
		c.Answer(t, id, angelas, "oui")
		c.Send(t, id)
		c.want("doubts", c.Consents.Answer(t.Context(), c.Message(t, id, to), angelas, "NON ?"), nil)
		c.want("sign after doubts", c.sign(c.angela, 3, c.request.Digest), errNoYes)
		c.entries(1, "consent.unclear")
		c.Send(t, id)
		if said := c.Box.To(angelas); !strings.Contains(said[len(said)-1].Text, "votre accord d'avant ne compte plus") {
			t.Errorf("told %q", said[len(said)-1].Text)
		}
		c.want("yes", c.Consents.Answer(t.Context(), c.Message(t, id, "again"), angelas, "oui"), nil)
		c.want("sign after a second yes", c.sign(c.angela, 3, c.request.Digest), nil)
		c.content()
	}
}

// The database refuses what no entry tells of, a yes without an answer, and a use that the signature does not name.
func TestDatabase_Refuses(t *testing.T) {
	t.Parallel()
	c := open(t)
	id := c.ask()
	const noEntry, check = "23000", "23514"
	for sql, code := range map[string]string{
		`update consent set state = 'yes', answered_at = now(), answer = '\x01'`: noEntry,
		`update consent set state = 'yes'`:                                       check,
		`update consent set state = 'cancelled', ended_at = now()`:               noEntry,
		`update consent set digest = sha256('x')`:                                noEntry,
		`update consent set draft_version = 4`:                                   noEntry,
		`update consent set unclear = 1, answered_at = now(), answer = '\x01'`:   noEntry,
		`update consent set state = 'perhaps'`:                                   check,
		`update consent_message set text = 'in clear'`:                           check,
		`insert into consent select (jsonb_populate_record(consent, jsonb_build_object('id', gen_random_uuid(), 'draft_id', gen_random_uuid()))).* from consent`: noEntry,
	} {
		err := c.DB.Write(t.Context(), db.System(), db.Durable, func(tx *db.Tx) error {
			_, err := tx.Exec(t.Context(), sql)
			return err
		})
		if pg, ok := errors.AsType[*pgconn.PgError](err); !ok || pg.Code != code {
			t.Errorf("%s: %v", sql, err)
		}
	}
	c.Answer(t, id, angelas, "oui")
	mandate := token.ID()
	for _, named := range []string{"", token.ID().String()} {
		err := c.Journal.Record(t.Context(), c.Jeanne, func(tx *journal.Tx) (journal.Event, error) {
			tx.Queue(`update consent set state = 'used', ended_at = $2, mandate_id = $3 where id = $1`, id, tx.Now, mandate)
			return journal.Event{Action: "mandate.signed", Citizen: c.angela, Mandate: mandate, Detail: map[string]string{"draft": c.request.Draft.String(), "consent": named}}, nil
		})
		if err == nil {
			t.Errorf("used by a signature that names %q", named)
		}
	}
	c.content()
}

// Neither numbers nor words stand in entries, jobs, or in clear in the tables.
func TestPrivacy(t *testing.T) {
	t.Parallel()
	c := open(t)
	id := c.ask()
	c.Answer(t, id, angelas, "peut-être demain")
	c.Answer(t, id, angelas, "oui")
	var all string
	if err := c.Connect(t, c.Superuser).QueryRow(t.Context(), `select (select string_agg(body, ' ') from journal_entry) || (select string_agg(encode(answer, 'escape') || consent::text, ' ') from consent)
		|| (select string_agg(encode(text, 'escape') || consent_message::text, ' ') from consent_message) || (select string_agg(args::text, ' ') from river_job)`).Scan(&all); err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{angelas[1:], "demain", "OUI", "revenus"} {
		if strings.Contains(all, secret) {
			t.Errorf("%q stands there", secret)
		}
	}
	if !strings.Contains(all, "consent.given") {
		t.Error("the search finds nothing at all")
	}
}

// What was changed behind the program's back is named.
func TestCompare_Names(t *testing.T) {
	t.Parallel()
	for i, x := range []struct{ sql, want string }{
		{`update consent set state = 'yes', answered_at = now(), answer = '\x01'`, "the table says yes"},
		{`update consent set digest = sha256('x')`, "terms"},
		{`update consent set draft_version = 9`, "version 9"},
		{`delete from consent`, "is gone"},
		{`insert into consent select (jsonb_populate_record(consent, jsonb_build_object('id', gen_random_uuid(), 'draft_id', gen_random_uuid()))).* from consent`, "no entry tells"},
	} {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			t.Parallel()
			c := open(t)
			c.ask()
			c.content()
			c.Behind(t, x.sql)
			found, err := consent.Compare(t.Context(), c.OpenAuditor(t))
			if err != nil || len(found) != 1 || !strings.Contains(found[0].What, x.want) {
				t.Errorf("%v, %v", found, err)
			}
		})
	}
}

// What would change the answer waits for an act that has asked for it: a refusal, another request, a removed number, and another signature.
func TestAsk_IsWaitedFor(t *testing.T) {
	t.Parallel()
	for name, act := range map[string]func(*counter, uuid.UUID) error{
		"no":     func(c *counter, id uuid.UUID) error { return c.answers(id, "non")() },
		"cancel": func(c *counter, _ uuid.UUID) error { return c.Consents.Cancel(t.Context(), c.Paul, c.request.Draft) },
		"remove": func(c *counter, _ uuid.UUID) error { return c.Phones.Remove(t.Context(), c.Paul, c.angela) },
		"sign":   func(c *counter, _ uuid.UUID) error { return c.sign(c.angela, 3, c.request.Digest) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := open(t)
			c.t = t
			id := c.ask()
			c.Answer(t, id, angelas, "oui")
			watch := c.Connect(t, c.Superuser)
			batch := &pgx.Batch{}
			given := consent.Ask(batch, c.Here, c.request.Draft)
			done := make(chan error, 1)
			err := c.Journal.RecordAfter(t.Context(), c.Jeanne, batch, func(tx *journal.Tx) (journal.Event, error) {
				if !given.Stands(c.angela, 3, c.request.Digest, tx.Now) {
					return journal.Event{}, errNoYes
				}
				go func() { done <- act(c, id) }()
				for deadline := time.Now().Add(time.Minute); ; time.Sleep(2 * time.Millisecond) {
					var waits bool
					if err := watch.QueryRow(t.Context(), `select exists (select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock')`).Scan(&waits); err != nil {
						return journal.Event{}, err
					}
					if waits {
						return journal.Event{}, errLooked
					}
					if len(done) > 0 || time.Now().After(deadline) {
						return journal.Event{}, errors.New("it does not wait")
					}
				}
			})
			c.want("the act", err, errLooked)
			if err := <-done; err != nil {
				t.Error(err)
			}
			c.content()
		})
	}
}

var errLooked = errors.New("looked")
