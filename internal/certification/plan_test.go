package certification_test

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"mandat/internal/certification"
)

// mixed is a file with a line of every sort, and what each of them does.
func (w *world) mixed(t testing.TB) (string, []certification.Line) {
	t.Helper()
	w.newcomer(t, "leo")
	zoe, max, ana := w.newcomer(t, "zoe"), w.newcomer(t, "max"), w.newcomer(t, "ana")
	if err := errors.Join(w.register.Train(t.Context(), w.anne, zoe.Person, w.course(30)), w.register.Grant(t.Context(), w.anne, max.Person, w.course(30), w.test(29, 900)),
		w.register.Suspend(t.Context(), w.anne, max.Person), w.register.Train(t.Context(), w.anne, ana.Person, w.course(30))); err != nil {
		t.Fatal(err)
	}
	day := func(days int) string { return w.ago(days).Format("02/01/2006") }
	lines := []struct {
		text string
		want certification.Line
	}{
		{"LEO@exemple.invalid;" + day(20) + ";Organisme d’essai;classique;" + day(10) + ";700",
			certification.Line{Email: "leo@exemple.invalid", Effects: []string{certification.EffectTrained, certification.EffectPassed, certification.EffectCertified}, Until: certification.Until(w.ago(10))}},
		{"zoe@exemple.invalid;;;;" + day(10) + ";699", certification.Line{Email: "zoe@exemple.invalid", Effects: []string{certification.EffectFailed}}},
		{"ana@exemple.invalid;;;;" + day(10) + ";1000", certification.Line{Email: "ana@exemple.invalid", Effects: []string{certification.EffectPassed}}},
		{"max@exemple.invalid;" + day(20) + ";Organisme d’essai;classique;;", certification.Line{Email: "max@exemple.invalid", Wrong: "suspended"}},
		{"nobody@exemple.invalid;" + day(20) + ";Organisme d’essai;classique;;", certification.Line{Email: "nobody@exemple.invalid", Wrong: certification.WrongUnknown}},
		{"paul@exemple.invalid;" + day(-9) + ";Organisme d’essai;classique;;", certification.Line{Email: "paul@exemple.invalid", Wrong: "future"}},
		{"zoe@exemple.invalid;;;;" + day(9) + ";900", certification.Line{Email: "zoe@exemple.invalid", Wrong: certification.WrongDuplicate}},
		{"ines@exemple.invalid;;;;" + day(9) + ";9000", certification.Line{Email: "ines@exemple.invalid", Wrong: certification.WrongScore}},
		{"not an address", certification.Line{Wrong: certification.WrongFields}},
		{"anne@exemple.invalid;;;;" + day(9) + ";900", certification.Line{Email: "anne@exemple.invalid", Wrong: "not_trained"}},
	}
	file := header
	var want []certification.Line
	for i, l := range lines {
		l.want.Number = i + 2
		file, want = file+l.text+"\n", append(want, l.want)
	}
	return file, want
}

func TestPlan_SaysWhatEachLineDoesAndDoesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	file, want := w.mixed(t)
	plan, err := w.register.Plan(t.Context(), w.anne, strings.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, plan.Lines); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	sum := sha256.Sum256([]byte(file))
	if (plan.Counts != certification.Counts{Changed: 3, Refused: 7}) || !bytes.Equal(plan.SHA256, sum[:]) {
		t.Errorf("%+v, %x", plan.Counts, plan.SHA256)
	}
	if n := len(w.entries(t, "certification.imported")); n != 0 || w.count(t, `select count(*) from certification_import`) != 0 {
		t.Errorf("%d entries of a plan", n)
	}
	w.content(t)
}
