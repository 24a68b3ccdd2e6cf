package format

import (
	"encoding/base64"
	"errors"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/json"
)

// The types of JWS, as their headers say them.
const (
	ReceiptType = "mandate-receipt+jwt"
	ListType    = "statuslist+jwt"
)

// MaxReceipt is how many bytes a receipt has at most: one with a hundred powers has about half of it.
const MaxReceipt = 48 << 10

// What is wrong with a JWS that is not what it should be.
var (
	ErrMalformed = errors.New("not a compact JWS signed with ES256, in its one spelling")
	ErrType      = errors.New("a JWS of another type")
	ErrKey       = errors.New("no key that is trusted has this kid")
	ErrSignature = errors.New("the signature is not that of the key: something was changed")
	ErrClaims    = errors.New("signed, but a claim is missing or makes no sense")
)

// Receipt is the claims of a receipt. Times are in seconds (NumericDate, RFC 7519 §2).
type Receipt struct {
	Issuer       string       `json:"iss"`
	ID           string       `json:"jti"`
	IssuedAt     int64        `json:"iat"`
	NotBefore    int64        `json:"nbf,omitempty"` // when the mandate begins, if that is later than iat
	Expiry       int64        `json:"exp"`           // when the last of the powers ends
	Audience     string       `json:"aud,omitempty"` // client_id of the service it was made for; a citizen's has none
	Subject      string       `json:"sub,omitempty"` // the citizen as that service knows them
	Actor        *Actor       `json:"act,omitempty"` // the aidant as that service knows them
	Mandate      string       `json:"mandate,omitempty"`
	Citizen      *Citizen     `json:"citizen,omitempty"` // in the citizen's own receipt only
	Organisation Organisation `json:"organisation"`
	Catalogue    string       `json:"catalogue"`     // version of the catalogue of procedures
	IdentifiedBy string       `json:"identified_by"` // franceconnect, witnessed or known
	Powers       []Power      `json:"powers"`
	Attestation  string       `json:"attestation_sha256,omitempty"` // of the PDF that the citizen was handed, hexadecimal
	Status       Status       `json:"status"`
}

// Actor is who acts, in the form of RFC 8693 §4.1.
type Actor struct {
	Issuer  string `json:"iss"`
	Subject string `json:"sub"`
}

// Citizen is who gave the mandate, as it was frozen on the day of the signature.
type Citizen struct {
	GivenName  string `json:"given_name"`
	FamilyName string `json:"family_name"`
	UsageName  string `json:"preferred_username,omitempty"`
	Birthdate  string `json:"birthdate"` // YYYY-MM-DD; a part that is not known is 00
}

// Organisation is who may act.
type Organisation struct {
	SIRET string `json:"siret"`
	Name  string `json:"name"`
}

// Power is one procedure that the mandate gives.
type Power struct {
	Procedure string  `json:"procedure"` // key of the catalogue
	Level     string  `json:"level"`     // see, act, sign or pay
	Case      string  `json:"case,omitempty"`
	From      int64   `json:"from"`
	Until     int64   `json:"until"`
	Status    *Status `json:"status,omitempty"` // its own place, when the receipt has several powers; else the receipt's
}

// Status says where a status stands (draft-ietf-oauth-status-list, "Referenced Token").
type Status struct {
	List Place `json:"status_list"`
}

// Place is a place in a status list.
type Place struct {
	Index int    `json:"idx"`
	URI   string `json:"uri"` // of the list
}

// ParseKeys reads a JSON Web Key Set (RFC 7517).
func ParseKeys(file []byte) (jose.JSONWebKeySet, error) {
	var set jose.JSONWebKeySet
	if err := json.Unmarshal(file, &set); err != nil || len(set.Keys) == 0 {
		return set, errors.New("not a JSON Web Key Set with keys in it")
	}
	return set, nil
}

// Open returns the claims of a receipt that one of these keys signed. It says nothing of time and status: see Judge. Errors: ErrMalformed, ErrType,
// ErrKey, ErrSignature, ErrClaims.
func Open(text string, keys jose.JSONWebKeySet) (Receipt, error) {
	var r Receipt
	if len(text) > MaxReceipt {
		return r, ErrMalformed
	}
	payload, err := open(text, ReceiptType, keys)
	if err != nil {
		return r, err
	}
	if json.Unmarshal(payload, &r) != nil || !r.complete() {
		return Receipt{}, ErrClaims
	}
	return r, nil
}

// complete reports whether every claim is there that a receipt has.
func (r Receipt) complete() bool {
	if r.Issuer == "" || r.ID == "" || r.IssuedAt <= 0 || r.Expiry <= r.IssuedAt || r.Organisation.SIRET == "" || len(r.Powers) == 0 || !r.Status.List.complete() {
		return false
	}
	if (r.Citizen == nil) == (r.Audience == "") { // the one kind or the other
		return false
	}
	for _, p := range r.Powers {
		if p.Procedure == "" || p.Level == "" || p.From <= 0 || p.Until <= p.From || p.Until > r.Expiry || p.Status != nil && !p.Status.List.complete() {
			return false
		}
		if p.Status == nil && len(r.Powers) > 1 { // nothing would tell which of them has ended
			return false
		}
	}
	return true
}

func (p Place) complete() bool { return p.Index >= 0 && p.URI != "" }

// open returns the payload of a compact JWS of one typ. The algorithm is ES256 whatever the header or the key says, and there is one spelling:
// a byte that base64url would not tell apart is a change like any other.
func open(text, typ string, keys jose.JSONWebKeySet) ([]byte, error) {
	parts := strings.Split(text, ".")
	if len(parts) != 3 {
		return nil, ErrMalformed
	}
	for _, part := range parts {
		if strings.ContainsAny(part, "\r\n") {
			return nil, ErrMalformed
		}
		if _, err := base64.RawURLEncoding.Strict().DecodeString(part); err != nil {
			return nil, ErrMalformed
		}
	}
	signed, err := jose.ParseSignedCompact(text, []jose.SignatureAlgorithm{jose.ES256})
	if err != nil {
		return nil, ErrMalformed
	}
	header := signed.Signatures[0].Protected
	if said, _ := header.ExtraHeaders[jose.HeaderType].(string); said != typ {
		return nil, ErrType
	}
	found := keys.Key(header.KeyID)
	if header.KeyID == "" || len(found) == 0 {
		return nil, ErrKey
	}
	for _, key := range found {
		if payload, err := signed.Verify(key.Key); err == nil {
			return payload, nil
		}
	}
	return nil, ErrSignature
}

// seconds is a time as claims have it.
func seconds(s int64) time.Time { return time.Unix(s, 0).UTC() }
