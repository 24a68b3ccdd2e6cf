package chart_test

import (
	"math"
	"strconv"
	"testing"

	"mandat/internal/chart"
)

func TestSteps(t *testing.T) {
	t.Parallel()
	for most, want := range map[int64][2]int64{0: {1, 1}, 1: {1, 1}, 4: {1, 4}, 5: {1, 5}, 6: {2, 6}, 11: {5, 15}, 99: {20, 100}, 100: {20, 100}, 101: {50, 150}, 12_345: {5000, 15_000}} {
		if step, high := chart.Steps(most); step != want[0] || high != want[1] {
			t.Errorf("up to %d: steps of %d to %d, want %v", most, step, high, want)
		}
	}
	for most := int64(1); most > 0 && most < 1<<55; most = most*7/3 + 1 {
		if step, high := chart.Steps(most); high < most || high/step > 5 || high%step != 0 {
			t.Errorf("up to %d: steps of %d to %d", most, step, high)
		}
	}
}

func float(t *testing.T, s string) float64 {
	t.Helper()
	x, err := strconv.ParseFloat(s, 64)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

// Columns stand beside each other on the floor, are as high as their numbers, and what stands below them does not touch.
func TestNew_FitsTogether(t *testing.T) {
	t.Parallel()
	for _, n := range []int{0, 1, 2, 12, 100} {
		var values []chart.Value
		for i := range n {
			values = append(values, chart.Value{Label: "31/12", Count: int64(i * i)})
		}
		c := chart.New(values)
		if len(c.Columns) != n || n > 0 && len(c.Labels) == 0 {
			t.Fatalf("%d columns, %d labels of %d", len(c.Columns), len(c.Labels), n)
		}
		floor, end, top := float(t, c.Lines[0].Y), float(t, c.Left), float(t, c.Lines[len(c.Lines)-1].Y)
		for i, x := range c.Columns {
			if float(t, x.X) < end-0.2 || float(t, x.X)+float(t, x.Width) > chart.Width || float(t, x.Y) < top-0.1 || math.Abs(float(t, x.Y)+float(t, x.Height)-floor) > 0.15 {
				t.Errorf("column %d of %d: %+v", i, n, x)
			}
			end = float(t, x.X) + float(t, x.Width)
			if (float(t, x.Height) > 0) != (values[i].Count > 0) {
				t.Errorf("%d is %s high", values[i].Count, x.Height)
			}
		}
		if n > 2 {
			if a, b := float(t, c.Columns[n-1].Height), float(t, c.Columns[n/2].Height); math.Abs(a/b-float64(values[n-1].Count)/float64(values[n/2].Count)) > 0.2 {
				t.Errorf("%d columns are not in proportion", n)
			}
		}
		const wide = 5 * 6.5
		if n > 0 && math.Abs(float(t, c.Labels[0].X)-float(t, c.Columns[0].X)-float(t, c.Columns[0].Width)/2) > 0.2 {
			t.Errorf("%d columns: the first label is at %s", n, c.Labels[0].X)
		}
		last := 0.0 // where the label before ends
		for _, l := range c.Labels {
			ends := float(t, l.X)
			if l.Anchor == "middle" {
				ends += wide / 2
			}
			if ends-wide < last || ends > chart.Width {
				t.Errorf("%d columns: a label, %s at %s, after one that ends at %.1f", n, l.Anchor, l.X, last)
			}
			last = ends
		}
	}
}
