package recipient_test

import (
	"errors"
	"testing"

	"github.com/google/uuid"

	"mandat/internal/db"
	"mandat/internal/inquiry"
	"mandat/internal/journal"
	"mandat/internal/org"
)

const found = "Le mandat a été signé un dimanche, à trois heures du matin."

// publicID is how addresses name an organisation.
func (w *world) publicID(organisation uuid.UUID) uuid.UUID {
	w.t.Helper()
	o, err := w.Directory.Organisation(w.t.Context(), organisation)
	w.must(err)
	return o.PublicID
}

// A prefecture sees the organisations of its department, with figures and what was decided on them; each reading is an entry.
func TestDepartment(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for range 3 {
		w.act(w.Jeanne, "mandate.signed", uuid.New(), uuid.New(), nil)
	}
	w.login(w.Jeanne, uuid.New(), uuid.New(), "a-service")
	for range 2 {
		w.act(w.Jeanne, "power.accounted", uuid.New(), uuid.New(), nil)
	}
	w.act(w.Ines, "mandate.signed", uuid.New(), uuid.New(), nil)
	w.catchUp()
	d, err := w.register.Department(t.Context(), w.prune)
	w.must(err)
	if d.Code != "75" || len(d.Places) != 1 || d.Places[0].PublicID != w.publicID(w.Here) || d.Places[0].Aidants != 2 || d.Places[0].Certified != 2 || d.Places[0].State != "open" {
		t.Errorf("%+v", d)
	}
	if m := d.Months[0]; len(d.Months) != 12 || m.Signed != 3 || m.Used != 1 || m.Ended != 0 || m.Accounted != 2 {
		t.Errorf("months %+v", d.Months)
	}
	one, err := w.register.Organisation(t.Context(), w.prune, w.publicID(w.Here))
	w.must(err)
	if len(one.Places) != 1 || one.Months[0].Signed != 3 {
		t.Errorf("one: %+v", one)
	}
	if n := w.entries("recipient.viewed", w.prune); n != 2 {
		t.Errorf("%d readings", n)
	}
}

// Of a month that is counted the count stays: no difference tells that somebody was erased.
func TestDepartment_AfterAnErasure(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	erased := uuid.New()
	for _, citizen := range []uuid.UUID{erased, uuid.New()} {
		w.act(w.Jeanne, "mandate.signed", citizen, uuid.New(), nil)
	}
	w.catchUp()
	w.Behind(t, `delete from journal_entry where citizen_id = $1`, erased)
	if d, err := w.register.Department(t.Context(), w.prune); err != nil || d.Months[0].Signed != 2 {
		t.Errorf("%+v, %v", d.Months, err)
	}
}

// What auditors found is told once it was decided.
func TestDepartment_DecidedFindings(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.login(w.Jeanne, uuid.New(), uuid.New(), franceConnect)
	w.catchUp()
	q, err := w.inquiries.Open(t.Context(), w.sofia, 0)
	w.must(err)
	f, err := w.inquiries.Find(t.Context(), w.sofia, q.ID, inquiry.Finding{Gravity: inquiry.Grave, Organisation: w.Here, Words: found})
	w.must(err)
	d, err := w.register.Department(t.Context(), w.prune)
	if err != nil || len(d.Places[0].Findings) != 0 {
		t.Errorf("told before it was decided: %+v, %v", d, err)
	}
	w.must(w.inquiries.Reply(t.Context(), w.odile, f, found))
	alma := w.Newcomer(t, journal.Auditor, uuid.Nil, "alma")
	w.must(w.inquiries.Decide(t.Context(), alma, q.ID, inquiry.Decision{Outcome: inquiry.Warning, Words: found}))
	d, err = w.register.Department(t.Context(), w.prune)
	if err != nil || len(d.Places[0].Findings) != 1 || d.Places[0].Findings[0].Gravity != inquiry.Grave || d.Places[0].Findings[0].Count != 1 {
		t.Errorf("decided: %+v, %v", d, err)
	}
}

// An organisation of another department, or none, is not found, and that it was asked for is an entry; who moved is found no more.
func TestOrganisation_OfAnotherDepartment(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, id := range []uuid.UUID{w.publicID(w.Elsewhere), uuid.New(), w.Here} {
		if d, err := w.register.Organisation(t.Context(), w.prune, id); !errors.Is(err, db.ErrNotFound) || len(d.Places) > 0 {
			t.Errorf("%+v, %v", d, err)
		}
	}
	if n := w.entries("recipient.refused", w.prune); n != 3 {
		t.Errorf("%d refusals", n)
	}
	var named int
	w.behind(&named, `select count(*) from journal_entry where action = 'recipient.refused' and organisation_id = $1`, w.Elsewhere)
	if named != 1 {
		t.Error("the entry does not say which organisation it was")
	}
	w.settle(w.Here, "69")
	d, err := w.register.Department(t.Context(), w.prune)
	if err != nil || len(d.Places) != 0 || d.Months[0].Signed != 0 {
		t.Errorf("after it moved: %+v, %v", d, err)
	}
}

// The department is the one that is known, or that of the municipality; without either an organisation is in none, however its postcode begins.
func TestDepartment_OfAnOrganisation(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, c := range []struct{ known, insee, want string }{{"", "", ""}, {"75", "", "75"}, {"", "2A004", "2A"}, {"", "97411", "974"}, {"", "98735", "987"}, {"", "69123", "69"}, {"2B", "2A004", "2B"}} {
		var got string
		w.behind(&got, `select coalesce(organisation_department(nullif($1, ''), nullif($2, '')), '')`, c.known, c.insee)
		if got != c.want || c.known == "" && got != org.DepartmentOf(c.insee) {
			t.Errorf("%+v: %q", c, got)
		}
	}
}

// Nobody but a prefecture's recipient sees a department.
func TestDepartment_Refuses(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for name, by := range w.others(journal.Prefecture) {
		if d, err := w.register.Department(t.Context(), by); !errors.Is(err, org.ErrMayNot) || len(d.Places) > 0 {
			t.Errorf("%s: %+v, %v", name, d, err)
		}
		if d, err := w.register.Organisation(t.Context(), by, w.publicID(w.Here)); !errors.Is(err, org.ErrMayNot) || len(d.Places) > 0 {
			t.Errorf("%s, one: %+v, %v", name, d, err)
		}
	}
}
