package procedure

import "testing"

func TestLevelCovers(t *testing.T) {
	t.Parallel()
	for i, have := range Levels() {
		for j, want := range Levels() {
			if have.Covers(want) != (i >= j) {
				t.Errorf("%s covers %s: %v", have, want, have.Covers(want))
			}
		}
		for _, unknown := range []Level{"", "own"} {
			if have.Covers(unknown) || unknown.Covers(have) || unknown.Covers(unknown) {
				t.Errorf("%q and %s are compared", unknown, have)
			}
		}
	}
}

func TestAssuranceReaches(t *testing.T) {
	t.Parallel()
	for i, have := range Assurances() {
		for j, needed := range Assurances() {
			if have.Reaches(needed) != (i >= j) {
				t.Errorf("%s reaches %s: %v", have, needed, have.Reaches(needed))
			}
		}
		for _, unknown := range []Assurance{"", "certain"} {
			if have.Reaches(unknown) || unknown.Reaches(have) || unknown.Reaches(unknown) {
				t.Errorf("%q and %s are compared", unknown, have)
			}
		}
	}
}
