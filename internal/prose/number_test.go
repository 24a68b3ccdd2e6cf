package prose_test

import (
	"math"
	"testing"

	"mandat/internal/prose"
)

func TestNumber(t *testing.T) {
	t.Parallel()
	for n, want := range map[int64][2]string{0: {"0", "0"}, 999: {"999", "999"}, 1000: {"1\u00a0000", "1,000"}, 1_234_567: {"1\u00a0234\u00a0567", "1,234,567"}, -1500: {"-1\u00a0500", "-1,500"},
		math.MinInt64: {"-9\u00a0223\u00a0372\u00a0036\u00a0854\u00a0775\u00a0808", "-9,223,372,036,854,775,808"}} {
		if fr, en := prose.Number("fr", n), prose.Number("en", n); fr != want[0] || en != want[1] {
			t.Errorf("%d: %q, %q", n, fr, en)
		}
	}
}
