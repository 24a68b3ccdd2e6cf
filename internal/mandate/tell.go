package mandate

import (
	"time"

	"github.com/google/uuid"

	"mandat/internal/citizen"
	"mandat/internal/db"
	"mandat/internal/journal"
	"mandat/internal/org"
)

// Telling returns the same register, whose acts let the citizen be told of them: each queues a message in its own transaction. Whether the citizen has an
// address and wants to be told is the queue's question (notify.Queue).
func (r *Register) Telling(queue func(tx *db.Tx, now time.Time, m org.Message) error) *Register {
	telling := *r
	telling.tell = queue
	return &telling
}

// Closing returns the same register, whose acts have the uses closed that services have open under a mandate, whenever powers of it end: in their own
// transaction, after their statements (backchannel.Ended).
func (r *Register) Closing(closing func(tx *db.Tx, now time.Time, mandate uuid.UUID)) *Register {
	out := *r
	out.closing = closing
	return &out
}

// closed has the uses closed of which the power has ended.
func (r *Register) closed(tx *journal.Tx, mandate uuid.UUID) {
	if r.closing != nil {
		r.closing(tx.Tx, tx.Now, mandate)
	}
}

// toldOfPart lets the citizen be told that one power of a mandate of theirs ended. Which one stands nowhere in the message: a mandate ends part by part, each
// at its time.
func (r *Register) toldOfPart(tx *journal.Tx, citizen, mandate uuid.UUID) error {
	if r.tell == nil {
		return nil
	}
	return r.tell(tx.Tx, tx.Now, org.Message{Kind: "mandate_part", About: mandate.String() + " " + journal.TimeText(tx.Now), Citizen: citizen, Mandate: mandate})
}

// toldOfAddress lets a last message go to the address that a signature replaces: whoever had it replaced would else be the only one to hear of it.
func (r *Register) toldOfAddress(tx *journal.Tx, c citizen.Saved, mandate uuid.UUID) error {
	if r.tell == nil || c.Former == nil {
		return nil
	}
	return r.tell(tx.Tx, tx.Now, org.Message{Kind: "address_replaced", About: mandate.String(), Citizen: c.ID, Former: string(c.Former)})
}

// told lets the citizen be told what an act did with a mandate of theirs: mandate_signed or mandate_ended.
func (r *Register) told(tx *journal.Tx, kind string, citizen, mandate uuid.UUID) error {
	if r.tell == nil {
		return nil
	}
	return r.tell(tx.Tx, tx.Now, org.Message{Kind: kind, About: mandate.String(), Citizen: citizen, Mandate: mandate})
}
