package mandate_test

import (
	"strings"
	"testing"

	"github.com/google/uuid"

	"mandat/internal/fixture"
	"mandat/internal/journal"
	"mandat/internal/mandate"
	"mandat/internal/procedure"
)

// recorded runs statements in an act with an entry, and returns what the database says.
func recorded(t *testing.T, w *fixture.World, by journal.Actor, e journal.Event, sql string, args ...any) error {
	t.Helper()
	return w.Journal.Record(t.Context(), by, func(tx *journal.Tx) (journal.Event, error) {
		tx.Queue(sql, args...)
		return e, nil
	})
}

// The program itself cannot write who the citizen is, or a colleague's word, into a draft without the entry of that very person, of that version and terms.
func TestDatabase_KeepsADraftToItsEntries(t *testing.T) {
	t.Parallel()
	const (
		attest   = `update mandate_draft set witness_id = $2, witnessed_at = now(), witness_factor_at = now(), witness_terms = sha256('x') where id = $1`
		identify = `update mandate_draft set identified_at = identified_at + interval '1 hour' where id = $1 and $2::uuid is not null`
		x        = "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881" // SHA-256 of x
	)
	w := fixture.New(t)
	id := onDocument(t, w)
	detail := func(draft uuid.UUID, version int, method, terms string) map[string]any {
		out := map[string]any{"draft": draft, "version": version, "method": method}
		if terms != "" {
			out["terms_sha256"] = terms
		}
		return out
	}
	for name, c := range map[string]struct {
		sql    string
		by     journal.Actor
		action string
		detail map[string]any
		fits   bool
	}{
		"another act":              {attest, w.Paul, "draft.identity_shown", detail(id, 2, "witnessed", x), false},
		"by somebody else":         {attest, w.Jeanne, "draft.witnessed", detail(id, 2, "witnessed", x), false},
		"of another draft":         {attest, w.Paul, "draft.witnessed", detail(uuid.New(), 2, "witnessed", x), false},
		"of another version":       {attest, w.Paul, "draft.witnessed", detail(id, 1, "witnessed", x), false},
		"of other terms":           {attest, w.Paul, "draft.witnessed", detail(id, 2, "witnessed", strings.Repeat("0", 64)), false},
		"of no terms":              {attest, w.Paul, "draft.witnessed", detail(id, 2, "witnessed", ""), false},
		"attested":                 {attest, w.Paul, "draft.witnessed", detail(id, 2, "witnessed", x), true},
		"identified by another":    {identify, w.Paul, "draft.identified", detail(id, 2, "witnessed", ""), false},
		"identified otherwise":     {identify, w.Jeanne, "draft.identified", detail(id, 2, "franceconnect", ""), false},
		"identified in another":    {identify, w.Jeanne, "draft.identified", detail(id, 3, "witnessed", ""), false},
		"identified by witnessing": {identify, w.Jeanne, "draft.witnessed", detail(id, 2, "witnessed", ""), false},
		"identified":               {identify, w.Jeanne, "draft.identified", detail(id, 2, "witnessed", ""), true},
	} {
		err := recorded(t, w, c.by, journal.Event{Action: c.action, Detail: c.detail}, c.sql, id, w.Paul.Person)
		if fits := err == nil; fits != c.fits || err != nil && !strings.Contains(err.Error(), "changed without its entry") {
			t.Errorf("%s: %v", name, err)
		}
	}
	// Inserted as it should have come about, it is refused too.
	err := recorded(t, w, w.Jeanne, journal.Event{Action: "draft.identity_shown", Detail: detail(id, 2, "", "")}, `insert into mandate_draft
		select (jsonb_populate_record(d, jsonb_build_object('id', gen_random_uuid()))).* from mandate_draft d where d.id = $1`, id)
	if err == nil || !strings.Contains(err.Error(), "changed without its entry") {
		t.Errorf("inserted: %v", err)
	}
}

// An act that signs or begins one mandate does to another of the same citizen what it says, and nothing else: it ends it, superseded or expired.
func TestDatabase_KeepsOtherMandatesFromASignature(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	other, mine := w.Sign(t, w.Jeanne, fixture.Angela(), fixture.Housing), w.Sign(t, w.Jeanne, fixture.Angela(), fixture.Tax)
	ended := w.Sign(t, w.Jeanne, fixture.Angela(), procedureOf(t, w, procedure.Known))
	if err := w.Mandates.End(t.Context(), w.Jeanne, ended.ID, "citizen"); err != nil {
		t.Fatal(err)
	}
	try := func(action string, of, m mandate.Mandate, sql string) error {
		return recorded(t, w, w.Jeanne, journal.Event{Action: action, Citizen: of.Citizen, Mandate: of.ID}, sql, m.ID)
	}
	const end = `state = 'ended', ended_at = signed_at + interval '1 minute', end_reason = `
	const entry, right, over = "changed without its entry", "permission denied", "has ended"
	for _, action := range []string{"mandate.signed", "mandate.started"} {
		for change, want := range map[string]string{
			`update mandate set ends_at = ends_at + interval '1 year' where id = $1`:                                                         right,
			`update mandate set person_id = gen_random_uuid() where id = $1`:                                                                 right,
			`update mandate set ` + end + `'citizen' where id = $1`:                                                                          entry,
			`update mandate set ` + end + `'mistake' where id = $1`:                                                                          entry,
			`update mandate set ` + end + `'superseded', terms = terms || '\x00' where id = $1`:                                              right,
			`update mandate set ` + end + `'superseded', ended_by = person_id where id = $1`:                                                 entry,
			`update mandate_power set ends_at = ends_at + interval '1 year' where mandate_id = $1`:                                           right,
			`update mandate_power set level = 'pay' where mandate_id = $1`:                                                                   right,
			`update mandate_power set state = 'ended', ended_at = starts_at, end_reason = 'citizen' where mandate_id = $1`:                   entry,
			`update mandate_power set state = 'ended', ended_at = starts_at, end_reason = 'superseded', level = 'pay' where mandate_id = $1`: right,
			`insert into mandate_power (mandate_id, procedure, organisation_id, citizen_id, state, identified_by, starts_at, ends_at) select mandate_id, 'other', organisation_id, citizen_id, state, identified_by, starts_at, ends_at from mandate_power where mandate_id = $1`: entry,
		} {
			if err := try(action, mine, other, change); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s of another mandate: %s: %v", action, change, err)
			}
		}
		for _, change := range []string{
			`update mandate set state = 'standing', ended_at = null, ended_by = null, end_reason = null where id = $1`,
			`update mandate set end_reason = 'superseded' where id = $1`,
			`update mandate_power set end_reason = 'expired' where mandate_id = $1`,
		} {
			if err := try(action, mine, ended, change); err == nil || !strings.Contains(err.Error(), over) {
				t.Errorf("%s of another mandate, of one that ended: %s: %v", action, change, err)
			}
		}
		for _, change := range []string{
			`update mandate set ` + end + `'superseded' where id = $1`,
			`update mandate_power set state = 'ended', ended_at = ends_at, end_reason = 'expired' where mandate_id = $1`,
		} {
			if err := try(action, mine, w.Sign(t, w.Jeanne, fixture.Angela(), fixture.Housing), change); err != nil {
				t.Errorf("%s: %s: %v", action, change, err)
			}
			other = w.Sign(t, w.Jeanne, fixture.Angela(), fixture.Housing)
		}
	}
	if err := try("mandate.started", mine, mine, `update mandate set state = state where id = $1`); err != nil {
		t.Errorf("of its own: %v", err)
	}
}

// Beside an entry that tells of something else, the program changes nothing of what was agreed: it has no right to, or the database wants another entry; and what has ended it does not bring back.
func TestDatabase_ChangesNothingThatWasAgreed(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	m := w.Sign(t, w.Jeanne, fixture.Angela(), fixture.Tax, fixture.Housing)
	const part = `with gone as (update mandate_power set state = 'ended', ended_at = starts_at, end_reason = 'citizen' where mandate_id = $1 and procedure = '` + fixture.Housing + `') `
	for change, want := range map[string]string{
		`update mandate set ends_at = ends_at + interval '300 days' where id = $1`:                                                     "permission denied",
		`update mandate set terms = terms where id = $1`:                                                                               "permission denied",
		`update mandate set consent_by = 'franceconnect', witness_id = null where id = $1`:                                             "permission denied",
		`update mandate_power set ends_at = ends_at + interval '300 days' where mandate_id = $1 and procedure = '` + fixture.Tax + `'`: "permission denied",
		`update mandate_power set level = 'pay' where mandate_id = $1 and procedure = '` + fixture.Tax + `'`:                           "permission denied",
		`update mandate_power set identified_by = 'franceconnect' where mandate_id = $1 and procedure = '` + fixture.Tax + `'`:         "permission denied",
		`update mandate_power set case_ref = '' where mandate_id = $1 and procedure = '` + fixture.Tax + `'`:                           "permission denied",
		`update citizen set sub_index = sub_index where id = (select citizen_id from mandate where id = $1)`:                           "permission denied",
		`update citizen set data_key = data_key where id = (select citizen_id from mandate where id = $1)`:                             "changed without", // only to be wrapped anew
	} {
		if err := recorded(t, w, w.Jeanne, journal.Event{Action: "power.ended", Citizen: m.Citizen, Mandate: m.ID}, part+change, m.ID); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", change, err)
		}
	}
	by := w.Jeanne
	by.FactorAt = w.Clock.Now()
	if err := w.Mandates.EndPower(t.Context(), by, m.ID, fixture.Housing, "", "citizen"); err != nil {
		t.Fatal(err)
	}
	for _, change := range []string{`state = 'standing', ended_at = null, end_reason = null`, `ended_at = ends_at`, `state = 'scheduled', ended_at = null, end_reason = null`} {
		err := recorded(t, w, w.Jeanne, journal.Event{Action: "power.ended", Citizen: m.Citizen, Mandate: m.ID}, `update mandate_power set `+change+` where mandate_id = $1 and procedure = '`+fixture.Housing+`'`, m.ID)
		if err == nil || !strings.Contains(err.Error(), "has ended") {
			t.Errorf("%s: %v", change, err)
		}
	}
}
