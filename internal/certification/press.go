package certification

import (
	"context"
	"crypto/sha256"
	"encoding/base32"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"mandat/internal/clock"
	"mandat/internal/org"
	"mandat/internal/pdf"
)

// ErrLanguage says that there is no certificate in this language.
var ErrLanguage = errors.New("no certificate in this language")

// Press makes certificates as documents.
type Press struct {
	register  *Register
	directory *org.Directory
	sealer    *pdf.Sealer
	clock     *clock.Clock
}

// NewPress returns a press that seals with sealer.
func NewPress(r *Register, directory *org.Directory, sealer *pdf.Sealer, c *clock.Clock) *Press {
	return &Press{register: r, directory: directory, sealer: sealer, clock: c}
}

// crockford is the alphabet of numbers: no letter looks like a digit (https://www.crockford.com/base32.html).
var crockford = base32.NewEncoding("0123456789ABCDEFGHJKMNPQRSTVWXYZ").WithPadding(base32.NoPadding)

// Number names a certificate on paper, "4F7K-92QD-XA0M": 60 bits of a digest of the person's id and the instant of certification,
// from which neither can be found. Another certificate of the same person has another one; "" without a certificate.
func (c Certification) Number() string {
	if c.CertifiedAt.IsZero() {
		return ""
	}
	sum := sha256.Sum256(fmt.Appendf(nil, "certificate %s %d", c.Person, c.CertifiedAt.UnixMicro()))
	text := crockford.EncodeToString(sum[:8])
	return text[:4] + "-" + text[4:8] + "-" + text[8:12]
}

// Print makes the certificate of a person as a sealed PDF, in "fr" or "en". It is made anew each time, and not kept. Errors:
// ErrNotCertified and ErrSuspended when there is none that counts now; ErrLanguage; db.ErrNotFound;
// *pdf.UnprintableError for a name in letters that the font lacks.
func (p *Press) Print(ctx context.Context, person uuid.UUID, lang string) ([]byte, error) {
	if lang != "fr" && lang != "en" {
		return nil, ErrLanguage
	}
	c, err := p.register.Of(ctx, person)
	if err != nil {
		return nil, err
	}
	now := p.clock.Now()
	switch c.State(now) {
	case Certified:
	case Suspended:
		return nil, ErrSuspended
	default:
		return nil, ErrNotCertified
	}
	who, err := p.directory.Find(ctx, person)
	if err != nil {
		return nil, err
	}
	data, err := p.paint(wordsOf(lang, c, who.GivenName+" "+who.UsualName, now), lang, now)
	if err != nil {
		return nil, fmt.Errorf("print certificate: %w", err)
	}
	return data, nil
}

// paint sets the words and seals them.
func (p *Press) paint(w words, lang string, now time.Time) ([]byte, error) {
	d := pdf.New(lang, w.title, now)
	d.Heading(1, w.title)
	d.Paragraph(w.says)
	d.Pairs(w.facts)
	d.Heading(2, w.means)
	d.List(w.rights)
	d.Note(w.note)
	data, err := d.Bytes()
	if err != nil {
		return nil, err
	}
	return p.sealer.Seal(data, w.title, now)
}
