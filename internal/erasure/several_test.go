package erasure_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"mandat/internal/citizen"
	"mandat/internal/db"
	"mandat/internal/erasure"
	"mandat/internal/fixture"
	"mandat/internal/mandate"
)

// A hold keeps whom it is about, or everybody in its own organisation, until it is released or over; its release leaves the others.
func TestHold_OneOfSeveral(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	m := w.Sign(t, w.Jeanne, fixture.Angela(), fixture.Tax)
	w.over(t, m)
	w.Behind(t, `insert into citizen select (jsonb_populate_record(c, jsonb_build_object('id', gen_random_uuid(), 'sub_index', sha256('another')))).* from citizen c where id = $1`, m.Citizen) // who never gave a mandate
	w.admin.FactorAt = w.Clock.Now()
	hold := func(of erasure.Who, last time.Duration) uuid.UUID {
		t.Helper()
		h, err := w.register.MakeHold(t.Context(), w.admin, of, "litigation", w.Clock.Now().Add(last))
		must(t, err)
		return h.ID
	}
	hold(erasure.Who{Organisation: w.Elsewhere}, 24*time.Hour)
	due := func(want erasure.Counts) {
		t.Helper()
		all, err := w.register.Due(t.Context(), w.Clock.Now(), 10)
		must(t, err)
		if n, err := w.register.CountDue(t.Context(), w.Clock.Now()); err != nil || n != want || len(all) != want.Due {
			t.Errorf("%+v, want %+v, %v, %v", n, want, all, err)
		}
	}
	due(erasure.Counts{Due: 1})
	first, second, short := hold(who(m), 24*time.Hour), hold(who(m), 24*time.Hour), hold(who(m), time.Minute)
	due(erasure.Counts{Held: 1})
	listed := func(want int) {
		t.Helper()
		if all, err := w.register.Holds(t.Context()); err != nil || len(all) != want {
			t.Errorf("%+v, want %d, %v", all, want, err)
		}
	}
	listed(4)
	if err := w.register.Release(t.Context(), w.admin, first, "because"); !errors.Is(err, erasure.ErrHold) {
		t.Errorf("released for no reason: %v", err)
	}
	must(t, w.register.Release(t.Context(), w.admin, first, "mistaken"))
	listed(3)
	w.Clock.Advance(2 * time.Minute) // short is over
	listed(2)
	due(erasure.Counts{Held: 1})
	must(t, w.register.Release(t.Context(), w.admin, second, "over"))
	listed(1)
	due(erasure.Counts{Due: 1})
	if released, err := w.register.Released(t.Context()); err != nil || len(released) != 2 || released[0].ID != second || released[1].ReleaseReason != "mistaken" {
		t.Errorf("%+v, %v; %s is not one of them", released, err, short)
	}
	w.provable(t)
	if _, err := w.register.Erase(t.Context(), who(m), erasure.Term); err == nil || !strings.Contains(err.Error(), "and stands") {
		t.Errorf("while a hold stands by the clock of the database: %v", err)
	}
	w.DatabaseLater(t)
	_, err := w.register.Erase(t.Context(), who(m), erasure.Term) // whom the hold elsewhere does not keep
	must(t, err)
	w.content(t)
}

// Of two who asked each request is found, and taken back, alone; one that was taken back is found no more.
func TestRequest_OneOfSeveral(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var asked []erasure.Request
	for n := range 2 {
		m := w.Sign(t, w.Jeanne, fixture.Citizen(n), fixture.Tax)
		must(t, w.Mandates.End(t.Context(), w.Jeanne, m.ID, "citizen"))
		q, err := w.register.Ask(t.Context(), w.Jeanne, m.Citizen)
		must(t, err)
		asked = append(asked, q)
	}
	for _, q := range asked {
		if got, err := w.register.Request(t.Context(), w.Paul, q.ID); err != nil || got.ID != q.ID {
			t.Errorf("%+v, %v", got, err)
		}
	}
	must(t, w.register.TakeBack(t.Context(), w.Paul, asked[0].ID))
	if got, err := w.register.Request(t.Context(), w.Paul, asked[0].ID); !errors.Is(err, db.ErrNotFound) {
		t.Errorf("taken back: %+v, %v", got, err)
	}
	if all, err := w.register.Requests(t.Context(), w.Paul); err != nil || len(all) != 1 || all[0].ID != asked[1].ID {
		t.Errorf("%+v, %v", all, err)
	}
}

// takes has a mandate take another one's place, which does not end by it yet.
func (w *world) takes(t testing.TB, old mandate.Mandate, who citizen.Identity) mandate.Mandate {
	t.Helper()
	paper, err := w.Mandates.Offer(w.Ines, old)
	must(t, err)
	d, err := w.Mandates.StartTransfer(t.Context(), w.Ines, paper, fixture.Terms(fixture.Tax))
	must(t, err)
	must(t, w.Drafts.Identify(t.Context(), w.Ines, d.ID, who, w.Clock.Now()))
	m, err := w.Mandates.Sign(t.Context(), w.Ines, d.ID, w.Agreed(t, w.Ines, d.ID))
	must(t, err)
	return m
}

// The entry of an erasure names whose place the citizen's mandates took, and of nobody else's; nor what ended before by itself.
func TestErase_NamesWhatWasTransferred(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	old, before, other := w.Sign(t, w.Jeanne, fixture.Angela(), fixture.Tax), w.Sign(t, w.Jeanne, fixture.Citizen(2), fixture.Tax), w.Sign(t, w.Ines, fixture.Citizen(1), fixture.Tax)
	m, after := w.takes(t, old, fixture.Angela()), w.takes(t, before, fixture.Citizen(2))
	must(t, w.Mandates.End(t.Context(), w.Jeanne, before.ID, "citizen"))
	for _, one := range []uuid.UUID{m.ID, after.ID} {
		must(t, w.Mandates.EndTransferred(t.Context(), one))
	}
	for _, one := range []mandate.Mandate{m, after, other} {
		must(t, w.Mandates.End(t.Context(), w.Ines, one.ID, "citizen"))
	}
	w.later(t)
	for _, c := range []struct {
		of   mandate.Mandate
		want string
	}{{other, ""}, {after, ""}, {m, `["` + old.ID.String() + `"]`}, {old, ""}} {
		_, err := w.register.Erase(t.Context(), who(c.of), erasure.Term)
		must(t, err)
		var got string
		must(t, w.Connect(t, w.Superuser).QueryRow(t.Context(), `select coalesce(body::jsonb #>> '{detail,transferred}', '') from journal_entry where action = 'citizen.erased' order by id desc limit 1`).Scan(&got))
		if got != c.want {
			t.Errorf("the entry names %s, want %s", got, c.want)
		}
	}
	w.content(t)
}
