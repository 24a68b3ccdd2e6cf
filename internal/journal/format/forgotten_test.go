package format

import (
	"slices"
	"testing"
)

func TestRuns(t *testing.T) {
	t.Parallel()
	runs := Runs([]int64{0, 1, 2, 7, 9, 10})
	var texts []string
	for _, r := range runs {
		texts = append(texts, r.String())
	}
	if !slices.Equal(texts, []string{"0-2", "7", "9-10"}) {
		t.Errorf("%v", texts)
	}
	if back, ok := ParseRuns(texts); !ok || !slices.Equal(back, runs) {
		t.Errorf("read back as %v, %t", back, ok)
	}
	if none, ok := ParseRuns(nil); !ok || len(none) != 0 {
		t.Errorf("none: %v, %t", none, ok)
	}
}

// One form only: who accounts for entries says it in one way.
func TestParseRuns_Refuses(t *testing.T) {
	t.Parallel()
	for _, texts := range [][]string{{""}, {"-"}, {"-3"}, {"3-"}, {"03"}, {"+3"}, {"3-3"}, {"4-3"}, {"1", "1"}, {"1", "2"}, {"1-3", "4"}, {"5", "2"}, {"1-2-3"}, {" 1"}, {"1,2"}, {"99999999999999999999"}} {
		if runs, ok := ParseRuns(texts); ok {
			t.Errorf("%q: took %v", texts, runs)
		}
	}
}
