package attestation

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"mandat/internal/citizen"
	"mandat/internal/clock"
	"mandat/internal/db"
	"mandat/internal/journal"
	"mandat/internal/mandate"
	"mandat/internal/pdf"
)

// Languages are those a document can be issued in, by ISO 639-1 code.
var Languages = []string{"fr", "en"}

// ErrLanguage says that there is no document in this language.
var ErrLanguage = errors.New("no attestation in this language")

// errTaken says that somebody else issued a document of this mandate since it was looked at.
var errTaken = errors.New("another document of the mandate was issued first")

// Settings is what documents say of the service, and where their codes lead.
type Settings struct {
	BaseURL               string // of the site, "https://…", without a final slash
	Phone, Email, Address string // of the service, where a mandate can be ended; Address on one line
}

// Document is an attestation as it was handed over.
type Document struct {
	Mandate   uuid.UUID
	Lang      string
	Bytes     []byte    // the sealed PDF
	SHA256    []byte    // of Bytes; stands in the entry attestation.issued
	Template  string    // version of the words
	IssuedAt  time.Time // when it was first asked for
	IssuedBy  uuid.UUID // the aidant who did
	Words     []Block   // what the PDF says, for a page that is to say the same
	StatusURL string    // where the QR code leads
}

// Press issues documents and tells their status.
type Press struct {
	db       *db.DB
	journal  *journal.Journal
	mandates *mandate.Register
	citizens *citizen.Register
	sealer   *pdf.Sealer
	settings Settings
	clock    *clock.Clock
}

// New returns a press that seals with sealer.
func New(d *db.DB, j *journal.Journal, mandates *mandate.Register, citizens *citizen.Register, sealer *pdf.Sealer, s Settings, c *clock.Clock) *Press {
	return &Press{db: d, journal: j, mandates: mandates, citizens: citizens, sealer: sealer, settings: s, clock: c}
}

// Issue returns the document of a mandate of the actor's organisation in a language, for one of the pages that show it
// (mandate.PageAttestation, mandate.PageDocument): the one kept, or, the first time, one
// made now. That it was read is recorded (mandate.Register.Reading). A mandate that has ended has its document too; that it has ended is for the QR code to say.
//
// Errors: ErrLanguage; db.ErrNotFound for another organisation's mandate; org.ErrMayNot for somebody
// who is no aidant of the organisation, or may not read of its citizens (org.Reads); *pdf.UnprintableError for a name in letters that the font lacks.
func (p *Press) Issue(ctx context.Context, by journal.Actor, id uuid.UUID, lang, page string) (Document, error) {
	if !slices.Contains(Languages, lang) {
		return Document{}, ErrLanguage
	}
	// Another's document can come first at most twice: in the other language (its token is ours from then on), then in ours.
	for range 3 {
		d, err := p.issue(ctx, by, id, lang, page)
		if errors.Is(err, errTaken) {
			continue
		}
		if err != nil {
			return Document{}, fmt.Errorf("issue attestation of mandate %s: %w", id, err)
		}
		return d, nil
	}
	return Document{}, db.ErrConflict
}

func (p *Press) issue(ctx context.Context, by journal.Actor, id uuid.UUID, lang, page string) (Document, error) {
	known, err := p.look(ctx, by, id, lang, page)
	if err != nil || known.document != nil {
		return known.orZero(), err
	}
	m, err := p.mandates.Consult(ctx, by, id, page)
	if err != nil {
		return Document{}, err
	}
	if known.token == "" {
		known.token, known.fresh = newToken(), true
	}
	d := Document{Mandate: id, Lang: lang, Template: template, StatusURL: p.address(known.token)}
	now := p.clock.Now()
	d.Words = compose(lang, m.Terms, p.settings, d.StatusURL, now)
	if d.Bytes, err = p.paint(lang, d.Words, now); err != nil {
		return Document{}, err
	}
	return p.keep(ctx, by, d, known)
}

func (p *Press) address(token string) string { return p.settings.BaseURL + "/v/" + token }
