package erasure

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
	"mandat/internal/journal"
)

// held is what is compared of a hold.
type held struct {
	Organisation, Citizen, HeldBy, ReleasedBy uuid.UUID
	Reason, Why                               string
	Held, Until, Released                     string
}

// String says it in words, which are compared.
func (h held) String() string {
	return fmt.Sprint("of citizen ", h.Citizen, " in ", h.Organisation, " for ", h.Reason, ", held ", h.Held, " by ", h.HeldBy, " until ", h.Until, ", released ", h.Released, " by ", h.ReleasedBy, " as ", h.Why)
}

// Compare replays what the journal says of holds and names what the table says otherwise: one that was let go by no act, above all. It reads as auditor, in one snapshot.
func Compare(ctx context.Context, auditor *db.DB) ([]journal.Difference, error) {
	want, have := map[uuid.UUID]held{}, map[uuid.UUID]held{}
	err := auditor.Snapshot(ctx, db.Nothing(), func(tx pgx.Tx) error {
		err := journal.Replay(ctx, tx, `e.action in ('erasure.held', 'erasure.released') or e.action = 'citizen.erased' and e.citizen_id in (select h.citizen_id from journal_entry h where h.action = 'erasure.held')`,
			nil, func(e holdEntry) { e.apply(want) })
		if err != nil {
			return err
		}
		rows, err := tx.Query(ctx, `select `+holdColumns+` from erasure_hold h`)
		if err != nil {
			return err
		}
		all, err := pgx.CollectRows(rows, scanHold)
		for _, h := range all {
			row := held{Organisation: h.Organisation, Citizen: h.Citizen, HeldBy: h.HeldBy, ReleasedBy: h.ReleasedBy, Reason: h.Reason, Why: h.ReleaseReason, Held: journal.TimeText(h.HeldAt), Until: journal.TimeText(h.Until)}
			if h.ReleasedAt != nil {
				row.Released = journal.TimeText(*h.ReleasedAt)
			}
			have[h.ID] = row
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("compare holds with the journal: %w", err)
	}
	return journal.Differences(have, want, journal.DifferenceOf("hold"), journal.Words[held]{
		Stray: "stands in the table, and no entry tells of it",
		Other: "the table says {tables}; the entries say {entries}",
		Gone:  "was made according to its entry, and is gone from the table",
	}), nil
}

// holdEntry is what the replay reads of an entry.
type holdEntry struct {
	Action       string    `json:"action"`
	At           string    `json:"at"`
	Organisation uuid.UUID `json:"organisation"`
	Citizen      uuid.UUID `json:"citizen"`
	By           struct {
		Person uuid.UUID `json:"person"`
	} `json:"by"`
	Detail struct {
		Hold   uuid.UUID `json:"hold"`
		Reason string    `json:"reason"`
		Until  string    `json:"until"`
		Why    string    `json:"why"`
	} `json:"detail"`
}

// apply does again what an entry says was done. With a citizen go the holds on them that are over, and their entries stay.
func (e holdEntry) apply(out map[uuid.UUID]held) {
	switch e.Action {
	case "erasure.held":
		out[e.Detail.Hold] = held{Organisation: e.Organisation, Citizen: e.Citizen, HeldBy: e.By.Person, Reason: e.Detail.Reason, Held: e.At, Until: e.Detail.Until}
	case "erasure.released":
		if h, there := out[e.Detail.Hold]; there && h.Released == "" {
			h.Released, h.ReleasedBy, h.Why = e.At, e.By.Person, e.Detail.Why
			out[e.Detail.Hold] = h
		}
	case "citizen.erased":
		for id, h := range out {
			if h.Organisation == e.Organisation && h.Citizen == e.Citizen && (h.Released != "" || h.Until <= e.At) {
				delete(out, id)
			}
		}
	}
}
