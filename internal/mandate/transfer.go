package mandate

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/citizen"
	"mandat/internal/db"
	"mandat/internal/draft"
	"mandat/internal/jobs"
	"mandat/internal/journal"
	"mandat/internal/terms"
)

// A citizen who changes organisations gives the new one a mandate which says that the one before ends. They show the old paper (package attestation asks for its
// control word), which makes an Offer; the new mandate is drawn up, agreed to and signed as any other; and the old one is ended by the program, in an act of its own
// in the other organisation, once the new one has begun. Neither organisation reads anything of the other's: what is compared is compared here.

// TransferJob is the name of the job that ends a mandate whose place another took; the id is that of the other.
const TransferJob = "transfer_mandate"

// reasonTransferred is why the old mandate ends.
const reasonTransferred = "transferred"

// offerLife is how long after its paper was shown a mandate can be transferred.
const offerLife = time.Hour

// Offer is a mandate of another organisation of which the citizen has shown the paper: what the paper says, and nobody's name.
type Offer struct {
	terms.Transferred
	EndsAt time.Time
	Powers []terms.Power // those that stand, one of each procedure, without the files that they are for
}

// Offer returns what StartTransfer takes for a mandate of which somebody has shown the paper to the actor: whoever calls has compared what only the paper has. Only the
// same person opens it, for the same organisation, in the same session, within the hour. It returns ErrOwn for the organisation's own mandate, which is renewed.
func (r *Register) Offer(by journal.Actor, m Mandate) (string, error) {
	if m.Organisation == by.Organisation {
		return "", ErrOwn
	}
	return r.sealFor(by, "offer", m.ID.String()+" "+r.clock.Now().UTC().Format(time.RFC3339))
}

// Offered opens an offer, with the mandate as it is now. Errors: ErrOffer for what this actor was not offered in this session, or too long ago, ErrEnded when the mandate has ended since.
func (r *Register) Offered(ctx context.Context, by journal.Actor, offer string) (Offer, error) {
	text, _ := r.openFor(by, "offer", offer)
	id, at, _ := strings.Cut(text, " ")
	made, err := time.Parse(time.RFC3339, at)
	old, bad := uuid.Parse(id)
	if err != nil || bad != nil || r.clock.Now().Sub(made) > offerLife {
		return Offer{}, ErrOffer
	}
	var m Mandate
	err = r.db.Read(ctx, db.System(), func(tx pgx.Tx) error {
		m, err = r.OnPaper(ctx, tx, old)
		return err
	})
	if err != nil {
		return Offer{}, fmt.Errorf("find mandate %s to transfer: %w", old, err)
	}
	now := r.clock.Now()
	o := Offer{Transferred: terms.Transferred{Mandate: m.ID, Organisation: m.Terms.Organisation.Name, SignedAt: m.SignedAt}, EndsAt: m.Until()}
	for _, p := range m.Powers {
		if p.StandsAt(now) {
			o.add(p, m.Terms.Procedures)
		}
	}
	if o.Powers == nil {
		return Offer{}, ErrEnded
	}
	return o, nil
}

// add adds a power, by the name it was agreed to under. Of one procedure for several files it keeps the highest level.
func (o *Offer) add(p Power, agreed []terms.Power) {
	same := func(x terms.Power) bool { return x.Key == p.Procedure }
	if i := slices.IndexFunc(o.Powers, same); i >= 0 {
		if p.Level.Covers(o.Powers[i].Level) {
			o.Powers[i].Level = p.Level
		}
		return
	}
	if i := slices.IndexFunc(agreed, same); i >= 0 {
		x := agreed[i]
		x.Level, x.Case = p.Level, ""
		o.Powers = append(o.Powers, x)
	}
}

// StartTransfer begins a draft of a mandate that takes the place of one offered. Its terms are as free as any: what the old one gave is a proposal. Errors: those of Offered
// and of draft.Register.Start.
func (r *Register) StartTransfer(ctx context.Context, by journal.Actor, offer string, t terms.Terms) (draft.Draft, error) {
	o, err := r.Offered(ctx, by, offer)
	if err != nil {
		return draft.Draft{}, err
	}
	d, err := r.drafts.StartTransfer(ctx, by, t, o.Transferred)
	if err != nil {
		return draft.Draft{}, fmt.Errorf("transfer mandate %s: %w", o.Mandate, err)
	}
	return d, nil
}

func transferred(t *terms.Transferred) uuid.UUID {
	if t == nil {
		return uuid.Nil
	}
	return t.Mandate
}

// giver is who gave the mandate that is transferred, as their organisation knows them.
type giver struct {
	organisation uuid.UUID
	index        []byte
	row          citizen.Sealed
}

func (g *giver) fields() []any { return append([]any{&g.organisation, &g.index}, g.row.Fields()...) }

// sameGiver asks that the citizen of a draft which transfers a mandate is who gave it. One that ended meanwhile is transferred all the same: nothing is left to end.
func (r *Register) sameGiver(ctx context.Context, q Querier, d *draft.Draft) error {
	var g giver
	err := q.QueryRow(ctx, `select organisation_id, sub_index, id, data_key, identity, identified_at from mandate_draft_giver($1)`, d.ID).Scan(g.fields()...)
	if errors.Is(err, pgx.ErrNoRows) {
		return ErrOtherCitizen
	}
	if err != nil {
		return err
	}
	if g.organisation == d.Organisation {
		return ErrOwn
	}
	same, err := r.citizens.Same(g.organisation, g.index, g.row, *d.Identity)
	if err == nil && !same {
		err = ErrOtherCitizen
	}
	return err
}

// Gave asks of a draft of the actor's organisation, with an identity, what Sign will: that its citizen gave the mandate that it renews or transfers, if it does. Whoever
// shows what the draft says asks it first: of a renewal that is what was agreed for somebody, with their files. Errors: ErrOtherCitizen, ErrOwn.
func (r *Register) Gave(ctx context.Context, by journal.Actor, d draft.Draft) error {
	if d.Transfers == nil && d.Renews == uuid.Nil {
		return nil
	}
	return r.db.Read(ctx, db.InOrganisation(by.Organisation), func(tx pgx.Tx) error { return r.gave(ctx, tx, &d) })
}

func (r *Register) gave(ctx context.Context, q Querier, d *draft.Draft) error {
	switch {
	case d.Transfers != nil:
		return r.sameGiver(ctx, q, d)
	case d.Renews != uuid.Nil:
		return r.sameRenewed(ctx, q, d)
	}
	return nil
}

// Transfers is the job that ends the mandates whose place others took, for jobs.Start.
func (r *Register) Transfers() jobs.Kind {
	return jobs.Kind{Name: TransferJob, Timeout: time.Minute, Work: func(ctx context.Context, id uuid.UUID, _ bool) error {
		err := r.EndTransferred(ctx, id)
		if errors.Is(err, ErrOtherCitizen) {
			return jobs.GiveUp(err)
		}
		return err
	}}
}

// EndTransferred ends the mandate whose place another took, of which the id is given, in the organisation that has it and for the reason "transferred". Whoever reads of it there learns not to
// where. When it has ended already, or the other has not begun, nothing is done. It returns ErrOtherCitizen when the two are not one citizen's, which was asked at the signature, by the
// birth place too, of which either organisation may have read another spelling since: then somebody has to look.
func (r *Register) EndTransferred(ctx context.Context, id uuid.UUID) error {
	old, organisation, err := r.givenUp(ctx, id)
	if err != nil {
		return fmt.Errorf("transfer to mandate %s: %w", id, err)
	}
	if old == uuid.Nil {
		return nil
	}
	if err := r.endByProgram(ctx, organisation, old, ended{Reason: reasonTransferred}); err != nil {
		return fmt.Errorf("transfer mandate %s: %w", old, err)
	}
	return nil
}

// givenUp finds the mandate whose place another took, and its organisation, if the other has begun: its state says so, and no clock is asked, because this server's may lag behind the
// database's, by which it was signed, and what is found not to have begun is never asked again.
func (r *Register) givenUp(ctx context.Context, id uuid.UUID) (old, organisation uuid.UUID, err error) {
	var g giver
	var now citizen.Sealed
	err = r.db.Read(ctx, db.System(), func(tx pgx.Tx) error {
		return tx.QueryRow(ctx, `select m.id, o.organisation_id, o.sub_index, o.id, o.data_key, o.identity, o.identified_at, c.id, c.data_key, c.identity, c.identified_at
			from mandate n join citizen c on c.id = n.citizen_id join mandate m on m.id = n.transfers and m.organisation_id <> n.organisation_id join citizen o on o.id = m.citizen_id
			where n.id = $1 and n.state <> 'scheduled' and coalesce(n.starts_at, n.signed_at) <= coalesce(n.ended_at, 'infinity')`, id).
			Scan(append(append([]any{&old}, g.fields()...), now.Fields()...)...)
	})
	if errors.Is(err, pgx.ErrNoRows) {
		return uuid.Nil, uuid.Nil, nil
	}
	if err != nil {
		return uuid.Nil, uuid.Nil, err
	}
	who, err := r.citizens.Open(now)
	if err != nil {
		return uuid.Nil, uuid.Nil, err
	}
	same, err := r.citizens.StillSame(g.organisation, g.index, g.row, who.Identity)
	if err == nil && !same {
		err = ErrOtherCitizen
	}
	return old, g.organisation, err
}
