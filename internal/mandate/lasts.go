package mandate

import (
	"time"

	"github.com/google/uuid"

	"mandat/internal/journal"
)

// A mandate gives something as long as one of its powers does. That is until its end, unless powers that would have lasted as long were ended alone, or replaced:
// then the column lasts_until says so, for the lists, which read no powers. It is written here, and the schema and the comparison hold it to the powers.

// Lasting is SQL: until when a mandate m that has not ended gives anything.
const Lasting = `least(m.ends_at, m.lasts_until)`

// Until is until when a mandate that has not ended gives anything: its end, or the last end of a power that is left.
func (m Mandate) Until() time.Time {
	if m.LastsUntil != nil {
		return *m.LastsUntil
	}
	return m.EndsAt
}

// conclude notes of a mandate some of whose powers have just ended how long the others last, and ends it when none does any more: with the last of
// them, and for its reason. Those that ran out before then are written down as expired.
func conclude(tx *journal.Tx, mandate uuid.UUID) {
	tx.Queue(`update mandate_power p set state = 'ended', ended_at = ends_at, end_reason = 'expired' where mandate_id = $1 and state <> 'ended'
		and not exists (select from mandate_power o where o.mandate_id = $1 and o.state <> 'ended' and o.ends_at > $2)`, mandate, tx.Now)
	tx.Queue(`update mandate m set state = case when l.until is null then 'ended' else m.state end, ended_at = case when l.until is null then l.ended_at end,
			end_reason = case when l.until is null then l.reason end, lasts_until = case when l.until is null then m.lasts_until else nullif(l.until, m.ends_at) end
		from (select max(ends_at) filter (where state <> 'ended') as until, max(ended_at) as ended_at, (array_agg(end_reason order by ended_at desc nulls last, end_reason desc))[1] as reason
			from mandate_power where mandate_id = $1) l
		where m.id = $1 and m.state <> 'ended' and (l.until is null or nullif(l.until, m.ends_at) is distinct from m.lasts_until)`, mandate)
}

// lasting says how long a mandate that has not ended lasts, when that is less than its entry foresaw.
func lasting(m Mandate) string {
	if m.EndedAt != nil || m.Until().Equal(m.EndsAt) {
		return ""
	}
	return "lasts until " + journal.TimeText(m.Until())
}

// conclude does on paper what conclude does in the tables, after an act of that time.
func (r *replayed) conclude(at time.Time) {
	var until time.Time
	for _, p := range r.powers {
		if p.State != Ended && p.EndsAt.After(until) {
			until = p.EndsAt
		}
	}
	if r.mandate.EndedAt != nil {
		return
	}
	if at.Before(until) {
		r.mandate.LastsUntil = &until
		return
	}
	var last Power
	for _, p := range r.powers {
		if p.State != Ended {
			when := p.EndsAt
			p.State, p.EndReason, p.EndedAt = Ended, "expired", &when
		}
		if last.EndedAt == nil || p.EndedAt.After(*last.EndedAt) || p.EndedAt.Equal(*last.EndedAt) && p.EndReason > last.EndReason {
			last = *p
		}
	}
	r.mandate.EndReason, r.mandate.EndedAt = last.EndReason, last.EndedAt
}
