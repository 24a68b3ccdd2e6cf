package inquiry_test

import (
	"encoding/hex"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"mandat/internal/db"
	"mandat/internal/fixture"
	"mandat/internal/inquiry"
	"mandat/internal/journal"
	"mandat/internal/org"
)

// From an entry to a decision: the organisation is told and replies, another auditor decides, what is decided happens, and each step is an entry.
func TestInquiry(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	q, finding := w.found(t, inquiry.Minor)
	first := w.look(t, q)
	if want := w.Clock.Now().Format("2006") + "-0001"; first.Name() != want || first.State != inquiry.Found || len(first.Entries) != 1 || first.Entries[0].Index != w.signed {
		t.Errorf("%q, %+v", first.Name(), first)
	}
	if err := w.register.Attach(t.Context(), w.alma, q, 0); err != nil {
		t.Fatal(err)
	}
	if err := w.register.SetAside(t.Context(), w.alma, q, 0, words); err != nil {
		t.Fatal(err)
	}
	if err := w.register.Note(t.Context(), w.tom, q, words); err != nil {
		t.Fatal(err)
	}
	if n := w.count(t, `select count(*) from notify_message where kind = 'finding_made' and person_id = $1`, w.odile.Person); n != 1 {
		t.Errorf("the referent was told %d times", n)
	}
	if n := w.count(t, `select count(*) from notify_message where kind = 'finding_made'`); n != 1 {
		t.Errorf("%d were told", n)
	}
	const reply = "L’aidante était d’astreinte ce dimanche ; la personne l’a appelée en urgence."
	if err := w.register.Reply(t.Context(), w.odile, finding, reply); err != nil {
		t.Fatal(err)
	}
	if err := w.decide(t, w.alma, q, inquiry.Suspension, inquiry.Order{Finding: finding, Kind: inquiry.OfMandate}, inquiry.Order{Finding: finding, Kind: inquiry.OfPersonThere}); err != nil {
		t.Fatal(err)
	}
	if n := w.count(t, `select count(*) from notify_message where kind = 'finding_decided' and person_id = $1`, w.odile.Person); n != 1 {
		t.Errorf("the referent was told %d times what was decided", n)
	}
	if w.stands(t) {
		t.Error("the mandate gives something")
	}
	whole := w.look(t, q)
	if whole.State != inquiry.Decided || len(whole.Notes) != 3 || whole.Entries[1].SetAside != words || whole.Findings[0].Reply != reply || whole.Findings[0].Words != words || whole.Findings[0].Outcome != inquiry.Suspension ||
		len(whole.Decisions) != 1 || whole.Decisions[0].Words != words || len(whole.Measures) != 2 || whole.Measures[0].State != inquiry.Stands || whole.Measures[1].State != inquiry.Stands {
		t.Errorf("%+v", whole)
	}
	if n := w.count(t, `select count(*) from membership where person_id = $1 and suspended_at is not null`, w.Jeanne.Person); n != 1 {
		t.Errorf("%d roles are suspended", n)
	}
	theirs, err := w.register.OfOrganisation(t.Context(), w.odile)
	if err != nil || len(theirs) != 1 || theirs[0].Words != words || theirs[0].Reply != reply || theirs[0].Outcome != inquiry.Suspension {
		t.Errorf("%+v, %v", theirs, err)
	}
	if others, err := w.register.OfOrganisation(t.Context(), w.irene); err != nil || len(others) != 0 {
		t.Errorf("another organisation sees %+v, %v", others, err)
	}
	for _, m := range whole.Measures {
		if err := w.register.Lift(t.Context(), w.fresh(w.tom), q, m.ID, words); err != nil {
			t.Fatal(err)
		}
	}
	if !w.stands(t) {
		t.Error("the mandate does not give anything once that was lifted")
	}
	if err := w.register.Close(t.Context(), w.tom, q); err != nil {
		t.Fatal(err)
	}
	if err := w.register.Reopen(t.Context(), w.tom, q, words); err != nil {
		t.Fatal(err)
	}
	if again := w.look(t, q); again.State != inquiry.Open || again.Round != 2 {
		t.Errorf("%+v", again)
	}
	var entries string
	w.row(t, `select string_agg(action, ' ' order by id) from journal_entry where body::jsonb #>> '{detail,inquiry}' = $1`, []any{q.String()}, &entries)
	if want := "inquiry.opened inquiry.found inquiry.entry_attached inquiry.entry_set_aside inquiry.noted inquiry.replied inquiry.decided mandate.suspended person.suspended_there mandate.resumed person.resumed_there inquiry.closed inquiry.reopened"; entries != want {
		t.Errorf("entries: %s", entries)
	}
	w.sound(t)
}

// No word of anybody's stands in the database, nor in an entry.
func TestWords_AreSealed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const secret = "Madame Zébulon-Quatremère a téléphoné au service"
	q := w.open(t).ID
	finding, err := w.register.Find(t.Context(), w.sofia, q, inquiry.Finding{Gravity: inquiry.Grave, Organisation: w.Here, Mandate: w.m.ID, Words: secret})
	if err != nil {
		t.Fatal(err)
	}
	for _, err := range []error{w.register.Note(t.Context(), w.sofia, q, secret), w.register.SetAside(t.Context(), w.sofia, q, w.signed, secret),
		w.register.Suspend(t.Context(), w.fresh(w.sofia), q, inquiry.Order{Finding: finding, Kind: inquiry.OfMandate}, secret), w.register.Reply(t.Context(), w.odile, finding, secret)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, table := range []string{"inquiry", "inquiry_note", "inquiry_entry", "inquiry_finding", "inquiry_measure", "journal_entry"} {
		var found string
		w.row(t, `select coalesce(string_agg(x::text, ' '), '') from `+table+` x`, nil, &found)
		if found == "" || strings.Contains(found, "bulon-Quatrem") || strings.Contains(found, hex.EncodeToString([]byte("bulon-Quatrem"))) {
			t.Errorf("%s: %q", table, found)
		}
	}
	other := w.Sign(t, w.Jeanne, fixture.Citizen(7), fixture.Tax)
	w.Clock.Advance(inquiry.ReplyTerm)
	if err := w.decide(t, w.alma, q, inquiry.None); err != nil {
		t.Fatal(err)
	}
	if err := w.register.Close(t.Context(), w.alma, q); err != nil {
		t.Fatal(err)
	}
	w.forget(t, other.Citizen)
	if whole := w.look(t, q); whole.Notes[0].Words != secret || whole.Findings[0].Reply != secret {
		t.Errorf("another citizen's: %+v", whole)
	}
	w.forget(t, w.m.Citizen)
	if whole := w.look(t, q); whole.Notes[0].Words != "" || whole.Findings[0].Words != "" || whole.Findings[0].Reply != "" {
		t.Errorf("erased: %+v", whole)
	}
	w.sound(t)
}

// After their time the words go, unless a hold keeps what is about somebody in them.
func TestPurge(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	q, _ := w.found(t, inquiry.None)
	if err := w.decide(t, w.alma, q, inquiry.None); err != nil {
		t.Fatal(err)
	}
	if err := w.register.Close(t.Context(), w.alma, q); err != nil {
		t.Fatal(err)
	}
	standing, _ := w.found(t, inquiry.Minor)
	for _, c := range inquiry.Wrapped() {
		w.Rewraps(t, c)
	}
	purged := func(what string, left bool) {
		t.Helper()
		if err := w.register.Purge(t.Context()); err != nil {
			t.Fatal(err)
		}
		if whole := w.look(t, q); (whole.Findings[0].Words != "") != left {
			t.Errorf("%s: %+v", what, whole)
		}
	}
	purged("at once", true)
	w.Behind(t, `insert into erasure_hold (id, organisation_id, reason, held_at, held_by, until) values (gen_random_uuid(), $1, 'litigation', $2, $3, $2::timestamptz + interval '20 years')`, w.Here, w.Clock.Now(), w.sofia.Person)
	w.Clock.Advance(6*365*24*time.Hour + 72*time.Hour)
	purged("held", true)
	w.Behind(t, `update erasure_hold set released_at = until, released_by = held_by`)
	purged("after their time", false)
	if whole := w.look(t, standing); whole.Findings[0].Words == "" {
		t.Error("the words of one that nobody closed went")
	}
	w.sound(t)
}

// Each of these does nothing.
func TestInquiry_Refuses(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	q, finding := w.found(t, inquiry.Minor)
	r := w.register
	good := inquiry.Finding{Gravity: inquiry.Minor, Organisation: w.Here, Person: w.Jeanne.Person, Mandate: w.m.ID, Words: words}
	find := func(by journal.Actor, change func(*inquiry.Finding)) error {
		f := good
		change(&f)
		_, err := r.Find(t.Context(), by, q, f)
		return err
	}
	same := func(*inquiry.Finding) {}
	pretends := w.Jeanne
	pretends.Kind = journal.Auditor
	open := func(by journal.Actor, index int64) error { _, err := r.Open(t.Context(), by, index); return err }
	order := inquiry.Order{Finding: finding, Kind: inquiry.OfMandate}
	late := w.sofia
	late.FactorAt = late.FactorAt.Add(-org.FactorLife - time.Second)
	for what, c := range map[string]struct{ got, want error }{
		"an entry that there is not":          {open(w.sofia, 1<<40), db.ErrNotFound},
		"an aidant opens":                     {open(w.Jeanne, 0), org.ErrMayNot},
		"an aidant who says so":               {open(pretends, 0), org.ErrMayNot},
		"an administrator":                    {open(w.Administrator(t, "alix"), 0), org.ErrMayNot},
		"the program":                         {open(journal.Program(), 0), org.ErrMayNot},
		"attached twice":                      {r.Attach(t.Context(), w.alma, q, w.signed), db.ErrConflict},
		"attached and not there":              {r.Attach(t.Context(), w.alma, q, 1<<40), db.ErrNotFound},
		"attached to nothing":                 {r.Attach(t.Context(), w.alma, uuid.New(), 0), db.ErrNotFound},
		"set aside and not attached":          {r.SetAside(t.Context(), w.alma, q, 0, words), db.ErrNotFound},
		"set aside for no reason":             {r.SetAside(t.Context(), w.alma, q, w.signed, "non"), inquiry.ErrWords},
		"a note of a word":                    {r.Note(t.Context(), w.alma, q, "bizarre"), inquiry.ErrWords},
		"a long note":                         {r.Note(t.Context(), w.alma, q, strings.Repeat("é", inquiry.WordsMax+1)), inquiry.ErrWords},
		"a note with a number of a person":    {r.Note(t.Context(), w.alma, q, "Le numéro 2 62 08 75 107 001 10 est cité."), inquiry.ErrSecret},
		"a referent's note":                   {r.Note(t.Context(), w.odile, q, words), org.ErrMayNot},
		"a finding of no gravity":             {find(w.sofia, func(f *inquiry.Finding) { f.Gravity = "terrible" }), inquiry.ErrGravity},
		"about no organisation":               {find(w.sofia, func(f *inquiry.Finding) { f.Organisation = uuid.Nil }), inquiry.ErrSubject},
		"about an unknown organisation":       {find(w.sofia, func(f *inquiry.Finding) { f.Organisation, f.Person, f.Mandate = uuid.New(), uuid.Nil, uuid.Nil }), inquiry.ErrSubject},
		"about another organisation's person": {find(w.sofia, func(f *inquiry.Finding) { f.Person = w.Ines.Person }), inquiry.ErrSubject},
		"about another one's mandate":         {find(w.sofia, func(f *inquiry.Finding) { f.Organisation, f.Person = w.Elsewhere, uuid.Nil }), inquiry.ErrSubject},
		"an aidant finds":                     {find(w.Jeanne, same), org.ErrMayNot},
		"another organisation replies":        {r.Reply(t.Context(), w.irene, finding, words), db.ErrNotFound},
		"an aidant replies":                   {r.Reply(t.Context(), w.Jeanne, finding, words), org.ErrMayNot},
		"an auditor replies":                  {r.Reply(t.Context(), w.alma, finding, words), org.ErrMayNot},
		"a reply in a word":                   {r.Reply(t.Context(), w.odile, finding, "non"), inquiry.ErrWords},
		"decided before the reply":            {w.decide(t, w.alma, q, inquiry.Warning), inquiry.ErrWaits},
		"decided by who found":                {w.decide(t, w.sofia, q, inquiry.Warning), org.ErrYourself},
		"decided by an aidant":                {w.decide(t, w.Jeanne, q, inquiry.Warning), org.ErrMayNot},
		"decided long after her factor":       {r.Decide(t.Context(), late, q, inquiry.Decision{Outcome: inquiry.Warning, Words: words}), org.ErrFactorTooOld},
		"a suspension of nothing":             {w.decide(t, w.alma, q, inquiry.Suspension), inquiry.ErrOutcome},
		"a warning that suspends":             {w.decide(t, w.alma, q, inquiry.Warning, order), inquiry.ErrOutcome},
		"an unknown outcome":                  {w.decide(t, w.alma, q, "prison"), inquiry.ErrOutcome},
		"suspended for what is minor":         {r.Suspend(t.Context(), w.fresh(w.sofia), q, order, words), inquiry.ErrMeasure},
		"closed before it was decided":        {r.Close(t.Context(), w.sofia, q), db.ErrConflict},
		"opened again while it is":            {r.Reopen(t.Context(), w.sofia, q, words), db.ErrConflict},
		"lifted and not there":                {r.Lift(t.Context(), w.fresh(w.sofia), q, uuid.New(), words), db.ErrNotFound},
		"read by an aidant":                   {func() error { _, err := r.Look(t.Context(), w.Jeanne, q); return err }(), org.ErrMayNot},
		"read by who is no referent":          {func() error { _, err := r.OfOrganisation(t.Context(), w.Jeanne); return err }(), org.ErrMayNot},
		"listed for a referent":               {func() error { _, err := r.List(t.Context(), w.odile, nil); return err }(), org.ErrMayNot},
	} {
		if !errors.Is(c.got, c.want) {
			t.Errorf("%s: %v, want %v", what, c.got, c.want)
		}
	}
	if whole := w.look(t, q); whole.State != inquiry.Found || len(whole.Findings) != 1 || len(whole.Entries) != 1 || len(whole.Notes) != 0 || len(whole.Measures) != 0 {
		t.Errorf("%+v", whole)
	}
	w.sound(t)
}

// After its term an organisation replies no more, and it is decided without it; after a decision nothing more is found or decided.
func TestTerm(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	q, finding := w.found(t, inquiry.Minor)
	w.Clock.Advance(inquiry.ReplyTerm - time.Minute)
	if err := w.decide(t, w.alma, q, inquiry.None); !errors.Is(err, inquiry.ErrWaits) || !w.look(t, q).Waits(w.Clock.Now()) {
		t.Errorf("a minute before: %v", err)
	}
	w.Clock.Advance(time.Minute)
	if w.look(t, q).Waits(w.Clock.Now()) {
		t.Error("it waits for a reply after the term")
	}
	if err := w.register.Reply(t.Context(), w.odile, finding, words); !errors.Is(err, inquiry.ErrLate) {
		t.Errorf("a reply after the term: %v", err)
	}
	if err := w.decide(t, w.alma, q, inquiry.Warning); err != nil {
		t.Fatal(err)
	}
	if f := w.look(t, q).Findings[0]; f.State != inquiry.Lapsed || f.Outcome != inquiry.Warning {
		t.Errorf("%+v", f)
	}
	for what, c := range map[string]struct{ got, want error }{
		"decided again": {w.decide(t, w.tom, q, inquiry.None), db.ErrConflict},
		"found": {func() error {
			_, err := w.register.Find(t.Context(), w.tom, q, inquiry.Finding{Gravity: inquiry.None, Words: words})
			return err
		}(), inquiry.ErrOver},
		"attached":  {w.register.Attach(t.Context(), w.tom, q, 0), inquiry.ErrOver},
		"set aside": {w.register.SetAside(t.Context(), w.tom, q, w.signed, words), inquiry.ErrOver},
		"a reply":   {w.register.Reply(t.Context(), w.odile, finding, words), inquiry.ErrLate},
	} {
		if !errors.Is(c.got, c.want) {
			t.Errorf("%s: %v, want %v", what, c.got, c.want)
		}
	}
	if err := w.register.Close(t.Context(), w.alma, q); err != nil {
		t.Fatal(err)
	}
	if err := w.register.Note(t.Context(), w.tom, q, words); !errors.Is(err, inquiry.ErrOver) {
		t.Errorf("a note in a closed one: %v", err)
	}
	w.sound(t)
}

// Numbers follow one another, and begin anew with a year; an entry tells in which inquiries it is.
func TestNumbers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	open := func() error { _, err := w.register.Open(t.Context(), w.sofia, w.signed); return err }
	for _, err := range together(open, open, open, open) {
		if err != nil {
			t.Error(err)
		}
	}
	if n := w.count(t, `select count(distinct number) from inquiry where number between 1 and 4`); n != 4 {
		t.Errorf("%d numbers", n)
	}
	w.Clock.Advance(366 * 24 * time.Hour)
	if q := w.open(t); q.Number != 1 {
		t.Errorf("in another year: %s", q.Name())
	}
	for index, want := range map[int64]int{w.signed: 5, 0: 0} {
		if all, err := w.register.List(t.Context(), w.alma, &index); err != nil || len(all) != want {
			t.Errorf("%d: %v, %v", index, all, err)
		}
	}
}
