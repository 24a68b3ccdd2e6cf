package erasure_test

import (
	"errors"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"mandat/internal/db"
	"mandat/internal/erasure"
	"mandat/internal/fixture"
	"mandat/internal/journal"
	"mandat/internal/mandate"
	"mandat/internal/org"
	"mandat/internal/token"
)

func TestErase_IsRefusedUntilNothingKeepsThem(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	m := w.Sign(t, w.Jeanne, fixture.Angela(), fixture.Tax)
	erase := func() error {
		_, err := w.register.Erase(t.Context(), who(m), erasure.Term)
		return err
	}
	w.provable(t)
	stands, ok := errors.AsType[*erasure.StandsError](erase())
	if !ok || !slices.Equal(stands.Mandates, []uuid.UUID{m.ID}) {
		t.Errorf("while a mandate stands: %v", stands)
	}
	must(t, w.Mandates.End(t.Context(), w.Jeanne, m.ID, "citizen"))
	if err := erase(); !errors.Is(err, journal.ErrNotProvable) && !errors.Is(err, erasure.ErrEarly) {
		t.Errorf("at once: %v", err)
	}
	w.provable(t)
	if err := erase(); !errors.Is(err, erasure.ErrEarly) {
		t.Errorf("before its time: %v", err)
	}
	w.Clock.Advance(time.Until(time.Now().AddDate(erasure.Years, 0, 0)) - time.Hour)
	if err := erase(); !errors.Is(err, erasure.ErrEarly) {
		t.Errorf("an hour before its time: %v", err)
	}
	w.Clock.Advance(2 * time.Hour)
	w.admin.FactorAt = w.Clock.Now()
	for n, held := range []erasure.Who{{Organisation: m.Organisation}, who(m)} {
		h, err := w.register.MakeHold(t.Context(), w.admin, held, "litigation", w.Clock.Now().Add(24*time.Hour))
		must(t, err)
		w.provable(t)
		if got, ok := errors.AsType[*erasure.HeldError](erase()); !ok || got.Hold.ID != h.ID {
			t.Errorf("hold %d: %v", n, got)
		}
		must(t, w.register.Release(t.Context(), w.admin, h.ID, "over"))
	}
	must(t, w.Journal.Record(t.Context(), w.Jeanne, func(*journal.Tx) (journal.Event, error) {
		return journal.Event{Action: "mandate.consulted", Citizen: m.Citizen, Mandate: m.ID}, nil
	}))
	if err := erase(); !errors.Is(err, journal.ErrNotProvable) {
		t.Errorf("with an entry that is not in the tree: %v", err)
	}
	if _, err := w.register.Erase(t.Context(), erasure.Who{Organisation: w.Elsewhere, Citizen: m.Citizen}, erasure.Term); !errors.Is(err, db.ErrNotFound) {
		t.Errorf("for another organisation: %v", err)
	}
	if n := w.number(t, `select count(*) from journal_entry where action = 'citizen.erased'`); n != 0 {
		t.Errorf("%d entries of erasures that were refused", n)
	}
	w.provable(t)
	must(t, erase())
	if err := erase(); !errors.Is(err, db.ErrNotFound) {
		t.Errorf("twice: %v", err)
	}
	w.content(t)
}

// What stays is a fact and empty places; what others have stays as it is.
func TestErase_LeavesTheFactAndTheLeaves(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	m := w.Sign(t, w.Jeanne, fixture.Angela(), fixture.Tax, fixture.Housing)
	other := w.Sign(t, w.Paul, fixture.Citizen(1), fixture.Tax)
	w.Verify(t, w.Jeanne, m.Citizen, "+33639980044")
	w.over(t, m)
	leaves := w.number(t, `select count(*) from journal_leaf`)
	about := w.number(t, `select count(*) from journal_entry where citizen_id = $1`, m.Citizen)
	done, err := w.register.Erase(t.Context(), who(m), erasure.Term)
	must(t, err)
	if done.Mandates != 1 || done.Entries != about || about < 4 {
		t.Errorf("%+v, of %d entries", done, about)
	}
	w.content(t)
	if n := w.number(t, `select count(*) from journal_entry where citizen_id = $1`, m.Citizen); n != 1 {
		t.Errorf("%d entries are left", n)
	}
	if n := w.number(t, `select count(*) from journal_leaf`); n != leaves+1 {
		t.Errorf("%d leaves, %d before", n, leaves)
	}
	for _, table := range []string{"citizen where id = $1", "mandate where citizen_id = $1", "mandate_power where citizen_id = $1", "phone where citizen_id = $1", "notify_message where citizen_id = $1"} {
		if n := w.number(t, `select count(*) from `+table, m.Citizen); n != 0 {
			t.Errorf("%s: %d rows", table, n)
		}
	}
	if n := w.number(t, `select (select count(*) from phone_holder) + (select count(*) from mandate_draft where mandate_id = $1) + (select count(*) from mandate_evidence where mandate_id = $1)`, m.ID); n != 0 {
		t.Errorf("%d rows that name nobody are left", n)
	}
	if got := w.Identity(t, w.Here, other.Citizen); got.FamilyName != fixture.Citizen(1).FamilyName {
		t.Errorf("another citizen: %q", got.FamilyName)
	}
	content, err := os.ReadFile(w.path)
	must(t, err)
	noted, torn, err := erasure.ReadLedger(content)
	if err != nil || torn || len(noted) != 1 || noted[0].Who != who(m) || noted[0].Ground != erasure.Term || !noted[0].At.Equal(done.At) {
		t.Errorf("the ledger says %+v, %t, %v", noted, torn, err)
	}
	again := w.Sign(t, w.Aidant(t, w.Here, "lise"), fixture.Angela(), fixture.Tax) // somebody new
	if again.Citizen == m.Citizen {
		t.Error("who was erased is known")
	}
}

// Who works for the database cannot forget entries without naming them, nor others than those of the citizen, nor rows without the entry.
func TestErase_IsTheOnlyWay(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	m := w.Sign(t, w.Jeanne, fixture.Angela(), fixture.Tax)
	other := w.Sign(t, w.Jeanne, fixture.Citizen(1), fixture.Tax)
	w.over(t, m)
	run := func(url, sql string) error {
		conn := w.Connect(t, url)
		_, err := conn.Exec(t.Context(), sql)
		return err
	}
	entry := `insert into journal_entry (at, action, organisation_id, citizen_id, salt, body) values (now(), '` + "%s" + `', '` + m.Organisation.String() + `', %c, sha256('x'),
		'{"action":"x","detail":{"forgotten":["%n"]}}');`
	accounting := func(action, citizen string, last string) string {
		return strings.NewReplacer("%s", action, "%c", citizen, "%n", last).Replace(entry)
	}
	mine := "'" + m.Citizen.String() + "'"
	index := func(of uuid.UUID) string {
		return strconv.Itoa(w.number(t, `select l.index from journal_leaf l join journal_entry e on e.id = l.entry_id where e.mandate_id = $1 and e.action = 'mandate.signed'`, of))
	}
	theirs, own := index(other.ID), index(m.ID)
	must(t, w.Journal.Record(t.Context(), w.Jeanne, func(*journal.Tx) (journal.Event, error) { return journal.Event{Action: "session.opened"}, nil }))
	w.provable(t)
	signedIn := strconv.Itoa(w.number(t, `select l.index from journal_leaf l join journal_entry e on e.id = l.entry_id where e.action = 'session.opened'`))
	for what, sql := range map[string]string{
		"an entry":                               `delete from journal_entry where citizen_id = ` + mine,
		"a citizen":                              `set mandat.system = 'on'; delete from mandate_evidence; delete from mandate_power; delete from mandate; delete from citizen`,
		"an entry of nobody":                     `set mandat.system = 'on'; begin; ` + accounting("entries.forgotten", "null", "0") + ` select journal_forget(); commit`,
		"a sign-in, by an entry of a far future": `set mandat.system = 'on'; begin; ` + strings.Replace(accounting("entries.forgotten", "null", signedIn), "(now(),", "(now() + interval '100 years',", 1) + ` select journal_forget(); commit`,
		"evidence alone":                         `set mandat.system = 'on'; delete from mandate_evidence where mandate_id = '` + other.ID.String() + `'`,
	} {
		if err := run(w.App, sql); err == nil {
			t.Errorf("%s was deleted", what)
		}
	}
	forgetting := ` select journal_forget(); `
	// The entry alone does not do it while a mandate lasts, or a hold stands.
	rows := func(whose uuid.UUID) string {
		var sql strings.Builder
		for _, s := range []string{`delete from mandate_draft where id in (select draft_id from mandate where citizen_id = '%'); `, `delete from mandate_evidence where mandate_id in (select id from mandate where citizen_id = '%'); `,
			`delete from mandate_power where citizen_id = '%'; `, `delete from mandate where citizen_id = '%'; `, `delete from erasure_hold where citizen_id = '%'; `, `delete from citizen where id = '%'; `} {
			sql.WriteString(strings.ReplaceAll(s, "%", whose.String()))
		}
		return sql.String()
	}
	byHand := func(whose uuid.UUID, index string) error {
		return run(w.App, `set mandat.system = 'on'; begin; `+accounting("citizen.erased", "'"+whose.String()+"'", index)+rows(whose)+forgetting+` set constraints all immediate; rollback`)
	}
	if err := byHand(other.Citizen, theirs); err == nil || !strings.Contains(err.Error(), "and lasts") {
		t.Errorf("while a mandate lasts: %v", err)
	}
	if err := byHand(m.Citizen, own); err != nil {
		t.Errorf("as the act does it: %v", err)
	}
	if err := run(w.App, `set mandat.system = 'on'; begin; `+accounting("citizen.erased", mine, own)+forgetting+rows(m.Citizen)+` rollback`); err == nil || !strings.Contains(err.Error(), "who is there") {
		t.Errorf("the entries of somebody who is there: %v", err)
	}
	for _, wrong := range []string{"0-100000", theirs, own + `","` + own} { // as above, of somebody who is there no more
		if err := byHand(m.Citizen, wrong); err == nil || !strings.Contains(err.Error(), "are named as forgotten, of which") {
			t.Errorf("entries %s: %v", wrong, err)
		}
	}
	w.admin.FactorAt = w.Clock.Now()
	for what, held := range map[string]erasure.Who{"stands": who(m), "is held": {Organisation: m.Organisation}} {
		h, err := w.register.MakeHold(t.Context(), w.admin, held, "litigation", w.Clock.Now().Add(time.Hour))
		must(t, err)
		if err := byHand(m.Citizen, own); err == nil || !strings.Contains(err.Error(), what) {
			t.Errorf("while a hold stands: %v, want %s", err, what)
		}
		must(t, w.register.Release(t.Context(), w.admin, h.ID, "over"))
	}
	if err := run(w.Owner, `delete from journal_entry where citizen_id = `+mine); err == nil || !strings.Contains(err.Error(), "no entry says so") {
		t.Errorf("by the owner: %v", err)
	}
	w.content(t)
}

// An entry that was deleted by hand is named: by the comparison, and not taken for one of an erasure.
func TestErase_HidesNoOtherDeletion(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	m, other := w.Sign(t, w.Jeanne, fixture.Angela(), fixture.Tax), w.Sign(t, w.Jeanne, fixture.Citizen(1), fixture.Tax)
	w.over(t, m)
	_, err := w.register.Erase(t.Context(), who(m), erasure.Term)
	must(t, err)
	w.content(t)
	w.Behind(t, `delete from journal_entry where mandate_id = $1 and action = 'mandate.signed'`, other.ID)
	found, err := journal.Compare(t.Context(), w.OpenAuditor(t))
	must(t, err)
	if len(found) != 1 || !strings.Contains(found[0].What, "gone from the table") {
		t.Errorf("found %v", found)
	}
}

// More places than one entry can name.
func TestErase_OfManyEntries(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	m, other := w.Sign(t, w.Jeanne, fixture.Angela(), fixture.Tax), w.Sign(t, w.Jeanne, fixture.Citizen(1), fixture.Tax)
	for n := range 2400 { // each beside one of somebody else: a run of its own
		of := m
		if n%2 > 0 {
			of = other
		}
		must(t, w.Journal.RecordSoon(t.Context(), db.System(), nil, func(tx *journal.Tx) (journal.Event, error) {
			tx.By = w.Jeanne
			return journal.Event{Action: "mandate.consulted", Citizen: of.Citizen, Mandate: of.ID}, nil
		}))
	}
	w.over(t, m)
	done, err := w.register.Erase(t.Context(), who(m), erasure.Term)
	must(t, err)
	if done.Entries < 1200 {
		t.Errorf("%d entries", done.Entries)
	}
	if n := w.number(t, `select count(*) from journal_entry where citizen_id = $1 and action in ('citizen.erased', 'entries.forgotten')`, m.Citizen); n != 2 {
		t.Errorf("%d entries account for them", n)
	}
	if n := w.number(t, `select count(*) from journal_entry where citizen_id = $1`, other.Citizen); n < 1200 {
		t.Errorf("%d entries of somebody else are left", n)
	}
	w.content(t)
}

// A mandate that ended because one of theirs took its place still says so, and nobody misses the other.
func TestErase_OfWhoseMandateTookAnothersPlace(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	old := w.Sign(t, w.Jeanne, fixture.Angela(), fixture.Tax)
	paper, err := w.Mandates.Offer(w.Ines, old)
	must(t, err)
	d, err := w.Mandates.StartTransfer(t.Context(), w.Ines, paper, fixture.Terms(fixture.Tax))
	must(t, err)
	must(t, w.Drafts.Identify(t.Context(), w.Ines, d.ID, fixture.Angela(), w.Clock.Now()))
	m, err := w.Mandates.Sign(t.Context(), w.Ines, d.ID, w.Agreed(t, w.Ines, d.ID))
	must(t, err)
	must(t, w.Mandates.EndTransferred(t.Context(), m.ID))
	must(t, w.Mandates.End(t.Context(), w.Ines, m.ID, "citizen"))
	w.later(t)
	w.content(t)
	for _, one := range []mandate.Mandate{m, old} {
		_, err = w.register.Erase(t.Context(), who(one), erasure.Term)
		must(t, err)
		w.content(t)
	}
}

// What an act under way notes of somebody who is erased meanwhile is forgotten after them.
func TestCarryOut_ForgetsWhatCameLate(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	m := w.Sign(t, w.Jeanne, fixture.Angela(), fixture.Tax)
	w.over(t, m)
	_, err := w.register.Erase(t.Context(), who(m), erasure.Term)
	must(t, err)
	must(t, w.Journal.Record(t.Context(), w.Jeanne, func(*journal.Tx) (journal.Event, error) {
		return journal.Event{Action: "mandate.consulted", Citizen: m.Citizen, Mandate: m.ID}, nil
	}))
	about := func() int { return w.number(t, `select count(*) from journal_entry where mandate_id = $1`, m.ID) }
	must(t, w.register.CarryOut(t.Context())) // it is not in the tree yet
	if about() != 1 {
		t.Error("forgotten before it had a place")
	}
	w.provable(t)
	must(t, w.register.CarryOut(t.Context()))
	if about() != 0 {
		t.Error("it is still there")
	}
	entries := w.number(t, `select count(*) from journal_entry`)
	w.provable(t)
	must(t, w.register.CarryOut(t.Context()))
	if n := w.number(t, `select count(*) from journal_entry`); n != entries {
		t.Errorf("%d entries more when nothing came late", n-entries)
	}
	w.content(t)
}

// Of two erasures at once, and of one at the same time as a signature, one comes first.
func TestErase_Races(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var all sync.WaitGroup
	for n := range 8 {
		m := w.Sign(t, w.Jeanne, fixture.Citizen(n), fixture.Tax)
		must(t, w.Mandates.End(t.Context(), w.Jeanne, m.ID, "citizen"))
	}
	w.later(t)
	paul := w.Aidant(t, w.Here, "pascal")
	due, err := w.register.Due(t.Context(), w.Clock.Now(), 100)
	must(t, err)
	if len(due) != 8 {
		t.Fatalf("%d are due", len(due))
	}
	drafts := map[uuid.UUID]uuid.UUID{}
	for n := range 8 {
		id := w.Draft(t, paul, fixture.Citizen(n), fixture.Tax)
		drafts[id] = id
	}
	w.provable(t)
	var mu sync.Mutex
	erased, signed := 0, 0
	for _, d := range due {
		for range 2 {
			all.Go(func() {
				_, err := w.register.Erase(t.Context(), d, erasure.Term)
				mu.Lock()
				defer mu.Unlock()
				switch {
				case err == nil:
					erased++
				case !errors.Is(err, db.ErrNotFound) && !errors.Is(err, erasure.ErrStands) && !errors.Is(err, journal.ErrNotProvable):
					t.Errorf("erase: %v", err)
				}
			})
		}
	}
	for id := range drafts {
		all.Go(func() {
			agreed := w.Agreed(t, paul, id)
			_, err := w.Mandates.Sign(t.Context(), paul, id, agreed)
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				signed++
			} else if !errors.Is(err, db.ErrNotFound) {
				t.Errorf("sign: %v", err)
			}
		})
	}
	all.Wait()
	if erased+signed != 8 {
		t.Errorf("%d erased, %d signed, of 8", erased, signed)
	}
	w.content(t)
}

func TestHold_IsAnAdministratorsOfAReasonAndATime(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	m := w.Sign(t, w.Jeanne, fixture.Angela(), fixture.Tax)
	now := w.Clock.Now()
	w.admin.FactorAt = now
	stale := w.admin
	stale.FactorAt = now.Add(-24 * time.Hour)
	for what, c := range map[string]struct {
		by     journal.Actor
		who    erasure.Who
		reason string
		until  time.Time
		want   error
	}{
		"an aidant":                    {w.Jeanne, who(m), "litigation", now.Add(time.Hour), org.ErrMayNot},
		"an old factor":                {stale, who(m), "litigation", now.Add(time.Hour), org.ErrFactorTooOld},
		"no reason":                    {w.admin, who(m), "because", now.Add(time.Hour), erasure.ErrHold},
		"no time":                      {w.admin, who(m), "litigation", now, erasure.ErrHold},
		"too long":                     {w.admin, who(m), "litigation", now.Add(erasure.MaxHold + time.Hour), erasure.ErrHold},
		"nobody":                       {w.admin, erasure.Who{Organisation: w.Here, Citizen: token.ID()}, "litigation", now.Add(time.Hour), db.ErrNotFound},
		"another organisation's":       {w.admin, erasure.Who{Organisation: w.Elsewhere, Citizen: m.Citizen}, "litigation", now.Add(time.Hour), db.ErrNotFound},
		"everybody of no organisation": {w.admin, erasure.Who{Organisation: token.ID()}, "litigation", now.Add(time.Hour), db.ErrNotFound},
	} {
		if _, err := w.register.MakeHold(t.Context(), c.by, c.who, c.reason, c.until); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", what, err, c.want)
		}
	}
	h, err := w.register.MakeHold(t.Context(), w.admin, who(m), "inspection", now.Add(time.Hour))
	must(t, err)
	if all, err := w.register.Holds(t.Context()); err != nil || len(all) != 1 || all[0].ID != h.ID || all[0].Reason != "inspection" || all[0].HeldBy != w.admin.Person {
		t.Errorf("%+v, %v", all, err)
	}
	if err := w.register.Release(t.Context(), w.Jeanne, h.ID, "over"); !errors.Is(err, org.ErrMayNot) {
		t.Errorf("released by an aidant: %v", err)
	}
	must(t, w.register.Release(t.Context(), w.admin, h.ID, "over"))
	if err := w.register.Release(t.Context(), w.admin, h.ID, "over"); !errors.Is(err, db.ErrNotFound) {
		t.Errorf("released twice: %v", err)
	}
	w.content(t)
}

// Whose time is over is listed, but for those who are held.
func TestDue(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ended, held, stands := w.Sign(t, w.Jeanne, fixture.Citizen(1), fixture.Tax), w.Sign(t, w.Jeanne, fixture.Citizen(2), fixture.Tax), w.Sign(t, w.Jeanne, fixture.Citizen(3), fixture.Tax)
	for _, m := range []uuid.UUID{ended.ID, held.ID} {
		must(t, w.Mandates.End(t.Context(), w.Jeanne, m, "citizen"))
	}
	w.Clock.Advance(time.Until(time.Now().AddDate(erasure.Years, 0, 0).Add(-time.Hour)))
	if all, err := w.register.Due(t.Context(), w.Clock.Now(), 10); err != nil || len(all) != 0 {
		t.Errorf("too early: %v, %v", all, err)
	}
	w.Clock.Advance(2 * time.Hour)
	w.admin.FactorAt = w.Clock.Now()
	_, err := w.register.MakeHold(t.Context(), w.admin, who(held), "investigation", w.Clock.Now().Add(time.Hour))
	must(t, err)
	all, err := w.register.Due(t.Context(), w.Clock.Now(), 10)
	if err != nil || len(all) != 1 || all[0] != who(ended) {
		t.Errorf("%v, %v", all, err)
	}
	if n, err := w.register.CountDue(t.Context(), w.Clock.Now()); err != nil || n != (erasure.Counts{Due: 1, Held: 1}) {
		t.Errorf("%+v, %v", n, err)
	}
	if n, err := w.register.CountDue(t.Context(), stands.EndsAt.AddDate(erasure.Years, 0, 1)); err != nil || n.Due != 3 { // one that nobody ended
		t.Errorf("in the end %+v, %v", n, err)
	}
}
