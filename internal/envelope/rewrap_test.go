package envelope

import (
	"bytes"
	"errors"
	"testing"

	"github.com/google/uuid"
	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/keyset"
)

// steps are the keysets of a change: with the first key alone, with a second that waits, with that as primary, with it alone.
func steps(t *testing.T) []*Keys {
	t.Helper()
	m := keyset.NewManager()
	var out []*Keys
	then := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		handle, err := m.Handle()
		if err != nil {
			t.Fatal(err)
		}
		keys, err := New(handle, bytes.Repeat([]byte{7}, 32))
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, keys)
	}
	first, err := m.Add(aead.AES256GCMKeyTemplate())
	if err != nil {
		t.Fatal(err)
	}
	then(m.SetPrimary(first))
	second, err := m.Add(aead.AES256GCMKeyTemplate())
	then(err)
	then(m.SetPrimary(second))
	then(m.Delete(first))
	return out
}

func TestRewrap_LeavesTheOldKeyBehind(t *testing.T) {
	t.Parallel()
	k, owner, purpose := steps(t), uuid.New(), "signing_key.private:test"
	key, wrapped, err := k[1].NewDataKey(owner)
	if err != nil {
		t.Fatal(err)
	}
	sealed := key.Seal("citizen.identity", []byte("plain"))
	secret, err := k[1].Wrap(purpose, []byte("secret"))
	if err != nil {
		t.Fatal(err)
	}
	old, current := k[1].Prefix(), k[2].Prefix()
	if !bytes.HasPrefix(wrapped, old[:]) || !bytes.HasPrefix(secret, old[:]) || old == current || k[0].Prefix() != old || k[3].Prefix() != current {
		t.Error("a wrapped key does not tell which key wrapped it")
	}
	if k[0].Holds(current) || !k[1].Holds(current) || !k[2].Holds(old) || k[3].Holds(old) {
		t.Error("a keyset does not know which keys it holds")
	}
	if _, err := k[3].Open(owner, wrapped); !errors.Is(err, ErrSealed) {
		t.Errorf("opened without its key: %v", err)
	}
	again, err := k[2].RewrapDataKey(owner, wrapped)
	if err != nil {
		t.Fatal(err)
	}
	secretAgain, err := k[2].Rewrap(purpose, secret)
	if err != nil {
		t.Fatal(err)
	}
	for name, keys := range map[string]*Keys{"who has it waiting": k[1], "alone": k[3]} {
		opened, err := keys.Open(owner, again)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if plain, err := opened.Unseal("citizen.identity", sealed); err != nil || string(plain) != "plain" {
			t.Errorf("%s: %q, %v", name, plain, err)
		}
		if plain, err := keys.Unwrap(purpose, secretAgain); err != nil || string(plain) != "secret" {
			t.Errorf("%s: %q, %v", name, plain, err)
		}
	}
	for name, f := range map[string]func() ([]byte, error){
		"another owner":               func() ([]byte, error) { return k[2].RewrapDataKey(uuid.New(), wrapped) },
		"another purpose":             func() ([]byte, error) { return k[2].Rewrap("signing_key.private:other", secret) },
		"a data key as the program's": func() ([]byte, error) { return k[2].Rewrap(string(owner[:]), wrapped) },
		"without its key":             func() ([]byte, error) { return k[3].RewrapDataKey(owner, wrapped) },
	} {
		if _, err := f(); !errors.Is(err, ErrSealed) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
