package unsealing_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
	"mandat/internal/fixture"
	"mandat/internal/journal"
	"mandat/internal/mandate"
	"mandat/internal/org"
	"mandat/internal/unsealing"
)

// world has two auditors, and a mandate of somebody's.
type world struct {
	*fixture.World
	register    *unsealing.Register
	sofia, alma journal.Actor
	m           mandate.Mandate
}

func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{World: fixture.New(t)}
	w.register = unsealing.New(w.DB, w.Journal, w.Keys, w.Citizens, w.Clock)
	w.sofia, w.alma = w.Newcomer(t, journal.Auditor, uuid.Nil, "sofia"), w.Newcomer(t, journal.Auditor, uuid.Nil, "alma")
	w.m = w.Sign(t, w.Jeanne, fixture.Angela(), fixture.Tax)
	return w
}

// fresh is an actor who has just given a second factor.
func (w *world) fresh(by journal.Actor) journal.Actor {
	by.FactorAt = w.Clock.Now()
	return by
}

const words = "Une réclamation du 3 novembre dit que ce mandat n’a jamais été signé."

func (w *world) ask(t testing.TB) uuid.UUID {
	t.Helper()
	id, err := w.register.Ask(t.Context(), w.fresh(w.sofia), unsealing.Question{Citizen: w.m.Citizen, Reason: unsealing.Complaint, Words: words})
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func (w *world) granted(t testing.TB) uuid.UUID {
	t.Helper()
	id := w.ask(t)
	if err := w.register.Grant(t.Context(), w.fresh(w.alma), id); err != nil {
		t.Fatal(err)
	}
	return id
}

func (w *world) look(t testing.TB, by journal.Actor, id uuid.UUID) (unsealing.Name, error) {
	return w.register.Look(t.Context(), w.fresh(by), id)
}

// sound fails the test unless the table says what the entries say.
func (w *world) sound(t testing.TB) {
	t.Helper()
	found, err := unsealing.Compare(t.Context(), w.OpenAuditor(t))
	if err != nil || len(found) > 0 {
		t.Errorf("%v, %v", found, err)
	}
}

func (w *world) row(t testing.TB, sql string, args []any, to ...any) {
	t.Helper()
	if err := w.Connect(t, w.Superuser).QueryRow(t.Context(), sql, args...).Scan(to...); err != nil {
		t.Fatal(err)
	}
}

// One asks, another grants, the first sees the name for an hour, and each step and each look is an entry of the citizen's.
func TestUnsealing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.ask(t)
	if n, err := w.look(t, w.sofia, id); !errors.Is(err, db.ErrNotFound) || n.Citizen.FamilyName != "" {
		t.Errorf("before anybody granted it: %+v, %v", n, err)
	}
	u, err := w.register.Find(t.Context(), w.alma, id)
	if err != nil || u.Words != words || u.State != unsealing.Asked || u.Citizen != w.m.Citizen || u.Organisation != w.Here || u.AskedBy != w.sofia.Person {
		t.Errorf("%+v, %v", u, err)
	}
	if err := w.register.Grant(t.Context(), w.fresh(w.alma), id); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		n, err := w.look(t, w.sofia, id)
		if err != nil || n.Citizen.FamilyName != fixture.Angela().FamilyName || n.Unsealing.State != unsealing.Granted {
			t.Fatalf("%+v, %v", n, err)
		}
	}
	w.Clock.Advance(unsealing.Lasts - time.Minute)
	if _, err := w.look(t, w.sofia, id); err != nil {
		t.Errorf("within the hour: %v", err)
	}
	w.Clock.Advance(time.Minute)
	if n, err := w.look(t, w.sofia, id); !errors.Is(err, db.ErrNotFound) || n.Citizen.FamilyName != "" {
		t.Errorf("after the hour: %+v, %v", n, err)
	}
	var entries string
	w.row(t, `select string_agg(action, ' ' order by id) from journal_entry where citizen_id = $1 and organisation_id = $2 and action like 'unsealing.%' and body::jsonb #>> '{detail,unsealing}' = $3`,
		[]any{w.m.Citizen, w.Here, id.String()}, &entries)
	if entries != "unsealing.asked unsealing.granted unsealing.looked unsealing.looked unsealing.looked" {
		t.Errorf("entries: %s", entries)
	}
	list, err := w.register.List(t.Context(), w.sofia)
	if err != nil || len(list) != 1 || list[0].State != unsealing.Over || list[0].Looks != 3 || list[0].Words != "" {
		t.Errorf("%+v, %v", list, err)
	}
	w.sound(t)
}

// A professional's name is seen as a citizen's is.
func TestUnsealing_OfAPerson(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id, err := w.register.Ask(t.Context(), w.fresh(w.sofia), unsealing.Question{Person: w.Jeanne.Person, Reason: unsealing.Anomaly, Words: words})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.register.Grant(t.Context(), w.fresh(w.alma), id); err != nil {
		t.Fatal(err)
	}
	n, err := w.look(t, w.sofia, id)
	if err != nil || n.GivenName != "jeanne" || n.UsualName != "Fictif" || n.Email != "jeanne@exemple.invalid" || n.Citizen.FamilyName != "" {
		t.Errorf("%+v, %v", n, err)
	}
	w.sound(t)
}

// Each of these asks nothing.
func TestAsk_Refuses(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	good := unsealing.Question{Citizen: w.m.Citizen, Reason: unsealing.Complaint, Words: words}
	with := func(change func(*unsealing.Question)) unsealing.Question {
		q := good
		change(&q)
		return q
	}
	late := w.fresh(w.sofia)
	late.FactorAt = late.FactorAt.Add(-org.FactorLife - time.Second)
	pretends := w.fresh(w.Jeanne)
	pretends.Kind = journal.Auditor
	suspended := w.Newcomer(t, journal.Auditor, uuid.Nil, "sam")
	if err := w.Directory.Suspend(t.Context(), journal.Program(), suspended.Person); err != nil {
		t.Fatal(err)
	}
	for what, c := range map[string]struct {
		by   journal.Actor
		q    unsealing.Question
		want error
	}{
		"about nobody":              {w.fresh(w.sofia), with(func(q *unsealing.Question) { q.Citizen = uuid.Nil }), unsealing.ErrWhom},
		"about two":                 {w.fresh(w.sofia), with(func(q *unsealing.Question) { q.Person = w.Jeanne.Person }), unsealing.ErrWhom},
		"about herself":             {w.fresh(w.sofia), unsealing.Question{Person: w.sofia.Person, Reason: unsealing.Anomaly, Words: words}, org.ErrYourself},
		"an unknown citizen":        {w.fresh(w.sofia), with(func(q *unsealing.Question) { q.Citizen = uuid.New() }), db.ErrNotFound},
		"an unknown person":         {w.fresh(w.sofia), unsealing.Question{Person: uuid.New(), Reason: unsealing.Anomaly, Words: words}, db.ErrNotFound},
		"for no reason":             {w.fresh(w.sofia), with(func(q *unsealing.Question) { q.Reason = "" }), unsealing.ErrReason},
		"for another reason":        {w.fresh(w.sofia), with(func(q *unsealing.Question) { q.Reason = "curious" }), unsealing.ErrReason},
		"in a word":                 {w.fresh(w.sofia), with(func(q *unsealing.Question) { q.Words = "parce que" + strings.Repeat(" ", 50) }), unsealing.ErrReason},
		"in too many words":         {w.fresh(w.sofia), with(func(q *unsealing.Question) { q.Words = strings.Repeat("é", unsealing.WordsMax+1) }), unsealing.ErrReason},
		"with a number of a person": {w.fresh(w.sofia), with(func(q *unsealing.Question) { q.Words = "Le numéro 2 62 08 75 107 001 10 est cité." }), unsealing.ErrSecret},
		"long after her factor":     {late, good, org.ErrFactorTooOld},
		"an aidant":                 {w.fresh(w.Jeanne), good, org.ErrMayNot},
		"an aidant who says so":     {pretends, good, org.ErrMayNot},
		"an administrator":          {w.fresh(w.Administrator(t, "alix")), good, org.ErrMayNot},
		"a suspended auditor":       {w.fresh(suspended), good, org.ErrMayNot},
		"the program":               {journal.Program(), good, org.ErrMayNot},
	} {
		if _, err := w.register.Ask(t.Context(), c.by, c.q); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", what, err, c.want)
		}
	}
	w.ask(t)
	if _, err := w.register.Ask(t.Context(), w.fresh(w.sofia), good); !errors.Is(err, db.ErrConflict) {
		t.Errorf("twice: %v", err)
	}
	var n int
	if w.row(t, `select count(*) from unsealing`, nil, &n); n != 1 {
		t.Errorf("%d were asked", n)
	}
}

// Nobody is both: who asked grants nothing, nor does who is no auditor, whom it is about, who shared a browser with who asked; nothing that is late, decided or taken back is granted, nor
// what somebody asked who is no auditor any more.
func TestGrant_Refuses(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	grant := func(by journal.Actor, id uuid.UUID) error { return w.register.Grant(t.Context(), by, id) }
	late := w.fresh(w.alma)
	late.FactorAt = late.FactorAt.Add(-org.FactorLife - time.Second)
	twin, suspended := w.Newcomer(t, journal.Auditor, uuid.Nil, "double"), w.Newcomer(t, journal.Auditor, uuid.Nil, "sam")
	conn := w.Connect(t, w.Superuser)
	for _, who := range []uuid.UUID{w.sofia.Person, twin.Person} {
		if _, err := conn.Exec(t.Context(), `insert into session_device (person_id, device, label, network, first_at, last_at) values ($1, decode(repeat('ab', 32), 'hex'), 'Firefox', '192.0.2.0/24', now(), now())`, who); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Directory.Suspend(t.Context(), journal.Program(), suspended.Person); err != nil {
		t.Fatal(err)
	}
	id := w.ask(t)
	about, err := w.register.Ask(t.Context(), w.fresh(w.sofia), unsealing.Question{Person: w.alma.Person, Reason: unsealing.Incident, Words: words})
	if err != nil {
		t.Fatal(err)
	}
	for what, c := range map[string]struct {
		by   journal.Actor
		id   uuid.UUID
		want error
	}{
		"who asked":                  {w.fresh(w.sofia), id, org.ErrYourself},
		"whom it is about":           {w.fresh(w.alma), about, org.ErrYourself},
		"in the same browser":        {w.fresh(twin), id, unsealing.ErrOneBrowser},
		"long after her factor":      {late, id, org.ErrFactorTooOld},
		"an aidant":                  {w.fresh(w.Jeanne), id, org.ErrMayNot},
		"a suspended auditor":        {w.fresh(suspended), id, org.ErrMayNot},
		"one that was not asked for": {w.fresh(w.alma), uuid.New(), db.ErrNotFound},
	} {
		if err := grant(c.by, c.id); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", what, err, c.want)
		}
	}
	if err := w.register.Withdraw(t.Context(), w.alma, id); !errors.Is(err, db.ErrNotFound) {
		t.Errorf("another one takes it back: %v", err)
	}
	if err := w.register.Refuse(t.Context(), w.sofia, id); !errors.Is(err, org.ErrYourself) {
		t.Errorf("who asked refuses: %v", err)
	}
	if err := w.register.Withdraw(t.Context(), w.sofia, id); err != nil {
		t.Fatal(err)
	}
	if err := grant(w.fresh(w.alma), id); !errors.Is(err, db.ErrConflict) {
		t.Errorf("taken back: %v", err)
	}
	refused := w.ask(t)
	if err := w.register.Refuse(t.Context(), w.alma, refused); err != nil {
		t.Fatal(err)
	}
	if err := grant(w.fresh(w.alma), refused); !errors.Is(err, db.ErrConflict) {
		t.Errorf("refused: %v", err)
	}
	old := w.ask(t)
	w.Clock.Advance(unsealing.Waits)
	for what, f := range map[string]func() error{"granted": func() error { return grant(w.fresh(w.alma), old) }, "refused": func() error { return w.register.Refuse(t.Context(), w.alma, old) },
		"taken back": func() error { return w.register.Withdraw(t.Context(), w.sofia, old) }} {
		if err := f(); !errors.Is(err, db.ErrConflict) {
			t.Errorf("late, %s: %v", what, err)
		}
	}
	if u, err := w.register.Find(t.Context(), w.alma, old); err != nil || u.State != unsealing.Expired {
		t.Errorf("late: %+v, %v", u, err)
	}
	w.sound(t)
}

// What somebody asked who was suspended since is not granted, and what was granted them shows nothing.
func TestUnsealing_OfASuspendedAuditor(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.granted(t)
	other, err := w.register.Ask(t.Context(), w.fresh(w.sofia), unsealing.Question{Person: w.Jeanne.Person, Reason: unsealing.Incident, Words: words})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Directory.Suspend(t.Context(), journal.Program(), w.sofia.Person); err != nil {
		t.Fatal(err)
	}
	if n, err := w.look(t, w.sofia, id); !errors.Is(err, org.ErrMayNot) || n.Citizen.FamilyName != "" {
		t.Errorf("looks: %+v, %v", n, err)
	}
	if err := w.register.Grant(t.Context(), w.fresh(w.alma), other); !errors.Is(err, org.ErrNotSecond) {
		t.Errorf("is granted: %v", err)
	}
	if _, err := w.register.List(t.Context(), w.sofia); !errors.Is(err, org.ErrMayNot) {
		t.Errorf("lists: %v", err)
	}
	if _, err := w.register.Find(t.Context(), w.sofia, id); !errors.Is(err, org.ErrMayNot) {
		t.Errorf("finds: %v", err)
	}
}

// What somebody granted who is suspended since shows nothing more: whoever had their account granted it, perhaps.
func TestUnsealing_GrantedBySomebodySuspendedSince(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.granted(t)
	if err := w.Directory.Suspend(t.Context(), journal.Program(), w.alma.Person); err != nil {
		t.Fatal(err)
	}
	if n, err := w.look(t, w.sofia, id); !errors.Is(err, db.ErrNotFound) || n.Citizen.FamilyName != "" {
		t.Errorf("%+v, %v", n, err)
	}
	w.sound(t)
}

// What nobody answered in time is asked again; what waits is not, nor by two requests at once.
func TestAsk_AgainWhenNobodyAnswered(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.ask(t)
	w.Clock.Advance(unsealing.Waits)
	ask := func() error {
		_, err := w.register.Ask(t.Context(), w.fresh(w.sofia), unsealing.Question{Citizen: w.m.Citizen, Reason: unsealing.Complaint, Words: words})
		return err
	}
	asked := 0
	for _, err := range together(ask, ask, ask, ask) {
		switch {
		case err == nil:
			asked++
		case !errors.Is(err, db.ErrConflict):
			t.Error(err)
		}
	}
	if asked != 1 {
		t.Errorf("asked %d times", asked)
	}
	w.sound(t)
}

// Who asked looks, nobody else, with a fresh factor, and until it is ended, by them or by who granted it.
func TestLook_Refuses(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.granted(t)
	late, third := w.fresh(w.sofia), w.Newcomer(t, journal.Auditor, uuid.Nil, "tom")
	late.FactorAt = late.FactorAt.Add(-org.FactorLife - time.Second)
	for what, c := range map[string]struct {
		by   journal.Actor
		want error
	}{
		"who granted it": {w.fresh(w.alma), db.ErrNotFound}, "another auditor": {w.fresh(third), db.ErrNotFound}, "long after her factor": {late, org.ErrFactorTooOld}, "an aidant": {w.fresh(w.Jeanne), org.ErrMayNot},
	} {
		if n, err := w.register.Look(t.Context(), c.by, id); !errors.Is(err, c.want) || n.Citizen.FamilyName != "" {
			t.Errorf("%s: %+v, %v", what, n, err)
		}
	}
	if err := w.register.End(t.Context(), third, id); !errors.Is(err, db.ErrNotFound) {
		t.Errorf("another auditor ends it: %v", err)
	}
	for _, by := range []journal.Actor{w.alma, w.sofia} {
		if err := w.register.End(t.Context(), by, id); err != nil {
			t.Fatal(err)
		}
		if _, err := w.look(t, w.sofia, id); !errors.Is(err, db.ErrNotFound) {
			t.Errorf("once it was ended: %v", err)
		}
		if err := w.register.End(t.Context(), by, id); !errors.Is(err, db.ErrConflict) {
			t.Errorf("ended twice: %v", err)
		}
		id = w.granted(t)
	}
	w.Clock.Advance(unsealing.Lasts)
	if err := w.register.End(t.Context(), w.sofia, id); !errors.Is(err, db.ErrConflict) {
		t.Errorf("ended when it was over: %v", err)
	}
	w.sound(t)
}

// The words of a reason stand nowhere in clear, and go after a year; they open in their own row only.
func TestUnsealing_WordsAreSealed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.ask(t)
	var all string
	w.row(t, `select (select string_agg(u::text, '') from unsealing u) || (select string_agg(body, '') from journal_entry)`, nil, &all)
	if strings.Contains(all, "réclamation") {
		t.Error("the words stand in clear")
	}
	if err := w.register.Purge(t.Context()); err != nil {
		t.Fatal(err)
	}
	if u, err := w.register.Find(t.Context(), w.sofia, id); err != nil || u.Words == "" {
		t.Errorf("purged too early: %+v, %v", u, err)
	}
	w.Clock.Advance(366 * 24 * time.Hour)
	if err := w.register.Purge(t.Context()); err != nil {
		t.Fatal(err)
	}
	if u, err := w.register.Find(t.Context(), w.sofia, id); err != nil || u.Words != "" || u.Reason != unsealing.Complaint {
		t.Errorf("after a year: %+v, %v", u, err)
	}
	w.sound(t)
}

// An organisation's scope shows what is about its own citizens, when it was granted.
func TestOfCitizen(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	of := func(scope db.Scope) (out []unsealing.Unsealing) {
		t.Helper()
		err := w.DB.Read(t.Context(), scope, func(tx pgx.Tx) error {
			var err error
			out, err = unsealing.OfCitizen(t.Context(), tx, w.m.Citizen)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	w.ask(t)
	if got := of(db.InOrganisation(w.Here)); len(got) != 0 {
		t.Errorf("not granted yet: %+v", got)
	}
	if err := w.register.Withdraw(t.Context(), w.sofia, w.waiting(t)); err != nil {
		t.Fatal(err)
	}
	if err := w.register.Refuse(t.Context(), w.alma, w.ask(t)); err != nil {
		t.Fatal(err)
	}
	id := w.granted(t)
	if got := of(db.InOrganisation(w.Here)); len(got) != 1 || got[0].ID != id {
		t.Errorf("granted: %+v", got)
	}
	if got := of(db.InOrganisation(w.Elsewhere)); len(got) != 0 {
		t.Errorf("elsewhere: %+v", got)
	}
}

// waiting is what sofia has asked and waits.
func (w *world) waiting(t testing.TB) uuid.UUID {
	t.Helper()
	list, err := w.register.List(t.Context(), w.sofia)
	if err != nil || len(list) != 1 {
		t.Fatal(list, err)
	}
	return list[0].ID
}

// Each auditor but the one who asks is told that a request waits, and no name, nor whose.
func TestAsk_TellsTheOtherAuditors(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	gone := w.Newcomer(t, journal.Auditor, uuid.Nil, "gone")
	w.Behind(t, `update person set suspended_at = now(), suspended_why = 'decided' where id = $1`, gone.Person)
	var told []org.Message
	w.register = w.register.Telling(func(_ *db.Tx, _ time.Time, m org.Message) error { told = append(told, m); return nil })
	id := w.ask(t)
	if len(told) != 1 || told[0] != (org.Message{Kind: "unsealing_asked", About: id.String() + " " + w.alma.Person.String(), Person: w.alma.Person}) {
		t.Errorf("%+v", told)
	}
	if _, err := w.register.Ask(t.Context(), w.fresh(w.sofia), unsealing.Question{Citizen: w.m.Citizen, Reason: unsealing.Complaint, Words: words}); !errors.Is(err, db.ErrConflict) || len(told) != 1 {
		t.Errorf("asked twice: %v, %d told", err, len(told))
	}
}
