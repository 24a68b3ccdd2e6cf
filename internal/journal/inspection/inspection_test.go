package inspection

import (
	"bytes"
	"context"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/uuid"

	"mandat/internal/db"
	"mandat/internal/dbtest"
	"mandat/internal/journal"
	"mandat/internal/journal/tree"
	"mandat/internal/journal/tree/treetest"
	"mandat/internal/journal/verify"
	"mandat/internal/journal/witness"
)

// house is a database with a journal that was put into its tree.
type house struct {
	*dbtest.Database
	auditor    *db.DB
	signer     *tree.Signer
	integrator *tree.Integrator
}

// entries are how many are in it: of the tree's second level of tiles there is one that is not full.
const entries = 700

func newHouse(t testing.TB) *house {
	t.Helper()
	h := &house{Database: dbtest.New(t), signer: treetest.Signer(t, treetest.Origin)}
	h.auditor = h.OpenAuditor(t)
	h.integrator = treetest.Integrator(t, tree.IntegratorOptions{DB: h.DB, Signer: h.signer})
	return h
}

// fill adds entries in two rounds of the integrator, and a kept checkpoint after each.
func (h *house) fill(t testing.TB) {
	t.Helper()
	h.add(t, entries-300)
	h.behind(t, `update journal_tree set kept_at = kept_at - interval '1 hour'`)
	h.add(t, 300)
}

func (h *house) add(t testing.TB, n int) {
	t.Helper()
	h.behind(t, `insert into journal_entry (at, action, organisation_id, salt, body)
		select '2026-11-21T10:00:00Z'::timestamptz, 'session.opened', $1::uuid, sha256(convert_to(n::text || random(), 'UTF8')),
		'{"action":"session.opened","at":"2026-11-21T10:00:00.000000Z","by":{"kind":"aidant"},"detail":{"n":' || n || '},"organisation":"' || $1::uuid || '"}'
		from generate_series(1, $2::int) n`, uuid.New(), n)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := h.integrator.CatchUp(ctx); err != nil {
		t.Fatal(err)
	}
}

// behind changes the database with every right, and with its triggers off.
func (h *house) behind(t testing.TB, sql string, args ...any) {
	t.Helper()
	conn := h.Connect(t, h.Superuser)
	if _, err := conn.Exec(t.Context(), "set session_replication_role = replica"); err != nil {
		t.Fatal(err)
	}
	for _, one := range strings.Split(sql, ";\n") {
		if tag, err := conn.Exec(t.Context(), one, args...); err != nil || tag.RowsAffected() == 0 {
			t.Fatalf("%s: %v, %v", one, tag, err)
		}
	}
}

func (h *house) inspect(t testing.TB) Outcome {
	t.Helper()
	o, err := Run(t.Context(), h.auditor, h.signer.Policy(""), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// verified is what a stranger finds in an export; "" is nothing.
func (h *house) verified(t testing.TB) string {
	t.Helper()
	m := memory{}
	if _, err := tree.Export(t.Context(), h.auditor, h.signer.Keys(), m); err != nil {
		return err.Error()
	}
	policy, err := verify.ParsePolicy([]byte(h.signer.Policy("")))
	if err != nil {
		t.Fatal(err)
	}
	if _, err = verify.Log(t.Context(), verify.Options{Policy: policy, Export: fstest.MapFS(m)}); err != nil {
		return err.Error()
	}
	return ""
}

type memory fstest.MapFS

// Put stores a file.
func (m memory) Put(name string, content []byte) error {
	m[name] = &fstest.MapFile{Data: bytes.Clone(content)}
	return nil
}

// What somebody with every right on the database changes is named, by verification of an export and by the inspection. What neither export
// nor proof can show, since it is hashed nowhere, the inspection names alone, or the comparison (journal.Compare).
var tamperings = map[string]struct {
	sql  string
	says string // by both
	here string // by the inspection, if only by it
	then string // by the comparison, if only by it
}{
	"a byte of a text":              {sql: `update journal_entry set body = replace(body, '"n":3}', '"n":4}') where id = (select entry_id from journal_leaf where index = 2)`, says: "entry 2 (session.opened): entry and salt are not what"},
	"the text, canonical no more":   {sql: `update journal_entry set body = body || ' ' where id = (select entry_id from journal_leaf where index = 5)`, says: "entry 5 (session.opened): the entry is not canonical"},
	"a byte of a salt":              {sql: `update journal_entry set salt = set_byte(salt, 31, 255 - get_byte(salt, 31)) where id = (select entry_id from journal_leaf where index = 5)`, says: "entry 5 (session.opened): entry and salt are not what"},
	"an entry dated back":           {sql: `update journal_entry set body = replace(body, '11-21T', '11-20T'), at = at - interval '1 day' where id = (select entry_id from journal_leaf where index = 5)`, says: "entry 5 (session.opened): entry and salt are not what"},
	"a byte of a commitment":        {sql: `update journal_leaf set commitment = set_byte(commitment, 7, 255 - get_byte(commitment, 7)) where index = 5`, says: "entry 5 (session.opened): entry and salt are not what"},
	"text and commitment":           {sql: "update journal_entry set body = '{}' where id = (select entry_id from journal_leaf where index = 5);\nupdate journal_leaf l set commitment = sha256('\\x01'::bytea || e.salt || '{}') from journal_entry e where e.id = l.entry_id and index = 5", says: "entry 5: is not the entry that the tree holds in its place"},
	"text, commitment and leaf":     {sql: "update journal_entry set body = '{}' where id = (select entry_id from journal_leaf where index = 5);\nupdate journal_leaf l set commitment = sha256('\\x01'::bytea || e.salt || '{}') from journal_entry e where e.id = l.entry_id and index = 5;\nupdate journal_tile t set hashes = overlay(hashes placing sha256('\\x00'::bytea || l.commitment) from 5 * 32 + 1) from journal_leaf l where l.index = 5 and t.level = 0 and t.index = 0", says: "entries 0 to 255: the log's tile tile/1/000.p/2 is not over"},
	"the same, and the tile above":  {sql: "update journal_entry set body = '{}' where id = (select entry_id from journal_leaf where index = 600);\nupdate journal_leaf l set commitment = sha256('\\x01'::bytea || e.salt || '{}') from journal_entry e where e.id = l.entry_id and index = 600;\nupdate journal_tile t set hashes = overlay(hashes placing sha256('\\x00'::bytea || l.commitment) from (600 - 512) * 32 + 1) from journal_leaf l where l.index = 600 and t.level = 0 and t.index = 2", says: "entries 400 to 699: the next kept checkpoint is of other entries"},
	"an entry dropped":              {sql: `delete from journal_entry where id = (select entry_id from journal_leaf where index = 5)`, says: "entry 5: is gone"},
	"an entry and its leaf dropped": {sql: "delete from journal_entry where id = (select entry_id from journal_leaf where index = 5);\ndelete from journal_leaf where index = 5", says: "leaf 5 is missing"},
	"the last entry and leaf":       {sql: "delete from journal_entry where id = (select entry_id from journal_leaf where index = 699);\ndelete from journal_leaf where index = 699", says: "leaf 699 is missing"},
	"entries exchanged":             {sql: `update journal_leaf a set entry_id = -b.entry_id from journal_leaf b where a.index in (5, 9) and b.index = 14 - a.index` + ";\n" + `update journal_leaf set entry_id = -entry_id where entry_id < 0`, says: "entry 5 (session.opened): entry and salt are not what"},
	"entries and leaves exchanged":  {sql: "update journal_leaf set index = 1000014 - index where index in (5, 9);\nupdate journal_leaf set index = index - 1000000 where index > 1000000", says: "entry 5 (session.opened): is not the entry that the tree holds in its place"},
	"another entry's number":        {sql: `update journal_entry set id = 1000000 where id = (select entry_id from journal_leaf where index = 5)`, says: "entry 5: is gone"},
	"an entry repeated in place":    {sql: "update journal_entry e set salt = o.salt, body = o.body from journal_entry o where e.id = (select entry_id from journal_leaf where index = 5) and o.id = (select entry_id from journal_leaf where index = 4)", says: "entry 5 (session.opened): entry and salt are not what"},
	"a byte of a tile of leaves":    {sql: `update journal_tile set hashes = set_byte(hashes, 5 * 32, 255 - get_byte(hashes, 5 * 32)) where level = 0 and index = 1`, says: "entry 261 (session.opened): is not the entry that the tree holds in its place"},
	"a tile of leaves cut off":      {sql: `update journal_tile set hashes = substr(hashes, 1, 32 * 10) where level = 0 and index = 2`, says: "entry 522 (session.opened): is missing from the file of hashes"},
	"a tile of leaves dropped":      {sql: `delete from journal_tile where level = 0 and index = 2`, says: "entry 512 (session.opened): is missing from the file of hashes"},
	"a byte of a tile above":        {sql: `update journal_tile set hashes = set_byte(hashes, 40, 255 - get_byte(hashes, 40)) where level = 1 and index = 0`, says: "entries 256 to 511: the log's tile tile/1/000.p/2 is not over its entries"},
	"a tile above dropped":          {sql: `delete from journal_tile where level = 1`, says: "tile/1/000.p/2"},
	"the checkpoint's root":         {sql: `update journal_tree set checkpoint = regexp_replace(checkpoint, E'\n[^\n]{44}\n', E'\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n')`, says: "no signature by a log that the policy names"},
	"the checkpoint's size":         {sql: `update journal_tree set checkpoint = replace(checkpoint, E'\n700\n', E'\n701\n')`, says: "no signature by a log that the policy names"},
	"an older checkpoint":           {sql: `update journal_tree set checkpoint = (select note from journal_checkpoint where size = 400)`, here: "the tree's own row says other than the checkpoint in it, which is of 400 entries"},
	"the tree's size":               {sql: `update journal_tree set size = 699`, here: "the tree's own row says other than the checkpoint in it"},
	"the tree's root":               {sql: `update journal_tree set root = set_byte(root, 3, 255 - get_byte(root, 3))`, here: "the tree's own row says other than the checkpoint in it"},
	"a kept checkpoint's root":      {sql: `update journal_checkpoint set note = regexp_replace(note, E'\n[^\n]{44}\n', E'\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n') where size = 400`, says: "entries 0 to 699: a kept checkpoint after 0 entries"},
	"a kept checkpoint's signature": {sql: `update journal_checkpoint set note = overlay(note placing 'AAAA' from length(note) - 30) where size = 700`, says: "entries 400 to 699: a kept checkpoint after 400 entries"},
	"a kept checkpoint's size":      {sql: `update journal_checkpoint set size = 401 where size = 400`, here: "the row of the kept checkpoint of 401 entries says another size"},
	"all kept checkpoints dropped":  {sql: `delete from journal_checkpoint`, says: "entries 0 to 699: the checkpoints that were kept while these were added are not in the export"},
	"an entry put in":               {sql: `insert into journal_entry (id, xid, at, action, organisation_id, salt, body) select 1000000, '3', at, action, organisation_id, salt, body from journal_entry limit 1`, then: "was put into the table, and by no act"},
	"an entry filed elsewhere":      {sql: `update journal_entry set action = 'session.closed' where id = (select entry_id from journal_leaf where index = 5)`, then: "its columns in the table are not what its text says"},
	"the date in an entry's column": {sql: `update journal_entry set at = at - interval '1 day' where id = (select entry_id from journal_leaf where index = 5)`, then: "its columns in the table are not what its text says"},
}

func TestRun_NamesWhatWasChangedInTheDatabase(t *testing.T) {
	t.Parallel()
	for name, c := range tamperings {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			h.fill(t)
			h.behind(t, c.sql)
			found, here := h.verified(t), h.inspect(t).Fault
			differences, err := journal.Compare(t.Context(), h.auditor)
			if err != nil {
				t.Fatal(err)
			}
			then := ""
			if len(differences) > 0 {
				then = differences[0].What
			}
			switch {
			case c.says != "":
				if !strings.Contains(found, c.says) || !strings.Contains(here, c.says) {
					t.Errorf("an export: %q\nhere: %q\nwant %q", found, here, c.says)
				}
			case c.here != "":
				if !strings.Contains(here, c.here) {
					t.Errorf("here: %q; want %q", here, c.here)
				}
			case !strings.Contains(then, c.then) || found != "" || here != "":
				t.Errorf("the comparison: %q, an export: %q, here: %q; want %q", then, found, here, c.then)
			}
		})
	}
}

// An honest journal is whole, from the first entry on and while it grows.
func TestRun_OfAnHonestJournal(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	if o := h.inspect(t); o.Fault != "" || o.Size != 0 {
		t.Errorf("before the first entry: %+v", o)
	}
	h.fill(t)
	o := h.inspect(t)
	if !o.Whole() || o.Size != entries || o.Entries != entries || o.Checkpoints < 2 || o.Took <= 0 {
		t.Errorf("%+v", o)
	}
	if found := h.verified(t); found != "" {
		t.Error(found)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Run(ctx, h.auditor, h.signer.Policy(""), time.Now()); err == nil {
		t.Error("an inspection that was ended is taken for one that found something, or nothing")
	}
}

// A policy that asks for witnesses is for what is published: the inspection does not wait for them.
func TestRun_BeforeAnyWitness(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.fill(t)
	key, err := witness.Init(filepath.Join(t.TempDir(), "witness"), "witness.test/1")
	if err != nil {
		t.Fatal(err)
	}
	policy := h.signer.PolicyWith("", "witness one "+key.VerifierKey()+" http://witness.test/\nquorum one\n")
	if o, err := Run(t.Context(), h.auditor, policy, time.Now()); err != nil || !o.Whole() || o.Entries != entries {
		t.Errorf("%+v, %v", o, err)
	}
}

// An entry may be forgotten while the journal is inspected: the one that says so stands behind the checkpoint then, or is in no tree yet.
func TestRun_WhileEntriesAreForgotten(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.fill(t)
	h.behind(t, `delete from journal_entry where id in (select entry_id from journal_leaf where index in (5, 6, 300))`)
	erased := func(runs string) {
		h.behind(t, `insert into journal_entry (at, action, salt, body) values ('2026-11-21T10:00:00Z'::timestamptz, 'citizen.erased', sha256('1'),
			'{"action":"citizen.erased","at":"2026-11-21T10:00:00.000000Z","by":{"kind":"system"},"detail":{"forgotten":[' || $1::text || ']}}')`, runs)
	}
	erased(`"5-6"`)
	if o := h.inspect(t); !strings.Contains(o.Fault, "entry 300: is gone") {
		t.Errorf("%+v", o)
	}
	erased(`"300"`)
	if o := h.inspect(t); !o.Whole() || o.Forgotten != 3 || o.Size != entries {
		t.Errorf("before it is in the tree: %+v", o)
	}
	h.add(t, 1)
	if o := h.inspect(t); !o.Whole() || o.Forgotten != 3 || o.Size != entries+3 {
		t.Errorf("when it is: %+v", o)
	}
}

// The outcome is kept, and when the journal was last whole is not forgotten with the next one.
func TestKeep(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	if o, err := Last(t.Context(), h.DB); err != nil || !o.At.IsZero() || o.Whole() {
		t.Fatalf("%+v, %v", o, err)
	}
	first := time.Date(2026, 11, 21, 2, 0, 0, 0, time.UTC)
	kept := Outcome{At: first, Took: time.Second, Size: 3, Entries: 2, Forgotten: 1, Checkpoints: 4}
	for _, o := range []Outcome{kept, {At: first.Add(time.Hour), Fault: strings.Repeat("é", 2*longestFault)}} {
		if err := Keep(t.Context(), h.DB, o); err != nil {
			t.Fatal(err)
		}
		got, err := Last(t.Context(), h.DB)
		if err != nil || !got.At.Equal(o.At) || got.Whole() != (o.Fault == "") || !got.WholeAt.Equal(first) || got.Size != o.Size || got.Entries != o.Entries || got.Took != o.Took || got.Forgotten != o.Forgotten || got.Checkpoints != o.Checkpoints {
			t.Errorf("%+v, %v", got, err)
		}
	}
}
