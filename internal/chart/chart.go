// Package chart works out where the parts of a column chart are, for a template that draws it as SVG: columns, lines of the axis with their numbers, and what stands below.
//
// A chart is as wide as the narrowest screen, so that its letters are read there; on others it grows as a whole. It has no colours, which are the theme's, and no words but those
// it is given: whoever cannot see it has the table beside it.
package chart

import (
	"fmt"
	"math"
)

// The measures of a chart, in its own units.
const (
	Width  = 320
	Height = 200

	left   = 46 // of the numbers of the axis
	right  = 6
	top    = 12
	bottom = 26 // of what stands below
)

// Value is a column: what it stands for, in a few letters, and how much it is; never less than nothing.
type Value struct {
	Label string
	Count int64
}

// Chart is where everything is.
type Chart struct {
	Width, Height int
	Columns       []Column
	Lines         []Line
	Labels        []Label
	Left, Right   string // where lines begin and end
}

// Column is a rectangle. What is nothing has no height.
type Column struct{ X, Y, Width, Height string }

// Line is a line of the axis, and the number beside it. The lowest is nothing.
type Line struct {
	Y, TextY string
	Count    int64
}

// Label stands below a column. Some columns have none, so that they do not touch. Anchor is where its X is: start, middle or end.
type Label struct {
	X, Y, Anchor, Text string
}

// letter is how wide a letter is at most, and apart how much is left between two labels.
const (
	letter = 6.5
	apart  = 8
)

// New draws values, from left to right.
func New(values []Value) Chart {
	c := Chart{Width: Width, Height: Height, Left: number(left), Right: number(Width - right)}
	var most int64
	for _, v := range values {
		most = max(most, v.Count)
	}
	step, high := Steps(most)
	scale := (Height - top - bottom) / float64(high)
	floor := float64(Height - bottom)
	for n := int64(0); n <= high; n += step {
		y := floor - float64(n)*scale
		c.Lines = append(c.Lines, Line{number(y), number(y + 4), n})
	}
	if len(values) == 0 {
		return c
	}
	each := (Width - left - right) / float64(len(values))
	free := 0.0 // where the next label may begin
	for i, v := range values {
		x, height := left+float64(i)*each, float64(v.Count)*scale
		if v.Count > 0 {
			height = max(height, 1) // what is little is seen
		}
		c.Columns = append(c.Columns, Column{number(x + each*0.1), number(floor - height), number(each * 0.8), number(height)})
		if l, end := label(v.Label, x+each/2, free); l.Text != "" {
			c.Labels, free = append(c.Labels, l), end+apart
		}
	}
	return c
}

// label sets a text below the middle of a column, if it is free from there on, and within the chart.
func label(text string, middle, free float64) (Label, float64) {
	half := float64(len([]rune(text))) * letter / 2
	x, anchor := middle, "middle"
	if middle+half > Width {
		x, anchor = Width, "end"
		middle = Width - half
	}
	if middle-half < free {
		return Label{}, 0
	}
	return Label{number(x), number(Height - 8), anchor, text}, middle + half
}

// Steps returns how far apart the lines of an axis are that goes up to a number, and how high it is: one to five steps of 1, 2 or 5 and noughts.
func Steps(most int64) (step, high int64) {
	for power := int64(1); ; power *= 10 {
		for _, of := range []int64{1, 2, 5} {
			if step = of * power; step >= (most+4)/5 || power > math.MaxInt64/100 {
				return step, max((most+step-1)/step, 1) * step
			}
		}
	}
}

func number(x float64) string { return fmt.Sprintf("%.1f", x) }
