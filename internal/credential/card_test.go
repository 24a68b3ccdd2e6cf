package credential_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"mandat/internal/credential"
	"mandat/internal/db"
	"mandat/internal/journal"
)

// stock is a file with some cards: GADT0001 and so on.
func stock(n int) (string, func(serial string) (seed string)) {
	var file strings.Builder
	file.WriteString("\ufeffserial;seed\r\n")
	seed := func(serial string) string { return fmt.Sprintf("%040x", serial)[:40] }
	for i := range n {
		serial := fmt.Sprintf("GADT%04d", i+1)
		fmt.Fprintf(&file, "%s;%s\r\n", serial, seed(serial))
	}
	return file.String(), seed
}

// cards imports some cards and returns how each shows codes.
func (w *world) cards(t testing.TB, n int) func(serial string, at time.Time) string {
	t.Helper()
	file, seed := stock(n)
	out, err := w.cardStock.Import(t.Context(), journal.Program(), strings.NewReader(file), false)
	if err != nil || !out.Done || out.Cards != n {
		t.Fatalf("%+v, %v", out, err)
	}
	return func(serial string, at time.Time) string { return shown(t, seedKey(t, seed(serial)), 60, at) }
}

// A person adds the card in their hand; its clock is followed as it goes away, within limits; two codes that follow each other find it
// again.
func TestCard(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	by := w.newcomer(t, "amel")
	card := w.cards(t, 3)
	off := 2 * time.Minute
	show := func(ahead time.Duration) string { return card("GADT0001", w.Clock.Now().Add(ahead)) }
	w.settle(time.Minute)
	for what, c := range map[string]struct{ serial, code string }{
		"no such card": {"GADT9999", show(0)}, "another card": {"GADT0002", show(0)}, "too far off": {"GADT0001", show(3 * time.Minute)},
	} {
		if _, err := w.factors.AddCard(t.Context(), by, c.serial, c.code, "", home); !errors.Is(err, credential.ErrWrong) {
			t.Errorf("%s: %v", what, err)
		}
	}
	given, err := w.factors.AddCard(t.Context(), by, " gadt0001", show(off), "", home)
	if err != nil || given.Kind != credential.KindCard || given.Person != by.Person {
		t.Fatalf("%+v, %v", given, err)
	}
	if _, err := w.factors.AddCard(t.Context(), w.Jeanne, "GADT0001", show(off+time.Minute), "", home); !errors.Is(err, credential.ErrWrong) {
		t.Errorf("somebody's card: %v", err)
	}
	for range 20 { // it gains a minute a week, and more and more is learnt
		w.Clock.Advance(7 * 24 * time.Hour)
		off = min(off+time.Minute, 20*time.Minute)
		if _, err := w.code(t, by, show(off)); err != nil {
			t.Fatalf("%v off: %v", off, err)
		}
	}
	if _, err := w.code(t, by, show(off)); !errors.Is(err, credential.ErrWrong) {
		t.Errorf("a code again: %v", err)
	}
	w.Clock.Advance(time.Hour)
	for _, far := range []time.Duration{21 * time.Minute, 30 * time.Minute, 17 * time.Minute, 0} {
		if _, err := w.code(t, by, show(far)); !errors.Is(err, credential.ErrWrong) {
			t.Errorf("%v off: %v", far, err)
		}
	}
	w.Clock.Advance(time.Hour)
	off = -15 * time.Minute // its battery was changed
	if _, err := w.factors.Resync(t.Context(), by.Person, show(off), show(off), home, nil); !errors.Is(err, credential.ErrWrong) {
		t.Errorf("one code twice: %v", err)
	}
	first, second := show(off), show(off+time.Minute)
	if given, err := w.factors.Resync(t.Context(), by.Person, first, second, home, nil); err != nil || given.Kind != credential.KindCard || given.Person != by.Person {
		t.Fatalf("%+v, %v", given, err)
	}
	if _, err := w.factors.Resync(t.Context(), by.Person, first, second, home, nil); !errors.Is(err, credential.ErrWrong) {
		t.Errorf("again: %v", err)
	}
	w.Clock.Advance(2 * time.Minute)
	if _, err := w.code(t, by, show(off)); err != nil {
		t.Errorf("after the two codes: %v", err)
	}
	w.Clock.Advance(time.Hour)
	for _, far := range []time.Duration{-22 * time.Minute, 21 * time.Minute} {
		if _, err := w.factors.Resync(t.Context(), by.Person, show(far), show(far+time.Minute), home, nil); !errors.Is(err, credential.ErrWrong) {
			t.Errorf("%v off: %v", far, err)
		}
	}
	w.sound(t)
}

// A card that was given back is in the stock again; an application cannot be found again by two codes.
func TestCard_ComesBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	card := w.cards(t, 1)
	w.settle(time.Minute)
	if _, err := w.factors.AddCard(t.Context(), w.Jeanne, "GADT0001", card("GADT0001", w.Clock.Now().Add(12*time.Minute)), card("GADT0001", w.Clock.Now().Add(13*time.Minute)), home); err != nil {
		t.Fatalf("with two codes: %v", err)
	}
	f, err := w.factors.Factors(t.Context(), w.Jeanne.Person)
	if err != nil || len(f.Cards) != 1 || f.Cards[0].Serial != "GADT0001" || !f.Any() || !f.Codes() || f.Keys() {
		t.Fatalf("%+v, %v", f, err)
	}
	if err := w.factors.Remove(t.Context(), w.fresh(w.Jeanne), f.Cards[0].ID); err != nil {
		t.Fatal(err)
	}
	w.sound(t)
	w.Clock.Advance(5 * time.Minute)
	if _, err := w.code(t, w.Jeanne, card("GADT0001", w.Clock.Now().Add(13*time.Minute))); !errors.Is(err, credential.ErrWrong) {
		t.Errorf("a card that was removed: %v", err)
	}
	if _, err := w.factors.AddCard(t.Context(), w.fresh(w.Paul), "GADT0001", card("GADT0001", w.Clock.Now().Add(13*time.Minute)), card("GADT0001", w.Clock.Now().Add(14*time.Minute)), home); err != nil {
		t.Errorf("somebody else has it now: %v", err)
	}
	key := w.app(t, w.fresh(w.Jeanne))
	w.Clock.Advance(2 * time.Minute)
	if _, err := w.factors.Resync(t.Context(), w.Jeanne.Person, shown(t, key, 30, w.Clock.Now()), shown(t, key, 30, w.Clock.Now().Add(30*time.Second)), home, nil); !errors.Is(err, credential.ErrWrong) {
		t.Errorf("an application: %v", err)
	}
	if err := w.factors.Remove(t.Context(), w.fresh(w.Jeanne), f.Cards[0].ID); !errors.Is(err, db.ErrNotFound) {
		t.Error(err)
	}
	w.sound(t)
}

// The codes that a card has given add it to nobody once it is back in the stock: whoever has read one has no card in their hand.
func TestCard_NoCodeAddsItAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	by := w.newcomer(t, "amel")
	show := w.cards(t, 1)
	w.settle(time.Minute)
	w.enrol(t, by, newKey(t), "clé")
	adding := show("GADT0001", w.Clock.Now())
	if _, err := w.factors.AddCard(t.Context(), w.fresh(by), "GADT0001", adding, "", home); err != nil {
		t.Fatal(err)
	}
	w.Clock.Advance(time.Minute)
	using := show("GADT0001", w.Clock.Now())
	if _, err := w.code(t, by, using); err != nil {
		t.Fatal(err)
	}
	f, err := w.factors.Factors(t.Context(), by.Person)
	if err != nil || len(f.Cards) != 1 {
		t.Fatalf("%+v, %v", f, err)
	}
	if err := w.factors.Remove(t.Context(), w.fresh(by), f.Cards[0].ID); err != nil {
		t.Fatal(err)
	}
	for who, again := range map[string]journal.Actor{"somebody else": w.fresh(w.Paul), "who had it": w.fresh(by)} {
		for what, code := range map[string]string{"by which it was added": adding, "with which they signed in": using} {
			if _, err := w.factors.AddCard(t.Context(), again, "GADT0001", code, "", home); !errors.Is(err, credential.ErrWrong) {
				t.Errorf("%s, by the code %s: %v", who, what, err)
			}
		}
	}
	w.Clock.Advance(time.Minute)
	if _, err := w.factors.AddCard(t.Context(), w.fresh(w.Paul), "GADT0001", show("GADT0001", w.Clock.Now()), "", home); err != nil {
		t.Errorf("by the next code: %v", err)
	}
	w.sound(t)
}

// A card that was sent to an organisation is for its people.
func TestCard_OfAnOrganisation(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	card := w.cards(t, 1)
	if err := w.cardStock.Send(t.Context(), w.Administrator(t, "alix"), "GADT0001", w.Elsewhere); err != nil {
		t.Fatal(err)
	}
	w.settle(time.Minute)
	if _, err := w.factors.AddCard(t.Context(), w.Jeanne, "GADT0001", card("GADT0001", w.Clock.Now()), "", home); !errors.Is(err, credential.ErrWrong) {
		t.Errorf("another organisation's card: %v", err)
	}
	if _, err := w.factors.AddCard(t.Context(), w.Ines, "GADT0001", card("GADT0001", w.Clock.Now()), "", home); err != nil {
		t.Error(err)
	}
	w.sound(t)
}

// Of several who have read the same card only one adds it.
func TestCard_IsOnePersons(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	card := w.cards(t, 1)
	w.settle(time.Minute)
	code := card("GADT0001", w.Clock.Now())
	who := make(chan journal.Actor, 3)
	who <- w.fresh(w.Jeanne)
	who <- w.fresh(w.Paul)
	who <- w.fresh(w.Ines)
	if n := winners(t, cap(who), func() error { _, err := w.factors.AddCard(t.Context(), <-who, "GADT0001", code, "", home); return err }); n != 1 {
		t.Errorf("%d people have the card", n)
	}
	w.sound(t)
}
