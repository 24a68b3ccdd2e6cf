package certification_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"mandat/internal/certification"
	"mandat/internal/db"
	"mandat/internal/journal"
	"mandat/internal/org"
)

// Whose certificate is given, taken away or given back is told, in the same act and once.
func TestActs_AreToldToTheHolder(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	leo := w.newcomer(t, "leo")
	var told []org.Message
	boom := errors.New("boom")
	r := w.register.Telling(func(_ *db.Tx, _ time.Time, m org.Message) error {
		told = append(told, m)
		if len(told) == 1 {
			return boom
		}
		return nil
	})
	ctx := t.Context()
	for _, act := range []struct {
		do     func() error
		kind   string // "": nobody is told
		before string
	}{
		{func() error { return r.Train(ctx, w.anne, leo.Person, w.course(20)) }, "", ""},
		{func() error { return r.Test(ctx, w.anne, leo.Person, w.test(10, 900)) }, "", ""},
		{func() error { return r.Certify(ctx, w.anne, leo.Person) }, "certified", certification.Passed},
		{func() error { return r.Suspend(ctx, w.anne, leo.Person) }, "certification_suspended", certification.Certified},
		{func() error { return r.Resume(ctx, w.anne, leo.Person) }, "certification_resumed", certification.Suspended},
	} {
		told = nil
		if act.kind != "" {
			if err := act.do(); !errors.Is(err, boom) || w.of(t, leo.Person).Stored != act.before {
				t.Errorf("%s, untold: %v", act.kind, err)
			}
		}
		told = append(told[:0], org.Message{})
		if err := act.do(); err != nil {
			t.Fatal(err)
		}
		if n := len(told) - 1; act.kind == "" && n != 0 || act.kind != "" && (n != 1 || told[1].Kind != act.kind || told[1].Person != leo.Person) {
			t.Errorf("%q: told %v", act.kind, told[1:])
		}
	}
	w.content(t)
}

// The act tells who may act with their certificate, under the name by which the reminder knows that it was told. The reminder tells whom a file has
// certified, and who is suspended once they are not any more.
func TestCertified_ToldByTheActAndNotAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	leo, zoe, away, gone := w.newcomer(t, "leo"), w.newcomer(t, "zoe"), w.newcomer(t, "away"), w.newcomer(t, "gone")
	if err := errors.Join(w.Directory.Suspend(ctx, journal.Program(), away.Person), w.Directory.Leave(ctx, journal.Program(), gone.Person, w.Here, org.RoleAidant)); err != nil {
		t.Fatal(err)
	}
	var told []org.Message
	r := w.register.Telling(func(_ *db.Tx, _ time.Time, m org.Message) error {
		told = append(told, m)
		return nil
	})
	for _, p := range []journal.Actor{zoe, away, gone} {
		if err := r.Grant(ctx, w.anne, p.Person, w.course(20), w.test(10, 900)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := r.Import(ctx, w.anne, strings.NewReader(w.file([]string{"leo@exemple.invalid"})), 0); err != nil {
		t.Fatal(err)
	}
	if len(told) != 1 || told[0].Person != zoe.Person {
		t.Errorf("told %v", told)
	}
	due := func(want journal.Actor) {
		t.Helper()
		all, err := w.register.Due(ctx)
		if err != nil {
			t.Fatal(err)
		}
		var left []org.Message
		for _, n := range all {
			m := org.Message{Kind: n.Kind, About: n.About, Person: n.Person}
			if !slices.Contains(told, m) && !slices.Contains([]uuid.UUID{w.Jeanne.Person, w.Paul.Person, w.Ines.Person}, m.Person) { // the fixture's own
				left, told = append(left, m), append(told, m)
			}
		}
		if len(left) != 1 || left[0].Kind != certification.NoticeCertified || left[0].Person != want.Person {
			t.Errorf("due %v, want %s", left, want.Person)
		}
	}
	due(leo)
	if err := w.Directory.Resume(ctx, journal.Program(), away.Person); err != nil {
		t.Fatal(err)
	}
	due(away)
}
