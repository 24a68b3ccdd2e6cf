package receipt

import (
	"fmt"
	"time"

	"mandat/internal/oidc"
	"mandat/internal/receipt/format"
	"mandat/internal/token"
)

// Service says what a receipt for a service tells: one power, and nothing by which two services could find out that they speak of the same person.
type Service struct {
	Audience   string // client_id
	Subject    string // the citizen, as this service knows them
	Actor      string // the aidant, as this service knows them
	Identifier string // the mandate, as this service knows it

	SIRET, Organisation string
	Catalogue           string // version
	IdentifiedBy        string
	Procedure, Level    string
	Case                string // reference of the file, in clear, "" for every one
	Until               time.Time
}

// Service returns a receipt for a service, with the places reserved for that power and that service. It asks nobody, and is called after the
// act was committed. The power is said to stand from now on: since when it has stood is a second by which two services would know one mandate.
func (r *Register) Service(p Places, s Service, now time.Time) (string, error) {
	out := format.Receipt{Audience: s.Audience, Subject: s.Subject, Actor: &format.Actor{Issuer: r.settings.BaseURL + "/idp", Subject: s.Actor}, Mandate: s.Identifier,
		Organisation: format.Organisation{SIRET: s.SIRET, Name: s.Organisation}, Catalogue: s.Catalogue, IdentifiedBy: s.IdentifiedBy,
		Powers: []format.Power{{Procedure: s.Procedure, Level: s.Level, Case: s.Case, From: now.Unix(), Until: s.Until.Unix()}}}
	text, _, err := r.sign(out, p, now)
	return text, err
}

// sign fills in what every receipt says, and signs it. It returns the receipt's id too.
func (r *Register) sign(out format.Receipt, p Places, now time.Time) (text, id string, err error) {
	out.Issuer, out.ID, out.IssuedAt = r.settings.Issuer(), token.ID().String(), now.Unix()
	first := out.Powers[0].From
	for _, power := range out.Powers {
		out.Expiry, first = max(out.Expiry, power.Until), min(first, power.From)
	}
	if first > out.IssuedAt {
		out.NotBefore = first
	}
	if err := p.in(&out); err != nil {
		return "", "", fmt.Errorf("sign receipt: %w", err)
	}
	if text, err = r.seal(format.ReceiptType, out); err != nil {
		return "", "", fmt.Errorf("sign receipt: %w", err)
	}
	if len(text) > format.MaxReceipt {
		return "", "", fmt.Errorf("sign receipt: it has %d bytes", len(text))
	}
	return text, out.ID, nil
}

// seal signs claims with the current key.
func (r *Register) seal(typ string, claims any) (string, error) {
	return r.keys().Sign(oidc.ES256, typ, claims)
}
