package inquiry

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
	"mandat/internal/journal"
)

// life is what is compared of an inquiry or a finding: what it is, and what was done with it since, each by its name.
type life map[string]string

// String says it in words, which are compared.
func (l life) String() string {
	var out []string
	for _, key := range slices.Sorted(maps.Keys(l)) {
		out = append(out, key+": "+l[key])
	}
	return strings.Join(out, "; ")
}

// entry is what an entry says.
type entry struct {
	Action string `json:"action"`
	At     string `json:"at"`
	By     struct {
		Person uuid.UUID `json:"person"`
	} `json:"by"`
	Organisation uuid.UUID `json:"organisation"`
	Mandate      uuid.UUID `json:"mandate"`
	Detail       struct {
		Inquiry  uuid.UUID `json:"inquiry"`
		Number   string    `json:"number"`
		Index    int64     `json:"index"`
		Finding  uuid.UUID `json:"finding"`
		Gravity  string    `json:"gravity"`
		Person   uuid.UUID `json:"person"`
		DueAt    string    `json:"due_at"`
		Round    int       `json:"round"`
		Outcome  string    `json:"outcome"`
		Measures []string  `json:"measures"`
		Note     string    `json:"note"`
		Words    string    `json:"words_sha256"`
		Report   string    `json:"report"`
		State    string    `json:"state"`
		Lang     string    `json:"lang"`
		Size     int64     `json:"size"`
		SHA256   string    `json:"sha256"`
	} `json:"detail"`
}

func (e entry) apply(all map[uuid.UUID]life, findingsOf map[uuid.UUID][]uuid.UUID) {
	d, who := e.Detail, byAt(e.By.Person, e.At)
	q := all[d.Inquiry]
	if e.Action == "inquiry.opened" {
		q = life{"number": d.Number, "opened": who, "state": Open, "round": "1"}
		all[d.Inquiry] = q
	}
	if q == nil {
		return
	}
	if d.Note != "" {
		q["note "+d.Note] = d.Words
	}
	switch _, what, _ := strings.Cut(e.Action, "."); what {
	case "opened", "entry_attached":
		q[attachedAs(d.Index)] = who
	case "entry_set_aside":
		q[attachedAs(d.Index)] += asideText(d.Note)
	case "found":
		q["state"] = Found
		all[d.Finding] = life{"finding of": d.Inquiry.String(), "is": findingText(d.Round, d.Gravity, e.Organisation, d.Person, e.Mandate), "made": who, "words": d.Words, "due": d.DueAt}
		findingsOf[d.Inquiry] = append(findingsOf[d.Inquiry], d.Finding)
	case "replied":
		if f := all[d.Finding]; f != nil {
			f["replied"] = replyText(who, d.Words)
		}
	case "decided":
		q["state"], q[decisionOf(d.Round)] = Decided, decisionText(d.Outcome, d.Note, who, d.Measures)
		for _, id := range findingsOf[d.Inquiry] {
			if f := all[id]; f["outcome"] == "" {
				f["outcome"] = outcomeText(d.Outcome, e.At)
			}
		}
	case "closed":
		q["state"], q["closed"] = Closed, e.At
	case "reopened":
		q["state"], q["round"] = Open, fmt.Sprint(d.Round)
		delete(q, "closed")
	case "reported":
		q["report "+d.Report] = reportText(d.State, d.Round, d.Lang, d.Size, d.SHA256, e.Organisation, who)
	}
}

// The parts of a life as the journal and the tables both say them.

func byAt(person uuid.UUID, at string) string { return fmt.Sprintf("by %s at %s", person, at) }

func attachedAs(index int64) string { return fmt.Sprintf("entry %d", index) }

func findingText(round int, gravity string, organisation, person, mandate uuid.UUID) string {
	return fmt.Sprintf("%s in round %d about %s, %s, %s", gravity, round, organisation, person, mandate)
}

func decisionOf(round int) string { return fmt.Sprintf("decision %d", round) }

func decisionText(outcome, note, who string, measures []string) string {
	return fmt.Sprintf("%s %s, %s, suspends %q", outcome, who, note, slices.Sorted(slices.Values(measures)))
}

func asideText(note string) string { return " set aside by " + note }

func replyText(who, words string) string { return who + ", " + words }

func outcomeText(outcome, at string) string { return outcome + " at " + at }

func reportText(state string, round int, lang string, size int64, sum string, organisation uuid.UUID, who string) string {
	return fmt.Sprintf("%s in round %d, %s, under %d, %s, for %s, %s", state, round, lang, size, sum, organisation, who)
}

// Compare replays what the journal says of inquiries and findings, and names what the tables say otherwise. Whether something is suspended now, the comparisons of mandates and
// people look at, and the reasons for it have their digests in the entries of these. It reads as auditor, in one snapshot.
func Compare(ctx context.Context, auditor *db.DB) ([]journal.Difference, error) {
	want, have, findingsOf := map[uuid.UUID]life{}, tables{}, map[uuid.UUID][]uuid.UUID{}
	err := auditor.Snapshot(ctx, db.Nothing(), func(tx pgx.Tx) error {
		if err := journal.Replay(ctx, tx, `e.action = any ($1)`, []any{journal.ActionsOf("inquiry")}, func(e entry) { e.apply(want, findingsOf) }); err != nil {
			return err
		}
		return have.read(ctx, tx)
	})
	if err != nil {
		return nil, fmt.Errorf("compare inquiries with the journal: %w", err)
	}
	return journal.Differences(have, want, journal.DifferenceOf("inquiry"), journal.Words[life]{
		Stray: "stands in the table, and no entry tells of it",
		Other: "the table says {tables}; the entries say {entries}",
		Gone:  "was opened or found according to its entry, and is gone from the table",
	}), nil
}
