package mandate_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"mandat/internal/db"
	"mandat/internal/draft"
	"mandat/internal/fixture"
	"mandat/internal/mandate"
)

func TestJournal_TheProgramDoesNotChooseAnEntrysPlace(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	w.Sign(t, w.Jeanne, fixture.Angela(), fixture.Tax)
	for name, sql := range map[string]string{
		"id":  `insert into journal_entry (id, at, action, salt, body) select 1000000, at, action, salt, body from journal_entry limit 1`,
		"xid": `insert into journal_entry (xid, at, action, salt, body) select '1', at, action, salt, body from journal_entry limit 1`,
	} {
		err := w.DB.Write(t.Context(), db.System(), db.Durable, func(tx *db.Tx) error {
			_, err := tx.Exec(t.Context(), sql)
			return err
		})
		if !refusedWith(err, "42501") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := w.Connect(t, w.Superuser).Exec(t.Context(), `insert into journal_entry (id, at, action, salt, body) select 0, at, action, salt, body from journal_entry limit 1`); !refusedWith(err, "23514") {
		t.Errorf("an entry with the number 0: %v", err)
	}
}

// refusedWith reports whether PostgreSQL refused something with this SQLSTATE: 42501 for what a login may not do, 23514 for a CHECK.
func refusedWith(err error, code string) bool {
	pg, ok := errors.AsType[*pgconn.PgError](err)
	return ok && pg.Code == code
}

func TestCompare_AnEntryThatWasPassedByProvesNothing(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	m := w.Sign(t, w.Jeanne, fixture.Angela(), fixture.Tax)
	w.Content(t)
	w.Behind(t, `insert into journal_tree (size, root, checkpoint, xid, cluster, kept_size, kept_at) values (0, sha256(''), '', (select max(xid::text::bigint) + 1 from journal_entry)::text::xid8, 0, 0, now())
		on conflict (one) do update set xid = excluded.xid`)
	found, err := mandate.Compare(t.Context(), w.OpenAuditor(t))
	if err != nil || len(found) != 2 || found[0].ID != m.ID.String() || found[1].ID != m.ID.String() {
		t.Errorf("a mandate whose entry is not in the tree, and never will be: %v, %v", found, err)
	}
}

func TestFind_RefusesTermsThatAreNotTheMandatesOwn(t *testing.T) {
	t.Parallel()
	for name, sql := range map[string]string{
		"another's, with their digest": `update mandate m set terms = o.terms, terms_digest = o.terms_digest from mandate o where m.id = $1 and o.id = $2`,
		"another's":                    `update mandate m set terms = o.terms from mandate o where m.id = $1 and o.id = $2`,
		"another's digest":             `update mandate m set terms_digest = o.terms_digest from mandate o where m.id = $1 and o.id = $2`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := fixture.New(t)
			long, short := w.Sign(t, w.Jeanne, fixture.Angela(), fixture.Tax), w.Sign(t, w.Jeanne, fixture.Angela(), fixture.Housing)
			w.Behind(t, sql, short.ID, long.ID)
			if m, err := w.Mandates.Consult(t.Context(), w.Jeanne, short.ID, mandate.PageMandate); err == nil {
				t.Errorf("it now says %v", m.Terms.Procedures)
			}
		})
	}
}

func TestRecord_AnEntryThatIsSwallowedIsAnError(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	drawn := w.Draft(t, w.Jeanne, fixture.Angela(), fixture.Tax)
	w.Swallow(t)
	// Dropping an identity changes no table that a trigger of ours guards: only the missing row tells.
	if err := w.Drafts.DropIdentity(t.Context(), w.Jeanne, drawn); err == nil || !strings.Contains(err.Error(), "added 0 rows") {
		t.Errorf("an act without its entry: %v", err)
	}
}

func TestSign_RefusesARowWhoseIndexWasChanged(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	angela := w.Sign(t, w.Jeanne, fixture.Angela(), fixture.Tax)
	index, err := w.Citizens.Index(w.Here, fixture.Citizen(1).Sub)
	if err != nil {
		t.Fatal(err)
	}
	w.Behind(t, `update citizen set sub_index = $2 where id = $1`, angela.Citizen, index)
	drawn := w.Draft(t, w.Jeanne, fixture.Citizen(1), fixture.Housing)
	if _, err := w.Mandates.Sign(t.Context(), w.Jeanne, drawn, w.Agreed(t, w.Jeanne, drawn)); err == nil || !strings.Contains(err.Error(), "index is not that of the identity") {
		t.Errorf("another person took over the row, and the powers of who was in it: %v", err)
	}
	if who := w.Identity(t, w.Here, angela.Citizen); who != fixture.Angela() {
		t.Errorf("the row now holds %v", who.FamilyName)
	}
}

func TestIdentify_RefusesTermsChangedMeanwhile(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	d, err := w.Drafts.Start(t.Context(), w.Jeanne, fixture.Terms(fixture.Tax))
	if err != nil {
		t.Fatal(err)
	}
	asked := w.Clock.Now()
	w.Clock.Advance(time.Second)
	if err := w.Drafts.Change(t.Context(), w.Jeanne, d.ID, fixture.Terms(fixture.Tax, fixture.Housing)); err != nil {
		t.Fatal(err)
	}
	if err := w.Drafts.Identify(t.Context(), w.Jeanne, d.ID, fixture.Angela(), asked); !errors.Is(err, draft.ErrState) {
		t.Errorf("identified for other terms: %v", err)
	}
	if err := w.Drafts.Identify(t.Context(), w.Jeanne, d.ID, fixture.Angela(), w.Clock.Now()); err != nil {
		t.Error(err)
	}
}

func TestSign_RefusesAnotherIdentificationThanWasShown(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	id := w.Draft(t, w.Jeanne, fixture.Angela(), fixture.Tax)
	shown, err := w.Drafts.Find(t.Context(), w.Jeanne, id)
	if err != nil {
		t.Fatal(err)
	}
	w.Clock.Advance(time.Second)
	if err := w.Drafts.Identify(t.Context(), w.Jeanne, id, fixture.Citizen(1), w.Clock.Now()); err != nil {
		t.Fatal(err)
	}
	agreement := w.Agreed(t, w.Jeanne, id)
	agreement.Version = shown.Version
	if _, err := w.Mandates.Sign(t.Context(), w.Jeanne, id, agreement); !errors.Is(err, draft.ErrState) {
		t.Errorf("signed for somebody whom the recap did not show: %v", err)
	}
}
