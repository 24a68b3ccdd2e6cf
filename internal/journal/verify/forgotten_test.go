package verify

import (
	"fmt"
	"slices"
	"testing"
	"testing/fstest"

	"mandat/internal/journal/format"
)

// forgotten makes an export of n entries of which some are gone, and some account for others: by index, their detail.
func forgotten(t *testing.T, n int, gone []int, accounts map[int]string) *synthetic {
	t.Helper()
	return newSyntheticOf(t, n, min(n, 997), func(i int) (string, bool) {
		if detail, ok := accounts[i]; ok {
			return detail, slices.Contains(gone, i)
		}
		return fmt.Sprintf(`"n":%d`, i), slices.Contains(gone, i)
	})
}

const perFile = format.FileEntries

// What is gone is what later entries say was forgotten, wherever they stand; who says so may have said it in several entries.
func TestLog_Forgotten(t *testing.T) {
	t.Parallel()
	gone := []int{3, 4, 5, 9, perFile - 1, perFile, 2*perFile + 1}
	s := forgotten(t, 2*perFile+40, gone, map[int]string{
		10:            `citizen.erased "entries":2,"forgotten":["4","9"]`,
		2*perFile + 9: `entries.forgotten "forgotten":["3","5","65535-65536"]`,
		2*perFile + 8: `citizen.erased "forgotten":["131073"]`,
		2*perFile + 7: `citizen.erased "entries":0`,
	})
	for _, workers := range []int{1, 3} {
		r, err := Log(t.Context(), Options{Policy: s.policy, Export: fstest.MapFS(s.memory), Workers: workers})
		if err != nil || r.Over != int64(len(gone)) || r.Entries != int64(len(s.leaves)-len(gone)) {
			t.Fatalf("%+v, %v", r, err)
		}
	}
}

// The first entry that is gone and that nobody accounts for is named.
func TestLog_GoneWithoutAnAct(t *testing.T) {
	t.Parallel()
	const two, one = perFile + 40, 40 // entries in as many files
	for what, c := range map[string]struct {
		size     int
		gone     []int
		accounts map[int]string
		first    int64
	}{
		"nobody says so":                   {two, []int{perFile + 3, 12}, nil, 12},
		"another one is accounted for":     {one, []int{12, 13}, map[int]string{20: `citizen.erased "forgotten":["13"]`}, 12},
		"in another file":                  {two, []int{12, perFile + 12}, map[int]string{perFile + 20: `citizen.erased "forgotten":["12"]`}, perFile + 12},
		"who says so is gone":              {one, []int{12, 20}, map[int]string{20: `citizen.erased "forgotten":["12"]`, 30: `citizen.erased "forgotten":["20"]`}, 12},
		"another action says so":           {one, []int{12}, map[int]string{20: `citizen.searched "forgotten":["12"]`}, 12},
		"it is said in another member":     {one, []int{12}, map[int]string{20: `citizen.erased "forgot":["12"]`}, 12},
		"it is said before":                {one, []int{12}, map[int]string{11: `citizen.erased "forgotten":["12"]`}, 12},
		"it says so of itself":             {one, nil, map[int]string{11: `citizen.erased "forgotten":["11"]`}, 11},
		"a run ends before it begins":      {one, nil, map[int]string{11: `citizen.erased "forgotten":["5-3"]`}, 11},
		"runs are not in order":            {one, nil, map[int]string{11: `entries.forgotten "forgotten":["5","2"]`}, 11},
		"runs are no list":                 {one, nil, map[int]string{11: `entries.forgotten "forgotten":"5"`}, 11},
		"an action that begins like it is": {one, []int{12}, map[int]string{20: `citizen.erased_too "forgotten":["12"]`}, 12},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			s := forgotten(t, c.size, c.gone, c.accounts)
			_, err := Log(t.Context(), Options{Policy: s.policy, Export: fstest.MapFS(s.memory)})
			if f, ok := AsFault(err); !ok || f.Index != c.first || f.Last != c.first {
				t.Errorf("%v; want a fault at %d", err, c.first)
			}
		})
	}
}
