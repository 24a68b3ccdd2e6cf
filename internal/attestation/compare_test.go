package attestation

import (
	"slices"
	"strings"
	"testing"

	"mandat/internal/fixture"
	"mandat/internal/journal"
	"mandat/internal/mandate"
)

func TestCompare_NamesWhatWasChangedBehindTheProgramsBack(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ sql, says string }{
		"other bytes":         {`update attestation set sha256 = sha256('x') where mandate_id = $1 and lang = 'fr'`, "bytes 2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881"},
		"other language":      {`update attestation set lang = 'en' where mandate_id = $1`, "its document attestation.normal in en, edition 1, stands in the tables, and no entry tells of it"},
		"other kind":          {`update attestation set kind = 'end' where mandate_id = $1`, "its document end.normal in fr, edition 1, stands in the tables, and no entry tells of it"},
		"other size":          {`update attestation set size = 'large' where mandate_id = $1`, "its document attestation.large in fr, edition 1, stands in the tables, and no entry tells of it"},
		"other edition":       {`update attestation set kind = 'report', edition = 2 where mandate_id = $1`, "its document report.normal in fr, edition 2, stands in the tables, and no entry tells of it"},
		"word removed":        {`delete from attestation_word where mandate_id = $1`, "the control word of its attestations was made"},
		"word of another day": {`update attestation_word set created_at = created_at - interval '1 day' where mandate_id = $1`, "the control word of its attestations is"},
		"other person":        {`update attestation set issued_by = gen_random_uuid() where mandate_id = $1`, "by"},
		"other day":           {`update attestation set issued_at = issued_at - interval '1 second' where mandate_id = $1`, "made at"},
		"other template":      {`update attestation set template = 'x' where mandate_id = $1`, "template x"},
		"other organisation":  {`update attestation set organisation_id = gen_random_uuid() where mandate_id = $1`, "of organisation"},
		"removed":             {`delete from attestation where mandate_id = $1`, "gone"},
		"address removed":     {`delete from attestation_status where mandate_id = $1`, "the public address of its attestations was made"},
		"address made":        {`insert into attestation_status select sha256('x'), (select id from mandate where id <> $1), organisation_id, token, created_at from attestation_status`, "and no entry tells of it"},
		"without its entry":   {`delete from journal_entry where mandate_id = $1 and action = 'attestation.issued'`, "and no entry tells of it"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.Sign(t, w.Paul, fixture.Citizen(1), fixture.Tax)
			m := w.Sign(t, w.Jeanne, fixture.Angela(), fixture.Tax)
			w.issue(t, w.Jeanne, m.ID, "fr")
			auditor := w.OpenAuditor(t)
			if found, err := Compare(t.Context(), auditor); err != nil || len(found) != 0 {
				t.Fatalf("found %v, %v", found, err)
			}
			w.Behind(t, c.sql, m.ID)
			found, err := Compare(t.Context(), auditor)
			if err != nil || !slices.ContainsFunc(found, func(d journal.Difference) bool { return strings.Contains(d.What, c.says) }) {
				t.Errorf("found %v, %v", found, err)
			}
		})
	}
}

// A trigger of the database's owner keeps the entry out, and lets the document in.
func TestCompare_NamesADocumentWhoseEntryWasSwallowed(t *testing.T) {
	t.Parallel()
	w, m := newSigned(t)
	if _, err := w.press.look(t.Context(), w.Jeanne, given(m.ID, "fr"), mandate.PageDocument); err != nil { // so that this entry is not the one
		t.Fatal(err)
	}
	w.Swallow(t)
	if _, err := w.press.Issue(t.Context(), w.Jeanne, given(m.ID, "fr"), mandate.PageDocument); err == nil {
		t.Error("issued without an entry")
	}
	found, err := Compare(t.Context(), w.OpenAuditor(t))
	if err != nil || len(found) != 3 || found[0].ID != m.ID.String() {
		t.Errorf("found %v, %v", found, err)
	}
}
