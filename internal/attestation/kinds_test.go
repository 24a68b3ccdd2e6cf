package attestation

import (
	"bytes"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"mandat/internal/db"
	"mandat/internal/fixture"
	"mandat/internal/mandate"
)

// Each kind, size and language is a document of its own, with its own bytes and its own entry, at the one address of the mandate.
func TestIssue_EachKindSizeAndLanguage(t *testing.T) {
	t.Parallel()
	w, m := newSigned(t)
	if err := w.Mandates.End(t.Context(), w.Jeanne, m.ID, "completed"); err != nil {
		t.Fatal(err)
	}
	var all []Document
	for _, kind := range []Kind{Given, Ended} {
		for _, size := range []Size{Normal, Large} {
			for _, lang := range Languages {
				d := w.issueSheet(t, w.Jeanne, Sheet{m.ID, kind, size, lang})
				if again := w.issueSheet(t, w.Paul, Sheet{m.ID, kind, size, lang}); !cmp.Equal(d, again) {
					t.Errorf("%s %s %s: another document the second time", kind, size, lang)
				}
				if slices.ContainsFunc(all, func(o Document) bool { return bytes.Equal(o.SHA256, d.SHA256) || o.StatusURL != d.StatusURL }) {
					t.Errorf("%s %s %s: the bytes of another document, or another address", kind, size, lang)
				}
				if (kind == Given) != (d.Word != "") {
					t.Errorf("%s: control word %q", kind, d.Word)
				}
				all = append(all, d)
			}
		}
	}
	entries := w.entries(t, m.ID)
	if len(entries) != len(all) {
		t.Fatalf("%d entries of %d documents", len(entries), len(all))
	}
	for i, e := range entries {
		detail, _ := e["detail"].(map[string]any)
		if detail["kind"] != string(all[i].Kind) || detail["size"] != string(all[i].Size) || detail["lang"] != all[i].Lang || detail["edition"] != nil {
			t.Errorf("the entry of %v says %v", all[i].Sheet, detail)
		}
	}
	if found, err := Compare(t.Context(), w.OpenAuditor(t)); err != nil || len(found) != 0 {
		t.Errorf("compared: %v, %v", found, err)
	}
}

func TestIssue_CertifiesNoEndOfWhatStands(t *testing.T) {
	t.Parallel()
	w, m := newSigned(t)
	for _, size := range []Size{Normal, Large} {
		if d, err := w.press.Issue(t.Context(), w.Jeanne, Sheet{m.ID, Ended, size, "fr"}, mandate.PageDocument); !errors.Is(err, ErrStands) || d.Bytes != nil {
			t.Errorf("%s: %v", size, err)
		}
	}
	w.wantEntries(t, 0, m.ID)
	w.Clock.Advance(m.EndsAt.Sub(w.Clock.Now()) + time.Second)
	d := w.issueSheet(t, w.Jeanne, Sheet{m.ID, Ended, Normal, "fr"})
	if text := textOf(t, d); !says(text, "La date prévue est atteinte.") || !says(text, "il finit de lui-même à la date prévue") {
		t.Errorf("of a mandate whose time is over:\n%s", text)
	}
}

// The certificate says why, and by whom, whatever the reason.
func TestCompose_SaysWhyAndByWhom(t *testing.T) {
	t.Parallel()
	for _, reason := range append(slices.Clone(mandate.Reasons), "superseded", "expired", "transferred") {
		for _, lang := range Languages {
			x := someSubject(t, Ended, lang)
			x.reason = reason
			for _, row := range x.firstTable(t) {
				if row[1] == "" {
					t.Errorf("%s, %s: %q is empty", reason, lang, row[0])
				}
			}
		}
	}
}

// firstTable are the rows of the first table of a document.
func (x subject) firstTable(t *testing.T) [][2]string {
	t.Helper()
	for _, b := range compose(Ended, x, "", nil) {
		if b.Kind == Facts {
			return b.Rows
		}
	}
	t.Fatal("no table")
	return nil
}

// An account that says something new is an edition of its own; one that does not is the one that was kept.
func TestReport_KeepsEditions(t *testing.T) {
	t.Parallel()
	w, m := newSigned(t)
	report := func(body ...Block) Document {
		t.Helper()
		d, err := w.press.Report(t.Context(), w.Jeanne, Sheet{Mandate: m.ID, Lang: "fr"}, mandate.PageDocument, "Compte rendu", body)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	first := report(paragraph("Rien n’a été fait."), note("Établi aujourd’hui."))
	w.Clock.Advance(time.Hour)
	if again := report(paragraph("Rien n’a été fait."), note("Établi plus tard.")); !cmp.Equal(first, again) || first.Edition != 1 {
		t.Errorf("edition %d of what says the same", again.Edition)
	}
	second := report(paragraph("Une déclaration a été faite."))
	if second.Edition != 2 || bytes.Equal(first.Bytes, second.Bytes) || !says(textOf(t, second), "Une déclaration a été faite.") {
		t.Errorf("edition %d of what says something else", second.Edition)
	}
	if back := report(paragraph("Rien n’a été fait.")); back.Edition != 3 {
		t.Errorf("edition %d of what says again what the first one said", back.Edition)
	}
	entries := w.entries(t, m.ID)
	if len(entries) != 3 || entries[1]["detail"].(map[string]any)["edition"] != 2.0 {
		t.Errorf("entries %v", entries)
	}
	if found, err := Compare(t.Context(), w.OpenAuditor(t)); err != nil || len(found) != 0 {
		t.Errorf("compared: %v, %v", found, err)
	}
}

func TestIssue_RefusesOtherSheets(t *testing.T) {
	t.Parallel()
	w, m := newSigned(t)
	for _, s := range []Sheet{{m.ID, Report, Normal, "fr"}, {m.ID, "", Normal, "fr"}, {m.ID, Given, "huge", "fr"}} {
		if _, err := w.press.Issue(t.Context(), w.Jeanne, s, mandate.PageDocument); !errors.Is(err, ErrKind) {
			t.Errorf("%v: %v", s, err)
		}
	}
	if _, err := w.press.Report(t.Context(), w.Jeanne, Sheet{Mandate: m.ID, Lang: "de"}, mandate.PageDocument, "x", nil); !errors.Is(err, ErrLanguage) {
		t.Errorf("a report in German: %v", err)
	}
	if _, err := w.press.Report(t.Context(), w.Ines, Sheet{Mandate: m.ID, Lang: "fr"}, mandate.PageDocument, "x", nil); !errors.Is(err, db.ErrNotFound) {
		t.Errorf("a report of another organisation's mandate: %v", err)
	}
	w.wantEntries(t, 0, m.ID)
}

// What was kept before there were kinds opens as it did, and its entry is of an attestation in normal print.
func TestIssue_OpensWhatWasKeptBefore(t *testing.T) {
	t.Parallel()
	w, m := newSigned(t)
	d := w.issue(t, w.Jeanne, m.ID, "fr")
	w.Behind(t, `update journal_entry set body = replace(replace(body, '"kind":"attestation",', ''), '"size":"normal",', '') where mandate_id = $1 and action = 'attestation.issued'`, m.ID)
	w.Behind(t, `delete from attestation_word where mandate_id = $1`, m.ID)
	if detail, _ := w.entries(t, m.ID)[0]["detail"].(map[string]any); len(detail) != 3 {
		t.Fatalf("the entry still says %v", detail)
	}
	if found, err := Compare(t.Context(), w.OpenAuditor(t)); err != nil || len(found) != 0 {
		t.Errorf("compared: %v, %v", found, err)
	}
	if again := w.issue(t, w.Paul, m.ID, "fr"); !bytes.Equal(again.Bytes, d.Bytes) {
		t.Error("the document of before is not the one given out")
	}
}

func TestTranslate_IsBesideTheFrench(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	m := w.Sign(t, w.Jeanne, fixture.Angela(), fixture.Tax, fixture.Housing)
	for _, into := range Translations() {
		d, words, err := w.press.Translate(t.Context(), w.Jeanne, Sheet{m.ID, Given, Large, into.Tag}, into, mandate.PageAttestation)
		if err != nil || d.Lang != "fr" {
			t.Fatal(d.Lang, err)
		}
		pairs, ok := Beside(d.Words, words)
		if !ok || len(pairs) != len(d.Words) || pairs[0][0].Text != d.Words[0].Text || pairs[0][1].Text == d.Words[0].Text {
			t.Errorf("%s: %v", into.Tag, ok)
		}
		if _, ok := Beside(d.Words[1:], words); ok {
			t.Error("words that do not pair were paired")
		}
	}
	if _, err := FindTranslation("de"); !errors.Is(err, ErrLanguage) {
		t.Errorf("a translation that nobody wrote: %v", err)
	}
	w.wantEntries(t, 1, m.ID) // that of the one French document
}
