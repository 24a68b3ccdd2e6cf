package evidence

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
)

// Format names the version of the format. A change of it gets another name, and Verify goes on reading the old one.
const Format = "mandat-evidence-v1"

// The forms in which terms are shown.
const (
	Plain       = "plain"       // in the language of the page
	FALC        = "falc"        // easy to read (facile à lire et à comprendre), with pictograms
	Translation = "translation" // in a language that is none of the site's
	SMS         = "sms"         // a message that was sent to the citizen, or ("answer" in place of the template) came from them
)

// Answer is the template of the citizen's answer by SMS, which has none. Our messages have recap, request or again, which asks once more.
const Answer = "answer"

// Text is what somebody was shown, byte for byte.
type Text struct {
	Lang      string `json:"lang"`       // BCP 47
	Form      string `json:"form"`       // Plain, …
	Template  string `json:"template"`   // of the words; of an SMS its kind
	MediaType string `json:"media_type"` // "text/html; charset=utf-8", "text/plain; charset=utf-8"
	Bytes     []byte `json:"bytes"`
}

// Shown is what terms say of a text: their member "shown" is a list of them.
type Shown struct {
	Lang      string `json:"lang"`
	Form      string `json:"form"`
	Template  string `json:"template"`
	MediaType string `json:"media_type"`
	SHA256    string `json:"sha256"` // of its bytes, hexadecimal in small letters
}

// Shown returns what terms say of the text.
func (t Text) Shown() Shown {
	return Shown{t.Lang, t.Form, t.Template, t.MediaType, sum(t.Bytes)}
}

// Circumstances are what the terms cannot say, because it was not known yet or changes with each showing. Nothing covers them.
type Circumstances struct {
	ShownAt    *time.Time `json:"shown_at,omitempty"`    // by SMS: when the question had left
	AskedAt    *time.Time `json:"asked_at,omitempty"`    // for the citizen's consent
	AnsweredAt *time.Time `json:"answered_at,omitempty"` // by the citizen
}

// Assertion is the signature of a passkey or security key as WebAuthn makes it, with what is needed to check it. Byte strings are in
// base64 (RFC 4648 §4) in the file.
type Assertion struct {
	Origin            string `json:"origin"` // of the page on which it was asked for
	RPID              string `json:"rp_id"`
	CredentialID      []byte `json:"credential_id"`
	PublicKey         []byte `json:"public_key"` // COSE_Key; the entry factor.added of the aidant has its SHA-256
	Nonce             []byte `json:"nonce"`
	AuthenticatorData []byte `json:"authenticator_data"`
	ClientDataJSON    []byte `json:"client_data_json"`
	Signature         []byte `json:"signature"`
}

// Confirmed says that the aidant gave a second factor that signs nothing: the act is confirmed, and not signed.
type Confirmed struct {
	Kind string    `json:"kind"` // "app", "card", "recovery", "passkey" or "proconnect"
	At   time.Time `json:"at"`
}

// File is the evidence of one mandate.
type File struct {
	Format        string        `json:"format"` // Encode fills it in
	Mandate       uuid.UUID     `json:"mandate"`
	Draft         uuid.UUID     `json:"draft"`
	Organisation  uuid.UUID     `json:"organisation"`
	Citizen       uuid.UUID     `json:"citizen"`
	Aidant        uuid.UUID     `json:"aidant"`
	SignedAt      time.Time     `json:"signed_at"`
	Terms         []byte        `json:"terms"`        // exact bytes of a JSON object
	TermsSHA256   string        `json:"terms_sha256"` // hexadecimal; Encode fills it in
	Texts         []Text        `json:"texts"`        // in the order of the terms' "shown"
	Circumstances Circumstances `json:"circumstances"`
	Assertion     *Assertion    `json:"assertion,omitempty"` // one of the two
	Confirmed     *Confirmed    `json:"confirmed,omitempty"`
}

// Encode returns the bytes of the file. It fails for one that Verify would refuse.
func (f File) Encode() ([]byte, error) {
	f.Format, f.TermsSHA256 = Format, sum(f.Terms)
	data, err := f.canonical()
	if err != nil {
		return nil, err
	}
	if _, err := Verify(data); err != nil {
		return nil, fmt.Errorf("evidence: %w", err)
	}
	return data, nil
}

// canonical writes the one spelling of a file.
func (f File) canonical() ([]byte, error) {
	o := &f.Circumstances
	f.SignedAt, o.ShownAt, o.AskedAt, o.AnsweredAt = f.SignedAt.UTC(), utc(o.ShownAt), utc(o.AskedAt), utc(o.AnsweredAt)
	if f.Confirmed != nil {
		f.Confirmed = &Confirmed{f.Confirmed.Kind, f.Confirmed.At.UTC()}
	}
	data, err := json.MarshalIndent(f, "", " ")
	if err != nil {
		return nil, errors.New("evidence: cannot be encoded") // the encoder's error would quote it
	}
	return append(data, '\n'), nil
}

func utc(t *time.Time) *time.Time {
	if t == nil {
		return nil
	}
	u := t.UTC()
	return &u
}

// decode reads a file in its one spelling.
func decode(data []byte) (File, error) {
	var f File
	if json.Unmarshal(data, &f) != nil {
		return f, errors.New("the file is no JSON of this format")
	}
	if f.Format != Format {
		return f, fmt.Errorf("format: not %s", Format)
	}
	if again, err := f.canonical(); err != nil || !bytes.Equal(again, data) {
		return f, errors.New("the file is not in the one spelling that the format has")
	}
	return f, nil
}

func sum(b []byte) string {
	s := sha256.Sum256(b)
	return hex.EncodeToString(s[:])
}
