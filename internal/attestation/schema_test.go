package attestation

import (
	"encoding/hex"
	"errors"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"mandat/internal/db"
	"mandat/internal/fixture"
	"mandat/internal/journal"
	"mandat/internal/mandate"
)

const (
	insertStatus   = `insert into attestation_status (token_hash, mandate_id, organisation_id, token, created_at) values (sha256('x'), $1, $2, '\x01', now())`
	insertDocument = `insert into attestation (mandate_id, lang, organisation_id, document, words, sha256, template, issued_at, issued_by) values ($1, 'fr', $2, '\x01', '\x01', sha256('x'), 'x', now(), $1)`
)

var hashOfX = hex.EncodeToString(sum([]byte("x")))

// act tries to commit one statement with one entry.
func (w *world) act(t *testing.T, sql string, m mandate.Mandate, e journal.Event) error {
	t.Helper()
	return w.Journal.Record(t.Context(), w.Jeanne, func(tx *journal.Tx) (journal.Event, error) {
		tx.Queue(sql, m.ID, w.Here)
		return e, nil
	})
}

// withoutEntry tries to commit one statement in a transaction after that of its entry.
func (w *world) withoutEntry(t *testing.T, sql string, m mandate.Mandate, e journal.Event) error {
	t.Helper()
	if err := w.Journal.Record(t.Context(), w.Jeanne, func(*journal.Tx) (journal.Event, error) { return e, nil }); err != nil {
		t.Fatal(err)
	}
	return w.DB.Write(t.Context(), db.System(), db.Durable, func(tx *db.Tx) error {
		tx.Queue(sql, m.ID, w.Here)
		return nil
	})
}

// The database itself keeps no document without the entry that names its mandate, its citizen, its language and its hash.
func TestSchema_WantsTheEntryOfADocument(t *testing.T) {
	t.Parallel()
	w, m := newSigned(t)
	other := w.Sign(t, w.Jeanne, fixture.Angela(), fixture.Housing)
	stranger := w.Sign(t, w.Jeanne, fixture.Citizen(1), fixture.Tax)
	w.issue(t, w.Jeanne, m.ID, "en")
	right := journal.Event{Action: "attestation.issued", Mandate: m.ID, Citizen: m.Citizen, Detail: issued{SHA256: hashOfX, Lang: "fr", Template: "x"}}
	for name, change := range map[string]func(*journal.Event){
		"another act":          func(e *journal.Event) { e.Action = "mandate.ended" },
		"another mandate":      func(e *journal.Event) { e.Mandate = other.ID },
		"another citizen":      func(e *journal.Event) { e.Citizen = stranger.Citizen },
		"another organisation": func(e *journal.Event) { e.Organisation = w.Elsewhere },
		"another language":     func(e *journal.Event) { e.Detail = issued{SHA256: hashOfX, Lang: "en", Template: "x"} },
		"another kind":         func(e *journal.Event) { e.Detail = issued{SHA256: hashOfX, Lang: "fr", Template: "x", Kind: Ended} },
		"another size":         func(e *journal.Event) { e.Detail = issued{SHA256: hashOfX, Lang: "fr", Template: "x", Size: Large} },
		"another edition":      func(e *journal.Event) { e.Detail = issued{SHA256: hashOfX, Lang: "fr", Template: "x", Edition: 2} },
		"another hash": func(e *journal.Event) {
			e.Detail = issued{SHA256: hex.EncodeToString(sum(nil)), Lang: "fr", Template: "x"}
		},
	} {
		e := right
		change(&e)
		if err := w.act(t, insertDocument, m, e); !refused(err, "23000") {
			t.Errorf("with the entry of %s: %v", name, err)
		}
	}
	if err := w.withoutEntry(t, insertDocument, m, right); !refused(err, "23000") {
		t.Errorf("with an entry of before: %v", err)
	}
	if err := w.act(t, insertDocument, m, right); err != nil {
		t.Errorf("with its entry: %v", err)
	}
}

func TestSchema_WantsTheEntryOfAnAddress(t *testing.T) {
	t.Parallel()
	w, m := newSigned(t)
	other := w.Sign(t, w.Jeanne, fixture.Angela(), fixture.Housing)
	right := journal.Event{Action: "attestation.issued", Mandate: m.ID, Citizen: m.Citizen}
	for name, change := range map[string]func(*journal.Event){
		"another act":          func(e *journal.Event) { e.Action = "mandate.ended" },
		"another mandate":      func(e *journal.Event) { e.Mandate = other.ID },
		"another organisation": func(e *journal.Event) { e.Organisation = w.Elsewhere },
	} {
		e := right
		change(&e)
		if err := w.act(t, insertStatus, m, e); !refused(err, "23000") {
			t.Errorf("with the entry of %s: %v", name, err)
		}
	}
	if err := w.withoutEntry(t, insertStatus, m, right); !refused(err, "23000") {
		t.Errorf("with an entry of before: %v", err)
	}
	if err := w.act(t, insertStatus, m, right); err != nil {
		t.Errorf("with its entry: %v", err)
	}
}

const insertWord = `insert into attestation_word (mandate_id, organisation_id, word, mac, created_at) values ($1, $2, '\x01', sha256('x'), now())`

func TestSchema_WantsTheEntryOfAControlWord(t *testing.T) {
	t.Parallel()
	w, m := newSigned(t)
	other := w.Sign(t, w.Jeanne, fixture.Angela(), fixture.Housing)
	w.issue(t, w.Jeanne, m.ID, "fr")
	w.Behind(t, `delete from attestation_word where mandate_id = $1`, m.ID)
	right := journal.Event{Action: "attestation.issued", Mandate: m.ID, Citizen: m.Citizen, Detail: issued{SHA256: hashOfX, Lang: "fr", Template: "x", Kind: Given, Size: Normal}}
	for name, change := range map[string]func(*journal.Event){
		"another act":          func(e *journal.Event) { e.Action = "mandate.ended" },
		"another mandate":      func(e *journal.Event) { e.Mandate = other.ID },
		"another organisation": func(e *journal.Event) { e.Organisation = w.Elsewhere },
		"another kind":         func(e *journal.Event) { e.Detail = issued{SHA256: hashOfX, Lang: "fr", Template: "x", Kind: Ended} },
	} {
		e := right
		change(&e)
		if err := w.act(t, insertWord, m, e); !refused(err, "23000") {
			t.Errorf("with the entry of %s: %v", name, err)
		}
	}
	if err := w.withoutEntry(t, insertWord, m, right); !refused(err, "23000") {
		t.Errorf("with an entry of before: %v", err)
	}
	if err := w.act(t, insertWord, m, right); err != nil {
		t.Errorf("with its entry: %v", err)
	}
}

func refused(err error, code string) bool {
	pg, ok := errors.AsType[*pgconn.PgError](err)
	return ok && pg.Code == code
}

func TestSchema_IsNeverChangedByTheProgram(t *testing.T) {
	t.Parallel()
	w, m := newSigned(t)
	w.issue(t, w.Jeanne, m.ID, "fr")
	for sql, code := range map[string]string{`update attestation set template = 'x'`: "42501", `truncate attestation`: "42501", `update attestation_status set created_at = now()`: "42501",
		`truncate attestation, attestation_status`: "42501", `update attestation_word set mac = sha256('y')`: "42501", `truncate attestation_word`: "42501",
		// What is deleted goes with its mandate, in an erasure (erasure.TestErase_IsTheOnlyWay).
		`delete from attestation`: "23000", `delete from attestation_word`: "23000", `delete from attestation_status`: "23503"} {
		err := w.DB.Write(t.Context(), db.System(), db.Durable, func(tx *db.Tx) error {
			_, err := tx.Exec(t.Context(), sql)
			return err
		})
		if !refused(err, code) {
			t.Errorf("%s: %v", sql, err)
		}
	}
}

func TestSchema_RefusesClearText(t *testing.T) {
	t.Parallel()
	w, m := newSigned(t)
	for _, sql := range []string{
		strings.Replace(insertStatus, `'\x01'`, `'a token in clear'`, 1),
		strings.Replace(insertDocument, `'\x01', '\x01'`, `'%PDF-1.7', '\x01'`, 1),
		strings.Replace(insertDocument, `'\x01', '\x01'`, `'\x01', '[]'`, 1),
		strings.Replace(insertWord, `'\x01'`, `'lune-pomme'`, 1),
	} {
		err := w.DB.Write(t.Context(), db.System(), db.Durable, func(tx *db.Tx) error {
			_, err := tx.Exec(t.Context(), sql, m.ID, w.Here)
			return err
		})
		if !refused(err, "23514") {
			t.Errorf("%s: %v", sql, err)
		}
	}
}

func TestSchema_ShowsOnesOwnRows(t *testing.T) {
	t.Parallel()
	w, m := newSigned(t)
	w.issue(t, w.Jeanne, m.ID, "fr")
	for name, c := range map[string]struct {
		scope db.Scope
		want  int
	}{"one's own organisation": {db.InOrganisation(w.Here), 3}, "another": {db.InOrganisation(w.Elsewhere), 0}, "none": {db.Nothing(), 0}} {
		var n int
		err := w.DB.Read(t.Context(), c.scope, func(tx pgx.Tx) error {
			return tx.QueryRow(t.Context(), `select (select count(*) from attestation) + (select count(*) from attestation_status) + (select count(*) from attestation_word)`).Scan(&n)
		})
		if err != nil || n != c.want {
			t.Errorf("%s sees %d rows, %v", name, n, err)
		}
	}
}
