package journal

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
	"mandat/internal/token"
)

func (h *house) count(t *testing.T, sql string, args ...any) (n int) {
	t.Helper()
	if err := h.Connect(t, h.Superuser).QueryRow(t.Context(), sql, args...).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestTables_RefuseToForget(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.acts(t, 2)
	h.catchUp(t)
	for login, address := range map[string]string{"app": h.App, "auditor": h.Auditor, "owner": h.Owner, "superuser": h.Superuser} {
		conn := h.Connect(t, address)
		for _, sql := range []string{
			"update journal_entry set body = '{}'", "delete from journal_entry", "truncate journal_entry",
			"update journal_leaf set entry_id = entry_id + 100", "delete from journal_leaf", "truncate journal_leaf",
			"update journal_tile set hashes = decode(repeat('00', 64), 'hex')", "update journal_tile set index = index + 1", "delete from journal_tile", "truncate journal_tile",
			"update journal_tree set size = 1", "update journal_tree set root = decode(repeat('00', 32), 'hex')", "update journal_tree set xid = '1'", "delete from journal_tree", "truncate journal_tree",
			"update journal_checkpoint set note = ''", "delete from journal_checkpoint", "truncate journal_checkpoint",
		} {
			if _, err := conn.Exec(t.Context(), "set default_transaction_read_only = off; set mandat.system = 'on'; "+sql); err == nil {
				t.Errorf("%s may %s", login, sql)
			}
		}
	}
}

func TestRecord_AFailedActLeavesNothing(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	failed := errors.New("no")
	err := h.journal.Record(t.Context(), Program(), func(tx *Tx) (Event, error) {
		return Event{Action: "session.opened"}, failed
	})
	if !errors.Is(err, failed) || h.count(t, "select count(*) from journal_entry") != 0 {
		t.Fatalf("%v, and an entry", err)
	}
	if err := h.journal.Record(t.Context(), Actor{}, func(*Tx) (Event, error) { return Event{Action: "session.opened"}, nil }); err == nil {
		t.Error("an act without an actor was recorded")
	}
	if err := h.journal.Record(t.Context(), Program(), func(*Tx) (Event, error) { return Event{Action: "session.opened", Detail: 1.5}, nil }); err == nil {
		t.Error("an act whose detail has no canonical form was recorded")
	}
	if n := h.count(t, "select count(*) from journal_entry"); n != 0 {
		t.Errorf("%d entries", n)
	}
}

func TestRecord_ARefusalIsKept(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	refused := errors.New("not allowed")
	err := h.journal.Record(t.Context(), Program(), func(*Tx) (Event, error) { return Event{Action: "power.refused"}, Refused{refused} })
	if !errors.Is(err, refused) {
		t.Fatalf("%v", err)
	}
	if n := h.count(t, "select count(*) from journal_entry where action = 'power.refused'"); n != 1 {
		t.Fatalf("%d entries", n)
	}
}

func newOrganisation(ctx context.Context, tx *db.Tx, id uuid.UUID) error {
	_, err := tx.Exec(ctx, `insert into organisation (id, siret, name, address, postcode, city, phone, email, created_at) values ($1, '00000000000000', 'n', '', '00000', '', '', '', now())`, id)
	return err
}

func TestRecord_AnActWithoutItsEntryIsRefused(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	id := token.ID()
	if err := h.DB.Write(t.Context(), db.System(), db.Durable, func(tx *db.Tx) error { return newOrganisation(t.Context(), tx, id) }); err == nil {
		t.Error("an organisation without any entry")
	}
	for name, e := range map[string]Event{"of another kind": {Action: "person.added", Organisation: id}, "of another organisation": {Action: "organisation.created", Organisation: token.ID()}} {
		if err := h.journal.Record(t.Context(), Program(), func(tx *Tx) (Event, error) { return e, newOrganisation(t.Context(), tx.Tx, id) }); err == nil {
			t.Errorf("an organisation with an entry %s", name)
		}
	}
	if n := h.count(t, "select (select count(*) from organisation) + (select count(*) from journal_entry)"); n != 0 {
		t.Errorf("%d rows stayed", n)
	}
	err := h.journal.Record(t.Context(), Program(), func(tx *Tx) (Event, error) {
		return Event{Action: "organisation.created", Organisation: id}, newOrganisation(t.Context(), tx.Tx, id)
	})
	if err != nil {
		t.Error(err)
	}
}

func TestReader_PagesAndScopes(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	one, two := Actor{Kind: Aidant, Person: token.ID(), Organisation: token.ID()}, Actor{Kind: Aidant, Person: token.ID(), Organisation: token.ID()}
	mandate, citizen := token.ID(), token.ID()
	for n := range 12 {
		by, action := one, "power.used"
		if n%3 == 2 {
			by, action = two, "power.refused"
		}
		if err := h.journal.Record(t.Context(), by, func(*Tx) (Event, error) { return Event{Action: action, Mandate: mandate, Citizen: citizen}, nil }); err != nil {
			t.Fatal(err)
		}
		if n == 9 {
			h.catchUp(t)
		}
	}
	mine, err := h.journal.OfMandate(t.Context(), one, mandate, 100)
	if err != nil || len(mine) != 8 {
		t.Fatalf("%d entries of one's own organisation, %v", len(mine), err)
	}
	if e := mine[0]; e.Organisation != one.Organisation || e.Person != one.Person || e.Citizen != citizen || e.Mandate != mandate || e.Action != "power.used" || e.Index != -1 || len(e.Body) == 0 {
		t.Errorf("the newest is %+v", e)
	}
	if e := mine[7]; e.Index != 0 || e.ID >= mine[6].ID {
		t.Errorf("the oldest is %+v", e)
	}
	r := NewReader(h.OpenAuditor(t))
	for name, c := range map[string]struct {
		filter Filter
		want   int
	}{"all": {Filter{}, 12}, "action": {Filter{Action: "power.refused"}, 4}, "organisation": {Filter{Organisation: one.Organisation}, 8},
		"citizen": {Filter{Citizen: citizen}, 12}, "mandate and action": {Filter{Mandate: mandate, Action: "power.used"}, 8}, "nobody's": {Filter{Mandate: token.ID()}, 0}} {
		got, before := 0, int64(0)
		for {
			f := c.filter
			f.Before = before
			page, err := r.Page(t.Context(), f, 5)
			if err != nil {
				t.Fatal(err)
			}
			if got += len(page); len(page) < 5 {
				break
			}
			before = page[4].ID
		}
		if got != c.want {
			t.Errorf("%s: %d entries, want %d", name, got, c.want)
		}
	}
}

func TestReader_SeesNoScopeLeft(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.acts(t, 3)
	var n int
	err := h.DB.Read(t.Context(), db.Nothing(), func(tx pgx.Tx) error { return tx.QueryRow(t.Context(), "select count(*) from journal_entry").Scan(&n) })
	if err != nil || n != 0 {
		t.Errorf("without a scope: %d entries, %v", n, err)
	}
}

// Whoever has the program's login writes no entry that pages cannot read.
func TestTables_RefuseWhatNobodyCanRead(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	conn := h.Connect(t, h.App)
	insert := func(at, body string) error {
		_, err := conn.Exec(t.Context(), `insert into journal_entry (at, action, salt, body) values ($1::text::timestamptz, 'power.used', sha256('x'), $2)`, at, body)
		return err
	}
	for _, body := range []string{"", "x", "{", `{"a":1}}`, "[]", `"{}"`, "1", "null", `{"a":"\u0000"}`, strings.Repeat(`{"a":`, 10_000)} {
		if err := insert("2026-11-21", body); err == nil {
			t.Errorf("%.20q was taken", body)
		}
	}
	for _, at := range []string{"infinity", "-infinity", "10000-01-01", "1999-12-31"} {
		if err := insert(at, "{}"); err == nil {
			t.Errorf("an entry of %s was taken", at)
		}
	}
	if err := insert("2026-11-21", "{}"); err != nil || h.count(t, `select count(*) from journal_entry`) != 1 {
		t.Error(err)
	}
}
