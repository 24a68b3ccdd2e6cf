package sampling_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"mandat/internal/db"
	"mandat/internal/fixture"
	"mandat/internal/inquiry"
	"mandat/internal/journal"
	"mandat/internal/journal/draw"
	"mandat/internal/notify"
	"mandat/internal/org"
	"mandat/internal/sampling"
)

// From the order to the last entry that is looked at; an export of the same journal says the same was drawn.
func TestSample(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.cosigned(t, 0, 1)
	id := w.order(t, w.sofia, wish)
	waits := func(what string) {
		t.Helper()
		must(t, w.register.Draw(t.Context()))
		if s := w.look(t, id); s.State != sampling.Ordered || s.Waits != what || s.Since.IsZero() {
			t.Fatalf("%s, waits for %q since %v, want %q", s.State, s.Waits, s.Since, what)
		}
	}
	waits(sampling.ForTree)
	w.grow(t)
	waits(sampling.ForWitnesses)
	w.stamped(t, w.cosigned(t, 0, 1))
	waits(sampling.ForStamp)
	w.stamped(t, w.cosigned(t, 0))
	waits(sampling.ForStamp)
	d := w.cosigned(t, 0, 1)
	waits(sampling.ForStamp)
	w.stamped(t, d)
	must(t, w.register.Draw(t.Context()))
	s := w.look(t, id)
	if s.State != sampling.Drawn || s.Size != d.Size || s.DrawnBy != uuid.Nil || len(s.Drawn) != 5 || s.Population != s.Place {
		t.Fatalf("%+v", s)
	}
	for _, e := range s.Drawn {
		if e.Index >= s.Place {
			t.Errorf("%d was drawn for the order at %d", e.Index, s.Place)
		}
	}
	again, err := w.recomputed(t, s.Place)
	if err != nil || !again.Said || len(again.Differences) > 0 {
		t.Errorf("%+v, %v", again, err)
	}
	if _, err := w.recomputed(t, s.Place+1); !errors.Is(err, draw.ErrNoOrder) {
		t.Errorf("another entry: %v", err)
	}
	q, err := inquiry.New(w.DB, w.Journal, w.Keys, w.Directory, w.Mandates, w.Clock, notify.Queue).Open(t.Context(), w.sofia, s.Drawn[1].Index)
	must(t, err)
	must(t, w.register.Check(t.Context(), w.sofia, id, s.Drawn[0].Index, uuid.Nil))
	must(t, w.register.Check(t.Context(), w.sofia, id, s.Drawn[1].Index, q.ID))
	if s = w.look(t, id); s.Checked != 2 || s.Drawn[0].Outcome != sampling.Nothing || s.Drawn[1].Inquiry != q.ID || s.Drawn[1].By != w.sofia.Person {
		t.Errorf("%+v", s)
	}
	all, err := w.register.List(t.Context(), w.alma)
	if err != nil || len(all) != 1 || all[0].Entries != 5 || all[0].Checked != 2 {
		t.Errorf("%+v, %v", all, err)
	}
	w.sound(t)
}

func TestOrder_Refuses(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	order := func(by journal.Actor, change func(*sampling.Wish)) error {
		what := wish
		change(&what)
		_, err := w.register.Order(t.Context(), by, what)
		return err
	}
	same := func(*sampling.Wish) {}
	if err := order(w.sofia, same); !errors.Is(err, sampling.ErrNotYet) {
		t.Errorf("nothing was cosigned: %v", err)
	}
	w.cosigned(t, 0, 1)
	for what, c := range map[string]struct {
		change func(*sampling.Wish)
		want   error
	}{
		"none wanted":          {func(x *sampling.Wish) { x.Wanted = 0 }, sampling.ErrWanted},
		"too many":             {func(x *sampling.Wish) { x.Wanted = draw.Most + 1 }, sampling.ErrWanted},
		"no reason":            {func(x *sampling.Wish) { x.Reason = "" }, sampling.ErrReason},
		"an unknown action":    {func(x *sampling.Wish) { x.Actions = []string{"power.used", "power.dreamt"} }, sampling.ErrPopulation},
		"a long service":       {func(x *sampling.Wish) { x.Service = strings.Repeat("x", 101) }, sampling.ErrPopulation},
		"a procedure in lines": {func(x *sampling.Wish) { x.Procedure = "a\nb" }, sampling.ErrPopulation},
		"times the wrong way":  {func(x *sampling.Wish) { x.Until = w.Clock.Now(); x.Since = x.Until }, sampling.ErrPopulation},
		"a share in clear":     {func(x *sampling.Wish) { x.Share = "my secret" }, draw.ErrShare},
		"a share in capitals":  {func(x *sampling.Wish) { x.Share = strings.Repeat("AB", 32) }, draw.ErrShare},
	} {
		if err := order(w.sofia, c.change); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", what, err)
		}
	}
	for _, by := range []journal.Actor{w.Jeanne, {Kind: journal.Auditor, Person: w.Jeanne.Person}, {Kind: journal.Administrator, Person: w.sofia.Person}} {
		if err := order(by, same); !errors.Is(err, org.ErrMayNot) {
			t.Errorf("%+v: %v", by, err)
		}
	}
	must(t, order(w.sofia, same))
	if err := order(w.sofia, same); !errors.Is(err, sampling.ErrStanding) {
		t.Errorf("a second one: %v", err)
	}
	must(t, order(w.alma, same))
	without := w.trust
	without.Authorities = nil
	if _, err := sampling.New(w.DB, w.Journal, without, w.Clock).Order(t.Context(), w.sofia, wish); !errors.Is(err, sampling.ErrAuthority) {
		t.Errorf("no authority: %v", err)
	}
	if _, err := sampling.New(w.DB, w.Journal, draw.Trust{}, w.Clock).Order(t.Context(), w.sofia, wish); !errors.Is(err, sampling.ErrWitnesses) {
		t.Errorf("no witnesses: %v", err)
	}
	var acts int
	w.row(t, `select count(*) from journal_entry where action = 'sample.ordered'`, nil, &acts)
	if acts != 2 {
		t.Errorf("%d entries of orders", acts)
	}
	w.sound(t)
}

// Of several that draw at once one does, and a sample is drawn once.
func TestDraw_Once(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.cosigned(t, 0, 1)
	id := w.order(t, w.sofia, wish)
	w.ready(t)
	for _, err := range together(slices.Repeat([]func() error{func() error { return w.register.Draw(t.Context()) }}, 6)...) {
		must(t, err)
	}
	must(t, w.register.Draw(t.Context()))
	var acts, entries int
	w.row(t, `select (select count(*) from journal_entry where action = 'sample.drawn'), (select count(*) from sample_entry where sample_id = $1)`, []any{id}, &acts, &entries)
	if acts != 1 || entries != 5 {
		t.Errorf("%d acts, %d entries", acts, entries)
	}
	w.sound(t)
}

// What fits the order and is done after it is never drawn, and what is asked for is what is drawn from.
func TestDraw_Population(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	signed := sampling.Wish{Actions: []string{"mandate.signed"}, Organisation: w.Here, Procedure: fixture.Tax, Wanted: 50, Reason: sampling.Complaint}
	w.Sign(t, w.Jeanne, fixture.Citizen(2), fixture.Tax)
	w.cosigned(t, 0, 1)
	id := w.order(t, w.sofia, signed)
	w.grow(t)
	w.Sign(t, w.Jeanne, fixture.Citizen(3), fixture.Tax)
	none := signed
	none.Service = "nobody"
	empty := w.order(t, w.alma, none)
	w.ready(t)
	must(t, w.register.Draw(t.Context()))
	s := w.look(t, id)
	if s.Population != 2 || len(s.Drawn) != 2 {
		t.Fatalf("%+v", s)
	}
	for _, e := range s.Drawn {
		var action string
		w.row(t, `select e.action from journal_leaf l join journal_entry e on e.id = l.entry_id where l.index = $1`, []any{e.Index}, &action)
		if e.Index >= s.Place || action != "mandate.signed" {
			t.Errorf("%d (%s) for the order at %d", e.Index, action, s.Place)
		}
	}
	if s := w.look(t, empty); s.State != sampling.Drawn || s.Population != 0 || len(s.Drawn) != 0 {
		t.Errorf("%+v", s)
	}
	for _, place := range []int64{s.Place, w.look(t, empty).Place} {
		if d, err := w.recomputed(t, place); err != nil || len(d.Differences) > 0 {
			t.Errorf("%+v, %v", d, err)
		}
	}
	w.sound(t)
}

// An order lapses when witnesses and authority do not speak in time, and another one can be given then.
func TestDraw_Lapses(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.cosigned(t, 0, 1)
	quiet, slow := w.order(t, w.sofia, wish), w.order(t, w.alma, wish)
	w.cosigned(t, 0, 1)
	w.Clock.Advance(draw.Term + 30*time.Minute)
	must(t, w.register.Draw(t.Context()))
	if s := w.look(t, quiet); s.State != sampling.Ordered {
		t.Errorf("lapsed before what was said in time could be written: %+v", s)
	}
	w.Clock.Advance(time.Hour)
	must(t, w.register.Draw(t.Context()))
	for _, id := range []uuid.UUID{quiet, slow} {
		if s := w.look(t, id); s.State != sampling.Lapsed || s.Why != draw.WhyLate {
			t.Errorf("%+v", s)
		}
	}
	late := w.order(t, w.sofia, wish)
	w.cosigned(t, 0, 1)
	d := w.cosigned(t, 0, 1)
	w.Clock.Advance(draw.Term + time.Second)
	w.stamped(t, d)
	if s := w.look(t, late); s.Waits != sampling.ForDraw || !s.Since.Equal(s.EndsAt) {
		t.Errorf("stamped too late, before the draw: %+v", s)
	}
	must(t, w.register.Draw(t.Context()))
	if s := w.look(t, late); s.State != sampling.Lapsed || s.Why != draw.WhyLate {
		t.Errorf("stamped too late: %+v", s)
	}
	if err := w.register.Reveal(t.Context(), w.sofia, late, draw.Share(strings.Repeat("ab", 32))); !errors.Is(err, db.ErrConflict) {
		t.Errorf("drawn after it lapsed: %v", err)
	}
	w.sound(t)
}

// While somebody draws nobody else begins; who is gone is followed, and who failed at once.
func TestDraw_OneAtATime(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.cosigned(t, 0, 1)
	id, other := w.order(t, w.sofia, wish), w.order(t, w.alma, wish)
	w.ready(t)
	w.busy(t, id, w.Clock.Now().Add(-time.Minute))
	w.busy(t, other, w.Clock.Now().Add(time.Minute))
	must(t, w.register.Draw(t.Context()))
	if s := w.look(t, id); s.State != sampling.Ordered || s.Waits != sampling.ForDraw || s.Looked != 1 {
		t.Fatalf("two draw at once: %+v", s)
	}
	w.Clock.Advance(90 * time.Second)
	conn := w.Connect(t, w.Superuser)
	for _, sql := range []string{`create function fails() returns trigger language plpgsql as $$ begin raise exception 'boom'; end $$`, `create trigger fails before insert on sample_entry for each row execute function fails()`} {
		_, err := conn.Exec(t.Context(), sql)
		must(t, err)
	}
	if err := w.register.Draw(t.Context()); err == nil || !strings.Contains(err.Error(), "boom") {
		t.Errorf("the draw did not fail: %v", err)
	}
	_, err := conn.Exec(t.Context(), `drop trigger fails on sample_entry`)
	must(t, err)
	must(t, w.register.Draw(t.Context()))
	if s := w.look(t, id); s.State != sampling.Drawn || s.Looked != s.Place {
		t.Errorf("%+v", s)
	}
	if s := w.look(t, other); s.State != sampling.Ordered {
		t.Errorf("drawn by two, since another draw failed: %+v", s)
	}
	w.sound(t)
}

func TestCheck_Refuses(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.drawn(t, sampling.Wish{Wanted: 500, Reason: sampling.Routine})
	var own, other int64 = -1, -1
	for _, e := range s.Drawn {
		var by *uuid.UUID
		w.row(t, `select e.person_id from journal_leaf l join journal_entry e on e.id = l.entry_id where l.index = $1`, []any{e.Index}, &by)
		if by != nil && *by == w.alma.Person {
			own = e.Index
		} else {
			other = e.Index
		}
	}
	check := func(by journal.Actor, id uuid.UUID, index int64, inquiry uuid.UUID) error {
		return w.register.Check(t.Context(), by, id, index, inquiry)
	}
	q, err := inquiry.New(w.DB, w.Journal, w.Keys, w.Directory, w.Mandates, w.Clock, notify.Queue).Open(t.Context(), w.sofia, own)
	must(t, err)
	for what, c := range map[string]struct {
		err, want error
	}{
		"their own":                {check(w.alma, s.ID, own, uuid.Nil), org.ErrYourself},
		"not drawn":                {check(w.sofia, s.ID, s.Place, uuid.Nil), db.ErrNotFound},
		"of another sample":        {check(w.sofia, uuid.New(), other, uuid.Nil), db.ErrNotFound},
		"an inquiry of another":    {check(w.sofia, s.ID, other, q.ID), db.ErrNotFound},
		"an inquiry that is none":  {check(w.sofia, s.ID, other, uuid.New()), db.ErrNotFound},
		"by an aidant":             {check(w.Jeanne, s.ID, other, uuid.Nil), org.ErrMayNot},
		"by somebody from nowhere": {check(journal.Actor{Kind: journal.Auditor, Person: uuid.New()}, s.ID, other, uuid.Nil), org.ErrMayNot},
	} {
		if !errors.Is(c.err, c.want) {
			t.Errorf("%s: %v", what, c.err)
		}
	}
	done := together(slices.Repeat([]func() error{func() error { return check(w.sofia, s.ID, other, uuid.Nil) }}, 4)...)
	won := 0
	for _, err := range done {
		if err == nil {
			won++
		} else if !errors.Is(err, db.ErrConflict) {
			t.Error(err)
		}
	}
	if won != 1 {
		t.Errorf("%d said what came of the same entry", won)
	}
	if _, err := w.register.List(t.Context(), w.Jeanne); !errors.Is(err, org.ErrMayNot) {
		t.Error(err)
	}
	if _, err := w.register.Look(t.Context(), journal.Actor{Kind: journal.Auditor, Person: w.Jeanne.Person}, s.ID); !errors.Is(err, org.ErrMayNot) {
		t.Error(err)
	}
	w.sound(t)
}

// The database refuses in its own right.
func TestTables_Refuse(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.drawn(t, wish)
	w.cosigned(t, 0, 1)
	standing := w.order(t, w.sofia, wish)
	given, kept := w.order(t, w.alma, bound), w.order(t, w.Newcomer(t, journal.Auditor, uuid.Nil, "vera"), bound)
	w.ready(t)
	must(t, w.register.Reveal(t.Context(), w.alma, given, share))
	for what, sql := range map[string]string{
		"an order without its entry":      `insert into sample (id, year, number, state, wanted, bound, ordered_by, ordered_at, ends_at) select gen_random_uuid(), 2026, 99, 'ordered', 5, false, ordered_by, now(), now() + interval '24 hours' from sample where state = 'drawn'`,
		"drawn without its entry":         fmt.Sprintf(`update sample set state = 'drawn', place = 1, witnessed = 2, size = 3, stamped_at = ordered_at, population = 1, ended_at = ordered_at where id = '%s'`, standing),
		"lapsed without its entry":        fmt.Sprintf(`update sample set state = 'lapsed', place = 1, why = 'late', ended_at = ordered_at where id = '%s'`, standing),
		"ordered again":                   fmt.Sprintf(`update sample set state = 'ordered', place = null where id = '%s'`, s.ID),
		"another entry in the sample":     fmt.Sprintf(`insert into sample_entry (sample_id, index) values ('%s', 0) on conflict (sample_id, index) do update set index = 1`, s.ID),
		"one more":                        fmt.Sprintf(`insert into sample_entry (sample_id, index) select '%s', p from generate_series(0, 20) p on conflict do nothing`, s.ID),
		"looked at without its entry":     fmt.Sprintf(`update sample_entry set outcome = 'nothing', checked_by = '%s', checked_at = now() where sample_id = '%s'`, w.sofia.Person, s.ID),
		"deleted":                         `delete from sample_entry`,
		"an order taken back":             fmt.Sprintf(`delete from sample where id = '%s'`, standing),
		"another number of them wanted":   `update sample set wanted = 1`,
		"a share without its entry":       fmt.Sprintf(`update sample set share = repeat('ab', 32), shared_by = ordered_by, shared_at = now() where id = '%s'`, kept),
		"a share where none is asked for": fmt.Sprintf(`update sample set share = repeat('ab', 32), shared_by = ordered_by, shared_at = now() where id = '%s'`, standing),
		"another share":                   fmt.Sprintf(`update sample set share = repeat('ac', 32) where id = '%s'`, given),
		"by somebody else":                fmt.Sprintf(`update sample set shared_by = '%s' where id = '%s'`, w.sofia.Person, given),
	} {
		if err := w.exec(t, sql); err == nil {
			t.Errorf("%s: taken", what)
		}
	}
	w.sound(t)
	for what, sql := range map[string]string{
		"another entry":            fmt.Sprintf(`update sample_entry set index = 1000 where sample_id = '%s' and index = %d`, s.ID, s.Drawn[0].Index),
		"an entry removed":         fmt.Sprintf(`delete from sample_entry where sample_id = '%s' and index = %d`, s.ID, s.Drawn[1].Index),
		"another number wanted":    `update sample set wanted = wanted + 1`,
		"another who gave a share": fmt.Sprintf(`update sample set shared_by = '%s' where id = '%s'`, w.sofia.Person, given),
	} {
		before, err := sampling.Compare(t.Context(), w.OpenAuditor(t))
		must(t, err)
		w.unguarded(t, sql)
		after, err := sampling.Compare(t.Context(), w.OpenAuditor(t))
		if err != nil || fmt.Sprint(after) == fmt.Sprint(before) {
			t.Errorf("%s is not named: %v, %v", what, after, err)
		}
	}
}
