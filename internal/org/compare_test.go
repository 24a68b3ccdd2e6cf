package org_test

import (
	"strings"
	"testing"

	"mandat/internal/fixture"
	"mandat/internal/journal"
	"mandat/internal/org"
)

func TestCompare_NamesWhatWasChangedBehindTheProgramsBack(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ sql, of, says string }{
		"joined quietly":         {`insert into membership (organisation_id, person_id, role, created_at) values ($1, $2, 'referent', now())`, "organisation", "no entry tells of it"},
		"moved":                  {`update membership set organisation_id = (select id from organisation where id <> $1) where person_id = $2`, "organisation", "no entry tells of it"},
		"another role":           {`update membership set role = 'referent' where organisation_id = $1 and person_id = $2`, "organisation", "as referent"},
		"left quietly":           {`update membership set ended_at = now() where organisation_id = $1 and person_id = $2`, "organisation", "ended at"},
		"removed":                {`delete from membership where organisation_id = $1 and person_id = $2`, "organisation", "gone"},
		"made auditor":           {`update person set auditor = true where id = $2 and $1 is not null`, "person", "auditor true"},
		"suspended":              {`update person set suspended_at = now(), suspended_why = 'decided' where id = $2 and $1 is not null`, "person", "suspended at"},
		"made administrator":     {`update person set administrator = true where id = $2 and $1 is not null`, "person", "administrator true"},
		"another sub":            {`update person_identity set sub = 'mallory' where person_id = $2 and $1 is not null`, "person", "no entry tells of it"},
		"another issuer":         {`update person_identity set issuer = 'https://mallory.invalid' where person_id = $2 and $1 is not null`, "person", "gone"},
		"one more sub":           {`insert into person_identity (issuer, sub, person_id, salt, state, asked_at, decided_at) select issuer, 'mallory', person_id, salt, state, asked_at, decided_at from person_identity where person_id = $2 and $1 is not null`, "person", "no entry tells of it"},
		"somebody else's sub":    {`update person_identity set person_id = (select id from person where id <> $2 limit 1) where person_id = $2 and $1 is not null`, "person", "no entry tells of it"},
		"another state of a sub": {`update person_identity set state = 'refused' where person_id = $2 and $1 is not null`, "person", "refused"},
		"person added":           {`insert into person (id, email, given_name, usual_name, created_at) select gen_random_uuid(), 'm@m.invalid', '', '', now() from person where id = $2 and $1 is not null`, "person", "no entry tells of it"},
		"suspended there":        {`update membership set suspended_at = now() where organisation_id = $1 and person_id = $2`, "organisation", "suspended at"},
		"limited there":          {`update membership set procedures = '{x}' where organisation_id = $1 and person_id = $2`, "organisation", "only x"},
		"given by somebody else": {`update membership set given_by = $2 where organisation_id = $1 and person_id = $2`, "organisation", "given by"},
		"brought in":             {`insert into person_giver (person_id, organisation_id, giver_id, given_at) values ($2, $1, $2, now())`, "person", "no entry tells of it"},
		"limited":                {`update organisation set procedures = '{x,y}' where id = $1 and $2 is not null`, "organisation", "only x y"},
		"another kind":           {`update organisation set kind = 'ccas' where id = $1 and $2 is not null`, "organisation", "particulars"},
		"person removed":         {`delete from person where id = $2 and $1 is not null`, "person", "gone"},
		"closed":                 {`update organisation set active = false where id = $1 and $2 is not null`, "organisation", "suspended"},
		"closed for good":        {`update organisation set active = false, closed_at = now() where id = $1 and $2 is not null`, "organisation", "closed"},
		"another SIRET":          {`update organisation set siret = '00000000000000' where id = $1 and $2 is not null`, "organisation", "SIRET 00000000000000"},
		"another phone":          {`update organisation set phone = '+33 8 99 00 00 00' where id = $1 and $2 is not null`, "organisation", "particulars"},
		"organisation gone": {`with m as (delete from membership where organisation_id = $1), p as (delete from person where id = $2) delete from organisation where id = $1`,
			"organisation", "gone"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := fixture.New(t)
			w.Content(t)
			w.Behind(t, strings.ReplaceAll(strings.ReplaceAll(c.sql, "$1 is", "$1::uuid is"), "$2 is", "$2::uuid is"), w.Here, w.Paul.Person)
			found, err := org.Compare(t.Context(), w.OpenAuditor(t))
			if err != nil {
				t.Fatal(err)
			}
			if !says(found, c.of, c.says) {
				t.Errorf("found %v", found)
			}
		})
	}
}

func says(found []journal.Difference, of, words string) bool {
	for _, d := range found {
		if d.Of == of && strings.Contains(d.What, words) {
			return true
		}
	}
	return false
}

// What is found is logged and printed: nothing in it tells who somebody is.
func TestCompare_SaysNothingPersonal(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	w.Behind(t, `update person set auditor = true, suspended_at = now(), suspended_why = 'decided'`)
	w.Behind(t, `update person_identity set sub = 'mallory-' || person_id`)
	found, err := org.Compare(t.Context(), w.OpenAuditor(t))
	if err != nil || len(found) != 9 { // three people, and for each a name that is gone and one that is new
		t.Fatalf("found %v, %v", found, err)
	}
	for _, d := range found {
		for _, word := range []string{"mallory", "proconnect.invalid", "exemple.invalid", "Fictif", "paul"} {
			if strings.Contains(d.String(), word) {
				t.Errorf("%s says %s", d, word)
			}
		}
	}
}

func TestCompare_FollowsAWholeLife(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	by, ctx := journal.Program(), t.Context()
	steps := []error{
		w.Directory.Suspend(ctx, by, w.Paul.Person), w.Directory.Resume(ctx, by, w.Paul.Person), w.Directory.Suspend(ctx, by, w.Paul.Person),
		w.Directory.Join(ctx, by, w.Jeanne.Person, w.Elsewhere, org.RoleReferent), w.Directory.Leave(ctx, by, w.Jeanne.Person, w.Here, org.RoleAidant),
		w.Directory.Join(ctx, by, w.Jeanne.Person, w.Here, org.RoleAidant), w.Directory.Leave(ctx, by, w.Jeanne.Person, w.Elsewhere, org.RoleReferent),
		w.Directory.Close(ctx, by, w.Elsewhere),
	}
	for i, err := range steps {
		if err != nil {
			t.Errorf("step %d: %v", i, err)
		}
	}
	w.Content(t)
}

// A row that somebody added by the program's own rights, with an entry that the integrator has passed by, was not added
// by an act.
func TestCompare_AnEntryThatWasPassedByProvesNothing(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	w.Behind(t, `insert into journal_tree (size, root, checkpoint, xid, cluster, kept_size, kept_at) values (0, sha256(''), '', (select max(xid::text::bigint) + 1 from journal_entry)::text::xid8, 0, 0, now())
		on conflict (one) do update set xid = excluded.xid`)
	found, err := org.Compare(t.Context(), w.OpenAuditor(t))
	if err != nil || len(found) != 11 { // two organisations, three people with a name each, three roles
		t.Errorf("found %d, %v", len(found), err)
	}
}
