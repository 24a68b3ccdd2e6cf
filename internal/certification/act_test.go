package certification_test

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"mandat/internal/certification"
	"mandat/internal/db"
	"mandat/internal/fixture"
	"mandat/internal/journal"
	"mandat/internal/org"
)

// A newcomer acts from the day they are certified until the certificate is over, and not while it is suspended.
func TestRegister_AWholeLife(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	leo, ctx, r := w.newcomer(t, "leo"), t.Context(), w.register
	may := func(want string) {
		t.Helper()
		if err := w.mayAct(t, leo); org.Why(err) != want || (want == "") != (err == nil) {
			t.Errorf("may not act: %v, want %q", err, want)
		}
	}
	step := func(err error, state, why string) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		w.wantState(t, leo.Person, state)
		may(why)
	}
	step(nil, certification.ToTrain, org.WhyNotCertified)
	step(r.Train(ctx, w.anne, leo.Person, w.course(20)), certification.Trained, org.WhyNotCertified)
	step(r.Test(ctx, w.anne, leo.Person, w.test(10, minimum-1)), certification.Trained, org.WhyNotCertified)
	step(r.Test(ctx, w.anne, leo.Person, w.test(9, minimum)), certification.Passed, org.WhyNotCertified)
	step(r.Certify(ctx, w.anne, leo.Person), certification.Certified, "")
	step(r.Suspend(ctx, w.anne, leo.Person), certification.Suspended, org.WhyNotCertified)
	step(r.Resume(ctx, w.anne, leo.Person), certification.Certified, "")
	c := w.of(t, leo.Person)
	if want := certification.Until(w.ago(9)); !c.CertifiedUntil.Equal(want) || c.Organiser != "Organisme d’essai" || c.Training != certification.Peer || c.Minimum != minimum {
		t.Errorf("kept %+v, want until %s", c, want)
	}
	w.Clock.Advance(c.CertifiedUntil.Sub(w.Clock.Now()))
	w.anne.FactorAt, leo.FactorAt = w.Clock.Now(), w.Clock.Now()
	step(nil, certification.Expired, org.WhyCertificationOver)
	step(r.Test(ctx, w.anne, leo.Person, w.test(0, 1000)), certification.Passed, org.WhyCertificationOver)
	step(r.Certify(ctx, w.anne, leo.Person), certification.Certified, "")
	step(r.Train(ctx, journal.Program(), leo.Person, w.course(0)), certification.Certified, "")
	w.Content(t)
}

func TestRegister_WritesAnEntryForEachStep(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	leo, ctx := w.newcomer(t, "leo"), t.Context()
	if err := w.register.Grant(ctx, w.anne, leo.Person, w.course(20), w.test(10, 950)); err != nil {
		t.Fatal(err)
	}
	if err := w.register.Suspend(ctx, w.anne, leo.Person); err != nil {
		t.Fatal(err)
	}
	all := w.entries(t, "certification.granted")
	d := all[len(all)-1]
	for member, want := range map[string]any{"person": leo.Person.String(), "state": certification.Certified, "trained_on": w.ago(20).Format(time.DateOnly), "training": certification.Peer,
		"tested_on": w.ago(10).Format(time.DateOnly), "score": 950.0, "minimum": float64(minimum), "until": journal.TimeText(certification.Until(w.ago(10)))} {
		if d[member] != want {
			t.Errorf("the entry has as %s %v, want %v", member, d[member], want)
		}
	}
	if digest, _ := d["organiser_sha256"].(string); len(digest) != 64 || strings.Contains(digest, "essai") {
		t.Errorf("the organiser stands as %v", d["organiser_sha256"])
	}
	if s := w.entries(t, "certification.suspended"); len(s) != 1 || s[0]["person"] != leo.Person.String() {
		t.Errorf("suspended: %v", s)
	}
	w.Content(t)
}

// Every act refuses the same people, and nothing is left of a refused one.
func TestRegister_Refuses(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx, r, leo, zoe := t.Context(), w.register, w.newcomer(t, "leo"), w.newcomer(t, "zoe")
	referent := w.Referent(t, w.Here, "rose")
	gone := w.Administrator(t, "gone")
	if err := w.Directory.Suspend(ctx, journal.Program(), gone.Person); err != nil {
		t.Fatal(err)
	}
	stale, posing := w.anne, leo
	stale.FactorAt = w.Clock.Now().Add(-org.FactorLife - time.Minute)
	posing.Kind = journal.Administrator
	if err := r.Grant(ctx, w.anne, zoe.Person, w.course(20), w.test(10, 900)); err != nil {
		t.Fatal(err)
	}
	suspended := w.newcomer(t, "max")
	if err := errors.Join(r.Grant(ctx, w.anne, suspended.Person, w.course(20), w.test(10, 900)), r.Suspend(ctx, w.anne, suspended.Person)); err != nil {
		t.Fatal(err)
	}
	for name, act := range map[string]func(journal.Actor, uuid.UUID) error{
		"train":   func(by journal.Actor, p uuid.UUID) error { return r.Train(ctx, by, p, w.course(5)) },
		"test":    func(by journal.Actor, p uuid.UUID) error { return r.Test(ctx, by, p, w.test(5, 900)) },
		"certify": func(by journal.Actor, p uuid.UUID) error { return r.Certify(ctx, by, p) },
		"grant":   func(by journal.Actor, p uuid.UUID) error { return r.Grant(ctx, by, p, w.course(5), w.test(4, 900)) },
		"suspend": func(by journal.Actor, p uuid.UUID) error { return r.Suspend(ctx, by, p) },
		"resume":  func(by journal.Actor, p uuid.UUID) error { return r.Resume(ctx, by, p) },
	} {
		for who, c := range map[string]struct {
			by   journal.Actor
			of   uuid.UUID
			want error
		}{
			"an aidant":                        {w.Jeanne, zoe.Person, org.ErrMayNot},
			"a referent":                       {referent, zoe.Person, org.ErrMayNot},
			"a suspended administrator":        {gone, zoe.Person, org.ErrMayNot},
			"an aidant who says administrator": {posing, zoe.Person, org.ErrMayNot},
			"nobody":                           {journal.Actor{Kind: journal.Administrator}, zoe.Person, org.ErrMayNot},
			"an old factor":                    {stale, zoe.Person, org.ErrFactorTooOld},
			"of nobody":                        {w.anne, uuid.New(), db.ErrNotFound},
		} {
			if err := act(c.by, c.of); !errors.Is(err, c.want) {
				t.Errorf("%s, %s: %v, want %v", name, who, err, c.want)
			}
		}
		if name == "resume" {
			continue
		}
		if err := act(w.anne, suspended.Person); !errors.Is(err, certification.ErrSuspended) {
			t.Errorf("%s of who is suspended: %v", name, err)
		}
	}
	for name, c := range map[string]struct{ got, want error }{
		"certify who is to train":   {r.Certify(ctx, w.anne, leo.Person), certification.ErrNotTrained},
		"test who is to train":      {r.Test(ctx, w.anne, leo.Person, w.test(1, 900)), certification.ErrNotTrained},
		"grant by a failed test":    {r.Grant(ctx, w.anne, leo.Person, w.course(5), w.test(4, minimum-1)), certification.ErrNotPassed},
		"grant what is so":          {r.Grant(ctx, w.anne, zoe.Person, w.course(20), w.test(10, 900)), certification.ErrRecorded},
		"resume who is certified":   {r.Resume(ctx, w.anne, zoe.Person), certification.ErrNotSuspended},
		"suspend who was not":       {r.Suspend(ctx, w.anne, leo.Person), certification.ErrNotCertified},
		"train in the future":       {r.Train(ctx, w.anne, leo.Person, w.course(-3)), certification.ErrFuture},
		"tested before the course":  {r.Test(ctx, w.anne, zoe.Person, w.test(21, 900)), certification.ErrBeforeTraining},
		"who nobody is, is unknown": {second(r.Of(ctx, uuid.New())), db.ErrNotFound},
	} {
		if !errors.Is(c.got, c.want) {
			t.Errorf("%s: %v, want %v", name, c.got, c.want)
		}
	}
	if n := len(w.entries(t, "certification.granted")); n != 5 { // the three of the fixture, and two
		t.Errorf("%d certificates were granted", n)
	}
	w.wantState(t, leo.Person, certification.ToTrain)
	w.wantState(t, zoe.Person, certification.Certified)
	w.Content(t)
}

func second(_ certification.Certification, err error) error { return err }

// Of many who certify the same person at once, one does.
func TestCertify_Once(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	leo, ctx := w.newcomer(t, "leo"), t.Context()
	if err := errors.Join(w.register.Train(ctx, w.anne, leo.Person, w.course(20)), w.register.Test(ctx, w.anne, leo.Person, w.test(10, 900))); err != nil {
		t.Fatal(err)
	}
	var wait sync.WaitGroup
	errs := make([]error, 8)
	for i := range errs {
		wait.Go(func() { errs[i] = w.register.Certify(ctx, w.anne, leo.Person) })
	}
	wait.Wait()
	won := 0
	for _, err := range errs {
		switch {
		case err == nil:
			won++
		case !errors.Is(err, certification.ErrRecorded):
			t.Error(err)
		}
	}
	if n := len(w.entries(t, "certification.certified")); won != 1 || n != 1 {
		t.Errorf("%d won, %d entries", won, n)
	}
	w.Content(t)
}

// A signature that waits for a suspension to be committed sees it, although it began before.
func TestSuspend_StopsWhatBeganBefore(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	draft := w.Draft(t, w.Jeanne, fixture.Angela(), fixture.Tax)
	watch := w.Connect(t, w.Superuser)
	holder := w.Connect(t, w.Superuser)
	for _, sql := range []string{`begin`, `select from person where id = '` + w.Jeanne.Person.String() + `' for no key update`} {
		if _, err := holder.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	waiting := func(n int) {
		t.Helper()
		for deadline := time.Now().Add(time.Minute); ; time.Sleep(2 * time.Millisecond) {
			var got int
			if err := watch.QueryRow(t.Context(), `select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`).Scan(&got); err != nil {
				t.Fatal(err)
			}
			if got == n {
				return
			}
			if time.Now().After(deadline) {
				t.Fatalf("%d wait, want %d", got, n)
			}
		}
	}
	suspended, signed := make(chan error, 1), make(chan error, 1)
	go func() { suspended <- w.register.Suspend(t.Context(), w.anne, w.Jeanne.Person) }()
	waiting(1)
	go func() {
		_, err := w.Mandates.Sign(t.Context(), w.Jeanne, draft, w.Agreed(t, w.Jeanne, draft))
		signed <- err
	}()
	waiting(2)
	if _, err := holder.Exec(t.Context(), `commit`); err != nil {
		t.Fatal(err)
	}
	if err := <-suspended; err != nil {
		t.Fatal(err)
	}
	if err := <-signed; !errors.Is(err, org.ErrMayNot) {
		t.Errorf("signed by who is suspended: %v", err)
	}
	w.Content(t)
}

// The database keeps what the program would have to forget: a certificate without a passed test, a change without an entry.
func TestDatabase_RefusesToo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	leo := w.newcomer(t, "leo")
	app := w.Connect(t, w.App)
	for name, sql := range map[string]string{
		"certified without a test": `insert into certification (person_id, state, trained_on, organiser, training, certified_at, certified_until, updated_at)
			values ($1, 'certified', '2026-01-01', 'x', 'peer', now(), now() + interval '1 day', now())`,
		"passed below the minimum": `insert into certification (person_id, state, trained_on, organiser, training, tested_on, score, minimum, passed_on, updated_at)
			values ($1, 'passed', '2026-01-01', 'x', 'peer', '2026-01-02', 699, 700, '2026-01-02', now())`,
		"passed before the training": `insert into certification (person_id, state, trained_on, organiser, training, tested_on, score, minimum, passed_on, updated_at)
			values ($1, 'passed', '2026-01-03', 'x', 'peer', '2026-01-02', 900, 700, '2026-01-02', now())`,
		"suspended without a certificate": `insert into certification (person_id, state, suspended_at, updated_at) values ($1, 'suspended', now(), now())`,
		"trained without a training":      `insert into certification (person_id, state, updated_at) values ($1, 'trained', now())`,
		"without an entry":                `insert into certification (person_id, state, updated_at) values ($1, 'to_train', now())`,
		"removed":                         `delete from certification where person_id = $1`,
		"a change of an import changed":   `update certification_change set line = 3 where person_id = $1`,
		"a refusal of an import changed":  `update certification_refusal set why = 'x' where $1::uuid is not null`,
		"a refusal of an import removed":  `delete from certification_refusal where $1::uuid is not null`,
		"the charter changed":             `update charter set sha256 = sha256('x') where $1::uuid is not null`,
		"an acceptance removed":           `delete from charter_acceptance where person_id = $1`,
	} {
		if _, err := app.Exec(t.Context(), `begin read write`); err != nil {
			t.Fatal(err)
		}
		_, err := app.Exec(t.Context(), sql, leo.Person)
		if err == nil {
			_, err = app.Exec(t.Context(), `commit`)
		} else if _, undone := app.Exec(t.Context(), `rollback`); undone != nil {
			t.Fatal(undone)
		}
		if err == nil {
			t.Errorf("%s: kept", name)
		}
	}
}
