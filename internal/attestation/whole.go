package attestation

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/citizen"
	"mandat/internal/db"
	"mandat/internal/envelope"
)

// Kept is a document that was handed over, without its bytes.
type Kept struct {
	Sheet
	Edition  int
	SHA256   []byte
	Template string
	IssuedAt time.Time
	IssuedBy uuid.UUID
	Length   int // about how many bytes it has
}

// OfCitizen lists every document that is kept of the mandates of one citizen of an organisation, the newest first. What reads them records that it did.
func OfCitizen(ctx context.Context, q citizen.Querier, organisation, id uuid.UUID) ([]Kept, error) {
	rows, err := q.Query(ctx, `select a.mandate_id, a.kind, a.size, a.lang, a.edition, a.sha256, a.template, a.issued_at, a.issued_by, octet_length(a.document)
		from attestation a join mandate m on m.id = a.mandate_id where m.citizen_id = $1 and m.organisation_id = $2 and a.organisation_id = $2
		order by a.issued_at desc, a.mandate_id, a.kind, a.size, a.lang`, id, organisation)
	if err != nil {
		return nil, fmt.Errorf("list documents of a citizen: %w", err)
	}
	out, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (Kept, error) {
		var k Kept
		err := row.Scan(&k.Mandate, &k.Kind, &k.Size, &k.Lang, &k.Edition, &k.SHA256, &k.Template, &k.IssuedAt, &k.IssuedBy, &k.Length)
		return k, err
	})
	if err != nil {
		return nil, fmt.Errorf("list documents of a citizen: %w", err)
	}
	return out, nil
}

// Open opens a document with the key of its citizen, and holds its bytes to the hash that stands in its entry.
func (k Kept) Open(ctx context.Context, q citizen.Querier, key *envelope.DataKey) ([]byte, error) {
	d := Document{Sheet: k.Sheet, Edition: k.Edition, SHA256: k.SHA256}
	var sealed, words []byte
	err := q.QueryRow(ctx, `select document, words from attestation where mandate_id = $1 and kind = $2 and size = $3 and lang = $4 and edition = $5`, k.Mandate, k.Kind, k.Size, k.Lang, k.Edition).
		Scan(&sealed, &words)
	if err != nil {
		return nil, db.Found("find document", err)
	}
	return d.Bytes, d.open(key, sealed, words)
}
