package mandate

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/journal"
	"mandat/internal/org"
	"mandat/internal/terms"
)

// find fills in a mandate of which the id and the organisation are known.
func (r *Register) find(ctx context.Context, tx Reader, by journal.Actor, m *Mandate) error {
	var sealed []byte
	batch := &pgx.Batch{}
	mayRead := org.MayRead(batch, by)
	batch.Queue(`select citizen_id, draft_id, person_id, state, coalesce(days, 0), identified_by, consent_by, coalesce(signed_with, ''), coalesce(witness_id, $3), coalesce(renews, $3), identified_at, signed_at,
		coalesce(starts_at, signed_at), ends_at, lasts_until, ended_at, coalesce(end_reason, ''), catalogue, terms, terms_digest
		from mandate where id = $1 and organisation_id = $2`, m.ID, m.Organisation, uuid.Nil).QueryRow(func(row pgx.Row) error {
		if err := mayRead(); err != nil {
			return err
		}
		return row.Scan(&m.Citizen, &m.Draft, &m.Person, &m.State, &m.Days, &m.IdentifiedBy, &m.ConsentBy, &m.SignedWith, &m.Witness, &m.Renews, &m.IdentifiedAt, &m.SignedAt,
			&m.StartsAt, &m.EndsAt, &m.LastsUntil, &m.EndedAt, &m.EndReason, &m.Catalogue, &sealed, &m.TermsDigest)
	})
	if err := tx.SendBatch(ctx, batch).Close(); err != nil {
		return err
	}
	if err := r.openMandate(ctx, tx, m, sealed); err != nil {
		return err
	}
	rows, err := tx.Query(ctx, `select `+powerColumns+` from mandate_power p where p.mandate_id = $1 order by p.procedure, p.case_ref`, m.ID)
	if err != nil {
		return err
	}
	m.Powers, err = pgx.CollectRows(rows, scanPower)
	return err
}

// Given returns the power that the nth of the terms of a mandate gave, as it stands now; false when there is no such place.
func (r *Register) Given(m Mandate, n int) (Power, bool, error) {
	if n < 0 || n >= len(m.Terms.Procedures) {
		return Power{}, false, nil
	}
	agreed := m.Terms.Procedures[n]
	ref, err := r.drafts.CaseRef(m.Organisation, agreed.Case)
	if err != nil {
		return Power{}, false, err
	}
	for _, p := range m.Powers {
		if p.Procedure == agreed.Key && p.Case == ref {
			return p, true, nil
		}
	}
	return Power{}, false, nil
}

// termsPurpose binds sealed terms to their mandate; it never changes. Those of another mandate of the same citizen do not
// open in its place.
func termsPurpose(mandate uuid.UUID) string { return "mandate.terms:" + mandate.String() }

// openMandate fills in the terms of a mandate, which were sealed, and who its citizen is.
func (r *Register) openMandate(ctx context.Context, tx Reader, m *Mandate, sealed []byte) error {
	who, key, err := r.citizens.Find(ctx, tx, m.Organisation, m.Citizen)
	if err != nil {
		return err
	}
	m.Identity = who.Identity
	plain, err := key.Unseal(termsPurpose(m.ID), sealed)
	if err != nil {
		return err
	}
	if digest := sha256.Sum256(plain); !bytes.Equal(digest[:], m.TermsDigest) {
		return errors.New("terms: not those whose digest stands with the mandate")
	}
	m.Terms, err = terms.Decode(plain, m.SignedAt)
	return err
}
