package report

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
	"mandat/internal/journal"
)

// Compare holds the uses and their accounts to the entries that tell of them: what was used, by whom, when and how; which accounts were given, with their
// hashes, and what they made of the use. What is missing on either side, or differs, is named by its mandate. It reads as auditor.
func Compare(ctx context.Context, auditor *db.DB) ([]journal.Difference, error) {
	found, err := journal.CompareInSteps(ctx, auditor, nextMandates, compareMandates)
	if err != nil {
		return nil, fmt.Errorf("compare uses with the journal: %w", err)
	}
	return found, nil
}

// actions are those that make and change uses.
var actions = []string{"power.used", "power.declared", "power.accounted"}

// nextMandates lists ids from every side, so that what was removed from one of them is compared too. An account that was moved to another use is found with
// that one, or has no use and stands under none.
func nextMandates(ctx context.Context, tx pgx.Tx, after uuid.UUID, limit int) ([]uuid.UUID, error) {
	rows, err := tx.Query(ctx, `select id from ((select distinct mandate_id as id from report_use where mandate_id > $1 order by 1 limit $2)
		union (select distinct mandate_id from journal_entry where mandate_id > $1 order by 1 limit $2)) every_side order by id limit $2`, after, limit)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
}

// line is a use of a mandate (number 0), or an account of it.
type line struct {
	mandate, use uuid.UUID
	number       int
}

func (l line) difference(what string) journal.Difference {
	name := "its use " + l.use.String() + " "
	if l.number > 0 {
		name = fmt.Sprintf("account %d of its use %s ", l.number, l.use)
	}
	return journal.Difference{Of: "mandate", ID: l.mandate.String(), What: name + what}
}

func compareMandates(ctx context.Context, tx pgx.Tx, mandates []uuid.UUID) ([]journal.Difference, error) {
	want, err := replay(ctx, tx, mandates)
	if err != nil {
		return nil, err
	}
	have, err := tables(ctx, tx, mandates)
	return journal.Differences(have, want, line.difference, journal.Words[string]{
		Stray: "stands in the tables, and no entry tells of it",
		Other: "is {tables} in the tables, and {entries} according to its entries",
		Gone:  "was made according to its entry, and is gone from the tables",
	}), err
}

func tables(ctx context.Context, tx pgx.Tx, mandates []uuid.UUID) (map[line]string, error) {
	out := map[line]string{}
	rows, err := tx.Query(ctx, `select mandate_id, id, 0, organisation_id, citizen_id, person_id, procedure, case_ref, way, used_at, state, accounts, coalesce(outcome, ''), closed_at, closed_by, false, ''
			from report_use where mandate_id = any ($1)
		union all select u.mandate_id, g.use_id, g.number, g.organisation_id, u.citizen_id, g.person_id, '', '', '', g.given_at, '', 0, g.outcome, null, null, g.supplied, encode(g.sha256, 'hex')
			from report_account g join report_use u on u.id = g.use_id where u.mandate_id = any ($1)`, mandates)
	if err != nil {
		return nil, err
	}
	var l line
	var s said
	var closed *time.Time
	var by *uuid.UUID
	_, err = pgx.ForEachRow(rows, []any{&l.mandate, &l.use, &l.number, &s.organisation, &s.citizen, &s.person, &s.procedure, &s.ref, &s.way, &s.at, &s.state, &s.accounts, &s.outcome,
		&closed, &by, &s.supplied, &s.sum}, func() error {
		s.closed, s.closedBy = db.OrZero(closed), db.OrZero(by)
		out[l] = s.String()
		return nil
	})
	return out, err
}

// said is what is known of a use or of an account.
type said struct {
	organisation, citizen, person uuid.UUID
	procedure, ref, way           string
	at                            time.Time
	state                         string
	accounts                      int
	outcome                       string
	closed                        time.Time
	closedBy                      uuid.UUID
	supplied                      bool
	sum                           string
}

// String says it in one line.
func (s said) String() string {
	out := fmt.Sprintf("of organisation %s for citizen %s by %s at %s", s.organisation, s.citizen, s.person, journal.TimeText(s.at))
	if s.state == "" {
		return out + fmt.Sprintf(", %s, supplied by the citizen: %t, bytes %s", s.outcome, s.supplied, s.sum)
	}
	out += fmt.Sprintf(", %s by %s, %s", s.procedure, s.way, s.state)
	if s.ref != "" {
		out += " for case " + s.ref
	}
	if s.accounts > 0 || s.outcome != "" || !s.closed.IsZero() {
		out += fmt.Sprintf(" as %s by account %d of %s at %s", s.outcome, s.accounts, s.closedBy, journal.TimeText(s.closed))
	}
	return out
}

// entry is what the replay reads of an entry.
type entry struct {
	Action       string    `json:"action"`
	At           time.Time `json:"at"`
	Organisation uuid.UUID `json:"organisation"`
	Citizen      uuid.UUID `json:"citizen"`
	Mandate      uuid.UUID `json:"mandate"`
	By           struct {
		Person uuid.UUID `json:"person"`
	} `json:"by"`
	Detail struct {
		Login     uuid.UUID `json:"login"`
		Use       uuid.UUID `json:"use"`
		Procedure string    `json:"procedure"`
		Case      string    `json:"case"`
		Way       string    `json:"way"`
		Number    int       `json:"number"`
		Outcome   string    `json:"outcome"`
		Supplied  bool      `json:"supplied"`
		SHA256    string    `json:"sha256"`
	} `json:"detail"`
}

// replay does again what the entries say was done.
func replay(ctx context.Context, tx pgx.Tx, mandates []uuid.UUID) (map[line]string, error) {
	uses, out := map[line]said{}, map[line]string{}
	err := journal.Replay(ctx, tx, `e.mandate_id = any ($1) and e.action = any ($2)`, []any{mandates, actions}, func(e entry) {
		d := e.Detail
		s := said{organisation: e.Organisation, citizen: e.Citizen, person: e.By.Person, at: e.At, procedure: d.Procedure, ref: d.Case, way: d.Way, state: Opened}
		switch e.Action {
		case "power.used":
			s.way = Login
			uses[line{e.Mandate, d.Login, 0}] = s
		case "power.declared":
			uses[line{e.Mandate, d.Use, 0}] = s
		default:
			u := uses[line{e.Mandate, d.Use, 0}]
			u.state, u.accounts, u.outcome, u.closed, u.closedBy = Closed, d.Number, d.Outcome, e.At, e.By.Person
			uses[line{e.Mandate, d.Use, 0}] = u
			s.procedure, s.ref, s.state, s.outcome, s.supplied, s.sum = "", "", "", d.Outcome, d.Supplied, d.SHA256
			out[line{e.Mandate, d.Use, d.Number}] = s.String()
		}
	})
	for l, u := range uses {
		out[l] = u.String()
	}
	return out, err
}
