package invitation

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

// life is what is compared of an invitation: to what, by whom, and how it ended. None of it is personal.
type life struct {
	Organisation, InvitedBy, ConfirmedBy, Person uuid.UUID
	Roles                                        []string
	State                                        string
	Created, Expires, Decided                    string
}

// String says it in words, which are compared.
func (l life) String() string {
	return fmt.Sprint("to ", l.Organisation, " as ", l.Roles, ", ", l.State, " since ", l.Created, " until ", l.Expires, ", by ", l.InvitedBy, ", confirmed by ", l.ConfirmedBy,
		", accepted by ", l.Person, " at ", l.Decided)
}

// forgotten reports whether it ended so long ago that its row may be gone (Purge).
func (l life) forgotten(now time.Time) bool {
	end := l.Decided
	if end == "" {
		end = l.Expires
	}
	return end != "" && end < journal.TimeText(now.Add(-Kept))
}

// Compare replays what the journal says of invitations and names what the table says otherwise: who may become an aidant, a referent or an administrator
// by a link. It reads as auditor, in one snapshot.
func Compare(ctx context.Context, auditor *db.DB) ([]journal.Difference, error) {
	want, have := map[uuid.UUID]life{}, map[uuid.UUID]life{}
	var now time.Time
	err := auditor.Snapshot(ctx, db.Nothing(), func(tx pgx.Tx) error {
		// Entries are found by their actions: there are very many others.
		err := journal.Replay(ctx, tx, `e.action in ('organisation.created', 'invitation.made', 'invitation.proposed', 'invitation.confirmed', 'invitation.renewed', 'invitation.withdrawn',
			'person.added', 'person.joined', 'person.appointed') and e.body like '%"invitation":"%'`, nil, func(e entry) { e.apply(want) })
		if err != nil {
			return err
		}
		if err := rows(ctx, tx, have); err != nil {
			return err
		}
		return tx.QueryRow(ctx, `select now()`).Scan(&now) // by which the database lets rows go
	})
	if err != nil {
		return nil, fmt.Errorf("compare invitations with the journal: %w", err)
	}
	maps.DeleteFunc(want, func(id uuid.UUID, l life) bool {
		_, there := have[id]
		return !there && l.forgotten(now)
	})
	return journal.Differences(have, want, difference, journal.Words[life]{
		Stray: "stands in the table, and no entry tells of it",
		Other: "the table says {tables}; the entries say {entries}",
		Gone:  "was made according to its entry, and is gone from the table",
	}), nil
}

func difference(id uuid.UUID, what string) journal.Difference {
	return journal.Difference{Of: "invitation", ID: id.String(), What: what}
}

func rows(ctx context.Context, tx pgx.Tx, out map[uuid.UUID]life) error {
	r, err := tx.Query(ctx, `select id, organisation_id, invited_by, confirmed_by, person_id, roles, state, created_at, expires_at, decided_at from invitation`)
	if err != nil {
		return err
	}
	_, err = pgx.CollectRows(r, func(row pgx.CollectableRow) (struct{}, error) {
		var id uuid.UUID
		var organisation, by, confirmed, person *uuid.UUID
		var created, expires time.Time
		var decided *time.Time
		var l life
		err := row.Scan(&id, &organisation, &by, &confirmed, &person, &l.Roles, &l.State, &created, &expires, &decided)
		l.Organisation, l.InvitedBy, l.ConfirmedBy, l.Person = db.OrZero(organisation), db.OrZero(by), db.OrZero(confirmed), db.OrZero(person)
		l.Created, l.Expires = journal.TimeText(created), journal.TimeText(expires)
		if decided != nil {
			l.Decided = journal.TimeText(*decided)
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
	By           struct {
		Person uuid.UUID `json:"person"`
	} `json:"by"`
	Detail struct {
		Invitation uuid.UUID `json:"invitation"`
		Person     uuid.UUID `json:"person"`
		Roles      []string  `json:"roles"`
		ExpiresAt  string    `json:"expires_at"`
	} `json:"detail"`
}

// apply does again what an entry says was done.
func (e entry) apply(out map[uuid.UUID]life) {
	l := out[e.Detail.Invitation]
	switch e.Action {
	case "invitation.made", "invitation.proposed", "organisation.created":
		state := map[bool]string{true: Proposed, false: Open}[e.Action == "invitation.proposed"]
		l = life{Organisation: e.Organisation, InvitedBy: e.By.Person, Roles: e.Detail.Roles, State: state, Created: e.At, Expires: e.Detail.ExpiresAt}
	case "invitation.confirmed":
		l.State, l.ConfirmedBy, l.Expires = Open, e.By.Person, e.Detail.ExpiresAt
	case "invitation.renewed":
		l.Expires = e.Detail.ExpiresAt
	case "invitation.withdrawn":
		l.State, l.Decided = Withdrawn, e.At
	default:
		l.State, l.Person, l.Decided = Accepted, e.Detail.Person, e.At
	}
	out[e.Detail.Invitation] = l
}
