package sampling

import (
	"context"
	"encoding/hex"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
	"mandat/internal/journal"
	"mandat/internal/journal/draw"
	"mandat/internal/journal/verify"
	"mandat/internal/org"
	"mandat/internal/token"
)

// Wish is what an auditor orders.
type Wish struct {
	Actions      []string // of journal.Actions; none: every one
	Organisation uuid.UUID
	Procedure    string
	Service      string
	Since, Until time.Time // zero: from the first entry, to the order
	Wanted       int       // 1 to draw.Most
	Reason       string
	Share        string // SHA-256, in base 16, of the share that will be given (draw.Share); "": the program draws by itself
}

const longest = 100 // characters of a procedure's or a service's name

// population is the wish as the entry has it.
func (w Wish) population() (draw.Population, error) {
	p := draw.Population{Actions: slices.Compact(slices.Sorted(slices.Values(w.Actions))), Procedure: w.Procedure, Service: w.Service}
	for _, a := range p.Actions {
		if !slices.ContainsFunc(journal.Actions(), func(known journal.Action) bool { return known.Name == a }) {
			return p, ErrPopulation
		}
	}
	for _, text := range []string{w.Procedure, w.Service} {
		if utf8.RuneCountInString(text) > longest || !utf8.ValidString(text) || strings.ContainsFunc(text, unicode.IsControl) {
			return p, ErrPopulation
		}
	}
	if w.Organisation != uuid.Nil {
		p.Organisation = w.Organisation.String()
	}
	if !w.Since.IsZero() {
		p.Since = journal.TimeText(w.Since)
	}
	if !w.Until.IsZero() {
		p.Until = journal.TimeText(w.Until)
	}
	if p.Since != "" && p.Until != "" && p.Until <= p.Since {
		return p, ErrPopulation
	}
	return p, nil
}

// order checks a wish.
func (r *Register) order(w Wish) (draw.Order, error) {
	if err := r.Refuses(); err != nil {
		return draw.Order{}, err
	}
	p, err := w.population()
	switch {
	case err != nil:
		return draw.Order{}, err
	case w.Wanted < 1 || w.Wanted > draw.Most:
		return draw.Order{}, ErrWanted
	case !slices.Contains(Reasons(), w.Reason):
		return draw.Order{}, ErrReason
	}
	if b, err := hex.DecodeString(w.Share); w.Share != "" && (err != nil || len(b) != 32 || hex.EncodeToString(b) != w.Share) {
		return draw.Order{}, draw.ErrShare
	}
	o := draw.Order{Population: p, Wanted: w.Wanted, Reason: w.Reason, Share: w.Share}
	for _, c := range r.trust.Authorities {
		o.Authorities = append(o.Authorities, draw.CertificateSum(c))
	}
	return o, nil
}

// witnesses are those of the policy, in its sequence, that cosigned the newest witnessed checkpoint: the ones that can be counted on now.
func (r *Register) witnesses(cosigned []string) ([]string, error) {
	var out []string
	for _, w := range r.trust.Policy.Witnesses() {
		if slices.Contains(cosigned, w.ID()) {
			out = append(out, w.ID())
		}
	}
	if !r.trust.Policy.Reaches(func(w verify.Witness) bool { return slices.Contains(out, w.ID()) }) {
		return nil, ErrNotYet
	}
	return out, nil
}

// Order orders a sample. What is drawn from are the entries that stand before the order's own. Nobody takes an order back, and each auditor has one at a time that was not
// drawn yet. Errors: ErrWitnesses, ErrAuthority, ErrNotYet, ErrPopulation, ErrWanted, ErrReason, ErrStanding, draw.ErrShare, org.ErrMayNot.
func (r *Register) Order(ctx context.Context, by journal.Actor, w Wish) (Sample, error) {
	o, err := r.order(w)
	if err != nil {
		return Sample{}, wrap("order a sample", err)
	}
	s := Sample{ID: token.ID(), State: Ordered, OrderedBy: by.Person, Wanted: w.Wanted, Bound: w.Share != ""}
	first := &pgx.Batch{}
	may := org.MayAudit(first, by)
	var cosigned []string
	first.Queue(`select pg_advisory_xact_lock(hashtextextended('sample number', 0))`)
	first.Queue(`select coalesce(array_agg(key), '{}') from journal_cosignature where size = (select max(size) from journal_witnessed)`).QueryRow(func(row pgx.Row) error { return row.Scan(&cosigned) })
	err = r.journal.RecordAfter(ctx, by, first, func(tx *journal.Tx) (journal.Event, error) {
		if err := may(); err != nil {
			return journal.Event{}, err
		}
		if o.Witnesses, err = r.witnesses(cosigned); err != nil {
			return journal.Event{}, err
		}
		s.OrderedAt, s.EndsAt, s.Year = tx.Now, tx.Now.Add(draw.Term), tx.Now.Year()
		err := tx.QueryRow(ctx, `insert into sample (id, year, number, state, wanted, bound, ordered_by, ordered_at, ends_at)
			select $1, $2::int, coalesce(max(number), 0) + 1, 'ordered', $3::int, $4::boolean, $5::uuid, $6::timestamptz, $7::timestamptz from sample where year = $2 returning number`,
			s.ID, s.Year, s.Wanted, s.Bound, by.Person, s.OrderedAt, s.EndsAt).Scan(&s.Number)
		if db.Unique(err, "sample_standing") {
			err = ErrStanding
		}
		o.Sample, o.Number, o.EndsAt = s.ID.String(), s.Name(), journal.TimeText(s.EndsAt)
		return journal.Event{Action: "sample.ordered", Detail: o}, err
	})
	return s, wrap("order a sample", err)
}
