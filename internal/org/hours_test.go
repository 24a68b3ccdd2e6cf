package org_test

import (
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"mandat/internal/db"
	"mandat/internal/fixture"
	"mandat/internal/journal"
	"mandat/internal/opening"
	"mandat/internal/org"
)

const (
	office  = "08:00-18:00 08:00-18:00 08:00-18:00 08:00-18:00 08:00-17:30 - - -"
	shelter = "20:00-32:00 20:00-32:00 20:00-32:00 20:00-32:00 20:00-32:00 20:00-32:00 20:00-32:00 ="
)

func week(t testing.TB, text string) *opening.Week {
	t.Helper()
	w, err := opening.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return &w
}

// Referents and administrators say the hours of their organisation, from tomorrow on; others, of another one, late, or with hours that cannot be, say nothing.
func TestChangeHours(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	ctx, d := t.Context(), w.Directory
	odile, ada, sofia := w.Referent(t, w.Here, "odile"), w.Administrator(t, "ada"), w.Newcomer(t, journal.Auditor, uuid.Nil, "sofia")
	stale := odile
	stale.FactorAt = w.Clock.Now().Add(-org.FactorLife - time.Minute)
	gone := w.Referent(t, w.Here, "gone")
	if err := d.SuspendIn(ctx, odile, gone.Person); err != nil {
		t.Fatal(err)
	}
	backwards := *week(t, office)
	backwards.Days[3] = opening.Span{Opens: 18 * 60, Closes: 8 * 60}
	for i, step := range []struct {
		what string
		by   journal.Actor
		of   uuid.UUID
		seen int
		week *opening.Week
		want error
	}{
		{"nothing to take back", odile, w.Here, 0, nil, org.ErrHours},
		{"closed before it opens", odile, w.Here, 0, &backwards, org.ErrHours},
		{"never open", ada, w.Here, 0, &opening.Week{}, org.ErrHours},
		{"an aidant", w.Jeanne, w.Here, 0, week(t, office), org.ErrMayNot},
		{"an auditor", sofia, w.Here, 0, week(t, office), org.ErrMayNot},
		{"a suspended referent", gone, w.Here, 0, week(t, office), org.ErrMayNot},
		{"an old factor", stale, w.Here, 0, week(t, office), org.ErrFactorTooOld},
		{"another organisation's", odile, w.Elsewhere, 0, week(t, office), db.ErrNotFound},
		{"no organisation", ada, uuid.New(), 0, week(t, office), db.ErrNotFound},
		{"a version that nobody saw", odile, w.Here, 1, week(t, office), db.ErrConflict},
		{"a referent", odile, w.Here, 0, week(t, office), nil},
		{"what was seen is old", odile, w.Here, 0, week(t, shelter), db.ErrConflict},
		{"the same", ada, w.Here, 1, week(t, office), org.ErrHours},
		{"an administrator", ada, w.Here, 1, week(t, shelter), nil},
		{"taken back", odile, w.Here, 2, nil, nil},
		{"taken back again", odile, w.Here, 3, nil, org.ErrHours},
	} {
		if err := d.ChangeHours(ctx, step.by, step.of, step.seen, step.week); !errors.Is(err, step.want) || step.want == nil && err != nil {
			t.Errorf("step %d, %s: %v, want %v", i, step.what, err, step.want)
		}
	}
	tomorrow := opening.Day(w.Clock.Now().In(opening.Zone(""))).AddDate(0, 0, 1)
	all, err := d.Hours(ctx, w.Here)
	if err != nil || len(all) != 3 || all[0].Week != nil || all[0].Number != 3 || all[1].Week.String() != shelter || all[2].Week.String() != office || !all[0].From.Equal(tomorrow) || !all[2].From.Equal(tomorrow) {
		t.Errorf("%+v, %v", all, err)
	}
	if other, err := d.Hours(ctx, w.Elsewhere); err != nil || len(other) != 0 {
		t.Errorf("%+v, %v", other, err)
	}
	sound(t, w)
	w.Content(t)
	if err := d.Close(ctx, ada, w.Here); err != nil {
		t.Fatal(err)
	}
	if err := d.ChangeHours(ctx, ada, w.Here, 3, week(t, office)); !errors.Is(err, db.ErrNotFound) {
		t.Errorf("closed: %v", err)
	}
	sound(t, w)
}

// sound fails the test unless the tables say what the entries say.
func sound(t testing.TB, w *fixture.World) {
	t.Helper()
	if found, err := org.Compare(t.Context(), w.OpenAuditor(t)); err != nil || len(found) > 0 {
		t.Errorf("%v, %v", found, err)
	}
}

// The next day is the one where the organisation is: in New Caledonia it begins when it is one o'clock in the afternoon or two in Paris.
func TestChangeHours_NextDayThere(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	ada := w.Administrator(t, "ada")
	for _, code := range []string{"988", "987", ""} {
		w.Behind(t, `update organisation set postcode = coalesce(nullif($2, '') || '00', '75001') where id = $1`, w.Here, code)
		now := w.Clock.Now()
		var wait time.Duration // until noon in Paris: it is late in the evening there, or an early hour
		for h := now.In(opening.Zone("")); h.Add(wait).Hour() != 12; {
			wait += time.Hour
		}
		w.Clock.Advance(wait)
		ada.FactorAt = w.Clock.Now()
		all, err := w.Directory.Hours(t.Context(), w.Here)
		if err != nil {
			t.Fatal(err)
		}
		seen, hours := len(all), week(t, office)
		hours.Days[0].Opens += seen + 1 // others each time
		if err := w.Directory.ChangeHours(t.Context(), ada, w.Here, seen, hours); err != nil {
			t.Fatal(err)
		}
		if all, err = w.Directory.Hours(t.Context(), w.Here); err != nil {
			t.Fatal(err)
		}
		want := opening.Day(w.Clock.Now().In(opening.Zone(code))).AddDate(0, 0, 1)
		if !all[0].From.Equal(want) {
			t.Errorf("%q: from %s, want %s", code, all[0].From, want)
		}
	}
	sound(t, w)
}

// The code of a department is the one that is known, else the municipality's, else what an overseas postcode tells.
func TestDepartment(t *testing.T) {
	t.Parallel()
	for want, o := range map[string]org.Organisation{
		"2A": {DepartmentCode: "2A", INSEECode: "75056", Postcode: "97400"}, "971": {INSEECode: "97105", Postcode: "75001"}, "974": {Postcode: "97400"}, "988": {Postcode: "98800"}, "": {Postcode: "98000"},
	} {
		if got := o.Department(); got != want {
			t.Errorf("%+v: %q, want %q", o, got, want)
		}
	}
	if got := (&org.Organisation{}).Department(); got != "" {
		t.Error(got)
	}
}

// Of several at once, one changes the hours.
func TestRace_OneChangesHours(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	odile, ada := w.Referent(t, w.Here, "odile"), w.Administrator(t, "ada")
	errs := make([]error, 4)
	var wait sync.WaitGroup
	for i := range errs {
		hours := week(t, office)
		hours.Days[0].Opens += i
		wait.Go(func() {
			errs[i] = w.Directory.ChangeHours(t.Context(), []journal.Actor{odile, ada}[i%2], w.Here, 0, hours)
		})
	}
	wait.Wait()
	done := 0
	for _, err := range errs {
		if err == nil {
			done++
		} else if !errors.Is(err, db.ErrConflict) {
			t.Error(err)
		}
	}
	if all, err := w.Directory.Hours(t.Context(), w.Here); done != 1 || len(all) != 1 || err != nil {
		t.Errorf("%d changed them: %+v, %v", done, all, err)
	}
	sound(t, w)
}

// The database refuses hours without their entry, hours that cannot be, and changes of what was said; what is changed behind its back is named.
func TestHours_HoldByThemselves(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	odile := w.Referent(t, w.Here, "odile")
	if err := w.Directory.ChangeHours(t.Context(), odile, w.Here, 0, week(t, office)); err != nil {
		t.Fatal(err)
	}
	conn := w.Connect(t, w.App)
	if _, err := conn.Exec(t.Context(), `set mandat.system = 'on'; set default_transaction_read_only = off`); err != nil {
		t.Fatal(err)
	}
	here := w.Here.String()
	for what, sql := range map[string]string{
		"without an entry": `insert into organisation_hours values ('` + here + `', 2, current_date + 400, null, null, now())`,
		"other hours":      `update organisation_hours set hours = null`,
		"gone":             `delete from organisation_hours`,
	} {
		if _, err := conn.Exec(t.Context(), sql); err == nil {
			t.Errorf("%s: done", what)
		}
	}
	for text, good := range map[string]bool{
		office: true, shelter: true, strings.ReplaceAll(office, "18:00", "08:00"): false, strings.ReplaceAll(shelter, "32:00", "44:01"): false, "- - - - - - - =": false, "24:00-25:00 - - - - - - -": false, office + " -": false, "": false,
	} {
		var fits bool
		if err := conn.QueryRow(t.Context(), `select organisation_hours_fit($1)`, text).Scan(&fits); err != nil || fits != good {
			t.Errorf("%q: %t, %v", text, fits, err)
		}
		if _, err := opening.Parse(text); (err == nil) != good {
			t.Errorf("%q: %v", text, err)
		}
	}
	for _, x := range [][2]string{
		{"stands in the tables", `insert into organisation_hours select organisation_id, 2, from_day, hours, changed_by, changed_at from organisation_hours`},
		{"entries say", `update organisation_hours set from_day = from_day - 1 where version = 1`},
		{"is gone", `delete from organisation_hours`},
	} {
		w.Behind(t, x[1])
		found, err := org.Compare(t.Context(), w.OpenAuditor(t))
		if err != nil || !slices.ContainsFunc(found, func(d journal.Difference) bool {
			return strings.Contains(d.What, "hours ") && strings.Contains(d.What, x[0])
		}) {
			t.Errorf("%s: %v, %v", x[0], found, err)
		}
	}
}
