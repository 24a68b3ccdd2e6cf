package inquiry_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"

	"mandat/internal/db"
	"mandat/internal/erasure"
	"mandat/internal/fixture"
	"mandat/internal/inquiry"
	"mandat/internal/mandate"
)

// erasing is a world with two mandates that have ended, of which the first one's citizen is to be erased.
type erasing struct {
	*world
	m, other       mandate.Mandate
	index, another int64 // where their signatures stand in the log
	erase          func() error
}

func newErasing(t *testing.T) *erasing {
	t.Helper()
	w := &erasing{world: newWorld(t)}
	w.m, w.other = w.Sign(t, w.Jeanne, fixture.Citizen(1), fixture.Tax), w.Sign(t, w.Jeanne, fixture.Citizen(2), fixture.Tax)
	if err := w.Mandates.End(t.Context(), w.Jeanne, w.m.ID, "citizen"); err != nil {
		t.Fatal(err)
	}
	if err := w.in.CatchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	place := func(m mandate.Mandate) (index int64) {
		w.row(t, `select l.index from journal_leaf l join journal_entry e on e.id = l.entry_id where e.mandate_id = $1 and e.action = 'mandate.signed'`, []any{m.ID}, &index)
		return index
	}
	w.index, w.another = place(w.m), place(w.other)
	erasures := erasure.New(w.DB, w.Journal, w.Telephone(t).Phones, w.Clock, nil, inquiry.Forget)
	w.erase = func() error {
		_, err := erasures.Erase(t.Context(), erasure.Who{Organisation: w.Here, Citizen: w.m.Citizen}, erasure.Again)
		return err
	}
	return w
}

// opens opens an inquiry from an entry.
func (w *erasing) opens(t *testing.T, index int64) uuid.UUID {
	t.Helper()
	q, err := w.register.Open(t.Context(), w.sofia, index)
	if err != nil {
		t.Fatal(err)
	}
	return q.ID
}

// goes fails the test unless what is written in an inquiry goes when it is closed.
func (w *erasing) goes(t *testing.T, what string, q uuid.UUID, want bool) {
	t.Helper()
	if err := w.register.Note(t.Context(), w.sofia, q, words); err != nil {
		t.Fatal(err)
	}
	if _, err := w.register.Find(t.Context(), w.sofia, q, inquiry.Finding{Gravity: inquiry.None, Words: words}); err != nil {
		t.Fatal(err)
	}
	if whole := w.look(t, q); whole.Notes[0].Words != words {
		t.Errorf("%s: before its end %+v", what, whole.Notes)
	}
	w.over(t, q)
	if whole := w.look(t, q); (whole.Notes[0].Words == "") != want || (whole.Findings[len(whole.Findings)-1].Words == "") != want {
		t.Errorf("%s: %+v, gone %t", what, whole.Notes, want)
	}
}

// Of somebody who was erased before words are written for the inquiry, and no longer: whether it was opened from an entry that is forgotten, from the one that says so, or had it attached.
func TestOpen_OfSomebodyErased(t *testing.T) {
	t.Parallel()
	w := newErasing(t)
	if err := w.erase(); err != nil {
		t.Fatal(err)
	}
	if err := w.in.CatchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Connect(t, w.App).Exec(t.Context(), `insert into journal_entry (at, action, organisation_id, citizen_id, salt, body) values (now(), 'citizen.erased', $1, $2, sha256('x'), '{"action":"x","detail":{}}')`,
		w.Here, w.world.m.Citizen); err != nil { // whom nobody erased
		t.Fatal(err)
	}
	w.goes(t, "opened from a forgotten entry", w.opens(t, w.index), true)
	var erased int64
	w.row(t, `select l.index from journal_leaf l join journal_entry e on e.id = l.entry_id where e.action = 'citizen.erased'`, nil, &erased)
	w.goes(t, "opened from the entry of the erasure", w.opens(t, erased), true)
	attached, beside := w.opens(t, w.another), w.opens(t, w.another)
	if err := w.register.Attach(t.Context(), w.sofia, attached, w.index); err != nil {
		t.Fatal(err)
	}
	if err := w.register.Attach(t.Context(), w.sofia, beside, w.signed); err != nil {
		t.Fatal(err)
	}
	w.goes(t, "attached", attached, true)
	w.goes(t, "of somebody else", beside, false)
	if err := w.register.Attach(t.Context(), w.sofia, w.opens(t, w.another), 1_000_000); !errors.Is(err, db.ErrNotFound) {
		t.Errorf("no entry: %v", err)
	}
	w.sound(t)
}

// Words of an inquiry were destroyed, its citizen erased, and it is opened again: what is written then goes when it is closed.
func TestForget_OfAnInquiryWithoutWords(t *testing.T) {
	t.Parallel()
	w := newErasing(t)
	q := w.opens(t, w.index)
	if _, err := w.register.Find(t.Context(), w.sofia, q, inquiry.Finding{Gravity: inquiry.None, Words: words}); err != nil {
		t.Fatal(err)
	}
	w.over(t, q)
	w.Clock.Advance(6*365*24*time.Hour + 72*time.Hour)
	if err := errors.Join(w.register.Purge(t.Context()), w.erase(), w.register.Reopen(t.Context(), w.alma, q, words)); err != nil {
		t.Fatal(err)
	}
	if _, err := w.register.Find(t.Context(), w.sofia, q, inquiry.Finding{Gravity: inquiry.None, Words: words}); err != nil {
		t.Fatal(err)
	}
	w.over(t, q)
	if whole := w.look(t, q); whole.Notes[1].Words != "" || whole.Findings[1].Words != "" {
		t.Errorf("%+v", whole)
	}
	w.sound(t)
}

// waiting waits until so many wait for a lock.
func (w *erasing) waiting(t *testing.T, many int) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); w.count(t, `select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`) < many; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Errorf("fewer than %d wait", many)
			return
		}
	}
}

// acts are those that bring a citizen into an inquiry, each in another one.
func (w *erasing) acts(t *testing.T) (all []func() error, of func() []uuid.UUID) {
	t.Helper()
	attached, found := w.opens(t, w.another), w.opens(t, w.another)
	opened := make(chan uuid.UUID, 1)
	return []func() error{
		func() error {
			q, err := w.register.Open(t.Context(), w.sofia, w.index)
			opened <- q.ID
			return err
		},
		func() error { return w.register.Attach(t.Context(), w.sofia, attached, w.index) },
		func() error {
			_, err := w.register.Find(t.Context(), w.sofia, found, inquiry.Finding{Gravity: inquiry.Minor, Organisation: w.Here, Mandate: w.m.ID, Words: words})
			return err
		},
	}, func() []uuid.UUID { return []uuid.UUID{<-opened, attached, found} }
}

// Whatever of the two comes first, an erasure and an act that brings its citizen into an inquiry, the other one waits for it and knows of it.
func TestErasure_BesideAnInquiry(t *testing.T) {
	t.Parallel()
	for what, first := range map[string]bool{"the erasure first": true, "the erasure after": false} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			w := newErasing(t)
			all, of := w.acts(t)
			block, err := w.Connect(t, w.Superuser).Begin(t.Context()) // what an act comes to after its citizen, and the erasure too
			if err != nil {
				t.Fatal(err)
			}
			held := []string{`select from inquiry for update`, `select pg_advisory_xact_lock(hashtextextended('inquiry number', 0))`}
			if first {
				held = []string{`select from mandate_power for update`}
			}
			for _, sql := range held {
				if _, err := block.Exec(t.Context(), sql); err != nil {
					t.Fatal(err)
				}
			}
			errs := make([]error, len(all))
			done := make(chan int)
			run := func(i int) { errs[i] = all[i](); done <- i }
			erased := make(chan error, 1)
			if first {
				go func() { erased <- w.erase() }()
				w.waiting(t, 1)
			}
			for i := range all {
				go run(i)
			}
			w.waiting(t, len(all))
			if !first {
				go func() { erased <- w.erase() }()
			}
			w.waiting(t, len(all)+1)
			if err := block.Rollback(t.Context()); err != nil {
				t.Fatal(err)
			}
			for range all {
				<-done
			}
			if err := <-erased; err != nil {
				t.Errorf("erase: %v", err)
			}
			want := []error{nil, nil, nil}
			if first {
				want[2] = inquiry.ErrSubject // of whom there is no mandate any more
			}
			for i, q := range of() {
				if !errors.Is(errs[i], want[i]) {
					t.Errorf("act %d: %v, want %v", i, errs[i], want[i])
				}
				if known := w.count(t, `select count(*) from inquiry where id = $1 and erased_at is not null`, q) == 1; known != (want[i] == nil) {
					t.Errorf("inquiry %d: that somebody was erased is known: %t", i, known)
				}
			}
			w.sound(t)
		})
	}
}

// An inquiry into somebody's entry, in which something is found about their mandate at the moment in which they are erased: the two take what they lock in one order, and neither fails for the other.
func TestErasure_BesideAFindingOfTheirs(t *testing.T) {
	t.Parallel()
	w := newErasing(t)
	q := w.opens(t, w.index)
	w.Behind(t, `insert into erasure_request (id, organisation_id, citizen_id, state, asked_at, asked_by, due_at) values (gen_random_uuid(), $1, $2, 'asked', now(), $3, now())`, w.Here, w.m.Citizen, w.Jeanne.Person)
	block, err := w.Connect(t, w.Superuser).Begin(t.Context()) // what the erasure comes to between its citizen and the inquiry
	if err != nil {
		t.Fatal(err)
	}
	if _, err := block.Exec(t.Context(), `select from erasure_request for update`); err != nil {
		t.Fatal(err)
	}
	erased, found := make(chan error, 1), make(chan error, 1)
	go func() { erased <- w.erase() }()
	w.waiting(t, 1)
	go func() {
		_, err := w.register.Find(t.Context(), w.sofia, q, inquiry.Finding{Gravity: inquiry.Minor, Organisation: w.Here, Mandate: w.m.ID, Words: words})
		found <- err
	}()
	w.waiting(t, 2)
	if err := block.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := <-erased; err != nil {
		t.Errorf("erase: %v", err)
	}
	if err := <-found; !errors.Is(err, inquiry.ErrSubject) {
		t.Errorf("find: %v", err)
	}
	w.goes(t, "with what was found before", q, true)
	w.sound(t)
}

// takenInto says how something about the entry at $3 is taken into the inquiry $4; $5 says that whom it was about was erased before.
var takenInto = map[string]string{
	"an alert": `insert into anomaly_alert (id, rule, version, organisation_id, person_id, day, entries, figures, first_at, last_at, found_at, state, case_id, taken_by, taken_at, erased_at)
		select gen_random_uuid(), r.key, r.version, $1, $2, '2001-01-01'::date + (select count(*)::int from anomaly_alert), array[$3::bigint], '{}', now(), now(), now(), 'in_case', $4, $2, now(), case when $5 then now() end from anomaly_rule r limit 1`,
	"a signal": `insert into recipient_signal (id, kind, entries, words_sha256, state, raised_by, raised_at, case_id, taken_by, taken_at, erased_at)
		select gen_random_uuid(), 'other', array[$3::bigint], sha256(''), 'in_case', $2, now(), $4, $2, now(), case when $5 then now() end from organisation where id = $1`,
}

// What was taken into an inquiry counts as what is attached to it: whom an alert or a signal is about may be named in it, and a hold on them keeps its words when somebody else of it is erased.
func TestForget_OfWhatWasTakenInto(t *testing.T) {
	t.Parallel()
	for what, sql := range takenInto {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			w := newErasing(t)
			take := func(from, index int64, erased bool) uuid.UUID {
				q := w.opens(t, from)
				w.Behind(t, sql, w.Here, w.Jeanne.Person, index, q, erased)
				_, err := w.register.Find(t.Context(), w.sofia, q, inquiry.Finding{Gravity: inquiry.None, Words: words})
				if err != nil {
					t.Fatal(err)
				}
				return q
			}
			closed, open, beside, held := take(w.signed, w.index, false), take(w.signed, w.index, false), take(w.another, w.another, false), take(w.index, w.another, false)
			keeps := func(when string, want bool, all ...uuid.UUID) {
				t.Helper()
				for n, q := range all {
					if whole := w.look(t, q); (whole.Findings[0].Words != "") != want {
						t.Errorf("%s: the words of %d are there: %t", when, n, !want)
					}
				}
			}
			for _, q := range []uuid.UUID{closed, beside, held} {
				w.over(t, q)
			}
			w.Behind(t, `insert into erasure_hold (id, organisation_id, citizen_id, reason, held_at, held_by, until) values (gen_random_uuid(), $1, $2, 'litigation', $3, $4, $3::timestamptz + interval '2 years')`, w.Here, w.other.Citizen, w.Clock.Now(), w.sofia.Person)
			keeps("before", true, closed, open, beside, held)
			if err := w.erase(); err != nil {
				t.Fatal(err)
			}
			keeps("after the erasure", false, closed)
			keeps("after the erasure", true, open, beside, held)
			w.over(t, open)
			keeps("closed after it", false, open)
			late := take(w.signed, w.index, true)
			w.over(t, late)
			keeps("taken after it", false, late)
			purge := func() {
				if err := w.register.Purge(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			purge()
			keeps("while the hold stands", true, beside, held)
			w.Behind(t, `update erasure_hold set released_at = until, released_by = held_by, release_reason = 'over'`)
			purge()
			keeps("once it is released", false, held)
			keeps("of whom nobody was erased", true, beside)
		})
	}
}
