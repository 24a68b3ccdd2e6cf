package certification

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
)

var (
	noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	body = "Organisme d’essai"
)

func on(text string) time.Time {
	t, err := time.Parse(time.DateOnly, text)
	if err != nil {
		panic(err)
	}
	return t
}

func course(day string) Course         { return Course{on(day), body, Classic} }
func taken(day string, score int) Test { return Test{on(day), score} }
func toTrain() Certification           { return Certification{Person: uuid.UUID{1}, Stored: ToTrain} }
func (c Certification) short() []string {
	return []string{c.Stored, dayText(c.TrainedOn), dayText(c.TestedOn), dayText(c.PassedOn), timeText(c.CertifiedUntil)}
}

func must(t *testing.T) func(Certification, error) Certification {
	return func(c Certification, err error) Certification {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
}

// certified was trained and tested in October and certified on 22 November.
func certified(t *testing.T) Certification {
	t.Helper()
	c, test := course("2026-10-01"), taken("2026-10-02", 800)
	return must(t)(toTrain().take(&c, &test, 700, noon))
}

func TestUntil_IsTheLastSecondInParisOfTheSameDayThreeYearsLater(t *testing.T) {
	t.Parallel()
	for day, want := range map[string]string{
		"2026-11-22": "2029-11-22T22:59:59Z",
		"2026-07-01": "2029-07-01T21:59:59Z",
		"2028-02-29": "2031-02-28T22:59:59Z",
		"2026-12-31": "2029-12-31T22:59:59Z",
	} {
		if got := Until(on(day)).Format(time.RFC3339); got != want {
			t.Errorf("%s: %s, want %s", day, got, want)
		}
	}
}

func TestState_TellsWhatTheClockSays(t *testing.T) {
	t.Parallel()
	c := certified(t)
	end := c.CertifiedUntil
	for at, want := range map[time.Time]string{noon: Certified, end.Add(-time.Microsecond): Certified, end: Expired, end.AddDate(1, 0, 0): Expired} {
		if got := c.State(at); got != want || c.Stored != Certified {
			t.Errorf("at %s: %s, want %s", at, got, want)
		}
	}
	passed := must(t)(c.test(taken("2029-11-01", 900), 700, end.AddDate(0, 1, 0)))
	for at, want := range map[time.Time]string{Until(passed.PassedOn).Add(-time.Microsecond): Passed, Until(passed.PassedOn): Trained} {
		if got := passed.State(at); got != want {
			t.Errorf("passed, at %s: %s, want %s", at, got, want)
		}
	}
	suspended := must(t)(c.suspend(noon))
	if got := suspended.State(end); got != Suspended {
		t.Errorf("suspended and over: %s", got)
	}
}

func TestRules_TheWay(t *testing.T) {
	t.Parallel()
	ok := must(t)
	c := ok(toTrain().train(course("2026-10-01"), noon))
	failed := ok(c.test(taken("2026-10-02", 699), 700, noon))
	passed := ok(failed.test(taken("2026-10-03", 700), 700, noon))
	certified := ok(passed.certify(noon))
	over := certified.CertifiedUntil
	renewing := ok(certified.train(course("2026-11-01"), noon))
	renewed := ok(ok(renewing.test(taken("2026-11-02", 1000), 700, noon)).certify(noon))
	for name, w := range map[string]struct {
		got  Certification
		want []string
	}{
		"trained":                          {c, []string{Trained, "2026-10-01", "", "", ""}},
		"failed":                           {failed, []string{Trained, "2026-10-01", "2026-10-02", "", ""}},
		"passed":                           {passed, []string{Passed, "2026-10-01", "2026-10-03", "2026-10-03", ""}},
		"passed, then failed":              {ok(passed.test(taken("2026-10-04", 0), 700, noon)), []string{Passed, "2026-10-01", "2026-10-04", "2026-10-03", ""}},
		"passed, then trained again":       {ok(passed.train(course("2026-10-05"), noon)), []string{Trained, "2026-10-05", "2026-10-03", "2026-10-03", ""}},
		"certified":                        {certified, []string{Certified, "2026-10-01", "2026-10-03", "2026-10-03", "2029-10-03T21:59:59.000000Z"}},
		"certified, then failed":           {ok(certified.test(taken("2026-10-04", 0), 700, noon)), []string{Certified, "2026-10-01", "2026-10-04", "2026-10-03", "2029-10-03T21:59:59.000000Z"}},
		"certified, being trained again":   {renewing, []string{Certified, "2026-11-01", "2026-10-03", "2026-10-03", "2029-10-03T21:59:59.000000Z"}},
		"renewed":                          {renewed, []string{Certified, "2026-11-01", "2026-11-02", "2026-11-02", "2029-11-02T22:59:59.000000Z"}},
		"over, failed":                     {ok(certified.test(taken("2029-11-01", 0), 700, over.AddDate(0, 1, 0))), []string{Trained, "2026-10-01", "2029-11-01", "2026-10-03", "2029-10-03T21:59:59.000000Z"}},
		"over, passed":                     {ok(certified.test(taken("2029-11-01", 900), 700, over.AddDate(0, 1, 0))), []string{Passed, "2026-10-01", "2029-11-01", "2029-11-01", "2029-10-03T21:59:59.000000Z"}},
		"over, trained":                    {ok(certified.train(course("2029-11-01"), over.AddDate(0, 1, 0))), []string{Trained, "2029-11-01", "2026-10-03", "2026-10-03", "2029-10-03T21:59:59.000000Z"}},
		"trained again on the day of pass": {ok(passed.train(course("2026-10-03"), noon)), []string{Passed, "2026-10-03", "2026-10-03", "2026-10-03", ""}},
		"a corrected score":                {ok(failed.test(taken("2026-10-02", 701), 700, noon)), []string{Passed, "2026-10-01", "2026-10-02", "2026-10-02", ""}},
		"suspended and resumed":            {ok(ok(certified.suspend(noon)).resume()), []string{Certified, "2026-10-01", "2026-10-03", "2026-10-03", "2029-10-03T21:59:59.000000Z"}},
	} {
		if diff := cmp.Diff(w.want, w.got.short()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	if renewed.CertifiedAt.IsZero() || !certified.SuspendedAt.IsZero() || !ok(ok(certified.suspend(noon)).resume()).SuspendedAt.IsZero() {
		t.Error("the instants are wrong")
	}
}

// second makes a function of one result out of one of two.
func second(_ Certification, err error) error { return err }

func TestRules_Refuse(t *testing.T) {
	t.Parallel()
	ok := must(t)
	trained := ok(toTrain().train(course("2026-10-10"), noon))
	passed := ok(trained.test(taken("2026-10-12", 800), 700, noon))
	certified := certified(t)
	suspended := ok(certified.suspend(noon))
	tomorrow := taken("2026-11-23", 800)
	late := certified.CertifiedUntil
	longName := make([]rune, longestOrganiser+1)
	for i := range longName {
		longName[i] = 'é'
	}
	for name, c := range map[string]struct{ got, want error }{
		"no day":                       {second(toTrain().train(Course{time.Time{}, body, Classic}, noon)), ErrDetails},
		"a day before 2000":            {second(toTrain().train(course("1999-12-31"), noon)), ErrDetails},
		"a time of day":                {second(toTrain().train(Course{noon, body, Classic}, noon)), ErrDetails},
		"no organiser":                 {second(toTrain().train(Course{on("2026-10-01"), "", Classic}, noon)), ErrDetails},
		"a blank organiser":            {second(toTrain().train(Course{on("2026-10-01"), " ", Classic}, noon)), ErrDetails},
		"a long organiser":             {second(toTrain().train(Course{on("2026-10-01"), string(longName), Classic}, noon)), ErrDetails},
		"the longest organiser":        {second(toTrain().train(Course{on("2026-10-01"), string(longName[1:]), Classic}, noon)), nil},
		"an organiser that rings":      {second(toTrain().train(Course{on("2026-10-01"), "a\ab", Classic}, noon)), ErrDetails},
		"an organiser that is no text": {second(toTrain().train(Course{on("2026-10-01"), "a\xffb", Classic}, noon)), ErrDetails},
		"an unknown kind":              {second(toTrain().train(Course{on("2026-10-01"), body, "x"}, noon)), ErrDetails},
		"a negative score":             {second(trained.test(taken("2026-10-12", -1), 700, noon)), ErrDetails},
		"a score above a thousand":     {second(trained.test(taken("2026-10-12", 1001), 700, noon)), ErrDetails},
		"a test without a day":         {second(trained.test(Test{time.Time{}, 800}, 700, noon)), ErrDetails},
		"trained tomorrow":             {second(toTrain().train(course("2026-11-23"), noon)), ErrFuture},
		"trained today":                {second(toTrain().train(course("2026-11-22"), noon)), nil},
		"tested tomorrow":              {second(trained.test(tomorrow, 700, noon)), ErrFuture},
		"tomorrow, but in Paris today": {second(trained.test(tomorrow, 700, time.Date(2026, 11, 22, 23, 30, 0, 0, time.UTC))), nil},
		"an older training":            {second(trained.train(course("2026-10-09"), noon)), ErrOlder},
		"an older test":                {second(passed.test(taken("2026-10-11", 1000), 700, noon)), ErrOlder},
		"the same training":            {second(trained.train(course("2026-10-10"), noon)), ErrRecorded},
		"the same test":                {second(passed.test(taken("2026-10-12", 800), 700, noon)), ErrRecorded},
		"a test without training":      {second(toTrain().test(taken("2026-10-12", 800), 700, noon)), ErrNotTrained},
		"a test before training":       {second(trained.test(taken("2026-10-09", 800), 700, noon)), ErrBeforeTraining},
		"the pass taken away":          {second(passed.test(taken("2026-10-12", 699), 700, noon)), ErrPassed},
		"certify who is to train":      {second(toTrain().certify(noon)), ErrNotTrained},
		"certify who is trained":       {second(trained.certify(noon)), ErrNotPassed},
		"certify who failed":           {second(ok(trained.test(taken("2026-10-12", 0), 700, noon)).certify(noon)), ErrNotPassed},
		"certify by an older pass":     {second(ok(passed.train(course("2026-11-01"), noon)).certify(noon)), ErrNotPassed},
		"certify by a pass long ago":   {second(passed.certify(Until(passed.PassedOn))), ErrPassOver},
		"certify again":                {second(certified.certify(noon)), ErrRecorded},
		"certify when over":            {second(certified.certify(late)), ErrPassOver},
		"suspend who is to train":      {second(toTrain().suspend(noon)), ErrNotCertified},
		"suspend who passed":           {second(passed.suspend(noon)), ErrNotCertified},
		"suspend what is over":         {second(certified.suspend(late)), ErrNotCertified},
		"suspend again":                {second(suspended.suspend(noon)), ErrSuspended},
		"resume who is certified":      {second(certified.resume()), ErrNotSuspended},
		"train who is suspended":       {second(suspended.train(course("2026-11-01"), noon)), ErrSuspended},
		"test who is suspended":        {second(suspended.test(taken("2026-11-01", 800), 700, noon)), ErrSuspended},
		"certify who is suspended":     {second(suspended.certify(noon)), ErrSuspended},
	} {
		if !errors.Is(c.got, c.want) {
			t.Errorf("%s: %v, want %v", name, c.got, c.want)
		}
		if c.want != nil && Key(c.got) == "" {
			t.Errorf("%s: no key", name)
		}
	}
	if Key(errors.New("x")) != "" {
		t.Error("a key for another error")
	}
}

// A refused step changes nothing of what it was asked about.
func TestTake_IsWholeOrNothing(t *testing.T) {
	t.Parallel()
	c := certified(t)
	later, wrong := course("2026-11-01"), taken("2026-10-31", 800)
	if _, err := c.take(&later, &wrong, 700, noon); !errors.Is(err, ErrBeforeTraining) {
		t.Errorf("taken: %v", err)
	}
	failed := taken("2026-11-02", 699)
	if got := must(t)(toTrain().take(&later, &failed, 700, noon)); got.Stored != Trained || got.TestedOn.IsZero() {
		t.Errorf("trained, and failed the test: %+v", got)
	}
	same, test := course("2026-10-01"), taken("2026-10-02", 800)
	again := must(t)(c.take(&same, &test, 700, noon.Add(time.Hour)))
	if diff := cmp.Diff(c, again); diff != "" {
		t.Errorf("the same line again changed: %s", diff)
	}
	better := taken("2026-11-20", 900)
	only := must(t)(c.take(nil, &better, 700, noon.Add(time.Hour)))
	if !only.CertifiedUntil.Equal(c.CertifiedUntil) {
		t.Error("a test alone certifies nobody")
	}
	renewed := must(t)(c.take(&same, &better, 700, noon.Add(time.Hour)))
	if !renewed.CertifiedUntil.Equal(Until(on("2026-11-20"))) || !renewed.CertifiedAt.Equal(noon.Add(time.Hour)) {
		t.Errorf("renewed until %s", renewed.CertifiedUntil)
	}
}
