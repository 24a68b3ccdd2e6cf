package phone

import (
	"context"
	"fmt"
	"maps"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
	"mandat/internal/journal"
)

// life is what is compared of a number: whose it is, who vouched for it, and when. None of it is personal but to who has the number.
type life struct {
	Organisation, Citizen                     uuid.UUID
	State, Barred                             string
	AskedBy, Colleague, VerifiedBy, RemovedBy uuid.UUID
	Asked, Allowed, Verified, Removed         string
}

// String says it in words, which are compared.
func (l life) String() string {
	return fmt.Sprint(l.State, " of citizen ", l.Citizen, " in ", l.Organisation, ", asked ", l.Asked, " by ", l.AskedBy, ", barred ", l.Barred, ", allowed ", l.Allowed, " by ", l.Colleague,
		", verified ", l.Verified, " by ", l.VerifiedBy, ", removed ", l.Removed, " by ", l.RemovedBy)
}

// Compare replays what the journal says of telephone numbers and names what the table says otherwise. It reads as auditor, in one snapshot. The hashes of
// phone_holder name no row, and are compared by nobody; an act that rests on a number asks for its seat (Hold).
func Compare(ctx context.Context, auditor *db.DB) ([]journal.Difference, error) {
	want, have := map[uuid.UUID]life{}, map[uuid.UUID]life{}
	var now time.Time
	err := auditor.Snapshot(ctx, db.Nothing(), func(tx pgx.Tx) error {
		if err := journal.Replay(ctx, tx, `e.action = any ($1)`, []any{journal.ActionsOf("phone")}, func(e entry) { e.apply(want) }); err != nil {
			return err
		}
		if err := rows(ctx, tx, have); err != nil {
			return err
		}
		return tx.QueryRow(ctx, `select now()`).Scan(&now)
	})
	if err != nil {
		return nil, fmt.Errorf("compare telephone numbers with the journal: %w", err)
	}
	maps.DeleteFunc(want, func(id uuid.UUID, l life) bool {
		_, there := have[id]
		return !there && l.State == Asked && l.Asked < journal.TimeText(now.Add(-Kept)) // Purge
	})
	return journal.Differences(have, want, journal.DifferenceOf("phone"), journal.Words[life]{
		Stray: "stands in the table, and no entry tells of it",
		Other: "the table says {tables}; the entries say {entries}",
		Gone:  "was entered according to its entry, and is gone from the table",
	}), nil
}

func rows(ctx context.Context, tx pgx.Tx, out map[uuid.UUID]life) error {
	found, err := tx.Query(ctx, `select id, organisation_id, citizen_id, state, coalesce(barred, ''), asked_by, colleague_id, verified_by, removed_by, asked_at, allowed_at, verified_at, removed_at from phone`)
	if err != nil {
		return err
	}
	_, err = pgx.CollectRows(found, func(r pgx.CollectableRow) (struct{}, error) {
		var id uuid.UUID
		var l life
		var by [3]*uuid.UUID
		var at [4]*time.Time
		err := r.Scan(&id, &l.Organisation, &l.Citizen, &l.State, &l.Barred, &l.AskedBy, &by[0], &by[1], &by[2], &at[0], &at[1], &at[2], &at[3])
		l.Colleague, l.VerifiedBy, l.RemovedBy = db.OrZero(by[0]), db.OrZero(by[1]), db.OrZero(by[2])
		for i, to := range []*string{&l.Asked, &l.Allowed, &l.Verified, &l.Removed} {
			if at[i] != nil {
				*to = journal.TimeText(*at[i])
			}
		}
		out[id] = l
		return struct{}{}, err
	})
	return err
}

// entry is what the replay reads of an entry.
type entry struct {
	Action       string    `json:"action"`
	At           string    `json:"at"`
	Organisation uuid.UUID `json:"organisation"`
	Citizen      uuid.UUID `json:"citizen"`
	By           struct {
		Person uuid.UUID `json:"person"`
	} `json:"by"`
	Detail struct {
		Phone    uuid.UUID `json:"phone"`
		Replaces uuid.UUID `json:"replaces"`
		Why      string    `json:"why"`
	} `json:"detail"`
}

// apply does again what an entry says was done.
func (e entry) apply(out map[uuid.UUID]life) {
	if l, there := out[e.Detail.Replaces]; there {
		l.State, l.Removed, l.RemovedBy = Removed, e.At, e.By.Person
		out[e.Detail.Replaces] = l
	}
	l := out[e.Detail.Phone]
	switch e.Action {
	case "phone.asked":
		asked := life{Organisation: e.Organisation, Citizen: e.Citizen, State: Asked, Barred: e.Detail.Why, AskedBy: e.By.Person, Asked: e.At}
		if e.Detail.Why != "" { // a code is sent for it only because a colleague allowed it before
			asked.Colleague, asked.Allowed = l.Colleague, l.Allowed
		}
		l = asked
	case "phone.refused":
		l = life{Organisation: e.Organisation, Citizen: e.Citizen, State: Asked, Barred: e.Detail.Why, AskedBy: e.By.Person, Asked: e.At}
	case "phone.allowed":
		l.Barred, l.Colleague, l.Allowed = e.Detail.Why, e.By.Person, e.At
	case "phone.verified":
		l.State, l.VerifiedBy, l.Verified = Verified, e.By.Person, e.At
	case "phone.removed":
		l.State, l.RemovedBy, l.Removed = Removed, e.By.Person, e.At
	}
	out[e.Detail.Phone] = l
}
