package phone_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"mandat/internal/db"
	"mandat/internal/org"
	"mandat/internal/phone"
)

// seats are the days until which numbers are bound, "" for those in service, in their order.
func (c *counter) seats() (days []string) {
	c.t.Helper()
	if err := c.Connect(c.t, c.Superuser).QueryRow(c.t.Context(), `select coalesce(array_agg(coalesce(kept_until::text, '') order by kept_until), '{}') from phone_holder`).Scan(&days); err != nil {
		c.t.Fatal(err)
	}
	return days
}

// later puts the clock forward to a time at which the aidants have a fresh factor and the citizen is here.
func (c *counter) later(at time.Time, citizen int) {
	c.t.Helper()
	c.Clock.Advance(at.Sub(c.Clock.Now()))
	c.Jeanne.FactorAt, c.Paul.FactorAt, c.Ines.FactorAt = c.Clock.Now(), c.Clock.Now(), c.Clock.Now()
	c.citizen(c.Jeanne, citizen)
}

// quarterAfter is the first day of the quarter that begins after a time.
func quarterAfter(t time.Time) time.Time {
	for t = time.Date(t.UTC().Year(), t.UTC().Month()+1, 1, 0, 0, 0, 0, time.UTC); t.Month()%3 != 1; t = t.AddDate(0, 1, 0) {
		continue
	}
	return t
}

// One telephone does not serve one citizen after the other: whoever gave it up has it still, for everybody else a colleague gives the reason.
func TestRemoved_IsBoundToWhomItServed(t *testing.T) {
	t.Parallel()
	c := open(t)
	c.verify(c.Jeanne, c.angela, number, written)
	c.want("remove", c.phones.Remove(t.Context(), c.Jeanne, c.angela), nil)
	until := quarterAfter(c.Clock.Now().AddDate(0, phone.Bound, 0))
	if got := c.seats(); !slices.Equal(got, []string{until.Format(time.DateOnly)}) {
		t.Fatalf("bound until %v, want %s", got, until)
	}
	for n := 1; n <= 2; n++ {
		who := c.citizen(c.Jeanne, n)
		c.want("another citizen", c.phones.Ask(t.Context(), c.Jeanne, who, number), phone.ErrBarred)
		if a := c.of(who).Asked; a == nil || a.Barred != phone.Other || !a.NeedsColleague() {
			t.Errorf("%+v", a)
		}
	}
	c.want("in another organisation", c.phones.Ask(t.Context(), c.Ines, c.citizen(c.Ines, 1), number), phone.ErrBarred)
	c.later(c.Clock.Now().Add(2*time.Hour), 0) // as not more codes go there within an hour
	c.verify(c.Jeanne, c.angela, number, written)
	if got := c.seats(); !slices.Equal(got, []string{""}) {
		t.Errorf("in service again, and bound until %v", got)
	}
	c.want("remove", c.phones.Remove(t.Context(), c.Jeanne, c.angela), nil)
	c.verify(c.Ines, c.citizen(c.Ines, 0), number, written) // in another organisation too
	c.content()
}

// A colleague's reason lets a number that is bound serve another one.
func TestRemoved_AColleagueAllows(t *testing.T) {
	t.Parallel()
	c := open(t)
	c.verify(c.Jeanne, c.angela, number, written)
	c.verify(c.Jeanne, c.angela, "06 39 98 00 12", "+33639980012") // which takes the first one's place
	who := c.citizen(c.Jeanne, 1)
	c.want("replaced, and bound", c.phones.Ask(t.Context(), c.Jeanne, who, number), phone.ErrBarred)
	c.want("allow", c.phones.Allow(t.Context(), c.Paul, who, because), nil)
	c.want("verify", c.phones.Verify(t.Context(), c.Jeanne, who, c.code(who, written)), nil)
	c.content()
}

// Half a year later, at the next quarter, nobody knows any more whom the number served.
func TestRemoved_IsFreeAfterAWhile(t *testing.T) {
	t.Parallel()
	c := open(t)
	c.verify(c.Jeanne, c.angela, number, written)
	c.want("remove", c.phones.Remove(t.Context(), c.Jeanne, c.angela), nil)
	until := quarterAfter(c.Clock.Now().AddDate(0, phone.Bound, 0))
	c.later(until.Add(-time.Minute), 1)
	c.want("purge", c.phones.Purge(t.Context()), nil)
	who := c.citizen(c.Jeanne, 1)
	c.want("a minute before", c.phones.Ask(t.Context(), c.Jeanne, who, number), phone.ErrBarred)
	c.later(until, 1)
	c.want("purge", c.phones.Purge(t.Context()), nil)
	if got := c.seats(); len(got) != 0 {
		t.Errorf("seats %v", got)
	}
	c.verify(c.Jeanne, who, number, written)
	c.later(until.AddDate(2, 0, 0), 1)
	c.want("purge", c.phones.Purge(t.Context()), nil)
	if got := c.seats(); !slices.Equal(got, []string{""}) {
		t.Errorf("in service, and purged: %v", got)
	}
}

// A number stays bound as long as a mandate can stand that was agreed to by SMS, scheduled ones too; one that was agreed to otherwise, or has ended, keeps none.
func TestRemoved_IsBoundWhileAMandateRestsOnIt(t *testing.T) {
	t.Parallel()
	for name, x := range map[string]struct {
		sql  string
		long bool
	}{
		"standing":  {`update mandate set consent_by = 'sms', identified_by = 'known', ends_at = $2 where citizen_id = $1`, true},
		"scheduled": {`update mandate set consent_by = 'sms', identified_by = 'known', state = 'scheduled', starts_at = $2::timestamptz - interval '1 day', ends_at = $2 where citizen_id = $1`, true},
		"ended":     {`update mandate set consent_by = 'sms', identified_by = 'known', state = 'ended', ended_at = signed_at, end_reason = 'citizen', ends_at = $2 where citizen_id = $1`, false},
		"otherwise": {`update mandate set ends_at = $2 where citizen_id = $1`, false},
		"another's": {`update mandate set consent_by = 'sms', identified_by = 'known', ends_at = $2 where citizen_id <> $1`, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := open(t)
			c.t = t
			c.citizen(c.Jeanne, 1)
			c.verify(c.Jeanne, c.angela, number, written)
			ends := c.Clock.Now().AddDate(1, 0, 0)
			c.Behind(t, x.sql, c.angela, ends)
			c.want("remove", c.phones.Remove(t.Context(), c.Jeanne, c.angela), nil)
			until := quarterAfter(c.Clock.Now().AddDate(0, phone.Bound, 0))
			if x.long {
				until = quarterAfter(ends)
			}
			if got := c.seats(); !slices.Equal(got, []string{until.Format(time.DateOnly)}) {
				t.Errorf("bound until %v, want %s", got, until)
			}
		})
	}
}

// A number that is removed while a hold keeps what is about the citizen stays bound until the day of the hold.
func TestBound_UnderAHold(t *testing.T) {
	t.Parallel()
	c := open(t)
	ends := c.Clock.Now().AddDate(1, 0, 0)
	for name, x := range map[string]struct {
		organisation, citizen any
		released              bool
		long                  bool
	}{
		"of the citizen":           {c.Here, c.angela, false, true},
		"of the organisation":      {c.Here, nil, false, true},
		"released":                 {c.Here, c.angela, true, false},
		"of another citizen":       {c.Here, uuid.New(), false, false},
		"of another organisation":  {c.Elsewhere, nil, false, false},
		"of nobody's organisation": {uuid.New(), c.angela, false, false},
	} {
		c.verify(c.Jeanne, c.angela, number, written)
		c.Behind(t, `insert into erasure_hold (id, organisation_id, citizen_id, reason, held_at, held_by, until, released_at, released_by)
			select gen_random_uuid(), $1, $2, 'litigation', $3, $4, $5, case when $6 then $3::timestamptz end, case when $6 then $4::uuid end`, x.organisation, x.citizen, c.Clock.Now(), c.Jeanne.Person, ends, x.released)
		c.want("remove", c.phones.Remove(t.Context(), c.Jeanne, c.angela), nil)
		until := quarterAfter(c.Clock.Now().AddDate(0, phone.Bound, 0))
		if x.long {
			until = quarterAfter(ends)
		}
		if got := c.seats(); !slices.Equal(got, []string{until.Format(time.DateOnly)}) {
			t.Errorf("%s: bound until %v, want %s", name, got, until)
		}
		c.Behind(t, `delete from erasure_hold`)
		c.later(c.Clock.Now().Add(2*time.Hour), 0) // as not more codes go there within an hour
	}
}

// The day until which a number is bound is a quarter's first, so that it tells little.
func TestDatabase_RefusesADayThatTellsMore(t *testing.T) {
	t.Parallel()
	c := open(t)
	c.verify(c.Jeanne, c.angela, number, written)
	for day, want := range map[string]bool{"2027-04-01": true, "2027-05-01": false, "2027-04-02": false} {
		_, err := c.Connect(t, c.Superuser).Exec(t.Context(), `update phone_holder set kept_until = $1::text::date`, day)
		if (err == nil) != want {
			t.Errorf("%s: %v", day, err)
		}
	}
}

// Of a number that can agree for them the citizen is told, in its transaction; of one that waits for a colleague they are not.
func TestVerified_IsTold(t *testing.T) {
	t.Parallel()
	c := open(t)
	var told []org.Message
	fail := errors.New("no place")
	var err error
	c.phones = c.phones.Telling(func(_ *db.Tx, at time.Time, m org.Message) error {
		if at.IsZero() {
			t.Error("at no time")
		}
		told = append(told, m)
		return err
	})
	c.want("ask", c.phones.Ask(t.Context(), c.Jeanne, c.angela, number), nil)
	err = fail
	c.want("verify", c.phones.Verify(t.Context(), c.Jeanne, c.angela, c.code(c.angela, written)), fail)
	if c.of(c.angela).Verified != nil {
		t.Error("verified, and nobody is told")
	}
	err, told = nil, nil
	c.want("verify", c.phones.Verify(t.Context(), c.Jeanne, c.angela, c.code(c.angela, written)), nil)
	other := c.citizen(c.Jeanne, 1)
	c.want("ask", c.phones.Ask(t.Context(), c.Jeanne, other, number), phone.ErrBarred)
	if want := []org.Message{{Kind: "phone_verified", About: c.of(c.angela).Verified.ID.String(), Citizen: c.angela}}; !slices.Equal(told, want) || want[0].Citizen == uuid.Nil {
		t.Errorf("told %+v", told)
	}
}
