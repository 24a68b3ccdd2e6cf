package testimony

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"time"

	"mandat/internal/journal/tree"
	"mandat/internal/journal/verify"
)

// agreeWithin is how long a server waits for the witnesses before it starts.
const agreeWithin = 3 * time.Second

// Agree asks each witness, before a server grows the tree, whether it holds more entries of it than the database. It returns
// tree.ErrBelow when so many do that the quorum cannot stand without them: the database went back, and signing on would give
// the lost entries' places to others. A single witness cannot stop a server by saying so where others are enough, and one that does
// not answer stops nobody. db.ErrNotFound: there is no tree yet.
func (c *Collector) Agree(ctx context.Context) error {
	signed, err := c.log.Latest(ctx)
	if err != nil {
		return err
	}
	short, cancel := context.WithTimeout(ctx, agreeWithin)
	defer cancel()
	held := c.holdings(short, string(signed))
	size, err := c.treeSize(ctx) // as it is now: another server may have grown it since
	if err != nil {
		return err
	}
	largest := int64(0)
	agrees := func(w verify.Witness) bool {
		largest = max(largest, held[w.ID()])
		return held[w.ID()] <= size
	}
	if c.policy.Reaches(agrees) {
		return nil
	}
	return fmt.Errorf("%w: witnesses hold %d entries of it, the database %d", tree.ErrBelow, largest, size)
}

// holdings are the sizes that witnesses say they hold. To be told, one is asked to begin from nothing: who has begun refuses, and says
// where it is.
func (c *Collector) holdings(ctx context.Context, signed string) map[string]int64 {
	var mu sync.Mutex
	var all sync.WaitGroup
	held := map[string]int64{}
	for _, w := range c.policy.Witnesses() {
		all.Go(func() {
			a, err := c.post(ctx, w, 0, nil, signed)
			if err != nil || a.status != http.StatusConflict || a.held < 0 {
				return
			}
			mu.Lock()
			defer mu.Unlock()
			held[w.ID()] = a.held
		})
	}
	all.Wait()
	return held
}
