package inquiry_test

import (
	"fmt"
	"testing"

	"mandat/internal/inquiry"
)

// Whatever somebody changes, adds or takes away behind the program's back is named, however much of an inquiry is gone.
func TestCompare_NamesWhatWasChanged(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	q, finding := w.found(t, inquiry.Minor)
	for _, err := range []error{
		w.register.Attach(t.Context(), w.alma, q, 0), w.register.SetAside(t.Context(), w.alma, q, 0, words), w.register.Note(t.Context(), w.tom, q, words), w.register.Reply(t.Context(), w.odile, finding, words),
		w.decide(t, w.alma, q, inquiry.Suspension, inquiry.Order{Finding: finding, Kind: inquiry.OfMandate}), w.register.Close(t.Context(), w.alma, q),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	w.sound(t)
	auditor, before := w.OpenAuditor(t), "[]"
	for _, sql := range []string{ // what takes rows away comes last
		`update inquiry set number = 77`, `update inquiry set opened_by = closed_by`, `update inquiry set opened_at = opened_at - interval '1 day'`, `update inquiry set closed_at = closed_at + interval '1 day'`, `update inquiry set round = 2`,
		`update inquiry set state = 'decided', closed_by = null, closed_at = null`,
		`update inquiry_entry set attached_by = (select opened_by from inquiry) where index <> 0`, `update inquiry_entry set attached_at = attached_at - interval '1 day'`, `update inquiry_entry set set_aside = null`,
		`update inquiry_note set words_sha256 = sha256('x') where kind = 'note'`,
		`update inquiry_finding set gravity = 'grave'`, `update inquiry_finding set person_id = null`, `update inquiry_finding set made_by = replied_by`, `update inquiry_finding set words_sha256 = sha256('x')`,
		`update inquiry_finding set due_at = due_at - interval '20 days'`, `update inquiry_finding set reply_sha256 = sha256('x')`, `update inquiry_finding set replied_at = replied_at + interval '1 day'`,
		`update inquiry_finding set outcome = 'warning'`, `update inquiry_finding set decided_at = decided_at + interval '1 day'`, `update inquiry_finding set outcome = null, decided_at = null`,
		`update inquiry_finding set state = 'lapsed', reply_sha256 = null, replied_by = null, replied_at = null`, `update inquiry_finding set gravity = 'none', state = 'made', due_at = null`,
		`update inquiry_decision set outcome = 'warning'`, `update inquiry_decision set decided_by = (select made_by from inquiry_finding)`, `update inquiry_decision set decided_at = decided_at - interval '1 day'`,
		`update inquiry_decision set note_id = (select id from inquiry_note where kind = 'note')`,
		`update inquiry_measure set provisional = true`, `update inquiry_measure set provisional = false, id = gen_random_uuid()`, `delete from inquiry_measure`,
		`insert into inquiry_report (id, inquiry_id, state, round, lang, sha256, size, made_by, made_at) select gen_random_uuid(), id, 'decided', 1, 'fr', sha256('x'), 5, opened_by, opened_at from inquiry`,
		`delete from inquiry_note where kind = 'note'`, `delete from inquiry_decision`, `delete from inquiry_entry where index = 0`, `delete from inquiry`, `delete from inquiry_finding`,
	} {
		w.Behind(t, sql)
		found, err := inquiry.Compare(t.Context(), auditor)
		if after := fmt.Sprint(found); err != nil || after == before {
			t.Errorf("%s is not named: %s, %v", sql, after, err)
		} else {
			before = after
		}
	}
}
