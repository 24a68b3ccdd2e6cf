package mailbox

import "testing"

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
