package credential

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"
	"github.com/google/uuid"

	"mandat/internal/softkey"
)

// What a browser sends as the answer of a key is a stranger's. Whatever it is, nothing breaks, and what is accepted as an answer to a
// question says, byte for byte, what the key has signed.
func FuzzAnswer(f *testing.F) {
	r, err := New(nil, nil, nil, nil, Config{RPID: "mandat.exemple.invalid", Origins: []string{"https://mandat.exemple.invalid"}, Name: "Mandat"}, Hooks{})
	if err != nil {
		f.Fatal(err)
	}
	k, err := softkey.New("https://mandat.exemple.invalid", "mandat.exemple.invalid")
	if err != nil {
		f.Fatal(err)
	}
	a := &account{person: uuid.New(), name: "amel@exemple.invalid", full: "Amel Fictif"}
	enrolling, askedToMake, err := r.webauthn.BeginRegistration(a)
	if err != nil {
		f.Fatal(err)
	}
	made := replied(f, enrolling, k.Create)
	parsed, err := protocol.ParseCredentialCreationResponseBytes(made)
	if err != nil {
		f.Fatal(err)
	}
	known, err := r.webauthn.CreateCredential(a, *askedToMake, parsed)
	if err != nil {
		f.Fatal(err)
	}
	a.keys = []key{{id: uuid.New(), known: *known}}
	options, asked, err := r.webauthn.BeginDiscoverableLogin()
	if err != nil {
		f.Fatal(err)
	}
	said := replied(f, options, k.Get)
	right, err := protocol.ParseCredentialRequestResponseBytes(said)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(made)
	f.Add(said)
	f.Add([]byte(`{"id":"AA","rawId":"AA","type":"public-key","response":{"clientDataJSON":"e30","authenticatorData":"AA","signature":"AA"}}`))
	f.Fuzz(func(t *testing.T, sent []byte) {
		if parsed, err := protocol.ParseCredentialCreationResponseBytes(sent); err == nil {
			_, _ = r.webauthn.CreateCredential(a, *askedToMake, parsed)
		}
		parsed, err := protocol.ParseCredentialRequestResponseBytes(sent)
		if err != nil {
			return
		}
		_, err = r.webauthn.ValidateDiscoverableLogin(func(_, _ []byte) (webauthn.User, error) { return a, nil }, *asked, parsed)
		same := bytes.Equal(parsed.Raw.AssertionResponse.ClientDataJSON, right.Raw.AssertionResponse.ClientDataJSON) &&
			bytes.Equal(parsed.Raw.AssertionResponse.AuthenticatorData, right.Raw.AssertionResponse.AuthenticatorData)
		if err == nil && !same {
			t.Errorf("accepted what was not signed: %q", sent)
		}
	})
}

// replied is a key's answer to a question.
func replied(f *testing.F, question any, ask func([]byte) ([]byte, error)) []byte {
	f.Helper()
	text, err := json.Marshal(question)
	if err != nil {
		f.Fatal(err)
	}
	out, err := ask(text)
	if err != nil {
		f.Fatal(err)
	}
	return out
}
