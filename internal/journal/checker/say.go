package checker

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"

	"mandat/internal/journal/format"
	"mandat/internal/journal/verify"
)

// sayPart tells what an export of a part shows, and what it cannot.
func sayPart(r verify.Report, took time.Duration) {
	fmt.Printf("whole, as far as it goes: %s, %s of %s entries, each where it says under the root %x, checked in %v\n", r.Origin, Grouped(r.Entries+r.Over), Grouped(r.Size), r.Root, took)
	if r.Over > 0 {
		fmt.Printf("  of %s of them nothing is known but that they were: which entries say that they were forgotten, only an export of everything shows\n", Grouped(r.Over))
	}
	stretch := fmt.Sprintf("entries %d to %d", r.Asked.From, r.Asked.End(r.Size)-1)
	if r.Asked.Filter == (format.Filter{}) {
		fmt.Printf("  it holds every one of the %s\n", stretch)
		return
	}
	fmt.Printf("  asked for were those of the %s that are of one %s: that none of these was left out, only an export without a filter shows\n",
		stretch, strings.Join(r.Asked.Filter.Sorts(), " and one "))
}

// Grouped writes a number with commas between thousands.
func Grouped(n int64) string {
	s := strconv.FormatInt(n, 10)
	for at := len(s) - 3; at > 0; at -= 3 {
		s = s[:at] + "," + s[at:]
	}
	return s
}

// Printable replaces what a terminal would obey instead of showing: an error may quote what strangers wrote.
func Printable(text string) string {
	return strings.Map(func(r rune) rune {
		if r != '\n' && r != '\t' && (unicode.IsControl(r) || unicode.Is(unicode.Cf, r)) {
			return unicode.ReplacementChar
		}
		return r
	}, text)
}
