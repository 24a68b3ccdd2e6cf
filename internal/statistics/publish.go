package statistics

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
	"mandat/internal/journal"
	"mandat/internal/org"
)

// settles is how long after its end a month is published.
const settles = 5 * 24 * time.Hour

// jitter is by how much the order of entries in the log may differ from that of their times, at the most: acts take seconds.
const jitter = time.Hour

// publication is the detail of an entry about a published month: how many lines, and the SHA-256 of them (see Digest).
type publication struct {
	Month string `json:"month"` // its first day
	Lines int    `json:"lines"`
	Sum   string `json:"sha256"`
}

// errPublished undoes the act of publishing what was published meanwhile.
var errPublished = errors.New("published before")

// Publish publishes the months that are over and were not published yet, the oldest first. It is for a job. A month is published once: nothing changes it, and no later one
// tells anything of it.
func (r *Register) Publish(ctx context.Context) error {
	for {
		month, err := r.due(ctx)
		if err != nil || month.IsZero() {
			return wrap("look which month is to be published", err)
		}
		lines, err := r.lines(ctx, month)
		if err == nil {
			err = r.publish(ctx, month, lines)
		}
		if errors.Is(err, errPublished) {
			return nil
		}
		if err != nil {
			return wrap("publish the figures of "+month.Format("2006-01"), err)
		}
	}
}

// due is the oldest month that is over long enough and was not published; the zero time for none. The first of all is that of the first act that was counted: the oldest are counted first.
func (r *Register) due(ctx context.Context) (time.Time, error) {
	var last, first *time.Time
	err := r.db.Read(ctx, db.System(), func(tx pgx.Tx) error {
		return tx.QueryRow(ctx, `select (select max(month) from statistics_edition), (select min(month) from statistics_month where organisation_id = '00000000-0000-0000-0000-000000000000')`).Scan(&last, &first)
	})
	if err != nil || last == nil && first == nil {
		return time.Time{}, err
	}
	month := time.Time{}
	if last != nil {
		month = last.UTC().AddDate(0, 1, 0)
	} else {
		month = first.UTC()
	}
	if r.clock.Now().Before(begins(month.AddDate(0, 1, 0)).Add(settles)) {
		return time.Time{}, nil
	}
	return month, nil
}

// lines counts a month, from the log: citizens are told apart here, and nowhere kept.
func (r *Register) lines(ctx context.Context, month time.Time) ([]Line, error) {
	departments, end, err := r.departments(ctx)
	if err != nil {
		return nil, err
	}
	from, err := r.indexAt(ctx, begins(month).Add(-jitter), end)
	if err != nil {
		return nil, err
	}
	after := month.AddDate(0, 1, 0)
	to, err := r.indexAt(ctx, begins(after).Add(jitter), end)
	if err != nil {
		return nil, err
	}
	all := map[string]sums{}
	for _, action := range published {
		all[action] = sums{}
	}
	for at := from; at < to; at += r.step {
		err := r.db.Read(ctx, db.System(), func(tx pgx.Tx) error {
			return read(ctx, tx, at, min(at+r.step, to), published, func(a *act) {
				if department := departments[a.organisation]; department != "" && !a.day.Before(month) && a.day.Before(after) {
					all[a.action].add(department, r.themesOf(a), a)
				}
			})
		})
		if err != nil {
			return nil, err
		}
	}
	var out []Line
	for _, action := range published {
		out = append(out, all[action].publishable(action)...)
	}
	slices.SortFunc(out, compareLines)
	return out, nil
}

func compareLines(a, b Line) int {
	return cmp.Or(cmp.Compare(a.Action, b.Action), cmp.Compare(a.Department, b.Department), cmp.Compare(a.Theme, b.Theme))
}

// departments are those of all organisations, and the size of the log.
func (r *Register) departments(ctx context.Context) (map[uuid.UUID]string, int64, error) {
	out := map[uuid.UUID]string{}
	var size int64
	err := r.db.Read(ctx, db.System(), func(tx pgx.Tx) error {
		if err := tx.QueryRow(ctx, `select coalesce((select size from journal_tree), 0)`).Scan(&size); err != nil {
			return err
		}
		rows, err := tx.Query(ctx, `select id, coalesce(department_code, ''), coalesce(insee_code, ''), postcode from organisation`)
		if err != nil {
			return err
		}
		var id uuid.UUID
		var department, insee, postcode string
		_, err = pgx.ForEachRow(rows, []any{&id, &department, &insee, &postcode}, func() error {
			out[id] = cmp.Or(department, org.DepartmentOf(insee), departmentOf(postcode))
			return nil
		})
		return err
	})
	return out, size, err
}

// departmentOf is the department of a postcode. In Corsica, the codes of the south begin with 200 and 201.
func departmentOf(postcode string) string {
	switch {
	case len(postcode) != 5:
		return ""
	case postcode[:2] == "97" || postcode[:2] == "98":
		return postcode[:3]
	case postcode[:3] == "200" || postcode[:3] == "201":
		return "2A"
	case postcode[:2] == "20":
		return "2B"
	}
	return postcode[:2]
}

// indexAt is an index of the log before which every entry is older than a time. It halves the log.
func (r *Register) indexAt(ctx context.Context, t time.Time, end int64) (int64, error) {
	low, high := int64(0), end
	err := r.db.Read(ctx, db.System(), func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, alongIndexes); err != nil {
			return err
		}
		for low < high {
			middle := low + (high-low)/2
			var index int64
			var at time.Time
			err := tx.QueryRow(ctx, `select l.index, e.at from journal_leaf l join journal_entry e on e.id = l.entry_id where l.index >= $1 and l.index < $2 order by l.index limit 1`, middle, high).Scan(&index, &at)
			switch {
			case errors.Is(err, pgx.ErrNoRows): // all of that half was forgotten
				high = middle
			case err != nil:
				return err
			case at.Before(t):
				low = index + 1
			default:
				high = middle
			}
		}
		return nil
	})
	return low, err
}

// Digest is the SHA-256 of a month's lines, as a list of lists in JSON, in their order.
func Digest(month time.Time, lines []Line) [32]byte {
	list := make([][]any, 0, len(lines))
	for _, l := range lines {
		list = append(list, []any{month.Format("2006-01"), l.Action, l.Department, l.Theme, l.Acts})
	}
	b, err := json.Marshal(list)
	if err != nil {
		return [32]byte{} // texts and numbers always have a form in JSON
	}
	return sha256.Sum256(b)
}

func (r *Register) publish(ctx context.Context, month time.Time, lines []Line) error {
	digest := Digest(month, lines)
	return r.journal.Record(ctx, journal.Program(), func(tx *journal.Tx) (journal.Event, error) {
		detail := publication{month.Format(time.DateOnly), len(lines), hex.EncodeToString(digest[:])}
		_, err := tx.Exec(ctx, `insert into statistics_edition (month, published_at, lines, sha256) values ($1, $2, $3, $4)`, month, tx.Now, len(lines), digest[:])
		if db.Unique(err, "") {
			return journal.Event{}, errPublished
		}
		if err == nil {
			_, err = tx.CopyFrom(ctx, pgx.Identifier{"statistics_line"}, []string{"month", "action", "department", "theme", "acts"}, pgx.CopyFromSlice(len(lines), func(i int) ([]any, error) {
				return []any{month, lines[i].Action, lines[i].Department, lines[i].Theme, lines[i].Acts}, nil
			}))
		}
		return journal.Event{Action: "statistics.published", Detail: detail}, err
	})
}
