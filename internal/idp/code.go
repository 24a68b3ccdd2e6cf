package idp

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
	"mandat/internal/journal"
	"mandat/internal/session"
)

// A code that is lost in a crash is one that the token endpoint does not know: the aidant begins again. Nothing has left by
// then, and the commit of a token, which waits for the disk, takes all earlier ones with it.
const issueCode = `
update idp_login l set state = 'code_issued', mandate_id = p.mandate_id, procedure = p.procedure, case_ref = p.case_ref, identified_by = p.identified_by, code_hash = $6, code_expires_at = $7
from ` + sessionOfClaim + `, mandate_power p
where l.id = $1 and ` + claimed + ` and l.state = 'citizen_chosen' and l.expires_at > $2::timestamptz
  and p.procedure = $5 and p.case_ref = $10 and (l.procedures is null or p.procedure = any(l.procedures)) and p.citizen_id = l.citizen_id and ` + powerStands + `
  and ($9::uuid is null or l.citizen_id = $9::uuid)
  and s.factor_at >= $8::timestamptz and (l.factor_since is null or s.factor_citizen = l.citizen_id and s.factor_at >= l.factor_since)
  and (l.max_age is null or s.factor_at >= $2::timestamptz - make_interval(secs => l.max_age) or s.factor_at >= l.asked_at and s.factor_at >= $11::timestamptz)
  and ` + aidantMayPower + `
returning l.redirect_uri, coalesce(l.client_state, ''), s.seen_at, l.organisation_id, l.citizen_id, l.sector, ` + subjectOf + ` is not null, l.person_id, l.session_id, l.client, l.direct, l.mandate_id`

// issued is a login whose code was issued.
type issued struct {
	stepped
	redirectURI, state string
	seen               time.Time // when its session was last used
	citizen, mandate   uuid.UUID
	sector             string
	named              bool // the sector has a name for the citizen already
}

// issue reports whether the code was issued, and has answered then: for the procedure that is wanted, and the citizen whose name stood on
// the page (nil: the page did not say).
func (p *Provider) issue(w http.ResponseWriter, r *http.Request, wanted string, shown *uuid.UUID) (bool, error) {
	claim := p.sessions.Claim(r)
	id, err := uuid.Parse(r.PathValue("login"))
	if claim == nil || err != nil {
		return false, nil
	}
	code, hash := newTicket(id)
	key, ref := split(wanted)
	now, idle := p.times()
	var out issued
	batch := &pgx.Batch{}
	batch.Queue(issueCode, id, now, idle, claim, key, hash, now.Add(CodeLife), now.Add(-FactorLife), shown, ref, now.Add(-FactorPause)).Query(func(rows pgx.Rows) error {
		defer rows.Close()
		if !rows.Next() {
			return rows.Err()
		}
		out.login = id
		return rows.Scan(&out.redirectURI, &out.state, &out.seen, &out.organisation, &out.citizen, &out.sector, &out.named, &out.person, &out.session, &out.client, &out.direct, &out.mandate)
	})
	err = p.record(r.Context(), session.Of(claim), batch, &out.stepped, func() journal.Event {
		detail := out.step()
		detail.Procedure, detail.ProcedureIs, detail.Case = key, out.procedureIs(), ref
		return journal.Event{Action: "power.procedure_chosen", Citizen: out.citizen, Mandate: out.mandate, Detail: detail}
	})
	if errors.Is(err, errNotMoved) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("issue code: %w", err)
	}
	if !out.named {
		if err := p.name(r.Context(), out, now); err != nil {
			return false, err
		}
	}
	if err := p.sessions.Seen(r.Context(), claim, out.seen); err != nil {
		return false, err
	}
	return true, p.leadBack(w, r, out.client, out.redirectURI, p.codeURL(out.redirectURI, out.state, code))
}

// name makes the name by which the client's sector knows the citizen, with their first code and before it leaves: it is
// there, or not needed, at every later step. Of two at once the first one counts.
func (p *Provider) name(ctx context.Context, i issued, now time.Time) error {
	batch := &pgx.Batch{}
	batch.Queue(`insert into idp_subject (citizen_id, sector, organisation_id, sub, created_at) values ($1, $2, $3, $4, $5) on conflict do nothing`,
		i.citizen, i.sector, i.organisation, newSubject(), now)
	if err := p.db.Pipeline(ctx, db.InOrganisation(i.organisation), db.Soon, batch); err != nil {
		return fmt.Errorf("name citizen: %w", err)
	}
	return nil
}
