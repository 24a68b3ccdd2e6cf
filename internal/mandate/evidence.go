package mandate

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
	"mandat/internal/envelope"
	"mandat/internal/evidence"
	"mandat/internal/journal"
	"mandat/internal/org"
)

// PageEvidence is the file that shows what was told and signed, as a page of Reading.
const PageEvidence = "evidence"

// ErrNoEvidence says that nothing was kept of how a mandate was agreed: it was signed before that was done.
var ErrNoEvidence = errors.New("there is no evidence file of this mandate")

// evidencePurpose binds the sealed file to its mandate; it never changes.
func evidencePurpose(mandate uuid.UUID) string { return "mandate.evidence:" + mandate.String() }

// keep keeps what shows later what was told and signed.
func (s *signing) keep(tx *journal.Tx, key *envelope.DataKey, plain []byte) error {
	f := evidence.File{Terms: plain, Texts: s.shown}
	if s.consent == ConsentSMS {
		f.Circumstances = s.sms.When
	}
	if s.passkey != nil {
		f.Assertion = new(s.signature.Evidence())
	} else {
		f.Confirmed = &evidence.Confirmed{Kind: s.agreement.Factor, At: s.by.FactorAt}
	}
	var err error
	s.evidence, err = keepEvidence(tx, key, &s.mandate, f)
	return err
}

// keepEvidence queues the evidence of a mandate that is being signed, after its row, and returns what its entry has to say: the file's
// SHA-256, hexadecimal, as evidence_sha256. It fills in of which mandate the file is; the aidant is who acts.
func keepEvidence(tx *journal.Tx, key *envelope.DataKey, m *Mandate, f evidence.File) (string, error) {
	f.Mandate, f.Draft, f.Organisation, f.Citizen, f.Aidant, f.SignedAt = m.ID, m.Draft, m.Organisation, m.Citizen, tx.By.Person, m.SignedAt
	data, err := f.Encode()
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(data)
	tx.QueueOne(`insert into mandate_evidence (mandate_id, organisation_id, sealed, sha256, created_at) values ($1, $2, $3, $4, $5)`,
		m.ID, m.Organisation, key.Seal(evidencePurpose(m.ID), data), sum[:], m.SignedAt)
	return hex.EncodeToString(sum[:]), nil
}

// Evidence returns the evidence file of a mandate of the actor's organisation (docs/evidence.md), for who may read it (org.Reads) and has given a
// second factor lately, and records that it was read (Reading). Errors: org.ErrFactorTooOld, org.ErrMayNot, db.ErrNotFound, ErrNoEvidence.
func (r *Register) Evidence(ctx context.Context, by journal.Actor, id uuid.UUID) ([]byte, error) {
	if err := org.Fresh(by, r.clock.Now()); err != nil {
		return nil, err
	}
	var data []byte
	err := r.Reading(ctx, by, id, PageEvidence, func(tx Reader) (uuid.UUID, error) {
		var citizen uuid.UUID
		var sealed, sum []byte
		batch := &pgx.Batch{}
		mayRead := org.MayRead(batch, by)
		batch.Queue(`select m.citizen_id, e.sealed, e.sha256 from mandate m left join mandate_evidence e on e.mandate_id = m.id where m.id = $1 and m.organisation_id = $2`,
			id, by.Organisation).QueryRow(func(row pgx.Row) error {
			if err := mayRead(); err != nil {
				return err
			}
			return row.Scan(&citizen, &sealed, &sum)
		})
		if err := tx.SendBatch(ctx, batch).Close(); err != nil {
			return uuid.Nil, err
		}
		if sealed == nil {
			return uuid.Nil, ErrNoEvidence
		}
		key, err := r.citizens.DataKey(ctx, tx, by.Organisation, citizen)
		if err != nil {
			return uuid.Nil, err
		}
		data, err = openEvidence(key, id, sealed, sum)
		return citizen, err
	})
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, db.ErrNotFound
	}
	if err != nil {
		return nil, fmt.Errorf("read evidence of mandate %s: %w", id, err)
	}
	return data, nil
}

// openEvidence opens a kept file, and compares it with the hash that stands in the entry.
func openEvidence(key *envelope.DataKey, id uuid.UUID, sealed, sum []byte) ([]byte, error) {
	data, err := key.Unseal(evidencePurpose(id), sealed)
	if err != nil {
		return nil, err
	}
	if is := sha256.Sum256(data); !bytes.Equal(is[:], sum) {
		return nil, errors.New("evidence: not the file whose digest stands with the mandate")
	}
	return data, nil
}
