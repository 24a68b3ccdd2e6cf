package conformance

import (
	"strings"
	"testing"
)

func TestMember(t *testing.T) {
	t.Parallel()
	metadata := map[string]any{"algs": []any{"ES256"}, "request": false, "claims": true}
	for member, want := range map[[2]string]string{{"algs", "none"}: `"algs":["ES256"]`, {"request", ""}: `"request":false`} {
		if got, err := Member(metadata, member[0], member[1]); err != nil || got != want {
			t.Errorf("%v: %s %v", member, got, err)
		}
	}
	for _, member := range [][2]string{{"algs", "ES256"}, {"claims", ""}, {"absent", ""}, {"absent", "x"}, {"algs", ""}, {"request", "x"}} {
		if got, err := Member(metadata, member[0], member[1]); err == nil {
			t.Errorf("%v: %s", member, got)
		}
	}
}

func TestDocument(t *testing.T) {
	t.Parallel()
	got := Document([]Plan{{"Basic", "basic-plan", []Result{{Name: "a", Passed: true}, {Name: "b", Passed: true, Missing: `"x":false`, Note: "why"}, {Name: "c", Note: "but"}}}})
	for _, want := range []string{"\n1 passed, 1 not offered.\n**1 failed.**\n", "## Basic (`basic-plan`)", "| `a` | passed |  |", "| `b` | not offered | `\"x\":false` why |", "| `c` | **failed** | but |"} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
}
