package inquiry

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
	"mandat/internal/journal"
	"mandat/internal/journal/format"
	"mandat/internal/journal/tree"
	"mandat/internal/org"
	"mandat/internal/paper"
	"mandat/internal/pdf"
	"mandat/internal/throttle"
	"mandat/internal/token"
)

// ErrLanguage says that there is no report in this language.
var ErrLanguage = errors.New("no report in this language")

// Report is that a paper was made of an inquiry.
type Report struct {
	ID, Inquiry  uuid.UUID
	Organisation uuid.UUID // for whose referents it was made, of what concerns them; nil: whole, for auditors
	State        string    // of the inquiry then
	Round        int
	Lang         string
	SHA256       []byte // of the sealed PDF; stands in the entry inquiry.reported
	Size         int64  // of the checkpoint that it names
	MadeBy       uuid.UUID
	MadeAt       time.Time
}

const reportColumns = `p.id, p.inquiry_id, coalesce(p.organisation_id, '00000000-0000-0000-0000-000000000000'), p.state, p.round, p.lang, p.sha256, p.size, p.made_by, p.made_at`

func scanReport(row pgx.CollectableRow) (Report, error) {
	var p Report
	err := row.Scan(&p.ID, &p.Inquiry, &p.Organisation, &p.State, &p.Round, &p.Lang, &p.SHA256, &p.Size, &p.MadeBy, &p.MadeAt)
	return p, err
}

// Words are how papers say things.
type Words struct {
	Text    func(lang, key string, args ...any) (string, error)     // of pages
	Meaning func(lang string, entry *journal.Entry) (string, error) // an entry, in plain words
}

// Press makes papers of inquiries, and keeps none: the words in them are forgotten one day.
type Press struct {
	register *Register
	reader   *journal.Reader
	log      *tree.Log
	keys     *format.Keys // of the log
	sealer   *pdf.Sealer
	throttle *throttle.Throttle
	words    Words
}

// NewPress returns a press that seals with sealer, and reads entries as auditors do.
func NewPress(r *Register, reader *journal.Reader, log *tree.Log, keys *format.Keys, sealer *pdf.Sealer, words Words) *Press {
	return &Press{register: r, reader: reader, log: log, keys: keys, sealer: sealer, throttle: throttle.New(r.db, r.clock), words: words}
}

// Make makes the paper of an inquiry as it stands, for an auditor, in "fr" or "en": a sealed PDF, whose SHA-256 stands in the entry of the act before it is returned. It may be
// made in any state, and says which. People, and whom they helped, are in it by their pseudonyms only. It returns ErrLanguage, db.ErrNotFound, db.ErrConflict when the inquiry
// went on meanwhile, org.ErrMayNot, and throttle.WaitError after too many in a row.
func (p *Press) Make(ctx context.Context, by journal.Actor, id uuid.UUID, lang string) ([]byte, Report, error) {
	return p.press(ctx, by, lang, func() (Whole, uuid.UUID, error) {
		w, err := p.register.Look(ctx, by, id)
		return w, uuid.Nil, err
	}, func(b *pgx.Batch, made *Report) func() error {
		may := org.MayAudit(b, by)
		var state string
		var round int
		b.Queue(`select state, round from inquiry where id = $1 for share`, id).QueryRow(func(row pgx.Row) error { return row.Scan(&state, &round) })
		return func() error {
			if err := may(); err != nil {
				return err
			}
			return unless(state == made.State && round == made.Round, db.ErrConflict)
		}
	})
}

// MakeThere makes the paper of what was decided on a finding about a referent's organisation: of what concerns it. It is Make, but without notes, entries of others and auditors'
// pseudonyms, and without the grounds of a decision that is about others too; db.ErrNotFound is also for another organisation's finding, and for one that is not decided on.
func (p *Press) MakeThere(ctx context.Context, by journal.Actor, finding uuid.UUID, lang string) ([]byte, Report, error) {
	return p.press(ctx, by, lang, func() (Whole, uuid.UUID, error) {
		w, err := p.register.lookThere(ctx, by, finding)
		return w, by.Organisation, err
	}, func(b *pgx.Batch, _ *Report) func() error { return org.MayRun(b, by) })
}

// press makes a paper of what look returns: of the whole, or of what an organisation is told. right queues, for the act, who may.
func (p *Press) press(ctx context.Context, by journal.Actor, lang string, look func() (Whole, uuid.UUID, error), right func(*pgx.Batch, *Report) func() error) ([]byte, Report, error) {
	if lang != "fr" && lang != "en" {
		return nil, Report{}, wrap("make a report", ErrLanguage)
	}
	var sealed []byte
	var made Report
	allowance := throttle.Allowance{Of: "inquiry.report", Who: by.Person.String(), Burst: 20, Every: time.Minute}
	err := p.throttle.Spend(ctx, func() error {
		whole, there, err := look()
		if err != nil {
			return err
		}
		made = Report{ID: token.ID(), Inquiry: whole.ID, Organisation: there, State: whole.State, Round: whole.Round, Lang: lang, MadeBy: by.Person}
		if sealed, err = p.paint(ctx, whole, &made); err != nil {
			return err
		}
		sum := sha256.Sum256(sealed)
		made.SHA256 = sum[:]
		first := &pgx.Batch{}
		return p.note(ctx, by, first, right(first, &made), &made)
	}, allowance)
	if err != nil {
		return nil, Report{}, wrap("make a report", err)
	}
	return sealed, made, nil
}

// note is the act.
func (p *Press) note(ctx context.Context, by journal.Actor, first *pgx.Batch, may func() error, made *Report) error {
	return p.register.journal.RecordAfter(ctx, by, first, func(tx *journal.Tx) (journal.Event, error) {
		if err := may(); err != nil {
			return journal.Event{}, err
		}
		made.MadeAt = tx.Now
		tx.Queue(`insert into inquiry_report (id, inquiry_id, organisation_id, state, round, lang, sha256, size, made_by, made_at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
			made.ID, made.Inquiry, db.OrNull(made.Organisation), made.State, made.Round, made.Lang, made.SHA256, made.Size, made.MadeBy, made.MadeAt)
		return journal.Event{Action: "inquiry.reported", Organisation: made.Organisation, Detail: reported{Inquiry: made.Inquiry.String(), Report: made.ID.String(), State: made.State, Round: made.Round, Lang: made.Lang,
			Size: made.Size, SHA256: hex.EncodeToString(made.SHA256)}}, nil
	})
}

// reported is the detail of the entry; docs/journal.md lists it.
type reported struct {
	Inquiry string `json:"inquiry"`
	Report  string `json:"report"`
	State   string `json:"state"`
	Round   int    `json:"round"`
	Lang    string `json:"lang"`
	Size    int64  `json:"size"`
	SHA256  string `json:"sha256"`
}

// lookThere is Look at the inquiry of a finding that was decided on, for a referent of the organisation that it is about.
func (r *Register) lookThere(ctx context.Context, by journal.Actor, finding uuid.UUID) (Whole, error) {
	first := &pgx.Batch{}
	may := org.MayRunRead(first, by)
	var id []uuid.UUID
	collect(first, &id, pgx.RowTo[uuid.UUID], `select inquiry_id from inquiry_finding where id = $1 and organisation_id = $2 and gravity <> 'none' and outcome is not null`, finding, by.Organisation)
	err := r.db.Ask(ctx, db.InOrganisation(by.Organisation), first)
	if err == nil {
		err = may()
	}
	if err == nil && len(id) == 0 {
		err = db.ErrNotFound
	}
	if err != nil {
		return Whole{}, err
	}
	return r.read(ctx, id[0], func(ask func(*pgx.Batch)) error {
		batch := &pgx.Batch{}
		ask(batch)
		return r.db.Ask(ctx, db.System(), batch)
	})
}

// ReportOf finds by its SHA-256, for an auditor, the report that a file is. It returns db.ErrNotFound for a file that is none of ours, and org.ErrMayNot.
func (r *Register) ReportOf(ctx context.Context, by journal.Actor, sum []byte) (Report, Inquiry, error) {
	var reports []Report
	var inquiries []Inquiry
	err := r.asAuditor(ctx, by, func(b *pgx.Batch) {
		collect(b, &reports, scanReport, `select `+reportColumns+` from inquiry_report p where p.sha256 = $1`, sum)
		collect(b, &inquiries, scanInquiry, `select `+columns+` from inquiry q join inquiry_report p on p.inquiry_id = q.id where p.sha256 = $1`, sum)
	})
	if err == nil && (len(reports) == 0 || len(inquiries) == 0) {
		err = db.ErrNotFound
	}
	if err != nil {
		return Report{}, Inquiry{}, wrap("find a report", err)
	}
	return reports[0], inquiries[0], nil
}

// paint sets the words of a report and seals them. It takes some milliseconds of processor: never call it inside a transaction.
func (p *Press) paint(ctx context.Context, w Whole, made *Report) ([]byte, error) {
	var indexes []int64
	for _, e := range w.Entries {
		indexes = append(indexes, e.Index)
	}
	entries, err := p.reader.At(ctx, indexes)
	if err != nil {
		return nil, err
	}
	signed, checkpoint, err := p.checkpoint(ctx, slices.Max(append(indexes, 0)))
	if err != nil {
		return nil, err
	}
	made.Size = checkpoint.Size
	now := p.register.clock.Now()
	c := &composer{words: p.words, lang: made.Lang, made: made, whole: w, placed: map[int64]journal.Placed{}, signed: signed, checkpoint: checkpoint, now: now}
	for _, e := range entries {
		c.placed[e.Index] = e
	}
	if made.Organisation != uuid.Nil {
		c.narrow()
	}
	title := c.title()
	d := pdf.New(made.Lang, title, now)
	c.printable = d.Printable
	blocks := paper.Typographic(made.Lang, c.compose())
	if c.err != nil {
		return nil, c.err
	}
	if err := paper.Set(d, blocks); err != nil {
		return nil, fmt.Errorf("set: %w", err)
	}
	data, err := d.Bytes()
	if err != nil {
		return nil, fmt.Errorf("set: %w", err)
	}
	return p.sealer.Seal(data, title, now)
}

// checkpoint is the one under which entries up to an index are proven: the published one, or the latest when they are newer.
func (p *Press) checkpoint(ctx context.Context, index int64) (string, format.Checkpoint, error) {
	signed, err := p.log.Checkpoint(ctx)
	var c format.Checkpoint
	if err == nil {
		c, err = format.OpenCheckpoint(signed, p.keys)
	}
	if err == nil && c.Size > index {
		return string(signed), c, nil
	}
	if signed, err = p.log.Latest(ctx); err != nil {
		return "", c, err
	}
	c, err = format.OpenCheckpoint(signed, p.keys)
	if err == nil && c.Size <= index {
		err = journal.ErrNotProvable
	}
	return string(signed), c, err
}
