package attestation

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
	"mandat/internal/envelope"
	"mandat/internal/journal"
	"mandat/internal/mandate"
	"mandat/internal/org"
)

// stored is what the tables have of a document, sealed.
type stored struct {
	token, word, document, words []byte
	edition                      *int
	template                     *string
	at                           *time.Time
	by                           *uuid.UUID
}

const lookUp = `select m.citizen_id, s.token, w.word, a.document, a.words, a.sha256, a.template, a.edition, a.issued_at, a.issued_by from mandate m
	left join attestation_status s on s.mandate_id = m.id left join attestation_word w on w.mandate_id = m.id
	left join lateral (select * from attestation where mandate_id = m.id and kind = $3 and size = $4 and lang = $5 order by edition desc limit 1) a on true
	where m.id = $1 and m.organisation_id = $2`

// look reads what there is for a page, for who may read it (org.Reads), and opens it.
func (p *Press) look(ctx context.Context, by journal.Actor, s Sheet, page string) (known, error) {
	var k known
	var in stored
	d := Document{Sheet: s}
	err := p.mandates.Reading(ctx, by, s.Mandate, page, func(tx mandate.Reader) (uuid.UUID, error) {
		batch := &pgx.Batch{}
		mayRead := org.MayRead(batch, by)
		batch.Queue(lookUp, s.Mandate, by.Organisation, s.Kind, s.Size, s.Lang).QueryRow(func(row pgx.Row) error {
			if err := mayRead(); err != nil {
				return err
			}
			return row.Scan(&k.citizen, &in.token, &in.word, &in.document, &in.words, &d.SHA256, &in.template, &in.edition, &in.at, &in.by)
		})
		err := tx.SendBatch(ctx, batch).Close()
		if err != nil {
			return uuid.Nil, err
		}
		k.key, err = p.citizens.DataKey(ctx, tx, by.Organisation, k.citizen)
		return k.citizen, err
	})
	if errors.Is(err, pgx.ErrNoRows) {
		return known{}, db.ErrNotFound
	}
	if err != nil {
		return known{}, err
	}
	if err := k.open(s.Mandate, in); err != nil || in.document == nil {
		return k, err
	}
	d.Template, d.Edition, d.IssuedAt, d.IssuedBy, d.StatusURL = *in.template, *in.edition, in.at.UTC(), *in.by, p.address(k.token)
	k.document = &d
	err = d.open(k.key, in.document, in.words)
	d.Word = k.printed(d.Words)
	return k, err
}

// open opens the token and the control word.
func (k *known) open(mandate uuid.UUID, in stored) error {
	for what, value := range map[string]struct {
		sealed []byte
		to     *string
	}{"token": {in.token, &k.token}, "word": {in.word, &k.word}} {
		if value.sealed == nil {
			continue
		}
		opened, err := k.key.Unseal(purpose(what, "", mandate), value.sealed)
		if err != nil {
			return fmt.Errorf("%s: %w", what, err)
		}
		*value.to = string(opened)
	}
	return nil
}

// open opens the kept bytes and words, and compares the bytes with the hash that stands in the entry.
func (d *Document) open(key *envelope.DataKey, sealed, words []byte) error {
	var err error
	if d.Bytes, err = key.Unseal(d.purpose("document"), sealed); err != nil {
		return fmt.Errorf("document: %w", err)
	}
	if sum := sha256.Sum256(d.Bytes); !bytes.Equal(sum[:], d.SHA256) {
		return errors.New("document: the kept bytes are not those that were issued")
	}
	plain, err := key.Unseal(d.purpose("words"), words)
	if err != nil {
		return fmt.Errorf("words: %w", err)
	}
	if json.Unmarshal(plain, &d.Words) != nil {
		return errors.New("words: not what was sealed") // the decoder's error would quote them
	}
	return nil
}
