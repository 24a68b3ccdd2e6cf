package certification

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
	"mandat/internal/journal"
)

// picture is what is known of each certification: the value of each of its columns, as text. Who trained somebody is a digest.
type picture map[uuid.UUID]map[string]string

// shown are the columns whose values a difference repeats; of the others it says only that they differ.
var shown = []string{"state", "certified_until"}

// Compare replays what the journal says of certifications and imports, and names what the tables say otherwise. What a batch of an
// import changed stands beside its entry, which holds the digest of it. It reads as auditor, in one snapshot.
func Compare(ctx context.Context, auditor *db.DB) ([]journal.Difference, error) {
	var out []journal.Difference
	err := auditor.Snapshot(ctx, db.Nothing(), func(tx pgx.Tx) error {
		want, files, found, err := replay(ctx, tx)
		if err != nil {
			return err
		}
		have, err := tables(ctx, tx)
		if err != nil {
			return err
		}
		out = append(found, journal.Differences(have, want, difference, journal.Words[map[string]string]{
			Stray: "stands in the tables, and no entry tells of it",
			Gone:  "is told of by entries, and is gone from the tables",
			Parts: unlike,
		})...)
		found, err = files.compare(ctx, tx)
		out = append(out, found...)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("compare certifications with the journal: %w", err)
	}
	slices.SortStableFunc(out, func(a, b journal.Difference) int { return cmp.Or(cmp.Compare(a.Of, b.Of), cmp.Compare(a.ID, b.ID)) })
	return out, nil
}

func difference(person uuid.UUID, what string) journal.Difference {
	return journal.Difference{Of: "person", ID: person.String(), What: "their certification " + what}
}

// unlike names the columns in which a row differs from what the entries say.
func unlike(have, want map[string]string) []string {
	var out []string
	for _, column := range []string{"state", "trained_on", "training", "organiser", "tested_on", "score", "minimum", "passed_on", "certified_at", "certified_until", "suspended_at", "updated_at"} {
		switch {
		case have[column] == want[column]:
		case slices.Contains(shown, column):
			out = append(out, fmt.Sprintf("has as %s %q in the tables, and %q according to the entries", column, have[column], want[column]))
		default:
			out = append(out, "has another "+column+" in the tables than in the entries")
		}
	}
	return out
}

// paint is a certification as a picture has it.
func (c Certification) paint(updated time.Time) map[string]string {
	out := map[string]string{"state": c.Stored, "trained_on": dayText(c.TrainedOn), "training": c.Training, "tested_on": dayText(c.TestedOn), "passed_on": dayText(c.PassedOn),
		"certified_at": timeText(c.CertifiedAt), "certified_until": timeText(c.CertifiedUntil), "suspended_at": timeText(c.SuspendedAt), "updated_at": timeText(updated)}
	if !c.TrainedOn.IsZero() {
		out["organiser"] = organiserDigest(c.Person, c.Organiser)
	}
	if !c.TestedOn.IsZero() {
		out["score"], out["minimum"] = fmt.Sprint(c.Score), fmt.Sprint(c.Minimum)
	}
	for column, value := range out {
		if value == "" {
			delete(out, column)
		}
	}
	return out
}

func tables(ctx context.Context, tx pgx.Tx) (picture, error) {
	rows, err := tx.Query(ctx, `select c.updated_at, `+columns+` from certification c join (select person_id as id from certification) p on p.id = c.person_id`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	out := picture{}
	for rows.Next() {
		var c Certification
		var updated time.Time
		if err := c.scan(rows, &updated); err != nil {
			return nil, err
		}
		out[c.Person] = c.paint(updated)
	}
	return out, rows.Err()
}
