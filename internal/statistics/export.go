package statistics

import (
	"context"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/journal"
	"mandat/internal/org"
)

// Formats are those in which figures are taken away.
func Formats() []string { return []string{"csv", "xlsx", "pdf"} }

// taken is the detail of an entry about figures that were taken away: in which form, of which days, and by what sorts of things they were narrowed, not by which.
type taken struct {
	Format  string   `json:"format"`
	From    string   `json:"from"`
	To      string   `json:"to"`
	Filters []string `json:"filters,omitempty"`
}

// Export answers a question as Figures does, and records that the answer was taken away. Without the entry there is no answer. It returns ErrFormat besides.
func (r *Register) Export(ctx context.Context, by journal.Actor, q Question, format string) (Figures, error) {
	if !slices.Contains(Formats(), format) {
		return Figures{}, ErrFormat
	}
	f, err := r.Figures(ctx, by, q)
	if err != nil {
		return Figures{}, err
	}
	first := &pgx.Batch{}
	allowed := mayTake(first, by)
	err = r.journal.RecordAfter(ctx, by, first, func(*journal.Tx) (journal.Event, error) {
		detail := taken{Format: format, From: f.From.Format(time.DateOnly), To: f.To.Format(time.DateOnly)}
		for _, s := range []struct {
			name string
			set  bool
		}{{"organisation", by.Kind != journal.Referent && f.Organisation != uuid.Nil}, {"procedure", f.Procedure != ""}, {"action", f.Action != ""}} {
			if s.set {
				detail.Filters = append(detail.Filters, s.name)
			}
		}
		return journal.Event{Action: "statistics.exported", Detail: detail}, allowed()
	})
	if err != nil {
		return Figures{}, wrap("take figures away", err)
	}
	return f, nil
}

func mayTake(b *pgx.Batch, by journal.Actor) func() error {
	switch by.Kind {
	case journal.Referent:
		return org.MayRun(b, by)
	case journal.Administrator:
		return org.MayAdminister(b, by)
	}
	return org.MayAudit(b, by)
}
