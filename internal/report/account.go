package report

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"unicode/utf8"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
	"mandat/internal/envelope"
	"mandat/internal/journal"
	"mandat/internal/org"
	"mandat/internal/private"
)

// The most letters of what is typed.
const (
	SiteLength    = 200
	ReceiptLength = 100
	NoteLength    = 1000
)

// Given is an account as somebody gives it.
type Given struct {
	Outcome             string // one of Outcomes
	Site, Receipt, Note string
	Supplied            bool // what was typed into the service was supplied by the citizen
	After               int  // how many accounts of the use the giver has seen
}

// Check returns what is wrong, by field ("outcome", "site", "receipt", "note"), for a use of this way: missing, unknown, too_long, or what a text
// holds that it must not (private.Holds). Which site it was is asked where there was one and something was done there.
func (g Given) Check(way string) map[string]string {
	wrong := map[string]string{}
	switch {
	case g.Outcome == "":
		wrong["outcome"] = "missing"
	case !slices.Contains(Outcomes, g.Outcome):
		wrong["outcome"] = "unknown"
	case g.Site == "" && g.Outcome != Nothing && (way == Login || way == Site):
		wrong["site"] = "missing"
	}
	for _, f := range []struct {
		name, text string
		most       int
	}{{"site", g.Site, SiteLength}, {"receipt", g.Receipt, ReceiptLength}, {"note", g.Note, NoteLength}} {
		if utf8.RuneCountInString(f.text) > f.most {
			wrong[f.name] = "too_long"
		} else if kind := private.Holds(f.text); kind != "" {
			wrong[f.name] = kind
		}
	}
	return wrong
}

// typed is what is sealed of an account.
type typed struct {
	Site    string `json:"site,omitempty"`
	Receipt string `json:"receipt,omitempty"`
	Note    string `json:"note,omitempty"`
}

// purpose binds a sealed account to its use and its place among the others. It never changes: what is stored would no longer open.
func purpose(use uuid.UUID, number int) string {
	return "report.account:" + use.String() + ":" + strconv.Itoa(number)
}

// accounted is the detail of the entry power.accounted.
type accounted struct {
	Use       string `json:"use"`
	Procedure string `json:"procedure"`
	Case      string `json:"case,omitempty"`
	Number    int    `json:"number"`
	Outcome   string `json:"outcome"`
	Supplied  bool   `json:"supplied"`
	SHA256    string `json:"sha256"` // of the sealed account, hexadecimal
}

// Close gives the account of a use of a mandate of the actor's organisation: the first, or one that corrects those before it, which stay. Whoever used
// the power may, as long as they may read here (org.Reads), and every colleague who may act (org.Acts).
//
// Errors: ErrAccount when Given.Check finds something; ErrMeanwhile when another account was given since the giver looked; org.ErrMayNot; db.ErrNotFound
// for another organisation's use, or another mandate's.
func (r *Register) Close(ctx context.Context, by journal.Actor, mandate, use uuid.UUID, g Given) error {
	var u locked
	batch := &pgx.Batch{}
	mayAct := org.MayAct(batch, by) // locks the actor's role; MayRead only asks
	mayRead := org.MayRead(batch, by)
	u.queue(batch, by, mandate, use)
	err := r.journal.RecordAfter(ctx, by, batch, func(tx *journal.Tx) (journal.Event, error) {
		err := mayRead()
		if err == nil && u.person != by.Person && u.there {
			err = mayAct(tx.Now)
		}
		switch {
		case err != nil:
			return journal.Event{}, err
		case !u.there:
			return journal.Event{}, db.ErrNotFound
		case len(g.Check(u.way)) > 0:
			return journal.Event{}, ErrAccount
		case g.After != u.accounts:
			return journal.Event{}, ErrMeanwhile
		}
		key, err := r.citizens.DataKey(ctx, tx, by.Organisation, u.citizen)
		if err != nil {
			return journal.Event{}, err
		}
		return u.account(tx, key, mandate, use, g)
	})
	if err != nil {
		return fmt.Errorf("account of use %s: %w", use, err)
	}
	return nil
}

// locked is what an account needs to know of its use.
type locked struct {
	citizen, person     uuid.UUID
	procedure, ref, way string
	accounts            int
	there               bool
}

// queue queues the lock of a use of the actor's organisation, and its reading.
func (u *locked) queue(b *pgx.Batch, by journal.Actor, mandate, use uuid.UUID) {
	b.Queue(`select citizen_id, person_id, procedure, case_ref, way, accounts from report_use where id = $1 and mandate_id = $2 and organisation_id = $3 for update`,
		use, mandate, by.Organisation).Query(func(rows pgx.Rows) error {
		defer rows.Close()
		if u.there = rows.Next(); !u.there {
			return rows.Err()
		}
		return rows.Scan(&u.citizen, &u.person, &u.procedure, &u.ref, &u.way, &u.accounts)
	})
}

// account queues the account and what it makes of its use.
func (u *locked) account(tx *journal.Tx, key *envelope.DataKey, mandate, use uuid.UUID, g Given) (journal.Event, error) {
	plain, err := json.Marshal(typed{g.Site, g.Receipt, g.Note})
	if err != nil {
		return journal.Event{}, errors.New("account: cannot be encoded") // the encoder's error could quote it
	}
	number := u.accounts + 1
	sealed := key.Seal(purpose(use, number), plain)
	sum := sha256.Sum256(sealed)
	tx.QueueOne(`insert into report_account (use_id, number, organisation_id, person_id, given_at, outcome, supplied, account) values ($1, $2, $3, $4, $5, $6, $7, $8)`,
		use, number, tx.By.Organisation, tx.By.Person, tx.Now, g.Outcome, g.Supplied, sealed)
	tx.Queue(`update report_use set state = 'closed', accounts = $2, outcome = $3, closed_at = $4, closed_by = $5 where id = $1`, use, number, g.Outcome, tx.Now, tx.By.Person)
	return journal.Event{Action: "power.accounted", Citizen: u.citizen, Mandate: mandate,
		Detail: accounted{use.String(), u.procedure, u.ref, number, g.Outcome, g.Supplied, hex.EncodeToString(sum[:])}}, nil
}
