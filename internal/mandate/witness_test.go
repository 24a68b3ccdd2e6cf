package mandate_test

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"mandat/internal/citizen"
	"mandat/internal/draft"
	"mandat/internal/evidence"
	"mandat/internal/fixture"
	"mandat/internal/journal"
	"mandat/internal/mandate"
	"mandat/internal/procedure"
)

// onDocument is a draft of Jeanne's whose citizen she has read on a document.
func onDocument(t *testing.T, w *fixture.World) uuid.UUID {
	t.Helper()
	d, err := w.Drafts.Start(t.Context(), w.Jeanne, fixture.Terms(procedureOf(t, w, procedure.Witnessed)))
	if err == nil {
		err = w.Drafts.ReadDocument(t.Context(), w.Jeanne, d.ID, citizen.Identity{GivenName: "Ada", FamilyName: "INVENTEE", Birthdate: "1950-01-01"}, "passport", draft.Who{})
	}
	if err != nil {
		t.Fatal(err)
	}
	return d.ID
}

// procedureOf is a procedure that needs no more than an identification.
func procedureOf(t *testing.T, w *fixture.World, needs procedure.Assurance) string {
	t.Helper()
	for _, theme := range w.Catalogue.Themes() {
		for _, p := range theme.Procedures {
			if p.Identity == needs && p.Offers(procedure.Act) && p.Warning == nil {
				return p.Key
			}
		}
	}
	t.Fatalf("no procedure needs %s", needs)
	return ""
}

func signIt(t *testing.T, w *fixture.World, id uuid.UUID) (mandate.Mandate, error) {
	t.Helper()
	by := w.Jeanne
	by.FactorAt = w.Clock.Now()
	return w.Mandates.Sign(t.Context(), by, id, w.Agreed(t, by, id))
}

// body is the text of the last entry of an action.
func body(t *testing.T, w *fixture.World, action string) string {
	t.Helper()
	var b string
	if err := w.Connect(t, w.Superuser).QueryRow(t.Context(), `select body from journal_entry where action = $1 order by id desc limit 1`, action).Scan(&b); err != nil {
		t.Fatal(err)
	}
	return b
}

// What the colleague attested stands in their entry, in that of the signature and in the terms that the aidant signs: these terms, by that colleague, at that time.
func TestWitness_IsBoundToTheTerms(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	id := onDocument(t, w)
	w.Witness(t, w.Paul, id)
	m, err := signIt(t, w, id)
	if err != nil {
		t.Fatal(err)
	}
	if m.Terms.Witness == nil || m.Terms.Witness.Person != w.Paul.Person {
		t.Fatalf("the terms name %+v", m.Terms.Witness)
	}
	data, err := w.Mandates.Evidence(t.Context(), w.Jeanne, m.ID)
	if err != nil {
		t.Fatal(err)
	}
	r, err := evidence.Verify(data)
	if err != nil || r.Witness != w.Paul.Person {
		t.Fatalf("the evidence names %s, %v", r.Witness, err)
	}
	signed := body(t, w, "mandate.signed")
	if err := r.Fits([]byte(signed)); err != nil {
		t.Error(err)
	}
	var said struct {
		At     time.Time `json:"at"`
		Detail struct {
			Version int    `json:"version"`
			Terms   string `json:"terms_sha256"`
		} `json:"detail"`
	}
	if err := json.Unmarshal([]byte(body(t, w, "draft.witnessed")), &said); err != nil {
		t.Fatal(err)
	}
	if said.Detail.Terms != r.Attested || !said.At.Equal(m.Terms.Witness.At) || said.Detail.Version != 2 || !strings.Contains(signed, `"version":2`) || !strings.Contains(signed, `"witnessed_sha256":"`+r.Attested+`"`) {
		t.Errorf("attested %+v, evidence %s, signed %s", said, r.Attested, signed)
	}
	w.Content(t)
}

// The next day the mandate would end on another one: what was attested then is not what is signed now, until it is attested again.
func TestWitness_IsForTheseTerms(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*fixture.World, uuid.UUID){
		"the next day": func(w *fixture.World, id uuid.UUID) {
			w.Clock.Advance(24 * time.Hour)
			w.Behind(t, `update mandate_draft set identified_at = identified_at + interval '24 hours', expires_at = expires_at + interval '24 hours' where id = $1`, id)
		},
		"another telephone of the organisation": func(w *fixture.World, _ uuid.UUID) {
			w.Behind(t, `update organisation set phone = '+33 1 99 00 00 77' where id = $1`, w.Here)
		},
		"another digest": func(w *fixture.World, id uuid.UUID) {
			w.Behind(t, `update mandate_draft set witness_terms = sha256('x') where id = $1`, id)
		},
		"attested when nothing was kept of what": func(w *fixture.World, id uuid.UUID) {
			w.Behind(t, `update mandate_draft set witness_terms = null where id = $1`, id)
		},
	} {
		w := fixture.New(t)
		id := onDocument(t, w)
		w.Witness(t, w.Paul, id)
		change(w, id)
		d, err := w.Drafts.Find(t.Context(), w.Jeanne, id)
		if err != nil {
			t.Fatal(err)
		}
		o, err := w.Directory.Organisation(t.Context(), w.Here)
		if err != nil {
			t.Fatal(err)
		}
		if w.Mandates.Attested(d, o) {
			t.Errorf("%s: the page would say that it is attested", name)
		}
		if _, err := signIt(t, w, id); !errors.Is(err, mandate.ErrAttested) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Who was shown a mandate until one day does not attest one until the next.
func TestWitness_AttestsWhatTheyWereShown(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	id := onDocument(t, w)
	d, shown, err := w.Mandates.ForWitness(t.Context(), w.Paul, id)
	if err != nil {
		t.Fatal(err)
	}
	w.Behind(t, `update organisation set name = 'Une autre enseigne' where id = $1`, w.Here)
	if err := w.Mandates.Witness(t.Context(), w.Paul, id, d.Version, shown); !errors.Is(err, mandate.ErrOtherTerms) {
		t.Errorf("attested what was not shown: %v", err)
	}
	if err := w.Mandates.Witness(t.Context(), w.Paul, id, d.Version, nil); !errors.Is(err, mandate.ErrOtherTerms) {
		t.Errorf("attested nothing: %v", err)
	}
}

// What the form says was shown is what is signed, with a code as with a key, or nothing is.
func TestSign_RefusesWhatWasNotShown(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	id := w.Draft(t, w.Jeanne, fixture.Angela(), fixture.Tax)
	good := w.Agreed(t, w.Jeanne, id)
	for name, c := range map[string]struct {
		change func(*mandate.Agreement)
		want   error
	}{
		"no version":      {func(a *mandate.Agreement) { a.Version = 0 }, draft.ErrState},
		"another version": {func(a *mandate.Agreement) { a.Version++ }, draft.ErrState},
		"nothing shown":   {func(a *mandate.Agreement) { a.Shown = "" }, mandate.ErrOtherTerms},
		"other texts":     {func(a *mandate.Agreement) { a.Shown = hex.EncodeToString(make([]byte, 32)) }, mandate.ErrOtherTerms},
		"in another language": {func(a *mandate.Agreement) {
			how := *a.How
			how.Lang, a.How = "en", &how
		}, mandate.ErrOtherTerms},
	} {
		a := good
		c.change(&a)
		if _, err := w.Mandates.Sign(t.Context(), w.Jeanne, id, a); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := w.Mandates.PrepareSignature(t.Context(), w.Jeanne, id, a); !errors.Is(err, c.want) {
			t.Errorf("%s, prepared: %v", name, err)
		}
	}
	if _, err := w.Mandates.Sign(t.Context(), w.Jeanne, id, good); err != nil {
		t.Error(err)
	}
}

// The comparison wants the words of those who identified and attested, in entries of theirs.
func TestCompare_NamesAForgedProof(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ sql, says string }{
		"a witness who never spoke": {`update mandate_draft set witness_id = $2, witnessed_at = now(), witness_factor_at = now() where id = $1`, "attested version 2"},
		"nobody identified":         {`delete from journal_entry where action = 'draft.identified' and body like '%' || $1::text || '%' and $2::text <> ''`, "identified the citizen"},
		"attested by nobody":        {`delete from journal_entry where action = 'draft.witnessed' and body like '%' || $1::text || '%' and $2::text <> ''`, "attested version 2"},
		"another method": {`update journal_entry set body = replace(body, '"method":"witnessed"', '"method":"known"') where action = 'draft.identified' and body like '%' || $1::text || '%' and $2::text <> ''`,
			"identified the citizen"},
		"other terms": {`update journal_entry set body = regexp_replace(body, '"terms_sha256":"[0-9a-f]{4}', '"terms_sha256":"0000') where action = 'draft.witnessed' and body like '%' || $1::text || '%' and $2::text <> ''`,
			"attested version 2"},
		"another version": {`update journal_entry set body = replace(body, '"version":2', '"version":3') where action = 'draft.witnessed' and body like '%' || $1::text || '%' and $2::text <> ''`, "attested version 2"},
		"another time":    {`update journal_entry set body = regexp_replace(body, '"at":"20', '"at":"19') where action = 'draft.witnessed' and body like '%' || $1::text || '%' and $2::text <> ''`, "attested version 2"},
		"somebody else": {`update journal_entry set body = replace(body, $2::text, gen_random_uuid()::text) where action = 'draft.witnessed' and body like '%' || $1::text || '%'`,
			"attested version 2"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := fixture.New(t)
			id := onDocument(t, w)
			forged := strings.HasPrefix(c.sql, "update mandate_draft")
			if forged {
				d, shown, err := w.Mandates.ForWitness(t.Context(), w.Paul, id)
				if err != nil {
					t.Fatal(err, d.ID)
				}
				w.Behind(t, c.sql, id, w.Paul.Person)
				w.Behind(t, `update mandate_draft set witness_terms = $2 where id = $1`, id, shown)
			} else {
				w.Witness(t, w.Paul, id)
			}
			m, err := signIt(t, w, id)
			if err != nil {
				t.Fatal(err)
			}
			if !forged {
				if found := compared(t, w); len(found) != 0 {
					t.Fatalf("before: %v", found)
				}
				w.Behind(t, c.sql, id, w.Paul.Person)
			}
			found := compared(t, w)
			if len(found) != 1 || found[0].ID != m.ID.String() || !strings.Contains(found[0].What, c.says) {
				t.Errorf("found %v", found)
			}
		})
	}
}

func compared(t *testing.T, w *fixture.World) []journal.Difference {
	t.Helper()
	found, err := mandate.Compare(t.Context(), w.OpenAuditor(t))
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// Entries of before say nothing of a version, and are taken as they are.
func TestCompare_AcceptsProofsOfBefore(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	id := onDocument(t, w)
	w.Witness(t, w.Paul, id)
	if _, err := signIt(t, w, id); err != nil {
		t.Fatal(err)
	}
	w.Behind(t, `delete from journal_entry where action in ('draft.identified', 'draft.witnessed')`)
	w.Behind(t, `update journal_entry set body = regexp_replace(replace(body, ',"version":2', ''), '"witnessed_sha256":"[0-9a-f]*",', '') where action = 'mandate.signed'`)
	if found := compared(t, w); len(found) != 0 {
		t.Errorf("found %v", found)
	}
}
