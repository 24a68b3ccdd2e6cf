package draft

import (
	"encoding/json"
	"errors"
	"time"

	"github.com/google/uuid"

	"mandat/internal/db"
	"mandat/internal/envelope"
	"mandat/internal/journal"
)

// Signing is what makes the terms that the aidant is asked to sign the same bytes again when the signature comes.
type Signing struct {
	Salt string    `json:"salt"`
	At   time.Time `json:"at"` // when they were asked
}

// signingPurpose binds what was asked to its place; it never changes.
const signingPurpose = "draft.signing"

func openSigning(key *envelope.DataKey, sealed []byte) (Signing, error) {
	var s Signing
	if sealed == nil {
		return s, nil
	}
	plain, err := key.Unseal(signingPurpose, sealed)
	if err != nil {
		return s, err
	}
	if json.Unmarshal(plain, &s) != nil {
		return s, errors.New("signing: not what was sealed")
	}
	return s, nil
}

// Open decrypts what a locked draft holds, for who acts on it.
func (r *Register) Open(d *Held) error { return r.open(d) }

// KeepSigning queues what the aidant is asked to sign, of a draft that the transaction has locked and opened.
func KeepSigning(tx *db.Tx, d *Held, s Signing) error {
	plain, err := json.Marshal(s)
	if err != nil {
		return errors.New("signing: cannot be encoded")
	}
	tx.Queue(`update mandate_draft set signing = $2 where id = $1`, d.ID, d.Key.Seal(signingPurpose, plain))
	return nil
}

// Close queues that a draft has become a mandate, and forgets what it held.
func Close(tx *journal.Tx, id, mandate uuid.UUID) {
	tx.Queue(`update mandate_draft set state = 'signed', mandate_id = $2, cases = null, transfers_from = null, signing = null, identity = null, sub_index = null, identified_at = null, identified_session = null,
		identified_by = null, same_as = null, other_than = null, subject_id = null, data_key = null where id = $1`, id, mandate)
}
