package terms

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"time"

	"github.com/google/uuid"

	"mandat/internal/citizen"
	"mandat/internal/evidence"
	"mandat/internal/procedure"
)

// Frozen is what was agreed, as it was shown: later changes of names, addresses or catalogue do not reach it. It is
// sealed under the citizen's key, and its SHA-256 stands in the entry; the salt keeps that digest from telling anything.
//
// Version 1 had neither levels nor cases, and held the time of the signature. From version 2 on the digest is known before
// the signature, which is made over it: SignedAt is filled in from the mandate.
type Frozen struct {
	Version      int              `json:"version"`
	Salt         string           `json:"salt"`
	Organisation Party            `json:"organisation"`
	Citizen      citizen.Identity `json:"citizen"`
	Procedures   []Power          `json:"procedures"`
	Catalogue    string           `json:"catalogue"`
	Days         int              `json:"days,omitempty"` // 0 when the last day was chosen
	SignedAt     time.Time        `json:"signed_at,omitzero"`
	StartsAt     time.Time        `json:"starts_at,omitzero"` // zero: at the signature
	EndsAt       time.Time        `json:"ends_at"`            // of the power that ends last
	IdentifiedBy string           `json:"identified_by,omitempty"`
	IdentifiedAt time.Time        `json:"identified_at"`
	ConsentBy    string           `json:"consent_by,omitempty"`
	Witness      *Attested        `json:"witness,omitempty"` // the second colleague's word, when one gave it
	NoProtection time.Time        `json:"no_protection_declared_at"`
	Informed     time.Time        `json:"informed_at"`
	Payments     time.Time        `json:"payments_consented_at,omitzero"`
	BankDetails  time.Time        `json:"bank_details_consented_at,omitzero"`
	Warned       time.Time        `json:"debt_warning_read_at,omitzero"` // of every procedure that has a warning
	Mails        bool             `json:"mails,omitempty"`               // they are told by mail, if they have an address
	Agreement    *Agreement       `json:"agreement,omitempty"`
	Shown        []evidence.Shown `json:"shown,omitempty"`
	Transfers    *Transferred     `json:"transfers,omitempty"`
}

// Transferred is a mandate that the citizen gave to another organisation, and that ends when the one that says so begins.
type Transferred struct {
	Mandate      uuid.UUID `json:"mandate"`
	Organisation string    `json:"organisation"` // as its paper calls it
	SignedAt     time.Time `json:"signed_at"`
}

// Attested is that a second colleague saw the citizen, and heard them agree to these terms: to what is here but for this member, agreement and shown.
// The SHA-256 of that stands in their entry draft.witnessed.
type Attested struct {
	Person uuid.UUID `json:"person"`
	At     time.Time `json:"at"`
}

// Agreement is how the citizen came to agree.
type Agreement struct {
	Lang       string    `json:"lang"`                   // in which the recap was read
	Form       string    `json:"form"`                   // plain or easy
	Reading    string    `json:"reading"`                // self, aloud (read to them), cannot_sign (agreed by word)
	Present    []Present `json:"present,omitempty"`      // who else was in the room
	Understood string    `json:"understood,omitempty"`   // what they answered to the question: the key of the answer
	Private    bool      `json:"private,omitempty"`      // they were asked alone whether they want this
	Drawn      string    `json:"drawn_sha256,omitempty"` // of the signature they drew by hand (Draw), if they did
	Drawing    []byte    `json:"-"`                      // its bytes, when they are not kept yet: they are in the evidence file
}

// Present is somebody who was in the room, apart from citizen and aidant.
type Present struct {
	Role string `json:"role"` // interpreter, relative, colleague or other
	Name string `json:"name,omitempty"`
}

// Party is the organisation as it was called that day.
type Party struct {
	Name     string `json:"name"`
	SIRET    string `json:"siret"`
	Address  string `json:"address"`
	Postcode string `json:"postcode"`
	City     string `json:"city"`
	Phone    string `json:"phone"`
	Email    string `json:"email"`
}

// Power is one procedure as it was called that day, and what may be done there.
type Power struct {
	Key     string          `json:"key"`
	Theme   string          `json:"theme"`
	Name    procedure.Text  `json:"name"`
	Body    procedure.Text  `json:"body"`
	Warning procedure.Text  `json:"warning,omitempty"`
	Site    string          `json:"site,omitempty"`
	Level   procedure.Level `json:"level,omitempty"`
	Case    string          `json:"case,omitempty"`
	EndsAt  time.Time       `json:"ends_at,omitzero"`
}

// ErrFrozen says that stored terms are not what was sealed.
var ErrFrozen = errors.New("terms: not what was sealed")

// Encode returns the bytes that are sealed and their SHA-256.
func (f Frozen) Encode() (plain, digest []byte, err error) {
	if f.Version > 1 {
		f.SignedAt = time.Time{}
	}
	if plain, err = json.Marshal(f); err != nil {
		return nil, nil, errors.New("terms: cannot be encoded")
	}
	sum := sha256.Sum256(plain)
	return plain, sum[:], nil
}

// Decode reads what Encode wrote, of a mandate signed at a time. What version 1 did not say is filled in with what it meant: to act,
// in every case, as long as the mandate.
func Decode(plain []byte, signed time.Time) (Frozen, error) {
	var f Frozen
	if json.Unmarshal(plain, &f) != nil { // the decoder's error would quote it
		return Frozen{}, ErrFrozen
	}
	if f.Version == 1 {
		f.IdentifiedBy, f.ConsentBy = "franceconnect", "franceconnect"
		for i := range f.Procedures {
			f.Procedures[i].Level, f.Procedures[i].EndsAt = procedure.Act, f.EndsAt
		}
		return f, nil
	}
	f.SignedAt = signed
	return f, nil
}

// Begins returns when the mandate begins.
func (f Frozen) Begins() time.Time {
	if f.StartsAt.IsZero() {
		return f.SignedAt
	}
	return f.StartsAt
}
