package receipt

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
	"mandat/internal/receipt/format"
	"mandat/internal/token"
)

// places is how many places a list has; the schema says the same.
const places = 1 << 17

// decoyLife is for how long decoys stand at most: as mandates.
const decoyLife = 365 * 24 * time.Hour

// Of says for which powers, and for which reader, places are wanted.
type Of struct {
	Organisation, Mandate uuid.UUID
	Audience              string // client_id of a service, "" for the citizen
	Powers                []Which
}

// Which is a power of a mandate, as the table has it: Case is the hash, "" for every case.
type Which struct{ Procedure, Case string }

// Places are the places of one receipt: one for all of it, and one for each power if there are several.
type Places struct {
	whole  format.Place
	powers []format.Place
	names  []string // as entries have them: "list/idx", then the procedure and the case's hash if it is of one power
}

// Sender is the transaction of an act.
type Sender interface {
	SendBatch(ctx context.Context, b *pgx.Batch) pgx.BatchResults
}

// The place that is there, else the one that was drawn; no row when that was taken, or when another act is drawing for the same.
const draw = `with known as (select list, idx from receipt_status where mandate_id = $1 and audience = $2
		and procedure is not distinct from $3::text and case_ref is not distinct from $4::text),
	fresh as (insert into receipt_status (list, idx, organisation_id, mandate_id, audience, procedure, case_ref, created_at)
		select (select max(list) from receipt_list), $5, $6, $1, $2, $3, $4, $7::timestamptz where not exists (select from known) on conflict do nothing returning list, idx),
	decoy as (insert into receipt_status (list, idx, organisation_id, decoy_ends_at, created_at) select list, $8, $6, $9::timestamptz, $7 from fresh on conflict do nothing)
	select list, idx from known union all select list, idx from fresh`

// A list is a quarter full at most when the next one begins: so often in a row nothing else is drawn but what is taken.
const tries = 24

// Reserve returns the places of a receipt, the same ones whenever they are asked for again. It belongs to the act that hands the receipt over,
// whose entry the schema wants: receipt.issued for the citizen, power.used for a service. It costs one round trip, but for the rare draw of what is taken.
func (r *Register) Reserve(ctx context.Context, tx Sender, of Of, now time.Time) (Places, error) {
	wanted := []*Which{nil} // nil is the mandate as a whole
	if len(of.Powers) == 1 {
		wanted[0] = &of.Powers[0]
	}
	for i := range of.Powers {
		if len(of.Powers) > 1 {
			wanted = append(wanted, &of.Powers[i])
		}
	}
	found := make([]place, len(wanted))
	for i, which := range wanted {
		found[i].of = which
	}
	for range tries {
		batch := &pgx.Batch{}
		for i := range found {
			if found[i].list == 0 {
				found[i].draw(batch, of, now)
			}
		}
		if batch.Len() == 0 {
			return r.placed(found), nil
		}
		if err := tx.SendBatch(ctx, batch).Close(); err != nil {
			return Places{}, fmt.Errorf("draw places of a receipt: %w", err)
		}
	}
	return Places{}, fmt.Errorf("draw places of a receipt: %w", db.ErrConflict)
}

// place is a place in a list, of one power or (nil) of the mandate as a whole. Before it was drawn its list is 0.
type place struct {
	list, idx int
	of        *Which
}

// draw queues the draw, which may find nothing.
func (p *place) draw(b *pgx.Batch, of Of, now time.Time) {
	var procedure, ref *string
	if p.of != nil {
		procedure, ref = &p.of.Procedure, &p.of.Case
	}
	decoyEnds := now.Add(time.Duration(chance(int(decoyLife/time.Second))) * time.Second)
	b.Queue(draw, of.Mandate, of.Audience, procedure, ref, chance(places), of.Organisation, now, chance(places), decoyEnds).QueryRow(func(row pgx.Row) error {
		if err := row.Scan(&p.list, &p.idx); !errors.Is(err, pgx.ErrNoRows) {
			return err
		}
		return nil
	})
}

// String is the place as an entry names it.
func (p place) String() string {
	name := fmt.Sprintf("%d/%d", p.list, p.idx)
	if p.of != nil {
		name = strings.TrimSpace(name + " " + p.of.Procedure + " " + p.of.Case)
	}
	return name
}

// placed names places as a receipt and its entry do.
func (r *Register) placed(found []place) Places {
	var out Places
	for i, p := range found {
		out.names = append(out.names, p.String())
		at := format.Place{Index: p.idx, URI: r.uri(p.list)}
		if i == 0 {
			out.whole = at
		} else {
			out.powers = append(out.powers, at)
		}
	}
	return out
}

// in writes the places into a receipt whose powers stand in the order in which they were asked for.
func (p Places) in(out *format.Receipt) error {
	if len(p.names) == 0 || len(p.powers) > 0 && len(p.powers) != len(out.Powers) || len(p.powers) == 0 && len(out.Powers) != 1 {
		return errors.New("the places are not those of this receipt")
	}
	out.Status = format.Status{List: p.whole}
	for i := range p.powers {
		out.Powers[i].Status = &format.Status{List: p.powers[i]}
	}
	return nil
}

// chance draws a number below n, which is far below 2^32: one of 2^64 numbers more or less is all that n not being a power of two does.
func chance(n int) int {
	var x uint64
	for _, b := range token.Bytes(8) {
		x = x<<8 | uint64(b)
	}
	return int(x % uint64(n)) //nolint:gosec // below n
}
