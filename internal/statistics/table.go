package statistics

import (
	"maps"
	"slices"

	"github.com/google/uuid"
)

// Least is how many acts, and how many citizens whom they were done for, a published number tells of at least.
const Least = 10

// Total stands for all departments, or all themes.
const Total = "total"

// Line is a published number: the acts of a month of one sort, for procedures of one theme, by organisations of one department. An act that names procedures of two themes is in both,
// and twice in the total of its department.
type Line struct {
	Action, Department, Theme string
	Acts                      int64
}

// sum is what is known of one number.
type sum struct {
	acts     int64
	citizens map[uuid.UUID]bool // at most Least of them
}

func (s *sum) add(citizen uuid.UUID) {
	s.acts++
	if citizen != uuid.Nil && len(s.citizens) < Least {
		s.citizens[citizen] = true
	}
}

// small reports whether a number must not be published: too few acts, or too few people. Of those who were forgotten before, nobody knows any more who they were.
func (s *sum) small() bool { return s.acts > 0 && (s.acts < Least || len(s.citizens) < Least) }

// place2 is a department and a theme.
type place2 struct{ department, theme string }

// sums are the numbers of one month and one action.
type sums map[place2]*sum

// add counts an act, in its department and in all, in each of its themes and in all.
func (s sums) add(department string, themes []string, citizen uuid.UUID) {
	for _, theme := range themes {
		for _, p := range []place2{{department, theme}, {department, Total}, {Total, theme}, {Total, Total}} {
			if s[p] == nil {
				s[p] = &sum{citizens: map[uuid.UUID]bool{}}
			}
			s[p].add(citizen)
		}
	}
}

// publishable returns the lines that may be published, in their order. What is too small is withheld, and of the rest as little as makes that nobody works it out: whoever knows all that is published, and where
// there is nothing, still finds ten values or more for each number that is too small, and two or more for the others.
func (s sums) publishable(action string) []Line {
	names := func(of func(place2) string) []string {
		seen := map[string]bool{}
		for p := range s {
			seen[of(p)] = true
		}
		delete(seen, Total)
		return append(slices.Sorted(maps.Keys(seen)), Total)
	}
	departments, themes := names(func(p place2) string { return p.department }), names(func(p place2) string { return p.theme })
	t := newTable(len(departments)-1, len(themes)-1)
	small := map[place]bool{}
	for r, department := range departments {
		for c, theme := range themes {
			if one := s[place2{department, theme}]; one != nil {
				t.value[r][c], small[place{r, c}] = one.acts, one.small()
			}
		}
	}
	t.withhold(func(p place) bool { return small[p] })
	var out []Line
	for r, department := range departments {
		for c, theme := range themes {
			if t.value[r][c] > 0 && !t.withheld[r][c] {
				out = append(out, Line{action, department, theme, t.value[r][c]})
			}
		}
	}
	return out
}

func newTable(rows, cols int) *table {
	t := &table{rows: rows, cols: cols, value: make([][]int64, rows+1), withheld: make([][]bool, rows+1)}
	for r := range t.value {
		t.value[r], t.withheld[r] = make([]int64, cols+1), make([]bool, cols+1)
	}
	return t
}

// doubt is by how much a withheld number must be able to be another one: a small one so that it could be ten or more, and one of few people twice as large.
func (t *table) doubt(p place, small func(place) bool) int64 {
	if !small(p) {
		return 1
	}
	return max(Least-1, t.value[p.row][p.col])
}

// withhold withholds what is small, and more until it is protected. What is withheld protects, and never gives away: it comes to an end.
func (t *table) withhold(small func(place) bool) {
	all := func(each func(place)) {
		for r := range t.rows + 1 {
			for c := range t.cols + 1 {
				each(place{r, c})
			}
		}
	}
	all(func(p place) { t.withheld[p.row][p.col] = t.value[p.row][p.col] > 0 && small(p) })
	for again := true; again; {
		again = false
		all(func(p place) {
			if !t.withheld[p.row][p.col] {
				return
			}
			if need := t.doubt(p, small); t.other(p, need, false) == nil {
				t.other(p, need, true)
				again = true
			}
		})
	}
}
