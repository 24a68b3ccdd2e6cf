package inquiry

import (
	"cmp"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"mandat/internal/journal"
	"mandat/internal/journal/format"
	"mandat/internal/paper"
	"mandat/internal/prose"
	"mandat/internal/token"
)

// composer puts an inquiry into the words of a paper.
type composer struct {
	words      Words
	lang       string
	made       *Report
	whole      Whole
	placed     map[int64]journal.Placed
	signed     string // the checkpoint
	checkpoint format.Checkpoint
	now        time.Time
	printable  func(string) string
	withheld   []int // rounds whose grounds are about others too
	err        error
}

// narrow leaves what the organisation of the paper is told.
func (c *composer) narrow() {
	w, there := &c.whole, c.made.Organisation
	var told []int
	var own []Finding
	for _, f := range w.Findings {
		switch {
		case f.Gravity == None || f.Outcome == "": // of which nobody is told
		case f.Organisation == there:
			told, own = append(told, f.Round), append(own, f)
		default:
			c.withheld = append(c.withheld, f.Round)
		}
	}
	w.Notes, w.Reports, w.Findings = nil, nil, own
	w.Decisions = slices.DeleteFunc(w.Decisions, func(d Taken) bool { return !slices.Contains(told, d.Round) })
	w.Measures = slices.DeleteFunc(w.Measures, func(m Measure) bool { return m.Organisation != there })
	var last time.Time // what came since it, auditors are looking into
	for _, d := range w.Decisions {
		last = d.At
	}
	w.Entries = slices.DeleteFunc(w.Entries, func(e Attached) bool {
		entry := c.placed[e.Index].Entry
		return e.Aside || e.At.After(last) || entry == nil || entry.Organisation != there || !theirs(entry)
	})
	if w.State != Closed {
		w.State = Decided
	}
}

// theirs reports whether an entry is of what an organisation may know: not what auditors and recipients read of it, nor what the program found for auditors.
func theirs(e *journal.Entry) bool {
	var body struct {
		By struct {
			Kind journal.Kind `json:"kind"`
		} `json:"by"`
	}
	if json.Unmarshal(e.Body, &body) != nil || strings.HasPrefix(e.Action, "anomaly.") {
		return false
	}
	return slices.Contains([]journal.Kind{journal.Aidant, journal.Referent, journal.Administrator, journal.System}, body.By.Kind)
}

// text is a text of the pages.
func (c *composer) text(key string, args ...any) string {
	out, err := c.words.Text(c.lang, key, args...)
	c.err = cmp.Or(c.err, err)
	return out
}

// by says which auditor, where the reader is told.
func (c *composer) by(at time.Time, who uuid.UUID) string {
	when := prose.DateTime(c.lang, at)
	if c.made.Organisation != uuid.Nil {
		return when
	}
	return when + " · " + c.text("cases.one.by", "ID", journal.Pseudonym(who))
}

// said are words that somebody wrote, or that they are forgotten.
func (c *composer) said(words string) string {
	if words == "" {
		return c.text("cases.gone")
	}
	return c.printable(words)
}

func (c *composer) title() string { return c.text("cases.report.title", "Number", c.whole.Name()) }

func (c *composer) compose() []paper.Block {
	return slices.Concat(c.head(), c.entries(), c.notes(), c.findings(), c.measures(), c.decisions(), c.proof())
}

func heading(level int, text string) paper.Block {
	return paper.Block{Kind: paper.Heading, Level: level, Text: text}
}

// section is a heading with the rows under it, or a sentence when there are none.
func (c *composer) section(title, none string, rows [][2]string) []paper.Block {
	if len(rows) == 0 {
		return []paper.Block{heading(2, c.text(title)), {Kind: paper.Paragraph, Text: c.text(none)}}
	}
	return []paper.Block{heading(2, c.text(title)), {Kind: paper.Facts, Rows: rows}}
}

func (c *composer) head() []paper.Block {
	w := &c.whole
	lead := "cases.report.provisional"
	switch {
	case c.made.Organisation != uuid.Nil:
		lead = "cases.report.there"
	case w.over():
		lead = "cases.report.final"
	}
	rows := [][2]string{{c.text("cases.one.state"), c.text("cases.state." + w.State)}, {c.text("cases.one.opened"), c.by(w.OpenedAt, w.OpenedBy)}}
	if c.made.Organisation != uuid.Nil {
		rows = append(rows, [2]string{c.text("auditor.entry.organisation"), journal.Pseudonym(c.made.Organisation)})
	} else if len(w.Entries) > 0 {
		rows = append(rows, [2]string{c.text("cases.report.from"), c.text("auditor.list.provable", "Index", w.Entries[0].Index)})
	}
	if w.State == Closed {
		rows = append(rows, [2]string{c.text("cases.one.closed"), prose.DateTime(c.lang, w.ClosedAt)})
	}
	rows = append(rows, [2]string{c.text("cases.report.made"), c.by(c.now, c.made.MadeBy)}, [2]string{c.text("cases.report.id"), c.made.ID.String()},
		// By chance: the SHA-256 of the paper, which anybody may learn, tells nothing of its words to who tries some.
		[2]string{c.text("cases.report.chance"), token.Hex(16)})
	return []paper.Block{heading(1, c.title()), {Kind: paper.Paragraph, Text: c.text(lead)}, {Kind: paper.Facts, Rows: rows}}
}

func (c *composer) entries() []paper.Block {
	var rows [][2]string
	for _, e := range c.whole.Entries {
		place := c.placed[e.Index]
		var lines []string
		if place.Entry == nil {
			lines = append(lines, c.text("cases.report.forgotten"))
		} else {
			meaning, err := c.words.Meaning(c.lang, place.Entry)
			c.err = cmp.Or(c.err, err)
			lines = append(lines, prose.DateTime(c.lang, place.Entry.At), c.printable(meaning))
		}
		if c.made.Organisation == uuid.Nil {
			lines = append(lines, c.text("cases.report.attached", "How", c.by(e.At, e.By)))
		}
		if e.Aside {
			lines = append(lines, c.text("cases.entries.aside")+" "+c.said(e.SetAside))
		}
		lines = append(lines, c.text("cases.report.commitment", "Hash", hex.EncodeToString(place.Commitment[:])))
		rows = append(rows, [2]string{c.text("auditor.list.provable", "Index", e.Index), strings.Join(lines, "\n")})
	}
	return c.section("cases.report.entries", "cases.report.no_entries", rows)
}

func (c *composer) notes() []paper.Block {
	if c.made.Organisation != uuid.Nil {
		return nil
	}
	var rows [][2]string
	for _, n := range c.whole.Notes {
		if n.Kind != noteDecision && n.Kind != noteSetAside { // which stand where they belong
			rows = append(rows, [2]string{c.text("cases.notes.kind." + n.Kind), c.by(n.At, n.By) + "\n" + c.said(n.Words)})
		}
	}
	return c.section("cases.notes.title", "cases.notes.none", rows)
}

func (c *composer) findings() []paper.Block {
	if len(c.whole.Findings) == 0 {
		return c.section("cases.findings.title", "cases.findings.none", nil)
	}
	out := []paper.Block{heading(2, c.text("cases.findings.title"))}
	for _, f := range c.whole.Findings {
		rows := [][2]string{{c.text("cases.report.round"), strconv.Itoa(f.Round)}, {c.text("cases.report.found"), c.by(f.MadeAt, f.MadeBy)}}
		for _, of := range []struct {
			key string
			id  uuid.UUID
		}{{"auditor.entry.organisation", f.Organisation}, {"cases.there.person", f.Person}, {"cases.there.mandate", f.Mandate}} {
			if of.id != uuid.Nil {
				rows = append(rows, [2]string{c.text(of.key), journal.Pseudonym(of.id)})
			}
		}
		rows = append(rows, [2]string{c.text("cases.findings.words"), c.said(f.Words)})
		if f.Gravity != None {
			rows = append(rows, [2]string{c.text("cases.findings.reply"), c.reply(f)})
		}
		if f.Outcome != "" {
			rows = append(rows, [2]string{c.text("cases.there.decided"), c.text("cases.outcome."+f.Outcome) + " · " + prose.DateTime(c.lang, f.DecidedAt)})
		}
		out = append(out, heading(3, c.text("cases.gravity."+f.Gravity)), paper.Block{Kind: paper.Facts, Rows: rows})
	}
	return out
}

// reply is what the organisation said, or that it did not.
func (c *composer) reply(f Finding) string {
	switch f.State {
	case Replied:
		return prose.DateTime(c.lang, f.RepliedAt) + "\n" + c.said(f.Reply)
	case Asked:
		return c.text("cases.findings.due", "At", prose.DateTime(c.lang, f.DueAt))
	}
	return c.text("cases.findings.lapsed")
}

func (c *composer) measures() []paper.Block {
	var rows [][2]string
	for _, m := range c.whole.Measures {
		of := m.Person
		if m.Kind == OfMandate {
			of = m.Mandate
		}
		lines := []string{c.text("cases.measures.state." + m.State)}
		if m.Provisional {
			lines = append(lines, c.text("cases.measures.provisional"))
		}
		if !m.StoodAt.IsZero() {
			lines = append(lines, c.text("cases.measures.since", "At", prose.DateTime(c.lang, m.StoodAt)))
		}
		if !m.EndedAt.IsZero() {
			lines = append(lines, c.text("cases.measures.until", "At", prose.DateTime(c.lang, m.EndedAt)))
		}
		rows = append(rows, [2]string{c.text("cases.measure."+m.Kind, "ID", journal.Pseudonym(of)), strings.Join(lines, " · ")})
	}
	return c.section("cases.measures.title", "cases.measures.none", rows)
}

func (c *composer) decisions() []paper.Block {
	var rows [][2]string
	for _, d := range c.whole.Decisions {
		grounds := ""
		if slices.Contains(c.withheld, d.Round) {
			grounds = c.text("cases.report.withheld")
		} else {
			grounds = c.said(d.Words)
		}
		rows = append(rows, [2]string{c.text("cases.outcome." + d.Outcome), c.text("cases.report.round") + " " + strconv.Itoa(d.Round) + " · " + c.by(d.At, d.By) + "\n" + grounds})
	}
	return c.section("cases.decision.title", "cases.report.undecided", rows)
}

// proof says under which checkpoint the entries are proven, and how to check it and the paper.
func (c *composer) proof() []paper.Block {
	rows := [][2]string{{c.text("cases.report.origin"), c.checkpoint.Origin}, {c.text("cases.report.size"), strconv.FormatInt(c.checkpoint.Size, 10)}, {c.text("cases.report.root"), base64.StdEncoding.EncodeToString(c.checkpoint.Root[:])}}
	_, signatures, _ := strings.Cut(c.signed, "\n\n")
	for line := range strings.Lines(signatures) {
		if line = strings.TrimSpace(line); line != "" {
			rows = append(rows, [2]string{c.text("cases.report.signature"), strings.TrimPrefix(line, "— ")})
		}
	}
	return []paper.Block{heading(2, c.text("cases.report.proof")), {Kind: paper.Paragraph, Text: c.text("cases.report.under")}, {Kind: paper.Facts, Small: true, Rows: rows},
		{Kind: paper.Paragraph, Text: c.text("cases.report.how")}, {Kind: paper.List, Items: []string{c.text("cases.report.how_seal"), c.text("cases.report.how_file"), c.text("cases.report.how_entry")}},
		{Kind: paper.Note, Text: c.text("cases.report.names")}}
}
