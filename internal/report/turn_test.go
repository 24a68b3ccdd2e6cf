package report_test

import (
	"bytes"
	"slices"
	"testing"

	"github.com/google/uuid"

	"mandat/internal/db"
	"mandat/internal/fixture"
	"mandat/internal/journal"
	"mandat/internal/mandate"
	"mandat/internal/org"
	"mandat/internal/paper"
	"mandat/internal/report"
)

// many uses a mandate so often that its uses take three pages, some of them at one instant, and returns them, the latest first.
func (w *world) many(t *testing.T, m mandate.Mandate) []uuid.UUID {
	t.Helper()
	for range 2*report.PageLength + 3 {
		w.use(t, w.Jeanne, m, fixture.Tax)
	}
	w.Behind(t, `update report_use set used_at = date_trunc('hour', used_at) where id in (select id from report_use order by used_at limit 10)`)
	all, err := w.Reports.OfMandate(t.Context(), w.Jeanne, m.ID)
	wantErr(t, err, nil)
	var ids []uuid.UUID
	for _, u := range all {
		ids = append(ids, u.ID)
	}
	return ids
}

// Pages of uses are turned in both directions, and each use stands on one; uses that come meanwhile move none of them.
func TestList_IsTurned(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	m, other := w.Sign(t, w.Jeanne, fixture.Angela(), fixture.Tax), w.Sign(t, w.Jeanne, fixture.Citizen(1), fixture.Tax)
	empty, err := w.Reports.List(t.Context(), w.Jeanne, m.ID, uuid.Nil, uuid.Nil)
	if err != nil || empty.All != 0 || len(empty.Uses) != 0 || empty.Newer || empty.Older {
		t.Errorf("no uses: %+v, %v", empty, err)
	}
	want := w.many(t, m)
	strange := w.use(t, w.Jeanne, other, fixture.Tax)
	page := func(before, after uuid.UUID, newer, older bool) []uuid.UUID {
		t.Helper()
		got, err := w.Reports.List(t.Context(), w.Jeanne, m.ID, before, after)
		if err != nil || got.Newer != newer || got.Older != older {
			t.Fatalf("newer %t, older %t, %v", got.Newer, got.Older, err)
		}
		var ids []uuid.UUID
		for _, u := range got.Uses {
			ids = append(ids, u.ID)
		}
		return ids
	}
	first := page(uuid.Nil, uuid.Nil, false, true)
	w.use(t, w.Jeanne, m, fixture.Tax)
	second := page(first[len(first)-1], uuid.Nil, true, true)
	third := page(second[len(second)-1], uuid.Nil, true, false)
	if got := slices.Concat(first, second, third); !slices.Equal(got, want) || len(first) != report.PageLength || len(third) != 3 {
		t.Errorf("%d, %d and %d uses, of %d", len(first), len(second), len(third), len(want))
	}
	if back := page(uuid.Nil, third[0], true, true); !slices.Equal(back, second) {
		t.Error("turned back, another page")
	}
	if back := page(uuid.Nil, second[0], true, true); !slices.Equal(back, first) { // one has come since
		t.Error("turned back twice, another page")
	}
	if top := page(uuid.Nil, first[0], false, true); len(top) != 1 {
		t.Errorf("%d uses have come since", len(top))
	}
	for name, cursor := range map[string][2]uuid.UUID{"another mandate's": {strange}, "nobody's": {uuid.New()}, "nothing is older": {third[2]}, "another's, back": {1: strange}} {
		if _, err := w.Reports.List(t.Context(), w.Jeanne, m.ID, cursor[0], cursor[1]); err == nil {
			t.Errorf("%s: turned", name)
		} else {
			wantErr(t, err, db.ErrNotFound)
		}
	}
	if got, err := w.Reports.List(t.Context(), w.Ines, m.ID, uuid.Nil, uuid.Nil); err != nil || len(got.Uses)+got.All != 0 {
		t.Errorf("another organisation sees %+v, %v", got, err)
	}
	_, err = w.Reports.List(t.Context(), w.Newcomer(t, journal.Aidant, w.Here, "nora", org.RoleAidant), m.ID, uuid.Nil, uuid.Nil)
	wantErr(t, err, org.ErrMayNot)
}

// A report is read page by page: each use stands on one page, the last page has what follows them, and what is handed over is the whole.
func TestPart(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	m := w.Sign(t, w.Jeanne, fixture.Angela(), fixture.Tax, fixture.Housing)
	unused := w.compose(t, w.Jeanne, m, "fr")
	if p, ok := unused.Part(uuid.Nil); !ok || p.Of != 1 || len(p.Body) != len(unused.Body) {
		t.Errorf("without uses: %+v", p)
	}
	ids := w.many(t, m)
	slices.Reverse(ids)
	whole := w.compose(t, w.Jeanne, m, "fr")
	var told, after []paper.Block
	var cursor, before uuid.UUID
	for n := 1; n <= 3; n++ {
		p, ok := whole.Part(cursor)
		if !ok || p.Number != n || p.Of != 3 || p.Before != before || p.Next != ids[min(n*report.PageLength, len(ids))-1] {
			t.Fatalf("page %d: %+v", n, p)
		}
		told = append(told, p.Body[3:]...)
		before, cursor = uuid.Nil, p.Next
		if n > 1 {
			before = ids[(n-1)*report.PageLength-1]
		}
		after = p.Body
	}
	if len(told) != len(whole.Body)-3 || after[len(after)-1].Kind != paper.List || told[0].Text != whole.Body[3].Text {
		t.Errorf("%d blocks of %d", len(told), len(whole.Body))
	}
	for _, wrong := range []uuid.UUID{uuid.New(), ids[len(ids)-1]} {
		if _, ok := whole.Part(wrong); ok {
			t.Errorf("a page after %s", wrong)
		}
	}
	if again := w.compose(t, w.Jeanne, m, "fr"); !bytes.Equal(again.SHA256, whole.SHA256) {
		t.Error("turning pages makes another report")
	}
}
