package citizen

import (
	"sync"
	"time"

	"github.com/google/uuid"
)

// How long the names of an organisation stay in memory after the last search there, and of how many people in all.
const (
	namesLife = 10 * time.Minute
	maxNames  = 200_000
)

// name is what a search compares with what was typed.
type name struct {
	folded    []byte
	birthdate []byte
	version   uint32 // of the row it was opened from: PostgreSQL's xmin
}

// names are those of the organisations in which somebody has been looked for just now: opening the rows of twenty thousand people takes longer than
// everything else about a search. A name is used only for a row that the search itself has just read, in the version it was opened from, so who was
// erased, or is called otherwise now, is not found by it. The next search there forgets it, and time does if there is none.
type names struct {
	mu    sync.Mutex
	of    map[uuid.UUID]kept
	count int
}

// kept are the names of one organisation. The map is never changed, but replaced.
type kept struct {
	people map[uuid.UUID]name
	over   *time.Timer
}

func newNames() *names { return &names{of: map[uuid.UUID]kept{}} }

// in returns the names known of an organisation's people.
func (n *names) in(organisation uuid.UUID) map[uuid.UUID]name {
	n.mu.Lock()
	defer n.mu.Unlock()
	k, ok := n.of[organisation]
	if ok {
		k.over.Reset(namesLife)
	}
	return k.people
}

// keep takes the names of an organisation's people in place of those it had, unless there are too many in all.
func (n *names) keep(organisation uuid.UUID, people map[uuid.UUID]name) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.drop(organisation)
	if n.count+len(people) > maxNames {
		return
	}
	n.count += len(people)
	n.of[organisation] = kept{people, time.AfterFunc(namesLife, func() {
		n.mu.Lock()
		defer n.mu.Unlock()
		n.drop(organisation)
	})}
}

func (n *names) drop(organisation uuid.UUID) {
	k, ok := n.of[organisation]
	if !ok {
		return
	}
	k.over.Stop()
	n.count -= len(k.people)
	delete(n.of, organisation)
}
