package card_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"mandat/internal/card"
	"mandat/internal/journal"
	"mandat/internal/org"
)

func TestImport(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	admin := w.Administrator(t, "alix")
	file, more := file(3), file(4)
	for what, by := range map[string]journal.Actor{"an aidant": w.Jeanne, "a referent": w.Referent(t, w.Here, "rene")} {
		if _, err := w.stock.Import(t.Context(), by, strings.NewReader(file), false); !errors.Is(err, org.ErrMayNot) {
			t.Errorf("%s: %v", what, err)
		}
	}
	old := admin
	old.FactorAt = old.FactorAt.Add(-tooOld)
	if _, err := w.stock.Import(t.Context(), old, strings.NewReader(file), false); !errors.Is(err, org.ErrFactorTooOld) {
		t.Error(err)
	}
	if out, err := w.stock.Import(t.Context(), admin, strings.NewReader(file), true); err != nil || out.Done || out.Cards != 3 || len(out.Faults) != 0 {
		t.Errorf("dry: %+v, %v", out, err)
	}
	bad := file + "GADT0001;" + strings.Repeat("ab", 20) + "\nGADT9;zz\n;" + strings.Repeat("ab", 20) + "\nGADT0010\nGADT0011;" + strings.Repeat("ab", 15) + "\n\nGADT0012;aa;bb\n"
	out, err := w.stock.Import(t.Context(), admin, strings.NewReader(bad), false)
	want := []card.Fault{{5, card.FaultTwice}, {6, card.FaultSeed}, {7, card.FaultSerial}, {8, card.FaultColumns}, {9, card.FaultSeed}, {11, card.FaultColumns}}
	if err != nil || out.Done || !slices.Equal(out.Faults, want) {
		t.Errorf("%+v, %v", out, err)
	}
	if list, _, err := w.stock.List(t.Context(), 1); err != nil || len(list) != 0 {
		t.Errorf("a faulty file was taken in: %v, %v", list, err)
	}
	if out, err := w.stock.Import(t.Context(), admin, strings.NewReader(file), false); err != nil || !out.Done || out.Cards != 3 {
		t.Errorf("%+v, %v", out, err)
	}
	if out, err := w.stock.Import(t.Context(), admin, strings.NewReader(more), false); err != nil || out.Done || out.Cards != 1 ||
		!slices.Equal(out.Faults, []card.Fault{{2, card.FaultKnown}, {3, card.FaultKnown}, {4, card.FaultKnown}}) {
		t.Errorf("%+v, %v", out, err)
	}
	if list, counts, err := w.stock.List(t.Context(), 1); err != nil || len(list) != 3 || counts[card.InStock] != 3 {
		t.Errorf("%v, %v, %v", list, counts, err)
	}
	w.Content(t)
}
