package charter_test

import (
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/charter"
	"mandat/internal/db"
	"mandat/internal/fixture"
	"mandat/internal/journal"
	"mandat/internal/org"
)

func newRegister(t *testing.T) (*fixture.World, *charter.Register) {
	t.Helper()
	w := fixture.New(t)
	r := charter.New(w.DB, w.Journal)
	if err := r.Publish(t.Context()); err != nil {
		t.Fatal(err)
	}
	return w, r
}

func accepted(t *testing.T, r *charter.Register, person uuid.UUID) bool {
	t.Helper()
	yes, err := r.Accepted(t.Context(), person)
	if err != nil {
		t.Fatal(err)
	}
	return yes
}

func count(t *testing.T, w *fixture.World, sql string, args ...any) int {
	t.Helper()
	var n int
	if err := w.DB.Read(t.Context(), db.System(), func(tx pgx.Tx) error { return tx.QueryRow(t.Context(), sql, args...).Scan(&n) }); err != nil {
		t.Fatal(err)
	}
	return n
}

const (
	published   = `select count(*) from journal_entry where action = 'charter.published'`
	acceptances = `select count(*) from journal_entry where action = 'charter.accepted' and person_id = $1`
)

// A new version asks everybody again, and who has not accepted it may not act.
func TestPublish_ANewVersionAsksEverybodyAgain(t *testing.T) {
	t.Parallel()
	w, r := newRegister(t)
	acting := func(by journal.Actor) string {
		_, err := w.Directory.Acting(t.Context(), by, w.Clock.Now())
		return org.Why(err)
	}
	if !accepted(t, r, w.Jeanne.Person) || acting(w.Jeanne) != "" {
		t.Fatal("the fixture's aidants have not accepted")
	}
	next, sum := r.Next("9999-01")
	if err := next.Publish(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, by := range []journal.Actor{w.Jeanne, w.Paul, w.Ines} {
		if accepted(t, next, by.Person) || accepted(t, r, by.Person) || acting(by) != org.WhyCharter {
			t.Error("an acceptance of the version before counts")
		}
	}
	if err := r.Accept(t.Context(), w.Jeanne, charter.Version, charter.Sum()); !errors.Is(err, charter.ErrNotLatest) {
		t.Errorf("the old version: %v", err)
	}
	if err := next.Accept(t.Context(), w.Jeanne, "9999-01", sum); err != nil {
		t.Fatal(err)
	}
	if !accepted(t, r, w.Jeanne.Person) || acting(w.Jeanne) != "" || accepted(t, r, w.Paul.Person) {
		t.Error("an acceptance counts for somebody else, or not at all")
	}
	list, err := r.Acceptances(t.Context(), w.Jeanne.Person)
	if err != nil || len(list) != 2 || list[0].Version != "9999-01" || list[1].Version != charter.Version || list[0].At.IsZero() {
		t.Errorf("accepted %v, %v", list, err)
	}
	// A server of the older version starts again, and changes nothing.
	if err := r.Publish(t.Context()); err != nil || !accepted(t, r, w.Jeanne.Person) {
		t.Errorf("an old server: %v", err)
	}
	w.Content(t)
}

func TestPublish_Once(t *testing.T) {
	t.Parallel()
	w, r := newRegister(t)
	next, _ := r.Next("9999-01")
	var wait sync.WaitGroup
	errs := make([]error, 6)
	for i := range errs {
		wait.Go(func() { errs[i] = next.Publish(t.Context()) })
	}
	wait.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Error(err)
	}
	if n := count(t, w, published); n != 2 {
		t.Errorf("%d entries", n)
	}
	other, _ := r.Next(charter.Version)
	if err := other.Publish(t.Context()); !errors.Is(err, charter.ErrChanged) {
		t.Errorf("another text of the same version: %v", err)
	}
	w.Content(t)
}

func TestAccept_Refuses(t *testing.T) {
	t.Parallel()
	w, r := newRegister(t)
	leo := w.Newcomer(t, journal.Aidant, w.Here, "leo", org.RoleAidant)
	gone := w.Newcomer(t, journal.Aidant, w.Here, "gone", org.RoleAidant)
	if err := w.Directory.Suspend(t.Context(), journal.Program(), gone.Person); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		by      journal.Actor
		version string
		sum     []byte
		want    error
	}{
		"another version": {leo, "2020-01", charter.Sum(), charter.ErrNotLatest},
		"another text":    {leo, charter.Version, make([]byte, 32), charter.ErrNotLatest},
		"no text":         {leo, charter.Version, nil, charter.ErrNotLatest},
		"nobody":          {journal.Actor{Kind: journal.Aidant, Person: uuid.New()}, charter.Version, charter.Sum(), org.ErrMayNot},
		"the program":     {journal.Program(), charter.Version, charter.Sum(), org.ErrMayNot},
		"suspended":       {gone, charter.Version, charter.Sum(), org.ErrMayNot},
	} {
		if err := r.Accept(t.Context(), c.by, c.version, c.sum); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
	if accepted(t, r, leo.Person) || accepted(t, r, gone.Person) {
		t.Error("accepted")
	}
	w.Content(t)
}

// However often somebody presses the button, they accept once.
func TestAccept_Once(t *testing.T) {
	t.Parallel()
	w, r := newRegister(t)
	leo := w.Newcomer(t, journal.Aidant, w.Here, "leo", org.RoleAidant)
	var wait sync.WaitGroup
	errs := make([]error, 6)
	for i := range errs {
		wait.Go(func() { errs[i] = r.Accept(t.Context(), leo, charter.Version, charter.Sum()) })
	}
	wait.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Error(err)
	}
	if n := count(t, w, acceptances, leo.Person); n != 1 || !accepted(t, r, leo.Person) {
		t.Errorf("%d entries", n)
	}
	w.Content(t)
}

func TestCompare_NamesWhatWasChangedBehindTheProgramsBack(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ sql, of, says string }{
		"accepted quietly":   {`insert into charter_acceptance (person_id, version, sha256, accepted_at) select $1, version, sha256, now() from charter`, "person", "no entry tells of it"},
		"for somebody else":  {`update charter_acceptance set person_id = $1 where person_id = (select person_id from charter_acceptance limit 1)`, "person", "gone"},
		"another text":       {`update charter_acceptance set sha256 = sha256('x')`, "person", "according to its entry"},
		"another time":       {`update charter_acceptance set accepted_at = accepted_at - interval '1 s'`, "person", "according to its entry"},
		"removed":            {`delete from charter_acceptance`, "person", "gone"},
		"its entry removed":  {`delete from journal_entry where action = 'charter.accepted'`, "person", "no entry tells of it"},
		"published quietly":  {`insert into charter values ('0', sha256('x'), now())`, "charter", "no entry tells of it"},
		"another charter":    {`update charter set sha256 = sha256('x')`, "charter", "according to its entry"},
		"published earlier":  {`update charter set published_at = published_at - interval '1 s'`, "charter", "according to its entry"},
		"charter removed":    {`delete from charter`, "charter", "gone"},
		"its entry is gone":  {`delete from journal_entry where action = 'charter.published'`, "charter", "no entry tells of it"},
		"by somebody else's": {`update journal_entry set body = replace(body, '"by":{"kind":"aidant","person":"', '"by":{"kind":"aidant","person":"0') where action = 'charter.accepted'`, "person", "no entry tells of it"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, _ := newRegister(t)
			leo := w.Newcomer(t, journal.Aidant, w.Here, "leo", org.RoleAidant)
			w.Content(t)
			var args []any
			if strings.Contains(c.sql, "$1") {
				args = append(args, leo.Person)
			}
			w.Behind(t, c.sql, args...)
			found, err := charter.Compare(t.Context(), w.OpenAuditor(t))
			if err != nil {
				t.Fatal(err)
			}
			for _, d := range found {
				if d.Of == c.of && strings.Contains(d.What, c.says) {
					return
				}
			}
			t.Errorf("found %v", found)
		})
	}
}
