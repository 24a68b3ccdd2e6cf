package main

import (
	"fmt"
	"strings"
	"time"

	"mandat/internal/journal/format"
	"mandat/internal/journal/verify"
)

// sayPart tells what an export of a part shows, and what it cannot.
func sayPart(r verify.Report, took time.Duration) {
	fmt.Printf("whole, as far as it goes: %s, %s of %s entries, each where it says under the root %x, checked in %v\n", r.Origin, grouped(r.Entries+r.Over), grouped(r.Size), r.Root, took)
	if r.Over > 0 {
		fmt.Printf("  of %s of them nothing is known but that they were: which entries say that they were forgotten, only an export of everything shows\n", grouped(r.Over))
	}
	stretch := fmt.Sprintf("entries %d to %d", r.Asked.From, r.Asked.End(r.Size)-1)
	if r.Asked.Filter == (format.Filter{}) {
		fmt.Printf("  it holds every one of the %s\n", stretch)
		return
	}
	fmt.Printf("  asked for were those of the %s that are of one %s: that none of these was left out, only an export without a filter shows\n",
		stretch, strings.Join(r.Asked.Filter.Sorts(), " and one "))
}
