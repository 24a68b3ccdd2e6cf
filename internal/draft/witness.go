package draft

import (
	"mandat/internal/journal"
)

// Attest queues, in an act on a draft that it has locked, the word of the second colleague who acts: they saw the person, and heard them agree to the terms whose SHA-256
// this is. The act's entry draft.witnessed says the same, or the database refuses it. What is to be asked before is package mandate's (Register.Witness): it knows the terms.
func Attest(tx *journal.Tx, d *Held, terms []byte) {
	tx.Queue(`update mandate_draft set witness_id = $2, witnessed_at = $3, witness_factor_at = $4, witness_terms = $5 where id = $1`, d.ID, tx.By.Person, tx.Now, tx.By.FactorAt, terms)
}
