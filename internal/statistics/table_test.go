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
		}
	}
	return t.totalled()
}

// totalled adds a table up. What is below ten is too small.
func (t *table) totalled() *table {
	for r := range t.rows {
		for c := range t.cols {
			for _, p := range []place{{r, t.cols}, {t.rows, c}, {t.rows, t.cols}} {
				t.value[p.row][p.col] += t.value[r][c]
			}
		}
	}
	for r := range t.rows + 1 {
		for c := range t.cols + 1 {
			t.small[r][c] = t.value[r][c] > 0 && t.value[r][c] < Least
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
		for range chance.IntN(4) { // numbers of few people
			x.small[chance.IntN(x.rows)][chance.IntN(x.cols)] = true
		}
		x.withhold()
		for r := range x.rows + 1 {
			for c := range x.cols + 1 {
				p := place{r, c}
				if x.value[r][c] == 0 {
					continue
				}
				if !x.withheld[r][c] {
					if given++; x.small[r][c] {
						t.Fatalf("%d is published", x.value[r][c])
					}
					continue
				}
				kept++
				need := x.doubt(p)
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
				if x.small[r][c] && now[r][c] < max(Least, 2*x.value[r][c]) {
					t.Fatalf("%d could only be %d", x.value[r][c], now[r][c])
				}
				if x.small[r][c] && x.covers(now, p) {
					t.Fatalf("%v: %v is covered by others that are too small: %v", x.value, p, now)
				}
			}
		}
	}
	if given < kept/3 || kept == 0 {
		t.Errorf("%d numbers are published, and %d are not: that is no way to publish", given, kept)
	}
}

// covers reports whether another small number than that at p is less in another table.
func (t *table) covers(now [][]int64, p place) bool {
	for r := range t.rows + 1 {
		for c := range t.cols + 1 {
			if (place{r, c}) != p && t.small[r][c] && now[r][c] < t.value[r][c] {
				return true
			}
		}
	}
	return false
}

// tableOf is a table of these numbers with its totals.
func tableOf(rows ...[]int64) *table {
	t := newTable(len(rows), len(rows[0]))
	for r, row := range rows {
		copy(t.value[r], row)
	}
	return t.totalled()
}

// One small number alone is given away by its row and its column; three more go with it, and not the totals.
func TestWithhold_ASquare(t *testing.T) {
	t.Parallel()
	x := tableOf([]int64{3, 50, 60}, []int64{40, 20, 90}, []int64{70, 80, 30})
	x.withheld[0][0] = true
	if x.other(place{0, 0}, 1, false) != nil {
		t.Fatal("a number that stands alone is not known?")
	}
	x.withhold()
	if want := [][]bool{{true, true, false, false}, {true, true, false, false}, {false, false, false, false}, {false, false, false, false}}; !slices.EqualFunc(x.withheld, want, slices.Equal) {
		t.Errorf("withheld: %v", x.withheld)
	}
}

// Numbers of few people do not hide each other: each could be twice as large, and who takes the rest from a total still knows how many acts all of them are, of the same one person perhaps.
func TestWithhold_TheFewDoNotHideEachOther(t *testing.T) {
	t.Parallel()
	x := tableOf([]int64{50, 60, 60, 400}, []int64{60, 50, 60, 300}, []int64{60, 60, 50, 200}, []int64{90, 80, 70, 500})
	for r := range 3 {
		for c := range 3 {
			x.small[r][c] = true
		}
	}
	x.withhold()
	for n := range 3 {
		if !x.withheld[n][3] && !x.withheld[n][4] {
			t.Errorf("all that is withheld of row %d is of few people, and known: %v", n, x.withheld)
		}
		if !x.withheld[3][n] && !x.withheld[4][n] {
			t.Errorf("all that is withheld of column %d is of few people, and known: %v", n, x.withheld)
		}
	}
	if x.withheld[4][4] {
		t.Errorf("the total of all is withheld: %v", x.withheld)
	}
}

// crew is some acts of an organisation: how many, for how many citizens, by how many aidants.
type crew struct {
	name                    byte
	acts, citizens, aidants int
}

// counted are the sums of some crews, in a department of one theme.
func counted(crews ...crew) sums {
	s := sums{}
	for _, x := range crews {
		for n := range x.acts {
			a := &act{organisation: uuid.UUID{x.name}}
			if x.citizens > 0 {
				a.citizen = uuid.UUID{x.name, 1, byte(n % x.citizens)}
			}
			if x.aidants > 0 {
				a.person = uuid.UUID{x.name, 2, byte(n % x.aidants)}
			}
			s.add("35", []string{"argent"}, a)
		}
	}
	return s
}

// A number tells of ten acts, ten citizens and three aidants, or more; and of as many who takes their own organisation's from it, if anything is left.
func TestShares_Small(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		crews []crew
		want  bool
	}{
		"just enough":                                {[]crew{{'a', 10, 10, 3}}, false},
		"nine acts":                                  {[]crew{{'a', 9, 9, 3}}, true},
		"nine citizens":                              {[]crew{{'a', 90, 9, 3}}, true},
		"nobody knows for whom":                      {[]crew{{'a', 90, 0, 3}}, true},
		"two aidants":                                {[]crew{{'a', 90, 90, 2}}, true},
		"nobody knows by whom":                       {[]crew{{'a', 90, 90, 0}}, true},
		"two organisations":                          {[]crew{{'a', 10, 10, 3}, {'b', 10, 10, 3}}, false},
		"the other did nine":                         {[]crew{{'a', 100, 100, 3}, {'b', 9, 9, 3}}, true},
		"the other's are nine citizens":              {[]crew{{'a', 100, 100, 3}, {'b', 90, 9, 3}}, true},
		"the other has two aidants":                  {[]crew{{'a', 100, 100, 3}, {'b', 90, 90, 2}}, true},
		"one of three leaves enough, whichever":      {[]crew{{'a', 9, 9, 2}, {'b', 9, 9, 2}, {'c', 9, 9, 2}}, false},
		"the largest of three leaves too few":        {[]crew{{'a', 100, 100, 3}, {'b', 5, 5, 2}, {'c', 4, 4, 2}}, true},
		"each of ten has one citizen and one aidant": {[]crew{{'a', 1, 1, 1}, {'b', 1, 1, 1}, {'c', 1, 1, 1}, {'d', 1, 1, 1}, {'e', 1, 1, 1}, {'f', 1, 1, 1}, {'g', 1, 1, 1}, {'h', 1, 1, 1}, {'i', 1, 1, 1}, {'j', 1, 1, 1}, {'k', 1, 1, 1}}, false},
	} {
		s := counted(c.crews...)
		if got := s[place2{"35", "argent"}].small(); got != c.want {
			t.Errorf("%s: %t", name, got)
		}
		if lines := s.publishable("power.used"); (len(lines) == 0) != c.want {
			t.Errorf("%s: published are %v", name, lines)
		}
	}
}

// Lines are of ten acts, for ten people, or more.
func TestPublishable_Least(t *testing.T) {
	t.Parallel()
	s := sums{}
	person, aidants := uuid.New(), []uuid.UUID{uuid.New(), uuid.New(), uuid.New()}
	for n := range 40 {
		add := func(department string, citizen uuid.UUID, themes ...string) {
			s.add(department, themes, &act{organisation: uuid.NewSHA1(uuid.Nil, []byte(department)), person: aidants[n%3], citizen: citizen})
		}
		add("35", uuid.New(), "argent")
		add("35", uuid.New(), "argent", "social")
		add("22", uuid.New(), "social")
		add("22", uuid.New(), "argent")
		if n < 9 {
			add("29", uuid.New(), "argent")
		}
		add("56", person, "social") // forty acts for one
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
