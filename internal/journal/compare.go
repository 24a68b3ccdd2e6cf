package journal

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
)

// Replay hands over, in their order, the entries e that fit a condition, with the members of what was hashed that E names. It leaves
// out those that the integrator has passed by: they were not written by an act, and will never be in the tree. One that cannot be read
// as E was damaged, which Compare names.
func Replay[E any](ctx context.Context, tx pgx.Tx, where string, args []any, each func(E)) error {
	rows, err := tx.Query(ctx, `select e.body, coalesce(e.xid >= (select xid from journal_tree), true) or exists (select from journal_leaf l where l.entry_id = e.id)
		from journal_entry e where `+where+` order by e.id`, args...)
	if err != nil {
		return err
	}
	var body string
	var counts bool
	_, err = pgx.ForEachRow(rows, []any{&body, &counts}, func() error {
		var e E
		if counts && json.Unmarshal([]byte(body), &e) == nil {
			each(e)
		}
		return nil
	})
	return err
}

// ActionsOf lists the actions of some nouns, which are what stands before the dot, as a condition for Replay
// (e.action = any ($1)): entries are found by whole names, and by a pattern only in reading all of them.
func ActionsOf(nouns ...string) []string {
	var out []string
	for _, a := range Actions() {
		if noun, _, _ := strings.Cut(a.Name, "."); slices.Contains(nouns, noun) {
			out = append(out, a.Name)
		}
	}
	return out
}

// snapshotStep is how many things are compared in one snapshot.
const snapshotStep = 500

// CompareInSteps compares things some hundred at a time, each lot in a snapshot of its own, so that it holds nothing back and
// needs little memory. next returns the ids that follow after, at most limit, in their order.
func CompareInSteps(ctx context.Context, auditor *db.DB, next func(ctx context.Context, tx pgx.Tx, after uuid.UUID, limit int) ([]uuid.UUID, error),
	compare func(context.Context, pgx.Tx, []uuid.UUID) ([]Difference, error)) ([]Difference, error) {
	var out []Difference
	var after uuid.UUID
	for {
		var ids []uuid.UUID
		err := auditor.Snapshot(ctx, db.Nothing(), func(tx pgx.Tx) error {
			var err error
			if ids, err = next(ctx, tx, after, snapshotStep); err != nil || len(ids) == 0 {
				return err
			}
			found, err := compare(ctx, tx, ids)
			out = append(out, found...)
			return err
		})
		if err != nil || len(ids) == 0 {
			return out, err
		}
		after = ids[len(ids)-1]
	}
}

// compareStep is how many entries are read at a time.
const compareStep = 5000

// Compare names the entries whose columns say something else than the text that was hashed, and those that stand in the
// table only or in the tree only. Entries are found by their columns: with another action in its column the end of a
// mandate would be passed by, and verification, which reads the text, would be content. It reads as auditor.
func Compare(ctx context.Context, auditor *db.DB) ([]Difference, error) {
	var out []Difference
	var after int64
	var known accounted
	for {
		n := 0
		err := auditor.Read(ctx, db.Nothing(), func(tx pgx.Tx) error {
			rows, err := tx.Query(ctx, `select e.id, e.at, e.action, e.organisation_id, e.person_id, e.citizen_id, e.mandate_id, e.body, 0::bigint, null::bytea
				from journal_entry e where e.id > $1 order by e.id limit $2`, after, compareStep)
			if err != nil {
				return err
			}
			entries, err := pgx.CollectRows(rows, entryOf)
			if err != nil {
				return err
			}
			before := after
			for _, e := range entries {
				if !e.filedRight() {
					out = append(out, ofEntry(e.ID, "its columns in the table are not what its text says"))
				}
				after, n = e.ID, n+1
			}
			until := after
			if n < compareStep {
				until = math.MaxInt64
			}
			found, err := compareLeaves(ctx, tx, before, until, &known)
			out = append(out, found...)
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("compare entries with their columns: %w", err)
		}
		if n < compareStep {
			return out, nil
		}
	}
}

// compareLeaves names the entries with ids above after, up to until, that the tree does not hold although it has come to
// their transactions, and those that it holds and that are gone while no entry says that they were forgotten.
func compareLeaves(ctx context.Context, tx pgx.Tx, after, until int64, known *accounted) ([]Difference, error) {
	rows, err := tx.Query(ctx, `select e.id from journal_entry e where e.id > $1 and e.id <= $2 and coalesce(e.xid < (select xid from journal_tree), false)
		and not exists (select from journal_leaf l where l.entry_id = e.id and l.entry_id > $1 and l.entry_id <= $2) order by e.id`, after, until)
	if err != nil {
		return nil, err
	}
	var out []Difference
	var id int64
	if _, err := pgx.ForEachRow(rows, []any{&id}, func() error {
		out = append(out, ofEntry(id, "was put into the table, and by no act: the tree will never hold it"))
		return nil
	}); err != nil {
		return nil, err
	}
	missed, err := gone(ctx, tx, after, until, known)
	return append(out, missed...), err
}

func ofEntry(id int64, what string) Difference {
	return Difference{Of: "entry", ID: strconv.FormatInt(id, 10), What: what}
}

// filedRight reports whether the columns of an entry repeat its text. The text has one canonical form, so it is looked at
// byte for byte: members in their order, the detail, if there is one, between citizen and mandate.
func (e Entry) filedRight() bool {
	member := func(name string, id uuid.UUID) string {
		if id == uuid.Nil {
			return ""
		}
		return `,"` + name + `":"` + id.String() + `"`
	}
	rest, ok := strings.CutPrefix(string(e.Body), `{"action":"`+e.Action+`","at":"`+TimeText(e.At)+`","by":{"kind":"`)
	if !ok {
		return false
	}
	if _, rest, ok = strings.Cut(rest, `"`); !ok { // of the kind, which has no column
		return false
	}
	if rest, ok = strings.CutPrefix(rest, member("person", e.Person)+"}"+member("citizen", e.Citizen)); !ok {
		return false
	}
	detail, ok := strings.CutSuffix(rest, member("mandate", e.Mandate)+member("organisation", e.Organisation)+"}")
	return ok && (detail == "" || strings.HasPrefix(detail, `,"detail":{`) && strings.HasSuffix(detail, "}"))
}
