package draft

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/google/uuid"

	"mandat/internal/envelope"
	"mandat/internal/journal"
	"mandat/internal/terms"
)

// StartTransfer begins a draft of a mandate that takes the place of one the citizen gave to another organisation: mandate.Register.StartTransfer, which has asked
// whether they hold its paper. Errors: those of Start.
func (r *Register) StartTransfer(ctx context.Context, by journal.Actor, t terms.Terms, from terms.Transferred) (Draft, error) {
	return r.start(ctx, by, t, uuid.Nil, &from)
}

// transferPurpose binds what is sealed of another organisation's mandate to its place; it never changes.
const transferPurpose = "draft.transfers"

// sealTransfer returns the columns that say which mandate a draft transfers.
func sealTransfer(key *envelope.DataKey, t *terms.Transferred) (old *uuid.UUID, sealed []byte, err error) {
	if t == nil {
		return nil, nil, nil
	}
	plain, err := json.Marshal(t)
	if err != nil {
		return nil, nil, errors.New("transfer: cannot be encoded")
	}
	return &t.Mandate, key.Seal(transferPurpose, plain), nil
}

func (d *Held) openTransfer() error {
	if d.transfers == nil {
		return nil
	}
	plain, err := d.Key.Unseal(transferPurpose, d.transfers)
	if err != nil {
		return err
	}
	var t terms.Transferred
	if json.Unmarshal(plain, &t) != nil || d.Transfers == nil || t.Mandate != d.Transfers.Mandate {
		return errors.New("transfer: not what was sealed")
	}
	d.Transfers = &t
	return nil
}
