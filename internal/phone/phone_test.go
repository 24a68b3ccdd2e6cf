package phone_test

import (
	"errors"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"mandat/internal/contact"
	"mandat/internal/db"
	"mandat/internal/fixture"
	"mandat/internal/journal"
	"mandat/internal/mailbox"
	"mandat/internal/org"
	"mandat/internal/phone"
	"mandat/internal/sms"
)

// counter is a world whose citizens have telephones.
type counter struct {
	*fixture.World
	t      *testing.T
	box    *mailbox.Box
	phones *phone.Register
	angela uuid.UUID
}

const (
	number  = "06 39 98 00 10"
	written = "+33639980010"
	because = "Le numéro est celui de sa fille, qui est présente"
)

func open(t *testing.T) *counter {
	t.Helper()
	box, err := mailbox.Start(t.Context(), mailbox.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = box.Close() })
	gateway, err := sms.New(sms.Config{URL: box.SMS(), Token: box.Token})
	if err != nil {
		t.Fatal(err)
	}
	c := &counter{World: fixture.New(t), t: t, box: box}
	c.phones = phone.New(c.DB, c.Journal, c.Citizens, c.Keys, c.Clock, gateway)
	c.angela = c.citizen(c.Jeanne, 0)
	return c
}

// citizen is somebody with a mandate of the actor's organisation: 0 is Angela.
func (c *counter) citizen(by journal.Actor, n int) uuid.UUID {
	c.t.Helper()
	who := fixture.Citizen(n)
	if n == 0 {
		who = fixture.Angela()
	}
	return c.Sign(c.t, by, who, fixture.Tax).Citizen
}

// code sends the messages that wait for a citizen and returns the code in the last.
func (c *counter) code(citizen uuid.UUID, to string) string {
	c.t.Helper()
	var message uuid.UUID
	if err := c.Connect(c.t, c.Superuser).QueryRow(c.t.Context(), `select message_id from phone where citizen_id = $1 and state = 'asked'`, citizen).Scan(&message); err != nil {
		c.t.Fatal(err)
	}
	if err := c.phones.Kind().Work(c.t.Context(), message, false); err != nil {
		c.t.Fatal(err)
	}
	m, err := c.box.Wait(c.t.Context(), to, "code")
	if err != nil {
		c.t.Fatal(err)
	}
	return regexp.MustCompile(`\b[0-9]{6}\b`).FindString(m.Text)
}

func (c *counter) want(what string, err, want error) {
	c.t.Helper()
	if !errors.Is(err, want) {
		c.t.Errorf("%s: %v, want %v", what, err, want)
	}
}

// verify has a number verified at once.
func (c *counter) verify(by journal.Actor, citizen uuid.UUID, number, written string) {
	c.t.Helper()
	if err := c.phones.Ask(c.t.Context(), by, citizen, number); err != nil {
		c.t.Fatal(err)
	}
	if err := c.phones.Verify(c.t.Context(), by, citizen, c.code(citizen, written)); err != nil {
		c.t.Fatal(err)
	}
}

// content fails unless the tables say what the entries say.
func (c *counter) content() {
	c.t.Helper()
	found, err := phone.Compare(c.t.Context(), c.OpenAuditor(c.t))
	if err != nil || len(found) > 0 {
		c.t.Errorf("%v, %v", found, err)
	}
	c.Content(c.t)
}

func (c *counter) of(citizen uuid.UUID) phone.Numbers {
	c.t.Helper()
	n, err := c.phones.Of(c.t.Context(), c.Jeanne, citizen)
	if err != nil {
		c.t.Fatal(err)
	}
	return n
}

func TestNumber_IsVerifiedByTheCode(t *testing.T) {
	t.Parallel()
	c := open(t)
	ctx := t.Context()
	before := c.Clock.Now()
	if err := c.phones.Ask(ctx, c.Jeanne, c.angela, number); err != nil {
		t.Fatal(err)
	}
	if n := c.of(c.angela); n.Verified != nil || n.Asked == nil || n.Asked.Number != written || !n.Asked.CodeSent(c.Clock.Now()) || n.Asked.VerifiedBefore(c.Clock.Now()) {
		t.Fatalf("asked: %+v", n.Asked)
	}
	code := c.code(c.angela, written)
	if again := c.code(c.angela, written); again != code {
		t.Error("a second try of the job sends another code")
	}
	c.want("another code", c.phones.Verify(ctx, c.Jeanne, c.angela, "x"+code), phone.ErrNotShown)
	for range 6 { // and uses up no try of Jeanne's
		c.want("somebody else's session", c.phones.Verify(ctx, c.Paul, c.angela, code), phone.ErrNotShown)
	}
	c.want("another organisation", c.phones.Verify(ctx, c.Ines, c.angela, code), phone.ErrNotShown)
	if err := c.phones.Verify(ctx, c.Jeanne, c.angela, code[:3]+" "+code[3:]); err != nil {
		t.Fatal(err)
	}
	c.want("a second time", c.phones.Verify(ctx, c.Jeanne, c.angela, code), phone.ErrNotShown)
	n := c.of(c.angela).Verified
	if n == nil || n.Number != written || n.VerifiedBy != c.Jeanne.Person || n.VerifiedBefore(before) || n.VerifiedBefore(n.VerifiedAt) || !n.VerifiedBefore(n.VerifiedAt.Add(time.Microsecond)) {
		t.Fatalf("verified: %+v", n)
	}
	if strings.Contains(n.Masked(), "39") || !strings.HasSuffix(n.Masked(), "10") {
		t.Error(n.Masked())
	}
	if other, err := c.phones.Of(ctx, c.Ines, c.angela); err != nil || other.Verified != nil || other.Asked != nil {
		t.Errorf("another organisation sees it: %v", err)
	}
	c.content()
}

// A code is worth ten minutes and five tries, and a new one counts from the beginning.
func TestVerify_RefusesLateCodesAndGuesses(t *testing.T) {
	t.Parallel()
	c := open(t)
	ctx := t.Context()
	for range 2 {
		c.want("ask", c.phones.Ask(ctx, c.Jeanne, c.angela, number), nil)
	}
	code := c.code(c.angela, written)
	for range 5 {
		c.want("a guess", c.phones.Verify(ctx, c.Jeanne, c.angela, "000 00"), phone.ErrNotShown)
	}
	c.want("after five guesses", c.phones.Verify(ctx, c.Jeanne, c.angela, code), phone.ErrNotShown)
	c.want("ask again", c.phones.Ask(ctx, c.Jeanne, c.angela, number), nil)
	c.want("the code of before", c.phones.Verify(ctx, c.Jeanne, c.angela, code), phone.ErrNotShown)
	code = c.code(c.angela, written)
	c.Clock.Advance(phone.CodeLife)
	c.want("late", c.phones.Verify(ctx, c.Jeanne, c.angela, code), phone.ErrNotShown)
	c.content()
}

func TestAsk_Refuses(t *testing.T) {
	t.Parallel()
	c := open(t)
	ctx := t.Context()
	for _, s := range []string{"", "0612", "01 99 00 12 34", "0892 70 70 70", "+44 7700 900123", "https://x"} {
		c.want(s, c.phones.Ask(ctx, c.Jeanne, c.angela, s), phone.ErrNumber)
	}
	for _, s := range []string{"0612345678", "+33 7 56 78 90 12", "0690 00 12 34", "06 39 98 12 34"} {
		if _, err := phone.Read(s); err != nil {
			t.Errorf("%s: %v", s, err)
		}
	}
	stale := c.Jeanne
	stale.FactorAt = c.Clock.Now().Add(-org.FactorLife - time.Second)
	c.want("an old factor", c.phones.Ask(ctx, stale, c.angela, number), org.ErrFactorTooOld)
	c.want("another organisation", c.phones.Ask(ctx, c.Ines, c.angela, number), db.ErrNotFound)
	referent := c.Referent(t, c.Here, "odile")
	c.want("a referent", c.phones.Ask(ctx, referent, c.angela, number), org.ErrMayNot)
	if _, err := c.phones.Of(ctx, referent, c.angela); !errors.Is(err, org.ErrMayNot) {
		t.Errorf("a referent reads: %v", err)
	}
	c.want("a referent removes", c.phones.Remove(ctx, referent, c.angela), org.ErrMayNot)
	c.want("nothing to remove", c.phones.Remove(ctx, c.Jeanne, c.angela), db.ErrNotFound)
}

// Messages cost money and come to who did not ask: to one number, whoever asks, and by one person they are few.
func TestAsk_TooOften(t *testing.T) {
	t.Parallel()
	c := open(t)
	for range 4 {
		c.want("ask", c.phones.Ask(t.Context(), c.Jeanne, c.angela, number), nil)
	}
	c.want("the fifth", c.phones.Ask(t.Context(), c.Jeanne, c.angela, number), phone.ErrTooOften)
	c.want("by a colleague", c.phones.Ask(t.Context(), c.Paul, c.angela, number), phone.ErrTooOften)
	for n := range 11 {
		c.want("another number", c.phones.Ask(t.Context(), c.Jeanne, c.angela, "06399801"+string(rune('0'+n/10))+string(rune('0'+n%10))), nil)
	}
	c.want("the sixteenth of one person", c.phones.Ask(t.Context(), c.Jeanne, c.angela, "0639980199"), phone.ErrTooOften)
	c.want("by a colleague", c.phones.Ask(t.Context(), c.Paul, c.angela, "0639980199"), nil)
	c.content()
}

// A professional's number, shown or not, and that of who is invited, is not a citizen's unless a second colleague says why.
func TestStaffNumber_WantsAColleague(t *testing.T) {
	t.Parallel()
	for name, have := range map[string]func(*counter){
		"verified": func(c *counter) {
			c.Behind(t, `update person set phone = $2, phone_verified_at = now() where id = $1`, c.Ines.Person, written)
		},
		"said": func(c *counter) {
			contacts := contact.New(c.DB, c.Journal, c.Directory, c.Keys, c.Clock)
			c.want("start", contacts.Start(t.Context(), c.Ines, org.ByPhone, number), nil)
		},
		"invited elsewhere": func(c *counter) {
			c.Behind(t, `insert into invitation (id, organisation_id, roles, email, given_name, usual_name, phone, state, created_at, expires_at)
				values (gen_random_uuid(), $1, '{aidant}', 'm@exemple.invalid', 'M', 'M', $2, 'open', now(), now() + interval '1 day')`, c.Elsewhere, written)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := open(t)
			c.t = t
			have(c)
			c.bars(phone.Staff)
		})
	}
}

// bars expects Angela's number to be refused until Paul has given the reason.
func (c *counter) bars(why string) {
	c.t.Helper()
	ctx := c.t.Context()
	err := c.phones.Ask(ctx, c.Jeanne, c.angela, number)
	c.want("ask", err, phone.ErrBarred)
	if n := c.of(c.angela).Asked; n == nil || !n.NeedsColleague() || n.Barred != why || n.CodeSent(c.Clock.Now()) {
		c.t.Fatalf("%+v", n)
	}
	if n := len(c.box.To(written)); n > 0 {
		c.t.Errorf("%d messages", n)
	}
	c.want("ask again", c.phones.Ask(ctx, c.Jeanne, c.angela, number), phone.ErrBarred)
	stale := c.Paul
	stale.FactorAt = c.Clock.Now().Add(-org.FactorLife - time.Second)
	c.want("who asked allows", c.phones.Allow(ctx, c.Jeanne, c.angela, because), phone.ErrSamePerson)
	c.want("without a reason", c.phones.Allow(ctx, c.Paul, c.angela, " oui      oui "), phone.ErrReason)
	c.want("a number in the reason", c.phones.Allow(ctx, c.Paul, c.angela, "sa fille, 1 85 05 78 006 084 91"), phone.ErrSecret)
	c.want("an old factor", c.phones.Allow(ctx, stale, c.angela, because), org.ErrFactorTooOld)
	c.want("another organisation", c.phones.Allow(ctx, c.Ines, c.angela, because), db.ErrNotFound)
	c.want("verify", c.phones.Verify(ctx, c.Jeanne, c.angela, "123456"), phone.ErrNotShown)
	c.want("allow", c.phones.Allow(ctx, c.Paul, c.angela, because), nil)
	c.want("allow twice", c.phones.Allow(ctx, c.Paul, c.angela, because), db.ErrNotFound)
	c.want("another code", c.phones.Ask(ctx, c.Jeanne, c.angela, number), nil)
	c.want("the colleague asks", c.phones.Ask(ctx, c.Paul, c.angela, number), phone.ErrBarred)
	c.want("who asked before allows", c.phones.Allow(ctx, c.Jeanne, c.angela, because), nil)
	c.want("verify", c.phones.Verify(ctx, c.Paul, c.angela, c.code(c.angela, written)), nil)
	if n := c.of(c.angela).Verified; n == nil || n.Colleague != c.Jeanne.Person {
		c.t.Fatalf("%+v", n)
	}
	if found, err := phone.Compare(ctx, c.OpenAuditor(c.t)); err != nil || len(found) > 0 {
		c.t.Errorf("%v, %v", found, err)
	}
}

// A number that serves another person, in whatever organisation, wants a colleague; the same person in another organisation is no other person.
func TestServingAnother_WantsAColleague(t *testing.T) {
	t.Parallel()
	for name, other := range map[string]func(*counter) (journal.Actor, uuid.UUID){
		"here":      func(c *counter) (journal.Actor, uuid.UUID) { return c.Jeanne, c.citizen(c.Jeanne, 1) },
		"elsewhere": func(c *counter) (journal.Actor, uuid.UUID) { return c.Ines, c.citizen(c.Ines, 1) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := open(t)
			c.t = t
			by, who := other(c)
			c.verify(by, who, number, written)
			before := len(c.box.To(written))
			c.want("ask", c.phones.Ask(t.Context(), c.Jeanne, c.angela, number), phone.ErrBarred)
			if len(c.box.To(written)) != before {
				t.Error("a code was sent")
			}
			c.want("allow", c.phones.Allow(t.Context(), c.Paul, c.angela, because), nil)
			c.want("verify", c.phones.Verify(t.Context(), c.Jeanne, c.angela, c.code(c.angela, written)), nil)
			c.want("remove", c.phones.Remove(t.Context(), c.Jeanne, c.angela), nil)
			c.want("remove", c.phones.Remove(t.Context(), by, who), nil)
			c.want("it served somebody else lately", c.phones.Ask(t.Context(), c.Jeanne, c.angela, number), phone.ErrBarred)
			c.content()
		})
	}
	c := open(t)
	c.verify(c.Ines, c.citizen(c.Ines, 0), number, written)
	c.verify(c.Jeanne, c.angela, number, written)
	c.content()
}

// The colleague is not whose number it is: two who agree would still need a third person's telephone.
func TestAllow_RefusesTheOwner(t *testing.T) {
	t.Parallel()
	c := open(t)
	c.Behind(t, `update person set phone = $2 where id = $1`, c.Paul.Person, written)
	c.want("ask", c.phones.Ask(t.Context(), c.Jeanne, c.angela, number), phone.ErrBarred)
	c.want("allow", c.phones.Allow(t.Context(), c.Paul, c.angela, because), phone.ErrSamePerson)
	c.content()
}

// What somebody else took between the question and the code is not the citizen's; and who did not take part in it asks a colleague again.
func TestVerify_LooksAgain(t *testing.T) {
	t.Parallel()
	c := open(t)
	ctx := t.Context()
	c.want("ask", c.phones.Ask(ctx, c.Jeanne, c.angela, number), nil)
	code := c.code(c.angela, written)
	c.verify(c.Ines, c.citizen(c.Ines, 1), number, written)
	c.want("verify", c.phones.Verify(ctx, c.Jeanne, c.angela, code), phone.ErrBarred)
	c.want("allow", c.phones.Allow(ctx, c.Paul, c.angela, because), nil)
	c.Behind(t, `update person set phone = $2 where id = $1`, c.Ines.Person, written)
	c.want("for another reason", c.phones.Verify(ctx, c.Jeanne, c.angela, c.code(c.angela, written)), phone.ErrBarred)
	c.content()
}

// Two citizens for whom the same number is verified at once: one of them has it.
func TestVerify_Race(t *testing.T) {
	t.Parallel()
	c := open(t)
	people := []uuid.UUID{c.angela, c.citizen(c.Jeanne, 1), c.citizen(c.Jeanne, 2), c.citizen(c.Jeanne, 3)}
	codes := make([]string, len(people))
	for i, who := range people {
		c.want("ask", c.phones.Ask(t.Context(), c.Jeanne, who, number), nil)
		codes[i] = c.code(who, written)
	}
	var won, barred atomic.Int32
	var wg sync.WaitGroup
	for i, who := range people {
		wg.Go(func() {
			switch err := c.phones.Verify(t.Context(), c.Jeanne, who, codes[i]); {
			case err == nil:
				won.Add(1)
			case errors.Is(err, phone.ErrBarred):
				barred.Add(1)
			default:
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if won.Load() != 1 || barred.Load() != 3 {
		t.Errorf("%d have the number, %d need a colleague", won.Load(), barred.Load())
	}
	c.content()
}

// A new number removes the one before, and of a removed number nothing is kept but whom it is bound to, for a while.
func TestNumber_IsReplacedAndRemoved(t *testing.T) {
	t.Parallel()
	c := open(t)
	c.verify(c.Jeanne, c.angela, number, written)
	first := c.of(c.angela).Verified.ID
	c.want("ask", c.phones.Ask(t.Context(), c.Jeanne, c.angela, "06 39 98 00 11"), nil)
	if c.of(c.angela).Verified.ID != first {
		t.Error("the number was given up before the other one is shown")
	}
	c.verify(c.Jeanne, c.angela, "06 39 98 00 12", "+33639980012")
	if n := c.of(c.angela); n.Verified.ID == first || n.Asked != nil {
		t.Errorf("%+v", n)
	}
	c.want("remove", c.phones.Remove(t.Context(), c.Paul, c.angela), nil)
	if n := c.of(c.angela); n.Verified != nil || n.Asked != nil {
		t.Errorf("%+v", n)
	}
	var kept, holders int
	if err := c.Connect(t, c.Superuser).QueryRow(t.Context(), `select (select count(*) from phone where state <> 'removed' or number is not null), (select count(*) from phone_holder where kept_until is null)`).Scan(&kept, &holders); err != nil || kept+holders > 0 {
		t.Errorf("%d numbers, %d holders, %v", kept, holders, err)
	}
	c.content()
}

// What was not verified goes after a day, and nothing else.
func TestPurge(t *testing.T) {
	t.Parallel()
	c := open(t)
	c.verify(c.Jeanne, c.angela, number, written)
	c.want("ask", c.phones.Ask(t.Context(), c.Jeanne, c.angela, "0639980011"), nil)
	for _, want := range []int{2, 1} {
		c.want("purge", c.phones.Purge(t.Context()), nil)
		var n int
		if err := c.Connect(t, c.Superuser).QueryRow(t.Context(), `select count(*) from phone`).Scan(&n); err != nil || n != want {
			t.Errorf("%d rows, want %d, %v", n, want, err)
		}
		c.Clock.Advance(phone.Kept + time.Minute)
	}
}

// Who verifies a number waits for everybody else who does, and looks at what they did.
func TestVerify_WaitsForOthers(t *testing.T) {
	t.Parallel()
	c := open(t)
	ctx := t.Context()
	c.want("ask", c.phones.Ask(ctx, c.Jeanne, c.angela, number), nil)
	code := c.code(c.angela, written)
	index, err := c.Keys.Index(uuid.Nil, "phone.number", written)
	if err != nil {
		t.Fatal(err)
	}
	other, watch := c.Connect(t, c.Superuser), c.Connect(t, c.Superuser)
	tx, err := other.Begin(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec(ctx, `select pg_advisory_xact_lock(('x' || encode(substring($1::bytea for 8), 'hex'))::bit(64)::bigint)`, index); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- c.phones.Verify(ctx, c.Jeanne, c.angela, code) }()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(2 * time.Millisecond) {
		var waits bool
		if err := watch.QueryRow(ctx, `select exists (select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock')`).Scan(&waits); err != nil {
			t.Fatal(err)
		}
		if waits {
			break
		}
		if len(done) > 0 || time.Now().After(deadline) {
			t.Fatal("it does not wait")
		}
	}
	if _, err := tx.Exec(ctx, `insert into phone_holder values ($1, sha256('somebody'), sha256('else'))`, index); err != nil {
		t.Fatal(err)
	}
	if err := tx.Commit(ctx); err != nil {
		t.Fatal(err)
	}
	c.want("verify", <-done, phone.ErrBarred)
	c.content()
}
