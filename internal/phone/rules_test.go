package phone_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"mandat/internal/db"
	"mandat/internal/journal"
	"mandat/internal/phone"
)

// What rests on a number asks again whose it is.
func TestHold(t *testing.T) {
	t.Parallel()
	c := open(t)
	c.verify(c.Jeanne, c.angela, number, written)
	id := c.of(c.angela).Verified.ID
	stop := errors.New("stop")
	hold := func(organisation, id uuid.UUID) (held error) {
		err := c.Journal.Record(t.Context(), journal.Program(), func(tx *journal.Tx) (journal.Event, error) {
			var h phone.Held
			h, held = c.phones.Hold(t.Context(), tx, organisation, id)
			if held == nil && (h.Number.Number != written || h.Key == nil) {
				t.Errorf("%+v", h)
			}
			return journal.Event{}, stop
		})
		c.want("record", err, stop)
		return held
	}
	c.want("verified", hold(c.Here, id), nil)
	c.want("another organisation's", hold(c.Elsewhere, id), phone.ErrNotShown)
	c.Behind(t, `update person set phone = $2 where id = $1`, c.Ines.Person, written)
	c.want("a professional's since", hold(c.Here, id), phone.ErrBarred)
	c.Behind(t, `update person set phone = null where id = $1`, c.Ines.Person)
	c.Behind(t, `insert into phone_holder select number_index, sha256('x'), sha256('y') from phone_holder`)
	c.want("another person's since", hold(c.Here, id), phone.ErrBarred)
	c.Behind(t, `delete from phone_holder where seat = sha256('y')`)
	c.Behind(t, `update phone_holder set kept_until = '2099-01-01'`)
	c.want("bound to whom it served, and no more", hold(c.Here, id), phone.ErrNotShown)
	c.Behind(t, `delete from phone_holder`)
	c.want("without its seat", hold(c.Here, id), phone.ErrNotShown)
	c.want("remove", c.phones.Remove(t.Context(), c.Jeanne, c.angela), nil)
	c.want("removed", hold(c.Here, id), phone.ErrNotShown)
}

// What was changed behind the program's back is named.
func TestCompare_Names(t *testing.T) {
	t.Parallel()
	for sql, want := range map[string]string{
		`update phone set verified_at = verified_at - interval '1 year', asked_at = asked_at - interval '1 year'`:  "the table says",
		`update phone set verified_by = (select person_id from membership where person_id <> verified_by limit 1)`: "the table says",
		`update phone set citizen_id = gen_random_uuid()`:                                                          "the table says",
		`delete from phone`: "is gone",
		`insert into phone select (jsonb_populate_record(phone, jsonb_build_object('id', gen_random_uuid(), 'organisation_id', gen_random_uuid(), 'message_id', null, 'expires_at', null))).* from phone`: "no entry tells",
	} {
		t.Run(sql, func(t *testing.T) {
			t.Parallel()
			c := open(t)
			c.t = t
			c.verify(c.Jeanne, c.angela, number, written)
			c.Behind(t, sql)
			found, err := phone.Compare(t.Context(), c.OpenAuditor(t))
			if err != nil || len(found) != 1 || !strings.Contains(found[0].What, want) {
				t.Errorf("%v, %v", found, err)
			}
		})
	}
}

// The database refuses what no entry tells of, and a verified number that is barred and that nobody allowed.
func TestDatabase_Refuses(t *testing.T) {
	t.Parallel()
	c := open(t)
	c.verify(c.Jeanne, c.angela, number, written)
	const noEntry, check = "23000", "23514"
	for sql, code := range map[string]string{
		`update phone set verified_at = now()`: noEntry,
		`update phone set state = 'removed', number = null, number_index = null, removed_at = now(), removed_by = asked_by`: noEntry,
		`update phone set barred = 'staff'`:                                             check,
		`update phone set state = 'sure'`:                                               check,
		`update phone set number = null`:                                                check,
		`update phone set number = '\x2b3333'`:                                          check,
		`update phone set colleague_id = asked_by, allowed_at = now(), reason = '\x01'`: check,
	} {
		err := c.DB.Write(t.Context(), db.System(), db.Durable, func(tx *db.Tx) error {
			_, err := tx.Exec(t.Context(), sql)
			return err
		})
		if pg, ok := errors.AsType[*pgconn.PgError](err); !ok || pg.Code != code {
			t.Errorf("%s: %v", sql, err)
		}
	}
	if err := c.DB.Read(t.Context(), db.InOrganisation(c.Elsewhere), nothing(t)); err != nil {
		t.Error(err)
	}
	c.content()
}

// Neither number nor reason nor code stands in an entry, or in clear in the table.
func TestPrivacy(t *testing.T) {
	t.Parallel()
	c := open(t)
	c.Behind(t, `update person set phone = $2 where id = $1`, c.Ines.Person, written)
	c.want("ask", c.phones.Ask(t.Context(), c.Jeanne, c.angela, number), phone.ErrBarred)
	c.want("allow", c.phones.Allow(t.Context(), c.Paul, c.angela, because), nil)
	code := c.code(c.angela, written)
	c.want("verify", c.phones.Verify(t.Context(), c.Jeanne, c.angela, code), nil)
	var all string
	if err := c.Connect(t, c.Superuser).QueryRow(t.Context(), `select (select string_agg(body, ' ') from journal_entry) || (select string_agg(encode(number, 'escape') || encode(reason, 'escape') || phone::text, ' ') from phone)
		|| (select string_agg(args::text, ' ') from river_job)`).Scan(&all); err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{written, written[3:], "fille", code + `"`} {
		if strings.Contains(all, secret) {
			t.Errorf("%q stands there", secret)
		}
	}
	if strings.Count(all, "phone.") < 3 {
		t.Error("the search finds nothing at all")
	}
}

// What the gateway does with a code is told to who waits for it.
func TestCode_ThatDoesNotArrive(t *testing.T) {
	t.Parallel()
	c := open(t)
	message := func() (id uuid.UUID) {
		if err := c.Connect(t, c.Superuser).QueryRow(t.Context(), `select message_id from phone`).Scan(&id); err != nil {
			t.Fatal(err)
		}
		return id
	}
	c.want("ask", c.phones.Ask(t.Context(), c.Jeanne, c.angela, number), nil)
	c.box.Answer(written, 503, 422)
	if err := c.phones.Kind().Work(t.Context(), message(), false); err == nil || !c.of(c.angela).Asked.FailedAt.IsZero() {
		t.Errorf("while the gateway is down: %v", err)
	}
	if err := c.phones.Kind().Work(t.Context(), message(), false); err == nil || c.of(c.angela).Asked.FailedAt.IsZero() {
		t.Errorf("refused: %v", err)
	}
	c.want("ask", c.phones.Ask(t.Context(), c.Jeanne, c.angela, number), nil)
	c.code(c.angela, written)
	c.want("report", c.phones.Report(t.Context(), message(), true), nil)
	if n := c.of(c.angela).Asked; !n.FailedAt.IsZero() || n.SentAt.IsZero() {
		t.Errorf("delivered: %+v", n)
	}
	c.want("report", c.phones.Report(t.Context(), message(), false), nil)
	if c.of(c.angela).Asked.FailedAt.IsZero() {
		t.Error("not delivered, and nobody knows")
	}
	old := message()
	c.want("verify", c.phones.Verify(t.Context(), c.Jeanne, c.angela, c.code(c.angela, written)), nil)
	c.want("a job that comes late", c.phones.Kind().Work(t.Context(), old, false), nil)
	c.want("of no message", c.phones.Report(t.Context(), uuid.New(), false), nil)
	c.content()
}

// nothing expects no number in a scope.
func nothing(t *testing.T) func(pgx.Tx) error {
	return func(tx pgx.Tx) error {
		var n int
		err := tx.QueryRow(t.Context(), `select count(*) from phone`).Scan(&n)
		if n > 0 {
			t.Errorf("%d numbers of another organisation", n)
		}
		return err
	}
}

// A number is noted of somebody who has proved who they are not long ago: else an aidant alone could give them one of their own, and agree for them later.
func TestAsk_OfWhoIsHere(t *testing.T) {
	t.Parallel()
	c := open(t)
	c.Clock.Advance(phone.Presence + time.Minute)
	by := c.Jeanne
	by.FactorAt = c.Clock.Now()
	if err := c.phones.Ask(t.Context(), by, c.angela, number); !errors.Is(err, phone.ErrNotHere) {
		t.Errorf("hours after they were here: %v", err)
	}
}

// Who sees no number cannot ask whose one is either.
func TestAuditor_CannotAskWhoseANumberIs(t *testing.T) {
	t.Parallel()
	c := open(t)
	conn := c.Connect(t, c.Superuser)
	if _, err := conn.Exec(t.Context(), `set role mandat_auditor`); err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Exec(t.Context(), `select phone_staff('+33639980077')`); err == nil || !strings.Contains(err.Error(), "permission denied") {
		t.Errorf("asked: %v", err)
	}
}
