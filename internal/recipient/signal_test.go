package recipient_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"mandat/internal/db"
	"mandat/internal/fixture"
	"mandat/internal/journal"
	"mandat/internal/org"
	"mandat/internal/recipient"
)

const words = "La personne nous dit qu’elle n’a rien demandé à personne ce jour-là."

// signalled is a world with one login through FranceConnect, one through another client, and their places in the log.
func signalled(t *testing.T) (w *world, ours, theirs int64) {
	t.Helper()
	w = newWorld(t)
	w.login(w.Jeanne, uuid.New(), uuid.New(), franceConnect)
	w.login(w.Jeanne, uuid.New(), uuid.New(), "a-service")
	w.catchUp()
	found := w.search(w.lately())
	if len(found.Seen) != 1 || found.Seen[0].Index < 0 {
		t.Fatalf("%+v", found)
	}
	return w, found.Seen[0].Index, found.Seen[0].Index + 1
}

// raise raises a signal.
func (w *world) raise(entries ...int64) uuid.UUID {
	w.t.Helper()
	id, err := w.register.Raise(w.t.Context(), w.felix, recipient.Denied, entries, words)
	w.must(err)
	return id
}

// A signal goes to the auditors, who take it into a case and close it; the fraud team sees what became of it, and neither the case nor who did it.
func TestSignal(t *testing.T) {
	t.Parallel()
	w, ours, _ := signalled(t)
	waits := w.raise(ours)
	w.Clock.Advance(time.Minute)
	id := w.raise(ours, ours)
	queue, err := w.register.Queue(t.Context(), w.sofia)
	w.must(err)
	if len(queue) != 2 || queue[0].ID != waits || queue[1].Words != words || queue[1].State != recipient.Raised || !cmp.Equal(queue[1].Entries, []int64{ours}) {
		t.Errorf("queued %+v", queue)
	}
	q, err := w.inquiries.Open(t.Context(), w.sofia, ours)
	w.must(err)
	over, err := w.inquiries.Open(t.Context(), w.sofia, ours)
	w.must(err)
	w.Behind(t, `update inquiry set state = 'closed', closed_by = opened_by, closed_at = opened_at where id = $1`, over.ID)
	for into, want := range map[uuid.UUID]error{uuid.New(): db.ErrNotFound, over.ID: db.ErrConflict} {
		if err := w.register.Take(t.Context(), w.sofia, id, into); !errors.Is(err, want) {
			t.Errorf("into no case, or one that is closed: %v, want %v", err, want)
		}
	}
	w.must(w.register.Take(t.Context(), w.sofia, id, q.ID))
	one, err := w.register.Signal(t.Context(), w.sofia, id)
	w.must(err)
	if one.State != recipient.InCase || one.Case != q.ID {
		t.Errorf("taken %+v", one)
	}
	if err := w.register.Take(t.Context(), w.sofia, id, q.ID); !errors.Is(err, db.ErrConflict) {
		t.Error("taken twice:", err)
	}
	w.must(w.register.Close(t.Context(), w.sofia, waits, recipient.Unfounded))
	w.Clock.Advance(time.Minute)
	w.must(w.register.Close(t.Context(), w.sofia, id, recipient.Acted))
	if queue, err := w.register.Queue(t.Context(), w.sofia); err != nil || len(queue) != 2 || queue[0].ID != id {
		t.Errorf("what was closed last is not the first of what is closed: %+v, %v", queue, err)
	}
	if err := w.register.Close(t.Context(), w.sofia, id, recipient.Acted); !errors.Is(err, db.ErrConflict) {
		t.Error("closed twice:", err)
	}
	mine, err := w.register.Signals(t.Context(), w.felix)
	w.must(err)
	if len(mine) != 2 || mine[0].State != recipient.Closed || mine[0].Outcome != recipient.Acted || mine[0].Case != uuid.Nil || mine[0].ClosedBy != uuid.Nil || mine[0].Words != words {
		t.Errorf("the team sees %+v", mine)
	}
	if raised, taken, closed := w.entries("signal.raised", w.felix), w.entries("signal.taken", w.sofia), w.entries("signal.closed", w.sofia); raised != 2 || taken != 1 || closed != 2 {
		t.Errorf("entries of %d raised, %d taken and %d closed", raised, taken, closed)
	}
	found, err := recipient.Compare(t.Context(), w.OpenAuditor(t))
	if err != nil || len(found) > 0 {
		t.Error(found, err)
	}
	if _, err := w.Connect(t, w.Superuser).Exec(t.Context(), `update recipient_signal set outcome = 'unfounded'`); err == nil {
		t.Error("changed without its entry")
	}
}

// Nothing is signalled that the team does not see, without words, by others, or without a fresh factor; others neither see nor take signals.
func TestSignal_Refuses(t *testing.T) {
	t.Parallel()
	w, ours, theirs := signalled(t)
	many := make([]int64, recipient.EntriesMost+1)
	for i := range many {
		many[i] = int64(i)
	}
	late := w.felix
	late.FactorAt = w.Clock.Now().Add(-org.FactorLife - time.Minute)
	for name, c := range map[string]struct {
		by      journal.Actor
		kind    string
		entries []int64
		words   string
		want    error
	}{
		"another client's":  {w.felix, recipient.Denied, []int64{ours, theirs}, words, recipient.ErrEntries},
		"not in the log":    {w.felix, recipient.Denied, []int64{ours, 1 << 40}, words, recipient.ErrEntries},
		"an invitation":     {w.felix, recipient.Denied, []int64{0}, words, recipient.ErrEntries},
		"none":              {w.felix, recipient.Denied, nil, words, recipient.ErrEntries},
		"too many":          {w.felix, recipient.Denied, many, words, recipient.ErrEntries},
		"no kind":           {w.felix, "sure", []int64{ours}, words, recipient.ErrWords},
		"too few words":     {w.felix, recipient.Denied, []int64{ours}, "louche", recipient.ErrWords},
		"a secret":          {w.felix, recipient.Denied, []int64{ours}, "Son numéro est le 2 84 05 75 123 456 72, à vérifier.", recipient.ErrSecret},
		"an old factor":     {late, recipient.Denied, []int64{ours}, words, org.ErrFactorTooOld},
		"of the prefecture": {w.prune, recipient.Denied, []int64{ours}, words, org.ErrMayNot},
		"an auditor":        {w.sofia, recipient.Denied, []int64{ours}, words, org.ErrMayNot},
	} {
		if _, err := w.register.Raise(t.Context(), c.by, c.kind, c.entries, c.words); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	id := w.raise(ours)
	w.raise(ours)
	w.Rewraps(t, recipient.Wrapped())
	for name, by := range w.others(journal.Fraud) {
		if _, err := w.register.Signals(t.Context(), by); !errors.Is(err, org.ErrMayNot) {
			t.Errorf("%s lists the team's signals: %v", name, err)
		}
	}
	w.must(w.Directory.Suspend(t.Context(), w.adele, w.felix.Person))
	if all, err := w.register.Signals(t.Context(), w.felix); !errors.Is(err, org.ErrMayNot) || len(all) > 0 {
		t.Errorf("suspended: %+v, %v", all, err)
	}
	herself := w.sofia
	herself.Kind = journal.Administrator
	if _, err := w.register.Queue(t.Context(), herself); !errors.Is(err, org.ErrMayNot) {
		t.Error("an auditor as something else:", err)
	}
	for name, by := range w.others(journal.Auditor) {
		if by.Person == w.sofia.Person {
			continue
		}
		_, one := w.register.Signal(t.Context(), by, id)
		_, all := w.register.Queue(t.Context(), by)
		for what, err := range map[string]error{"one": one, "all": all, "take": w.register.Take(t.Context(), by, id, uuid.New()), "close": w.register.Close(t.Context(), by, id, recipient.Unfounded)} {
			if !errors.Is(err, org.ErrMayNot) {
				t.Errorf("%s, %s: %v", name, what, err)
			}
		}
	}
	for what, err := range map[string]error{"take": w.register.Take(t.Context(), w.sofia, id, uuid.New()), "close": w.register.Close(t.Context(), w.sofia, uuid.New(), recipient.Acted)} {
		if !errors.Is(err, db.ErrNotFound) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if err := w.register.Close(t.Context(), w.sofia, id, "later"); !errors.Is(err, recipient.ErrWords) {
		t.Error("closed for no reason:", err)
	}
	w.must(w.Directory.Suspend(t.Context(), w.adele, w.sofia.Person))
	if all, err := w.register.Queue(t.Context(), w.sofia); !errors.Is(err, org.ErrMayNot) || len(all) > 0 {
		t.Errorf("a suspended auditor: %+v, %v", all, err)
	}
}

// Whoever is being erased is gone from what is signalled: a signal under way waits for the erasure, and names nothing of theirs then, so that no words are left that the erasure has not seen.
func TestSignal_WaitsForAnErasure(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	m := w.Sign(t, w.Jeanne, w.citizen(), fixture.Tax)
	w.login(w.Jeanne, m.Citizen, m.ID, franceConnect)
	w.catchUp()
	ours := w.search(w.lately()).Seen[0].Index
	tx, err := w.Connect(t, w.Superuser).Begin(t.Context())
	w.must(err)
	for _, sql := range []string{`select from citizen where id = $1 for update`, `delete from journal_entry where citizen_id = $1`} {
		if _, err = tx.Exec(t.Context(), `set local session_replication_role = replica`); err == nil {
			_, err = tx.Exec(t.Context(), sql, m.Citizen)
		}
		w.must(err)
	}
	raised := make(chan error, 1)
	go func() {
		_, err := w.register.Raise(context.WithoutCancel(t.Context()), w.felix, recipient.Denied, []int64{ours}, words)
		raised <- err
	}()
	for waits := 0; waits == 0; {
		select {
		case err := <-raised:
			t.Fatalf("waited for nothing: %v", err)
		case <-time.After(10 * time.Millisecond):
			w.behind(&waits, `select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`)
		}
	}
	w.must(tx.Commit(t.Context()))
	if err := <-raised; !errors.Is(err, recipient.ErrEntries) {
		t.Errorf("of entries that are gone: %v", err)
	}
}

// The words of a signal go a year after it was closed, and with a citizen of whom it names an entry; the signal stays, and the journal says the same of it.
func TestSignal_WordsGo(t *testing.T) {
	t.Parallel()
	w, ours, _ := signalled(t)
	w.login(w.Ines, uuid.New(), uuid.New(), franceConnect)
	w.catchUp()
	another := w.search(w.lately()).Seen[0].Index
	kept, old, held := w.raise(ours), w.raise(ours), w.raise(another)
	w.must(w.register.Close(t.Context(), w.sofia, old, recipient.Explained))
	w.must(w.register.Close(t.Context(), w.sofia, held, recipient.Explained))
	w.Behind(t, `insert into erasure_hold (id, organisation_id, reason, held_at, held_by, until) values (gen_random_uuid(), $1, 'litigation', now(), $2, now() + interval '10 years')`, w.Elsewhere, w.adele.Person)
	left := func() (n int) {
		w.behind(&n, `select count(*) from recipient_signal where words is not null and data_key is not null`)
		return n
	}
	w.Clock.Advance(364 * 24 * time.Hour)
	w.must(w.register.Purge(t.Context()))
	if n := left(); n != 3 {
		t.Errorf("%d have their words before their time", n)
	}
	w.Clock.Advance(48 * time.Hour)
	w.must(w.register.Purge(t.Context()))
	if n := left(); n != 2 {
		t.Errorf("%d have their words after a year, in which those about one organisation are kept", n)
	}
	var citizen uuid.UUID
	w.behind(&citizen, `select e.citizen_id from journal_entry e join journal_leaf l on l.entry_id = e.id where l.index = $1`, ours)
	for _, who := range []uuid.UUID{uuid.New(), citizen} {
		if n := left(); n != 2 {
			t.Errorf("%d have their words after another one's erasure", n)
		}
		w.must(w.Journal.Record(t.Context(), journal.Program(), func(tx *journal.Tx) (journal.Event, error) {
			recipient.Forget(tx, who)
			return journal.Event{Action: "job.retried"}, nil
		}))
	}
	if n := left(); n != 1 {
		t.Errorf("%d have their words: those about another citizen stay", n)
	}
	one, err := w.register.Signal(t.Context(), w.sofia, kept)
	if err != nil || one.Words != "" || one.State != recipient.Raised {
		t.Errorf("%+v, %v", one, err)
	}
	found, err := recipient.Compare(t.Context(), w.OpenAuditor(t))
	if err != nil || len(found) > 0 {
		t.Error(found, err)
	}
}
