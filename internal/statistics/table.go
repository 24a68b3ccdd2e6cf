package statistics

import (
	"maps"
	"slices"

	"github.com/google/uuid"
)

// Least is how many acts, and how many citizens whom they were done for, a published number tells of at least.
const Least = 10

// LeastAidants is how many people did them at least: of two, each would know what the other did.
const LeastAidants = 3

// Total stands for all departments, or all themes.
const Total = "total"

// Line is a published number: the acts of a month of one sort, for procedures of one theme, by organisations of one department. An act that names procedures of two themes is in both,
// and twice in the total of its department.
type Line struct {
	Action, Department, Theme string
	Acts                      int64
}

// sum is what is known of some acts.
type sum struct {
	acts              int64
	citizens, aidants map[uuid.UUID]bool // some of them: enough to know that they are not too few
}

func newSum() *sum { return &sum{citizens: map[uuid.UUID]bool{}, aidants: map[uuid.UUID]bool{}} }

func (s *sum) add(o *sum) {
	s.acts += o.acts
	join(s.citizens, o.citizens, Least)
	join(s.aidants, o.aidants, LeastAidants)
}

// join adds people to others until there are enough.
func join(into, from map[uuid.UUID]bool, enough int) {
	if len(into) < enough {
		maps.Copy(into, from)
	}
}

// only is one person, or nobody.
func only(who uuid.UUID) map[uuid.UUID]bool {
	if who == uuid.Nil {
		return nil
	}
	return map[uuid.UUID]bool{who: true}
}

// shares are what each organisation has of a number.
type shares map[uuid.UUID]*sum

func (s shares) of(organisation uuid.UUID) *sum {
	if s[organisation] == nil {
		s[organisation] = newSum()
	}
	return s[organisation]
}

// acts is the number.
func (s shares) acts() (all int64) {
	for _, own := range s {
		all += own.acts
	}
	return all
}

// few reports whether the number, or what of it one organisation did not do, is too few acts, for too few people, or by too few. Of those who were forgotten before, nobody knows any more who they were.
func (s shares) few(acts int64, without uuid.UUID) bool {
	rest := newSum()
	for organisation, own := range s {
		if organisation != without {
			rest.add(own)
		}
		if len(rest.citizens) >= Least && len(rest.aidants) >= LeastAidants {
			return acts < Least
		}
	}
	return true
}

// small reports whether a number must not be published: because it tells of too few, or because an organisation that takes its own from it is told of too few.
func (s shares) small() bool {
	all := s.acts()
	if s.few(all, uuid.Nil) {
		return true
	}
	for organisation, own := range s {
		if rest := all - own.acts; rest > 0 && s.few(rest, organisation) {
			return true
		}
	}
	return false
}

// place2 is a department and a theme.
type place2 struct{ department, theme string }

// sums are the numbers of one month and one action.
type sums map[place2]shares

// add counts an act of an organisation, in its department and in all, in each of its themes and in all.
func (s sums) add(department string, themes []string, a *act) {
	one := &sum{1, only(a.citizen), only(a.person)}
	for _, theme := range themes {
		for _, p := range []place2{{department, theme}, {department, Total}, {Total, theme}, {Total, Total}} {
			if s[p] == nil {
				s[p] = shares{}
			}
			s[p].of(a.organisation).add(one)
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
	for r, department := range departments {
		for c, theme := range themes {
			if one := s[place2{department, theme}]; one != nil {
				t.value[r][c], t.small[r][c] = one.acts(), one.small()
			}
		}
	}
	t.withhold()
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
	t := &table{rows: rows, cols: cols, value: make([][]int64, rows+1), small: make([][]bool, rows+1), withheld: make([][]bool, rows+1)}
	for r := range t.value {
		t.value[r], t.small[r], t.withheld[r] = make([]int64, cols+1), make([]bool, cols+1), make([]bool, cols+1)
	}
	return t
}

// doubt is by how much a withheld number must be able to be another one: a small one so that it could be ten or more, and one of few people twice as large.
func (t *table) doubt(p place) int64 {
	if !t.small[p.row][p.col] {
		return 1
	}
	return max(Least-1, t.value[p.row][p.col])
}

// withhold withholds what is small, and more until it is protected. What is withheld protects, and never gives away: it comes to an end.
func (t *table) withhold() {
	all := func(each func(place)) {
		for r := range t.rows + 1 {
			for c := range t.cols + 1 {
				each(place{r, c})
			}
		}
	}
	all(func(p place) { t.withheld[p.row][p.col] = t.value[p.row][p.col] > 0 && t.small[p.row][p.col] })
	for again := true; again; {
		again = false
		all(func(p place) {
			if !t.withheld[p.row][p.col] {
				return
			}
			if need := t.doubt(p); t.other(p, need, false) == nil {
				t.other(p, need, true)
				again = true
			}
		})
	}
}
