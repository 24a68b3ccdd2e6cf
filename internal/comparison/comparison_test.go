package comparison_test

import (
	"testing"

	"mandat/internal/comparison"
	"mandat/internal/fixture"
	"mandat/internal/mandate"
)

// Every package's comparison is run.
func TestRun_LooksEverywhere(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	m := w.Sign(t, w.Jeanne, fixture.Angela(), fixture.Tax)
	if _, err := w.Mandates.Consult(t.Context(), w.Jeanne, m.ID, mandate.PageMandate); err != nil {
		t.Fatal(err)
	}
	auditor := w.OpenAuditor(t)
	if found, err := comparison.Run(t.Context(), auditor); err != nil || len(found) != 0 {
		t.Fatalf("found %v, %v", found, err)
	}
	w.Behind(t, `update person set auditor = true where id = $1`, w.Paul.Person)
	w.Behind(t, `insert into invitation (id, administrator, roles, email, given_name, usual_name, state, token_hash, created_at, expires_at)
		values (gen_random_uuid(), true, '{}', 'mallory@exemple.invalid', 'M', 'M', 'open', sha256('x'), now(), now() + interval '1 day')`)
	w.Behind(t, `update certification set certified_until = certified_until + interval '1 year' where person_id = $1`, w.Paul.Person)
	w.Behind(t, `delete from charter_acceptance where person_id = $1`, w.Paul.Person)
	w.Behind(t, `insert into credential_passkey (id, person_id, credential_id, public_key, aaguid, transports, name, backup_eligible, backed_up, sign_count, created_at)
		values (gen_random_uuid(), $1, '\x01', '\x01', '\x01', '{}', 'M', false, false, 0, now())`, w.Paul.Person)
	w.Behind(t, `update mandate set catalogue = 'x' where id = $1`, m.ID)
	w.Behind(t, `insert into mandate_handover (organisation_id, from_person, to_person, at) values ($1, $2, $3, now())`, w.Here, w.Jeanne.Person, w.Paul.Person)
	w.Behind(t, `insert into attestation_status (token_hash, mandate_id, organisation_id, token, created_at) values (sha256('x'), $1, $2, '\x01', now())`, m.ID, w.Here)
	w.Behind(t, `update journal_entry set action = 'x.y' where action = 'mandate.consulted'`)
	found, err := comparison.Run(t.Context(), auditor)
	if err != nil || len(found) != 9 {
		t.Fatalf("found %v, %v", found, err)
	}
	for i, of := range []string{"person", "invitation", "person", "person", "factor", "mandate", "organisation", "mandate", "entry"} {
		if found[i].Of != of {
			t.Errorf("found %s, want one of %s", found[i], of)
		}
	}
}

func TestKeep(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	if o, err := comparison.Last(t.Context(), w.DB); err != nil || o != (comparison.Outcome{}) {
		t.Errorf("before any: %v, %v", o, err)
	}
	for n := range 2 {
		want := comparison.Outcome{At: w.Clock.Now(), Differences: n}
		if err := comparison.Keep(t.Context(), w.DB, want); err != nil {
			t.Fatal(err)
		}
		got, err := comparison.Last(t.Context(), w.DB)
		if err != nil || !got.At.Equal(want.At) || got.Differences != n {
			t.Errorf("kept %v, read %v, %v", want, got, err)
		}
	}
}
