package certification_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"mandat/internal/certification"
	"mandat/internal/db"
	"mandat/internal/journal"
	"mandat/internal/org"
)

// An import does what its plan says, in one act; a second time it does nothing.
func TestImport_DoesWhatThePlanSays(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	file, want := w.mixed(t)
	out, err := w.register.Import(t.Context(), w.anne, strings.NewReader(file), 0)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, out.Lines); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	again, err := w.register.Import(t.Context(), w.anne, strings.NewReader(file), 0)
	if err != nil || again.Changed != 0 || again.Unchanged != 3 || again.Refused != 7 {
		t.Errorf("a second time: %+v, %v", again.Counts, err)
	}
	entries := w.entries(t, "certification.imported")
	if len(entries) != 2 {
		t.Fatalf("%d entries", len(entries))
	}
	sum := fmt.Sprintf("%x", sha256.Sum256([]byte(file)))
	for member, value := range map[string]any{"import": out.ID.String(), "file_sha256": sum, "lines": 10.0, "first": 2.0, "last": 11.0, "changed": 3.0, "unchanged": 0.0, "refused": 7.0} {
		if entries[0][member] != value {
			t.Errorf("the entry has as %s %v, want %v", member, entries[0][member], value)
		}
	}
	if n := w.count(t, `select count(*) from certification_change`); n != 3 {
		t.Errorf("%d changes are kept", n)
	}
	list, err := w.register.Imports(t.Context(), w.anne)
	if err != nil || len(list) != 2 || list[1].ID != out.ID || list[1].Done != 10 || list[1].By != w.anne.Person || list[1].EndedAt.IsZero() || list[1].SHA256 != sum {
		t.Errorf("listed %+v, %v", list, err)
	}
	w.content(t)
}

// Who asks what became of a file is told which of its lines were refused, and why: administrators, and nothing of whom the lines were about.
func TestImport_TellsWhatWasRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	file, want := w.mixed(t)
	out, err := w.register.Import(ctx, w.anne, strings.NewReader(file), 0)
	if err != nil {
		t.Fatal(err)
	}
	var refused []certification.Refused
	for _, l := range want {
		if l.Wrong != "" {
			refused = append(refused, certification.Refused{Line: l.Number, Why: l.Wrong})
		}
	}
	m, changed, got, err := w.register.ImportOf(ctx, w.anne, out.ID, 0, 100)
	if diff := cmp.Diff(refused, got); err != nil || diff != "" || changed != 3 || m.Refused != 7 || !m.Told || m.ByName != "anne Fictif" {
		t.Errorf("%d changed of %+v, %v (-want +got):\n%s", changed, m, err, diff)
	}
	if _, _, got, err = w.register.ImportOf(ctx, w.anne, out.ID, refused[1].Line, 2); err != nil || cmp.Diff(refused[2:4], got) != "" {
		t.Errorf("the next two are %v, %v", got, err)
	}
	if _, _, _, err = w.register.ImportOf(ctx, w.anne, w.Here, 0, 1); !errors.Is(err, db.ErrNotFound) {
		t.Errorf("no import: %v", err)
	}
	_, err = w.register.Imports(ctx, w.Jeanne)
	_, _, _, one := w.register.ImportOf(ctx, w.Jeanne, out.ID, 0, 1)
	if !errors.Is(err, org.ErrMayNot) || !errors.Is(one, org.ErrMayNot) {
		t.Errorf("an aidant is told: %v, %v", err, one)
	}
	w.content(t)
	// An import from before refusals were kept has none, and that is no difference.
	w.Behind(t, `update certification_import set refused = null`)
	w.Behind(t, `delete from certification_refusal`)
	if m, _, got, err = w.register.ImportOf(ctx, w.anne, out.ID, 0, 1); err != nil || m.Told || m.Refused != 0 || len(got) != 0 {
		t.Errorf("an old one is told as %+v with %v, %v", m, got, err)
	}
	w.content(t)
}

func TestImport_Refuses(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	stale := w.anne
	stale.FactorAt = w.Clock.Now().Add(-time.Hour)
	file := w.file([]string{"paul@exemple.invalid"})
	large := w.file(w.crowd(t, certification.BatchLines+1))
	for name, c := range map[string]struct {
		by   journal.Actor
		file string
		want error
	}{
		"an aidant":             {w.Jeanne, file, org.ErrMayNot},
		"an aidant, much":       {w.Jeanne, large, org.ErrMayNot},
		"the program":           {journal.Program(), file, org.ErrMayNot},
		"an old factor":         {stale, file, org.ErrFactorTooOld},
		"a wrong header":        {w.anne, strings.Replace(file, "courriel", "mail", 1), certification.ErrHeader},
		"nothing":               {w.anne, header, certification.ErrEmpty},
		"too much":              {w.anne, file + strings.Repeat(" ", certification.MaxBytes), certification.ErrTooLarge},
		"another form of signs": {w.anne, file + "\xe9;;;;;", certification.ErrEncoding},
	} {
		if _, err := w.register.Import(t.Context(), c.by, strings.NewReader(c.file), 0); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
		if name == "the program" || name == "an old factor" {
			continue // both may look
		}
		if _, err := w.register.Plan(t.Context(), c.by, strings.NewReader(c.file)); !errors.Is(err, c.want) {
			t.Errorf("%s, to plan: %v, want %v", name, err, c.want)
		}
	}
	if n := w.count(t, `select count(*) from certification_import`); n != 0 {
		t.Errorf("%d imports", n)
	}
	w.content(t)
}

// dies imports what certifies people, and dies where it is stuck at the line of one of them, once something holds.
func (w *world) dies(t *testing.T, addresses []string, stuck int, when string) {
	t.Helper()
	release := w.hold(t, addresses[stuck])
	ctx, kill := context.WithCancel(t.Context())
	died := make(chan error, 1)
	go func() {
		_, err := w.register.Import(ctx, w.anne, strings.NewReader(w.file(addresses)), 0)
		died <- err
	}()
	w.await(t, when)
	w.content(t) // an import that is under way is as its entries say
	kill()
	if err := <-died; err == nil {
		t.Fatal("it lived")
	}
	release()
}

// A large file is taken in a thousand lines at a time. When the server dies on the way, what is in stays, the rest is kept encrypted,
// and another server goes on; the end is the same.
func TestImport_ResumesAfterAKill(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	addresses := w.crowd(t, 2500)
	file := w.file(addresses)
	w.dies(t, addresses, 2100, `select done = 2000 from certification_import`) // a line of the third batch
	var content, key []byte
	if err := w.Connect(t, w.Superuser).QueryRow(t.Context(), `select content, data_key from certification_import where ended_at is null`).Scan(&content, &key); err != nil {
		t.Fatal(err)
	}
	if len(content) < len(file) || bytes.Contains(content, []byte("exemple.invalid")) || len(key) == 0 {
		t.Error("the file is not kept encrypted")
	}
	if n := w.count(t, `select count(*) from certification where state = 'certified'`); n != 2000+3 { // and the fixture's three
		t.Errorf("%d are certified when it died", n)
	}
	if err := w.register.ResumeImports(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := w.count(t, `select count(*) from certification where state = 'certified'`); n != 2500+3 {
		t.Errorf("%d are certified", n)
	}
	if n := w.count(t, `select count(*) from certification_import where done = lines and content is null and data_key is null and ended_at is not null`); n != 1 {
		t.Error("the import has not ended")
	}
	entries := w.entries(t, "certification.imported")
	if len(entries) != 3 || entries[2]["first"] != 2002.0 || entries[2]["last"] != 2501.0 || entries[2]["changed"] != 500.0 || entries[2]["lines"] != 2500.0 {
		t.Errorf("entries %v", entries)
	}
	if err := w.register.ResumeImports(t.Context()); err != nil || len(w.entries(t, "certification.imported")) != 3 {
		t.Errorf("resumed what has ended: %v", err)
	}
	w.content(t)
}

// Who has no more patience is answered, and a job takes in the rest; asking again adds no other job.
func TestBegin_LeavesTheRestToAJob(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	file := w.file(w.crowd(t, 2500))
	out, err := w.register.Import(t.Context(), w.anne, strings.NewReader(file), time.Nanosecond)
	if err != nil || out.Changed != certification.BatchLines || out.Left != 1500 {
		t.Fatalf("%+v, %d left, %v", out.Counts, out.Left, err)
	}
	stale := w.anne
	stale.FactorAt = w.Clock.Now().Add(-time.Hour)
	for by, want := range map[*journal.Actor]error{&w.anne: nil, &stale: org.ErrFactorTooOld, &w.Jeanne: org.ErrMayNot} {
		if err := w.register.AskToResume(t.Context(), *by); !errors.Is(err, want) {
			t.Errorf("%s asks to go on: %v, want %v", by.Kind, err, want)
		}
	}
	kind := w.register.Kind()
	if n := w.count(t, fmt.Sprintf(`select count(*) from river_job where args->>'name' = '%s' and args->>'id' = '%s'`, kind.Name, out.ID)); n != 1 {
		t.Errorf("%d jobs", n)
	}
	for range 2 { // a job may run twice
		if err := kind.Work(t.Context(), out.ID, false); err != nil {
			t.Fatal(err)
		}
	}
	if n := w.count(t, `select count(*) from certification_import where done = 2500 and ended_at is not null`); n != 1 || len(w.entries(t, "certification.imported")) != 3 {
		t.Error("the import has not ended after three acts")
	}
	all, err := w.register.Import(t.Context(), w.anne, strings.NewReader(file), time.Hour)
	if err != nil || all.Unchanged != 2500 || all.Left != 0 {
		t.Errorf("with patience: %+v, %d left, %v", all.Counts, all.Left, err)
	}
	w.content(t)
}

// Servers that go on with the same import take each line in once.
func TestImport_OnceByManyServers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	addresses := w.crowd(t, 3000)
	w.dies(t, addresses, 0, `select count(*) = 1 from certification_import`)
	var wait sync.WaitGroup
	errs := make([]error, 2)
	for i := range errs {
		wait.Go(func() { errs[i] = w.register.ResumeImports(t.Context()) })
	}
	wait.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Error(err)
	}
	if entries := w.entries(t, "certification.imported"); len(entries) != 3 {
		t.Errorf("%d entries", len(entries))
	}
	if n := w.count(t, `select count(*) from certification_change`); n != 3000 {
		t.Errorf("%d changes", n)
	}
	w.content(t)
}

// An act on somebody that is under way comes before the line that is about them: the line does not undo it.
func TestImport_WaitsForWhatIsUnderWay(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	leo := w.newcomer(t, "leo")
	release := w.hold(t, "leo@exemple.invalid")
	waiting := func(n int) {
		t.Helper()
		w.await(t, fmt.Sprintf(`select count(*) = %d from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`, n))
	}
	trained := make(chan error, 1)
	go func() { trained <- w.register.Train(t.Context(), w.anne, leo.Person, w.course(3)) }()
	waiting(1)
	imported := make(chan certification.Outcome, 1)
	go func() {
		out, err := w.register.Import(t.Context(), w.anne, strings.NewReader(w.file([]string{"leo@exemple.invalid"})), 0)
		if err != nil {
			t.Error(err)
		}
		imported <- out
	}()
	waiting(2)
	release()
	if err := <-trained; err != nil {
		t.Fatal(err)
	}
	if out := <-imported; len(out.Lines) != 1 || out.Lines[0].Wrong != "older" {
		t.Errorf("the line did %+v", out.Lines)
	}
	if c := w.of(t, leo.Person); !c.TrainedOn.Equal(w.ago(3)) || c.Stored != certification.Trained {
		t.Errorf("is %+v", c)
	}
	w.content(t)
}

// Who is no administrator any more imports nothing more: the rest is dropped.
func TestImport_StopsWithTheOffice(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	addresses := w.crowd(t, 2500)
	w.dies(t, addresses, 1100, `select done = 1000 from certification_import`)
	if err := w.Directory.Suspend(t.Context(), journal.Program(), w.anne.Person); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := w.register.ResumeImports(t.Context()); err != nil {
			t.Error(err)
		}
	}
	if n := w.count(t, `select count(*) from certification_import where done = 1000 and content is null and data_key is null and ended_at is not null`); n != 1 {
		t.Error("the import was not stopped")
	}
	if stops := w.entries(t, "certification.import_stopped"); len(stops) != 1 || stops[0]["done"] != 1000.0 {
		t.Errorf("stops: %v", stops)
	}
	if n := len(w.entries(t, "certification.imported")); n != 1 {
		t.Errorf("%d batches", n)
	}
	w.content(t)
}

// hold locks a person until it is released: whoever takes in their line waits.
func (w *world) hold(t *testing.T, address string) (release func()) {
	t.Helper()
	conn := w.Connect(t, w.Superuser)
	for _, sql := range []string{`begin`, `select from person where email = '` + address + `' for update`} {
		if _, err := conn.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	return func() {
		t.Helper()
		if _, err := conn.Exec(t.Context(), `commit`); err != nil {
			t.Fatal(err)
		}
	}
}

// await waits until a query says true.
func (w *world) await(t *testing.T, sql string) {
	t.Helper()
	conn := w.Connect(t, w.Superuser)
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(2 * time.Millisecond) {
		var yes bool
		if err := conn.QueryRow(t.Context(), sql).Scan(&yes); err != nil && !errors.Is(err, pgx.ErrNoRows) {
			t.Fatal(err)
		}
		if yes {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("never: %s", sql)
		}
	}
}

func (w *world) count(t testing.TB, sql string) int {
	t.Helper()
	var n int
	if err := w.DB.Read(t.Context(), db.System(), func(tx pgx.Tx) error { return tx.QueryRow(t.Context(), sql).Scan(&n) }); err != nil {
		t.Fatal(err)
	}
	return n
}
