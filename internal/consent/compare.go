package consent

import (
	"context"
	"encoding/hex"
	"fmt"
	"maps"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
	"mandat/internal/journal"
)

// life is what is compared of a request: for what, and what came of it.
type life struct {
	Organisation, Citizen, Phone, Draft, AskedBy, Mandate uuid.UUID
	Version                                               int
	Digest, State                                         string
	Asked, Expires, Answered, Ended                       string
	Unclear, Ignored                                      int
}

// String says it in words, which are compared.
func (l life) String() string {
	return fmt.Sprint(l.State, ", of draft ", l.Draft, " version ", l.Version, " terms ", l.Digest, ", asked ", l.Asked, " by ", l.AskedBy, " in ", l.Organisation, " of citizen ", l.Citizen, " at telephone ", l.Phone,
		" until ", l.Expires, ", unclear ", l.Unclear, ", ignored ", l.Ignored, ", answered ", l.Answered, ", ended ", l.Ended, ", used by ", l.Mandate)
}

// Compare replays what the journal says of requests for consent and names what the table says otherwise: a yes that nobody gave, above all. It reads as
// auditor, in one snapshot.
func Compare(ctx context.Context, auditor *db.DB) ([]journal.Difference, error) {
	want, have := map[uuid.UUID]life{}, map[uuid.UUID]life{}
	var now time.Time
	err := auditor.Snapshot(ctx, db.Nothing(), func(tx pgx.Tx) error {
		if err := journal.Replay(ctx, tx, `e.action = any ($1) or e.action = 'mandate.signed' and e.mandate_id in (select mandate_id from consent where mandate_id is not null)`,
			[]any{journal.ActionsOf("consent")}, func(e entry) { e.apply(want) }); err != nil {
			return err
		}
		if err := rows(ctx, tx, have); err != nil {
			return err
		}
		return tx.QueryRow(ctx, `select now()`).Scan(&now)
	})
	if err != nil {
		return nil, fmt.Errorf("compare requests for consent with the journal: %w", err)
	}
	maps.DeleteFunc(want, func(id uuid.UUID, l life) bool {
		_, there := have[id]
		return !there && l.State != Used && l.Asked < journal.TimeText(now.Add(-Kept)) // Purge
	})
	return journal.Differences(have, want, journal.DifferenceOf("consent"), journal.Words[life]{
		Stray: "stands in the table, and no entry tells of it",
		Other: "the table says {tables}; the entries say {entries}",
		Gone:  "was asked for according to its entry, and is gone from the table",
	}), nil
}

func rows(ctx context.Context, tx pgx.Tx, out map[uuid.UUID]life) error {
	// That the messages left is in no entry.
	found, err := tx.Query(ctx, `select id, organisation_id, citizen_id, phone_id, draft_id, asked_by, mandate_id, draft_version, digest, case state when 'sent' then 'queued' else state end,
		asked_at, expires_at, answered_at, ended_at, unclear, ignored from consent`)
	if err != nil {
		return err
	}
	_, err = pgx.CollectRows(found, func(r pgx.CollectableRow) (struct{}, error) {
		var id uuid.UUID
		var l life
		var mandate *uuid.UUID
		var digest []byte
		var at [4]*time.Time
		err := r.Scan(&id, &l.Organisation, &l.Citizen, &l.Phone, &l.Draft, &l.AskedBy, &mandate, &l.Version, &digest, &l.State, &at[0], &at[1], &at[2], &at[3], &l.Unclear, &l.Ignored)
		l.Mandate, l.Digest = db.OrZero(mandate), hex.EncodeToString(digest)
		for i, to := range []*string{&l.Asked, &l.Expires, &l.Answered, &l.Ended} {
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
	Mandate      uuid.UUID `json:"mandate"`
	By           struct {
		Person uuid.UUID `json:"person"`
	} `json:"by"`
	Detail struct {
		Consent   uuid.UUID `json:"consent"`
		Draft     uuid.UUID `json:"draft"`
		Phone     uuid.UUID `json:"phone"`
		Replaces  uuid.UUID `json:"replaces"`
		Version   int       `json:"version"`
		Terms     string    `json:"terms_sha256"`
		ExpiresAt string    `json:"expires_at"`
		Count     int       `json:"count"`
	} `json:"detail"`
}

// apply does again what an entry says was done.
func (e entry) apply(out map[uuid.UUID]life) {
	if e.Detail.Consent == uuid.Nil {
		return // a mandate that was signed by other means
	}
	if l, there := out[e.Detail.Replaces]; there {
		l.State, l.Ended = Cancelled, e.At
		out[e.Detail.Replaces] = l
	}
	l := out[e.Detail.Consent]
	switch e.Action {
	case "consent.asked":
		l = life{Organisation: e.Organisation, Citizen: e.Citizen, Phone: e.Detail.Phone, Draft: e.Detail.Draft, AskedBy: e.By.Person, Version: e.Detail.Version, Digest: e.Detail.Terms,
			State: Queued, Asked: e.At, Expires: e.Detail.ExpiresAt}
	case "consent.given":
		l.State, l.Answered = Yes, e.At
	case "consent.refused":
		l.State, l.Answered = No, e.At
	case "consent.unclear":
		if l.State, l.Unclear, l.Answered = Queued, e.Detail.Count, e.At; l.Unclear >= unclearMost {
			l.State = Unclear
		}
	case "consent.ignored":
		l.Ignored++
	case "consent.expired":
		l.State, l.Ended = Expired, e.At
	case "consent.cancelled":
		l.State, l.Ended = Cancelled, e.At
	case "consent.failed":
		l.State, l.Ended = Failed, e.At
	case "mandate.signed":
		if l.State == Yes && l.Draft == e.Detail.Draft { // else the table's word for it is a difference
			l.State, l.Ended, l.Mandate = Used, e.At, e.Mandate
		}
	}
	out[e.Detail.Consent] = l
}
