package comparison

import (
	"context"

	"mandat/internal/db"
	"mandat/internal/journal/inspection"
)

// Checks is what the servers found when they last looked by themselves: whether the journal is whole, and whether the tables are what it says.
type Checks struct {
	Inspection inspection.Outcome
	Comparison Outcome
}

// Good says whether both were done, and found nothing.
func (c Checks) Good() bool {
	return c.Inspection.Whole() && !c.Comparison.At.IsZero() && c.Comparison.Differences == 0
}

// Checked returns what was kept last of both. Auditors' login may read it, and the program's.
func Checked(ctx context.Context, d *db.DB) (Checks, error) {
	var c Checks
	var err error
	if c.Inspection, err = inspection.Last(ctx, d); err != nil {
		return Checks{}, err
	}
	c.Comparison, err = Last(ctx, d)
	return c, err
}
