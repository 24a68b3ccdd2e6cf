package mandate

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/journal"
)

// proof is what the entry of a signature says of who had said before who the citizen is, and that they agree. Entries of before the version of the draft stood in
// them say nothing of it.
type proof struct {
	draft, organisation, aidant, witness uuid.UUID
	version                              int
	method, attested                     string
	identified, witnessed, signed        time.Time
}

// said is an entry draft.identified or draft.witnessed.
type said struct {
	Action       string    `json:"action"`
	At           time.Time `json:"at"`
	Organisation uuid.UUID `json:"organisation"`
	By           struct {
		Person uuid.UUID `json:"person"`
	} `json:"by"`
	Detail struct {
		Draft   uuid.UUID `json:"draft"`
		Version int       `json:"version"`
		Method  string    `json:"method"`
		Terms   string    `json:"terms_sha256"`
	} `json:"detail"`
}

// compareProofs holds what signatures say of identification and witness to the entries of those who identified and attested.
func compareProofs(ctx context.Context, tx pgx.Tx, signatures map[uuid.UUID]*state) ([]journal.Difference, error) {
	var times []time.Time
	for _, s := range signatures {
		if s.proof.version > 0 {
			times = append(times, s.proof.identified, s.proof.witnessed)
		}
	}
	entries := map[uuid.UUID][]said{}
	err := journal.Replay(ctx, tx, `e.at = any ($1::timestamptz[]) and e.action in ('draft.identified', 'draft.witnessed')`, []any{times}, func(e said) {
		entries[e.Detail.Draft] = append(entries[e.Detail.Draft], e)
	})
	if err != nil {
		return nil, err
	}
	var out []journal.Difference
	for _, id := range slices.SortedFunc(maps.Keys(signatures), func(a, b uuid.UUID) int { return bytes.Compare(a[:], b[:]) }) {
		for _, what := range signatures[id].proof.missing(entries) {
			out = append(out, difference(id, what))
		}
	}
	return out, nil
}

// missing says which entries there should be and are not.
func (p proof) missing(entries map[uuid.UUID][]said) []string {
	if p.version == 0 {
		return nil
	}
	heard := func(action string, person uuid.UUID, at time.Time, terms string) bool {
		return !at.After(p.signed) && slices.ContainsFunc(entries[p.draft], func(e said) bool {
			return e.Action == action && e.Organisation == p.organisation && e.By.Person == person && e.At.Equal(at) && e.Detail.Version == p.version && e.Detail.Method == p.method && e.Detail.Terms == terms
		})
	}
	var out []string
	if !heard("draft.identified", p.aidant, p.identified, "") {
		out = append(out, fmt.Sprintf("its entry says that its aidant identified the citizen (%s) in version %d of draft %s, and no entry draft.identified before it says so", p.method, p.version, p.draft))
	}
	if p.witness != uuid.Nil && (p.witness == p.aidant || p.attested == "" || !heard("draft.witnessed", p.witness, p.witnessed, p.attested)) {
		out = append(out, fmt.Sprintf("its entry says that %s attested version %d of draft %s, and no entry draft.witnessed of theirs before it says so of these terms", p.witness, p.version, p.draft))
	}
	return out
}
