package attestation

import (
	"errors"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"mandat/internal/fixture"
	"mandat/internal/throttle"
)

var somewhere = netip.MustParseAddr("192.0.2.7")

func (w *world) check(t *testing.T, tok string, shown Shown) (Proof, bool) {
	t.Helper()
	proof, right, err := w.press.Check(t.Context(), tok, shown, somewhere)
	if err != nil {
		t.Fatal(err)
	}
	return proof, right
}

// wantRefused expects the answer that tells nothing.
func (w *world) wantRefused(t *testing.T, what, tok string, shown Shown) {
	t.Helper()
	if proof, right := w.check(t, tok, shown); right || !proof.Until.IsZero() || proof.Powers != nil {
		t.Errorf("%s: told %v", what, proof)
	}
}

func TestCheck_TellsWhoHasThePaper(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	m := w.Sign(t, w.Jeanne, fixture.Angela(), fixture.Tax, fixture.Housing)
	d := w.issue(t, w.Jeanne, m.ID, "fr")
	large := w.issueSheet(t, w.Jeanne, Sheet{m.ID, Given, Large, "en"})
	word := d.Word
	if got := large.Word; got != word {
		t.Errorf("two papers of one mandate have the words %q and %q", word, got)
	}
	for what, shown := range map[string]Shown{"the word": {Word: word}, "the word in capitals": {Word: strings.ToUpper(strings.ReplaceAll(word, "-", " "))},
		"the file": {SHA256: d.SHA256}, "another file of it": {SHA256: large.SHA256}} {
		proof, right := w.check(t, d.tokenIn(t), shown)
		if !right || !proof.Until.Equal(m.EndsAt) || len(proof.Powers) != 2 || proof.Powers[0].Name.In("fr") == "" {
			t.Errorf("%s: %v, %v", what, proof, right)
		}
	}
	w.Sign(t, w.Paul, fixture.Angela(), fixture.Tax)
	if proof, _ := w.check(t, d.tokenIn(t), Shown{Word: word}); len(proof.Powers) != 1 || proof.Powers[0].Name.In("fr") != "Demande d’aide au logement" {
		t.Errorf("one power superseded: %v", proof)
	}
}

func TestCheck_TellsNobodyElse(t *testing.T) {
	t.Parallel()
	w, m := newSigned(t)
	other := w.Sign(t, w.Jeanne, fixture.Angela(), fixture.Housing)
	d, of := w.issue(t, w.Jeanne, m.ID, "fr"), w.issue(t, w.Jeanne, other.ID, "fr")
	tok, word := d.tokenIn(t), d.Word
	w.wantRefused(t, "another's word", tok, Shown{Word: of.Word})
	w.wantRefused(t, "another's file", tok, Shown{SHA256: of.SHA256})
	w.wantRefused(t, "nothing", tok, Shown{})
	w.wantRefused(t, "no hash at all", tok, Shown{SHA256: []byte{}})
	w.wantRefused(t, "the word at another address", of.tokenIn(t), Shown{Word: word})
	w.wantRefused(t, "the word at no address", newToken(), Shown{Word: word})
	w.wantRefused(t, "nothing at no address", newToken(), Shown{})
	if err := w.Mandates.End(t.Context(), w.Jeanne, m.ID, "citizen"); err != nil {
		t.Fatal(err)
	}
	w.wantRefused(t, "the word of what has ended", tok, Shown{Word: word})
	w.wantRefused(t, "the file of what has ended", tok, Shown{SHA256: d.SHA256})
	w.Clock.Advance(other.EndsAt.Sub(w.Clock.Now()) + time.Second)
	w.wantRefused(t, "the word after its time", of.tokenIn(t), Shown{Word: of.Word})
}

// A paper printed before there were control words has none; the next one of its mandate has.
func TestCheck_OfAPaperOfBefore(t *testing.T) {
	t.Parallel()
	w, m := newSigned(t)
	d := w.issue(t, w.Jeanne, m.ID, "fr")
	w.Behind(t, `delete from attestation_word where mandate_id = $1`, m.ID)
	w.wantRefused(t, "a word of a mandate without one", d.tokenIn(t), Shown{Word: d.Word})
	w.wantRefused(t, "no word of a mandate without one", d.tokenIn(t), Shown{})
	if _, right := w.check(t, d.tokenIn(t), Shown{SHA256: d.SHA256}); !right {
		t.Error("the file of before is not known")
	}
	fresh := w.issueSheet(t, w.Jeanne, Sheet{m.ID, Given, Large, "fr"})
	if _, right := w.check(t, d.tokenIn(t), Shown{Word: fresh.Word}); !right {
		t.Error("the word of the new paper is not taken")
	}
}

func TestCheck_SlowsWhoTries(t *testing.T) {
	t.Parallel()
	w, m := newSigned(t)
	d := w.issue(t, w.Jeanne, m.ID, "fr")
	for _, tok := range []string{d.tokenIn(t), newToken()} {
		for range 6 {
			w.wantRefused(t, "a wrong word", tok, Shown{Word: newControlWord()})
		}
		var wait throttle.WaitError
		if _, _, err := w.press.Check(t.Context(), tok, Shown{Word: d.Word}, netip.MustParseAddr("198.51.100.9")); !errors.As(err, &wait) || wait.Until.Sub(w.Clock.Now()) > 11*time.Minute {
			t.Errorf("the seventh try, from elsewhere: %v", err)
		}
	}
	if _, right := w.check(t, d.tokenIn(t), Shown{SHA256: d.SHA256}); !right {
		t.Error("who has the file has to wait for who tries words")
	}
	w.Clock.Advance(10*time.Minute + time.Second)
	for range 8 { // what is right costs nothing
		if _, right := w.check(t, d.tokenIn(t), Shown{Word: d.Word}); !right {
			t.Fatal("the right word is not taken any more")
		}
	}
	var wait throttle.WaitError
	tried := slices.ContainsFunc(make([]int, 60), func(int) bool {
		_, _, err := w.press.Check(t.Context(), newToken(), Shown{SHA256: d.SHA256}, somewhere)
		return errors.As(err, &wait)
	})
	if !tried {
		t.Error("one network may show sixty files at once")
	}
}

// A word that is stored tells nobody who copies the tables what it is.
func TestKeep_SealsTheWord(t *testing.T) {
	t.Parallel()
	w, m := newSigned(t)
	d := w.issue(t, w.Jeanne, m.ID, "fr")
	var row string
	if err := w.Connect(t, w.Superuser).QueryRow(t.Context(), `select w::text || encode(w.word, 'escape') from attestation_word w where mandate_id = $1 and mac <> sha256(convert_to($2, 'UTF8'))`,
		m.ID, letters(d.Word)).Scan(&row); err != nil || strings.Contains(row, d.Word) || strings.Contains(row, letters(d.Word)) {
		t.Errorf("%v: %s", err, row)
	}
}
