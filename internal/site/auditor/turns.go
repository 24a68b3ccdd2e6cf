package auditor

import (
	"net/http"
	"sync/atomic"

	"mandat/internal/page"
)

// How much of the long work a server does at once for auditors: each piece holds one of their few connections to the database, again and again or all along.
const (
	mostExports     = 2
	mostComparisons = 1
)

// turns counts the long work that is under way.
type turns struct{ exports, comparisons atomic.Int32 }

// begin begins a piece of long work of a sort, if there are not too many; who begins it ends it.
func begin(sort *atomic.Int32, most int32, back string) (end func(), err error) {
	if sort.Add(1) > most {
		sort.Add(-1)
		return nil, page.NewProblem(http.StatusServiceUnavailable, "auditor.problem.busy", back)
	}
	return func() { sort.Add(-1) }, nil
}
