package attestation

import (
	"bytes"
	"encoding/hex"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
	"mandat/internal/fixture"
	"mandat/internal/journal"
	"mandat/internal/mandate"
	"mandat/internal/org"
	"mandat/internal/pdf"
	"mandat/internal/token"
)

func TestIssue_KeepsTheBytes(t *testing.T) {
	t.Parallel()
	w, m := newSigned(t)
	first := w.issue(t, w.Jeanne, m.ID, "fr")

	w.Behind(t, `update organisation set name = 'Un nom tout neuf', phone = '+33 9 99 99 99 99' where id = $1`, w.Here)
	w.Clock.Advance(24 * time.Hour)
	moved := service
	moved.Phone = "+33 9 88 88 88 88"
	w.press = w.newPress(t, moved)
	if again := w.issue(t, w.Paul, m.ID, "fr"); !cmp.Equal(first, again) {
		t.Error("the document changed after it was issued:\n", cmp.Diff(wordsOf(first.Words), wordsOf(again.Words)))
	}
	w.wantEntries(t, 1, m.ID)
	if first.IssuedBy != w.Jeanne.Person || first.IssuedAt.Before(m.SignedAt) || first.Template != template {
		t.Errorf("issued by %s at %s, template %s", first.IssuedBy, first.IssuedAt, first.Template)
	}
}

func TestIssue_TakesTheFrozenTerms(t *testing.T) {
	t.Parallel()
	w, m := newSigned(t)
	w.Behind(t, `update organisation set name = 'Un nom tout neuf' where id = $1`, w.Here)
	text := textOf(t, w.issue(t, w.Jeanne, m.ID, "fr"))
	if !says(text, m.Terms.Organisation.Name) || says(text, "tout neuf") {
		t.Errorf("not the organisation's name of the day of the signature:\n%s", text)
	}
}

func TestIssue_IsAnActWithTheHashOfTheBytes(t *testing.T) {
	t.Parallel()
	w, m := newSigned(t)
	d := w.issue(t, w.Paul, m.ID, "en")
	entries := w.entries(t, m.ID)
	if len(entries) != 1 {
		t.Fatalf("%d entries", len(entries))
	}
	e := entries[0]
	delete(e, "at")
	want := map[string]any{"action": "attestation.issued", "organisation": w.Here.String(), "citizen": m.Citizen.String(), "mandate": m.ID.String(),
		"by":     map[string]any{"kind": "aidant", "person": w.Paul.Person.String()},
		"detail": map[string]any{"sha256": hex.EncodeToString(sum(d.Bytes)), "lang": "en", "template": template, "kind": "attestation", "size": "normal"}}
	if diff := cmp.Diff(want, e); diff != "" {
		t.Error(diff)
	}
}

// W43: who reads the document leaves an entry for each page, also when it was issued long ago; and nobody reads it without.
func TestIssue_LeavesWhoReadIt(t *testing.T) {
	t.Parallel()
	w, m := newSigned(t)
	for _, page := range []string{mandate.PageAttestation, mandate.PageDocument, mandate.PageDocument} {
		if _, err := w.press.Issue(t.Context(), w.Paul, given(m.ID, "fr"), page); err != nil {
			t.Fatal(err)
		}
	}
	conn := w.Connect(t, w.Superuser)
	var pages string
	err := conn.QueryRow(t.Context(), `select string_agg(body::jsonb #>> '{detail,page}', ' ' order by id) from journal_entry where action = 'mandate.consulted' and mandate_id = $1 and citizen_id = $2
		and person_id = $3 and session_id = $4`, m.ID, m.Citizen, w.Paul.Person, w.Paul.Session).Scan(&pages)
	if err != nil || pages != "attestation document" {
		t.Errorf("read %q, %v", pages, err)
	}
	if _, err := conn.Exec(t.Context(), `create function journal_full() returns trigger language plpgsql as $$ begin raise exception 'no room'; end $$;
		create trigger journal_full before insert on journal_entry for each row execute function journal_full()`); err != nil {
		t.Fatal(err)
	}
	if d, err := w.press.Issue(t.Context(), w.Jeanne, given(m.ID, "fr"), mandate.PageDocument); err == nil || d.Bytes != nil {
		t.Errorf("read without an entry: %v", err)
	}
}

func TestIssue_AtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	m := w.Sign(t, w.Jeanne, fixture.Angela(), fixture.Tax, fixture.Housing)
	const each = 4
	got := map[string][]Document{"fr": make([]Document, each), "en": make([]Document, each)}
	var wait sync.WaitGroup
	for lang, documents := range got {
		for i := range documents {
			wait.Go(func() {
				var err error
				if documents[i], err = w.press.Issue(t.Context(), w.Jeanne, given(m.ID, lang), mandate.PageDocument); err != nil {
					t.Error(err)
				}
			})
		}
	}
	wait.Wait()
	for lang, documents := range got {
		for _, d := range documents {
			if !cmp.Equal(d, documents[0]) || d.StatusURL != got["fr"][0].StatusURL {
				t.Errorf("%s: two people hold different documents of one mandate", lang)
			}
		}
		if !says(textOf(t, documents[0]), documents[0].tokenIn(t)) {
			t.Errorf("%s: the document has another public address than the mandate", lang)
		}
	}
	w.wantEntries(t, 2, m.ID)
}

// Whoever made a document while another was being kept starts again: with the kept one, or with the mandate's address.
func TestKeep_AfterAnother(t *testing.T) {
	t.Parallel()
	w, m := newSigned(t)
	before, err := w.press.look(t.Context(), w.Jeanne, given(m.ID, "fr"), mandate.PageDocument)
	if err != nil {
		t.Fatal(err)
	}
	before.token, before.fresh = newToken(), true
	w.issue(t, w.Paul, m.ID, "en")
	late := Document{Sheet: Sheet{m.ID, Given, Normal, "fr"}, Edition: 1, Bytes: []byte("late"), Template: template}
	if _, err := w.press.keep(t.Context(), w.Jeanne, late, before); !errors.Is(err, errTaken) {
		t.Errorf("a second public address: %v", err)
	}
	between, err := w.press.look(t.Context(), w.Jeanne, given(m.ID, "fr"), mandate.PageDocument)
	if err != nil {
		t.Fatal(err)
	}
	w.issue(t, w.Paul, m.ID, "fr")
	if _, err := w.press.keep(t.Context(), w.Jeanne, late, between); !errors.Is(err, errTaken) {
		t.Errorf("a second document: %v", err)
	}
	w.wantEntries(t, 2, m.ID)
}

// So does who drew a control word while another was being kept.
func TestKeep_AfterAnotherWord(t *testing.T) {
	t.Parallel()
	w, m := newSigned(t)
	w.issue(t, w.Jeanne, m.ID, "en")
	w.Behind(t, `delete from attestation_word where mandate_id = $1`, m.ID)
	before, err := w.press.look(t.Context(), w.Jeanne, given(m.ID, "fr"), mandate.PageDocument)
	if err != nil {
		t.Fatal(err)
	}
	before.word, before.freshWord = newControlWord(), true
	kept := w.issueSheet(t, w.Paul, Sheet{m.ID, Given, Large, "fr"})
	late := Document{Sheet: given(m.ID, "fr"), Edition: 1, Bytes: []byte("late"), Template: template}
	if _, err := w.press.keep(t.Context(), w.Jeanne, late, before); !errors.Is(err, errTaken) {
		t.Errorf("a second control word: %v", err)
	}
	if d := w.issue(t, w.Jeanne, m.ID, "fr"); d.Word != kept.Word {
		t.Errorf("papers with the words %q and %q", kept.Word, d.Word)
	}
}

func TestIssue_Refuses(t *testing.T) {
	t.Parallel()
	w, m := newSigned(t)
	kept := w.Sign(t, w.Jeanne, fixture.Citizen(1), fixture.Tax)
	w.issue(t, w.Jeanne, kept.ID, "fr")
	for name, refused := range map[string]struct {
		by   journal.Actor
		id   uuid.UUID
		lang string
		err  error
	}{
		"another organisation's mandate":  {w.Ines, m.ID, "fr", db.ErrNotFound},
		"another organisation's document": {w.Ines, kept.ID, "fr", db.ErrNotFound},
		"no mandate":                      {w.Jeanne, token.ID(), "fr", db.ErrNotFound},
		"German":                          {w.Jeanne, m.ID, "de", ErrLanguage},
	} {
		if _, err := w.press.Issue(t.Context(), refused.by, given(refused.id, refused.lang), mandate.PageDocument); !errors.Is(err, refused.err) {
			t.Errorf("%s: %v", name, err)
		}
	}
	w.Behind(t, `update person set suspended_at = now(), suspended_why = 'decided' where id = $1`, w.Paul.Person)
	if _, err := w.press.Issue(t.Context(), w.Paul, given(m.ID, "fr"), mandate.PageDocument); !errors.Is(err, org.ErrMayNot) {
		t.Errorf("by a suspended aidant: %v", err)
	}
	w.wantEntries(t, 0, m.ID)
}

// The attestation is the citizen's: an aidant whose certificate is over hands it over all the same. Who was never certified gets none, not even the
// one that is kept.
func TestIssue_ByWhoIsNotCertifiedAnyMore(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	m := w.Sign(t, w.Jeanne, fixture.Angela(), fixture.Tax)
	w.Behind(t, `update certification set certified_at = now() - interval '3 years', certified_until = now() where person_id = $1`, w.Jeanne.Person)
	if _, err := w.press.Issue(t.Context(), w.Jeanne, given(m.ID, "fr"), mandate.PageDocument); err != nil {
		t.Error(err)
	}
	nora := w.Newcomer(t, journal.Aidant, w.Here, "nora", org.RoleAidant)
	fixture.Agree(t, w.Database, w.Clock.Now(), nora.Person)
	for _, lang := range Languages {
		if d, err := w.press.Issue(t.Context(), nora, given(m.ID, lang), mandate.PageDocument); org.Why(err) != org.WhyNotCertified || d.Bytes != nil {
			t.Errorf("by who was never certified, in %s: %v", lang, err)
		}
	}
	w.wantEntries(t, 1, m.ID)
}

func TestIssue_SaysWhatItCannotPrint(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	who := fixture.Angela()
	who.FamilyName = "陳"
	m := w.Sign(t, w.Jeanne, who, fixture.Tax)
	_, err := w.press.Issue(t.Context(), w.Jeanne, given(m.ID, "fr"), mandate.PageDocument)
	if _, ok := errors.AsType[*pdf.UnprintableError](err); !ok {
		t.Errorf("a name the font lacks: %v", err)
	}
}

func TestIssue_OfAnEndedMandate(t *testing.T) {
	t.Parallel()
	w, m := newSigned(t)
	if err := w.Mandates.End(t.Context(), w.Jeanne, m.ID, "citizen"); err != nil {
		t.Fatal(err)
	}
	late := w.issue(t, w.Jeanne, m.ID, "fr")
	now := late.IssuedAt
	same := compose(Given, subject{agreed: read(m, now), lang: "fr", service: service, status: late.StatusURL, word: late.Word, now: now}, "", nil)
	if got := late.Words; !cmp.Equal(got[:len(got)-1], same[:len(same)-1]) { // the last block tells when it was made
		t.Error("the document of an ended mandate says something else:\n", cmp.Diff(wordsOf(same), wordsOf(got)))
	}
}

// The stored rows tell nobody who the citizen is, nor the public address.
func TestKeep_IsSealed(t *testing.T) {
	t.Parallel()
	w, m := newSigned(t)
	d := w.issue(t, w.Jeanne, m.ID, "fr")
	for _, mark := range []string{"DUBOIS", d.tokenIn(t)} {
		if !says(textOf(t, d), mark) {
			t.Fatalf("the document does not even hold %q", mark)
		}
	}
	var stored [][]byte
	conn := w.Connect(t, w.Superuser)
	for _, q := range []string{`select convert_to(a::text, 'UTF8') from attestation a`, `select convert_to(s::text, 'UTF8') from attestation_status s`,
		`select document from attestation`, `select words from attestation`, `select token from attestation_status`, `select convert_to(body, 'UTF8') from journal_entry`} {
		rows, err := conn.Query(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		values, err := pgx.CollectRows(rows, pgx.RowTo[[]byte])
		if err != nil || len(values) == 0 {
			t.Fatalf("%s: %d rows, %v", q, len(values), err)
		}
		stored = append(stored, values...)
	}
	for _, mark := range []string{"DUBOIS", "Angela", "août 1962", d.tokenIn(t), "%PDF-1.7"} {
		for _, value := range stored {
			if bytes.Contains(value, []byte(mark)) || bytes.Contains(value, []byte(hex.EncodeToString([]byte(mark)))) {
				t.Errorf("%q is stored in clear", mark)
			}
		}
	}
}

// A sealed value opens in its own place only, and only as the bytes that were issued.
func TestLook_RefusesWhatWasMoved(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]string{
		"the document of another mandate of the same citizen": `update attestation a set document = b.document, sha256 = b.sha256 from attestation b where b.mandate_id <> a.mandate_id and a.lang = b.lang`,
		"the document in the other language":                  `update attestation a set document = b.document, sha256 = b.sha256 from attestation b where b.mandate_id = a.mandate_id and a.lang <> b.lang`,
		"the words of another mandate":                        `update attestation a set words = b.words from attestation b where b.mandate_id <> a.mandate_id and a.lang = b.lang`,
		"the token of another mandate":                        `update attestation_status a set token = b.token from attestation_status b where b.mandate_id <> a.mandate_id`,
		"the document in the other size":                      `update attestation a set document = b.document, sha256 = b.sha256 from attestation b where b.mandate_id = a.mandate_id and a.size <> b.size and a.lang = b.lang`,
		"the control word of another mandate":                 `update attestation_word a set word = b.word from attestation_word b where b.mandate_id <> a.mandate_id`,
		"another hash":                                        `update attestation set sha256 = sha256('')`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, m := newSigned(t)
			other := w.Sign(t, w.Jeanne, fixture.Angela(), fixture.Housing)
			for _, lang := range Languages {
				w.issue(t, w.Jeanne, m.ID, lang)
				w.issue(t, w.Jeanne, other.ID, lang)
				w.issueSheet(t, w.Jeanne, Sheet{m.ID, Given, Large, lang})
			}
			w.Behind(t, change)
			if _, err := w.press.Issue(t.Context(), w.Jeanne, given(m.ID, "fr"), mandate.PageDocument); err == nil {
				t.Error("is given out as this mandate's document")
			}
		})
	}
}
