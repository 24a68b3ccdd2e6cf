package report

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
	"mandat/internal/journal"
	"mandat/internal/mandate"
	"mandat/internal/paper"
	"mandat/internal/prose"
	"mandat/internal/unsealing"
)

// Report is the account of everything that was done with a mandate.
type Report struct {
	Mandate mandate.Mandate
	Lang    string // fr or en
	At      time.Time
	Uses    []Use // the oldest first
	Title   string
	Parties paper.Block   // whose mandate it is, from when to when
	Body    []paper.Block // what was done, what was not, and what the report does not know; headings from level 2
	Note    paper.Block   // on which day it was drawn up
	SHA256  []byte        // of all of this but the day, in this language: the same as long as nothing else is done or said
}

// Compose gives the account of a mandate of the actor's organisation in a language (French unless it is "en"), with every use until now, and records that it
// was read. It may be asked for at any time, also after the mandate's end. Errors: db.ErrNotFound, org.ErrMayNot, as mandate.Register.Consult.
func (r *Register) Compose(ctx context.Context, by journal.Actor, id uuid.UUID, lang string) (Report, error) {
	m, err := r.mandates.Consult(ctx, by, id, PageReport)
	if err != nil {
		return Report{}, err
	}
	uses, err := r.OfMandate(ctx, by, id)
	if err != nil {
		return Report{}, err
	}
	slices.Reverse(uses)
	cases, err := r.mandates.References(m)
	if err != nil {
		return Report{}, fmt.Errorf("read the cases of mandate %s: %w", id, err)
	}
	var unsealed []unsealing.Unsealing
	err = r.db.Read(ctx, db.InOrganisation(by.Organisation), func(tx pgx.Tx) error {
		unsealed, err = unsealing.OfCitizen(ctx, tx, m.Citizen)
		return err
	})
	if err != nil {
		return Report{}, fmt.Errorf("read who was told who the citizen of mandate %s is: %w", id, err)
	}
	return compose(lang, m, uses, cases, unsealed, r.clock.Now())
}

// compose puts an account into words. cases are the references of files, by Use.Case.
func compose(lang string, m mandate.Mandate, uses []Use, cases map[string]string, unsealed []unsealing.Unsealing, now time.Time) (Report, error) {
	w := french
	if lang == "en" {
		w = english
	}
	c := composer{words: w, m: m, cases: cases, now: now}
	out := Report{Mandate: m, Lang: w.lang, At: now, Uses: uses, Title: w.title, Parties: c.parties(), Body: slices.Concat(c.done(uses), c.never(uses), c.unsealed(unsealed), c.limits())}
	out.Note = paper.Block{Kind: paper.Note, Text: fmt.Sprintf(w.established, prose.Date(w.lang, now))}
	c.space(&out)
	shown, err := json.Marshal([]any{out.Title, out.Parties, out.Body})
	if err != nil {
		return Report{}, errors.New("report: cannot be encoded") // the encoder's error could quote it
	}
	sum := sha256.Sum256(shown)
	out.SHA256 = sum[:]
	return out, nil
}

type composer struct {
	words
	m     mandate.Mandate
	cases map[string]string
	now   time.Time
}

func (c composer) parties() paper.Block {
	t, signed := c.m.Terms, c.signed
	if c.m.SignedWith == "code" {
		signed = c.confirmed
	}
	rows := [][2]string{{c.whose, t.Citizen.FullName() + ", " + fmt.Sprintf(c.born, t.Citizen.BirthdateText(c.lang))}, {c.whoActs, t.Organisation.Name},
		{signed, prose.DateTime(c.lang, c.m.SignedAt)}}
	end := [2]string{c.until, prose.DateTime(c.lang, c.m.Until())}
	switch {
	case c.m.EndedAt != nil:
		end = [2]string{c.ended, prose.DateTime(c.lang, *c.m.EndedAt)}
	case !c.now.Before(c.m.Until()):
		end[0] = c.ended
	}
	return paper.Block{Kind: paper.Facts, Rows: append(rows, end)}
}

// named returns a procedure's name and body as they were called when the mandate was signed.
func (c composer) named(key string) string {
	for _, p := range c.m.Terms.Procedures {
		if p.Key == key {
			return fmt.Sprintf("%s (%s)", p.Name.In(c.lang), p.Body.In(c.lang))
		}
	}
	return key
}

func (c composer) heading(level int, text string) paper.Block {
	return paper.Block{Kind: paper.Heading, Level: level, Text: text}
}

func (c composer) paragraph(text string) paper.Block {
	return paper.Block{Kind: paper.Paragraph, Text: text}
}

// Where the uses begin in the body of a report that has some, and how many blocks each of them is (done).
const (
	usesFrom   = 3
	blocksEach = 2
)

func (c composer) done(uses []Use) []paper.Block {
	out := []paper.Block{c.paragraph(c.law), c.heading(2, c.doneTitle)}
	if len(uses) == 0 {
		return append(out, c.paragraph(c.unused))
	}
	out = append(out, c.paragraph(c.count(len(uses), slices.DeleteFunc(slices.Clone(uses), func(u Use) bool { return !u.Due() }))))
	for n, u := range uses {
		out = append(out, c.heading(3, fmt.Sprintf("%d. %s", n+1, c.named(u.Procedure))), paper.Block{Kind: paper.Facts, Rows: c.rows(u)})
	}
	return out
}

// rows tell of one use. What nobody wrote is left out.
func (c composer) rows(u Use) [][2]string {
	last := u.Last()
	var rows [][2]string
	add := func(what, text string) {
		if text != "" {
			rows = append(rows, [2]string{what, text})
		}
	}
	add(c.file, c.cases[u.Case])
	rows = append(rows, [2]string{c.when, prose.DateTime(c.lang, u.UsedAt)}, [2]string{c.how, c.ways[u.Way]})
	add(c.service, u.Service)
	rows = append(rows, [2]string{c.outcome, c.outcomes[u.Outcome]})
	if last.Site != u.Service {
		add(c.site, last.Site)
	}
	add(c.receipt, last.Receipt)
	add(c.note, last.Note)
	if last.Supplied {
		add(c.supplied, c.yes)
	}
	add(c.by, u.Name)
	if last.Number > 1 {
		add(c.corrected, fmt.Sprintf(c.correctedOn, prose.ShortTime(c.lang, last.At), last.Name))
	}
	return rows
}

// never lists the powers that no use names.
func (c composer) never(uses []Use) []paper.Block {
	var unused []string
	for _, p := range c.m.Terms.Procedures {
		if slices.ContainsFunc(uses, func(u Use) bool { return u.Procedure == p.Key && c.cases[u.Case] == p.Case }) {
			continue
		}
		name := c.named(p.Key)
		if p.Case != "" {
			name = fmt.Sprintf(c.ofCase, name, p.Case)
		}
		unused = append(unused, name)
	}
	if len(unused) == 0 {
		return nil
	}
	return []paper.Block{c.heading(2, c.neverTitle), c.paragraph(c.neverText), {Kind: paper.List, Items: unused}}
}

// unsealed tells the citizen each time that an auditor was let see who they are.
func (c composer) unsealed(all []unsealing.Unsealing) []paper.Block {
	if len(all) == 0 {
		return nil
	}
	out := paper.Block{Kind: paper.List}
	for _, u := range all {
		text := fmt.Sprintf(c.unsealedOn, prose.DateTime(c.lang, u.DecidedAt), c.unsealedFor[u.Reason])
		switch u.Looks {
		case 0:
			text += " " + c.unsealedNever
		case 1:
			text += " " + fmt.Sprintf(c.unsealedOnce, prose.DateTime(c.lang, u.LookedAt))
		default:
			text += " " + fmt.Sprintf(c.unsealedOften, u.Looks, prose.DateTime(c.lang, u.LookedAt))
		}
		out.Items = append(out.Items, text)
	}
	return []paper.Block{c.heading(2, c.unsealedTitle), c.paragraph(c.unsealedText), out}
}

// limits says what is enforced and what is declared (docs/architecture.md).
func (c composer) limits() []paper.Block {
	return []paper.Block{c.heading(2, c.limitsTitle), {Kind: paper.List, Items: slices.Clone(c.limitsText)}}
}

// space puts unbreakable spaces where French has them.
func (c composer) space(r *Report) {
	put := func(text *string) { *text = prose.Spaces(c.lang, *text) }
	put(&r.Title)
	put(&r.Note.Text)
	for _, blocks := range [][]paper.Block{{r.Parties}, r.Body} {
		for i := range blocks {
			put(&blocks[i].Text)
			for j := range blocks[i].Items {
				put(&blocks[i].Items[j])
			}
			for j := range blocks[i].Rows {
				put(&blocks[i].Rows[j][0])
				put(&blocks[i].Rows[j][1])
			}
		}
	}
}
