package inquiry

import (
	"context"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

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
	d, who := e.Detail, fmt.Sprintf("by %s at %s", e.By.Person, e.At)
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
		q[attachedAs(d.Index)] += " set aside by " + d.Note
	case "found":
		q["state"] = Found
		all[d.Finding] = life{"finding of": d.Inquiry.String(), "is": findingText(d.Round, d.Gravity, e.Organisation, d.Person, e.Mandate), "made": who, "words": d.Words, "due": d.DueAt}
		findingsOf[d.Inquiry] = append(findingsOf[d.Inquiry], d.Finding)
	case "replied":
		if f := all[d.Finding]; f != nil {
			f["replied"] = who + ", " + d.Words
		}
	case "decided":
		q["state"], q[fmt.Sprintf("decision %d", d.Round)] = Decided, decisionText(d.Outcome, d.Note, who)
		for _, id := range findingsOf[d.Inquiry] {
			if f := all[id]; f["outcome"] == "" {
				f["outcome"] = d.Outcome + " at " + e.At
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

func reportText(state string, round int, lang string, size int64, sum string, organisation uuid.UUID, who string) string {
	return fmt.Sprintf("%s in round %d, %s, under %d, %s, for %s, %s", state, round, lang, size, sum, organisation, who)
}

func attachedAs(index int64) string { return fmt.Sprintf("entry %d", index) }

func findingText(round int, gravity string, organisation, person, mandate uuid.UUID) string {
	return fmt.Sprintf("%s in round %d about %s, %s, %s", gravity, round, organisation, person, mandate)
}

func decisionText(outcome, note, who string) string { return outcome + " " + who + ", " + note }

// Compare replays what the journal says of inquiries and findings, and names what the tables say otherwise. What is suspended, the comparisons of mandates and people
// look at, and the reasons for it have their digests in the entries of these. It reads as auditor, in one snapshot.
func Compare(ctx context.Context, auditor *db.DB) ([]journal.Difference, error) {
	want, have, findingsOf := map[uuid.UUID]life{}, map[uuid.UUID]life{}, map[uuid.UUID][]uuid.UUID{}
	err := auditor.Snapshot(ctx, db.Nothing(), func(tx pgx.Tx) error {
		if err := journal.Replay(ctx, tx, `e.action = any ($1)`, []any{journal.ActionsOf("inquiry")}, func(e entry) { e.apply(want, findingsOf) }); err != nil {
			return err
		}
		return tables(ctx, tx, have)
	})
	if err != nil {
		return nil, fmt.Errorf("compare inquiries with the journal: %w", err)
	}
	return journal.Differences(have, want, func(id uuid.UUID, what string) journal.Difference {
		return journal.Difference{Of: "inquiry", ID: id.String(), What: what}
	}, journal.Words[life]{
		Stray: "stands in the table, and no entry tells of it",
		Other: "the table says {tables}; the entries say {entries}",
		Gone:  "was opened or found according to its entry, and is gone from the table",
	}), nil
}

// tables reads what is compared.
func tables(ctx context.Context, tx pgx.Tx, have map[uuid.UUID]life) error {
	each := func(sql string, f func(row pgx.CollectableRow) error) error {
		rows, err := tx.Query(ctx, sql)
		if err != nil {
			return err
		}
		_, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (struct{}, error) { return struct{}{}, f(row) })
		return err
	}
	at := func(t time.Time) string { return t.UTC().Format(journal.TimeFormat) }
	if err := each(`select `+columns+` from inquiry q`, func(row pgx.CollectableRow) error {
		q, err := scanInquiry(row)
		have[q.ID] = life{"number": q.Name(), "opened": fmt.Sprintf("by %s at %s", q.OpenedBy, at(q.OpenedAt)), "state": q.State, "round": fmt.Sprint(q.Round)}
		if !q.ClosedAt.IsZero() && q.State == Closed {
			have[q.ID]["closed"] = at(q.ClosedAt)
		}
		return err
	}); err != nil {
		return err
	}
	if err := each(`select inquiry_id, index, attached_by, attached_at, set_aside from inquiry_entry`, func(row pgx.CollectableRow) error {
		var id uuid.UUID
		var e attached
		err := row.Scan(&id, &e.Index, &e.By, &e.At, &e.note)
		text := fmt.Sprintf("by %s at %s", e.By, at(e.At))
		if e.note != nil {
			text += " set aside by " + e.note.String()
		}
		have[id][attachedAs(e.Index)] = text
		return err
	}); err != nil {
		return err
	}
	if err := each(`select inquiry_id, id, words_sha256 from inquiry_note where kind not in ('provisional', 'lifted')`, func(row pgx.CollectableRow) error {
		var inquiry, id uuid.UUID
		var sum []byte
		err := row.Scan(&inquiry, &id, &sum)
		have[inquiry]["note "+id.String()] = hex.EncodeToString(sum)
		return err
	}); err != nil {
		return err
	}
	if err := each(`select `+findingColumns+`, f.words_sha256, f.reply_sha256 from inquiry_finding f`, func(row pgx.CollectableRow) error {
		var f Finding
		var words, reply []byte
		err := row.Scan(append(f.fields(), &words, &reply)...)
		l := life{"finding of": f.Inquiry.String(), "is": findingText(f.Round, f.Gravity, f.Organisation, f.Person, f.Mandate), "made": fmt.Sprintf("by %s at %s", f.MadeBy, at(f.MadeAt)), "words": hex.EncodeToString(words), "due": ""}
		if f.Gravity != None {
			l["due"] = at(f.DueAt)
		}
		if f.State == Replied {
			l["replied"] = fmt.Sprintf("by %s at %s, %x", f.RepliedBy, at(f.RepliedAt), reply)
		}
		if f.Outcome != "" {
			l["outcome"] = f.Outcome + " at " + at(f.DecidedAt)
		}
		have[f.ID] = l
		return err
	}); err != nil {
		return err
	}
	if err := each(`select `+reportColumns+` from inquiry_report p`, func(row pgx.CollectableRow) error {
		p, err := scanReport(row)
		if l := have[p.Inquiry]; l != nil {
			l["report "+p.ID.String()] = reportText(p.State, p.Round, p.Lang, p.Size, hex.EncodeToString(p.SHA256), p.Organisation, fmt.Sprintf("by %s at %s", p.MadeBy, at(p.MadeAt)))
		}
		return err
	}); err != nil {
		return err
	}
	return each(`select inquiry_id, round, outcome, note_id, decided_by, decided_at from inquiry_decision`, func(row pgx.CollectableRow) error {
		var id uuid.UUID
		var d taken
		err := row.Scan(&id, &d.Round, &d.Outcome, &d.note, &d.By, &d.At)
		have[id][fmt.Sprintf("decision %d", d.Round)] = decisionText(d.Outcome, d.note.String(), fmt.Sprintf("by %s at %s", d.By, at(d.At)))
		return err
	})
}
