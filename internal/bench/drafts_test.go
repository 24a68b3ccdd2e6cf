package bench

import (
	"encoding/binary"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/citizen"
	"mandat/internal/draft"
	"mandat/internal/fixture"
	"mandat/internal/journal"
	"mandat/internal/mandate"
)

// perWriter is how far the ids of two writers' drafts lie apart.
const perWriter = 1_000_000

// draftID numbers drafts so that pgbench can name them: lpad(to_hex(writer * perWriter + n), 32, '0').
func draftID(writer, n int) uuid.UUID {
	var id uuid.UUID
	binary.BigEndian.PutUint64(id[8:], uint64(writer*perWriter+n))
	return id
}

var procedures = []string{"argent-impots-declaration", "logement-aide-caf", "social-rsa"}

// fillDrafts puts identified drafts of each writer into a database, numbered from first. About a third of them is for a
// citizen who has a mandate already. It returns when they were identified.
func fillDrafts(b *testing.B, w *fixture.World, address string, by []journal.Actor, first, count int) time.Time {
	b.Helper()
	conn, err := pgx.Connect(b.Context(), address)
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = conn.Close(b.Context()) }()
	if _, err := conn.Exec(b.Context(), `set session_replication_role = replica`); err != nil {
		b.Fatal(err)
	}
	now := w.Clock.Now()
	rows := make([][]any, 0, len(by)*count)
	for writer, a := range by {
		for n := first; n < first+count; n++ {
			rows = append(rows, draftRow(b, w, a, draftID(writer, n), writer*perWriter+n*2/3, now))
		}
	}
	_, err = conn.CopyFrom(b.Context(), pgx.Identifier{"mandate_draft"}, []string{"id", "organisation_id", "person_id", "state", "procedures", "levels", "case_refs", "days", "debt_read", "no_protection_at", "informed_at",
		"subject_id", "data_key", "identity", "sub_index", "identified_at", "identified_session", "identified_by", "created_at", "expires_at"}, pgx.CopyFromRows(rows))
	if err == nil {
		_, err = conn.Exec(b.Context(), `analyze`) // as autovacuum would have within a minute
	}
	if err != nil {
		b.Fatal(err)
	}
	return now
}

// agreements are what is agreed to about drafts of fillDrafts, by writer: what was shown is said, as the page of the recap does.
func agreements(b *testing.B, w *fixture.World, by []journal.Actor, first, count int, identified time.Time) [][]mandate.Agreement {
	b.Helper()
	out := make([][]mandate.Agreement, len(by))
	o, err := w.Directory.Organisation(b.Context(), by[0].Organisation)
	if err != nil {
		b.Fatal(err)
	}
	var wait sync.WaitGroup
	for writer := range by {
		wait.Go(func() {
			for n := first; n < first+count; n++ {
				a, who := fixture.Agreed(), fixture.Citizen(writer*perWriter+n*2/3)
				_, texts, err := w.Mandates.Proposal(draft.Draft{Terms: fixture.Terms(procedures...), Identity: &who, IdentifiedBy: draft.ByFranceConnect, IdentifiedAt: identified, InformedAt: identified}, o, a.How)
				if err != nil {
					b.Error(err)
					return
				}
				a.Version, a.Shown = 1, mandate.ShownDigest(texts)
				out[writer] = append(out[writer], a)
			}
		})
	}
	wait.Wait()
	return out
}

func draftRow(b *testing.B, w *fixture.World, a journal.Actor, id uuid.UUID, who int, now time.Time) []any {
	b.Helper()
	subject, identity := uuid.New(), fixture.Citizen(who)
	key, wrapped, err := w.Keys.NewDataKey(subject)
	if err != nil {
		b.Fatal(err)
	}
	sealed, err := citizen.SealIdentity(key, identity)
	if err != nil {
		b.Fatal(err)
	}
	index, err := w.Citizens.Index(a.Organisation, identity.Sub)
	if err != nil {
		b.Fatal(err)
	}
	return []any{id, a.Organisation, a.Person, "identified", procedures, []string{"act", "act", "act"}, []string{"", "", ""}, 31, true, now, now, subject, wrapped, sealed, index, now, a.Session, "franceconnect", now, now.Add(4 * time.Hour)}
}
