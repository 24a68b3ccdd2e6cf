package report

import (
	"bytes"
	"context"
	"encoding/hex"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
	"mandat/internal/journal"
	"mandat/internal/org"
)

// handedOver is the detail of the entry report.handed_over.
type handedOver struct {
	SHA256 string `json:"sha256"` // of the report's words, hexadecimal
	Lang   string `json:"lang"`
	Uses   int    `json:"uses"`
}

// HandOver notes that the citizen was given the report that was shown: sum is its SHA256. Whose certificate is over may hand it over too (org.Reads).
// Errors: ErrChanged when something was done or said since; those of Compose.
func (r *Register) HandOver(ctx context.Context, by journal.Actor, id uuid.UUID, lang string, sum []byte) error {
	shown, err := r.Compose(ctx, by, id, lang)
	if err != nil {
		return err
	}
	if !bytes.Equal(shown.SHA256, sum) {
		return ErrChanged
	}
	batch := &pgx.Batch{}
	mayHand := org.MayEnd(batch, by)
	err = r.journal.RecordAfter(ctx, by, batch, func(*journal.Tx) (journal.Event, error) {
		return journal.Event{Action: "report.handed_over", Citizen: shown.Mandate.Citizen, Mandate: id,
			Detail: handedOver{hex.EncodeToString(sum), shown.Lang, len(shown.Uses)}}, mayHand()
	})
	if err != nil {
		return fmt.Errorf("hand over the report of mandate %s: %w", id, err)
	}
	return nil
}

// Handed is a handing over of a report.
type Handed struct {
	At     time.Time // zero: there was none
	SHA256 []byte
	Lang   string
}

// LastHanded tells when the report of a mandate of the actor's organisation was last handed over, and which it was. The entry itself remembers.
func (r *Register) LastHanded(ctx context.Context, by journal.Actor, id uuid.UUID) (Handed, error) {
	var h Handed
	batch := &pgx.Batch{}
	batch.Queue(`select at, body::jsonb #>> '{detail,sha256}', coalesce(body::jsonb #>> '{detail,lang}', '') from journal_entry where mandate_id = $1 and organisation_id = $2 and action = 'report.handed_over'
			and body::jsonb #>> '{detail,sha256}' ~ '^[0-9a-f]{64}$' order by id desc limit 1`, // what says no such thing is none of ours
		id, by.Organisation).Query(func(rows pgx.Rows) error {
		defer rows.Close()
		if !rows.Next() {
			return rows.Err()
		}
		var sum string
		err := rows.Scan(&h.At, &sum, &h.Lang)
		if err == nil {
			h.SHA256, err = hex.DecodeString(sum)
		}
		return err
	})
	if err := r.db.Ask(ctx, db.InOrganisation(by.Organisation), batch); err != nil {
		return Handed{}, fmt.Errorf("find the last report handed over: %w", err)
	}
	return h, nil
}
