package attestation

import (
	"context"
	"crypto/hmac"
	"encoding/hex"
	"fmt"
	"net/netip"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
	"mandat/internal/mandate"
	"mandat/internal/procedure"
	"mandat/internal/terms"
	"mandat/internal/throttle"
	"mandat/internal/token"
)

// Shown is what somebody shows to have a mandate's paper: the control word printed on it, or the SHA-256 of its PDF file. The file
// itself is never sent.
type Shown struct {
	Word   string
	SHA256 []byte
}

// Proof is what is told to who has the paper, and could read there: no name.
type Proof struct {
	Until  time.Time
	Powers []Proven
}

// Proven is a power that stands now.
type Proven struct {
	Name, Body procedure.Text
	Level      procedure.Level
	OneCase    bool      // it is for one file only; which one is not told
	Until      time.Time // zero: with the mandate
}

// The word of one address is tried as often as a person mistypes, then six times an hour: at that rate half of all words would take
// forty thousand years. One network may check more papers than that, and files as often as it may; whoever makes up addresses gets no further than that. An organisation
// whose aidants are shown a paper has tries of its own: a stranger with a photograph of the code does not keep them waiting by wrong words.
func allowances(tok string, organisation uuid.UUID, shown Shown, from netip.Addr) []throttle.Allowance {
	network := throttle.Allowance{Of: "paper.network", Who: throttle.Network(from), Burst: 40, Every: 20 * time.Second}
	if shown.SHA256 != nil && shown.Word == "" {
		return []throttle.Allowance{network}
	}
	address := throttle.Allowance{Of: "paper.address", Who: hex.EncodeToString(token.Hash(tok)), Burst: 6, Every: 10 * time.Minute}
	if organisation != uuid.Nil {
		address.Of, address.Who = "paper.offered", address.Who+" "+organisation.String()
	}
	return []throttle.Allowance{network, address}
}

// A token that was never given is answered like one of a mandate that has ended or of which something wrong is shown: one row, by the
// same work.
const checked = `select exists (select from mandate_power p where p.mandate_id = m.id and p.state = 'standing' and p.suspended_at is null and p.starts_at <= $4 and p.ends_at > $4), coalesce(m.id, $2), coalesce(w.mac, ''::bytea),
	exists (select from attestation a where a.mandate_id = s.mandate_id and a.sha256 = $3)
	from (select $1::bytea as hash) asked left join attestation_status s on s.token_hash = asked.hash
	left join mandate m on m.id = coalesce(s.mandate_id, $2) left join attestation_word w on w.mandate_id = m.id`

// Check tells who has the paper of the mandate at a public address what it permits and until when, as long as it stands; else nothing:
// for a mandate that has ended, an address that never was, a wrong word and a file that is not one of the mandate's the answer is no,
// and nothing tells them apart. It returns throttle.WaitError when too much was tried; what is right costs nothing.
func (p *Press) Check(ctx context.Context, tok string, shown Shown, from netip.Addr) (Proof, bool, error) {
	m, now, right, err := p.check(ctx, tok, uuid.Nil, shown, from)
	if err != nil || !right {
		return Proof{}, false, err
	}
	return proven(m, now), true, nil
}

// check opens the mandate of a paper for who has it: a stranger, of no organisation, or an aidant.
func (p *Press) check(ctx context.Context, tok string, organisation uuid.UUID, shown Shown, from netip.Addr) (m mandate.Mandate, now time.Time, right bool, err error) {
	allowed := allowances(tok, organisation, shown, from)
	wait, err := p.throttle.Take(ctx, allowed...)
	if err != nil {
		return m, now, false, fmt.Errorf("check a paper: %w", err)
	}
	now = p.clock.Now()
	if wait > 0 {
		return m, now, false, throttle.WaitError{Until: now.Add(wait)}
	}
	err = p.db.Read(ctx, db.System(), func(tx pgx.Tx) error {
		var standing, isFile bool
		var id uuid.UUID
		var mac []byte
		if err := tx.QueryRow(ctx, checked, token.Hash(tok), uuid.Nil, shown.SHA256, now).Scan(&standing, &id, &mac, &isFile); err != nil {
			return err
		}
		isWord := hmac.Equal(controlMAC(tok, shown.Word), mac)
		if !standing || !isWord && !isFile {
			return nil
		}
		m, err = p.mandates.OnPaper(ctx, tx, id)
		right = err == nil
		return err
	})
	if err != nil {
		return m, now, false, fmt.Errorf("check a paper: %w", err)
	}
	if right {
		err = p.throttle.GiveBack(ctx, allowed...)
	}
	return m, now, right, err
}

// proven tells of the powers that stand now, by the names they had when the mandate was signed.
func proven(m mandate.Mandate, now time.Time) Proof {
	proof := Proof{Until: m.EndsAt}
	for _, power := range m.Powers {
		i := slices.IndexFunc(m.Terms.Procedures, func(p terms.Power) bool { return p.Key == power.Procedure })
		if i < 0 || !power.StandsAt(now) {
			continue
		}
		told := Proven{Name: m.Terms.Procedures[i].Name, Body: m.Terms.Procedures[i].Body, Level: power.Level, OneCase: power.Case != ""}
		if power.EndsAt.Before(m.EndsAt) {
			told.Until = power.EndsAt
		}
		proof.Powers = append(proof.Powers, told)
	}
	return proof
}
