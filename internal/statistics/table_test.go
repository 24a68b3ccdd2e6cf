package statistics

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/uuid"
)

// anyTable is a table of random numbers, most of them small, some nothing, with its totals.
func anyTable(chance *rand.Rand) *table {
	t := newTable(1+chance.IntN(9), 1+chance.IntN(7))
	for r := range t.rows {
		for c := range t.cols {
			switch chance.IntN(5) {
			case 0:
			case 1, 2:
				t.value[r][c] = chance.Int64N(15)
			default:
				t.value[r][c] = chance.Int64N(300)
			}
			for _, p := range []place{{r, t.cols}, {t.rows, c}, {t.rows, t.cols}} {
				t.value[p.row][p.col] += t.value[r][c]
			}
		}
	}
	return t
}

// sound names what is wrong with a table that is said to be as good as another one: what adds up to something else, what was published and is not the same, what is nothing or less.
func (t *table) sound(now [][]int64) string {
	for r := range t.rows + 1 {
		for c := range t.cols + 1 {
			n := now[r][c]
			switch {
			case !t.withheld[r][c] && n != t.value[r][c]:
				return fmt.Sprintf("what was published at %d, %d is %d", r, c, n)
			case t.value[r][c] == 0 && n != 0 || t.value[r][c] > 0 && n < 1:
				return fmt.Sprintf("at %d, %d is %d", r, c, n)
			}
		}
	}
	for r := range t.rows + 1 {
		if sum := total(now[r][:t.cols]); sum != now[r][t.cols] {
			return fmt.Sprintf("row %d adds up to %d", r, sum)
		}
	}
	for c := range t.cols + 1 {
		var column []int64
		for r := range t.rows {
			column = append(column, now[r][c])
		}
		if sum := total(column); sum != now[t.rows][c] {
			return fmt.Sprintf("column %d adds up to %d", c, sum)
		}
	}
	return ""
}

func total(all []int64) (sum int64) {
	for _, n := range all {
		sum += n
	}
	return sum
}

// Whoever knows all that is published, that rows and columns add up, and even where there is nothing, cannot tell the true table from another one in which a number that is too small is larger
// by nine at least, nor from one in which any other that is withheld is another number. The other table is shown, and looked at without what found it.
func TestWithhold_GivesNothingAway(t *testing.T) {
	t.Parallel()
	chance := rand.New(rand.NewPCG(3, 4))
	kept, given := 0, 0
	for range 3000 {
		x := anyTable(chance)
		few := map[place]bool{}
		for range chance.IntN(3) { // numbers of few people
			few[place{chance.IntN(x.rows), chance.IntN(x.cols)}] = true
		}
		small := func(p place) bool { n := x.value[p.row][p.col]; return n > 0 && (n < Least || few[p]) }
		x.withhold(small)
		for r := range x.rows + 1 {
			for c := range x.cols + 1 {
				p := place{r, c}
				if x.value[r][c] == 0 {
					continue
				}
				if !x.withheld[r][c] {
					if given++; small(p) {
						t.Fatalf("%d is published", x.value[r][c])
					}
					continue
				}
				kept++
				need := x.doubt(p, small)
				now := x.other(p, need, false)
				if now == nil {
					t.Fatalf("%v: what is withheld at %v is known: %v", x.value, p, x.withheld)
				}
				if fault := x.sound(now); fault != "" {
					t.Fatalf("%v: instead of %v: %s", x.value, p, fault)
				}
				if d := now[r][c] - x.value[r][c]; d != need && d != -need {
					t.Fatalf("the other table has %d instead of %d at %v", now[r][c], x.value[r][c], p)
				}
				if small(p) && x.value[r][c] < Least && now[r][c] < Least {
					t.Fatalf("%d could only be %d", x.value[r][c], now[r][c])
				}
			}
		}
	}
	if given < kept/3 || kept == 0 {
		t.Errorf("%d numbers are published, and %d are not: that is no way to publish", given, kept)
	}
}

// One small number alone is given away by its row and its column; three more go with it, and not the totals.
func TestWithhold_ASquare(t *testing.T) {
	t.Parallel()
	x := newTable(3, 3)
	for r, row := range [][]int64{{3, 50, 60}, {40, 20, 90}, {70, 80, 30}} {
		for c, n := range row {
			x.value[r][c] = n
			x.value[r][3] += n
			x.value[3][c] += n
			x.value[3][3] += n
		}
	}
	small := func(p place) bool { return x.value[p.row][p.col] < Least }
	x.withheld[0][0] = true
	if x.other(place{0, 0}, 1, false) != nil {
		t.Fatal("a number that stands alone is not known?")
	}
	x.withhold(small)
	if want := [][]bool{{true, true, false, false}, {true, true, false, false}, {false, false, false, false}, {false, false, false, false}}; !slices.EqualFunc(x.withheld, want, slices.Equal) {
		t.Errorf("withheld: %v", x.withheld)
	}
}

// Lines are of ten acts, for ten people, or more.
func TestPublishable_Least(t *testing.T) {
	t.Parallel()
	s := sums{}
	person := uuid.New()
	for n := range 40 {
		s.add("35", []string{"argent"}, uuid.New())
		s.add("35", []string{"argent", "social"}, uuid.New())
		s.add("22", []string{"social"}, uuid.New())
		s.add("22", []string{"argent"}, uuid.New())
		if n < 9 {
			s.add("29", []string{"argent"}, uuid.New())
		}
		s.add("56", []string{"social"}, person) // forty acts for one
	}
	lines := s.publishable("power.used")
	for _, l := range lines {
		if l.Department == "29" || l.Department == "56" {
			t.Errorf("published: %v", l)
		}
	}
	want := []Line{{"power.used", "35", Total, 120}, {"power.used", Total, "argent", 129}, {"power.used", Total, "social", 120}, {"power.used", Total, Total, 249}}
	if fmt.Sprint(lines) != fmt.Sprint(want) {
		t.Errorf("lines: %v", lines)
	}
}
