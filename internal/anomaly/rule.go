package anomaly

import (
	"context"
	"maps"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
	"mandat/internal/journal"
	"mandat/internal/org"
)

// The rules.
const (
	OddHours     = "odd_hours"      // acts for citizens while the organisation is closed
	Burst        = "burst"          // many acts within minutes
	SoonUsed     = "soon_used"      // mandates used within minutes of their signature
	SharedPhone  = "shared_phone"   // one telephone number for many citizens
	FarFromPeers = "far_from_peers" // far more acts in a week than others who work as many days
	RefusedSteps = "refused_steps"  // many steps that the program refused
	SameDevice   = "same_device"    // mandates whose citizen said everything on the aidant's own screen
)

// Keys are all of them, in the order of pages.
func Keys() []string {
	return []string{OddHours, Burst, SoonUsed, SharedPhone, FarFromPeers, RefusedSteps, SameDevice}
}

// Bound is between what a threshold may lie.
type Bound struct {
	Name        string
	Least, Most int
}

// Whether reports whether the threshold says yes, which is 1, or no.
func (b Bound) Whether() bool { return b.Least == 0 && b.Most == 1 }

// Rule is one version of a rule.
type Rule struct {
	Key        string
	Version    int
	Enabled    bool
	Thresholds map[string]int
	Since      time.Time
	ChangedBy  uuid.UUID // uuid.Nil: it came with the program
	Bounds     []Bound   // of its thresholds, in the order of pages
}

const ruleColumns = `r.key, r.version, r.enabled, r.thresholds, r.since, r.changed_by`

func scanRule(row pgx.CollectableRow) (Rule, error) {
	var r Rule
	var by *uuid.UUID
	err := row.Scan(&r.Key, &r.Version, &r.Enabled, &r.Thresholds, &r.Since, &by)
	r.Since, r.ChangedBy = r.Since.UTC(), db.OrZero(by)
	return r, err
}

// inForce reads the newest version of each rule.
func inForce(ctx context.Context, q querier) (map[string]Rule, error) {
	rows, err := q.Query(ctx, `select distinct on (r.key) `+ruleColumns+` from anomaly_rule r order by r.key, r.version desc`)
	if err != nil {
		return nil, err
	}
	all, err := pgx.CollectRows(rows, scanRule)
	out := map[string]Rule{}
	for _, r := range all {
		out[r.Key] = r
	}
	return out, err
}

// querier is a transaction of whatever kind.
type querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}

// Rules lists the rules as they are in force, to an auditor. It returns org.ErrMayNot.
func (r *Register) Rules(ctx context.Context, by journal.Actor) ([]Rule, error) {
	var out []Rule
	err := r.reading(ctx, by, func(tx pgx.Tx) error {
		current, err := inForce(ctx, tx)
		for _, k := range Keys() {
			out = append(out, current[k])
		}
		return err
	})
	return out, wrap("list rules", err)
}

// History lists the versions of a rule, the newest first, to an auditor, with the bounds of its thresholds. It returns db.ErrNotFound and org.ErrMayNot.
func (r *Register) History(ctx context.Context, by journal.Actor, rule string) ([]Rule, error) {
	var out []Rule
	err := r.reading(ctx, by, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, `select `+ruleColumns+` from anomaly_rule r where r.key = $1 order by r.version desc`, rule)
		if err != nil {
			return err
		}
		if out, err = pgx.CollectRows(rows, scanRule); err != nil {
			return err
		}
		if len(out) == 0 {
			return db.ErrNotFound
		}
		rows, err = tx.Query(ctx, `select name, lowest, highest from anomaly_bounds() with ordinality as b where rule = $1 order by ordinality`, rule)
		if err != nil {
			return err
		}
		out[0].Bounds, err = pgx.CollectRows(rows, pgx.RowToStructByPos[Bound])
		return err
	})
	return out, wrap("read a rule", err)
}

// reading reads what auditors see, for one who is an auditor now.
func (r *Register) reading(ctx context.Context, by journal.Actor, f func(pgx.Tx) error) error {
	return r.db.Read(ctx, db.System(), func(tx pgx.Tx) error {
		if err := org.AskAuditor(ctx, tx, by); err != nil {
			return err
		}
		return f(tx)
	})
}

// ruleChanged is the detail of the entry; docs/journal.md lists it.
type ruleChanged struct {
	Rule       string         `json:"rule"`
	Version    int            `json:"version"`
	Enabled    bool           `json:"enabled"`
	Thresholds map[string]int `json:"thresholds"`
}

// Change puts another version of a rule in force, by an auditor with a fresh second factor who has seen the version before it. What is found from then on is found by it; what
// was found before stays. Errors: ErrBounds, db.ErrNotFound, db.ErrConflict when somebody else changed it meanwhile, org.ErrMayNot, org.ErrFactorTooOld.
func (r *Register) Change(ctx context.Context, by journal.Actor, seen Rule) error {
	first := &pgx.Batch{}
	may := org.MayAudit(first, by)
	err := r.journal.RecordAfter(ctx, by, first, func(tx *journal.Tx) (journal.Event, error) {
		if err := may(); err != nil {
			return journal.Event{}, err
		}
		if err := org.Fresh(by, tx.Now); err != nil {
			return journal.Event{}, err
		}
		rows, err := tx.Query(ctx, `select `+ruleColumns+` from anomaly_rule r where r.key = $1 order by r.version desc limit 1`, seen.Key)
		if err != nil {
			return journal.Event{}, err
		}
		old, err := pgx.CollectExactlyOneRow(rows, scanRule)
		switch {
		case err != nil:
			return journal.Event{}, db.Found("find a rule", err)
		case old.Version != seen.Version:
			return journal.Event{}, db.ErrConflict
		case old.Enabled == seen.Enabled && maps.Equal(old.Thresholds, seen.Thresholds):
			return journal.Event{}, ErrBounds
		}
		if err := fits(ctx, tx, seen.Key, seen.Thresholds); err != nil {
			return journal.Event{}, err
		}
		e := ruleChanged{seen.Key, old.Version + 1, seen.Enabled, seen.Thresholds}
		_, err = tx.Exec(ctx, `insert into anomaly_rule (key, version, enabled, thresholds, since, changed_by) values ($1, $2, $3, $4, $5, $6)`, e.Rule, e.Version, e.Enabled, e.Thresholds, tx.Now, by.Person)
		if db.Unique(err, "anomaly_rule_pkey") {
			err = db.ErrConflict
		}
		return journal.Event{Action: "anomaly.rule_changed", Detail: e}, err
	})
	return wrap("change a rule", err)
}

// fits asks the database whether a rule may have these thresholds.
func fits(ctx context.Context, q querier, rule string, thresholds map[string]int) error {
	fit := false
	if err := q.QueryRow(ctx, `select anomaly_fits($1, $2)`, rule, thresholds).Scan(&fit); err != nil {
		return err
	}
	if !fit {
		return ErrBounds
	}
	return nil
}

// Named is a version of a rule.
type Named struct {
	Key     string
	Version int
}

// Thresholds are those of every version of every rule, to an auditor. It returns org.ErrMayNot.
func (r *Register) Thresholds(ctx context.Context, by journal.Actor) (map[Named]map[string]int, error) {
	out := map[Named]map[string]int{}
	err := r.reading(ctx, by, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, `select `+ruleColumns+` from anomaly_rule r`)
		if err != nil {
			return err
		}
		all, err := pgx.CollectRows(rows, scanRule)
		for _, x := range all {
			out[Named{x.Key, x.Version}] = x.Thresholds
		}
		return err
	})
	return out, wrap("read rules", err)
}
