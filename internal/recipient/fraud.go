package recipient

import (
	"context"
	"fmt"
	"regexp"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/journal"
)

// Seen is an entry as the fraud team sees it.
type Seen struct {
	ID           int64 // grows with time
	Index        int64 // in the log; -1 until it is provable
	At           time.Time
	Action       string
	Organisation string // its name
	Person       uuid.UUID
	Citizen      uuid.UUID
	Login        string // "" for ends
	Outcome      string // why it was refused or given up, or how the mandate ended; "" for a use

	organisation uuid.UUID
}

// How long a time may be asked for, all of it, or what concerns one citizen; how much is shown of it; and how many entries of each of its actions are looked through for a page, which may show none of them: first so
// many, which fill most pages, then more at a time.
const (
	Span          = 31 * 24 * time.Hour
	SpanOfOne     = 366 * 24 * time.Hour
	mostEntries   = 50
	lookedThrough = 5000
	lookedFirst   = 250
	grows         = 4
)

// Wanted is what the fraud team looks for: a time, and in it everything, or what concerns one citizen, by the sub that FranceConnect was given or by the pseudonym of an entry.
type Wanted struct {
	Since, Until time.Time
	Sub          string
	Citizen      uuid.UUID
	Before       int64 // Found.Next of the page before; 0 begins with the newest
}

// Found is a page of entries, the newest first.
type Found struct {
	Seen    []Seen
	Next    int64     // Wanted.Before of the next page, 0 when there is none
	Reached time.Time // the page is not full, and what was done until then has not been looked through yet; zero: the page is full, or all was
}

var sub = regexp.MustCompile(`^[A-Za-z0-9_-]{43}$`)

// ValidSub reports whether a text can be a sub of ours.
func ValidSub(text string) bool { return sub.MatchString(text) }

// one reports whether a citizen is asked for.
func (w Wanted) one() bool { return w.Sub != "" || w.Citizen != uuid.Nil }

// stands reports whether it may be looked for. Days are somebody's days: those in which clocks go back are an hour longer.
func (w Wanted) stands() bool {
	longest := Span
	if w.one() {
		longest = SpanOfOne
	}
	span := w.Until.Sub(w.Since)
	return span > 0 && span <= longest+time.Hour && (w.Sub == "" || ValidSub(w.Sub))
}

// sorts names what is asked for, never which.
func (w Wanted) sorts() []string {
	out := []string{"from", "to"}
	if w.Sub != "" {
		out = append(out, "sub")
	}
	if w.Citizen != uuid.Nil {
		out = append(out, "citizen")
	}
	if w.Before > 0 {
		out = append(out, "page")
	}
	return out
}

func (w Wanted) text() string {
	return fmt.Sprintf("%s %s %q %s %d", journal.TimeText(w.Since), journal.TimeText(w.Until), w.Sub, w.Citizen, w.Before)
}

// fraudEntries has a row for where it looked, even when it found nothing there.
const fraudEntries = `select s.low, s.reached, e.id, coalesce(e.index, -1), e.at, e.action, coalesce(e.organisation_id, '00000000-0000-0000-0000-000000000000'), coalesce(e.organisation, ''),
	coalesce(e.person_id, '00000000-0000-0000-0000-000000000000'), coalesce(e.citizen_id, '00000000-0000-0000-0000-000000000000'), coalesce(e.login, ''), coalesce(e.outcome, '')
	from recipient_fraud_span($3, $4, $5, $6) s left join lateral recipient_fraud_entries($1, $2, $3, $4, s.low, s.high, $7) e on true order by e.id desc`

// Search returns a page of what the fraud team sees, which is a reading. A sub that is nobody's, or nobody's any more, finds nothing. It returns ErrSpan, org.ErrMayNot, throttle.WaitError.
func (r *Register) Search(ctx context.Context, by journal.Actor, w Wanted) (Found, error) {
	if !w.stands() {
		return Found{}, ErrSpan
	}
	var out Found
	err := r.spend(ctx, by, journal.Fraud, searches, pageSearch)
	if err == nil {
		out, err = r.search(ctx, by, w)
	}
	if err != nil {
		return Found{}, wrap("search for the fraud team", err)
	}
	e := journal.Event{Action: "recipient.searched", Detail: searched{Filters: w.sorts(), Results: len(out.Seen), Query: digest(w.text())}}
	if w.one() && len(out.Seen) > 0 {
		e.Citizen, e.Organisation = out.Seen[0].Citizen, out.Seen[0].organisation // found, and forgotten, with the citizen's other entries
	}
	return out, wrap("record a search", r.read(ctx, by, e))
}

func (r *Register) search(ctx context.Context, by journal.Actor, w Wanted) (Found, error) {
	citizen := w.Citizen
	if w.Sub != "" {
		var known []uuid.UUID
		b := &pgx.Batch{}
		collect(b, &known, pgx.RowTo[uuid.UUID], `select citizen_id from recipient_fraud_citizen($1, $2)`, r.clients.Sectors, w.Sub)
		if _, err := r.ask(ctx, by, b); err != nil || len(known) == 0 || citizen != uuid.Nil && citizen != known[0] {
			return Found{}, err
		}
		citizen = known[0]
	}
	w.Citizen = citizen
	out := Found{Next: w.Before}
	for left, step := r.reach, lookedFirst; left > 0; left, step = left-step, grows*step {
		if err := r.look(ctx, by, w, min(step, left), &out); err != nil {
			return Found{}, err
		}
		if len(out.Seen) > mostEntries {
			return Found{Seen: out.Seen[:mostEntries], Next: out.Seen[mostEntries-1].ID}, nil
		}
		if out.Next == 0 {
			break
		}
	}
	return out, nil
}

// look looks through some entries of each action from where out ends, or through all of one citizen, and adds what it finds.
func (r *Register) look(ctx context.Context, by journal.Actor, w Wanted, some int, out *Found) error {
	var before *int64
	if out.Next > 0 {
		before = &out.Next
	}
	of, reach := (*uuid.UUID)(nil), &some
	if w.Citizen != uuid.Nil {
		of, reach = &w.Citizen, nil // there are few
	}
	next := Found{Seen: out.Seen}
	b := &pgx.Batch{}
	b.Queue(fraudEntries, r.clients.IDs, of, w.Since, w.Until, before, reach, mostEntries+1).Query(next.read)
	_, err := r.ask(ctx, by, b)
	*out = next
	return err
}

// read reads the rows of fraudEntries.
func (f *Found) read(rows pgx.Rows) error {
	var low int64
	var reached, at *time.Time
	var id *int64
	var action *string
	var s Seen
	_, err := pgx.ForEachRow(rows, []any{&low, &reached, &id, &s.Index, &at, &action, &s.organisation, &s.Organisation, &s.Person, &s.Citizen, &s.Login, &s.Outcome}, func() error {
		if reached != nil {
			f.Next, f.Reached = low, reached.UTC()
		}
		if id != nil {
			s.ID, s.At, s.Action = *id, at.UTC(), *action
			f.Seen = append(f.Seen, s)
		}
		return nil
	})
	return err
}
