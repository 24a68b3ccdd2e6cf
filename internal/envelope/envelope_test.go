package envelope

import (
	"bytes"
	"errors"
	"testing"

	"github.com/google/uuid"
	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/keyset"
)

func newKeys(t *testing.T) *Keys {
	t.Helper()
	handle, err := keyset.NewHandle(aead.AES256GCMKeyTemplate())
	if err != nil {
		t.Fatal(err)
	}
	keys, err := New(handle, bytes.Repeat([]byte{7}, 32))
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

func TestUnseal_OpensOnlyWhatWasSealedThere(t *testing.T) {
	keys, owner, other := newKeys(t), uuid.New(), uuid.New()
	key, wrapped, err := keys.NewDataKey(owner)
	if err != nil {
		t.Fatal(err)
	}
	sealed := key.Seal("citizen.identity", []byte("plain"))
	if sealed[0] != version || len(sealed) != 1+12+len("plain")+16 {
		t.Errorf("the format changed: %d bytes, version %d", len(sealed), sealed[0])
	}
	again, err := keys.Open(owner, wrapped)
	if err != nil {
		t.Fatal(err)
	}
	if plain, err := again.Unseal("citizen.identity", sealed); err != nil || string(plain) != "plain" {
		t.Errorf("%q, %v", plain, err)
	}
	if _, err := again.Unseal("mandate.terms", sealed); !errors.Is(err, ErrSealed) {
		t.Errorf("another purpose: %v", err)
	}
	if _, err := keys.Open(other, wrapped); !errors.Is(err, ErrSealed) {
		t.Errorf("another owner's wrapped key: %v", err)
	}
	if _, err := newKeys(t).Open(owner, wrapped); !errors.Is(err, ErrSealed) {
		t.Errorf("another key-encryption key: %v", err)
	}
	theirs, _, err := keys.NewDataKey(other)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := theirs.Unseal("citizen.identity", sealed); !errors.Is(err, ErrSealed) {
		t.Errorf("another person's key: %v", err)
	}
	for i := range sealed {
		changed := bytes.Clone(sealed)
		changed[i] ^= 1
		if _, err := key.Unseal("citizen.identity", changed); !errors.Is(err, ErrSealed) {
			t.Errorf("byte %d changed: %v", i, err)
		}
	}
	if _, err := key.Unseal("citizen.identity", nil); !errors.Is(err, ErrSealed) {
		t.Errorf("nothing: %v", err)
	}
}

func TestKeys_SealAndUnseal(t *testing.T) {
	keys, owner := newKeys(t), uuid.New()
	wrapped, sealed, err := keys.Seal(owner, "factor.seed", []byte("plain"))
	if err != nil {
		t.Fatal(err)
	}
	if plain, err := keys.Unseal(owner, "factor.seed", wrapped, sealed); err != nil || string(plain) != "plain" {
		t.Errorf("%q, %v", plain, err)
	}
	for name, open := range map[string]func() ([]byte, error){
		"another owner":   func() ([]byte, error) { return keys.Unseal(uuid.New(), "factor.seed", wrapped, sealed) },
		"another purpose": func() ([]byte, error) { return keys.Unseal(owner, "citizen.identity", wrapped, sealed) },
	} {
		if _, err := open(); !errors.Is(err, ErrSealed) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestIndex_CannotBeJoinedAcrossOrganisations(t *testing.T) {
	keys, a, b := newKeys(t), uuid.New(), uuid.New()
	index := func(org uuid.UUID, purpose, value string) string {
		i, err := keys.Index(org, purpose, value)
		if err != nil {
			t.Fatal(err)
		}
		return string(i)
	}
	if first, again := index(a, "sub", "x"), index(a, "sub", "x"); first != again {
		t.Error("the same value has two indexes")
	}
	if index(a, "sub", "x") == index(b, "sub", "x") || index(a, "sub", "x") == index(a, "mail", "x") || index(a, "sub", "x") == index(a, "sub", "y") {
		t.Error("unrelated values share an index")
	}
}
