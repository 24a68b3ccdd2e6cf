package evidence_test

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"testing"
	"time"

	"github.com/google/uuid"

	"mandat/internal/evidence"
	"mandat/internal/softkey"
	"mandat/internal/token"
)

const (
	site   = "https://mandat.exemple.invalid"
	domain = "mandat.exemple.invalid"
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 123456000, time.UTC)

func before(d time.Duration) *time.Time {
	t := noon.Add(-d)
	return &t
}

// b64 reads the base64url of WebAuthn's JSON.
type b64 []byte

// UnmarshalText implements encoding.TextUnmarshaler.
func (b *b64) UnmarshalText(text []byte) error {
	out, err := base64.RawURLEncoding.DecodeString(string(text))
	*b = out
	return err
}

// pen is a key that signs terms as a browser does.
type pen struct {
	*softkey.Key
	public []byte
}

func newPen(t testing.TB) *pen {
	t.Helper()
	key, err := softkey.New(site, domain)
	if err != nil {
		t.Fatal(err)
	}
	p := &pen{Key: key}
	var made struct {
		Response struct {
			AttestationObject b64 `json:"attestationObject"`
		} `json:"response"`
	}
	answer, err := key.Create([]byte(`{"publicKey":{"challenge":"AAAA"}}`))
	if err == nil {
		err = json.Unmarshal(answer, &made)
	}
	if err != nil {
		t.Fatal(err)
	}
	object := made.Response.AttestationObject
	p.public = object[len(object)-77:] // what the key's COSE of P-256 takes, at the end
	return p
}

// sign signs terms with a nonce.
func (p *pen) sign(t testing.TB, nonce, terms []byte) *evidence.Assertion {
	t.Helper()
	digest := sha256.Sum256(terms)
	challenge := base64.RawURLEncoding.EncodeToString(evidence.Challenge(nonce, digest[:]))
	answer, err := p.Get([]byte(`{"publicKey":{"challenge":"` + challenge + `"}}`))
	if err != nil {
		t.Fatal(err)
	}
	var got struct {
		Response struct {
			Client    b64 `json:"clientDataJSON"`
			Data      b64 `json:"authenticatorData"`
			Signature b64 `json:"signature"`
		} `json:"response"`
	}
	if err := json.Unmarshal(answer, &got); err != nil {
		t.Fatal(err)
	}
	return &evidence.Assertion{Origin: p.Origin, RPID: p.RPID, CredentialID: p.ID(), PublicKey: p.public, Nonce: nonce,
		AuthenticatorData: got.Response.Data, ClientDataJSON: got.Response.Client, Signature: got.Response.Signature}
}

var texts = []evidence.Text{
	{Lang: "fr", Form: evidence.Plain, Template: "recap-1", MediaType: "text/html; charset=utf-8", Bytes: []byte("<p>Vous donnez à la maison France services…</p>")},
	{Lang: "fr", Form: evidence.FALC, Template: "recap-1", MediaType: "text/html; charset=utf-8", Bytes: []byte("<p>Une personne vous aide.</p>")},
	{Lang: "ar", Form: evidence.Translation, Template: "recap-1", MediaType: "text/plain; charset=utf-8", Bytes: []byte("توكيل")},
}

type frozen struct {
	Version      int              `json:"version"`
	Salt         string           `json:"salt"`
	IdentifiedBy string           `json:"identified_by"`
	IdentifiedAt time.Time        `json:"identified_at"`
	Agreement    any              `json:"agreement"`
	Shown        []evidence.Shown `json:"shown"`
}

// terms are such as a mandate has.
func terms(t testing.TB, change func(*frozen)) []byte {
	t.Helper()
	f := frozen{Version: 2, Salt: "00ff", IdentifiedBy: "franceconnect", IdentifiedAt: *before(8 * time.Minute), Agreement: map[string]any{"lang": "ar", "present": []string{"interpreter"}}}
	for _, text := range texts {
		f.Shown = append(f.Shown, text.Shown())
	}
	if change != nil {
		change(&f)
	}
	out, err := json.Marshal(f)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// file is the evidence of a mandate signed with a key.
func file(t testing.TB, p *pen) evidence.File {
	t.Helper()
	f := evidence.File{Mandate: uuid.New(), Draft: uuid.New(), Organisation: uuid.New(), Citizen: uuid.New(), Aidant: uuid.New(), SignedAt: noon,
		Terms: terms(t, nil), Texts: texts, Circumstances: evidence.Circumstances{ShownAt: before(6 * time.Minute), AskedAt: before(5 * time.Minute), AnsweredAt: before(time.Minute)}}
	f.Assertion = p.sign(t, token.Bytes(evidence.NonceSize), f.Terms)
	return f
}

// encode is Encode of a file that is good.
func encode(t testing.TB, f evidence.File) []byte {
	t.Helper()
	data, err := f.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return data
}
