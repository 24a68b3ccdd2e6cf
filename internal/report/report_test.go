package report_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/google/uuid"

	"mandat/internal/comparison"
	"mandat/internal/db"
	"mandat/internal/draft"
	"mandat/internal/fixture"
	"mandat/internal/journal"
	"mandat/internal/mandate"
	"mandat/internal/org"
	"mandat/internal/private"
	"mandat/internal/report"
	"mandat/internal/token"
)

// world is a world with uses.
type world struct {
	*fixture.World
	Reports *report.Register
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := fixture.New(t)
	return &world{w, report.New(w.DB, w.Journal, w.Mandates, w.Citizens, w.Clock)}
}

// used is the detail of an entry power.used, as package idp writes it.
type used struct {
	Login     string `json:"login"`
	Procedure string `json:"procedure"`
	Case      string `json:"case,omitempty"`
	Service   string `json:"service"`
}

// use uses a power for every case as a login does.
func (w *world) use(t *testing.T, by journal.Actor, m mandate.Mandate, procedure string) uuid.UUID {
	t.Helper()
	return w.useOf(t, by, m, procedure, "")
}

// useOf is use of the power for one case.
func (w *world) useOf(t *testing.T, by journal.Actor, m mandate.Mandate, procedure, ref string) uuid.UUID {
	t.Helper()
	return w.useAt(t, by, m, procedure, ref, "unknown")
}

// useAt is useOf, at a service that may be known.
func (w *world) useAt(t *testing.T, by journal.Actor, m mandate.Mandate, procedure, ref, service string) uuid.UUID {
	t.Helper()
	id := token.ID()
	err := w.Journal.Record(t.Context(), by, func(tx *journal.Tx) (journal.Event, error) {
		report.Open(tx, id, m.Citizen, m.ID, procedure, ref)
		return journal.Event{Action: "power.used", Citizen: m.Citizen, Mandate: m.ID, Detail: used{id.String(), procedure, ref, service}}, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func (w *world) find(t *testing.T, by journal.Actor, m mandate.Mandate, use uuid.UUID) report.Use {
	t.Helper()
	u, err := w.Reports.Find(t.Context(), by, m.ID, use)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

var done = report.Given{Outcome: report.Done, Site: "impots.gouv.fr", Receipt: "R-2026-0042", Note: "Envoyé", Supplied: true}

func wantErr(t *testing.T, got, want error) {
	t.Helper()
	if !errors.Is(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestClose_KeepsWhatWasSaidBefore(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	m := w.Sign(t, w.Jeanne, fixture.Angela(), fixture.Tax)
	id := w.use(t, w.Jeanne, m, fixture.Tax)
	if u := w.find(t, w.Jeanne, m, id); u.State != report.Opened || !u.Due() || u.Way != report.Login || u.Name != "jeanne Fictif" || u.Procedure != fixture.Tax {
		t.Errorf("a use that nobody gave an account of: %+v", u)
	}
	later := report.Given{Outcome: report.ToFinish, Site: "impots.gouv.fr"}
	wantErr(t, w.Reports.Close(t.Context(), w.Jeanne, m.ID, id, later), nil)
	if u := w.find(t, w.Jeanne, m, id); u.State != report.Closed || !u.Due() {
		t.Errorf("a use to finish: %+v", u)
	}
	corrected := done
	wantErr(t, w.Reports.Close(t.Context(), w.Jeanne, m.ID, id, corrected), report.ErrMeanwhile) // who gives it has not seen the first
	corrected.After = 1
	wantErr(t, w.Reports.Close(t.Context(), w.Paul, m.ID, id, corrected), nil)
	u := w.find(t, w.Jeanne, m, id)
	want := []report.Account{{Number: 1, Outcome: report.ToFinish, Site: "impots.gouv.fr", Person: w.Jeanne.Person, Name: "jeanne Fictif"},
		{Number: 2, Outcome: report.Done, Supplied: true, Site: "impots.gouv.fr", Receipt: "R-2026-0042", Note: "Envoyé", Person: w.Paul.Person, Name: "paul Fictif"}}
	if diff := cmp.Diff(want, u.Accounts, cmpopts.IgnoreFields(report.Account{}, "At")); diff != "" || u.Due() || u.Outcome != report.Done || u.Last().Number != 2 || u.ClosedAt.Before(u.UsedAt) {
		t.Errorf("accounts (-want +got):\n%s%+v", diff, u)
	}
	bodies := w.bodies(t)
	for _, typed := range []string{"impots.gouv", "0042", "Envoyé"} {
		if strings.Contains(bodies, typed) {
			t.Errorf("an entry says %q", typed)
		}
	}
	w.same(t)
}

// bodies are the texts of all entries.
func (w *world) bodies(t *testing.T) string {
	t.Helper()
	var out string
	if err := w.Connect(t, w.Superuser).QueryRow(t.Context(), `select string_agg(body, ' ') from journal_entry`).Scan(&out); err != nil {
		t.Fatal(err)
	}
	return out
}

// same fails the test unless the tables say what the entries say.
func (w *world) same(t *testing.T) {
	t.Helper()
	found, err := comparison.Run(t.Context(), w.OpenAuditor(t))
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range found {
		t.Error(d)
	}
}

func TestClose_RefusesWhatMustNotBeWritten(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	m := w.Sign(t, w.Jeanne, fixture.Angela(), fixture.Tax)
	id := w.use(t, w.Jeanne, m, fixture.Tax)
	for name, g := range map[string]report.Given{
		"no outcome":      {Site: "x"},
		"other outcome":   {Outcome: "open", Site: "x"},
		"no site":         {Outcome: report.Done},
		"a NIR":           {Outcome: report.Done, Site: "x", Note: "1 85 05 78 006 084 91"},
		"a card":          {Outcome: report.Done, Site: "x", Receipt: "4970 1000 0000 0154"},
		"an IBAN":         {Outcome: report.Done, Site: "FR76 3000 6000 0112 3456 7890 189"},
		"a password":      {Outcome: report.Nothing, Note: "mdp : minou"},
		"a long note":     {Outcome: report.Nothing, Note: strings.Repeat("é", report.NoteLength+1)},
		"a long receipt":  {Outcome: report.Nothing, Receipt: strings.Repeat("1", report.ReceiptLength+1)},
		"not seen":        {Outcome: report.Nothing, After: 1},
		"a site too long": {Outcome: report.Done, Site: strings.Repeat("x", report.SiteLength+1)},
	} {
		want := report.ErrAccount
		if name == "not seen" {
			want = report.ErrMeanwhile
		}
		if err := w.Reports.Close(t.Context(), w.Jeanne, m.ID, id, g); !errors.Is(err, want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if got := done.Check(report.Login); len(got) != 0 {
		t.Errorf("a good account: %v", got)
	}
	if got := (report.Given{Outcome: report.Done}).Check(report.Telephone); len(got) != 0 {
		t.Errorf("a call has no site: %v", got)
	}
	if got := (report.Given{Outcome: report.Done, Site: "1850578006084", Receipt: "mdp x1", Note: "4970100000000154"}).Check(report.Site); !cmp.Equal(got,
		map[string]string{"site": private.NIR, "receipt": private.Password, "note": private.Card}) {
		t.Errorf("each field says what it holds: %v", got)
	}
	if u := w.find(t, w.Jeanne, m, id); u.State != report.Opened || len(u.Accounts) != 0 {
		t.Errorf("refused, and kept: %+v", u)
	}
	w.same(t)
}

func TestClose_IsForWhoUsedItAndForColleagues(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	m, other := w.Sign(t, w.Jeanne, fixture.Angela(), fixture.Tax), w.Sign(t, w.Jeanne, fixture.Citizen(1), fixture.Tax)
	id := w.use(t, w.Jeanne, m, fixture.Tax)
	wantErr(t, w.Reports.Close(t.Context(), w.Ines, m.ID, id, done), db.ErrNotFound)
	wantErr(t, w.Reports.Close(t.Context(), w.Jeanne, other.ID, id, done), db.ErrNotFound)
	wantErr(t, w.Reports.Close(t.Context(), w.Jeanne, m.ID, token.ID(), done), db.ErrNotFound)
	wantErr(t, w.Reports.Close(t.Context(), w.Referent(t, w.Here, "odile"), m.ID, id, done), org.ErrMayNot)
	wantErr(t, w.Reports.Close(t.Context(), w.Newcomer(t, journal.Aidant, w.Here, "nora", org.RoleAidant), m.ID, id, done), org.ErrMayNot)
	wantErr(t, w.Reports.Close(t.Context(), journal.Program(), m.ID, id, done), org.ErrMayNot)
	if found, err := w.Reports.OfMandate(t.Context(), w.Ines, m.ID); err != nil || len(found) != 0 {
		t.Errorf("another organisation sees %v, %v", found, err)
	}
	_, err := w.Reports.OfMandate(t.Context(), w.Newcomer(t, journal.Aidant, w.Here, "nil", org.RoleAidant), m.ID)
	wantErr(t, err, org.ErrMayNot)

	// A certificate that is over keeps nobody from accounting for what they did, and everybody from doing so for colleagues.
	w.Clock.Advance(5 * 366 * 24 * time.Hour)
	wantErr(t, w.Reports.Close(t.Context(), w.Paul, m.ID, id, done), org.ErrMayNot)
	wantErr(t, w.Reports.Close(t.Context(), w.Jeanne, m.ID, id, done), nil)
}

func TestDeclare(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	m := w.Sign(t, w.Jeanne, fixture.Angela(), fixture.Tax)
	declare := func(by journal.Actor, procedure, way string) error {
		_, err := w.Reports.Declare(t.Context(), by, m.ID, procedure, "", way)
		return err
	}
	id, err := w.Reports.Declare(t.Context(), w.Paul, m.ID, fixture.Tax, "", report.Telephone)
	if err != nil {
		t.Fatal(err)
	}
	if u := w.find(t, w.Jeanne, m, id); u.Way != report.Telephone || u.Person != w.Paul.Person || u.Citizen != m.Citizen || u.State != report.Opened {
		t.Errorf("declared: %+v", u)
	}
	wantErr(t, declare(w.Jeanne, fixture.Housing, report.Paper), mandate.ErrNoPower)
	wantErr(t, declare(w.Ines, fixture.Tax, report.Paper), mandate.ErrNoPower)
	wantErr(t, declare(w.Jeanne, fixture.Tax, report.Login), report.ErrWay)
	wantErr(t, declare(w.Jeanne, fixture.Tax, ""), report.ErrWay)
	wantErr(t, declare(w.Newcomer(t, journal.Aidant, w.Here, "nora", org.RoleAidant), fixture.Tax, report.Paper), org.ErrMayNot)
	if err := w.Directory.LimitOrganisation(t.Context(), journal.Program(), w.Here, []string{fixture.Housing}); err != nil {
		t.Fatal(err)
	}
	wantErr(t, declare(w.Jeanne, fixture.Tax, report.Paper), draft.ErrNotAllowed)
	if err := w.Directory.LimitOrganisation(t.Context(), journal.Program(), w.Here, nil); err != nil {
		t.Fatal(err)
	}
	if err := w.Mandates.End(t.Context(), w.Jeanne, m.ID, "citizen"); err != nil {
		t.Fatal(err)
	}
	wantErr(t, declare(w.Jeanne, fixture.Tax, report.Paper), mandate.ErrNoPower)
	wantErr(t, w.Reports.Close(t.Context(), w.Paul, m.ID, id, report.Given{Outcome: report.Done}), nil) // the account is owed after the end too
	w.same(t)
}

func TestDeclare_NotAfterTheTimeIsOver(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	m := w.Sign(t, w.Jeanne, fixture.Angela(), fixture.Tax)
	w.Clock.Advance(32 * 24 * time.Hour)
	_, err := w.Reports.Declare(t.Context(), w.Jeanne, m.ID, fixture.Tax, "", report.Paper)
	wantErr(t, err, mandate.ErrNoPower)
}

func TestWaiting(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	m := w.Sign(t, w.Jeanne, fixture.Angela(), fixture.Tax, fixture.Housing)
	waits := func(by journal.Actor, limit int) ([]uuid.UUID, int) {
		t.Helper()
		found, all, err := w.Reports.Waiting(t.Context(), by, limit)
		if err != nil {
			t.Fatal(err)
		}
		var ids []uuid.UUID
		for _, u := range found {
			ids = append(ids, u.ID)
		}
		return ids, all
	}
	first, second, third := w.use(t, w.Jeanne, m, fixture.Tax), w.use(t, w.Jeanne, m, fixture.Housing), w.use(t, w.Jeanne, m, fixture.Tax)
	w.use(t, w.Paul, m, fixture.Tax)
	wantErr(t, w.Reports.Close(t.Context(), w.Jeanne, m.ID, second, done), nil)
	wantErr(t, w.Reports.Close(t.Context(), w.Jeanne, m.ID, first, report.Given{Outcome: report.ToFinish, Site: "x"}), nil)
	if ids, all := waits(w.Jeanne, 20); !cmp.Equal(ids, []uuid.UUID{first, third}) || all != 2 {
		t.Errorf("waits: %v, %d", ids, all)
	}
	if ids, all := waits(w.Jeanne, 1); !cmp.Equal(ids, []uuid.UUID{first}) || all != 2 {
		t.Errorf("the first of them: %v, %d", ids, all)
	}
	for _, by := range []journal.Actor{w.Ines, w.Newcomer(t, journal.Aidant, w.Here, "nora", org.RoleAidant)} {
		if ids, all := waits(by, 20); len(ids) != 0 || all != 0 {
			t.Errorf("others have %v, %d", ids, all)
		}
	}
	odile := w.Referent(t, w.Here, "odile")
	if _, err := w.Caseload.HandOver(t.Context(), odile, w.Jeanne.Person, w.Paul.Person); err != nil {
		t.Fatal(err)
	}
	if ids, all := waits(w.Paul, 20); len(ids) != 3 || all != 3 || ids[0] != first {
		t.Errorf("who follows up a colleague's mandates has %v, %d", ids, all)
	}
	if err := w.Certifications.Suspend(t.Context(), journal.Program(), w.Jeanne.Person); err != nil {
		t.Fatal(err)
	}
	if ids, all := waits(w.Jeanne, 20); len(ids) != 0 || all != 0 {
		t.Errorf("whose certificate is suspended has %v, %d", ids, all)
	}
}

// At nine in the morning somebody is told of what was used the day before, under a name that is another one every day.
func TestDue(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.at(t, 9)
	m := w.Sign(t, w.Jeanne, fixture.Angela(), fixture.Tax)
	id := w.use(t, w.Jeanne, m, fixture.Tax)
	due := func() []org.Message {
		t.Helper()
		found, err := w.Reports.Due(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return found
	}
	if found := due(); len(found) != 0 {
		t.Errorf("at once: %v", found)
	}
	w.Clock.Advance(25 * time.Hour)
	found := due()
	if len(found) != 1 || found[0].Person != w.Jeanne.Person || found[0].Kind != report.Reminder {
		t.Fatalf("a day after: %v", found)
	}
	if again := due(); !cmp.Equal(again, found) {
		t.Errorf("the same day: %v, %v", found, again)
	}
	w.Clock.Advance(24 * time.Hour)
	if next := due(); len(next) != 1 || next[0].About == found[0].About {
		t.Errorf("the next day: %v", next)
	}
	w.Clock.Advance(17 * time.Hour) // three in the morning
	if found := due(); len(found) != 0 {
		t.Errorf("at night: %v", found)
	}
	w.Clock.Advance(8 * time.Hour)
	odile := w.Referent(t, w.Here, "odile")
	if _, err := w.Caseload.HandOver(t.Context(), odile, w.Jeanne.Person, w.Paul.Person); err != nil {
		t.Fatal(err)
	}
	if found := due(); len(found) != 2 {
		t.Errorf("handed over: %v", found)
	}
	w.Behind(t, `update membership set ended_at = now() where person_id = $1`, w.Jeanne.Person)
	if found := due(); len(found) != 1 || found[0].Person != w.Paul.Person {
		t.Errorf("who left is reminded: %v", found)
	}
	wantErr(t, w.Reports.Close(t.Context(), w.Paul, m.ID, id, report.Given{Outcome: report.ToFinish, Site: "x"}), nil)
	if found := due(); len(found) != 0 {
		t.Errorf("the account is given: %v", found)
	}
}

// at puts the clock forward to an hour of a day in Paris.
func (w *world) at(t *testing.T, hour int) {
	t.Helper()
	paris, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		t.Fatal(err)
	}
	now := w.Clock.Now().In(paris)
	w.Clock.Advance(time.Date(now.Year(), now.Month(), now.Day()+1, hour, 0, 0, 0, paris).Sub(now))
	w.Jeanne.FactorAt, w.Paul.FactorAt = w.Clock.Now(), w.Clock.Now()
}
