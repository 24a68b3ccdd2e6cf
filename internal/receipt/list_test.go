package receipt

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
	"mandat/internal/fixture"
	"mandat/internal/receipt/format"
)

func TestList_SaysWhatHasEnded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	m := w.Sign(t, w.Jeanne, fixture.Angela(), fixture.Tax, fixture.Housing)
	other := w.Sign(t, w.Jeanne, fixture.Citizen(1), fixture.Tax)
	_, r := w.issue(t, w.Jeanne, m.ID)
	_, of := w.issue(t, w.Jeanne, other.ID)
	_, tax := w.served(t, m, "impots", fixture.Tax)
	_, housing := w.served(t, m, "caf", fixture.Housing)
	want := func(when string, whole, power1, power2, atTax, atHousing uint8) {
		t.Helper()
		for what, x := range map[string]struct {
			at   format.Place
			want uint8
		}{"the whole": {r.Status.List, whole}, "the first power": {r.Powers[0].Status.List, power1}, "the second power": {r.Powers[1].Status.List, power2},
			"a service's of the first": {tax.Status.List, atTax}, "a service's of the second": {housing.Status.List, atHousing}, "another mandate's": {of.Status.List, format.Valid}} {
			if got := w.status(t, x.at); got != x.want {
				t.Errorf("%s, %s: %d, want %d", when, what, got, x.want)
			}
		}
	}
	want("at first", format.Valid, format.Valid, format.Valid, format.Valid, format.Valid)
	if err := w.Mandates.EndPower(t.Context(), w.Jeanne, m.ID, fixture.Tax, "", "completed"); err != nil {
		t.Fatal(err)
	}
	want("one power ended", format.Partial, format.Invalid, format.Valid, format.Invalid, format.Valid)
	w.end(t, m)
	want("ended", format.Invalid, format.Invalid, format.Invalid, format.Invalid, format.Invalid)
}

// What auditors suspended says so, and stands again once they lifted that; what ended meanwhile has ended.
func TestList_SaysWhatIsSuspended(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	m := w.Sign(t, w.Jeanne, fixture.Angela(), fixture.Tax, fixture.Housing)
	_, r := w.issue(t, w.Jeanne, m.ID)
	is := func(when string, want ...uint8) {
		t.Helper()
		for i, at := range []format.Place{r.Status.List, r.Powers[0].Status.List, r.Powers[1].Status.List} {
			if got := w.status(t, at); got != want[i] {
				t.Errorf("%s, place %d: %d, want %d", when, i, got, want[i])
			}
		}
	}
	w.Behind(t, `update mandate_power set suspended_at = now() where mandate_id = $1`, m.ID)
	is("suspended", format.Hold, format.Hold, format.Hold)
	if err := w.Mandates.EndPower(t.Context(), w.Jeanne, m.ID, fixture.Tax, "", "citizen"); err != nil {
		t.Fatal(err)
	}
	is("of which a part ended", format.Hold, format.Invalid, format.Hold)
	w.Behind(t, `update mandate_power set suspended_at = null where mandate_id = $1 and state <> 'ended'`, m.ID)
	is("lifted", format.Partial, format.Invalid, format.Valid)
}

// What another mandate replaces has ended; what is over is so without anybody's writing it down.
func TestList_SaysWhatWasReplacedAndWhatIsOver(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	m := w.Sign(t, w.Jeanne, fixture.Angela(), fixture.Tax)
	_, r := w.issue(t, w.Jeanne, m.ID)
	next := w.Sign(t, w.Paul, fixture.Angela(), fixture.Tax)
	_, of := w.issue(t, w.Jeanne, next.ID)
	if got := w.status(t, r.Status.List); got != format.Invalid {
		t.Errorf("replaced: %d", got)
	}
	w.Clock.Advance(next.EndsAt.Sub(w.Clock.Now()) - time.Second)
	if got := w.status(t, of.Status.List); got != format.Valid {
		t.Errorf("in its last second: %d", got)
	}
	w.Clock.Advance(time.Second)
	if got := w.status(t, of.Status.List); got != format.Invalid {
		t.Errorf("over: %d", got)
	}
}

// An end is seen within five seconds, by whoever asks through one cache: the list is made anew, and may be kept, for two seconds each.
func TestList_IsMadeAnewEveryFewSeconds(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	m := w.Sign(t, w.Jeanne, fixture.Angela(), fixture.Tax)
	_, r := w.issue(t, w.Jeanne, m.ID)
	status := func() uint8 {
		t.Helper()
		text, err := w.receipts.List(t.Context(), 1)
		if err != nil {
			t.Fatal(err)
		}
		keys, _ := format.ParseKeys(w.keys.JWKS())
		l, err := format.OpenList(text, keys, w.Clock.Now())
		if err != nil || l.Expiry.Sub(l.IssuedAt) != time.Hour {
			t.Fatal(l, err)
		}
		s, _ := l.At(r.Status.List.Index)
		return s
	}
	if status() != format.Valid {
		t.Error("ended at first")
	}
	before, _ := w.receipts.List(t.Context(), 1)
	w.end(t, m)
	if again, _ := w.receipts.List(t.Context(), 1); again != before {
		t.Error("made anew at once")
	}
	w.Clock.Advance(ListFresh)
	if status() != format.Invalid {
		t.Error("the end is not seen")
	}
	if ListFresh+ListKept >= 5*time.Second {
		t.Error("an end is seen too late")
	}
	for _, none := range []int{0, 2, -1} {
		if text, err := w.receipts.List(t.Context(), none); !errors.Is(err, db.ErrNotFound) {
			t.Errorf("list %d: %q, %v", none, text, err)
		}
	}
}

func TestReserve_JoinsNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	m := w.Sign(t, w.Jeanne, fixture.Angela(), fixture.Tax)
	_, mine := w.issue(t, w.Jeanne, m.ID)
	_, impots := w.served(t, m, "impots", fixture.Tax)
	_, caf := w.served(t, m, "caf", fixture.Tax)
	_, again := w.served(t, m, "impots", fixture.Tax)
	a, b, c := mine.Status.List, impots.Status.List, caf.Status.List
	if a == b || b == c || a == c || again.Status.List != b {
		t.Errorf("places %v %v %v %v", a, b, c, again.Status.List)
	}
	if impots.Citizen != nil || impots.Audience != "impots" || impots.Subject != "citizen-of-impots" || impots.Actor.Subject != "aidant-of-impots" || impots.Mandate != "mandate-of-impots" || impots.Powers[0].From != impots.IssuedAt {
		t.Errorf("%+v", impots)
	}
	// As many decoys as places, which end in the time in which mandates do.
	var real, decoys, wrong int
	w.row(t, `select count(*) filter (where decoy_ends_at is null), count(*) filter (where decoy_ends_at is not null),
		count(*) filter (where decoy_ends_at not between created_at and created_at + interval '365 days') from receipt_status`, &real, &decoys, &wrong)
	if real != 3 || decoys != 3 || wrong != 0 {
		t.Errorf("%d places, %d decoys, %d of them wrong", real, decoys, wrong)
	}
	var at int
	w.row(t, `select idx from receipt_status where decoy_ends_at is not null limit 1`, &at)
	before, _ := w.list(t, 1).At(at)
	w.Clock.Advance(365 * 24 * time.Hour)
	after, _ := w.list(t, 1).At(at)
	if before != format.Valid || after != format.Invalid {
		t.Errorf("a decoy is %d, then %d", before, after)
	}
}

func (w *world) row(t *testing.T, sql string, into ...any) {
	t.Helper()
	if err := w.DB.Read(t.Context(), db.System(), func(tx pgx.Tx) error { return tx.QueryRow(t.Context(), sql).Scan(into...) }); err != nil {
		t.Fatal(err)
	}
}

// Of twenty uses at once, by one service, of a power that has no place there yet, all get the same one.
func TestReserve_Races(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	m := w.Sign(t, w.Jeanne, fixture.Angela(), fixture.Tax)
	var all sync.WaitGroup
	got, errs := make([]Places, 20), make([]error, 20)
	for i := range got {
		all.Go(func() { got[i], errs[i] = w.release(t.Context(), m, "impots", Which{Procedure: fixture.Tax}) })
	}
	all.Wait()
	for i := range got {
		if errs[i] != nil || got[i].whole != got[0].whole || got[i].whole.URI == "" {
			t.Errorf("%v, %v", got[i], errs[i])
		}
	}
}

// A place that is taken, by another organisation even, is not given again.
func TestReserve_DrawsUntilAPlaceIsFree(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	theirs := w.Sign(t, w.Ines, fixture.Angela(), fixture.Tax)
	w.Behind(t, `insert into receipt_status (list, idx, organisation_id, decoy_ends_at, created_at) select 1, n, $1, now(), now() from generate_series(0, 131071) n where n % 2 = 1`, theirs.Organisation)
	m := w.Sign(t, w.Jeanne, fixture.Angela(), fixture.Tax)
	for n := range 16 {
		if _, got := w.served(t, m, fmt.Sprintf("service-%d", n), fixture.Tax); got.Status.List.Index%2 != 0 {
			t.Errorf("place %d", got.Status.List.Index)
		}
	}
}

func TestExtend_BeginsANewListInTime(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	m := w.Sign(t, w.Jeanne, fixture.Angela(), fixture.Tax)
	_, old := w.issue(t, w.Jeanne, m.ID)
	w.Clock.Advance(time.Minute)
	if err := w.receipts.Extend(t.Context()); err != nil {
		t.Fatal(err)
	}
	var lists int
	if w.row(t, `select count(*) from receipt_list`, &lists); lists != 1 {
		t.Fatalf("%d lists at once", lists)
	}
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			if err := w.receipts.extend(t.Context(), 1); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if w.row(t, `select count(*) from receipt_list`, &lists); lists != 2 {
		t.Fatalf("%d lists", lists)
	}
	_, fresh := w.served(t, m, "impots", fixture.Tax)
	if fresh.Status.List.URI != base+"/recus/statuts/2" || old.Status.List.URI != base+"/recus/statuts/1" {
		t.Errorf("%v, %v", fresh.Status, old.Status)
	}
	w.end(t, m)
	w.Behind(t, `update receipt_status set decoy_ends_at = created_at where list = 1 and decoy_ends_at is not null`)
	var decoy int
	w.row(t, `select idx from receipt_status where list = 1 and decoy_ends_at is not null`, &decoy)
	first, second := w.list(t, 1), w.list(t, 2)
	if s, _ := second.At(decoy); s != format.Valid && fresh.Status.List.Index != decoy {
		t.Error("a decoy of one list stands in the other")
	}
	a, _ := first.At(old.Status.List.Index)
	b, _ := second.At(fresh.Status.List.Index)
	if a != format.Invalid || b != format.Invalid || second.URI != base+"/recus/statuts/2" {
		t.Errorf("%d, %d of %s", a, b, second.URI)
	}
	a, _ = first.At(fresh.Status.List.Index)
	b, _ = second.At(old.Status.List.Index)
	if old.Status.List.Index != fresh.Status.List.Index && (a != format.Valid || b != format.Valid) {
		t.Error("one list says what stands on the other")
	}
}

// A power whose time ran out before the others' changes nothing of the whole: the receipt said so.
func TestList_OfAPowerWhoseTimeRanOut(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	m := w.Sign(t, w.Jeanne, fixture.Angela(), fixture.Tax, fixture.Housing)
	_, r := w.issue(t, w.Jeanne, m.ID)
	for _, sql := range []string{`update mandate_power set ends_at = starts_at + interval '1 microsecond' where mandate_id = $1 and procedure = $2`,
		`update mandate_power set state = 'ended', ended_at = ends_at, end_reason = 'expired' where mandate_id = $1 and procedure = $2`} { // when an act has met it
		w.Behind(t, sql, m.ID, fixture.Tax)
		for i, want := range []uint8{format.Valid, format.Invalid, format.Valid} {
			if got := w.status(t, r.Places()[i]); got != want {
				t.Errorf("place %d: %d, want %d", i, got, want)
			}
		}
	}
}

// Of two cases of one procedure each has its place.
func TestList_OfOneCaseOfTwo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	x := fixture.Terms(fixture.Tax, fixture.Tax)
	x.Powers[0].Case, x.Powers[1].Case = "2024", "2025"
	m := w.signed(t, fixture.Angela(), x)
	_, r := w.issue(t, w.Jeanne, m.ID)
	if r.Powers[0].Case != "2024" || r.Powers[1].Case != "2025" {
		t.Fatalf("%+v", r.Powers)
	}
	first, given, err := w.Mandates.Given(m, 0)
	if err != nil || !given {
		t.Fatal(given, err)
	}
	if err := w.Mandates.EndPower(t.Context(), w.Jeanne, m.ID, fixture.Tax, first.Case, "completed"); err != nil {
		t.Fatal(err)
	}
	for i, want := range []uint8{format.Partial, format.Invalid, format.Valid} {
		if got := w.status(t, r.Places()[i]); got != want {
			t.Errorf("place %d: %d, want %d", i, got, want)
		}
	}
	if found, err := Compare(t.Context(), w.OpenAuditor(t)); err != nil || len(found) > 0 {
		t.Errorf("found %v, %v", found, err)
	}
}

// While a list is being made, who asks for one that was made just now, or for one that there is not, waits for nobody. Who asks for one that has to be
// made waits no longer than they want to.
func TestList_KeepsNobodyWaitingForOthers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	want, err := w.receipts.List(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	w.receipts.making <- struct{}{}
	if got, err := w.receipts.List(t.Context(), 1); err != nil || got != want {
		t.Errorf("%v", err)
	}
	for _, none := range []int{-1, 0, 2, 65535} {
		if _, err := w.receipts.List(t.Context(), none); !errors.Is(err, db.ErrNotFound) {
			t.Errorf("list %d: %v", none, err)
		}
	}
	w.Clock.Advance(ListFresh)
	for _, list := range []int{1, 2} {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
		if _, err := w.receipts.List(ctx, list); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("list %d: %v", list, err)
		}
		cancel()
	}
	<-w.receipts.making
	if got, err := w.receipts.List(t.Context(), 1); err != nil || got == want {
		t.Errorf("%v", err)
	}
	if len(w.receipts.shelf.lists) != 1 {
		t.Errorf("kept: %v", w.receipts.shelf.lists)
	}
}

// Who has waited while somebody else made the list gets that one.
func TestList_IsMadeOnceForAll(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.receipts.making <- struct{}{}
	got := make(chan string)
	go func() {
		text, err := w.receipts.List(t.Context(), 1)
		if err != nil {
			t.Error(err)
		}
		got <- text
	}()
	time.Sleep(50 * time.Millisecond) // so that it waits
	w.receipts.shelf.put(1, 1, published{w.Clock.Now(), "made by another"})
	<-w.receipts.making
	if text := <-got; text != "made by another" {
		t.Errorf("made again: %s", text)
	}
}
