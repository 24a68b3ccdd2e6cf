// Package treetest gives tests a log of their own: the key that signs it, and an integrator that grows it when a test says so.
package treetest

import (
	"path/filepath"
	"testing"

	"mandat/internal/journal/tree"
)

// Origin is the name of a log that a test gives no other.
const Origin = "mandat.test/journal"

// Signer signs the log of a name with a new key.
func Signer(t testing.TB, origin string) *tree.Signer {
	t.Helper()
	secret, _, err := tree.GenerateKey(origin)
	if err != nil {
		t.Fatal(err)
	}
	s, err := tree.NewSigner(secret)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// Integrator grows the log of a database with CatchUp. Options without a signer get one of Origin, and without a state file one that goes with the test.
func Integrator(t testing.TB, o tree.IntegratorOptions) *tree.Integrator {
	t.Helper()
	if o.Signer == nil {
		o.Signer = Signer(t, Origin)
	}
	if o.StateFile == "" {
		o.StateFile = filepath.Join(t.TempDir(), "checkpoint")
	}
	in, err := tree.NewIntegrator(o)
	if err != nil {
		t.Fatal(err)
	}
	return in
}
