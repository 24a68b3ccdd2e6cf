package recipient

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/journal"
	"mandat/internal/org"
	"mandat/internal/private"
	"mandat/internal/token"
	"mandat/internal/wrapping"
)

// Signal is what the fraud team told auditors.
type Signal struct {
	ID       uuid.UUID
	Kind     string  // Denied and the others
	Entries  []int64 // places in the log
	Words    string  // "" once they are forgotten
	State    string  // Raised and the others
	RaisedBy uuid.UUID
	RaisedAt time.Time
	Case     uuid.UUID // nil: in none
	TakenAt  time.Time
	Outcome  string // Acted and the others, "" until it is closed
	ClosedBy uuid.UUID
	ClosedAt time.Time

	wrapped, sealed []byte
}

// Why something is signalled.
const (
	Denied     = "denied"     // the citizen says that it was not for them
	Impossible = "impossible" // it does not go with something else that is known of the account
	Many       = "many"       // too many, from one place or for one account
	Other      = "other"
)

// Kinds are all of them.
func Kinds() []string { return []string{Denied, Impossible, Many, Other} }

// The states of a signal.
const (
	Raised = "raised"
	InCase = "in_case"
	Closed = "closed"
)

// What became of a signal.
const (
	Acted     = "acted"     // something was wrong, and auditors did what had to be done about it
	Explained = "explained" // it was right
	Unfounded = "unfounded" // the entries do not show it
)

// Outcomes are all of them.
func Outcomes() []string { return []string{Acted, Explained, Unfounded} }

// How long the words are, in characters; how many entries a signal may name; how many are listed; how long the words of a closed one are kept.
const (
	WordsMin    = 20
	WordsMax    = 1000
	EntriesMost = 20
	listed      = 200
	keepWords   = 365 * 24 * time.Hour
)

// purpose is for what the words of a signal are sealed. It never changes.
const purpose = "recipient.signal"

// signalled is the detail of entries about signals.
type signalled struct {
	Signal      string `json:"signal"`
	Kind        string `json:"kind,omitempty"`
	Entries     int    `json:"entries,omitempty"` // how many
	WordsSHA256 string `json:"words_sha256,omitempty"`
	Case        string `json:"case,omitempty"`
	Outcome     string `json:"outcome,omitempty"`
}

// Raise tells auditors of entries that the fraud team sees, and why. It returns ErrEntries, ErrWords, ErrSecret, org.ErrMayNot, org.ErrFactorTooOld, throttle.WaitError.
func (r *Register) Raise(ctx context.Context, by journal.Actor, kind string, entries []int64, words string) (uuid.UUID, error) {
	entries = slices.Compact(slices.Sorted(slices.Values(entries)))
	words = strings.Join(strings.Fields(words), " ")
	switch n := utf8.RuneCountInString(words); {
	case len(entries) == 0 || len(entries) > EntriesMost:
		return uuid.Nil, ErrEntries
	case !slices.Contains(Kinds(), kind) || n < WordsMin || n > WordsMax:
		return uuid.Nil, ErrWords
	case private.Holds(words) != "":
		return uuid.Nil, ErrSecret
	}
	if err := org.Fresh(by, r.clock.Now()); err != nil {
		return uuid.Nil, err
	}
	if err := r.spend(ctx, by, journal.Fraud, signals, pageSignal); err != nil {
		return uuid.Nil, wrap("raise a signal", err)
	}
	id := token.ID()
	wrapped, sealed, err := r.keys.Seal(id, purpose, []byte(words))
	if err != nil {
		return uuid.Nil, wrap("raise a signal", err)
	}
	first := &pgx.Batch{}
	may := org.MayReceive(first, by)
	held := 0
	first.Queue(`select set_config('mandat.recipient', coalesce((`+scope+`), ''), true)`, by.Person)
	first.Queue(`select recipient_fraud_holds($1, $2)`, r.clients.IDs, entries).QueryRow(func(row pgx.Row) error { return row.Scan(&held) })
	err = r.journal.RecordAfter(ctx, by, first, func(tx *journal.Tx) (journal.Event, error) {
		if err := may(); err != nil {
			return journal.Event{}, err
		}
		if held != len(entries) {
			return journal.Event{}, ErrEntries
		}
		sum := sha256.Sum256(sealed)
		_, err := tx.Exec(ctx, `insert into recipient_signal (id, kind, entries, data_key, words, words_sha256, state, raised_by, raised_at) values ($1, $2, $3, $4, $5, $6, 'raised', $7, $8)`,
			id, kind, entries, wrapped, sealed, sum[:], by.Person, tx.Now)
		return journal.Event{Action: "signal.raised", Detail: signalled{Signal: id.String(), Kind: kind, Entries: len(entries), WordsSHA256: hex.EncodeToString(sum[:])}}, err
	})
	return id, wrap("raise a signal", err)
}

const signalColumns = `s.id, s.kind, s.entries, s.data_key, s.words, s.state, s.raised_by, s.raised_at, coalesce(s.case_id, '00000000-0000-0000-0000-000000000000'), coalesce(s.taken_at, '0001-01-01'), coalesce(s.outcome, ''),
	coalesce(s.closed_by, '00000000-0000-0000-0000-000000000000'), coalesce(s.closed_at, '0001-01-01')`

func scanSignal(row pgx.CollectableRow) (Signal, error) {
	var s Signal
	err := row.Scan(&s.ID, &s.Kind, &s.Entries, &s.wrapped, &s.sealed, &s.State, &s.RaisedBy, &s.RaisedAt, &s.Case, &s.TakenAt, &s.Outcome, &s.ClosedBy, &s.ClosedAt)
	return s, err
}

// open opens the words of signals.
func (r *Register) open(all []Signal) error {
	for i := range all {
		s := &all[i]
		if s.sealed == nil {
			continue
		}
		words, err := r.keys.Unseal(s.ID, purpose, s.wrapped, s.sealed)
		if err != nil {
			return err
		}
		s.Words = string(words)
	}
	return nil
}

// Signals lists what the fraud team raised, the newest first, to one of them. In which case it is stays with the auditors. It returns org.ErrMayNot.
func (r *Register) Signals(ctx context.Context, by journal.Actor) ([]Signal, error) {
	var out []Signal
	b := &pgx.Batch{}
	collect(b, &out, scanSignal, `select `+signalColumns+` from recipient_signal s order by s.raised_at desc, s.id limit $1`, listed)
	as, err := r.ask(ctx, by, b)
	if err == nil && as != org.Fraud {
		err = org.ErrMayNot
	}
	if err == nil {
		err = r.open(out)
	}
	if err != nil {
		return nil, wrap("list signals", err)
	}
	for i := range out {
		out[i].Case, out[i].ClosedBy = uuid.Nil, uuid.Nil
	}
	return out, nil
}

// Wrapped is the column of the keys under which words lie.
func Wrapped() wrapping.Column {
	return wrapping.Column{
		Table: "recipient_signal",
		Read: `select id::text, id::text, data_key from recipient_signal where id > coalesce(nullif($1, '')::uuid, '00000000-0000-0000-0000-000000000000')
			and substr(data_key, 1, 5) = any ($2::bytea[]) order by id limit $3`,
		Write: `update recipient_signal a set data_key = n.data_key from unnest($1::text[], $2::bytea[], $3::bytea[]) n (id, was, data_key)
			where a.id = n.id::uuid and a.data_key = n.was`,
		Rewrap: wrapping.DataKey,
	}
}
