package mandate_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"

	"mandat/internal/credential"
	"mandat/internal/draft"
	"mandat/internal/evidence"
	"mandat/internal/fixture"
	"mandat/internal/journal"
	"mandat/internal/mandate"
	"mandat/internal/softkey"
)

// desk is where Jeanne has a passkey, and has given no factor since.
type desk struct {
	*fixture.World
	mandates *mandate.Register
	key      *softkey.Key
	jeanne   journal.Actor
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	return deskOf(t, fixture.New(t))
}

// deskOf gives Jeanne a key.
func deskOf(t *testing.T, w *fixture.World) *desk {
	t.Helper()
	const host = "mandat.exemple.invalid"
	factors, err := credential.New(w.DB, w.Journal, w.Keys, w.Clock, credential.Config{RPID: host, Origins: []string{"https://" + host}, Name: "Mandat"}, credential.Hooks{})
	if err != nil {
		t.Fatal(err)
	}
	d := &desk{World: w, mandates: mandate.New(w.DB, w.Journal, w.Citizens, w.Drafts, factors, w.Catalogue, w.Keys, w.Clock), jeanne: stale(w.Jeanne)}
	if d.key, err = softkey.New("https://"+host, host); err != nil {
		t.Fatal(err)
	}
	d.key.Counts = true
	question, err := factors.BeginPasskey(t.Context(), w.Jeanne, w.Jeanne.Session)
	if err != nil {
		t.Fatal(err)
	}
	made, err := d.key.Create(question)
	if err == nil {
		_, err = factors.AddPasskey(t.Context(), w.Jeanne, w.Jeanne.Session, "Clé", made)
	}
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// answer has Jeanne's key sign what is agreed.
func (d *desk) answer(t *testing.T, id uuid.UUID, a mandate.Agreement) mandate.Agreement {
	t.Helper()
	question, err := d.mandates.PrepareSignature(t.Context(), d.jeanne, id, a)
	if err != nil {
		t.Fatal(err)
	}
	if a.Answer, err = d.key.Get(question); err != nil {
		t.Fatal(err)
	}
	return a
}

// An aidant signs with a passkey, which is a fresh second factor too: the evidence proves what was signed, and fits its entry.
func TestSign_WithAPasskey(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	id := d.Draft(t, d.Jeanne, fixture.Angela(), fixture.Tax)
	m, err := d.mandates.Sign(t.Context(), d.jeanne, id, d.answer(t, id, d.Agreed(t, d.Jeanne, id)))
	if err != nil {
		t.Fatal(err)
	}
	if m.SignedWith != mandate.WithPasskey {
		t.Errorf("signed with %s", m.SignedWith)
	}
	data, err := d.mandates.Evidence(t.Context(), d.Paul, m.ID)
	if err != nil {
		t.Fatal(err)
	}
	r, err := evidence.Verify(data)
	if err != nil || r.File.Assertion == nil || len(r.Proven) < 3 || r.Proven[0].Name != "signed" {
		t.Errorf("proven %v, %v", r.Proven, err)
	}
	var body string
	if err := d.Connect(t, d.Superuser).QueryRow(t.Context(), `select body from journal_entry where action = 'mandate.signed' and mandate_id = $1`, m.ID).Scan(&body); err != nil {
		t.Fatal(err)
	}
	if err := r.Fits([]byte(body)); err != nil {
		t.Error(err)
	}
	d.Content(t)
}

// What the key signed is what is agreed, or nothing is signed.
func TestSign_PasskeyOverOtherTerms(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*testing.T, *desk, uuid.UUID, *mandate.Agreement) uuid.UUID
		want   error
	}{
		"the agreement was another one": {func(_ *testing.T, _ *desk, id uuid.UUID, a *mandate.Agreement) uuid.UUID {
			how := *a.How
			how.Reading, a.How = "aloud", &how
			return id
		}, credential.ErrTerms},
		"another draft": {func(t *testing.T, d *desk, _ uuid.UUID, a *mandate.Agreement) uuid.UUID {
			other := d.Draft(t, d.Jeanne, fixture.Citizen(1), fixture.Housing)
			shown := d.Agreed(t, d.Jeanne, other)
			d.answer(t, other, shown)
			a.Version, a.Shown = shown.Version, shown.Shown
			return other
		}, credential.ErrTerms},
		"too late": {func(_ *testing.T, d *desk, id uuid.UUID, _ *mandate.Agreement) uuid.UUID {
			d.Clock.Advance(6 * time.Minute)
			return id
		}, credential.ErrWrong},
		"not agreed": {func(_ *testing.T, _ *desk, id uuid.UUID, a *mandate.Agreement) uuid.UUID {
			a.Ticked = false
			return id
		}, mandate.ErrNotAgreed},
		"no answer, and no fresh factor": {func(_ *testing.T, _ *desk, id uuid.UUID, a *mandate.Agreement) uuid.UUID {
			a.Answer = nil
			return id
		}, mandate.ErrFactorTooOld},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t)
			id := d.Draft(t, d.Jeanne, fixture.Angela(), fixture.Tax)
			a := d.answer(t, id, d.Agreed(t, d.Jeanne, id))
			id = c.change(t, d, id, &a)
			if _, err := d.mandates.Sign(t.Context(), d.jeanne, id, a); !errors.Is(err, c.want) {
				t.Errorf("got %v, want %v", err, c.want)
			}
			d.signed(t, 0)
		})
	}
}

// signed fails the test unless there are so many mandates, as many entries and as much evidence.
func (d *desk) signed(t *testing.T, want int) {
	t.Helper()
	var mandates, entries, kept int
	err := d.Connect(t, d.Superuser).QueryRow(context.Background(), `select (select count(*) from mandate), (select count(*) from journal_entry where action = 'mandate.signed'),
		(select count(*) from mandate_evidence)`).Scan(&mandates, &entries, &kept)
	if err != nil || mandates != want || entries != want || kept != want {
		t.Errorf("%d mandates, %d entries, %d files of evidence, %v; want %d", mandates, entries, kept, err, want)
	}
}

// A copy of a key signs nothing, and the key counts no more; the draft waits for a code.
func TestSign_WithACopiedPasskey(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	copied := d.key.Copy()
	id := d.Draft(t, d.Jeanne, fixture.Angela(), fixture.Tax)
	if _, err := d.mandates.Sign(t.Context(), d.jeanne, id, d.answer(t, id, d.Agreed(t, d.Jeanne, id))); err != nil {
		t.Fatal(err)
	}
	d.key = copied
	next := d.Draft(t, d.Jeanne, fixture.Citizen(1), fixture.Tax)
	if _, err := d.mandates.Sign(t.Context(), d.jeanne, next, d.answer(t, next, d.Agreed(t, d.Jeanne, next))); !errors.Is(err, credential.ErrCloned) {
		t.Errorf("got %v", err)
	}
	if _, err := d.mandates.PrepareSignature(t.Context(), d.jeanne, next, d.Agreed(t, d.Jeanne, next)); !errors.Is(err, credential.ErrNoFactor) {
		t.Errorf("afterwards: %v", err)
	}
	d.signed(t, 1)
	if _, err := d.mandates.Sign(t.Context(), d.Jeanne, next, d.Agreed(t, d.Jeanne, next)); err != nil {
		t.Errorf("with a code: %v", err)
	}
	d.signed(t, 2)
	d.Content(t)
}

// Signed twice with one answer, as by a double click, it is one mandate.
func TestSign_PasskeyTwice(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	id := d.Draft(t, d.Jeanne, fixture.Angela(), fixture.Tax)
	a := d.answer(t, id, d.Agreed(t, d.Jeanne, id))
	first, err := d.mandates.Sign(t.Context(), d.jeanne, id, a)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := d.mandates.Sign(t.Context(), d.jeanne, id, a); !errors.Is(err, draft.ErrSigned) || again.ID != first.ID {
		t.Errorf("got %v", err)
	}
	d.signed(t, 1)
}
