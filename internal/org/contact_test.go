package org_test

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"mandat/internal/db"
	"mandat/internal/fixture"
	"mandat/internal/journal"
	"mandat/internal/org"
)

func TestPhone(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"06 12 34 56 78": "+33612345678", "+33 (0)6 12 34 56 78": "+33612345678", "0262 12 34 56": "+262262123456", "0590 20 12 34": "+590590201234",
		"0596 50 12 34": "+596596501234", "0594 25 12 34": "+594594251234", "0692 12 34 56": "+262692123456", "0639 69 12 34": "+262639691234",
		"+508 55 12 34": "+508551234", "+687 25 12 34": "+687251234", "+689 87 12 34 56": "+68987123456", "+681 72 12 34": "+681721234",
		"+1 212 555 0123": "", "+32 2 555 12 12": "", "12": "", "": "", "06 12 34 56": "", "87 12 34 56": "", "55 12 34": "", "abc": "",
	} {
		got, err := org.Phone(in)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("%q is %q, %v; want %q", in, got, err, want)
		}
	}
}

func TestEmail(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		" Jeanne.Morel@Exemple.INVALID ": "jeanne.morel@exemple.invalid", "a": "", "": "", "Jeanne <a@b.fr>": "", "a@b.fr, c@d.fr": "", "a b@c.fr": "", "a@b.fr\r\nBcc: x@y.fr": "",
	} {
		if got, err := org.Email(in); got != want || (err == nil) != (want != "") {
			t.Errorf("%q is %q, %v; want %q", in, got, err, want)
		}
	}
}

func TestContact_CountsOnceItIsShown(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	ctx, c := t.Context(), w.Directory.Contacts(w.Keys, w.Clock)
	for kind, value := range map[string]string{org.ContactEmail: "Jeanne.Neuve@exemple.invalid", org.ContactPhone: "06 12 34 56 78"} {
		if err := c.Start(ctx, w.Jeanne, kind, value); err != nil {
			t.Fatal(err)
		}
		to, secret, err := c.Write(ctx, w.Jeanne.Person, kind)
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Prove(ctx, w.Paul, kind, secret); !errors.Is(err, org.ErrNotShown) {
			t.Errorf("%s: Paul showed what Jeanne started: %v", kind, err)
		}
		if err := c.Prove(ctx, w.Jeanne, kind, secret); err != nil {
			t.Errorf("%s: %v", kind, err)
		}
		if err := c.Prove(ctx, w.Jeanne, kind, secret); !errors.Is(err, org.ErrNotShown) {
			t.Errorf("%s a second time: %v", kind, err)
		}
		p, err := w.Directory.Find(ctx, w.Jeanne.Person)
		if got := map[string]string{org.ContactEmail: p.Email, org.ContactPhone: p.Phone}[kind]; err != nil || got != to {
			t.Errorf("%s is %q, sent to %q, %v", kind, got, to, err)
		}
	}
	if p, _ := w.Directory.Find(ctx, w.Jeanne.Person); !p.EmailVerified || !p.PhoneVerified {
		t.Errorf("not verified: %+v", p)
	}
	if n := len(*w.Told); n != 3 { // two with secrets, and one to the address of before
		t.Errorf("%d messages", n)
	}
	w.Content(t)
}

// Who asks for another address is told so while they still have the old one; who shows the one they have, or a number, is not.
func TestContact_TellsTheOldAddress(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	ctx, c := t.Context(), w.Directory.Contacts(w.Keys, w.Clock)
	for _, step := range []struct {
		kind, value string
		told        []string
	}{
		{org.ContactEmail, "Jeanne@exemple.invalid", []string{"contact_email"}},
		{org.ContactPhone, "0612345678", []string{"contact_phone"}},
		{org.ContactEmail, "autre@exemple.invalid", []string{"contact_email", "contact_changed"}},
	} {
		*w.Told = nil
		if err := c.Start(ctx, w.Jeanne, step.kind, step.value); err != nil {
			t.Fatal(err)
		}
		var told []string
		for _, m := range *w.Told {
			told = append(told, m.Kind)
			if m.Person != w.Jeanne.Person {
				t.Errorf("%s is for %s", m.Kind, m.Person)
			}
		}
		if !slices.Equal(told, step.told) {
			t.Errorf("%s: told %v, want %v", step.value, told, step.told)
		}
	}
}

func TestContact_Refuses(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	ctx, c := t.Context(), w.Directory.Contacts(w.Keys, w.Clock)
	stale := w.Jeanne
	stale.FactorAt = time.Time{}
	for name, step := range map[string]struct{ got, want error }{
		"no address":            {c.Start(ctx, w.Jeanne, org.ContactEmail, "jeanne"), org.ErrContact},
		"no number":             {c.Start(ctx, w.Jeanne, org.ContactPhone, "12"), org.ErrContact},
		"another kind":          {c.Start(ctx, w.Jeanne, "pigeon", "x"), org.ErrContact},
		"no fresh factor":       {c.Start(ctx, stale, org.ContactPhone, "0612345678"), org.ErrFactorTooOld},
		"nothing started":       {c.Prove(ctx, w.Jeanne, org.ContactPhone, "000000"), org.ErrNotShown},
		"somebody else's":       {c.Start(ctx, w.Jeanne, org.ContactEmail, "paul@exemple.invalid"), nil}, // not told here
		"a job without a start": {third(c.Write(ctx, w.Paul.Person, org.ContactEmail)), db.ErrNotFound},
	} {
		if !errors.Is(step.got, step.want) || step.want == nil && step.got != nil {
			t.Errorf("%s: %v, want %v", name, step.got, step.want)
		}
	}
	_, secret, err := c.Write(ctx, w.Jeanne.Person, org.ContactEmail)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Prove(ctx, w.Jeanne, org.ContactEmail, secret); !errors.Is(err, db.ErrConflict) {
		t.Errorf("Paul's address: %v", err)
	}
	if err := c.Start(ctx, w.Jeanne, org.ContactPhone, "0612345678"); err != nil {
		t.Fatal(err)
	}
	if _, secret, err = c.Write(ctx, w.Jeanne.Person, org.ContactPhone); err != nil {
		t.Fatal(err)
	}
	w.Clock.Advance(org.ContactLife)
	if err := c.Prove(ctx, w.Jeanne, org.ContactPhone, secret); !errors.Is(err, org.ErrNotShown) {
		t.Errorf("late: %v", err)
	}
	if err := c.Purge(ctx); err != nil {
		t.Error(err)
	}
	w.Content(t)
}

// Nobody sends messages without end to numbers and addresses that they only say are theirs.
func TestContact_IsNotSentOften(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	ctx, c := t.Context(), w.Directory.Contacts(w.Keys, w.Clock)
	start := func(by journal.Actor, kind string, n int) error {
		value := fmt.Sprintf("06 12 34 56 %02d", n)
		if kind == org.ContactEmail {
			value = fmt.Sprintf("jeanne-%d@exemple.invalid", n)
		}
		return c.Start(ctx, by, kind, value)
	}
	for _, kind := range []string{org.ContactPhone, org.ContactEmail} {
		for n := range 7 {
			if err := start(w.Jeanne, kind, n); errors.Is(err, org.ErrTooOften) != (n >= 5) || n < 5 && err != nil {
				t.Errorf("%s %d: %v", kind, n+1, err)
			}
		}
		if err := start(w.Paul, kind, 0); err != nil {
			t.Errorf("%s: somebody else: %v", kind, err)
		}
	}
	sent := 0
	for _, m := range *w.Told {
		if m.Kind == "contact_phone" && m.Person == w.Jeanne.Person {
			sent++
		}
	}
	if sent != 5 {
		t.Errorf("%d messages", sent)
	}
	w.Clock.Advance(time.Hour)
	w.Jeanne.FactorAt = w.Clock.Now()
	if err := start(w.Jeanne, org.ContactPhone, 8); err != nil {
		t.Errorf("an hour later: %v", err)
	}
}

func third[A, B any](_ A, _ B, err error) error { return err }

// Ten tries, also of a hundred at once; and the right code is no use afterwards.
func TestContact_HasTenTries(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	ctx, c := t.Context(), w.Directory.Contacts(w.Keys, w.Clock)
	if err := c.Start(ctx, w.Jeanne, org.ContactPhone, "0612345678"); err != nil {
		t.Fatal(err)
	}
	_, secret, err := c.Write(ctx, w.Jeanne.Person, org.ContactPhone)
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	var wrong atomic.Int32
	for i := range 40 {
		wg.Go(func() {
			code := fmt.Sprintf("%06d", i)
			if code == secret {
				code = "999999"
			}
			if err := c.Prove(ctx, w.Jeanne, org.ContactPhone, code); errors.Is(err, org.ErrNotShown) {
				wrong.Add(1)
			}
		})
	}
	wg.Wait()
	if wrong.Load() != 40 {
		t.Errorf("%d of 40 were wrong", wrong.Load())
	}
	if err := c.Prove(ctx, w.Jeanne, org.ContactPhone, secret); !errors.Is(err, org.ErrNotShown) {
		t.Errorf("the right code after ten wrong ones: %v", err)
	}
}

// W35: nobody changes the address or number of another: every act on them is on the actor themselves, administrators included.
func TestContact_IsOnesOwn(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	ctx, c, ada := t.Context(), w.Directory.Contacts(w.Keys, w.Clock), w.Administrator(t, "ada")
	if err := c.Start(ctx, ada, org.ContactEmail, "nouvelle@exemple.invalid"); err != nil {
		t.Fatal(err)
	}
	_, secret, err := c.Write(ctx, ada.Person, org.ContactEmail)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Prove(ctx, ada, org.ContactEmail, secret); err != nil {
		t.Fatal(err)
	}
	for who, by := range map[string]journal.Actor{"jeanne": w.Jeanne, "paul": w.Paul, "ines": w.Ines} {
		if p, err := w.Directory.Find(ctx, by.Person); err != nil || p.Email != who+"@exemple.invalid" {
			t.Errorf("%s has %s, %v", who, p.Email, err)
		}
	}
	w.Content(t)
}

func TestChangeProfile(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	ctx, d := t.Context(), w.Directory
	if err := d.ChangeProfile(ctx, w.Jeanne, org.Profile{Profession: " Médiatrice ", DigitalAdviser: true, Lang: "en"}); err != nil {
		t.Fatal(err)
	}
	if p, err := d.Find(ctx, w.Jeanne.Person); err != nil || p.Profession != "Médiatrice" || !p.DigitalAdviser || p.Lang != "en" {
		t.Errorf("%+v, %v", p, err)
	}
	for _, p := range []org.Profile{{Lang: "de"}, {Lang: "fr", Profession: string(make([]rune, 101))}} {
		if err := d.ChangeProfile(ctx, w.Jeanne, p); !errors.Is(err, org.ErrParticulars) {
			t.Errorf("%+v: %v", p, err)
		}
	}
	if err := d.Suspend(ctx, journal.Program(), w.Jeanne.Person); err != nil {
		t.Fatal(err)
	}
	if err := d.ChangeProfile(ctx, w.Jeanne, org.Profile{Lang: "fr"}); !errors.Is(err, db.ErrConflict) {
		t.Errorf("suspended: %v", err)
	}
	w.Content(t)
}
