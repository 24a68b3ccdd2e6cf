package recipient_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"mandat/internal/db"
	"mandat/internal/fixture"
	"mandat/internal/journal"
	"mandat/internal/org"
	"mandat/internal/recipient"
)

// A referent sees what was done in their organisation, and nothing of another one, of auditors' work, or of who read; the reading is an entry.
func TestOfOrganisation(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	m := w.Sign(t, w.Jeanne, fixture.Citizen(1), fixture.Tax)
	w.Sign(t, w.Ines, fixture.Citizen(2), fixture.Tax)
	w.act(w.Jeanne, "anomaly.found", uuid.Nil, uuid.Nil, nil)
	w.act(w.Jeanne, "unsealing.looked", m.Citizen, uuid.Nil, nil)
	w.act(w.Jeanne, "mandate.exported", m.Citizen, m.ID, map[string]any{"person": w.Paul.Person}) // names him, and was not done to him
	w.must(w.Journal.Record(t.Context(), w.sofia, func(*journal.Tx) (journal.Event, error) {
		return journal.Event{Action: "mandate.suspended", Organisation: w.Here, Citizen: m.Citizen, Mandate: m.ID}, nil
	}))
	page, err := w.register.OfOrganisation(t.Context(), w.odile, uuid.Nil, 0)
	w.must(err)
	signed, suspended := 0, 0
	for _, d := range page.Done {
		if d.Action == "mandate.suspended" && d.By == journal.Auditor {
			suspended++
		}
		if d.Action == "mandate.signed" {
			signed++
			if d.Person != w.Jeanne.Person || d.Citizen != m.Citizen || d.Mandate != m.ID {
				t.Errorf("%+v", d)
			}
		}
		if d.Action == "mandate.exported" && d.Whom != uuid.Nil {
			t.Errorf("done to nobody: %+v", d)
		}
		if d.Action == "anomaly.found" || d.Action == "unsealing.looked" || d.Person == w.Ines.Person || d.Person == w.sofia.Person {
			t.Errorf("the referent sees %+v", d)
		}
	}
	if signed != 1 || suspended != 1 || w.entries("recipient.viewed", w.odile) != 1 {
		t.Errorf("%d signatures and %d suspensions in %+v", signed, suspended, page)
	}
	mine, err := w.register.OfOrganisation(t.Context(), w.odile, w.Paul.Person, 0)
	w.must(err)
	for _, d := range mine.Done {
		if d.Person != w.Paul.Person && d.Whom != w.Paul.Person {
			t.Errorf("not of that colleague: %+v", d)
		}
	}
	for name, by := range w.others(journal.Referent) {
		by.Organisation = w.Here
		if page, err := w.register.OfOrganisation(t.Context(), by, uuid.Nil, 0); !errors.Is(err, org.ErrMayNot) || len(page.Done) > 0 {
			t.Errorf("%s: %+v, %v", name, page, err)
		}
	}
	elsewhere := w.odile
	elsewhere.Organisation = w.Elsewhere
	if page, err := w.register.OfOrganisation(t.Context(), elsewhere, uuid.Nil, 0); !errors.Is(err, org.ErrMayNot) || len(page.Done) > 0 {
		t.Errorf("of another organisation: %+v, %v", page, err)
	}
}

// The list counts what the tables hold: a mandate whose document was not handed over, one without evidence, a use without an account, mandates that nobody follows up, a certificate that is over.
func TestChecklist(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	counts := func() recipient.Counts {
		list, err := w.register.Checklist(t.Context(), w.odile)
		w.must(err)
		return list.Counts
	}
	if got := counts(); got != (recipient.Counts{}) {
		t.Errorf("nothing was done: %+v", got)
	}
	m := w.Sign(t, w.Jeanne, fixture.Citizen(1), fixture.Tax)
	w.Sign(t, w.Ines, fixture.Citizen(2), fixture.Tax)
	if got := counts(); got != (recipient.Counts{Unkept: 1}) {
		t.Errorf("signed: %+v", got)
	}
	conn := w.Connect(t, w.Superuser)
	for _, sql := range []string{`set session_replication_role = replica`, `delete from mandate_evidence where mandate_id = '` + m.ID.String() + `'`,
		`insert into report_use (id, organisation_id, citizen_id, mandate_id, person_id, procedure, way, used_at) select gen_random_uuid(), organisation_id, citizen_id, id, person_id, 'x', 'login', now() - interval '8 days' from mandate where id = '` + m.ID.String() + `'`,
		`insert into report_use (id, organisation_id, citizen_id, mandate_id, person_id, procedure, way, used_at) select gen_random_uuid(), organisation_id, citizen_id, id, person_id, 'x', 'login', now() - interval '6 days' from mandate where id = '` + m.ID.String() + `'`,
		`update certification set certified_until = certified_at + interval '1 second' where person_id = '` + w.Paul.Person.String() + `'`} {
		_, err := conn.Exec(t.Context(), sql)
		w.must(err)
	}
	w.Clock.Advance(time.Minute)
	if got := counts(); got != (recipient.Counts{Unkept: 1, Unproven: 1, Accounts: 1, Certificates: 1}) {
		t.Errorf("with what is missing: %+v", got)
	}
	list, err := w.register.Checklist(t.Context(), w.odile)
	w.must(err)
	what := map[string]int{}
	for _, u := range list.Unkept {
		if u.Mandate != m.ID || u.Person != w.Jeanne.Person {
			t.Errorf("%+v", u)
		}
		what[u.What]++
	}
	if what["unkept"] != 1 || what["unproven"] != 1 || what["accounts"] != 1 {
		t.Errorf("named %+v", list.Unkept)
	}
	w.must(w.Directory.Leave(t.Context(), w.adele, w.Jeanne.Person, w.Here, org.RoleAidant))
	if got := counts(); got.Forsaken != 1 {
		t.Errorf("nobody follows it up: %+v", got)
	}
}

// What ended, what was handed over, proven or accounted for, who is not at work, and what another organisation has does not wait for anybody.
func TestChecklist_CountsNothingElse(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	kept, waits := w.Sign(t, w.Jeanne, fixture.Citizen(1), fixture.Tax), w.Sign(t, w.Jeanne, fixture.Citizen(2), fixture.Tax)
	w.Sign(t, w.Ines, fixture.Citizen(3), fixture.Tax)
	rita, left, barred, gone, again := w.Referent(t, w.Here, "rita"), w.Aidant(t, w.Here, "left"), w.Aidant(t, w.Here, "barred"), w.Aidant(t, w.Here, "gone"), w.Aidant(t, w.Here, "again")
	fixture.Certify(t, w.Database, w.Clock.Now(), rita.Person)
	w.must(w.Directory.Leave(t.Context(), w.adele, left.Person, w.Here, org.RoleAidant))
	conn := w.Connect(t, w.Superuser)
	do := func(sql string, args ...any) {
		t.Helper()
		_, err := conn.Exec(t.Context(), sql, args...)
		w.must(err)
	}
	do(`set session_replication_role = replica`)
	do(`delete from mandate_evidence where mandate_id <> $1`, kept.ID)
	for _, change := range []string{`{"state": "ended", "ended_at": "now", "end_reason": "citizen"}`, `{"ends_at": "now"}`} { // neither has a document, or evidence
		do(`insert into mandate select (jsonb_populate_record(m, $2 || jsonb_build_object('id', gen_random_uuid(), 'draft_id', gen_random_uuid()))).* from mandate m where id = $1`, waits.ID, change)
	}
	for mandate, kind := range map[uuid.UUID]string{kept.ID: "attestation", waits.ID: "end"} {
		do(`insert into attestation (mandate_id, lang, organisation_id, document, words, sha256, template, issued_at, issued_by, kind) values ($1, 'fr', $2, '\x01', '\x01', sha256(''), 't', now(), $3, $4)`,
			mandate, w.Here, w.Jeanne.Person, kind)
	}
	for _, change := range []string{`{}`, `{"state": "closed", "accounts": 1, "outcome": "done", "closed_at": "now", "closed_by": "` + uuid.NewString() + `"}`, `{"organisation_id": "` + w.Elsewhere.String() + `"}`} {
		do(`insert into report_use select (jsonb_populate_record(null::report_use, to_jsonb(u) || $2)).* from (select gen_random_uuid() as id, organisation_id, citizen_id, id as mandate_id, person_id, 'x' as procedure, '' as case_ref, 'login' as way,
			now() - interval '8 days' as used_at, 'open' as state, 0 as accounts from mandate where id = $1) u`, waits.ID, change)
	}
	w.Aidant(t, w.Here, "over")
	do(`update certification set certified_until = certified_at + interval '1 second' where person_id <> $1`, w.Jeanne.Person)
	do(`update certification set state = 'suspended', suspended_at = now(), certified_until = now() + interval '1 year' where person_id = $1`, w.Paul.Person)
	do(`update certification set state = 'trained' where person_id = $1`, again.Person)
	do(`update membership set suspended_at = now() where person_id = $1`, barred.Person)
	do(`update person set suspended_at = now(), suspended_why = 'decided' where id = $1`, gone.Person)
	for _, change := range []string{`{}`, `{"due_at": "now"}`, `{"state": "replied", "reply_sha256": "\\x` + strings.Repeat("00", 32) + `", "replied_by": "` + w.odile.Person.String() + `", "replied_at": "now"}`, `{"organisation_id": "` + w.Elsewhere.String() + `"}`} {
		do(`insert into inquiry_finding select (jsonb_populate_record(null::inquiry_finding, jsonb_build_object('id', gen_random_uuid(), 'inquiry_id', gen_random_uuid(), 'round', 1, 'gravity', 'minor', 'organisation_id', $1::uuid,
			'words_sha256', sha256(''), 'state', 'asked', 'made_by', $2::uuid, 'made_at', now() - interval '1 day', 'due_at', now() + interval '1 day') || $3)).*`, w.Here, w.sofia.Person, change)
	}
	do(`insert into recipient_checklist (id, organisation_id, checked_by, checked_at, due_on, counts) values (gen_random_uuid(), $1, $2, now(), current_date + 1, '{}')`, w.Elsewhere, w.Ines.Person)
	w.Clock.Advance(time.Minute)
	list, err := w.register.Checklist(t.Context(), w.odile)
	w.must(err)
	if want := (recipient.Counts{Unkept: 1, Unproven: 1, Accounts: 1, Certificates: 2, Replies: 1}); list.Counts != want || len(list.Checks) != 0 {
		t.Errorf("%+v, want %+v; checks %+v", list.Counts, want, list.Checks)
	}
	if len(list.Unkept) != 3 {
		t.Errorf("named %+v", list.Unkept)
	}
	for _, u := range list.Unkept {
		if u.Mandate != waits.ID {
			t.Errorf("named %+v", u)
		}
	}
}

// That a referent went through the list is an act, once a day, with what there was to look at and when it is due again; nobody else says it.
func TestCheck(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Sign(t, w.Jeanne, fixture.Citizen(1), fixture.Tax)
	w.must(w.register.Check(t.Context(), w.odile))
	if err := w.register.Check(t.Context(), w.odile); !errors.Is(err, db.ErrConflict) {
		t.Error("twice on a day:", err)
	}
	list, err := w.register.Checklist(t.Context(), w.odile)
	w.must(err)
	now := w.Clock.Now()
	if len(list.Checks) != 1 || list.Checks[0].Counts != (recipient.Counts{Unkept: 1}) || list.Checks[0].By != w.odile.Person || !list.Checks[0].Today(now) || list.Checks[0].Late(now) {
		t.Errorf("%+v", list.Checks)
	}
	if !list.Checks[0].Late(now.Add(recipient.Every+24*time.Hour)) || list.Checks[0].Late(now.Add(recipient.Every-24*time.Hour)) {
		t.Errorf("due on %s", list.Checks[0].Due)
	}
	w.Clock.Advance(24 * time.Hour)
	w.must(w.register.Check(t.Context(), w.odile))
	if n := w.entries("checklist.done", w.odile); n != 2 {
		t.Errorf("%d entries", n)
	}
	for name, by := range w.others(journal.Referent) {
		by.Organisation = w.Here
		_, err := w.register.Checklist(t.Context(), by)
		for what, err := range map[string]error{"list": err, "check": w.register.Check(t.Context(), by)} {
			if !errors.Is(err, org.ErrMayNot) {
				t.Errorf("%s, %s: %v", name, what, err)
			}
		}
	}
	found, err := recipient.Compare(t.Context(), w.OpenAuditor(t))
	if err != nil || len(found) > 0 {
		t.Error(found, err)
	}
	conn := w.Connect(t, w.Superuser)
	for _, sql := range []string{`set session_replication_role = replica`, `update recipient_checklist set counts = '{}'`} {
		if _, err := conn.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	if found, err := recipient.Compare(t.Context(), w.OpenAuditor(t)); err != nil || len(found) != 2 {
		t.Error("changed behind the program's back:", found, err)
	}
}
