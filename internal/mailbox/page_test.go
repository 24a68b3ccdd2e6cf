package mailbox

import (
	"slices"
	"testing"
)

// French puts an unbreakable space before a colon: it is no part of the address.
func TestLinked_EndsAtAnySpace(t *testing.T) {
	t.Parallel()
	for _, space := range []string{" ", "\n", "\u00a0", "\u202f"} {
		text := "de http://localhost:1/a?b=c&d" + space + ": <b>"
		if got, want := string(linked(text)), `de <a href="http://localhost:1/a?b=c&amp;d">http://localhost:1/a?b=c&amp;d</a>`+space+": &lt;b&gt;"; got != want {
			t.Errorf("%q, want %q", got, want)
		}
		if got := (Message{Text: text}).Link(); got != "http://localhost:1/a?b=c&d" {
			t.Errorf("the link is %q", got)
		}
	}
}

// A page shows the latest, and leads to those before until there are none.
func TestLatest_LeadsToWhatIsOlder(t *testing.T) {
	t.Parallel()
	var all []Message
	for number := range 2*pageLength + 1 {
		all = append(all, Message{Number: number + 1})
	}
	want, before := 2*pageLength+1, 0
	for _, length := range []int{pageLength, pageLength, 1} {
		var shown []Message
		shown, before = latest(slices.Clone(all), before)
		if len(shown) != length {
			t.Fatalf("%d messages, want %d", len(shown), length)
		}
		for _, m := range shown {
			if m.Number != want {
				t.Fatalf("number %d, want %d", m.Number, want)
			}
			want--
		}
	}
	if before != 0 || want != 0 {
		t.Errorf("older than %d, and %d not shown", before, want)
	}
}
