package statistics

import (
	"math"
	"slices"
)

// table is the numbers of one month and one action: departments by themes. The last row and the last column are totals. Every row and every column adds up.
//
// Whoever reads what of it is published knows sums and differences. Each number is a flow here, from its column to its row and, for the totals, back: what goes into a
// row or a column comes out of it, and nothing else is known. Another table that says the same in public is this one with some flow sent round a circle of what is withheld.
type table struct {
	rows, cols int // without the totals
	value      [][]int64
	small      [][]bool // of too few acts or people: never published
	withheld   [][]bool // not published: what is 0 never is
}

// place is a number's: row and column, of which the last are totals.
type place struct{ row, col int }

// ends are from which node to which a number flows. Nodes are rows, then columns; the total of each is the last of them.
func (t *table) ends(p place) (tail, head int) {
	row, col := p.row, t.rows+1+p.col
	if (p.row == t.rows) == (p.col == t.cols) { // inside, and the total of all
		return col, row
	}
	return row, col
}

// edge is a step of a flow: along a number, or against it.
type edge struct {
	place
	to    int
	along bool
}

func (t *table) edges() [][]edge {
	out := make([][]edge, t.rows+t.cols+2)
	for r := range t.rows + 1 {
		for c := range t.cols + 1 {
			if t.value[r][c] == 0 {
				continue // whoever knows that there is nothing knows it
			}
			tail, head := t.ends(place{r, c})
			out[tail] = append(out[tail], edge{place{r, c}, head, true})
			out[head] = append(out[head], edge{place{r, c}, tail, false})
		}
	}
	return out
}

// other returns the numbers of another table, in which the number at p is different by need, that says the same in public; nil if there is none. Whoever knows where there is nothing at all
// cannot tell it from this one. When more may be withheld, it is, as little as possible: then there is always one.
//
// If the number at p is small, no other small one is less in it. So p is not in any sum that can be worked out of small numbers alone: in the other table, such a sum would be more.
func (t *table) other(p place, need int64, more bool) [][]int64 {
	tail, head := t.ends(p)
	for _, up := range []bool{true, false} {
		from, to, delta := head, tail, int64(1)
		if !up {
			if from, to, delta = tail, head, -1; t.value[p.row][p.col]-need < 1 {
				continue
			}
		}
		if now := t.send(p, from, to, need, more && up); now != nil {
			now[p.row][p.col] += delta * need
			return now
		}
	}
	return nil
}

// send sends a flow from a node to another, without the number at p, and returns what the numbers are then; nil if there is no way.
func (t *table) send(p place, from, to int, need int64, more bool) [][]int64 {
	now := make([][]int64, len(t.value))
	for r := range now {
		now[r] = slices.Clone(t.value[r])
	}
	edges := t.edges()
	for need > 0 {
		way := t.way(edges, now, p, from, to, more)
		if way == nil {
			return nil
		}
		amount := need
		for _, e := range way {
			if !e.along {
				amount = min(amount, now[e.row][e.col]-t.floor(p, e.place))
			}
		}
		for _, e := range way {
			if t.withheld[e.row][e.col] = true; e.along {
				now[e.row][e.col] += amount
			} else {
				now[e.row][e.col] -= amount
			}
		}
		need -= amount
	}
	return now
}

// floor is how little a number may be in a table that is to hide the number at p: what is something is one at least.
func (t *table) floor(p, other place) int64 {
	if t.small[p.row][p.col] && t.small[other.row][other.col] {
		return t.value[other.row][other.col]
	}
	return 1
}

// way finds the cheapest way: what is withheld already costs nothing, anything else what it would have told.
func (t *table) way(edges [][]edge, now [][]int64, without place, from, to int, more bool) []edge {
	cost, last := make([]int64, len(edges)), make([]*edge, len(edges))
	for n := range cost {
		cost[n] = math.MaxInt64 / 2
	}
	cost[from] = 0
	for reached := []int{from}; len(reached) > 0; reached = reached[1:] {
		at := reached[0]
		for i := range edges[at] {
			e := &edges[at][i]
			if e.place == without || !e.along && now[e.row][e.col] <= t.floor(without, e.place) {
				continue
			}
			c := cost[at]
			if !t.withheld[e.row][e.col] {
				if !more {
					continue
				}
				c += t.value[e.row][e.col] + 10
			}
			if c < cost[e.to] {
				cost[e.to], last[e.to] = c, e
				reached = append(reached, e.to)
			}
		}
	}
	if last[to] == nil {
		return nil
	}
	var out []edge
	for n := to; n != from; {
		e := last[n]
		out = append(out, *e)
		tail, head := t.ends(e.place)
		if n = tail; !e.along {
			n = head
		}
	}
	return out
}
