package org_test

import (
	"errors"
	"testing"

	"github.com/google/uuid"

	"mandat/internal/db"
	"mandat/internal/fixture"
	"mandat/internal/journal"
	"mandat/internal/org"
)

// A recipient has one office and no other, of a sort that there is, and a department if, and only if, it is a prefecture's.
func TestAddPerson_Recipients(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	add := func(name string, p org.Person, organisation uuid.UUID, roles ...string) error {
		p.Issuer, p.Sub, p.Email, p.GivenName, p.UsualName = fixture.Issuer, "sub-"+name, name+"@exemple.invalid", name, "Fictif"
		_, err := w.Directory.AddPerson(t.Context(), journal.Program(), p, organisation, roles...)
		return err
	}
	for name, c := range map[string]struct {
		p            org.Person
		organisation uuid.UUID
		roles        []string
		want         error
	}{
		"fraud": {org.Person{Recipient: org.Fraud}, uuid.Nil, nil, nil}, "corse": {org.Person{Recipient: org.Prefecture, Department: "2A"}, uuid.Nil, nil, nil},
		"reunion": {org.Person{Recipient: org.Prefecture, Department: "974"}, uuid.Nil, nil, nil}, "none": {org.Person{Recipient: org.Prefecture}, uuid.Nil, nil, org.ErrRecipient},
		"nowhere": {org.Person{Recipient: org.Prefecture, Department: "2C"}, uuid.Nil, nil, org.ErrRecipient}, "everywhere": {org.Person{Recipient: org.Fraud, Department: "75"}, uuid.Nil, nil, org.ErrRecipient},
		"other": {org.Person{Recipient: "press"}, uuid.Nil, nil, org.ErrRecipient}, "stray": {org.Person{Department: "75", Auditor: true}, uuid.Nil, nil, org.ErrRecipient},
		"auditor": {org.Person{Recipient: org.Fraud, Auditor: true}, uuid.Nil, nil, org.ErrOneOffice}, "administrator": {org.Person{Recipient: org.Fraud, Administrator: true}, uuid.Nil, nil, org.ErrOneOffice},
		"aidant": {org.Person{Recipient: org.Fraud}, w.Here, []string{org.RoleAidant}, org.ErrOneOffice},
	} {
		if err := add(name, c.p, c.organisation, c.roles...); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	found, err := org.Compare(t.Context(), w.OpenAuditor(t))
	if err != nil || len(found) > 0 {
		t.Error(found, err)
	}
}

// An administrator ends a recipient's office, with a fresh factor; the person has no role until then, and may be given one afterwards. The journal says the same as the tables.
func TestEndReceiving(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	ada, felix := w.Administrator(t, "ada"), w.Newcomer(t, journal.Fraud, uuid.Nil, "felix")
	prune := w.Newcomer(t, journal.Prefecture, uuid.Nil, "prune")
	if err := w.Directory.Join(t.Context(), ada, felix.Person, w.Here, org.RoleAidant); !errors.Is(err, org.ErrOneOffice) {
		t.Error("joined as a recipient:", err)
	}
	all, err := w.Directory.Recipients(t.Context(), ada)
	if err != nil || len(all) != 2 || all[0].ID != felix.Person || all[1].Department != "75" || all[1].Office() != org.Prefecture {
		t.Errorf("%+v, %v", all, err)
	}
	late := ada
	late.FactorAt = late.FactorAt.Add(-2 * org.FactorLife)
	for name, c := range map[string]struct {
		by   journal.Actor
		who  uuid.UUID
		want error
	}{
		"an aidant": {w.Jeanne, felix.Person, org.ErrMayNot}, "themselves": {felix, felix.Person, org.ErrMayNot}, "an old factor": {late, felix.Person, org.ErrFactorTooOld}, "nobody": {ada, uuid.New(), db.ErrNotFound},
		"an aidant's": {ada, w.Jeanne.Person, db.ErrConflict}, "theirs": {ada, felix.Person, nil}, "twice": {ada, prune.Person, nil},
	} {
		if err := w.Directory.EndReceiving(t.Context(), c.by, c.who); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := w.Directory.EndReceiving(t.Context(), ada, felix.Person); !errors.Is(err, db.ErrConflict) {
		t.Error("ended twice:", err)
	}
	if _, err := w.Directory.Recipients(t.Context(), w.Jeanne); !errors.Is(err, org.ErrMayNot) {
		t.Error("listed for an aidant:", err)
	}
	told := 0
	for _, m := range *w.Told {
		if m.Kind == "receiving_ended" {
			told++
		}
	}
	if told != 2 {
		t.Errorf("%d were told", told)
	}
	if err := w.Directory.Join(t.Context(), ada, felix.Person, w.Here, org.RoleAidant); err != nil {
		t.Error("joined afterwards:", err)
	}
	found, err := org.Compare(t.Context(), w.OpenAuditor(t))
	if err != nil || len(found) > 0 {
		t.Error(found, err)
	}
	conn := w.Connect(t, w.Superuser)
	for _, sql := range []string{`set session_replication_role = replica`, `update person set recipient = 'fraud' where id = '` + w.Jeanne.Person.String() + `'`} {
		if _, err := conn.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	if found, err := org.Compare(t.Context(), w.OpenAuditor(t)); err != nil || len(found) != 1 {
		t.Error("a recipient whom nobody made:", found, err)
	}
}
