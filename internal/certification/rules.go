package certification

import (
	"errors"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Why a step is refused. Pages and plans of files have a sentence for each (see Key).
var (
	ErrDetails        = errors.New("not a training, or not a test: a day, an organiser, a kind or a score is missing or wrong")
	ErrFuture         = errors.New("the day lies in the future")
	ErrOlder          = errors.New("a later one is recorded")
	ErrRecorded       = errors.New("this is recorded already")
	ErrNotTrained     = errors.New("not trained yet")
	ErrBeforeTraining = errors.New("the test lies before the training")
	ErrNotPassed      = errors.New("no test was passed since the training")
	ErrPassed         = errors.New("a test of the same day is recorded as passed")
	ErrPassOver       = errors.New("the test was passed so long ago that its certificate would be over")
	ErrNotCertified   = errors.New("not certified now")
	ErrSuspended      = errors.New("the certificate is suspended")
	ErrNotSuspended   = errors.New("the certificate is not suspended")
)

// keys name the refusals for pages.
var keys = map[error]string{ErrDetails: "details", ErrFuture: "future", ErrOlder: "older", ErrRecorded: "recorded", ErrNotTrained: "not_trained",
	ErrBeforeTraining: "before_training", ErrNotPassed: "not_passed", ErrPassed: "passed", ErrPassOver: "pass_over", ErrNotCertified: "not_certified",
	ErrSuspended: "suspended", ErrNotSuspended: "not_suspended"}

// Key names the refusal in an error of this package, for the sentence that a page has for it; "" is none of them.
func Key(err error) string {
	for refusal, key := range keys {
		if errors.Is(err, refusal) {
			return key
		}
	}
	return ""
}

// earliest is the first day that is believed: an earlier one is a slip of the pen.
var earliest = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

// longestOrganiser is in characters.
const longestOrganiser = 200

// Course is a training that somebody attended.
type Course struct {
	On        time.Time // its last day, at midnight UTC
	Organiser string    // name of the body that held it, never of a person; 1 to 200 characters
	Kind      string    // Classic or Peer
}

func (t Course) valid() bool {
	n := utf8.RuneCountInString(t.Organiser)
	return !t.On.Before(earliest) && t.On.Equal(t.On.UTC().Truncate(24*time.Hour)) && n >= 1 && n <= longestOrganiser && strings.TrimSpace(t.Organiser) == t.Organiser &&
		utf8.ValidString(t.Organiser) && !strings.ContainsFunc(t.Organiser, unicode.IsControl) && (t.Kind == Classic || t.Kind == Peer)
}

// Test is a test that somebody took.
type Test struct {
	On    time.Time // its day, at midnight UTC
	Score int       // 0 to 1000
}

func (t Test) valid() bool {
	return !t.On.Before(earliest) && t.On.Equal(t.On.UTC().Truncate(24*time.Hour)) && t.Score >= 0 && t.Score <= 1000
}

// train is what becomes of c by a training. It may repeat the day of the one on file, which corrects it.
func (c Certification) train(t Course, now time.Time) (Certification, error) {
	switch {
	case !t.valid():
		return c, ErrDetails
	case t.On.After(day(now)):
		return c, ErrFuture
	case c.Stored == Suspended:
		return c, ErrSuspended
	case t.On.Before(c.TrainedOn):
		return c, ErrOlder
	case t == Course{c.TrainedOn, c.Organiser, c.Training}:
		return c, ErrRecorded
	}
	c.TrainedOn, c.Organiser, c.Training = t.On, t.Organiser, t.Kind
	return c.settle(now), nil
}

// test is what becomes of c by a test. It may repeat the day of the last one, which corrects it, but takes no pass away.
func (c Certification) test(t Test, minimum int, now time.Time) (Certification, error) {
	switch {
	case !t.valid():
		return c, ErrDetails
	case t.On.After(day(now)):
		return c, ErrFuture
	case c.Stored == Suspended:
		return c, ErrSuspended
	case c.TrainedOn.IsZero():
		return c, ErrNotTrained
	case t.On.Before(c.TrainedOn):
		return c, ErrBeforeTraining
	case t.On.Before(c.TestedOn):
		return c, ErrOlder
	case t.On.Equal(c.TestedOn) && t.Score == c.Score:
		return c, ErrRecorded
	case t.On.Equal(c.PassedOn) && t.Score < minimum:
		return c, ErrPassed
	}
	c.TestedOn, c.Score, c.Minimum = t.On, t.Score, minimum
	if t.Score >= minimum {
		c.PassedOn = t.On
	}
	return c.settle(now), nil
}

// passed reports whether a test was passed since the training on file, and would still carry a certificate.
func (c Certification) passed(now time.Time) bool {
	return !c.PassedOn.IsZero() && !c.PassedOn.Before(c.TrainedOn) && Until(c.PassedOn).After(now)
}

// settle gives c the state that its training and test make, unless it is certified now.
func (c Certification) settle(now time.Time) Certification {
	switch {
	case c.State(now) == Certified:
	case c.passed(now):
		c.Stored = Passed
	default:
		c.Stored = Trained
	}
	return c
}

// certify is what becomes of c when it is certified, for the first time or again.
func (c Certification) certify(now time.Time) (Certification, error) {
	switch {
	case c.Stored == Suspended:
		return c, ErrSuspended
	case c.TrainedOn.IsZero():
		return c, ErrNotTrained
	case c.PassedOn.IsZero() || c.PassedOn.Before(c.TrainedOn):
		return c, ErrNotPassed
	case !c.passed(now):
		return c, ErrPassOver
	case c.Stored == Certified && !Until(c.PassedOn).After(c.CertifiedUntil):
		return c, ErrRecorded
	}
	c.Stored, c.CertifiedAt, c.CertifiedUntil = Certified, now, Until(c.PassedOn)
	return c, nil
}

// suspend is what becomes of c when an administrator takes the certificate away for a while.
func (c Certification) suspend(now time.Time) (Certification, error) {
	switch {
	case c.Stored == Suspended:
		return c, ErrSuspended
	case c.State(now) != Certified:
		return c, ErrNotCertified
	}
	c.Stored, c.SuspendedAt = Suspended, now
	return c, nil
}

// resume is what becomes of c when the suspension is lifted. The certificate's time may be over by then.
func (c Certification) resume() (Certification, error) {
	if c.Stored != Suspended {
		return c, ErrNotSuspended
	}
	c.Stored, c.SuspendedAt = Certified, time.Time{}
	return c, nil
}

// take is what becomes of c by what one line of a file brings: a training, a test or both. A line that brings a training and a
// test that is passed certifies. What is recorded already changes nothing.
func (c Certification) take(course *Course, test *Test, minimum int, now time.Time) (Certification, error) {
	var err error
	if course != nil {
		if c, err = c.train(*course, now); err != nil && !errors.Is(err, ErrRecorded) {
			return c, err
		}
	}
	if test == nil {
		return c, nil
	}
	if c, err = c.test(*test, minimum, now); err != nil && !errors.Is(err, ErrRecorded) {
		return c, err
	}
	if course == nil || test.Score < minimum {
		return c, nil
	}
	if c, err = c.certify(now); errors.Is(err, ErrRecorded) {
		err = nil
	}
	return c, err
}
