package mandate

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
	"mandat/internal/journal"
	"mandat/internal/org"
)

// Find finds a mandate of the actor's organisation, with its powers, its frozen terms and who the citizen is. It returns
// db.ErrNotFound for anybody else's, org.ErrMayNot to who may not read here (org.Reads).
func (r *Register) Find(ctx context.Context, by journal.Actor, id uuid.UUID) (Mandate, error) {
	m := Mandate{ID: id, Organisation: by.Organisation}
	err := r.db.Read(ctx, db.InOrganisation(by.Organisation), func(tx pgx.Tx) error {
		var sealed []byte
		batch := &pgx.Batch{}
		mayRead := org.MayRead(batch, by)
		batch.Queue(`select citizen_id, draft_id, person_id, state, days, identified_at, signed_at, ends_at, ended_at, coalesce(end_reason, ''), catalogue, terms, terms_digest
			from mandate where id = $1 and organisation_id = $2`, id, by.Organisation).QueryRow(func(row pgx.Row) error {
			if err := mayRead(); err != nil {
				return err
			}
			return row.Scan(&m.Citizen, &m.Draft, &m.Person, &m.State, &m.Days, &m.IdentifiedAt, &m.SignedAt, &m.EndsAt, &m.EndedAt, &m.EndReason, &m.Catalogue, &sealed, &m.TermsDigest)
		})
		if err := tx.SendBatch(ctx, batch).Close(); err != nil {
			return err
		}
		if err := r.openMandate(ctx, tx, &m, sealed); err != nil {
			return err
		}
		rows, err := tx.Query(ctx, `select `+powerColumns+` from mandate_power p where p.mandate_id = $1 order by p.procedure, p.case_ref`, id)
		if err != nil {
			return err
		}
		m.Powers, err = pgx.CollectRows(rows, scanPower)
		return err
	})
	if errors.Is(err, pgx.ErrNoRows) {
		return Mandate{}, db.ErrNotFound
	}
	if err != nil {
		return Mandate{}, fmt.Errorf("find mandate %s: %w", id, err)
	}
	return m, nil
}

func (r *Register) openMandate(ctx context.Context, tx pgx.Tx, m *Mandate, sealed []byte) error {
	who, err := r.citizens.FindWith(ctx, tx, m.Organisation, m.Citizen)
	if err != nil {
		return err
	}
	m.Identity = who.Identity
	key, err := r.citizens.DataKey(ctx, tx, m.Organisation, m.Citizen)
	if err != nil {
		return err
	}
	plain, err := key.Unseal(termsPurpose(m.ID), sealed)
	if err != nil {
		return err
	}
	if digest := sha256.Sum256(plain); !bytes.Equal(digest[:], m.TermsDigest) {
		return errors.New("terms: not those whose digest stands with the mandate")
	}
	if json.Unmarshal(plain, &m.Terms) != nil {
		return errors.New("terms: not what was sealed")
	}
	return nil
}
