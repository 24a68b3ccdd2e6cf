package contact_test

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"mandat/internal/contact"
	"mandat/internal/db"
	"mandat/internal/fixture"
	"mandat/internal/journal"
	"mandat/internal/org"
)

func contacts(w *fixture.World) *contact.Register {
	return contact.New(w.DB, w.Journal, w.Directory, w.Keys, w.Clock)
}

func TestContact_CountsOnceItIsShown(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	ctx, c := t.Context(), contacts(w)
	for kind, value := range map[string]string{org.ByEmail: "Jeanne.Neuve@exemple.invalid", org.ByPhone: "06 12 34 56 78"} {
		if err := c.Start(ctx, w.Jeanne, kind, value); err != nil {
			t.Fatal(err)
		}
		to, secret, err := c.Write(ctx, w.Jeanne.Person, kind)
		if err != nil || !regexp.MustCompile(`^[0-9]{6}$`).MatchString(secret) {
			t.Fatalf("%s: a code of %d characters, %v", kind, len(secret), err)
		}
		if err := c.Prove(ctx, w.Paul, kind, secret); !errors.Is(err, contact.ErrNotShown) {
			t.Errorf("%s: Paul showed what Jeanne started: %v", kind, err)
		}
		if err := c.Prove(ctx, w.Jeanne, kind, secret); err != nil {
			t.Errorf("%s: %v", kind, err)
		}
		if err := c.Prove(ctx, w.Jeanne, kind, secret); !errors.Is(err, contact.ErrNotShown) {
			t.Errorf("%s a second time: %v", kind, err)
		}
		p, err := w.Directory.Find(ctx, w.Jeanne.Person)
		if got := map[string]string{org.ByEmail: p.Email, org.ByPhone: p.Phone}[kind]; err != nil || got != to {
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
	ctx, c := t.Context(), contacts(w)
	for _, step := range []struct {
		kind, value string
		told        []string
	}{
		{org.ByEmail, "Jeanne@exemple.invalid", []string{"contact_email"}},
		{org.ByPhone, "0612345678", []string{"contact_phone"}},
		{org.ByEmail, "autre@exemple.invalid", []string{"contact_email", "contact_changed"}},
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

// The address of before is kept for its message, also when the new one is shown at once, and a third one asked for; then it is forgotten.
func TestContact_KeepsTheOldAddressForItsMessage(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	ctx, c := t.Context(), contacts(w)
	for _, address := range []string{"autre@exemple.invalid", "encore@exemple.invalid"} {
		if err := c.Start(ctx, w.Jeanne, org.ByEmail, address); err != nil {
			t.Fatal(err)
		}
		_, code, err := c.Write(ctx, w.Jeanne.Person, org.ByEmail)
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Prove(ctx, w.Jeanne, org.ByEmail, " "+code[:3]+" "+code[3:]); err != nil {
			t.Fatal(err)
		}
	}
	kept := func() []string {
		var out []string
		if err := w.Connect(t, w.Superuser).QueryRow(ctx, `select coalesce(array_agg(f.email order by f.at), '{}') from person_contact_former f`).Scan(&out); err != nil {
			t.Fatal(err)
		}
		return out
	}
	if got := kept(); !slices.Equal(got, []string{"jeanne@exemple.invalid", "autre@exemple.invalid"}) {
		t.Errorf("kept %v", got)
	}
	w.Clock.Advance(7*24*time.Hour + time.Second)
	if err := c.Purge(ctx); err != nil || len(kept()) != 0 {
		t.Errorf("after a week %v, %v", kept(), err)
	}
}

// However much is over goes, and nothing else.
func TestContact_PurgesInBatches(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	ctx, c, now := t.Context(), contacts(w), w.Clock.Now()
	w.Behind(t, `insert into person_contact_former (person_id, at, email) select $1, $2::timestamptz - n * interval '1 s', 'a@b.fr' from generate_series(1, $3) n`,
		w.Jeanne.Person, now.AddDate(0, 0, -7), db.PurgeBatch+1)
	w.Behind(t, `insert into person_contact_former (person_id, at, email) values ($1, $2, 'a@b.fr')`, w.Jeanne.Person, now.AddDate(0, 0, -6))
	if err := c.Start(ctx, w.Jeanne, org.ByEmail, "autre@exemple.invalid"); err != nil {
		t.Fatal(err)
	}
	if err := c.Purge(ctx); err != nil {
		t.Fatal(err)
	}
	var former, waiting int
	if err := w.Connect(t, w.Superuser).QueryRow(ctx, `select (select count(*) from person_contact_former), (select count(*) from person_contact)`).Scan(&former, &waiting); err != nil || former != 2 || waiting != 1 {
		t.Errorf("%d former and %d waiting are left, %v", former, waiting, err)
	}
	w.Clock.Advance(contact.Life)
	if err := c.Purge(ctx); err != nil {
		t.Fatal(err)
	}
	if err := w.Connect(t, w.Superuser).QueryRow(ctx, `select count(*) from person_contact`).Scan(&waiting); err != nil || waiting != 0 {
		t.Errorf("%d waiting are left, %v", waiting, err)
	}
}

func TestContact_Refuses(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	ctx, c := t.Context(), contacts(w)
	stale := w.Jeanne
	stale.FactorAt = time.Time{}
	for name, step := range map[string]struct{ got, want error }{
		"no address":            {c.Start(ctx, w.Jeanne, org.ByEmail, "jeanne"), org.ErrContact},
		"no number":             {c.Start(ctx, w.Jeanne, org.ByPhone, "12"), org.ErrContact},
		"another kind":          {c.Start(ctx, w.Jeanne, "pigeon", "x"), org.ErrContact},
		"no fresh factor":       {c.Start(ctx, stale, org.ByPhone, "0612345678"), org.ErrFactorTooOld},
		"nothing started":       {c.Prove(ctx, w.Jeanne, org.ByPhone, "000000"), contact.ErrNotShown},
		"somebody else's":       {c.Start(ctx, w.Jeanne, org.ByEmail, "paul@exemple.invalid"), nil}, // not told here
		"a job without a start": {third(c.Write(ctx, w.Paul.Person, org.ByEmail)), db.ErrNotFound},
	} {
		if !errors.Is(step.got, step.want) || step.want == nil && step.got != nil {
			t.Errorf("%s: %v, want %v", name, step.got, step.want)
		}
	}
	_, secret, err := c.Write(ctx, w.Jeanne.Person, org.ByEmail)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Prove(ctx, w.Jeanne, org.ByEmail, secret); !errors.Is(err, db.ErrConflict) {
		t.Errorf("Paul's address: %v", err)
	}
	if err := c.Start(ctx, w.Jeanne, org.ByPhone, "0612345678"); err != nil {
		t.Fatal(err)
	}
	if _, secret, err = c.Write(ctx, w.Jeanne.Person, org.ByPhone); err != nil {
		t.Fatal(err)
	}
	w.Clock.Advance(contact.Life)
	if err := c.Prove(ctx, w.Jeanne, org.ByPhone, secret); !errors.Is(err, contact.ErrNotShown) {
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
	ctx, c := t.Context(), contacts(w)
	start := func(by journal.Actor, kind string, n int) error {
		value := fmt.Sprintf("06 12 34 56 %02d", n)
		if kind == org.ByEmail {
			value = fmt.Sprintf("jeanne-%d@exemple.invalid", n)
		}
		return c.Start(ctx, by, kind, value)
	}
	for _, kind := range []string{org.ByPhone, org.ByEmail} {
		for n := range 7 {
			if err := start(w.Jeanne, kind, n); errors.Is(err, contact.ErrTooOften) != (n >= 5) || n < 5 && err != nil {
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
	if err := start(w.Jeanne, org.ByPhone, 8); err != nil {
		t.Errorf("an hour later: %v", err)
	}
}

func third[A, B any](_ A, _ B, err error) error { return err }

// Five tries, also of forty at once; and the right code is no use afterwards.
func TestContact_HasFiveTries(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	ctx, c := t.Context(), contacts(w)
	if err := c.Start(ctx, w.Jeanne, org.ByPhone, "0612345678"); err != nil {
		t.Fatal(err)
	}
	_, secret, err := c.Write(ctx, w.Jeanne.Person, org.ByPhone)
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
			if err := c.Prove(ctx, w.Jeanne, org.ByPhone, code); errors.Is(err, contact.ErrNotShown) {
				wrong.Add(1)
			}
		})
	}
	wg.Wait()
	if wrong.Load() != 40 {
		t.Errorf("%d of 40 were wrong", wrong.Load())
	}
	if err := c.Prove(ctx, w.Jeanne, org.ByPhone, secret); !errors.Is(err, contact.ErrNotShown) {
		t.Errorf("the right code after five wrong ones: %v", err)
	}
}

// W35: nobody changes the address or number of another: every act on them is on the actor themselves, administrators included.
func TestContact_IsOnesOwn(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	ctx, c, ada := t.Context(), contacts(w), w.Administrator(t, "ada")
	if err := c.Start(ctx, ada, org.ByEmail, "nouvelle@exemple.invalid"); err != nil {
		t.Fatal(err)
	}
	_, secret, err := c.Write(ctx, ada.Person, org.ByEmail)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Prove(ctx, ada, org.ByEmail, secret); err != nil {
		t.Fatal(err)
	}
	for who, by := range map[string]journal.Actor{"jeanne": w.Jeanne, "paul": w.Paul, "ines": w.Ines} {
		if p, err := w.Directory.Find(ctx, by.Person); err != nil || p.Email != who+"@exemple.invalid" {
			t.Errorf("%s has %s, %v", who, p.Email, err)
		}
	}
	w.Content(t)
}
