package draft_test

import (
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"mandat/internal/citizen"
	"mandat/internal/db"
	"mandat/internal/draft"
	"mandat/internal/fixture"
	"mandat/internal/journal"
	"mandat/internal/mandate"
	"mandat/internal/org"
	"mandat/internal/procedure"
	"mandat/internal/terms"
)

// pick finds a procedure that needs exactly this assurance.
func pick(t *testing.T, w *fixture.World, need procedure.Assurance) string {
	t.Helper()
	for _, theme := range w.Catalogue.Themes() {
		for _, p := range theme.Procedures {
			if p.Identity == need && p.Offers(procedure.Act) {
				return p.Key
			}
		}
	}
	t.Fatalf("no procedure needs %s", need)
	return ""
}

func start(t *testing.T, w *fixture.World, by journal.Actor, procedures ...string) uuid.UUID {
	t.Helper()
	d, err := w.Drafts.Start(t.Context(), by, fixture.Terms(procedures...))
	if err != nil {
		t.Fatal(err)
	}
	return d.ID
}

func version(t *testing.T, w *fixture.World, by journal.Actor, id uuid.UUID) int {
	t.Helper()
	d, err := w.Drafts.Find(t.Context(), by, id)
	if err != nil {
		t.Fatal(err)
	}
	return d.Version
}

func document() citizen.Identity {
	i := fixture.Angela()
	i.Sub, i.Birthplace, i.Birthcountry = "", "", ""
	return i
}

// A rung too low for a procedure is refused before anybody is asked to agree, and the error names the procedure.
func TestLadder_TooLowIsRefusedBeforeAnybodyAgrees(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	high, middle := pick(t, w, procedure.FranceConnect), pick(t, w, procedure.Witnessed)
	known := w.Sign(t, w.Jeanne, fixture.Angela(), high).Citizen
	for name, x := range map[string]struct {
		procedure string
		identify  func(uuid.UUID) error
		want      error
	}{
		"a document for FranceConnect": {high, func(id uuid.UUID) error {
			return w.Drafts.ReadDocument(t.Context(), w.Jeanne, id, document(), "passport", draft.Who{})
		}, draft.ErrTooLow},
		"an acquaintance for FranceConnect": {high, func(id uuid.UUID) error { return w.Drafts.Recognise(t.Context(), w.Jeanne, id, known) }, draft.ErrTooLow},
		"an acquaintance for a document":    {middle, func(id uuid.UUID) error { return w.Drafts.Recognise(t.Context(), w.Jeanne, id, known) }, draft.ErrTooLow},
		"a document for a document": {middle, func(id uuid.UUID) error {
			return w.Drafts.ReadDocument(t.Context(), w.Jeanne, id, document(), "passport", draft.Who{})
		}, nil},
	} {
		id := start(t, w, w.Jeanne, x.procedure)
		err := x.identify(id)
		if !errors.Is(err, x.want) {
			t.Errorf("%s: %v", name, err)
		}
		if low, ok := errors.AsType[*draft.TooLowError](err); x.want != nil && (!ok || len(low.Procedures) != 1 || low.Procedures[0] != x.procedure) {
			t.Errorf("%s: %+v", name, low)
		}
		if d, err := w.Drafts.Find(t.Context(), w.Jeanne, id); err != nil || (d.State == draft.Open) != (x.want != nil) {
			t.Errorf("%s: the draft is %s, %v", name, d.State, err)
		}
	}
}

func TestDocument_NeedsAWholeIdentity(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	middle := pick(t, w, procedure.Witnessed)
	for name, x := range map[string]struct {
		change func(*citizen.Identity)
		kind   string
		wrong  string
	}{
		"no name":            {func(i *citizen.Identity) { i.FamilyName = " " }, "passport", "family_name"},
		"no first name":      {func(i *citizen.Identity) { i.GivenName = "" }, "passport", "given_name"},
		"a name that steers": {func(i *citizen.Identity) { i.PreferredUsername = "A\u202eB" }, "passport", "usage_name"},
		"no such day":        {func(i *citizen.Identity) { i.Birthdate = "1962-02-30" }, "passport", "birthdate"},
		"no such document":   {func(*citizen.Identity) {}, "library card", "document"},
		"a name that hides":  {func(i *citizen.Identity) { i.FamilyName += "\u3164" }, "passport", "family_name"},
		"letters of two":     {func(i *citizen.Identity) { i.FamilyName = "\u0410" + i.FamilyName }, "passport", "family_name"},
		"a number":           {func(i *citizen.Identity) { i.BornTown = "Paris, 1 85 05 78 006 084 91" }, "passport", "born_town"},
		"a password":         {func(i *citizen.Identity) { i.PreferredUsername = "mot de passe : Soleil" }, "passport", "usage_name"},
		"no address":         {func(i *citizen.Identity) { i.Email = "angela" }, "passport", "email"},
	} {
		i := document()
		x.change(&i)
		err := w.Drafts.ReadDocument(t.Context(), w.Jeanne, start(t, w, w.Jeanne, middle), i, x.kind, draft.Who{})
		if wrong, ok := errors.AsType[*draft.IdentityError](err); !ok || len(wrong.Wrong) != 1 || wrong.Wrong[x.wrong] == "" {
			t.Errorf("%s: %v", name, err)
		}
	}
	child := document()
	child.Birthdate = "2020-01-01"
	if err := w.Drafts.ReadDocument(t.Context(), w.Jeanne, start(t, w, w.Jeanne, middle), child, "passport", draft.Who{}); !errors.Is(err, draft.ErrMinor) {
		t.Errorf("a child: %v", err)
	}
}

// The way of a document: the aidant reads it, a second colleague sees the same in their own session, and only then it is signed. The mandate never opens FranceConnect.
func TestDocument_SecondColleagueThenMandate(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	middle := pick(t, w, procedure.Witnessed)
	id := start(t, w, w.Jeanne, middle)
	if err := w.Drafts.ReadDocument(t.Context(), w.Jeanne, id, document(), "identity_card", draft.Who{}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Mandates.Sign(t.Context(), w.Jeanne, id, w.Agreed(t, w.Jeanne, id)); !errors.Is(err, mandate.ErrNoProof) {
		t.Errorf("signed with the aidant's word alone: %v", err)
	}
	if err := w.Mandates.Witness(t.Context(), w.Paul, id, version(t, w, w.Jeanne, id), make([]byte, 32)); !errors.Is(err, draft.ErrState) {
		t.Errorf("attested by who was shown nothing: %v", err)
	}
	seen, shown, err := w.Mandates.ForWitness(t.Context(), w.Paul, id)
	if err != nil || seen.Identity == nil || seen.Identity.FamilyName != "DUBOIS" {
		t.Fatalf("shown to the second: %+v, %v", seen, err)
	}
	if err := w.Mandates.Witness(t.Context(), w.Jeanne, id, seen.Version, shown); !errors.Is(err, draft.ErrWitness) {
		t.Errorf("their own second: %v", err)
	}
	stale := w.Paul
	stale.FactorAt = w.Clock.Now().Add(-time.Hour)
	if err := w.Mandates.Witness(t.Context(), stale, id, seen.Version, shown); !errors.Is(err, org.ErrFactorTooOld) {
		t.Errorf("without a fresh factor: %v", err)
	}
	if err := w.Mandates.Witness(t.Context(), w.Ines, id, seen.Version, shown); !errors.Is(err, db.ErrNotFound) {
		t.Errorf("another organisation's aidant: %v", err)
	}
	if err := w.Mandates.Witness(t.Context(), w.Paul, id, seen.Version-1, shown); !errors.Is(err, draft.ErrState) {
		t.Errorf("for another version: %v", err)
	}
	if err := w.Mandates.Witness(t.Context(), w.Paul, id, seen.Version, make([]byte, 32)); !errors.Is(err, mandate.ErrOtherTerms) {
		t.Errorf("for other terms: %v", err)
	}
	if err := w.Mandates.Witness(t.Context(), w.Paul, id, seen.Version, shown); err != nil {
		t.Fatal(err)
	}
	if err := w.Mandates.Witness(t.Context(), w.Paul, id, seen.Version, shown); !errors.Is(err, draft.ErrState) {
		t.Errorf("the same twice: %v", err)
	}
	m, err := w.Mandates.Sign(t.Context(), w.Jeanne, id, w.Agreed(t, w.Jeanne, id))
	if err != nil {
		t.Fatal(err)
	}
	if m.IdentifiedBy != draft.ByDocument || m.ConsentBy != mandate.ConsentColleague || m.Witness != w.Paul.Person {
		t.Errorf("signed %+v", m)
	}
	if n := count(t, w, `select count(*) from mandate_power where mandate_id = $1 and identified_by = 'franceconnect'`, m.ID); n != 0 {
		t.Error("a power says that FranceConnect identified them")
	}
	again := start(t, w, w.Jeanne, middle)
	if err := w.Drafts.ReadDocument(t.Context(), w.Jeanne, again, document(), "passport", draft.Who{Same: m.Citizen}); err != nil {
		t.Fatal(err)
	}
	w.Witness(t, w.Paul, again)
	if same, err := w.Mandates.Sign(t.Context(), w.Jeanne, again, w.Agreed(t, w.Jeanne, again)); err != nil || same.Citizen != m.Citizen {
		t.Errorf("the same person became another citizen: %v, %v", same.Citizen, err)
	}
	w.Content(t)
}

// What was attested was attested of what stood there: changed terms, another identity, a colleague who takes over, each make it void.
func TestWitness_IsForOneVersion(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*testing.T, *fixture.World, uuid.UUID) (journal.Actor, error){
		"terms": func(t *testing.T, w *fixture.World, id uuid.UUID) (journal.Actor, error) {
			return w.Jeanne, w.Drafts.Change(t.Context(), w.Jeanne, id, fixture.Terms(pick(t, w, procedure.Witnessed)))
		},
		"identity": func(t *testing.T, w *fixture.World, id uuid.UUID) (journal.Actor, error) {
			other := document()
			other.GivenName = "Camille"
			return w.Jeanne, w.Drafts.ReadDocument(t.Context(), w.Jeanne, id, other, "passport", draft.Who{})
		},
		"taken over": func(t *testing.T, w *fixture.World, id uuid.UUID) (journal.Actor, error) {
			return w.Paul, w.Drafts.TakeOver(t.Context(), w.Paul, id, version(t, w, w.Jeanne, id))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := fixture.New(t)
			id := start(t, w, w.Jeanne, pick(t, w, procedure.Witnessed))
			if err := w.Drafts.ReadDocument(t.Context(), w.Jeanne, id, document(), "passport", draft.Who{}); err != nil {
				t.Fatal(err)
			}
			w.Witness(t, w.Paul, id)
			by, err := change(t, w, id)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := w.Mandates.Sign(t.Context(), by, id, w.Agreed(t, by, id)); !errors.Is(err, mandate.ErrNoProof) && !errors.Is(err, draft.ErrState) {
				t.Errorf("signed with what was attested before: %v", err)
			}
		})
	}
}

// Who is known is somebody of this organisation, and their agreement still needs a proof.
func TestRecognise_SomebodyOfTheOrganisation(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	low := pick(t, w, procedure.Known)
	known := w.Sign(t, w.Jeanne, fixture.Angela(), fixture.Tax).Citizen
	foreign := w.Sign(t, w.Ines, fixture.Citizen(1), fixture.Tax).Citizen
	id := start(t, w, w.Jeanne, low)
	for what, who := range map[string]uuid.UUID{"another organisation's": foreign, "nobody": uuid.New()} {
		if err := w.Drafts.Recognise(t.Context(), w.Jeanne, id, who); !errors.Is(err, db.ErrNotFound) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if err := w.Drafts.Recognise(t.Context(), w.Paul, id, known); !errors.Is(err, draft.ErrNotOwn) {
		t.Errorf("in a colleague's draft: %v", err)
	}
	if err := w.Drafts.Recognise(t.Context(), w.Jeanne, id, known); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Mandates.Sign(t.Context(), w.Jeanne, id, w.Agreed(t, w.Jeanne, id)); !errors.Is(err, mandate.ErrNoProof) {
		t.Errorf("without a proof: %v", err)
	}
	w.Witness(t, w.Paul, id)
	m, err := w.Mandates.Sign(t.Context(), w.Jeanne, id, w.Agreed(t, w.Jeanne, id))
	if err != nil || m.Citizen != known || m.IdentifiedBy != draft.ByAcquaintance || m.ConsentBy != mandate.ConsentColleague {
		t.Errorf("signed %+v, %v", m, err)
	}
	w.Content(t)
}

func TestTakeOver_OnceAndWithoutTheIdentity(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	id := w.Draft(t, w.Jeanne, fixture.Angela(), fixture.Tax)
	nadia := w.Aidant(t, w.Here, "nadia")
	if err := w.Drafts.TakeOver(t.Context(), w.Ines, id, version(t, w, w.Jeanne, id)); !errors.Is(err, db.ErrNotFound) {
		t.Errorf("another organisation's: %v", err)
	}
	if err := w.Drafts.TakeOver(t.Context(), w.Jeanne, id, version(t, w, w.Jeanne, id)); !errors.Is(err, draft.ErrState) {
		t.Errorf("one's own: %v", err)
	}
	shown := version(t, w, w.Jeanne, id)
	var wait sync.WaitGroup
	var taken atomic.Int32
	for _, by := range []journal.Actor{w.Paul, nadia} {
		wait.Go(func() {
			switch err := w.Drafts.TakeOver(t.Context(), by, id, shown); {
			case err == nil:
				taken.Add(1)
			case !errors.Is(err, draft.ErrState):
				t.Error(err)
			}
		})
	}
	wait.Wait()
	if taken.Load() != 1 {
		t.Errorf("%d took over what they were shown", taken.Load())
	}
	owners := 0
	for _, by := range []journal.Actor{w.Paul, nadia, w.Jeanne} {
		d, err := w.Drafts.Find(t.Context(), by, id)
		if err != nil || d.Identity != nil || d.State != draft.Open {
			t.Errorf("%+v, %v", d, err)
		}
		if d.Person == by.Person {
			owners++
		}
	}
	if owners != 1 {
		t.Errorf("%d owners", owners)
	}
	if err := w.Drafts.Identify(t.Context(), w.Jeanne, id, fixture.Angela(), w.Clock.Now()); !errors.Is(err, draft.ErrNotOwn) {
		t.Errorf("identified by who had it before: %v", err)
	}
}

func TestDraft_LivesADay(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	id := start(t, w, w.Jeanne, fixture.Tax)
	w.Clock.Advance(draft.Life - time.Minute)
	if d, err := w.Drafts.Find(t.Context(), w.Paul, id); err != nil || d.State != draft.Open {
		t.Errorf("after a day's work: %+v, %v", d, err)
	}
	w.Clock.Advance(2 * time.Minute)
	if _, err := w.Drafts.Find(t.Context(), w.Jeanne, id); !errors.Is(err, db.ErrNotFound) {
		t.Errorf("after a day: %v", err)
	}
	if err := w.Drafts.TakeOver(t.Context(), w.Paul, id, 1); !errors.Is(err, db.ErrNotFound) {
		t.Errorf("taken over after a day: %v", err)
	}
	if n, err := w.Drafts.Purge(t.Context(), 10); n != 1 || err != nil {
		t.Errorf("purged %d, %v", n, err)
	}
}

// The reference of a file is the citizen's: it stands sealed, and what is compared is a hash that another organisation does not have.
func TestCase_IsNotInClear(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	x := fixture.Terms(fixture.Tax)
	x.Powers[0].Case = "DOSSIER-4711"
	d, err := w.Drafts.Start(t.Context(), w.Jeanne, x)
	if err != nil {
		t.Fatal(err)
	}
	if back, err := w.Drafts.Find(t.Context(), w.Jeanne, d.ID); err != nil || back.Terms.Powers[0] != (terms.Asked{Procedure: fixture.Tax, Level: procedure.Act, Case: "DOSSIER-4711"}) {
		t.Errorf("read back %+v, %v", back.Terms.Powers, err)
	}
	if theirs, err := w.Drafts.Find(t.Context(), w.Paul, d.ID); err != nil || theirs.Terms.Powers[0].Case != draft.Hidden {
		t.Errorf("a colleague reads %+v, %v", theirs.Terms.Powers, err)
	}
	if err := w.Drafts.Identify(t.Context(), w.Jeanne, d.ID, fixture.Angela(), w.Clock.Now()); err != nil {
		t.Fatal(err)
	}
	m, err := w.Mandates.Sign(t.Context(), w.Jeanne, d.ID, w.Agreed(t, w.Jeanne, d.ID))
	if err != nil || m.Terms.Procedures[0].Case != "DOSSIER-4711" {
		t.Fatalf("%+v, %v", m.Terms, err)
	}
	for _, table := range []string{"mandate_draft", "mandate", "mandate_power", "journal_entry", "mandate_evidence"} {
		if n := count(t, w, `select count(*) from `+table+` t where t::text like '%DOSSIER-4711%' or t::text like '%' || encode('DOSSIER-4711', 'hex') || '%'`); n != 0 {
			t.Errorf("%s tells the reference", table)
		}
	}
	here, err := w.Drafts.CaseRef(w.Here, "dossier - 4711")
	there, err2 := w.Drafts.CaseRef(w.Elsewhere, "DOSSIER-4711")
	if err != nil || err2 != nil || here != m.Powers[0].Case || there == here {
		t.Errorf("%q and %q, %v, %v", here, there, err, err2)
	}
}

// count counts, behind the program.
func count(t *testing.T, w *fixture.World, sql string, args ...any) (n int) {
	t.Helper()
	if err := w.Connect(t, w.Superuser).QueryRow(t.Context(), sql, args...).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}
