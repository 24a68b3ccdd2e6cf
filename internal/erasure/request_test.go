package erasure_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/caseload"
	"mandat/internal/citizen"
	"mandat/internal/db"
	"mandat/internal/draft"
	"mandat/internal/erasure"
	"mandat/internal/fixture"
	"mandat/internal/journal"
	"mandat/internal/mandate"
	"mandat/internal/org"
	"mandat/internal/procedure"
	"mandat/internal/token"
)

// seen says where an aidant meets a citizen who gave a mandate, and whose name is looked for.
func (w *world) seen(t testing.TB, by journal.Actor, m mandate.Mandate, i citizen.Identity) (where []string) {
	t.Helper()
	if _, err := w.Mandates.Consult(t.Context(), by, m.ID, mandate.PageMandate); err == nil {
		where = append(where, "page")
	} else if !errors.Is(err, db.ErrNotFound) {
		t.Error(err)
	}
	for _, tab := range caseload.Tabs {
		for name, f := range map[string]caseload.Filter{"list": {Tab: tab}, "search": {Tab: tab, Words: i.FamilyName}} {
			l, err := w.Caseload.List(t.Context(), by, f)
			must(t, err)
			for _, s := range l.Lines {
				if s.ID == m.ID && !slices.Contains(where, name) {
					where = append(where, name)
				}
			}
		}
	}
	found, err := w.Mandates.Citizens(t.Context(), by, i.FamilyName, uuid.Nil)
	must(t, err)
	if len(found) > 0 {
		where = append(where, "choice")
	}
	d, err := w.Drafts.Start(t.Context(), by, fixture.Terms(fixture.Tax))
	must(t, err)
	if err := w.Drafts.Identify(t.Context(), by, d.ID, i, w.Clock.Now()); err == nil {
		where = append(where, "draft")
	} else if !errors.Is(err, citizen.ErrRestricted) {
		t.Error(err)
	}
	slices.Sort(where)
	return where
}

// Who asked to be erased is nowhere in the organisation from then on, and is again when they take it back.
func TestAsk_HidesThemUntilTheyTakeItBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	m := w.Sign(t, w.Jeanne, fixture.Angela(), fixture.Tax)
	elsewhere := w.Sign(t, w.Ines, fixture.Angela(), fixture.Tax)
	other := w.Sign(t, w.Jeanne, fixture.Citizen(1), fixture.Tax)
	_, err := w.register.Ask(t.Context(), w.Jeanne, m.Citizen)
	if stands, ok := errors.AsType[*erasure.StandsError](err); !ok || !slices.Equal(stands.Mandates, []uuid.UUID{m.ID}) {
		t.Errorf("while a mandate stands: %v", err)
	}
	must(t, w.Mandates.End(t.Context(), w.Jeanne, m.ID, "citizen"))
	ended := w.Clock.Now()
	was := w.seen(t, w.Paul, m, fixture.Angela())
	if !slices.Equal(was, []string{"draft", "list", "page", "search"}) {
		t.Errorf("before: seen in %q", was)
	}
	live := w.number(t, `select count(*) from mandate_draft where state = 'identified'`)
	q, err := w.register.Ask(t.Context(), w.Jeanne, m.Citizen)
	must(t, err)
	if q.DueAt.Before(ended.AddDate(erasure.Years, 0, -1)) || q.DueAt.After(ended.AddDate(erasure.Years, 0, 1)) || q.AskedBy != w.Jeanne.Person || len(q.Reference()) != 9 {
		t.Errorf("%+v", q)
	}
	if n := w.number(t, `select count(*) from mandate_draft where state = 'identified'`); n != live-1 {
		t.Errorf("%d drafts for somebody, %d before", n, live)
	}
	if now := w.seen(t, w.Paul, m, fixture.Angela()); len(now) != 0 {
		t.Errorf("after they asked: seen in %q", now)
	}
	if got := w.seen(t, w.Paul, other, fixture.Citizen(1)); len(got) < 5 {
		t.Errorf("somebody else is seen in %q only", got)
	}
	if got := w.seen(t, w.Ines, elsewhere, fixture.Angela()); len(got) < 5 {
		t.Errorf("in another organisation they are seen in %q only", got)
	}
	d, err := w.Drafts.Start(t.Context(), w.Paul, fixture.Terms(fixture.Tax))
	must(t, err)
	if err := w.Drafts.Recognise(t.Context(), w.Paul, d.ID, m.Citizen); !errors.Is(err, db.ErrNotFound) {
		t.Errorf("recognised: %v", err)
	}
	if _, err := w.register.Ask(t.Context(), w.Jeanne, m.Citizen); !errors.Is(err, db.ErrNotFound) {
		t.Errorf("asked twice: %v", err)
	}
	var rows int
	must(t, w.DB.Read(t.Context(), db.InOrganisation(w.Here), func(tx pgx.Tx) error {
		return tx.QueryRow(t.Context(), `select (select count(*) from mandate where id = $1) + (select count(*) from citizen where id = $2)`, m.ID, m.Citizen).Scan(&rows)
	}))
	if rows != 0 {
		t.Errorf("%d rows are seen in the scope of the organisation", rows)
	}
	w.content(t)
	if all, err := w.register.Requests(t.Context(), w.Paul); err != nil || len(all) != 1 || all[0].ID != q.ID || !all[0].DueAt.Equal(q.DueAt) || !all[0].AskedAt.Equal(q.AskedAt) || all[0].AskedBy != q.AskedBy {
		t.Errorf("requests %+v, %v", all, err)
	}
	if all, err := w.register.Requests(t.Context(), w.Ines); err != nil || len(all) != 0 {
		t.Errorf("another organisation's requests %+v, %v", all, err)
	}
	if err := w.register.TakeBack(t.Context(), w.Ines, q.ID); !errors.Is(err, db.ErrNotFound) {
		t.Errorf("taken back in another organisation: %v", err)
	}
	must(t, w.register.TakeBack(t.Context(), w.Paul, q.ID))
	if err := w.register.TakeBack(t.Context(), w.Paul, q.ID); !errors.Is(err, db.ErrNotFound) {
		t.Errorf("taken back twice: %v", err)
	}
	if got := w.seen(t, w.Paul, m, fixture.Angela()); !slices.Equal(got, was) {
		t.Errorf("after they took it back: seen in %q", got)
	}
	w.Sign(t, w.Paul, fixture.Angela(), fixture.Tax)
	w.content(t)
}

// A document that tells the name and the birth date of who asked, known by a document, enters nobody.
func TestAsk_OfSomebodyKnownByADocument(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	read := citizen.Identity{GivenName: "Ada", FamilyName: "INVENTEE", Birthdate: "1950-01-01"}
	var low string // a procedure for which a document is enough
	for _, theme := range w.Catalogue.Themes() {
		for _, p := range theme.Procedures {
			if procedure.Witnessed.Reaches(p.Identity) {
				low = p.Key
			}
		}
	}
	d, err := w.Drafts.Start(t.Context(), w.Jeanne, fixture.Terms(low))
	must(t, err)
	must(t, w.Drafts.ReadDocument(t.Context(), w.Jeanne, d.ID, read, "passport", draft.Who{}))
	w.Witness(t, w.Paul, d.ID)
	m, err := w.Mandates.Sign(t.Context(), w.Jeanne, d.ID, w.Agreed(t, w.Jeanne, d.ID))
	must(t, err)
	must(t, w.Mandates.End(t.Context(), w.Jeanne, m.ID, "citizen"))
	_, err = w.register.Ask(t.Context(), w.Jeanne, m.Citizen)
	must(t, err)
	d, err = w.Drafts.Start(t.Context(), w.Jeanne, fixture.Terms(low))
	must(t, err)
	if err := w.Drafts.ReadDocument(t.Context(), w.Jeanne, d.ID, read, "passport", draft.Who{}); !errors.Is(err, citizen.ErrRestricted) {
		t.Errorf("read on a document: %v", err)
	}
	read.Birthdate = "1950-01-02"
	must(t, w.Drafts.ReadDocument(t.Context(), w.Jeanne, d.ID, read, "passport", draft.Who{}))
}

// Somebody who was identified at the very moment in which they ask is not entered as another person.
func TestAsk_BeforeASignature(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	m := w.Sign(t, w.Jeanne, fixture.Angela(), fixture.Tax)
	must(t, w.Mandates.End(t.Context(), w.Jeanne, m.ID, "citizen"))
	id := w.Draft(t, w.Paul, fixture.Angela(), fixture.Tax)
	agreed := w.Agreed(t, w.Paul, id)
	row := w.number(t, `select version from mandate_draft where id = $1`, id)
	w.Behind(t, `create table spared as select * from mandate_draft where id = $1`, id) // as if it had been identified a moment later
	_, err := w.register.Ask(t.Context(), w.Jeanne, m.Citizen)
	must(t, err)
	if _, err := w.Mandates.Sign(t.Context(), w.Paul, id, agreed); !errors.Is(err, db.ErrNotFound) || row == 0 {
		t.Errorf("signed what was dropped: %v", err)
	}
	w.Behind(t, `insert into mandate_draft select * from spared`)
	if _, err := w.Mandates.Sign(t.Context(), w.Paul, id, agreed); !errors.Is(err, citizen.ErrRestricted) {
		t.Errorf("signed for who asked: %v", err)
	}
}

func TestAsk_IsForWhoMay(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	m := w.Sign(t, w.Jeanne, fixture.Angela(), fixture.Tax)
	must(t, w.Mandates.End(t.Context(), w.Jeanne, m.ID, "citizen"))
	odile := w.Referent(t, w.Here, "odile")
	odile.FactorAt = w.Clock.Now()
	stale := w.Jeanne
	stale.FactorAt = w.Clock.Now().Add(-24 * time.Hour)
	for what, c := range map[string]struct {
		by   journal.Actor
		who  uuid.UUID
		want error
	}{
		"an administrator":              {w.admin, m.Citizen, org.ErrMayNot},
		"an old factor":                 {stale, m.Citizen, org.ErrFactorTooOld},
		"an aidant of another":          {w.Ines, m.Citizen, db.ErrNotFound},
		"somebody whom nobody knows of": {w.Jeanne, token.ID(), db.ErrNotFound},
	} {
		if _, err := w.register.Ask(t.Context(), c.by, c.who); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", what, err, c.want)
		}
	}
	q, err := w.register.Ask(t.Context(), odile, m.Citizen)
	must(t, err)
	if err := w.register.TakeBack(t.Context(), stale, q.ID); !errors.Is(err, org.ErrFactorTooOld) {
		t.Errorf("taken back with an old factor: %v", err)
	}
	if err := w.register.TakeBack(t.Context(), w.admin, q.ID); !errors.Is(err, org.ErrMayNot) {
		t.Errorf("taken back by an administrator: %v", err)
	}
	if _, err := w.register.Requests(t.Context(), w.admin); !errors.Is(err, org.ErrMayNot) {
		t.Errorf("listed for an administrator: %v", err)
	}
	if got, err := w.register.Request(t.Context(), odile, q.ID); err != nil || got.ID != q.ID {
		t.Errorf("%+v, %v", got, err)
	}
	if _, err := w.register.Request(t.Context(), w.Ines, q.ID); !errors.Is(err, db.ErrNotFound) {
		t.Errorf("found for another organisation: %v", err)
	}
}

// What was asked is done when its time comes, and not while somebody holds it; what was taken back is not.
func TestCarryOut(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var all []mandate.Mandate
	var asked []erasure.Request
	for n := range 3 {
		m := w.Sign(t, w.Jeanne, fixture.Citizen(n), fixture.Tax)
		must(t, w.Mandates.End(t.Context(), w.Jeanne, m.ID, "citizen"))
		q, err := w.register.Ask(t.Context(), w.Jeanne, m.Citizen)
		must(t, err)
		all, asked = append(all, m), append(asked, q)
	}
	must(t, w.register.TakeBack(t.Context(), w.Jeanne, asked[1].ID))
	w.provable(t)
	left := func() int { return w.number(t, `select count(*) from citizen`) }
	must(t, w.register.CarryOut(t.Context()))
	if left() != 3 {
		t.Error("carried out at once")
	}
	w.Clock.Advance(asked[2].DueAt.Sub(w.Clock.Now()) + time.Minute)
	w.admin.FactorAt = w.Clock.Now()
	h, err := w.register.MakeHold(t.Context(), w.admin, who(all[0]), "inspection", w.Clock.Now().Add(time.Hour))
	must(t, err)
	w.provable(t)
	if _, err := w.register.Erase(t.Context(), who(all[1]), erasure.Asked); !errors.Is(err, db.ErrNotFound) {
		t.Errorf("what was taken back: %v", err)
	}
	must(t, w.register.CarryOut(t.Context()))
	if left() != 2 {
		t.Errorf("%d citizens are there, of whom one is held and one took it back", left())
	}
	w.content(t)
	must(t, w.register.Release(t.Context(), w.admin, h.ID, "over"))
	must(t, w.register.CarryOut(t.Context())) // an entry about them is not in the tree yet
	w.provable(t)
	must(t, w.register.CarryOut(t.Context()))
	if left() != 1 || w.number(t, `select count(*) from erasure_request where state = 'asked'`) != 0 {
		t.Errorf("%d citizens are there", left())
	}
	if n := w.number(t, `select count(*) from journal_entry where action = 'citizen.erased' and body::jsonb #>> '{detail,ground}' = 'asked'`); n != 2 {
		t.Errorf("%d entries of what was asked", n)
	}
	w.content(t)
}

// A draft for somebody who is held is over when they ask to be erased, and stays until the hold ends: asking is no way to be rid of it.
func TestAsk_KeepsDraftsThatAreHeld(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	m := w.Sign(t, w.Jeanne, fixture.Angela(), fixture.Tax)
	must(t, w.Mandates.End(t.Context(), w.Jeanne, m.ID, "citizen"))
	id := w.Draft(t, w.Paul, fixture.Angela(), fixture.Tax)
	hold := w.hold(t, who(m))
	_, err := w.register.Ask(t.Context(), w.Jeanne, m.Citizen)
	must(t, err)
	if _, err := w.Drafts.Find(t.Context(), w.Paul, id); !errors.Is(err, db.ErrNotFound) {
		t.Errorf("the draft is under way still: %v", err)
	}
	there := func() int {
		return w.number(t, `select count(*) from mandate_draft where id = $1 and identity is not null`, id)
	}
	purge := func() {
		w.Clock.Advance(time.Minute)
		_, err := w.Drafts.Purge(t.Context(), 10)
		must(t, err)
	}
	purge()
	if there() != 1 {
		t.Error("the draft is gone while they are held")
	}
	must(t, w.register.Release(t.Context(), w.admin, hold, "over"))
	purge()
	if there() != 0 {
		t.Error("the draft is there when they are not held any more")
	}
	w.content(t)
}
