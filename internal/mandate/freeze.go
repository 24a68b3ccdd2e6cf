package mandate

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"time"

	"github.com/google/uuid"

	"mandat/internal/credential"
	"mandat/internal/draft"
	"mandat/internal/evidence"
	"mandat/internal/journal"
	"mandat/internal/terms"
	"mandat/internal/token"
)

// freeze puts what is agreed, and how, into the words of today. On the same day it gives the same bytes, with the draft's salt. What the catalogue has not any more
// as it is asked is a *draft.NotAllowedError: a draft may be older than the catalogue.
func (s *signing) freeze(d *draft.Held, how *terms.Agreement, now time.Time) (terms.Frozen, error) {
	if gone := d.Terms.NotOffered(s.r.catalogue); gone != nil {
		return terms.Frozen{}, &draft.NotAllowedError{Procedures: gone}
	}
	o, informed := s.organisation, d.InformedAt
	f := terms.Frozen{Version: 2, Salt: d.Salt, Citizen: *d.Identity, Catalogue: s.r.catalogue.Version(),
		Organisation: terms.Party{Name: o.Name, SIRET: o.SIRET, Address: o.Address, Postcode: o.Postcode, City: o.City, Phone: o.Phone, Email: o.Email},
		Days:         d.Terms.Days, IdentifiedBy: d.IdentifiedBy, IdentifiedAt: d.IdentifiedAt, ConsentBy: s.consent, NoProtection: informed, Informed: informed,
		Mails: d.Terms.Tell, Agreement: how, Transfers: d.Transfers}
	f.Citizen.Sub, f.Citizen.Email = "", "" // the document needs neither
	if d.Terms.From.After(s.today) {
		f.StartsAt = d.Terms.Span(now, terms.MaxDays).From
	}
	for when, yes := range map[*time.Time]bool{&f.Payments: d.Terms.Payments, &f.BankDetails: d.Terms.BankDetails, &f.Warned: d.Terms.Warned} {
		if yes {
			*when = informed
		}
	}
	for _, asked := range d.Terms.Powers {
		p, _ := s.r.catalogue.Find(asked.Procedure)
		until := d.Terms.Span(now, p.MaxDays).Until
		if until.After(f.EndsAt) {
			f.EndsAt = until
		}
		f.Procedures = append(f.Procedures, terms.Power{Key: asked.Procedure, Theme: p.Theme, Name: p.Name, Body: p.Body, Warning: p.Warning, Site: p.Site, Level: asked.Level, Case: asked.Case, EndsAt: until})
	}
	return f, nil
}

// show writes what the citizen is shown of frozen terms, which name it from then on.
func (s *signing) show(f *terms.Frozen) (err error) {
	if s.shown, err = terms.Recap(*f); err != nil {
		return err
	}
	for _, text := range s.shown {
		f.Shown = append(f.Shown, text.Shown())
	}
	return nil
}

// ShownDigest is how a form says which texts it showed: the SHA-256 of their bytes, one after the other, in hexadecimal.
func ShownDigest(texts []evidence.Text) string {
	sum := sha256.New()
	for _, t := range texts {
		sum.Write(t.Bytes)
	}
	return hex.EncodeToString(sum.Sum(nil))
}

// agreed freezes the terms of a draft with all that was shown, said and drawn about them, or returns ErrOtherTerms when what would be shown now is not what was.
func (s *signing) agreed(d *draft.Held, now time.Time) (terms.Frozen, error) {
	f, err := s.freeze(d, s.agreement.How, now)
	if err == nil {
		err = s.show(&f)
	}
	if err != nil {
		return f, err
	}
	if ShownDigest(s.shown) != s.agreement.Shown {
		return f, ErrOtherTerms
	}
	if d.Witness != uuid.Nil {
		f.Witness = &terms.Attested{Person: d.Witness, At: d.WitnessedAt.UTC()}
	}
	for _, text := range slices.Concat(s.said, s.agreement.How.Signature()) {
		f.Shown, s.shown = append(f.Shown, text.Shown()), append(s.shown, text)
	}
	return f, nil
}

// asked is the SHA-256 of what the citizen is asked by SMS, and a second colleague attests: the terms, without how they agree, which the answer says, and
// without the texts.
func (s *signing) asked(d *draft.Held, now time.Time) ([]byte, error) {
	f, err := s.freeze(d, nil, now)
	if err != nil {
		return nil, err
	}
	_, digest, err := f.Encode()
	return digest, err
}

// bind freezes the terms, and holds the aidant's signature to them when they sign.
func (s *signing) bind(tx *journal.Tx, d *draft.Held) (f terms.Frozen, plain, digest []byte, err error) {
	if d.Salt == "" { // nobody was asked anything about these terms
		d.Salt = token.Hex(32)
	}
	if f, err = s.agreed(d, tx.Now); err != nil {
		return f, nil, nil, err
	}
	if plain, digest, err = f.Encode(); err != nil {
		return f, nil, nil, err
	}
	f.SignedAt = tx.Now
	if s.passkey != nil {
		if s.signature, err = s.passkey.Check(tx, digest); err != nil {
			return f, nil, nil, err
		}
		if !s.signature.Of(s.by.Person, digest) {
			return f, nil, nil, credential.ErrTerms
		}
	}
	return f, plain, digest, nil
}
