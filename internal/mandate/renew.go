package mandate

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
	"mandat/internal/draft"
	"mandat/internal/journal"
	"mandat/internal/procedure"
	"mandat/internal/terms"
)

// renewed is the mandate that a draft renews.
type renewed struct {
	id, citizen      uuid.UUID
	state, reason    string
	starts, ends     time.Time
	procedures, refs []string
	levels           []string
}

// covered asks that a draft which renews a mandate gives no more than it, and that one which transfers a mandate is for who gave it.
func (s *signing) covered(ctx context.Context, tx *db.Tx, d *draft.Held, now time.Time) error {
	if d.Transfers != nil {
		return s.r.sameGiver(ctx, tx, &d.Draft)
	}
	if d.Renews == uuid.Nil {
		return nil
	}
	o := &renewed{}
	b := &pgx.Batch{}
	b.Queue(`select m.id, m.citizen_id, m.state, coalesce(m.end_reason, ''), coalesce(m.starts_at, m.signed_at), m.ends_at, array_agg(p.procedure), array_agg(p.case_ref), array_agg(p.level)
		from mandate m join mandate_power p on p.mandate_id = m.id where m.id = $1 and m.organisation_id = $2 and (p.state <> 'ended' or p.end_reason = 'expired') group by m.id`, d.Renews, d.Organisation).
		Query(func(rows pgx.Rows) error {
			defer rows.Close()
			if rows.Next() {
				return rows.Scan(&o.id, &o.citizen, &o.state, &o.reason, &o.starts, &o.ends, &o.procedures, &o.refs, &o.levels)
			}
			return rows.Err()
		})
	if err := tx.SendBatch(ctx, b).Close(); err != nil {
		return err
	}
	if err := o.covers(d, s.known.ID, now); err != nil {
		return err
	}
	return s.coveredMoney(ctx, tx, d)
}

// coveredMoney asks that a renewal consents to payments and to changes of bank details only if what it renews does.
func (s *signing) coveredMoney(ctx context.Context, tx *db.Tx, d *draft.Held) error {
	if !d.Terms.Payments && !d.Terms.BankDetails {
		return nil
	}
	before := Mandate{ID: d.Renews, Organisation: d.Organisation}
	var sealed []byte
	err := tx.QueryRow(ctx, `select citizen_id, signed_at, terms, terms_digest from mandate where id = $1 and organisation_id = $2`, before.ID, before.Organisation).
		Scan(&before.Citizen, &before.SignedAt, &sealed, &before.TermsDigest)
	if err == nil {
		err = s.r.openMandate(ctx, tx, &before, sealed)
	}
	if err == nil && (d.Terms.Payments && before.Terms.Payments.IsZero() || d.Terms.BankDetails && before.Terms.BankDetails.IsZero()) {
		err = draft.ErrWider
	}
	return err
}

// sameRenewed asks that the citizen of a draft which renews a mandate is who gave it: the same row, as Sign will find it by the identity's index.
func (r *Register) sameRenewed(ctx context.Context, q Querier, d *draft.Draft) error {
	var gave []byte
	err := q.QueryRow(ctx, `select c.sub_index from mandate m join citizen c on c.id = m.citizen_id where m.id = $1 and m.organisation_id = $2`, d.Renews, d.Organisation).Scan(&gave)
	if errors.Is(err, pgx.ErrNoRows) {
		return ErrOtherCitizen
	}
	if err != nil {
		return fmt.Errorf("find who gave mandate %s: %w", d.Renews, err)
	}
	who, err := r.citizens.Index(d.Organisation, d.Identity.Sub)
	if err == nil && !bytes.Equal(who, gave) {
		err = ErrOtherCitizen
	}
	return err
}

// covers asks that the draft is for the same citizen and gives no more: neither another power or level, nor a longer time. What the
// citizen or the organisation ended is not renewed: it is drawn up anew.
func (o *renewed) covers(d *draft.Held, who uuid.UUID, now time.Time) error {
	switch {
	case o.id == uuid.Nil || !renewable(o.state, o.reason, o.ends, now):
		return ErrNotRenewable
	case o.citizen != who:
		return ErrOtherCitizen
	}
	for i, p := range d.Terms.Powers {
		if !o.gives(p.Procedure, d.CaseRefs[i], p.Level) {
			return draft.ErrWider
		}
	}
	s := d.Terms.Span(now, terms.MaxDays)
	if length(s.From, s.Until) > length(o.starts, o.ends) {
		return draft.ErrWider
	}
	return nil
}

func (o *renewed) gives(key, ref string, level procedure.Level) bool {
	for i := range o.procedures {
		if o.procedures[i] == key && o.refs[i] == ref && procedure.Level(o.levels[i]).Covers(level) {
			return true
		}
	}
	return false
}

// length is how many days lie between two times in Paris.
func length(from, until time.Time) int {
	return int(terms.DayOf(until).Sub(terms.DayOf(from)) / (24 * time.Hour))
}

func renewable(state, reason string, ends, now time.Time) bool {
	return now.Before(ends.Add(RenewableAfter)) && (state != Ended || reason == "expired")
}

// Renewable reports whether a mandate can be renewed at t: one that stands, or whose time was over less than a year ago.
func (m Mandate) Renewable(t time.Time) bool { return renewable(m.State, m.EndReason, m.EndsAt, t) }

// Lasts is how many days lie between the first and the last of the mandate, in Paris: none that renews it lasts longer.
func (m Mandate) Lasts() int { return length(m.StartsAt, m.EndsAt) }

// Renew begins a draft with the terms of a mandate of the actor's organisation, for the same citizen to agree to again: powers says which of its powers, by their places in
// Terms.Procedures, days how long. Who the citizen is, and their agreement, are asked as for any other. Errors: ErrNotRenewable, draft.ErrTerms, db.ErrNotFound, org.ErrMayNot.
func (r *Register) Renew(ctx context.Context, by journal.Actor, id uuid.UUID, powers []int, days int, informed terms.Terms) (draft.Draft, error) {
	m, err := r.Consult(ctx, by, id, PageMandate)
	if err != nil {
		return draft.Draft{}, err
	}
	if !m.Renewable(r.clock.Now()) {
		return draft.Draft{}, ErrNotRenewable
	}
	t := informed
	t.Powers, t.Days, t.From, t.Until = nil, days, time.Time{}, time.Time{}
	for _, n := range powers {
		if n < 0 || n >= len(m.Terms.Procedures) {
			return draft.Draft{}, draft.ErrTerms
		}
		p := m.Terms.Procedures[n]
		t.Powers = append(t.Powers, terms.Asked{Procedure: p.Key, Level: p.Level, Case: p.Case})
	}
	if days > m.Lasts() {
		return draft.Draft{}, draft.ErrWider
	}
	d, err := r.drafts.StartRenewal(ctx, by, t, id)
	if err != nil {
		return draft.Draft{}, fmt.Errorf("renew mandate %s: %w", id, err)
	}
	return d, nil
}
