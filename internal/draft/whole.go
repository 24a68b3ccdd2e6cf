package draft

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/citizen"
)

// OfCitizen reads every draft of an organisation that is for one of its citizens, the newest first: as its identity says, as the aidant said, or as the mandate
// or the request for consent says that came of it. A draft that names them only as somebody whom its citizen is not is another person's. What reads them records that
// it did.
func (r *Register) OfCitizen(ctx context.Context, q citizen.Querier, organisation, id uuid.UUID) ([]Draft, error) {
	rows, err := q.Query(ctx, `select `+columns+` from mandate_draft where organisation_id = $1 and id in (
			select draft_id from mandate where citizen_id = $2 and organisation_id = $1 union select draft_id from consent where citizen_id = $2 and organisation_id = $1
			union select id from mandate_draft where state <> 'signed' and organisation_id = $1 and (sub_index = (select sub_index from citizen where id = $2 and organisation_id = $1)
				or subject_id = $2 or same_as = $2 or renews in (select id from mandate where citizen_id = $2 and organisation_id = $1)))
		order by created_at desc, id`, organisation, id)
	if err != nil {
		return nil, fmt.Errorf("list drafts of a citizen: %w", err)
	}
	held, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (*Held, error) { return scan(row) })
	if err != nil {
		return nil, fmt.Errorf("list drafts of a citizen: %w", err)
	}
	out := make([]Draft, len(held))
	for i, d := range held {
		if err := r.Open(d); err != nil {
			return nil, err
		}
		out[i] = d.Draft
	}
	return out, nil
}
