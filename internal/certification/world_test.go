package certification_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/certification"
	"mandat/internal/charter"
	"mandat/internal/db"
	"mandat/internal/fixture"
	"mandat/internal/journal"
	"mandat/internal/org"
)

// minimum is the score from which a test is passed in these tests.
const minimum = 700

// world is a fixture with a register and an administrator.
type world struct {
	*fixture.World
	register *certification.Register
	anne     journal.Actor
}

func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{World: fixture.New(t)}
	w.register = certification.New(w.DB, w.Journal, w.Keys, w.Clock, minimum)
	w.anne = w.Administrator(t, "anne")
	return w
}

// newcomer is an aidant who has accepted the charter, and was never trained.
func (w *world) newcomer(t testing.TB, name string) journal.Actor {
	t.Helper()
	by := w.Newcomer(t, journal.Aidant, w.Here, name, org.RoleAidant)
	r := charter.New(w.DB, w.Journal)
	if err := errors.Join(r.Publish(t.Context()), r.Accept(t.Context(), by, charter.Version, charter.Sum())); err != nil {
		t.Fatal(err)
	}
	return by
}

// ago is the day some days before today, at midnight UTC.
func (w *world) ago(days int) time.Time {
	return w.Clock.Now().AddDate(0, 0, -days-1).Truncate(24 * time.Hour)
}

func (w *world) course(days int) certification.Course {
	return certification.Course{On: w.ago(days), Organiser: "Organisme d’essai", Kind: certification.Peer}
}

func (w *world) test(days, score int) certification.Test {
	return certification.Test{On: w.ago(days), Score: score}
}

func (w *world) of(t testing.TB, person uuid.UUID) certification.Certification {
	t.Helper()
	c, err := w.register.Of(t.Context(), person)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func (w *world) wantState(t testing.TB, person uuid.UUID, want string) {
	t.Helper()
	if got := w.of(t, person).State(w.Clock.Now()); got != want {
		t.Errorf("is %s, want %s", got, want)
	}
}

// entries are the details of the entries of an action, oldest first.
func (w *world) entries(t testing.TB, action string) []map[string]any {
	t.Helper()
	var out []map[string]any
	err := w.DB.Read(t.Context(), db.System(), func(tx pgx.Tx) error {
		rows, err := tx.Query(t.Context(), `select body from journal_entry where action = $1 order by id`, action)
		if err != nil {
			return err
		}
		bodies, err := pgx.CollectRows(rows, pgx.RowTo[string])
		for _, body := range bodies {
			e := struct{ Detail map[string]any }{}
			if err := json.Unmarshal([]byte(body), &e); err != nil {
				return err
			}
			out = append(out, e.Detail)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// crowd adds many people who were never trained, behind the program's back, and returns their addresses.
func (w *world) crowd(t testing.TB, n int) []string {
	t.Helper()
	w.Behind(t, `insert into person (id, email, given_name, usual_name, created_at)
		select gen_random_uuid(), 'foule' || i || '@exemple.invalid', 'Foule', 'Fictif', now() from generate_series(1, $1) i`, n)
	out := make([]string, n)
	for i := range out {
		out[i] = fmt.Sprintf("foule%d@exemple.invalid", i+1)
	}
	return out
}

const header = "courriel;formation_date;organisme;type;test_date;score\n"

// file is a file in which everybody was trained and passed the test.
func (w *world) file(addresses []string) string {
	var b strings.Builder
	b.WriteString(header)
	for _, address := range addresses {
		fmt.Fprintf(&b, "%s;%s;Organisme d’essai;classique;%s;850\n", address, w.ago(20).Format(time.DateOnly), w.ago(10).Format(time.DateOnly))
	}
	return b.String()
}

// mayAct asks as acts do, and as pages do.
func (w *world) mayAct(t testing.TB, by journal.Actor) error {
	t.Helper()
	ask := &pgx.Batch{}
	may := org.MayAct(ask, by)
	now := w.Clock.Now()
	act := w.DB.WriteAfter(t.Context(), db.InOrganisation(by.Organisation), db.Soon, ask, func(*db.Tx) error { return may(now) })
	if _, page := w.Directory.Acting(t.Context(), by, now); org.Why(page) != org.Why(act) {
		t.Errorf("a page says %v, an act %v", page, act)
	}
	return act
}

// content fails the test unless our tables say what the entries say. Crowds have no entries of their own.
func (w *world) content(t testing.TB) {
	t.Helper()
	auditor := w.OpenAuditor(t)
	for _, compare := range []func(context.Context, *db.DB) ([]journal.Difference, error){certification.Compare, journal.Compare} {
		found, err := compare(t.Context(), auditor)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range found {
			t.Error(d)
		}
	}
}
