package draft_test

import (
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"mandat/internal/citizen"
	"mandat/internal/db"
	"mandat/internal/draft"
	"mandat/internal/fixture"
	"mandat/internal/journal"
	"mandat/internal/mandate"
	"mandat/internal/procedure"
)

// amina is one of several people of that name, of whom documents tell the year of birth alone.
func amina(town, email string) citizen.Identity {
	return citizen.Identity{GivenName: "Amina", FamilyName: "HADDAD", Birthdate: "1983-00-00", BornTown: town, BornCountry: "SYRIE", Email: email}
}

// reads puts into a new draft of Jeanne's what was read, and returns the draft.
func reads(t *testing.T, w *fixture.World, i citizen.Identity, who draft.Who) uuid.UUID {
	t.Helper()
	id := start(t, w, w.Jeanne, pick(t, w, procedure.Witnessed))
	if err := w.Drafts.ReadDocument(t.Context(), w.Jeanne, id, i, "passport", who); err != nil {
		t.Fatal(err)
	}
	return id
}

// signs has a draft attested by Paul and signed by Jeanne.
func signs(t *testing.T, w *fixture.World, id uuid.UUID) mandate.Mandate {
	t.Helper()
	w.Witness(t, w.Paul, id)
	m, err := w.Mandates.Sign(t.Context(), w.Jeanne, id, w.Agreed(t, w.Jeanne, id))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// asked reads what was read before and returns whom the aidant is asked about.
func asked(t *testing.T, w *fixture.World, by journal.Actor, i citizen.Identity, who draft.Who) []citizen.Namesake {
	t.Helper()
	id := start(t, w, by, pick(t, w, procedure.Witnessed))
	err := w.Drafts.ReadDocument(t.Context(), by, id, i, "passport", who)
	known, ask := errors.AsType[*draft.NamesakesError](err)
	if d, e := w.Drafts.Find(t.Context(), by, id); e != nil || ask != (d.State == draft.Open) {
		t.Errorf("asked %v, and the draft is %s, %v", ask, d.State, e)
	}
	if !ask {
		if err != nil {
			t.Fatal(err)
		}
		return nil
	}
	return known.Namesakes
}

// standing is which of the mandates stand.
func standing(t *testing.T, w *fixture.World, mandates ...mandate.Mandate) (out []bool) {
	t.Helper()
	for _, m := range mandates {
		out = append(out, count(t, w, `select count(*) from mandate where id = $1 and state = 'standing'`, m.ID) == 1)
	}
	return out
}

// Two people of one name, born on one day, are two: what one signs, changes and ends is not the other's. Nobody is one of them before the aidant was shown all of them and said so.
func TestNamesakes_StayTwo(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	first := signs(t, w, reads(t, w, amina("HOMS", "a@exemple.invalid"), draft.Who{}))
	w.Clock.Advance(time.Minute)
	known := asked(t, w, w.Jeanne, amina("Alep", "b@exemple.invalid"), draft.Who{})
	if len(known) != 1 || known[0].ID != first.Citizen || known[0].Identity.BornTown != "HOMS" || known[0].KnownSince.IsZero() {
		t.Fatalf("asked about %+v", known)
	}
	if n := count(t, w, `select count(*) from journal_entry where action = 'draft.namesakes_shown' and body like '%' || $1 || '%'`, first.Citizen.String()); n != 1 {
		t.Errorf("%d entries say who was shown", n)
	}
	second := signs(t, w, reads(t, w, amina("Alep", "b@exemple.invalid"), draft.Who{Not: []uuid.UUID{first.Citizen}}))
	if second.Citizen == first.Citizen {
		t.Fatal("two people are one citizen")
	}
	if both := standing(t, w, first, second); !both[0] || !both[1] {
		t.Errorf("they stand: %v", both)
	}
	if a, b := w.Identity(t, w.Here, first.Citizen), w.Identity(t, w.Here, second.Citizen); a.Email != "a@exemple.invalid" || a.BornTown != "HOMS" || b.Email != "b@exemple.invalid" || b.BornTown != "Alep" || a.Sub == b.Sub {
		t.Errorf("%+v, %+v", a, b)
	}
	if n := count(t, w, `select count(*) from journal_entry where action = 'draft.identified' and body::jsonb -> 'detail' -> 'other_than' ->> 0 = $1 and citizen_id is null`, first.Citizen.String()); n != 1 {
		t.Errorf("%d entries say who it is not", n)
	}
	if err := w.Mandates.End(t.Context(), w.Jeanne, second.ID, "citizen"); err != nil {
		t.Fatal(err)
	}
	if both := standing(t, w, first, second); !both[0] || both[1] {
		t.Errorf("after one has ended theirs they stand: %v", both)
	}

	// Who comes now may be either, or a third; and one answer is not one about both.
	w.Clock.Advance(time.Minute)
	for _, who := range []draft.Who{{}, {Not: []uuid.UUID{first.Citizen}}, {Not: []uuid.UUID{second.Citizen, uuid.New()}}} {
		if known = asked(t, w, w.Jeanne, amina("", ""), who); len(known) != 2 || known[0].ID != first.Citizen || known[1].ID != second.Citizen {
			t.Errorf("asked about %+v", known)
		}
	}
	third := signs(t, w, reads(t, w, amina("", ""), draft.Who{Not: []uuid.UUID{second.Citizen, first.Citizen}}))
	if third.Citizen == first.Citizen || third.Citizen == second.Citizen {
		t.Error("the third is one of the two")
	}
	w.Content(t)
}

// Who comes again is found by what people say, with an accent less. What is not told again stays, what is told takes its place.
func TestNamesakes_TheSameAgain(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	first := signs(t, w, reads(t, w, amina("HOMS", "a@exemple.invalid"), draft.Who{}))
	w.Clock.Advance(time.Minute)
	again := amina("", "")
	again.BornCountry, again.FamilyName = "", "Haddád"
	id := reads(t, w, again, draft.Who{Same: first.Citizen, Not: []uuid.UUID{first.Citizen}})
	d, err := w.Drafts.Find(t.Context(), w.Jeanne, id)
	if err != nil || d.SameAs != first.Citizen || d.OtherThan != nil || d.Identity.Email != "a@exemple.invalid" {
		t.Errorf("%+v, %v", d, err)
	}
	if n := count(t, w, `select count(*) from journal_entry where action = 'draft.identified' and citizen_id = $1`, first.Citizen); n != 1 {
		t.Errorf("%d entries say who it is", n)
	}
	second := signs(t, w, id)
	if both := standing(t, w, first, second); second.Citizen != first.Citizen || both[0] || !both[1] {
		t.Errorf("citizen %s and %s, they stand: %v", first.Citizen, second.Citizen, both)
	}
	if i := w.Identity(t, w.Here, first.Citizen); i.FamilyName != "Haddád" || i.BornTown != "HOMS" || i.BornCountry != "SYRIE" || i.Email != "a@exemple.invalid" {
		t.Errorf("%+v", i)
	}
	if n := count(t, w, `select count(*) from mandate_draft where same_as is not null or other_than is not null`); n != 0 {
		t.Errorf("%d drafts that are signed say who it was", n)
	}
	w.Clock.Advance(time.Minute)
	id = reads(t, w, amina("Homs", "new@exemple.invalid"), draft.Who{Same: first.Citizen})
	if d, err = w.Drafts.Find(t.Context(), w.Paul, id); err != nil {
		t.Fatal(err)
	}
	k, err := w.Drafts.Known(t.Context(), w.Paul, d)
	if err != nil || k.Same == nil || k.Same.ID != first.Citizen || k.Mail(amina("", "new@exemple.invalid")) != "a@exemple.invalid" || k.Mail(amina("", "a@exemple.invalid")) != "" {
		t.Errorf("%+v, %v", k, err)
	}
	signs(t, w, id)
	if i := w.Identity(t, w.Here, first.Citizen); i.Email != "new@exemple.invalid" || i.BornTown != "Homs" {
		t.Errorf("%+v", i)
	}
	w.Content(t)
}

// The same person is one of those who were shown: nobody of another organisation, nobody whom FranceConnect told, nobody of another name.
func TestNamesakes_TheSameIsOneOfThem(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	signs(t, w, reads(t, w, amina("HOMS", ""), draft.Who{}))
	told := amina("", "")
	told.Sub, told.BornCountry = "amina-sub-v1", ""
	other := amina("HOMS", "")
	other.GivenName = "Amine"
	elsewhere := start(t, w, w.Ines, pick(t, w, procedure.Witnessed))
	if err := w.Drafts.ReadDocument(t.Context(), w.Ines, elsewhere, amina("HOMS", ""), "passport", draft.Who{}); err != nil {
		t.Fatalf("another organisation is asked about who is known here: %v", err)
	}
	second := w.Aidant(t, w.Elsewhere, "igor")
	w.Witness(t, second, elsewhere)
	theirs, err := w.Mandates.Sign(t.Context(), w.Ines, elsewhere, w.Agreed(t, w.Ines, elsewhere))
	if err != nil {
		t.Fatal(err)
	}
	for what, who := range map[string]uuid.UUID{"of another organisation": theirs.Citizen, "whom FranceConnect told": w.Sign(t, w.Jeanne, told, fixture.Tax).Citizen,
		"of another name": signs(t, w, reads(t, w, other, draft.Who{})).Citizen, "nobody": uuid.New()} {
		id := start(t, w, w.Jeanne, pick(t, w, procedure.Witnessed))
		if err := w.Drafts.ReadDocument(t.Context(), w.Jeanne, id, amina("HOMS", ""), "passport", draft.Who{Same: who}); !errors.Is(err, db.ErrNotFound) {
			t.Errorf("somebody %s: %v", what, err)
		}
		if d, err := w.Drafts.Find(t.Context(), w.Jeanne, id); err != nil || d.State != draft.Open {
			t.Errorf("somebody %s: %s, %v", what, d.State, err)
		}
	}
	if known := asked(t, w, w.Jeanne, amina("HOMS", ""), draft.Who{}); len(known) != 1 {
		t.Errorf("asked about %+v", known)
	}
}

// Two aidants read the documents of two newcomers, or twice the same one, at once: the first who signs makes a citizen, and for the other it is asked again who it is.
func TestNamesakes_TwoFirstReadings(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	drafts := []uuid.UUID{reads(t, w, amina("HOMS", ""), draft.Who{}), reads(t, w, amina("Alep", ""), draft.Who{})}
	var agreed []mandate.Agreement
	for _, id := range drafts {
		w.Witness(t, w.Paul, id)
		agreed = append(agreed, w.Agreed(t, w.Jeanne, id))
	}
	errs := make([]error, 2)
	var wait sync.WaitGroup
	for n, id := range drafts {
		wait.Go(func() { _, errs[n] = w.Mandates.Sign(t.Context(), w.Jeanne, id, agreed[n]) })
	}
	wait.Wait()
	refused := slices.IndexFunc(errs, func(err error) bool { return errors.Is(err, citizen.ErrNamesake) })
	if refused < 0 || errs[1-refused] != nil {
		t.Fatalf("signed %v", errs)
	}
	if n := count(t, w, `select count(*) from citizen`); n != 1 {
		t.Fatalf("%d citizens", n)
	}
	town := []string{"HOMS", "Alep"}[refused]
	known := asked(t, w, w.Jeanne, amina(town, ""), draft.Who{})
	if len(known) != 1 {
		t.Fatalf("asked about %+v", known)
	}
	if err := w.Drafts.ReadDocument(t.Context(), w.Jeanne, drafts[refused], amina(town, ""), "passport", draft.Who{Not: []uuid.UUID{known[0].ID}}); err != nil {
		t.Fatal(err)
	}
	signs(t, w, drafts[refused])
	w.Content(t)
}

// An index that another hand put there makes nobody a namesake, nor does a sub.
func TestNamesakes_AreCalledSo(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	first := signs(t, w, reads(t, w, amina("HOMS", ""), draft.Who{}))
	other := amina("HOMS", "")
	other.GivenName = "Salma"
	second := signs(t, w, reads(t, w, other, draft.Who{}))
	w.Behind(t, `update citizen set name_index = (select name_index from citizen where id = $2) where id = $1`, second.Citizen, first.Citizen)
	if known := asked(t, w, w.Jeanne, amina("HOMS", ""), draft.Who{}); len(known) != 1 || known[0].ID != first.Citizen {
		t.Errorf("asked about %+v", known)
	}
}

// Those of before the index were found by a sub made of name and birth date: they still are, and keep it.
func TestNamesakes_OfBefore(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	first := signs(t, w, reads(t, w, amina("", ""), draft.Who{}))
	old := w.Identity(t, w.Here, first.Citizen)
	old.Sub, old.BornCountry = "document:haddad:amina:1983-00-00", ""
	conn := w.Connect(t, w.Superuser)
	key, err := w.Citizens.DataKey(t.Context(), conn, w.Here, first.Citizen)
	if err != nil {
		t.Fatal(err)
	}
	sealed, err := citizen.SealIdentity(key, old)
	if err != nil {
		t.Fatal(err)
	}
	index, err := w.Citizens.Index(w.Here, old.Sub)
	if err != nil {
		t.Fatal(err)
	}
	w.Behind(t, `update citizen set identity = $2, sub_index = $3, name_index = null where id = $1`, first.Citizen, sealed, index)
	w.Clock.Advance(time.Minute)
	if known := asked(t, w, w.Jeanne, amina("HOMS", ""), draft.Who{}); len(known) != 1 || known[0].ID != first.Citizen {
		t.Fatalf("asked about %+v", known)
	}
	if again := signs(t, w, reads(t, w, amina("HOMS", ""), draft.Who{Same: first.Citizen})); again.Citizen != first.Citizen {
		t.Errorf("became another citizen")
	}
	if i := w.Identity(t, w.Here, first.Citizen); i.Sub != old.Sub || i.BornTown != "HOMS" {
		t.Errorf("%+v", i)
	}
	if n := count(t, w, `select count(*) from citizen where id = $1 and name_index is not null`, first.Citizen); n != 1 {
		t.Error("without the index still")
	}
	w.Content(t)
}

// Documents write one name LEBŒUF and LEBOEUF, as their printers can: whether it is one person is asked, of those of before too.
func TestNamesakes_HoweverALigatureIsPrinted(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	ada := func(name string) citizen.Identity {
		return citizen.Identity{GivenName: "Ada", FamilyName: name, Birthdate: "1950-01-01", BornTown: "Lyon"}
	}
	first := signs(t, w, reads(t, w, ada("LEBŒUF"), draft.Who{}))
	for _, name := range []string{"LEBOEUF", "Lebœuf"} {
		if known := asked(t, w, w.Jeanne, ada(name), draft.Who{}); len(known) != 1 || known[0].ID != first.Citizen {
			t.Errorf("%s: asked about %+v", name, known)
		}
	}
	for _, x := range []struct {
		sub   string
		names []string
	}{{"document:lebœuf:ada:1950-01-01", []string{"LEBŒUF"}}, {"document:leboeuf:ada:1950-01-01", []string{"LEBOEUF", "LEBŒUF"}}} {
		index, err := w.Citizens.Index(w.Here, x.sub)
		if err != nil {
			t.Fatal(err)
		}
		w.Behind(t, `update citizen set sub_index = $2, name_index = null where id = $1`, first.Citizen, index)
		for _, name := range x.names {
			if known := asked(t, w, w.Jeanne, ada(name), draft.Who{}); len(known) != 1 || known[0].ID != first.Citizen {
				t.Errorf("%s, of %s: asked about %+v", name, x.sub, known)
			}
		}
	}
}

// What was said of an identity goes with it.
func TestNamesakes_GoWithTheIdentity(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	first := signs(t, w, reads(t, w, amina("HOMS", ""), draft.Who{}))
	for what, act := range map[string]func(uuid.UUID) error{
		"dropped": func(id uuid.UUID) error { return w.Drafts.DropIdentity(t.Context(), w.Jeanne, id) },
		"changed": func(id uuid.UUID) error {
			return w.Drafts.Change(t.Context(), w.Jeanne, id, fixture.Terms(fixture.Housing))
		},
		"taken over": func(id uuid.UUID) error {
			return w.Drafts.TakeOver(t.Context(), w.Paul, id, version(t, w, w.Jeanne, id))
		},
		"abandoned": func(id uuid.UUID) error { return w.Drafts.Abandon(t.Context(), w.Jeanne, id) },
		"read anew": func(id uuid.UUID) error {
			return w.Drafts.ReadDocument(t.Context(), w.Jeanne, id, document(), "passport", draft.Who{})
		},
	} {
		for _, who := range []draft.Who{{Same: first.Citizen}, {Not: []uuid.UUID{first.Citizen}}} {
			id := reads(t, w, amina("HOMS", ""), who)
			if err := act(id); err != nil {
				t.Errorf("%s: %v", what, err)
			}
			if n := count(t, w, `select count(*) from mandate_draft where id = $1 and num_nonnulls(same_as, other_than) > 0`, id); n != 0 {
				t.Errorf("%s: the draft still says who it is", what)
			}
		}
	}
	id := reads(t, w, amina("HOMS", ""), draft.Who{Same: first.Citizen})
	other := reads(t, w, amina("HOMS", ""), draft.Who{Not: []uuid.UUID{first.Citizen}})
	w.Behind(t, `insert into citizen select (jsonb_populate_record(citizen, jsonb_build_object('id', gen_random_uuid(), 'sub_index', sha256('x')))).* from citizen`)
	for _, sql := range []string{`update mandate_draft set identified_by = 'known' where id = $1`, `update mandate_draft set other_than = array[same_as] where id = $1`,
		`update mandate_draft set other_than = '{}' where id = $1`, `update mandate_draft set same_as = null where id = $1`,
		`update mandate_draft set same_as = (select id from citizen where id <> same_as), sub_index = sha256('x') where id = $1`,
		`update mandate_draft set sub_index = sha256('y') where id = $1`, `update mandate_draft set other_than = array[gen_random_uuid()] where id = $1`} {
		if _, err := w.Connect(t, w.Superuser).Exec(t.Context(), sql, id); err == nil {
			t.Errorf("the table takes %s", sql)
		}
	}
	for _, sql := range []string{`update mandate_draft set other_than = null where id = $1`, `update mandate_draft set sub_index = sha256('x') where id = $1`} {
		if _, err := w.Connect(t, w.Superuser).Exec(t.Context(), sql, other); err == nil {
			t.Errorf("of somebody new, the table takes %s", sql)
		}
	}
}

// What a draft says of whom a document told is what the entry of the same act says, and is so.
func TestNamesakes_AsTheEntrySays(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	first := signs(t, w, reads(t, w, amina("HOMS", ""), draft.Who{}))
	id, nobody := reads(t, w, amina("HOMS", ""), draft.Who{Same: first.Citizen}), uuid.New()
	for _, x := range []struct {
		sql       string
		citizen   uuid.UUID
		otherThan []string
		fits      bool
	}{
		{`update mandate_draft set other_than = array[$2::uuid] where id = $1`, first.Citizen, []string{nobody.String()}, true},
		{`update mandate_draft set other_than = null, identified_at = identified_at where id = $1 and $2::uuid is not null`, first.Citizen, nil, true},
		{`update mandate_draft set other_than = array[$2::uuid] where id = $1`, uuid.Nil, []string{nobody.String()}, false},
		{`update mandate_draft set other_than = array[$2::uuid] where id = $1`, first.Citizen, nil, false},
		{`update mandate_draft set other_than = array[$2::uuid] where id = $1`, first.Citizen, []string{first.Citizen.String()}, false},
		{`update mandate_draft set other_than = array[$2::uuid, same_as] where id = $1`, first.Citizen, []string{nobody.String(), first.Citizen.String()}, false},
		{`update mandate_draft set same_as = null where id = $1 and $2::uuid is not null`, uuid.Nil, nil, false},
		{`update mandate_draft set sub_index = sha256('else') where id = $1 and $2::uuid is not null`, first.Citizen, nil, false},
	} {
		err := w.Journal.Record(t.Context(), w.Jeanne, func(tx *journal.Tx) (journal.Event, error) {
			detail := map[string]any{"draft": id.String(), "version": version(t, w, w.Jeanne, id), "method": draft.ByDocument}
			if x.otherThan != nil {
				detail["other_than"] = x.otherThan
			}
			tx.Queue(x.sql, id, nobody)
			return journal.Event{Action: "draft.identified", Citizen: x.citizen, Detail: detail}, nil
		})
		if (err == nil) != x.fits {
			t.Errorf("%s, with an entry of %s about %v: %v", x.sql, x.citizen, x.otherThan, err)
		}
	}
}
