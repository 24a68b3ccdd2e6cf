package receipt

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/journal"
	"mandat/internal/mandate"
	"mandat/internal/org"
	"mandat/internal/receipt/format"
)

// KindCitizen is the kind of a citizen's receipt, as it stands in entries. The one for a service stands in none: the act that gives it is
// told by power.used.
const KindCitizen = "citizen"

// issued is the detail of the entry receipt.issued; docs/journal.md lists it.
type issued struct {
	Receipt string   `json:"receipt"` // its jti
	Kind    string   `json:"kind"`
	SHA256  string   `json:"sha256"` // of the text, hexadecimal
	Places  []string `json:"places"` // "list/idx", then the procedure and the case's hash if it is of one power
}

// Issue makes a receipt for the citizen of a mandate of the actor's organisation, of the powers that have not ended. It holds the citizen's name and
// birth date, so that whoever is shown it can see whose it is: it is handed to the citizen and to nobody else. That it was is recorded, and so is that the
// mandate was read (mandate.Register.Consult).
//
// Errors: ErrEnded when no power is left; org.ErrMayNot; db.ErrNotFound for another organisation's mandate.
func (r *Register) Issue(ctx context.Context, by journal.Actor, id uuid.UUID) (string, error) {
	m, err := r.mandates.Consult(ctx, by, id, mandate.PageDocument)
	if err != nil {
		return "", fmt.Errorf("issue receipt: %w", err)
	}
	batch := &pgx.Batch{}
	mayHand := org.MayEnd(batch, by) // the receipt is the citizen's, as the attestation is
	// The citizen is locked, as by every act on their mandates: what this receipt says is so when it is handed over.
	batch.Queue(`select id from citizen where id = $1 for no key update`, m.Citizen)
	left := map[Which]time.Time{} // until when
	batch.Queue(`select procedure, case_ref, ends_at from mandate_power where mandate_id = $1 and state <> 'ended'`, id).Query(func(rows pgx.Rows) error {
		var w Which
		var until time.Time
		_, err := pgx.ForEachRow(rows, []any{&w.Procedure, &w.Case, &until}, func() error {
			left[w] = until
			return nil
		})
		return err
	})
	var attestation []byte
	batch.Queue(`select sha256 from attestation where mandate_id = $1 and kind = 'attestation' order by issued_at desc limit 1`, id).Query(func(rows pgx.Rows) error {
		_, err := pgx.ForEachRow(rows, []any{&attestation}, func() error { return nil })
		return err
	})
	var text string
	err = r.journal.RecordAfter(ctx, by, batch, func(tx *journal.Tx) (journal.Event, error) {
		if err := mayHand(); err != nil {
			return journal.Event{}, err
		}
		out, which, err := r.says(m, left, tx.Now)
		if err != nil {
			return journal.Event{}, err
		}
		out.Attestation = hex.EncodeToString(attestation)
		found, err := r.Reserve(ctx, tx, Of{Organisation: by.Organisation, Mandate: id, Powers: which}, tx.Now)
		if err != nil {
			return journal.Event{}, err
		}
		detail := issued{Kind: KindCitizen, Places: found.names}
		if text, detail.Receipt, err = r.sign(out, found, tx.Now); err != nil {
			return journal.Event{}, err
		}
		sum := sha256.Sum256([]byte(text))
		detail.SHA256 = hex.EncodeToString(sum[:])
		return journal.Event{Action: "receipt.issued", Citizen: m.Citizen, Mandate: id, Detail: detail}, nil
	})
	if err != nil {
		return "", fmt.Errorf("issue receipt of mandate %s: %w", id, err)
	}
	return text, nil
}

// says puts what is left of a mandate into a receipt, and names its powers as the table does, in the same order.
func (r *Register) says(m mandate.Mandate, left map[Which]time.Time, now time.Time) (format.Receipt, []Which, error) {
	t := m.Terms
	out := format.Receipt{Catalogue: t.Catalogue, IdentifiedBy: m.IdentifiedBy, Organisation: format.Organisation{SIRET: t.Organisation.SIRET, Name: t.Organisation.Name},
		Citizen: &format.Citizen{GivenName: t.Citizen.GivenName, FamilyName: t.Citizen.FamilyName, UsageName: t.Citizen.PreferredUsername, Birthdate: t.Citizen.Birthdate}}
	var which []Which
	for n, agreed := range t.Procedures {
		p, given, err := r.mandates.Given(m, n)
		if err != nil {
			return format.Receipt{}, nil, err
		}
		w := Which{p.Procedure, p.Case}
		if !given || !now.Before(left[w]) {
			continue
		}
		which = append(which, w)
		out.Powers = append(out.Powers, format.Power{Procedure: p.Procedure, Level: string(p.Level), Case: agreed.Case, From: p.StartsAt.Unix(), Until: p.EndsAt.Unix()})
	}
	if which == nil {
		return format.Receipt{}, nil, ErrEnded
	}
	return out, which, nil
}
