package report_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"mandat/internal/db"
	"mandat/internal/fixture"
	"mandat/internal/mandate"
	"mandat/internal/org"
	"mandat/internal/report"
	"mandat/internal/terms"
)

// withCases signs a mandate with a power for each of these cases of one procedure ("" is every case).
func (w *world) withCases(t *testing.T, cases ...string) mandate.Mandate {
	t.Helper()
	var x terms.Terms
	for i, file := range cases {
		if i == 0 {
			x = fixture.Terms(fixture.Tax)
		} else {
			x.Powers = append(x.Powers, x.Powers[0])
		}
		x.Powers[i].Case = file
	}
	d, err := w.Drafts.Start(t.Context(), w.Jeanne, x)
	if err == nil {
		err = w.Drafts.Identify(t.Context(), w.Jeanne, d.ID, fixture.Angela(), w.Clock.Now())
	}
	var m mandate.Mandate
	if err == nil {
		m, err = w.Mandates.Sign(t.Context(), w.Jeanne, d.ID, w.Agreed(t, w.Jeanne, d.ID))
	}
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// refOf is how the powers of a mandate name a case.
func refOf(t *testing.T, w *world, m mandate.Mandate, file string) string {
	t.Helper()
	ref, err := w.Drafts.CaseRef(m.Organisation, file)
	if err != nil {
		t.Fatal(err)
	}
	return ref
}

// What is declared is the use of one power: row, entries and account name its case, by its hash; the citizen's account says which one it is.
func TestDeclare_OfOneCase(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	m := w.withCases(t, "", "DOSSIER-1", "DOSSIER-2")
	one := refOf(t, w, m, "DOSSIER-1")
	declare := func(ref string) (uuid.UUID, error) {
		return w.Reports.Declare(t.Context(), w.Jeanne, m.ID, fixture.Tax, ref, report.Telephone)
	}
	for name, ref := range map[string]string{"another case": refOf(t, w, m, "DOSSIER-3"), "in clear": "DOSSIER-1", "no hash": "x"} {
		if _, err := declare(ref); !errors.Is(err, mandate.ErrNoPower) {
			t.Errorf("%s: %v", name, err)
		}
	}
	use, err := declare(one)
	wantErr(t, err, nil)
	every, err := declare("")
	wantErr(t, err, nil)
	if got, all := w.find(t, w.Jeanne, m, use), w.find(t, w.Jeanne, m, every); got.Case != one || all.Case != "" {
		t.Errorf("the uses are of %q and %q", got.Case, all.Case)
	}
	wantErr(t, w.Reports.Close(t.Context(), w.Jeanne, m.ID, use, report.Given{Outcome: report.Done}), nil)
	entries := w.number(t, `select count(*) from journal_entry where action in ('power.declared', 'power.accounted') and body::jsonb #>> '{detail,case}' = $1`, one)
	if bodies := w.bodies(t); entries != 2 || strings.Contains(bodies, "DOSSIER") {
		t.Errorf("%d entries name the case, or one says it in clear", entries)
	}
	wantErr(t, w.Mandates.EndPower(t.Context(), w.Jeanne, m.ID, fixture.Tax, one, "citizen"), nil)
	if _, err := declare(one); !errors.Is(err, mandate.ErrNoPower) {
		t.Errorf("after the end of the power for the case: %v", err)
	}
	login := w.useOf(t, w.Jeanne, m, fixture.Tax, refOf(t, w, m, "DOSSIER-2"))
	if got := w.find(t, w.Jeanne, m, login); got.Case != refOf(t, w, m, "DOSSIER-2") {
		t.Errorf("a login is of %q", got.Case)
	}
	w.same(t)
}

func (w *world) number(t *testing.T, sql string, args ...any) (n int) {
	t.Helper()
	if err := w.Connect(t, w.Superuser).QueryRow(t.Context(), sql, args...).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// A power for one case only is not one for every case, nor one for every case for a case.
func TestDeclare_TakesThePowerThatIsNamed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	m := w.withCases(t, "DOSSIER-1")
	_, err := w.Reports.Declare(t.Context(), w.Jeanne, m.ID, fixture.Tax, "", report.Paper)
	wantErr(t, err, mandate.ErrNoPower)
	every := w.Sign(t, w.Jeanne, fixture.Citizen(1), fixture.Tax)
	_, err = w.Reports.Declare(t.Context(), w.Jeanne, every.ID, fixture.Tax, refOf(t, w, every, "DOSSIER-1"), report.Paper)
	wantErr(t, err, mandate.ErrNoPower)
}

// The account that the citizen is given says for which case each use was, and of which nothing was done.
func TestCompose_NamesTheCase(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	m := w.withCases(t, "", "DOSSIER-1", "DOSSIER-2")
	_, err := w.Reports.Declare(t.Context(), w.Jeanne, m.ID, fixture.Tax, refOf(t, w, m, "DOSSIER-1"), report.Counter)
	wantErr(t, err, nil)
	text := said(w.compose(t, w.Jeanne, m, "fr"))
	wantWords(t, text, "Seulement pour le dossier = DOSSIER-1", "(impots.gouv.fr), seulement pour le dossier DOSSIER-2", "le dossier et le site")
	if strings.Contains(text, "seulement pour le dossier DOSSIER-1") || strings.Count(text, "Seulement pour le dossier = ") != 1 {
		t.Errorf("what was used is among what was not:\n%s", text)
	}
	wantWords(t, said(w.compose(t, w.Jeanne, m, "en")), "Only for the case = DOSSIER-1", ", only for the case DOSSIER-2")
}

// Each use that is declared is told, in its own transaction, and one that is refused is not.
func TestDeclare_IsTold(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	m := w.Sign(t, w.Jeanne, fixture.Angela(), fixture.Tax)
	var told []org.Message
	fail := error(nil)
	reports := w.Reports.Telling(func(_ *db.Tx, at time.Time, x org.Message) error {
		if at.IsZero() {
			t.Error("at no time")
		}
		told = append(told, x)
		return fail
	})
	use, err := reports.Declare(t.Context(), w.Jeanne, m.ID, fixture.Tax, "", report.Paper)
	wantErr(t, err, nil)
	_, err = reports.Declare(t.Context(), w.Jeanne, m.ID, fixture.Housing, "", report.Paper)
	wantErr(t, err, mandate.ErrNoPower)
	if want := []org.Message{{Kind: "mandate_used", About: use.String(), Citizen: m.Citizen, Mandate: m.ID}}; !slices.Equal(told, want) {
		t.Errorf("told %+v", told)
	}
	fail = errors.New("no place")
	_, err = reports.Declare(t.Context(), w.Jeanne, m.ID, fixture.Tax, "", report.Paper)
	wantErr(t, err, fail)
	if n := w.number(t, `select count(*) from report_use`); n != 1 {
		t.Errorf("%d uses, one of which is told", n)
	}
}
