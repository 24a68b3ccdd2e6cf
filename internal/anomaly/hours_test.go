package anomaly_test

import (
	"testing"
	"time"

	"mandat/internal/anomaly"
	"mandat/internal/journal"
	"mandat/internal/opening"
	"mandat/internal/prose"
)

// Three acts after eight in the evening or on a Sunday; two, or three by day, are none.
func TestOddHours(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	m := w.sign(w.Jeanne)
	w.consult(w.Jeanne, m, 3) // by day
	w.at(time.Wednesday, 19, 58)
	w.consult(w.Jeanne, m, 1)
	w.forward(3 * time.Minute)
	w.consult(w.Jeanne, m, 2)
	w.wants()
	w.consult(w.Jeanne, m, 1)
	w.wants("odd_hours jeanne map[acts:3]: mandate.consulted 3")
	w.consult(w.Jeanne, m, 4) // the same day
	w.wants("odd_hours jeanne map[acts:3]: mandate.consulted 3")
	w.at(time.Sunday, 11, 0)
	w.consult(w.Paul, m, 2)
	w.at(time.Sunday, 11, 0) // a week later: another day
	w.consult(w.Paul, m, 2)
	w.wants("odd_hours jeanne map[acts:3]: mandate.consulted 3")
	w.consult(w.Paul, m, 1)
	w.wants("odd_hours jeanne map[acts:3]: mandate.consulted 3", "odd_hours paul map[acts:3]: mandate.consulted 3")
}

// toHoliday puts the clock forward to the next public holiday, at an hour in Paris, that is neither a Saturday nor a Sunday.
func (w *world) toHoliday(hour int, department string) {
	w.t.Helper()
	now := w.Clock.Now().In(prose.Paris)
	for n := 1; ; n++ {
		y, m, d := now.AddDate(0, 0, n).Date()
		if to := time.Date(y, m, d, hour, 0, 0, 0, prose.Paris); opening.Holiday(to, department) && !opening.Holiday(to, "75") == (department != "") && to.Weekday()%6 != 0 {
			w.forward(to.Sub(now))
			return
		}
	}
}

// The rule says of Saturdays, Sundays and public holidays whether they are days of work; on the second of January, if it is no Sunday, people work.
func TestOddHours_DaysOfWork(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	m := w.sign(w.Jeanne)
	const found = "odd_hours jeanne map[acts:3]: mandate.consulted 3"
	w.at(time.Saturday, 10, 0)
	w.consult(w.Jeanne, m, 3)
	w.wants() // as the rule comes
	w.toHoliday(10, "")
	w.consult(w.Jeanne, m, 3)
	w.wants(found)
	w.set(anomaly.OddHours, map[string]int{"saturday": 0, "sunday": 1, "holidays": 1})
	w.at(time.Sunday, 10, 0)
	w.consult(w.Jeanne, m, 3)
	w.toHoliday(10, "")
	w.consult(w.Jeanne, m, 3)
	w.wants(found)
	w.at(time.Saturday, 10, 0)
	w.consult(w.Jeanne, m, 3)
	w.wants(found, found)
}

// opens has the program say the hours of an organisation.
func (w *world) opens(hours string) {
	w.t.Helper()
	all, err := w.Directory.Hours(w.t.Context(), w.Here)
	w.must(err)
	var week *opening.Week
	if hours != "" {
		x, err := opening.Parse(hours)
		w.must(err)
		week = &x
	}
	w.must(w.Directory.ChangeHours(w.t.Context(), journal.Program(), w.Here, len(all), week))
}

// A night shelter's nights are its hours, from the day after they were said on; its days are odd then; and when it takes that back, its nights are. History is looked at by the hours of then.
func TestOddHours_OfAnOrganisation(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	begun := day(w.Clock.Now())
	m := w.sign(w.Jeanne)
	w.at(time.Wednesday, 22, 0)
	w.opens("20:00-32:00 20:00-32:00 20:00-32:00 20:00-32:00 20:00-32:00 - - =")
	w.consult(w.Jeanne, m, 3) // still today
	const before, own = "odd_hours jeanne map[acts:3]: mandate.consulted 3", "odd_hours jeanne map[acts:3 hours:1]: mandate.consulted 3"
	w.wants(before)
	w.at(time.Thursday, 23, 40)
	w.consult(w.Jeanne, m, 3)
	w.forward(3 * time.Hour) // Friday, before three
	w.consult(w.Jeanne, m, 3)
	w.at(time.Saturday, 7, 59) // Friday's night
	w.consult(w.Jeanne, m, 3)
	w.wants(before)
	w.forward(time.Minute)
	w.consult(w.Jeanne, m, 3)
	w.wants(before, own)
	a := w.alerts()[1]
	if a.Hours == nil || a.Hours.Days[4] != (opening.Span{Opens: 20 * 60, Closes: 32 * 60}) || w.alerts()[0].Hours != nil {
		t.Errorf("%+v", a)
	}
	w.at(time.Sunday, 12, 0)
	w.opens("")
	w.at(time.Monday, 23, 0)
	w.consult(w.Jeanne, m, 3)
	w.wants(before, own, before)
	if r := w.try(anomaly.OddHours, w.rule(anomaly.OddHours).Thresholds, begun, day(w.Clock.Now())).Result; r.Found != 3 || r.New != 0 || r.Again["open"] != 3 || len(r.Lost) != 0 {
		t.Errorf("%+v", r)
	}
}

// Nine in the morning is nine where the organisation is; what is found there is found of the day there, in a trial too; and it has its own holiday.
func TestOddHours_Overseas(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	m := w.sign(w.Jeanne)
	w.Behind(t, `update organisation set postcode = '97400' where id = $1`, w.Here) // two or three hours ahead of Paris
	w.at(time.Wednesday, 6, 0)
	w.consult(w.Jeanne, m, 4)
	w.wants()
	w.at(time.Wednesday, 18, 30)
	w.consult(w.Jeanne, m, 3)
	const reunion = "odd_hours jeanne map[acts:3 department:974]: mandate.consulted 3"
	w.wants(reunion)
	w.at(time.Thursday, 23, 30)
	w.consult(w.Jeanne, m, 3) // Friday there
	w.wants(reunion, reunion)
	if a := w.alerts()[1]; a.Day.Weekday() != time.Friday {
		t.Errorf("%s", a.Day)
	}
	w.toHoliday(8, "974")
	w.consult(w.Jeanne, m, 3)
	w.wants(reunion, reunion, reunion)
	w.Behind(t, `update organisation set insee_code = '98735' where id = $1`, w.Here) // half a day behind
	w.at(time.Thursday, 9, 0)
	w.consult(w.Jeanne, m, 3)
	w.watch()
	last := w.alerts()[3]
	if last.Day.Weekday() != time.Wednesday || last.Figures["department"] != 987 {
		t.Errorf("%+v", last)
	}
	// tried on the day itself, which is not over in Paris when it ends there
	if r := w.try(anomaly.OddHours, w.rule(anomaly.OddHours).Thresholds, last.Day, last.Day).Result; r.Found != 1 || r.New != 0 || r.Again["open"] != 1 {
		t.Errorf("%+v", r)
	}
	if r := w.try(anomaly.OddHours, w.rule(anomaly.OddHours).Thresholds, last.Day.AddDate(0, 0, 1), last.Day.AddDate(0, 0, 1)).Result; r.Found != 0 || len(r.Lost) != 0 {
		t.Errorf("%+v", r)
	}
}

// What entries said of the rule before it knew days of work is what the table says of it since.
func TestCompare_OldThresholds(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	type changed struct {
		Rule       string         `json:"rule"`
		Version    int            `json:"version"`
		Enabled    bool           `json:"enabled"`
		Thresholds map[string]int `json:"thresholds"`
	}
	w.must(w.Journal.Record(t.Context(), w.sofia, func(*journal.Tx) (journal.Event, error) {
		return journal.Event{Action: "anomaly.rule_changed", Detail: changed{anomaly.OddHours, 2, true, map[string]int{"opens": 8, "closes": 19, "acts": 4}}}, nil
	}))
	w.Behind(t, `insert into anomaly_rule (key, version, enabled, thresholds, since, changed_by) select 'odd_hours', 2, true, '{"opens": 8, "closes": 19, "saturday": 1, "sunday": 0, "holidays": 0, "acts": 4}', at, person_id
		from journal_entry where action = 'anomaly.rule_changed'`)
	w.sound()
	w.Behind(t, `update anomaly_rule set thresholds = thresholds || '{"saturday": 0}' where version = 2`)
	if found, err := anomaly.Compare(t.Context(), w.OpenAuditor(t)); err != nil || len(found) != 1 {
		t.Errorf("%v, %v", found, err)
	}
}
