package mandate

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/citizen"
	"mandat/internal/db"
	"mandat/internal/envelope"
	"mandat/internal/journal"
)

// Whole is a mandate with what Consult leaves out.
type Whole struct {
	Mandate
	EndedBy        uuid.UUID         // nil: nobody, its time was over, or it has not ended
	Cases          map[string]string // references of files, by Power.Case
	EvidenceSHA256 []byte            // of the evidence file; nil when none was kept
	EvidenceLength int               // about how many bytes it has
}

// OfCitizen reads every mandate that a citizen of the actor's organisation gave it, the newest first, for who may read there (org.ErrMayNot). What reads them
// records that it did.
func (r *Register) OfCitizen(ctx context.Context, tx Reader, by journal.Actor, id uuid.UUID) ([]Whole, error) {
	rows, err := tx.Query(ctx, `select m.id, m.ended_by, m.transfers, e.sha256, coalesce(octet_length(e.sealed), 0) from mandate m left join mandate_evidence e on e.mandate_id = m.id
		where m.citizen_id = $1 and m.organisation_id = $2 order by m.signed_at desc, m.id`, id, by.Organisation)
	if err != nil {
		return nil, fmt.Errorf("list mandates of a citizen: %w", err)
	}
	all, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (Whole, error) {
		w := Whole{Mandate: Mandate{Organisation: by.Organisation}}
		var ended, transfers *uuid.UUID
		err := row.Scan(&w.ID, &ended, &transfers, &w.EvidenceSHA256, &w.EvidenceLength)
		w.EndedBy, w.Transfers = db.OrZero(ended), db.OrZero(transfers)
		return w, err
	})
	if err != nil {
		return nil, fmt.Errorf("list mandates of a citizen: %w", err)
	}
	for i := range all {
		if err := r.find(ctx, tx, by, &all[i].Mandate); err != nil {
			return nil, fmt.Errorf("read mandate %s: %w", all[i].ID, err)
		}
		if all[i].Cases, err = r.References(all[i].Mandate); err != nil {
			return nil, fmt.Errorf("read the cases of mandate %s: %w", all[i].ID, err)
		}
	}
	return all, nil
}

// OpenEvidence opens the evidence file of a mandate with its citizen's key. It returns ErrNoEvidence when there is none.
func OpenEvidence(ctx context.Context, q citizen.Querier, key *envelope.DataKey, id uuid.UUID) ([]byte, error) {
	var sealed, sum []byte
	err := db.Found("find evidence", q.QueryRow(ctx, `select sealed, sha256 from mandate_evidence where mandate_id = $1`, id).Scan(&sealed, &sum))
	if err == db.ErrNotFound { //nolint:errorlint // Found returns it as it is
		return nil, ErrNoEvidence
	}
	if err != nil {
		return nil, err
	}
	return openEvidence(key, id, sealed, sum)
}
