package draft

import (
	"encoding/json"
	"errors"

	"github.com/google/uuid"

	"mandat/internal/db"
	"mandat/internal/journal"
	"mandat/internal/token"
)

// signing is how the salt of a draft is kept.
type signing struct {
	Salt string `json:"salt"`
}

// signingPurpose binds the salt to its place; it never changes.
const signingPurpose = "draft.signing"

func (d *Held) openSalt() error {
	if d.signing == nil {
		return nil
	}
	plain, err := d.Key.Unseal(signingPurpose, d.signing)
	if err != nil {
		return err
	}
	var s signing
	if json.Unmarshal(plain, &s) != nil {
		return errors.New("signing: not what was sealed")
	}
	d.Salt = s.Salt
	return nil
}

// KeepSalt draws the salt of a draft that the transaction has locked and opened, unless it has one, and queues that it is kept: for the aidant's
// signature, a second colleague's word or the citizen's answer, which are for the very bytes of the terms.
func KeepSalt(tx *db.Tx, d *Held) error {
	if d.Salt != "" {
		return nil
	}
	d.Salt = token.Hex(32)
	plain, err := json.Marshal(signing{d.Salt})
	if err != nil {
		return errors.New("signing: cannot be encoded")
	}
	tx.Queue(`update mandate_draft set signing = $2 where id = $1`, d.ID, d.Key.Seal(signingPurpose, plain))
	return nil
}

// Close queues that a draft has become a mandate, and forgets what it held, but for who witnessed it.
func Close(tx *journal.Tx, id, mandate uuid.UUID) {
	tx.Queue(`update mandate_draft set state = 'signed', mandate_id = $2, `+nobody+`, `+unnamed+`, signing = null, subject_id = null, data_key = null where id = $1`, id, mandate)
}
