package inquiry

import (
	"context"
	"encoding/hex"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
	"mandat/internal/journal"
	"mandat/internal/org"
)

// Reply is what a referent of the organisation concerned says to a finding, once. It returns ErrWords, ErrSecret, db.ErrNotFound for another organisation's, db.ErrConflict when a
// colleague replied, ErrLate, org.ErrMayNot.
func (r *Register) Reply(ctx context.Context, by journal.Actor, finding uuid.UUID, words string) error {
	words, err := clean(words)
	if err != nil {
		return wrap("reply to a finding", err)
	}
	first := &pgx.Batch{}
	may := org.MayRun(first, by)
	var f Finding
	var wrapped []byte
	first.Queue(`select `+findingColumns+`, f.data_key from inquiry_finding f where f.id = $1 and f.organisation_id = $2 and f.gravity <> 'none' for update`, finding, by.Organisation).Query(func(rows pgx.Rows) error {
		defer rows.Close()
		if rows.Next() {
			return rows.Scan(append(f.fields(), &wrapped)...)
		}
		return rows.Err()
	})
	return wrap("reply to a finding", r.journal.RecordAfter(ctx, by, first, func(tx *journal.Tx) (journal.Event, error) {
		if err := may(); err != nil {
			return journal.Event{}, err
		}
		switch {
		case f.ID == uuid.Nil:
			return journal.Event{}, db.ErrNotFound
		case f.State == Replied:
			return journal.Event{}, db.ErrConflict
		}
		key, err := r.keys.Open(f.ID, wrapped)
		if err != nil {
			return journal.Event{}, err
		}
		sealed, digest := seal(key, replyOf(f.ID), words)
		err = tx.ExecOne(ctx, ErrLate, `update inquiry_finding set state = 'replied', reply = $2, reply_sha256 = $3, replied_by = $4, replied_at = $5 where id = $1 and state = 'asked' and due_at > $5`,
			f.ID, sealed, digest[:], by.Person, tx.Now)
		return journal.Event{Action: "inquiry.replied", Detail: detail{Inquiry: f.Inquiry.String(), Finding: f.ID.String(), WordsSHA256: hex.EncodeToString(digest[:])}}, err
	}))
}

// replyOf is what the words of a reply are sealed for: another place than those of the finding.
func replyOf(finding uuid.UUID) uuid.UUID { return uuid.NewSHA1(finding, []byte("reply")) }

// OfOrganisation lists the findings about a referent's organisation, the newest first, with their words and the replies. It returns org.ErrMayNot.
func (r *Register) OfOrganisation(ctx context.Context, by journal.Actor) ([]Finding, error) {
	batch := &pgx.Batch{}
	may := org.MayRunRead(batch, by)
	var out []sealedFinding
	batch.Queue(`select `+findingColumns+`, f.data_key, f.words, f.reply from inquiry_finding f where f.organisation_id = $1 and f.gravity <> 'none' order by f.made_at desc, f.id limit $2`, by.Organisation, most).
		Query(func(rows pgx.Rows) error {
			var err error
			out, err = pgx.CollectRows(rows, scanSealedFinding)
			return err
		})
	err := r.db.Ask(ctx, db.InOrganisation(by.Organisation), batch)
	if err == nil {
		err = may()
	}
	if err != nil {
		return nil, wrap("list an organisation's findings", err)
	}
	found, err := r.openFindings(out)
	return found, wrap("list an organisation's findings", err)
}

// sealedFinding is a finding as it is kept.
type sealedFinding struct {
	Finding
	wrapped, words, reply []byte
}

func scanSealedFinding(row pgx.CollectableRow) (sealedFinding, error) {
	var f sealedFinding
	err := row.Scan(append(f.fields(), &f.wrapped, &f.words, &f.reply)...)
	return f, err
}

func (r *Register) openFindings(all []sealedFinding) ([]Finding, error) {
	out := make([]Finding, len(all))
	for i, f := range all {
		if f.wrapped != nil {
			key, err := r.keys.Open(f.ID, f.wrapped)
			if err != nil {
				return nil, err
			}
			for id, part := range map[uuid.UUID]struct {
				sealed []byte
				to     *string
			}{f.ID: {f.words, &f.Words}, replyOf(f.ID): {f.reply, &f.Reply}} {
				if part.sealed == nil {
					continue
				}
				plain, err := key.Unseal(purpose+id.String(), part.sealed)
				if err != nil {
					return nil, err
				}
				*part.to = string(plain)
			}
		}
		out[i] = f.Finding
	}
	return out, nil
}
