package main

import (
	"errors"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"mandat/internal/certs"
	"mandat/internal/fixture"
	"mandat/internal/keyring"
	"mandat/internal/signingkey"
)

// The operator rotates keys in the database: all of them, or those of a use; too early they stay, unless they were stolen.
func TestRotate(t *testing.T) {
	t.Parallel()
	w, dir := fixture.New(t), t.TempDir()
	r := rotate{URL: w.App, KeysDir: filepath.Join(dir, "keys"), keyEncryption: keyEncryption{KEKFile: filepath.Join(dir, "kek")}}
	authority, err1 := certs.NewAuthority(time.Now())
	seal, err2 := certs.NewSeal(authority, "Mandat, tests", time.Now())
	if err := errors.Join(err1, err2, keys{keyEncryption: r.keyEncryption, Dir: r.KeysDir, Origin: "test.exemple.invalid/journal"}.Run(), seal.Save(r.KeysDir, "seal")); err != nil {
		t.Fatal(err)
	}
	kek, err := r.text()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := keyring.Encrypt(r.KeysDir, kek); err != nil {
		t.Fatal(err)
	}
	ring, err := keyring.Load(r.KeysDir, kek)
	if err != nil {
		t.Fatal(err)
	}
	server := signingkey.New(w.DB, w.Journal, ring.Envelope, w.Clock, fixture.Source())
	if err := server.Open(t.Context()); err != nil {
		t.Fatal(err)
	}
	published := func() []string {
		t.Helper()
		if err := server.Refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
		var out []string
		for _, use := range signingkey.Uses() {
			out = append(out, string(server.Of(use).JWKS()))
		}
		return out
	}
	before := published()
	if err := r.Run(t.Context()); !errors.Is(err, signingkey.ErrTooEarly) || !slices.Equal(published(), before) {
		t.Errorf("at once: %v", err)
	}
	r.Stolen, r.Use = true, []string{"receipt", "receipt"}
	if err := r.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	if after := published(); after[0] != before[0] || after[1] == before[1] || after[2] != before[2] {
		t.Error("others than the keys of receipts were replaced, or not these")
	}
	r.Use = []string{"journal"}
	if err := r.Run(t.Context()); err == nil {
		t.Error("a use that is none")
	}
	r.Use, r.KEKFile = nil, filepath.Join(dir, "nowhere")
	if err := r.Run(t.Context()); err == nil {
		t.Error("without the key-encryption key")
	}
	w.Content(t)
}
