package pdf

import (
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Seal appends an invisible PAdES-B-B signature to a document made by
// [Document.Bytes]. It certifies the document: no later change is permitted
// (DocMDP level 1). reason is shown by readers, at is the claimed time of
// signing (entry M; a CMS signing-time is forbidden by EN 319 142-1, 6.3) and
// must lie in the validity of every certificate of the chain. A document that
// is already sealed, or not ours, is refused.
func (s *Sealer) Seal(pdf []byte, reason string, at time.Time) ([]byte, error) {
	for i, c := range s.chain {
		if at.Before(c.NotBefore) || at.After(c.NotAfter) {
			return nil, fmt.Errorf("pdf: seal certificate %d is not valid at %s", i+1, at.UTC().Format(time.RFC3339))
		}
	}
	base, err := readRevision(pdf)
	if err != nil {
		return nil, fmt.Errorf("pdf: seal: %w", err)
	}
	u, signature, err := s.addField(base, reason, at)
	if err != nil {
		return nil, fmt.Errorf("pdf: seal: %w", err)
	}
	out, bodies := u.bytes()
	return s.fill(out, bodies[signature])
}

// Until is when the first certificate of the chain ends: nothing can be sealed after it.
func (s *Sealer) Until() time.Time {
	return slices.MinFunc(s.chain, func(a, b *x509.Certificate) int { return a.NotAfter.Compare(b.NotAfter) }).NotAfter
}

// The value begins with the placeholders, so that their places are known from
// that of the object.
const (
	contentsPrefix = "<< /Contents "
	rangePrefix    = " /ByteRange "
	rangeLength    = len("[0 0000000000 0000000000 0000000000]")
)

// room is the number of bytes kept for the CMS: the certificates, the issuer
// repeated, and ample space for attributes and signature.
func (s *Sealer) room() int {
	n := 2048 + len(s.chain[0].RawIssuer)
	for _, c := range s.chain {
		n += len(c.Raw)
	}
	return n
}

// addField adds the signature and its field, which has no place on the page.
func (s *Sealer) addField(base *revision, reason string, at time.Time) (*update, ref, error) {
	catalog, err := base.dictionary(base.root)
	if err != nil {
		return nil, 0, err
	}
	page, pageDict, err := base.firstPage(catalog)
	if err != nil {
		return nil, 0, err
	}
	if strings.Contains(catalog, "/AcroForm") || strings.Contains(pageDict, "/Annots") {
		return nil, 0, errForeign
	}
	u := base.update()
	signature := u.add(contentsPrefix + "<" + strings.Repeat("0", 2*s.room()) + ">" +
		rangePrefix + strings.Repeat(" ", rangeLength) +
		" /Type /Sig /Filter /Adobe.PPKLite /SubFilter /ETSI.CAdES.detached /M " + dateString(at) +
		" /Name " + textString(s.name) + " /Reason " + textString(reason) +
		" /Reference [<< /Type /SigRef /TransformMethod /DocMDP /TransformParams << /Type /TransformParams /P 1 /V /1.2 >> >>] >>")
	// Flags: print (4) and locked (128); the empty rectangle makes it invisible.
	field := u.add(fmt.Sprintf("<< /Type /Annot /Subtype /Widget /FT /Sig /T (Seal) /TU %s /V %s /F 132 /Rect [0 0 0 0] /P %s >>",
		textString(s.name), signature, page))
	u.changed[page] = fmt.Sprintf("<<%s /Annots [%s] >>", pageDict, field)
	u.changed[base.root] = fmt.Sprintf("<<%s /AcroForm << /Fields [%s] /SigFlags 3 >> /Perms << /DocMDP %s >> >>",
		catalog, field, signature)
	return u, signature, nil
}

// fill puts the byte range and then the CMS over it in their places. at is
// where the signature's dictionary begins.
func (s *Sealer) fill(out []byte, at int) ([]byte, error) {
	from := at + len(contentsPrefix)
	to := from + 2*s.room() + len("<>")
	ranges := fmt.Sprintf("[0 %d %d %d]", from, to, len(out)-to)
	copy(out[to+len(rangePrefix):], ranges)
	h := sha256.New()
	h.Write(out[:from])
	h.Write(out[to:])
	cms, err := s.signedData(h.Sum(nil))
	if err != nil {
		return nil, fmt.Errorf("pdf: seal: %w", err)
	}
	if len(cms) > s.room() {
		return nil, errors.New("pdf: seal: the signature is larger than foreseen")
	}
	hex.Encode(out[from+1:], cms)
	return out, nil
}
