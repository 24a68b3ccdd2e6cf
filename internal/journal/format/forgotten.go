package format

import (
	"strconv"
	"strings"
)

// Accounts are the actions whose entries say which others were forgotten, in the member "forgotten" of their detail: indexes in the log, as
// runs. They are never forgotten themselves.
var Accounts = []string{"citizen.erased", "entries.forgotten"}

// Run is a run of indexes in the log, both included.
type Run struct{ First, Last int64 }

// String writes "12-15", or "40" for one index alone: the form in which entries name it.
func (r Run) String() string {
	if r.First == r.Last {
		return strconv.FormatInt(r.First, 10)
	}
	return strconv.FormatInt(r.First, 10) + "-" + strconv.FormatInt(r.Last, 10)
}

// Runs writes indexes, which must be in ascending order and each there once, as the fewest runs.
func Runs(indexes []int64) []Run {
	var out []Run
	for _, i := range indexes {
		if n := len(out); n > 0 && out[n-1].Last+1 == i {
			out[n-1].Last = i
			continue
		}
		out = append(out, Run{i, i})
	}
	return out
}

// ParseRuns reads runs in exactly the form that Runs and String write them: in ascending order, none joined to the next. ok is false for
// anything else.
func ParseRuns(texts []string) (runs []Run, ok bool) {
	runs = make([]Run, 0, len(texts))
	for _, text := range texts {
		first, last, span := strings.Cut(text, "-")
		if !span {
			last = first
		}
		var r Run
		var err, bad error
		r.First, err = ParseIndex(first)
		r.Last, bad = ParseIndex(last)
		if err != nil || bad != nil || r.First > r.Last || span && r.First == r.Last || len(runs) > 0 && r.First <= runs[len(runs)-1].Last+1 {
			return nil, false
		}
		runs = append(runs, r)
	}
	return runs, true
}
