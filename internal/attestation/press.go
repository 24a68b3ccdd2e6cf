package attestation

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"mandat/internal/citizen"
	"mandat/internal/clock"
	"mandat/internal/db"
	"mandat/internal/journal"
	"mandat/internal/mandate"
	"mandat/internal/pdf"
	"mandat/internal/throttle"
)

// errTaken says that somebody else issued a document of this mandate since it was looked at.
var errTaken = errors.New("another document of the mandate was issued first")

// Settings is what documents say of the service, and where their codes lead.
type Settings struct {
	BaseURL               string // of the site, "https://…", without a final slash
	Phone, Email, Address string // of the service, where a mandate can be ended; Address on one line
}

// Document is a document as it was handed over.
type Document struct {
	Sheet
	Edition   int       // of a report, from 1; else 1
	Bytes     []byte    // the sealed PDF
	SHA256    []byte    // of Bytes; stands in the entry attestation.issued
	Template  string    // version of the words
	IssuedAt  time.Time // when it was first asked for
	IssuedBy  uuid.UUID // the aidant who did
	Words     []Block   // what the PDF says, for a page that is to say the same
	StatusURL string    // where the QR code leads
	Word      string    // the control word that is printed on it, "" if none is
}

// Press issues documents and tells their status.
type Press struct {
	db       *db.DB
	journal  *journal.Journal
	mandates *mandate.Register
	citizens *citizen.Register
	sealer   *pdf.Sealer
	settings Settings
	throttle *throttle.Throttle
	clock    *clock.Clock
}

// New returns a press that seals with sealer.
func New(d *db.DB, j *journal.Journal, mandates *mandate.Register, citizens *citizen.Register, sealer *pdf.Sealer, s Settings, c *clock.Clock) *Press {
	return &Press{db: d, journal: j, mandates: mandates, citizens: citizens, sealer: sealer, settings: s, throttle: throttle.New(d, c), clock: c}
}

// Issue returns the attestation or the certificate of end (kinds Given and Ended) of a mandate of the actor's organisation, for one of the
// pages that show it (mandate.PageAttestation, mandate.PageDocument): the one kept, or, the first time, one made now. That it was
// read is recorded (mandate.Register.Reading). A mandate that has ended has its attestation too; that it has ended is for the QR code to say.
//
// Errors: ErrLanguage, ErrKind; ErrStands for the certificate of a mandate that has not ended; db.ErrNotFound for another organisation's
// mandate; org.ErrMayNot for somebody who is no aidant of the organisation, or may not read of its citizens (org.Reads);
// *pdf.UnprintableError for a name in letters that the font lacks.
func (p *Press) Issue(ctx context.Context, by journal.Actor, s Sheet, page string) (Document, error) {
	if err := s.check(Given, Ended); err != nil {
		return Document{}, err
	}
	return p.issueFirst(ctx, by, s, page, "", nil)
}

// Report returns the account of what was done, with its parties and dates around what body says: the edition kept last if it says the
// same, else a new one. title stands on top ("Compte rendu …"); headings in body begin at level 2. Its errors are those of Issue; s.Kind
// is set.
func (p *Press) Report(ctx context.Context, by journal.Actor, s Sheet, page, title string, body []Block) (Document, error) {
	s.Kind = Report
	if err := s.check(Report); err != nil {
		return Document{}, err
	}
	return p.issueFirst(ctx, by, s, page, title, body)
}

// issueFirst starts again when another's document came first. That can be so at most three times: with the mandate's address, with its
// control word, then with the document itself.
func (p *Press) issueFirst(ctx context.Context, by journal.Actor, s Sheet, page, title string, body []Block) (Document, error) {
	for range 4 {
		d, err := p.issue(ctx, by, s, page, title, body)
		if errors.Is(err, errTaken) {
			continue
		}
		if err != nil {
			return Document{}, fmt.Errorf("issue %s of mandate %s: %w", s.Kind, s.Mandate, err)
		}
		return d, nil
	}
	return Document{}, db.ErrConflict
}

func (p *Press) issue(ctx context.Context, by journal.Actor, s Sheet, page, title string, body []Block) (Document, error) {
	known, err := p.look(ctx, by, s, page)
	if err != nil || known.document != nil && s.Kind != Report {
		return known.orZero(), err
	}
	m, err := p.mandates.Consult(ctx, by, s.Mandate, page)
	if err != nil {
		return Document{}, err
	}
	if known.token == "" {
		known.token, known.fresh = newToken(), true
	}
	if known.word == "" && s.Kind == Given {
		known.word, known.freshWord = newControlWord(), true
	}
	now := p.clock.Now()
	x := subject{agreed: read(m, now), lang: s.Lang, service: p.settings, status: p.address(known.token), word: known.word, now: now}
	if s.Kind == Ended && x.endedAt.IsZero() {
		return Document{}, ErrStands
	}
	d := Document{Sheet: s, Edition: 1, Template: template, StatusURL: x.status, Words: compose(s.Kind, x, title, body)}
	d.Word = known.printed(d.Words)
	if known.document != nil {
		if sameWords(known.document.Words, d.Words) {
			return *known.document, nil
		}
		d.Edition = known.document.Edition + 1
	}
	if d.Bytes, err = p.paint(s, d.Words, now); err != nil {
		return Document{}, err
	}
	return p.keep(ctx, by, d, known)
}

func (p *Press) address(token string) string { return p.settings.BaseURL + "/v/" + token }
