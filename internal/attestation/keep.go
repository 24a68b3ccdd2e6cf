package attestation

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
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
	"mandat/internal/token"
)

// purpose binds a sealed value to its mandate, and to its language if it has one. Purposes never change: what is stored
// would no longer open.
func purpose(what, lang string, id uuid.UUID) string {
	if lang == "" {
		return "attestation." + what + ":" + id.String()
	}
	return "attestation." + what + ":" + lang + ":" + id.String()
}

// known is what there is of a mandate's documents.
type known struct {
	citizen  uuid.UUID
	key      *envelope.DataKey
	token    string // "" when no document was issued
	fresh    bool   // token was made just now
	document *Document
}

func (k known) orZero() Document {
	if k.document == nil {
		return Document{}
	}
	return *k.document
}

// look reads what there is for a page, for who may read it (org.Reads), and opens it.
func (p *Press) look(ctx context.Context, by journal.Actor, id uuid.UUID, lang, page string) (known, error) {
	var k known
	var sealedToken, sealed, words []byte
	d := Document{Mandate: id, Lang: lang}
	var version *string
	var at *time.Time
	var person *uuid.UUID
	err := p.mandates.Reading(ctx, by, id, page, func(tx mandate.Reader) (uuid.UUID, error) {
		batch := &pgx.Batch{}
		mayRead := org.MayRead(batch, by)
		batch.Queue(`select m.citizen_id, s.token, a.document, a.words, a.sha256, a.template, a.issued_at, a.issued_by from mandate m
			left join attestation_status s on s.mandate_id = m.id left join attestation a on a.mandate_id = m.id and a.lang = $3
			where m.id = $1 and m.organisation_id = $2`, id, by.Organisation, lang).QueryRow(func(row pgx.Row) error {
			if err := mayRead(); err != nil {
				return err
			}
			return row.Scan(&k.citizen, &sealedToken, &sealed, &words, &d.SHA256, &version, &at, &person)
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
	if err != nil || sealedToken == nil {
		return k, err
	}
	opened, err := k.key.Unseal(purpose("token", "", id), sealedToken)
	if err != nil {
		return known{}, fmt.Errorf("token: %w", err)
	}
	k.token = string(opened)
	if sealed == nil {
		return k, nil
	}
	d.Template, d.IssuedAt, d.IssuedBy, d.StatusURL = *version, at.UTC(), *person, p.address(k.token)
	k.document = &d
	return k, d.open(k.key, sealed, words)
}

// open opens the kept bytes and words, and compares the bytes with the hash that stands in the entry.
func (d *Document) open(key *envelope.DataKey, sealed, words []byte) error {
	var err error
	if d.Bytes, err = key.Unseal(purpose("document", d.Lang, d.Mandate), sealed); err != nil {
		return fmt.Errorf("document: %w", err)
	}
	if sum := sha256.Sum256(d.Bytes); !bytes.Equal(sum[:], d.SHA256) {
		return errors.New("document: the kept bytes are not those that were issued")
	}
	plain, err := key.Unseal(purpose("words", d.Lang, d.Mandate), words)
	if err != nil {
		return fmt.Errorf("words: %w", err)
	}
	if json.Unmarshal(plain, &d.Words) != nil {
		return errors.New("words: not what was sealed") // the decoder's error would quote them
	}
	return nil
}

// issued is the detail of the entry attestation.issued; docs/journal.md lists it.
type issued struct {
	SHA256   string `json:"sha256"` // of the sealed PDF, hexadecimal
	Lang     string `json:"lang"`
	Template string `json:"template"`
}

// keep keeps a document that was just made, and returns it; errTaken if another came first.
func (p *Press) keep(ctx context.Context, by journal.Actor, d Document, k known) (Document, error) {
	sum, words, err := sums(d)
	if err != nil {
		return Document{}, err
	}
	batch := &pgx.Batch{}
	mayHand := org.MayEnd(batch, by) // the attestation is the citizen's: it is handed over by whose certificate is over, too
	// The citizen is locked, as by every act on their mandates: so of two documents one sees the other.
	batch.Queue(`select c.id from citizen c where c.id = $1 and c.organisation_id = $2 for no key update`, k.citizen, by.Organisation)
	var kept, addressed bool
	batch.Queue(`select exists (select from attestation where mandate_id = $1 and lang = $2), exists (select from attestation_status where mandate_id = $1)`, d.Mandate, d.Lang).
		QueryRow(func(row pgx.Row) error { return row.Scan(&kept, &addressed) })
	err = p.journal.RecordAfter(ctx, by, batch, func(tx *journal.Tx) (journal.Event, error) {
		if err := mayHand(); err != nil {
			return journal.Event{}, err
		}
		if kept || addressed && k.fresh {
			return journal.Event{}, errTaken
		}
		d.SHA256, d.IssuedAt, d.IssuedBy = sum, tx.Now, by.Person
		if k.fresh {
			tx.Queue(`insert into attestation_status (token_hash, mandate_id, organisation_id, token, created_at) values ($1, $2, $3, $4, $5)`,
				token.Hash(k.token), d.Mandate, by.Organisation, k.key.Seal(purpose("token", "", d.Mandate), []byte(k.token)), tx.Now)
		}
		tx.Queue(`insert into attestation (mandate_id, lang, organisation_id, document, words, sha256, template, issued_at, issued_by) values ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
			d.Mandate, d.Lang, by.Organisation, k.key.Seal(purpose("document", d.Lang, d.Mandate), d.Bytes),
			k.key.Seal(purpose("words", d.Lang, d.Mandate), words), sum, d.Template, tx.Now, by.Person)
		return journal.Event{Action: "attestation.issued", Citizen: k.citizen, Mandate: d.Mandate, Detail: issued{hex.EncodeToString(sum), d.Lang, d.Template}}, nil
	})
	return d, err
}

// sums returns the hash of the bytes and the words as they are kept.
func sums(d Document) (hash, words []byte, err error) {
	sum := sha256.Sum256(d.Bytes)
	if words, err = json.Marshal(d.Words); err != nil {
		return nil, nil, errors.New("words: cannot be encoded")
	}
	return sum[:], words, nil
}
