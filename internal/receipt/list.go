package receipt

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
	"mandat/internal/receipt/format"
)

// How old what somebody gets may be. Made and kept for so long, and kept as long again by a cache: an end is seen everywhere within
// twice of it.
const (
	ListFresh = 2 * time.Second // a list that was made so long ago is made anew
	ListKept  = 2 * time.Second // by caches, and as ttl says
	listLife  = time.Hour       // what was fetched tells something for so long, to who can fetch nothing newer
)

// published is a list as it was made last.
type published struct {
	at    time.Time
	token string
}

// shelf holds the lists that were made, and knows for as long which is the newest: who asks for what is there, or for what there is not, asks no database.
type shelf struct {
	mutex  sync.Mutex
	lists  map[int]published
	newest int
	seenAt time.Time // when newest was looked up
}

// get returns a list that is fresh enough, or db.ErrNotFound for one that there is not; false when it has to be made.
func (s *shelf) get(list int, now time.Time) (string, bool, error) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if made, ok := s.lists[list]; ok && fresh(made.at, now) {
		return made.token, true, nil
	}
	if list < 1 || list > s.newest && fresh(s.seenAt, now) {
		return "", true, db.ErrNotFound
	}
	return "", false, nil
}

func fresh(at, now time.Time) bool { return !now.Before(at) && now.Sub(at) < ListFresh }

// put keeps a list that was made, if there is such a list, and which is the newest.
func (s *shelf) put(list, newest int, made published) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.newest, s.seenAt = newest, made.at
	if made.token != "" {
		s.lists[list] = made
	}
}

// What is left at places of a list: nothing of it, some of several powers were ended before their time, or all; or auditors suspended it (2). One is named between the two parts, or none for every one.
const (
	placesOf = `select s.idx, case when count(*) filter (where p.state <> 'ended' and p.ends_at > $2::timestamptz) = 0 then 1
			when bool_or(p.suspended_at is not null) filter (where p.state <> 'ended') then 2
			when count(*) filter (where p.ended_at < p.ends_at) > 0 then 3 else 0 end as status
		from receipt_status s join mandate_power p on p.mandate_id = s.mandate_id and (s.procedure is null or p.procedure = s.procedure and p.case_ref = s.case_ref)
		where s.list = $1 `
	grouped = ` group by s.list, s.idx`
)

// What has ended, decoys among it, which end by the clock.
const ended = `select idx, status from (` + placesOf + grouped + `) places where status <> 0
	union all select idx, 1 from receipt_status where list = $1 and decoy_ends_at <= $2`

// List returns a status list token (draft-ietf-oauth-status-list) as it is to be published: at most ListFresh old. It returns db.ErrNotFound for a list
// that there is not.
func (r *Register) List(ctx context.Context, list int) (string, error) {
	if text, ok, err := r.shelf.get(list, r.clock.Now()); ok {
		return text, err
	}
	select { // one query for all who ask meanwhile
	case r.making <- struct{}{}:
		defer func() { <-r.making }()
	case <-ctx.Done():
		return "", ctx.Err()
	}
	now := r.clock.Now()
	if text, ok, err := r.shelf.get(list, now); ok {
		return text, err
	}
	text, newest, err := r.makeList(ctx, list, now)
	if err != nil {
		return "", fmt.Errorf("status list %d: %w", list, err)
	}
	r.shelf.put(list, newest, published{now, text})
	if text == "" {
		return "", db.ErrNotFound
	}
	return text, nil
}

// makeList returns "" for a list that there is not.
func (r *Register) makeList(ctx context.Context, list int, now time.Time) (text string, newest int, err error) {
	statuses, batch := map[int]uint8{}, &pgx.Batch{}
	batch.Queue(`select max(list) from receipt_list`).QueryRow(func(row pgx.Row) error { return row.Scan(&newest) })
	batch.Queue(ended, list, now).Query(func(rows pgx.Rows) error {
		var idx int
		var status uint8
		_, err := pgx.ForEachRow(rows, []any{&idx, &status}, func() error {
			statuses[idx] = status
			return nil
		})
		return err
	})
	if err := r.db.Ask(ctx, db.System(), batch); err != nil || list > newest {
		return "", newest, err
	}
	packed, err := format.Pack(places, statuses)
	if err != nil {
		return "", newest, err
	}
	text, err = r.seal(format.ListType, format.Claims{Subject: r.uri(list), IssuedAt: now.Unix(), Expiry: now.Add(listLife).Unix(), TTL: int64(ListKept / time.Second), Statuses: packed})
	return text, newest, err
}
