package attestation

import (
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"

	"mandat/internal/fixture"
	"mandat/internal/journal"
	"mandat/internal/mandate"
	"mandat/internal/throttle"
)

func TestOffer_OfThePaperAsItIsTyped(t *testing.T) {
	t.Parallel()
	w, m := newSigned(t)
	d := w.issue(t, w.Jeanne, m.ID, "fr")
	for _, typed := range []string{d.StatusURL, " " + d.StatusURL + "/ ", d.StatusURL + "?lang=en", d.tokenIn(t), "/v/" + d.tokenIn(t) + "#x"} {
		offer, right, err := w.press.Offer(t.Context(), w.Ines, typed, d.Word, somewhere)
		if err != nil || !right {
			t.Fatalf("%q: %v, %v", typed, right, err)
		}
		if o, err := w.Mandates.Offered(t.Context(), w.Ines, offer); err != nil || o.Mandate != m.ID {
			t.Errorf("%q offers %v, %v", typed, o.Mandate, err)
		}
	}
	if offer, right, err := w.press.Offer(t.Context(), w.Paul, d.StatusURL, d.Word, somewhere); !errors.Is(err, mandate.ErrOwn) || right || offer != "" {
		t.Errorf("the organisation's own: %q, %v, %v", offer, right, err)
	}
	for _, word := range []string{"", newControlWord()} {
		if offer, right, err := w.press.Offer(t.Context(), w.Ines, d.StatusURL, word, somewhere); err != nil || right || offer != "" {
			t.Errorf("the word %q: %q, %v, %v", word, offer, right, err)
		}
	}
}

// The public page and each organisation have as few tries, and each its own: wrong words of others keep nobody waiting who is shown the paper.
func TestOffer_SlowsWhoTries(t *testing.T) {
	t.Parallel()
	w, m := newSigned(t)
	d := w.issue(t, w.Jeanne, m.ID, "fr")
	offer := func(by journal.Actor, word string) error {
		_, _, err := w.press.Offer(t.Context(), by, d.StatusURL, word, somewhere)
		return err
	}
	inOne := w.Paul // of a third organisation
	inOne.Organisation = uuid.New()
	for who, try := range map[string]func(word string) error{
		"a stranger": func(word string) error {
			_, _, err := w.press.Check(t.Context(), d.tokenIn(t), Shown{Word: word}, somewhere)
			return err
		},
		"an aidant":         func(word string) error { return offer(inOne, word) },
		"a colleague there": func(word string) error { return offer(w.Ines, word) },
	} {
		for n := range 7 {
			if _, waits := errors.AsType[throttle.WaitError](try(newControlWord())); waits != (n == 6) {
				t.Errorf("%s, try %d: has to wait is %t", who, n+1, waits)
			}
		}
	}
	w.Clock.Advance(10*time.Minute + time.Second)
	if err := offer(w.Ines, d.Word); err != nil {
		t.Errorf("the right word after a while: %v", err)
	}
}

// The paper of the new mandate says which one ends, and to whom that was given.
func TestIssue_OfATransfer(t *testing.T) {
	t.Parallel()
	w, m := newSigned(t)
	d := w.issue(t, w.Jeanne, m.ID, "fr")
	offer, _, err := w.press.Offer(t.Context(), w.Ines, d.StatusURL, d.Word, somewhere)
	if err != nil {
		t.Fatal(err)
	}
	drawn, err := w.Mandates.StartTransfer(t.Context(), w.Ines, offer, fixture.Terms(fixture.Tax))
	if err == nil {
		err = w.Drafts.Identify(t.Context(), w.Ines, drawn.ID, fixture.Angela(), w.Clock.Now())
	}
	if err != nil {
		t.Fatal(err)
	}
	n, err := w.Mandates.Sign(t.Context(), w.Ines, drawn.ID, w.Agreed(t, w.Ines, drawn.ID))
	if err != nil {
		t.Fatal(err)
	}
	if text := textOf(t, w.issue(t, w.Ines, n.ID, "fr")); !says(text, "Met fin au") || !says(text, "mandat donné à "+m.Terms.Organisation.Name+" le") {
		t.Errorf("the paper says\n%s", text)
	}
	if err := w.Mandates.EndTransferred(t.Context(), n.ID); err != nil {
		t.Fatal(err)
	}
	w.wantRefused(t, "the paper of before", d.tokenIn(t), Shown{Word: d.Word})
	end := textOf(t, w.issueSheet(t, w.Jeanne, Sheet{m.ID, Ended, Normal, "fr"}))
	if !says(end, "Il est passé à une autre structure, avec l’accord de la personne.") || says(end, "Un autre organisme") {
		t.Errorf("the certificate of the end says\n%s", end)
	}
}
