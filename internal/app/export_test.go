package app_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"mandat/internal/apptest"
	"mandat/internal/fixture"
	"mandat/internal/journal/verify"
)

// An auditor takes a part of the journal away, which verifies, holds what was asked for, and leaves an entry that says from where to where
// and by what sorts of members, not by which.
func TestExport_APart(t *testing.T) {
	t.Parallel()
	site := apptest.Start(t)
	m := site.Sign(t, site.Jeanne, fixture.Angela(), fixture.Tax)
	must(t, site.App.CatchUp(t.Context()))
	sofia := site.Visit(t, site.Sofia)
	if a := sofia.Get("/audit/export"); a.Status != http.StatusOK || !strings.Contains(a.Body, `action="/audit/export"`) {
		t.Fatalf("%d: %s", a.Status, a.Body)
	}
	policy, err := verify.ParsePolicy([]byte(site.App.Policy()))
	must(t, err)
	const ofMandate = -1 // what there is of it, these exports of it among that
	size := site.Number(t, `select count(*) from journal_leaf`)
	for name, c := range map[string]struct {
		form    []string
		entries int
		detail  string
	}{
		"of one: a mandate":      {[]string{"mandat", m.ID.String(), "forme", "jsonl"}, ofMandate, `{"filters":["mandate"],"form":"jsonl"}`},
		"of one: its signature":  {[]string{"usager", m.Citizen.String(), "acte", "mandate.signed", "personne", site.Jeanne.Person.String(), "structure", site.Here.String()}, 1, `{"filters":["action","citizen","organisation","person"]}`},
		"a stretch":              {[]string{"de", "1", "a", "3", "forme", "jsonl.zst"}, 3, `{"form":"jsonl.zst","from":1,"to":4}`},
		"from a day on":          {[]string{"du", "2020-01-01", "de", "", "a", "2"}, 3, `{"to":3}`},
		"of one: of a long time": {[]string{"du", "2020-01-01", "au", "2199-01-01", "mandat", m.ID.String()}, ofMandate, ""},
	} {
		must(t, site.App.CatchUp(t.Context()))
		if c.entries == ofMandate {
			c.entries = site.Number(t, `select count(*) from journal_entry where mandate_id = $1`, m.ID)
		}
		a := sofia.Post("/audit/export", c.form...)
		path := filepath.Join(t.TempDir(), "part.tar")
		must(t, os.WriteFile(path, []byte(a.Body), 0o600))
		files, closer, err := verify.OpenExport(path)
		must(t, err)
		r, err := verify.Log(t.Context(), verify.Options{Policy: policy, Export: files})
		if err = errors.Join(err, closer.Close()); err != nil || a.Status != http.StatusOK || r.Asked == nil || r.Entries != int64(c.entries) {
			t.Fatalf("%s: %d, %+v, %v; want %d entries", name, a.Status, r, err, c.entries)
		}
		var detail string
		site.Row(t, `select (body::jsonb -> 'detail') - 'size' from journal_entry where action = 'journal.exported' order by id desc limit 1`, nil, &detail)
		var said, want any
		must(t, json.Unmarshal([]byte(detail), &said))
		if c.detail != "" {
			must(t, json.Unmarshal([]byte(c.detail), &want))
			if b, _ := json.Marshal(said); string(b) != c.detail {
				t.Errorf("%s: the entry says %s; want %s", name, b, c.detail)
			}
		}
		whose := site.Number(t, `select count(*) from (select citizen_id, organisation_id from journal_entry where action = 'journal.exported' order by id desc limit 1) e where e.citizen_id = $1 and e.organisation_id = $2`, m.Citizen, site.Here)
		if (whose == 1) != strings.HasPrefix(name, "of one: ") {
			t.Errorf("%s: %d of the citizen's entries", name, whose)
		}
		if strings.Contains(detail, m.ID.String()) || strings.Contains(detail, m.Citizen.String()) {
			t.Errorf("%s: the entry says of whom: %s", name, detail)
		}
	}
	before := site.Number(t, `select count(*) from journal_entry where action = 'journal.exported'`)
	for name, form := range map[string][]string{
		"no index": {"de", "x"}, "no id": {"usager", "Angela"}, "no day": {"du", "demain"}, "both": {"du", "2020-01-01", "de", "1"}, "behind": {"de", strconv.Itoa(size + 1000)},
		"backwards": {"de", "3", "a", "1"}, "before the first": {"au", "2020-01-01"}, "to come": {"du", "2199-01-01"},
	} {
		if a := sofia.Post("/audit/export", form...); a.Status != http.StatusUnprocessableEntity || !strings.Contains(a.Body, "fr-error-text") {
			t.Errorf("%s: %d: %s", name, a.Status, a.Body[:min(len(a.Body), 200)])
		}
	}
	if after := site.Number(t, `select count(*) from journal_entry where action = 'journal.exported'`); after != before {
		t.Error("what was refused is in the journal as an export")
	}
	if a := sofia.Get("/audit"); !strings.Contains(a.Body, `id="checks"`) || !strings.Contains(a.Body, "/audit/export") {
		t.Errorf("%d: the first page says nothing of the checks: %s", a.Status, a.Body)
	}
}
