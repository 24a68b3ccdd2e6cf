package erasure_test

import (
	"errors"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
	"mandat/internal/erasure"
	"mandat/internal/fixture"
	"mandat/internal/journal"
	"mandat/internal/mandate"
)

// entryOf is SQL of the entry of an erasure that nobody did, of some time, which names no place of the log.
func entryOf(m mandate.Mandate, at string) string {
	return `insert into journal_entry (at, action, organisation_id, citizen_id, salt, body) values (` + at + `, 'citizen.erased', '` + m.Organisation.String() + `', '` + m.Citizen.String() + `', sha256('x'), '{"action":"x","detail":{}}'); `
}

// rowsOf is SQL that deletes what hangs on a citizen, and the citizen.
func rowsOf(m mandate.Mandate) string {
	return mandatesOf(m) + strings.ReplaceAll(`delete from erasure_hold where citizen_id = '%'; delete from citizen where id = '%'; `, "%", m.Citizen.String())
}

func mandatesOf(m mandate.Mandate) string {
	return strings.ReplaceAll(`delete from mandate_draft where id in (select draft_id from mandate where citizen_id = '%'); delete from mandate_evidence where mandate_id in (select id from mandate where citizen_id = '%');
		delete from mandate_power where citizen_id = '%'; delete from mandate where citizen_id = '%'; `, "%", m.Citizen.String())
}

// forge begins a transaction with the program's own login, and does that in it.
func (w *world) forge(t testing.TB, begin string, sql ...string) *pgx.Conn {
	t.Helper()
	conn := w.Connect(t, w.App)
	for _, one := range append([]string{`set mandat.system = 'on'`, begin}, sql...) {
		_, err := conn.Exec(t.Context(), one)
		must(t, err)
	}
	return conn
}

// refused fails the test unless the transaction is refused when it commits, for a reason.
func refused(t testing.TB, what string, conn *pgx.Conn, why string) {
	t.Helper()
	if _, err := conn.Exec(t.Context(), `commit`); err == nil || !strings.Contains(err.Error(), why) {
		t.Errorf("%s: %v, want %s", what, err, why)
	}
}

func (w *world) hold(t testing.TB, of erasure.Who) uuid.UUID {
	t.Helper()
	w.admin.FactorAt = w.Clock.Now()
	h, err := w.register.MakeHold(t.Context(), w.admin, of, "litigation", w.Clock.Now().Add(24*time.Hour))
	must(t, err)
	return h.ID
}

// waiting waits until so many wait for a lock.
func (w *world) waiting(t testing.TB, many int) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); w.number(t, `select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`) < many; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Errorf("fewer than %d wait", many)
			return
		}
	}
}

// Who works for the program and writes an entry of an erasure gets rid of nobody whose mandate lasts or who is held, whatever date the entry has, nor of a part of what is about somebody.
func TestErase_ForgedFarAhead(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	m, lasts := w.Sign(t, w.Jeanne, fixture.Angela(), fixture.Tax), w.Sign(t, w.Jeanne, fixture.Citizen(1), fixture.Tax)
	must(t, w.Mandates.End(t.Context(), w.Jeanne, m.ID, "citizen"))
	const ahead = `now() + interval '100 years'`
	refused(t, "while a mandate lasts", w.forge(t, `begin`, entryOf(lasts, ahead)+rowsOf(lasts)), "and lasts")
	refused(t, "the mandates alone", w.forge(t, `begin`, entryOf(m, `now()`)+mandatesOf(m)), "is there")
	for why, held := range map[string]erasure.Who{"and stands": who(m), "is held": {Organisation: m.Organisation}} {
		id := w.hold(t, held)
		refused(t, "while a hold stands", w.forge(t, `begin`, entryOf(m, ahead)+rowsOf(m)), why)
		must(t, w.register.Release(t.Context(), w.admin, id, "over"))
	}
	conn := w.forge(t, `begin`, entryOf(m, ahead)+rowsOf(m)+`set constraints all immediate`) // which only the refusals kept from it
	_, err := conn.Exec(t.Context(), `rollback`)
	must(t, err)
	w.content(t)
}

// Nor of whom a hold is made while they wait with it: not in a transaction that sees nothing since it began, and not in the moment in which both commit.
func TestErase_ForgedWhileAHoldIsMade(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	m, other := w.Sign(t, w.Jeanne, fixture.Angela(), fixture.Tax), w.Sign(t, w.Ines, fixture.Citizen(1), fixture.Tax)
	must(t, w.Mandates.End(t.Context(), w.Jeanne, m.ID, "citizen"))
	old := w.forge(t, `begin isolation level repeatable read`, `select from erasure_hold`)
	hold := w.hold(t, erasure.Who{Organisation: m.Organisation})
	_, err := old.Exec(t.Context(), entryOf(m, `now()`)+rowsOf(m))
	must(t, err)
	refused(t, "with an old look at the holds", old, "does not see what is held")
	must(t, w.register.Release(t.Context(), w.admin, hold, "mistaken"))

	making, err := w.Connect(t, w.Superuser).Begin(t.Context()) // a hold that is being made
	must(t, err)
	for _, sql := range []string{`set local session_replication_role = replica`, `select pg_advisory_xact_lock(hashtextextended('erasure.hold', 0))`,
		`update erasure_hold set released_at = null, released_by = null, release_reason = null`} {
		_, err = making.Exec(t.Context(), sql)
		must(t, err)
	}
	conn, done := w.forge(t, `begin`, entryOf(m, `now()`)+rowsOf(m)), make(chan struct{})
	go func() {
		refused(t, "while a hold is made", conn, "is held")
		close(done)
	}()
	w.waiting(t, 1)
	must(t, making.Commit(t.Context()))
	<-done
	must(t, w.register.Release(t.Context(), w.admin, hold, "mistaken"))

	conn = w.forge(t, `begin`, entryOf(m, `now()`)+rowsOf(m)+`set constraints all immediate`)
	made := make(chan error, 2)
	for _, held := range []erasure.Who{who(m), who(other)} { // of whoever it may be: an erasure asks of others too
		go func() {
			_, err := w.register.MakeHold(t.Context(), w.admin, held, "litigation", w.Clock.Now().Add(24*time.Hour))
			made <- err
		}()
	}
	w.waiting(t, 2)
	_, err = conn.Exec(t.Context(), `commit`)
	must(t, err)
	if err := errors.Join(<-made, <-made); !errors.Is(err, db.ErrNotFound) {
		t.Errorf("a hold on somebody who is gone: %v", err)
	}
}

// That somebody was held, and who ended it, is told when they are erased the moment after: nobody forgets that.
func TestErase_LeavesWhatTellsOfHolds(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	m := w.Sign(t, w.Jeanne, fixture.Angela(), fixture.Tax)
	w.over(t, m)
	must(t, w.register.Release(t.Context(), w.admin, w.hold(t, who(m)), "over"))
	const holds = `select count(*) from journal_entry where action in ('erasure.held', 'erasure.released')`
	if _, err := w.register.Erase(t.Context(), who(m), erasure.Term); err != nil {
		t.Fatalf("while what tells of the hold is not in the tree: %v", err)
	}
	if n := w.number(t, holds+` and citizen_id = $1`, m.Citizen); n != 2 {
		t.Errorf("%d entries tell of the hold, want 2", n)
	}
	must(t, w.register.CarryOut(t.Context()))
	w.content(t)
	place := w.number(t, `select l.index from journal_leaf l join journal_entry e on e.id = l.entry_id where e.action = 'erasure.released'`)
	conn := w.forge(t, `begin`, strings.NewReplacer("citizen.erased", "entries.forgotten", `"detail":{}`, `"detail":{"forgotten":["`+strconv.Itoa(place)+`"]}`).Replace(entryOf(m, `now()`)))
	if _, err := conn.Exec(t.Context(), `select journal_forget()`); err == nil || !strings.Contains(err.Error(), "no entry says so") {
		t.Errorf("by hand: %v", err)
	}
	if n := w.number(t, holds); n != 2 {
		t.Errorf("%d entries tell of the hold, want 2", n)
	}
}

// An entry of an erasure that nobody did keeps the job from nothing: of whom it says it, nothing goes, and of others what comes late does.
func TestCarryOut_BesideAForgedEntry(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	m, there := w.Sign(t, w.Jeanne, fixture.Angela(), fixture.Tax), w.Sign(t, w.Jeanne, fixture.Citizen(1), fixture.Tax)
	conn := w.forge(t, `begin`, entryOf(there, `now() + interval '100 years'`), `commit`)
	must(t, conn.Close(t.Context()))
	w.over(t, m)
	_, err := w.register.Erase(t.Context(), who(m), erasure.Term)
	must(t, err)
	must(t, w.Journal.Record(t.Context(), w.Jeanne, func(*journal.Tx) (journal.Event, error) {
		return journal.Event{Action: "mandate.consulted", Citizen: m.Citizen, Mandate: m.ID}, nil
	}))
	w.provable(t)
	about := func(one mandate.Mandate) int {
		return w.number(t, `select count(*) from journal_entry where citizen_id = $1 and mandate_id is not null`, one.Citizen)
	}
	before := about(there)
	must(t, w.register.CarryOut(t.Context()))
	if late, now := about(m), about(there); late != 0 || now != before || before == 0 {
		t.Errorf("%d came late and are there; of who is there %d are left, of %d", late, now, before)
	}
}
