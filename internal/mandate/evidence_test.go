package mandate_test

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
	"mandat/internal/envelope"
	"mandat/internal/evidence"
	"mandat/internal/fixture"
	"mandat/internal/journal"
	"mandat/internal/mandate"
	"mandat/internal/org"
)

// evidenceDetail is the part of the entry that evidence is held to.
type evidenceDetail struct {
	Evidence string `json:"evidence_sha256"`
}

// proof is what an aidant who confirms with a code leaves.
func proof(t *testing.T, w *fixture.World) evidence.File {
	t.Helper()
	text := evidence.Text{Lang: "fr", Form: evidence.Plain, Template: "recap-1", MediaType: "text/plain; charset=utf-8", Bytes: []byte("Vous donnez mandat.")}
	terms, err := json.Marshal(map[string]any{"version": 2, "shown": []evidence.Shown{text.Shown()}})
	if err != nil {
		t.Fatal(err)
	}
	return evidence.File{Terms: terms, Texts: []evidence.Text{text}, Confirmed: &evidence.Confirmed{Kind: "app", At: w.Clock.Now().Add(-time.Minute)}}
}

// keep keeps the evidence of a mandate in an act whose entry says what says makes of its digest.
func keep(t *testing.T, w *fixture.World, m mandate.Mandate, f evidence.File, action string, says func(string) string) error {
	t.Helper()
	var key *envelope.DataKey
	err := w.DB.Read(t.Context(), db.InOrganisation(w.Here), func(tx pgx.Tx) error {
		var err error
		key, err = w.Citizens.DataKey(t.Context(), tx, w.Here, m.Citizen)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return w.Journal.Record(t.Context(), w.Jeanne, func(tx *journal.Tx) (journal.Event, error) {
		m.SignedAt = tx.Now
		sum, err := mandate.KeepEvidence(tx, key, &m, f)
		return journal.Event{Action: action, Citizen: m.Citizen, Mandate: m.ID, Detail: evidenceDetail{says(sum)}}, err
	})
}

// forget removes what the signatures of the fixture left, behind the program's back.
func forget(t *testing.T, w *fixture.World) {
	t.Helper()
	w.Behind(t, `delete from mandate_evidence`)
}

func same(sum string) string { return sum }

func TestEvidence(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	m, other := w.Sign(t, w.Jeanne, fixture.Angela(), fixture.Tax), w.Sign(t, w.Jeanne, fixture.Citizen(1), fixture.Tax)
	data, err := w.Mandates.Evidence(t.Context(), w.Paul, m.ID)
	if err != nil {
		t.Fatal(err)
	}
	r, err := evidence.Verify(data)
	if f := r.File; err != nil || f.Confirmed == nil || f.Confirmed.Kind != "app" || !f.SignedAt.Equal(m.SignedAt) || f.Mandate != m.ID || f.Draft != m.Draft || f.Organisation != w.Here || f.Citizen != m.Citizen || f.Aidant != w.Jeanne.Person {
		t.Errorf("%v, %v", f, err)
	}
	super := w.Connect(t, w.Superuser)
	var body string
	if err := super.QueryRow(t.Context(), `select body from journal_entry where action = 'mandate.signed' and mandate_id = $1 order by id desc limit 1`, m.ID).Scan(&body); err != nil {
		t.Fatal(err)
	}
	if err := r.Fits([]byte(body)); err != nil {
		t.Error(err)
	}
	var page string
	if err := super.QueryRow(t.Context(), `select body::jsonb #>> '{detail,page}' from journal_entry where action = 'mandate.consulted' and mandate_id = $1 and person_id = $2`,
		m.ID, w.Paul.Person).Scan(&page); err != nil {
		t.Fatal(err)
	}
	if page != mandate.PageEvidence {
		t.Errorf("recorded as %q", page)
	}
	for name, c := range map[string]struct {
		by   journal.Actor
		want error
	}{
		"without a fresh factor": {stale(w.Jeanne), org.ErrFactorTooOld},
		"elsewhere":              {w.Ines, db.ErrNotFound},
		"by a referent":          {w.Referent(t, w.Here, "rene"), org.ErrMayNot},
	} {
		if data, err := w.Mandates.Evidence(t.Context(), c.by, m.ID); !errors.Is(err, c.want) || data != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	// Moved to another mandate, or changed, it does not open.
	w.Behind(t, `update mandate_evidence set sha256 = sha256('x') where mandate_id = $1`, m.ID)
	if _, err := w.Mandates.Evidence(t.Context(), w.Jeanne, m.ID); err == nil {
		t.Error("another digest, and it opened")
	}
	w.Behind(t, `delete from mandate_evidence where mandate_id = $1`, other.ID)
	w.Behind(t, `update mandate_evidence set mandate_id = $2 where mandate_id = $1`, m.ID, other.ID)
	if _, err := w.Mandates.Evidence(t.Context(), w.Jeanne, other.ID); !errors.Is(err, envelope.ErrSealed) {
		t.Errorf("of another mandate: %v", err)
	}
	if _, err := w.Mandates.Evidence(t.Context(), w.Jeanne, m.ID); !errors.Is(err, mandate.ErrNoEvidence) {
		t.Errorf("of a mandate without: %v", err)
	}
}

func stale(by journal.Actor) journal.Actor {
	by.FactorAt = by.FactorAt.Add(-org.FactorLife - time.Minute)
	return by
}

// The database keeps evidence only with the entry of a signature that names its digest, and never changes it.
func TestEvidence_OnlyWithItsEntry(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	m := w.Sign(t, w.Jeanne, fixture.Angela(), fixture.Tax)
	forget(t, w)
	for name, err := range map[string]error{
		"another digest": keep(t, w, m, proof(t, w), "mandate.signed", func(string) string { return strings.Repeat("0", 64) }),
		"another act":    keep(t, w, m, proof(t, w), "mandate.consulted", same),
	} {
		if err == nil || !strings.Contains(err.Error(), "kept without its entry") {
			t.Errorf("%s: %v", name, err)
		}
	}
	wrong := proof(t, w)
	wrong.Texts[0].Bytes = []byte("Autre chose.")
	if err := keep(t, w, m, wrong, "mandate.signed", same); err == nil {
		t.Error("evidence that does not verify was kept")
	}
	if err := keep(t, w, m, proof(t, w), "mandate.signed", same); err != nil {
		t.Fatal(err)
	}
	err := w.DB.Write(t.Context(), db.System(), db.Durable, func(tx *db.Tx) error {
		_, err := tx.Exec(context.Background(), `update mandate_evidence set created_at = now()`)
		return err
	})
	if err == nil || !strings.Contains(err.Error(), "permission denied") {
		t.Errorf("changed: %v", err)
	}
}

func TestCompare_Evidence(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ sql, says string }{
		"removed":       {`delete from mandate_evidence where mandate_id = $1`, "its evidence was kept according to its entry, and is gone"},
		"other bytes":   {`update mandate_evidence set sha256 = sha256('x') where mandate_id = $1`, "its evidence is of organisation"},
		"other time":    {`update mandate_evidence set created_at = created_at + interval '1 s' where mandate_id = $1`, "its evidence is of organisation"},
		"other mandate": {`update mandate_evidence set mandate_id = (select id from mandate where id <> $1) where mandate_id = $1`, "its evidence stands in the tables, and no entry tells of it"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := fixture.New(t)
			m := w.Sign(t, w.Jeanne, fixture.Angela(), fixture.Tax)
			older := w.Sign(t, w.Jeanne, fixture.Citizen(1), fixture.Tax)
			w.Behind(t, `delete from mandate_evidence where mandate_id = $1`, older.ID)
			w.Behind(t, `delete from journal_entry where mandate_id = $1`, older.ID) // neither evidence nor an entry that tells of one
			if found := differences(t, w); len(found) != 0 {
				t.Fatalf("before: %q", found)
			}
			w.Behind(t, c.sql, m.ID)
			if found := differences(t, w); !slices.ContainsFunc(found, func(what string) bool { return strings.HasPrefix(what, c.says) }) {
				t.Errorf("found %q", found)
			}
		})
	}
}

func differences(t *testing.T, w *fixture.World) []string {
	t.Helper()
	found, err := mandate.Compare(t.Context(), w.OpenAuditor(t))
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, d := range found {
		if strings.Contains(d.What, "evidence") {
			out = append(out, d.What)
		}
	}
	return out
}
