package attestation

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/envelope"
	"mandat/internal/journal"
	"mandat/internal/org"
	"mandat/internal/token"
)

// purpose binds a sealed value to its mandate, and to its document if it is of one. Purposes never change: what is stored
// would no longer open.
func purpose(what, of string, id uuid.UUID) string {
	if of == "" {
		return "attestation." + what + ":" + id.String()
	}
	return "attestation." + what + ":" + of + ":" + id.String()
}

// purpose binds what is sealed of a document. When there were attestations in normal print only, it named the language.
func (d *Document) purpose(what string) string {
	if d.Kind == Given && d.Size == Normal {
		return purpose(what, d.Lang, d.Mandate)
	}
	return purpose(what, fmt.Sprintf("%s.%s.%s.%d", d.Kind, d.Size, d.Lang, d.Edition), d.Mandate)
}

// known is what there is of a mandate's documents.
type known struct {
	citizen   uuid.UUID
	key       *envelope.DataKey
	token     string // "" when no document was issued
	fresh     bool   // token was made just now
	word      string // "" when no document has one
	freshWord bool
	document  *Document // the last edition
}

func (k known) orZero() Document {
	if k.document == nil {
		return Document{}
	}
	return *k.document
}

// printed is the control word if some words have it: a paper of before has none, even when its mandate has.
func (k known) printed(words []Block) string {
	if slices.ContainsFunc(words, func(b Block) bool { return b.Word != "" }) {
		return k.word
	}
	return ""
}

// issued is the detail of the entry attestation.issued; docs/journal.md lists it. Entries without kind, size or edition are of the first
// attestation in normal print.
type issued struct {
	SHA256   string `json:"sha256"` // of the sealed PDF, hexadecimal
	Lang     string `json:"lang"`
	Template string `json:"template"`
	Kind     Kind   `json:"kind,omitempty"`
	Size     Size   `json:"size,omitempty"`
	Edition  int    `json:"edition,omitempty"` // of a report
}

// detail is what the entry says of a document.
func (d *Document) detail() issued {
	i := issued{SHA256: hex.EncodeToString(d.SHA256), Lang: d.Lang, Template: d.Template, Kind: d.Kind, Size: d.Size}
	if d.Kind == Report {
		i.Edition = d.Edition
	}
	return i
}

// keep keeps a document that was just made, and returns it; errTaken if another came first.
func (p *Press) keep(ctx context.Context, by journal.Actor, d Document, k known) (Document, error) {
	sum := sha256.Sum256(d.Bytes)
	words, err := json.Marshal(d.Words)
	if err != nil {
		return Document{}, errors.New("words: cannot be encoded")
	}
	batch := &pgx.Batch{}
	mayHand := org.MayEnd(batch, by) // the document is the citizen's: it is handed over by whose certificate is over, too
	// The citizen is locked, as by every act on their mandates: so of two documents one sees the other.
	batch.Queue(`select c.id from citizen c where c.id = $1 and c.organisation_id = $2 for no key update`, k.citizen, by.Organisation)
	var kept, addressed, worded bool
	batch.Queue(`select exists (select from attestation where mandate_id = $1 and kind = $2 and size = $3 and lang = $4 and edition = $5),
		exists (select from attestation_status where mandate_id = $1), exists (select from attestation_word where mandate_id = $1)`,
		d.Mandate, d.Kind, d.Size, d.Lang, d.Edition).QueryRow(func(row pgx.Row) error { return row.Scan(&kept, &addressed, &worded) })
	err = p.journal.RecordAfter(ctx, by, batch, func(tx *journal.Tx) (journal.Event, error) {
		if err := mayHand(); err != nil {
			return journal.Event{}, err
		}
		if kept || addressed && k.fresh || worded && k.freshWord {
			return journal.Event{}, errTaken
		}
		d.SHA256, d.IssuedAt, d.IssuedBy = sum[:], tx.Now, by.Person
		if k.fresh {
			tx.Queue(`insert into attestation_status (token_hash, mandate_id, organisation_id, token, created_at) values ($1, $2, $3, $4, $5)`,
				token.Hash(k.token), d.Mandate, by.Organisation, k.key.Seal(purpose("token", "", d.Mandate), []byte(k.token)), tx.Now)
		}
		if k.freshWord {
			tx.Queue(`insert into attestation_word (mandate_id, organisation_id, word, mac, created_at) values ($1, $2, $3, $4, $5)`,
				d.Mandate, by.Organisation, k.key.Seal(purpose("word", "", d.Mandate), []byte(k.word)), controlMAC(k.token, k.word), tx.Now)
		}
		tx.Queue(`insert into attestation (mandate_id, kind, size, lang, edition, organisation_id, document, words, sha256, template, issued_at, issued_by)
			values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`, d.Mandate, d.Kind, d.Size, d.Lang, d.Edition, by.Organisation,
			k.key.Seal(d.purpose("document"), d.Bytes), k.key.Seal(d.purpose("words"), words), d.SHA256, d.Template, tx.Now, by.Person)
		return journal.Event{Action: "attestation.issued", Citizen: k.citizen, Mandate: d.Mandate, Detail: d.detail()}, nil
	})
	return d, err
}
