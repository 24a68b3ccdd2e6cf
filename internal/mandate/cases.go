package mandate

import (
	"context"
	"fmt"
	"slices"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
	"mandat/internal/journal"
	"mandat/internal/org"
)

// Cases returns the references of the files that powers of the actor's organisation are for, as they were agreed, by Power.Case, for who may read them (org.Reads). Powers for
// every case have none.
func (r *Register) Cases(ctx context.Context, by journal.Actor, powers []Power) (map[string]string, error) {
	var ids []uuid.UUID
	for _, p := range powers {
		if p.Case != "" && !slices.Contains(ids, p.Mandate) {
			ids = append(ids, p.Mandate)
		}
	}
	out := map[string]string{}
	if ids == nil {
		return out, nil
	}
	err := r.db.Read(ctx, db.InOrganisation(by.Organisation), func(tx pgx.Tx) error {
		batch := &pgx.Batch{}
		mayRead := org.MayRead(batch, by)
		if err := tx.SendBatch(ctx, batch).Close(); err != nil {
			return err
		}
		if err := mayRead(); err != nil {
			return err
		}
		for _, id := range ids {
			if err := r.cases(ctx, tx, by.Organisation, id, out); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read the cases of powers: %w", err)
	}
	return out, nil
}

func (r *Register) cases(ctx context.Context, tx pgx.Tx, organisation, id uuid.UUID, out map[string]string) error {
	m := Mandate{ID: id, Organisation: organisation}
	var sealed []byte
	if err := tx.QueryRow(ctx, `select citizen_id, signed_at, terms, terms_digest from mandate where id = $1 and organisation_id = $2`, id, organisation).
		Scan(&m.Citizen, &m.SignedAt, &sealed, &m.TermsDigest); err != nil {
		return err
	}
	if err := r.openMandate(ctx, tx, &m, sealed); err != nil {
		return err
	}
	return r.references(m, out)
}

// References returns the same for a mandate that has been read, with its terms (Consult).
func (r *Register) References(m Mandate) (map[string]string, error) {
	out := map[string]string{}
	return out, r.references(m, out)
}

func (r *Register) references(m Mandate, out map[string]string) error {
	for _, p := range m.Terms.Procedures {
		ref, err := r.drafts.CaseRef(m.Organisation, p.Case)
		if err != nil {
			return err
		}
		if ref != "" {
			out[ref] = p.Case
		}
	}
	return nil
}
