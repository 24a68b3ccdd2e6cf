package jobs

import (
	"testing"
	"time"
)

// Rounds keep to the clock, whenever a server began to lead.
func TestRounds(t *testing.T) {
	t.Parallel()
	for from, want := range map[string]string{"2026-11-21T10:20:30Z": "2026-11-21T11:00:00Z", "2026-11-21T10:59:59.999Z": "2026-11-21T11:00:00Z", "2026-11-21T11:00:00Z": "2026-11-21T12:00:00Z"} {
		if got := rounds(time.Hour).Next(at(t, from)); !got.Equal(at(t, want)) {
			t.Errorf("after %s comes %s, want %s", from, got, want)
		}
	}
	if got := rounds(24 * time.Hour).Next(at(t, "2026-11-21T10:20:30+01:00")); !got.Equal(at(t, "2026-11-22T00:00:00Z")) {
		t.Errorf("the night is at %s", got)
	}
}

func at(t *testing.T, text string) time.Time {
	t.Helper()
	out, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		t.Fatal(err)
	}
	return out
}
