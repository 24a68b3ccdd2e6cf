package inquiry

import (
	"context"
	"encoding/hex"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/journal"
)

// tables is what the tables say of inquiries and findings, by their ids, in the words of entry.apply.
type tables map[uuid.UUID]life

// read reads what is compared. Inquiries come first: what the other rows say is added to theirs.
func (t tables) read(ctx context.Context, tx pgx.Tx) error {
	for _, table := range []struct {
		sql string
		row func(pgx.CollectableRow) error
	}{
		{`select ` + columns + ` from inquiry q`, t.inquiry},
		{`select inquiry_id, index, attached_by, attached_at, set_aside from inquiry_entry`, t.entry},
		{`select inquiry_id, id, words_sha256 from inquiry_note where kind not in ('provisional', 'lifted')`, t.note},
		{`select ` + findingColumns + `, f.words_sha256, f.reply_sha256 from inquiry_finding f`, t.finding},
		{`select ` + reportColumns + ` from inquiry_report p`, t.report},
		{`select d.inquiry_id, d.round, d.outcome, d.note_id, d.decided_by, d.decided_at, array(select m.id::text from inquiry_measure m join inquiry_finding f on f.id = m.finding_id
			where m.inquiry_id = d.inquiry_id and f.round = d.round and not m.provisional) from inquiry_decision d`, t.decision},
	} {
		rows, err := tx.Query(ctx, table.sql)
		if err != nil {
			return err
		}
		if _, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (struct{}, error) { return struct{}{}, table.row(row) }); err != nil {
			return err
		}
	}
	return nil
}

// of is what is known of an inquiry. Of one whose own row is gone that is what its other rows say: it is told, and not passed over.
func (t tables) of(inquiry uuid.UUID) life {
	if t[inquiry] == nil {
		t[inquiry] = life{}
	}
	return t[inquiry]
}

func whoText(person uuid.UUID, at time.Time) string { return byAt(person, journal.TimeText(at)) }

func (t tables) inquiry(row pgx.CollectableRow) error {
	q, err := scanInquiry(row)
	l := life{"number": q.Name(), "opened": whoText(q.OpenedBy, q.OpenedAt), "state": q.State, "round": fmt.Sprint(q.Round)}
	if q.State == Closed {
		l["closed"] = journal.TimeText(q.ClosedAt)
	}
	t[q.ID] = l
	return err
}

func (t tables) entry(row pgx.CollectableRow) error {
	var id uuid.UUID
	var e attached
	err := row.Scan(&id, &e.Index, &e.By, &e.At, &e.note)
	text := whoText(e.By, e.At)
	if e.note != nil {
		text += asideText(e.note.String())
	}
	t.of(id)[attachedAs(e.Index)] = text
	return err
}

func (t tables) note(row pgx.CollectableRow) error {
	var id, note uuid.UUID
	var sum []byte
	err := row.Scan(&id, &note, &sum)
	t.of(id)["note "+note.String()] = hex.EncodeToString(sum)
	return err
}

func (t tables) finding(row pgx.CollectableRow) error {
	var f Finding
	var words, reply []byte
	err := row.Scan(append(f.fields(), &words, &reply)...)
	l := life{"finding of": f.Inquiry.String(), "is": findingText(f.Round, f.Gravity, f.Organisation, f.Person, f.Mandate), "made": whoText(f.MadeBy, f.MadeAt), "words": hex.EncodeToString(words), "due": ""}
	if f.Gravity != None {
		l["due"] = journal.TimeText(f.DueAt)
	}
	if f.State == Replied {
		l["replied"] = replyText(whoText(f.RepliedBy, f.RepliedAt), hex.EncodeToString(reply))
	}
	if f.Outcome != "" {
		l["outcome"] = outcomeText(f.Outcome, journal.TimeText(f.DecidedAt))
	}
	t[f.ID] = l
	return err
}

func (t tables) report(row pgx.CollectableRow) error {
	p, err := scanReport(row)
	t.of(p.Inquiry)["report "+p.ID.String()] = reportText(p.State, p.Round, p.Lang, p.Size, hex.EncodeToString(p.SHA256), p.Organisation, whoText(p.MadeBy, p.MadeAt))
	return err
}

func (t tables) decision(row pgx.CollectableRow) error {
	var id uuid.UUID
	var d taken
	var measures []string
	err := row.Scan(&id, &d.Round, &d.Outcome, &d.note, &d.By, &d.At, &measures)
	t.of(id)[decisionOf(d.Round)] = decisionText(d.Outcome, d.note.String(), whoText(d.By, d.At), measures)
	return err
}
