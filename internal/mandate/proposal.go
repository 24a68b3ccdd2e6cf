package mandate

import (
	"context"
	"errors"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
	"mandat/internal/draft"
	"mandat/internal/evidence"
	"mandat/internal/journal"
	"mandat/internal/org"
	"mandat/internal/terms"
)

// ErrNotAlone says that the citizen was not asked alone where that is needed (Register.Known).
var ErrNotAlone = errors.New("the citizen was not asked alone")

// againWithin is in how many days a second mandate of the same citizen is one more than usual.
const againWithin = "30 days"

// Proposal returns what a draft with an identity would become if it were signed now for an organisation, and the texts that the citizen is
// shown, in the language and form of how: byte for byte those that Sign keeps. Errors: draft.ErrState, *draft.NotAllowedError for what the catalogue has not any more.
func (r *Register) Proposal(d draft.Draft, o org.Organisation, how *terms.Agreement) (terms.Frozen, []evidence.Text, error) {
	if d.Identity == nil {
		return terms.Frozen{}, nil, draft.ErrState
	}
	d.Salt = "" // no page needs it
	now := r.clock.Now()
	s := &signing{r: r, organisation: o, today: terms.DayOf(now)}
	f, err := s.freeze(&draft.Held{Draft: d}, how, now)
	if err == nil {
		err = s.show(&f)
	}
	return f, s.shown, err
}

// known asks for the citizen of the draft $1 of the organisation $2, and whether they were somewhere else when they identified themselves, on their own phone, or have
// signed there lately, or the draft renews a mandate.
const known = `with d as (select d.*, (select c.id from citizen c where c.organisation_id = d.organisation_id and c.sub_index = d.sub_index) as citizen_id from mandate_draft d
		where d.id = $1 and d.organisation_id = $2)
	select d.citizen_id, d.renews is not null
		or exists (select from franceconnect_link l where l.draft_id = d.id and l.state = 'identified' and l.draft_version = d.version - 1)
		or exists (select from mandate m where m.citizen_id = d.citizen_id and m.signed_at > $3::timestamptz - interval '` + againWithin + `') from d`

// Known returns the citizen of a draft as the organisation knows them, nil if it does not; and whether they have to be asked alone whether they want the
// mandate: somebody far away, or who is asked again and again. Whoever agrees by SMS is asked alone too.
func (r *Register) Known(ctx context.Context, by journal.Actor, id uuid.UUID) (who uuid.UUID, alone bool, err error) {
	batch := &pgx.Batch{}
	mayRead := org.MayRead(batch, by)
	batch.Queue(known, id, by.Organisation, r.clock.Now()).QueryRow(func(row pgx.Row) error {
		if err := mayRead(); err != nil {
			return err
		}
		var citizen *uuid.UUID
		err := row.Scan(&citizen, &alone)
		who = db.OrZero(citizen)
		return err
	})
	err = r.db.Ask(ctx, db.InOrganisation(by.Organisation), batch)
	return who, alone, db.Found("find the citizen of a draft", err)
}

// askAlone queues the question of Known for a signature without that answer.
func (s *signing) askAlone(b *pgx.Batch, id uuid.UUID) {
	if s.agreement.How == nil || s.agreement.How.Private {
		return
	}
	b.Queue(known, id, s.by.Organisation, s.r.clock.Now()).Query(func(rows pgx.Rows) error {
		defer rows.Close()
		if rows.Next() {
			var who *uuid.UUID
			return rows.Scan(&who, &s.alone)
		}
		return rows.Err()
	})
}
