package inquiry

import (
	"context"
	"crypto/sha256"
	"encoding/hex"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
	"mandat/internal/envelope"
	"mandat/internal/journal"
	"mandat/internal/org"
	"mandat/internal/token"
)

// held is an inquiry that an act has locked, with the key of its words.
type held struct {
	Inquiry
	wrapped []byte
}

// The kinds of notes. Each but the first is the reason of an act.
const (
	noteNote        = "note"
	noteSetAside    = "set_aside"
	noteProvisional = "provisional"
	noteDecision    = "decision"
	noteLifted      = "lifted"
	noteReopened    = "reopened"
)

// purpose binds sealed words to their place. It never changes.
const purpose = "inquiry.words:"

// act is an act of an auditor on an inquiry, which it locks. before, which may be nil, queues the locks of citizens, mandates and people: an erasure has its citizen's when it asks for inquiries.
func (r *Register) act(ctx context.Context, by journal.Actor, id uuid.UUID, before func(*pgx.Batch), f func(*journal.Tx, *held) (journal.Event, error)) error {
	first := &pgx.Batch{}
	may := org.MayAudit(first, by)
	if before != nil {
		before(first)
	}
	var h held
	first.Queue(`select `+columns+`, q.data_key from inquiry q where q.id = $1 for update`, id).Query(func(rows pgx.Rows) error {
		defer rows.Close()
		if rows.Next() {
			return rows.Scan(append(h.fields(), &h.wrapped)...)
		}
		return rows.Err()
	})
	return r.journal.RecordAfter(ctx, by, first, func(tx *journal.Tx) (journal.Event, error) {
		if err := may(); err != nil {
			return journal.Event{}, err
		}
		if h.ID == uuid.Nil {
			return journal.Event{}, db.ErrNotFound
		}
		return f(tx, &h)
	})
}

// write keeps the words of an act, and names them in the detail of its entry. However many there are, a decision and the end of a suspension find a place: nobody keeps them
// from coming about by writing.
func (r *Register) write(ctx context.Context, tx *journal.Tx, h *held, kind, words string) (note, sum string, err error) {
	var notes int
	if err := tx.QueryRow(ctx, `select count(*) from inquiry_note where inquiry_id = $1`, h.ID).Scan(&notes); err != nil {
		return "", "", err
	}
	if notes >= most && kind != noteDecision && kind != noteLifted {
		return "", "", ErrFull
	}
	key, err := r.key(ctx, tx, h)
	if err != nil {
		return "", "", err
	}
	id := token.ID()
	sealed, digest := seal(key, id, words)
	_, err = tx.Exec(ctx, `insert into inquiry_note (id, inquiry_id, kind, words, words_sha256, written_by, written_at) values ($1, $2, $3, $4, $5, $6, $7)`, id, h.ID, kind, sealed, digest[:], tx.By.Person, tx.Now)
	return id.String(), hex.EncodeToString(digest[:]), err
}

// key is that of an inquiry's words. Where they were destroyed with it, another one is made: what was suspended is lifted for a reason, however late.
func (r *Register) key(ctx context.Context, tx *journal.Tx, h *held) (key *envelope.DataKey, err error) {
	if h.wrapped != nil {
		return r.keys.Open(h.ID, h.wrapped)
	}
	if key, h.wrapped, err = r.keys.NewDataKey(h.ID); err != nil {
		return nil, err
	}
	_, err = tx.Exec(ctx, `update inquiry set data_key = $2 where id = $1`, h.ID, h.wrapped)
	return key, err
}

func seal(key *envelope.DataKey, id uuid.UUID, words string) ([]byte, [sha256.Size]byte) {
	sealed := key.Seal(purpose+id.String(), []byte(words))
	return sealed, sha256.Sum256(sealed)
}

// detail is the detail of entries about inquiries.
type detail struct {
	Inquiry     string   `json:"inquiry"`
	Number      string   `json:"number,omitempty"`
	Index       *int64   `json:"index,omitempty"`
	Finding     string   `json:"finding,omitempty"`
	Gravity     string   `json:"gravity,omitempty"`
	Person      string   `json:"person,omitempty"`
	DueAt       string   `json:"due_at,omitempty"`
	Round       int      `json:"round,omitempty"`
	Outcome     string   `json:"outcome,omitempty"`
	Measures    []string `json:"measures,omitempty"`
	Note        string   `json:"note,omitempty"`
	WordsSHA256 string   `json:"words_sha256,omitempty"`
}

func (q Inquiry) detail() detail { return detail{Inquiry: q.ID.String()} }
