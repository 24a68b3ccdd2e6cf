package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"mandat/internal/evidence"
	"mandat/internal/fixture"
	"mandat/internal/journal/checker"
	"mandat/internal/journal/tree"
	"mandat/internal/mandate"
	"mandat/internal/tsa"
)

// evidenceOf writes the evidence file of a mandate into a folder.
func evidenceOf(t *testing.T, w *fixture.World, folder string, m mandate.Mandate) string {
	t.Helper()
	data, err := w.Mandates.Evidence(t.Context(), w.Jeanne, m.ID)
	if err != nil {
		t.Fatal(err)
	}
	return written(t, folder, m.ID.String()+".json", data)
}

func written(t *testing.T, folder, name string, data []byte) string {
	t.Helper()
	path := filepath.Join(folder, name)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// An auditor checks an evidence file alone, and with its entry as journal prove writes it.
func TestEvidence(t *testing.T) {
	t.Parallel()
	w, folder := fixture.New(t), t.TempDir()
	m := w.Sign(t, w.Jeanne, fixture.Angela(), fixture.Tax)
	other := evidenceOf(t, w, folder, w.Sign(t, w.Jeanne, fixture.Citizen(1), fixture.Tax))
	file := evidenceOf(t, w, folder, m)

	secret, _, err := tree.GenerateKey("mandat.test/journal")
	if err != nil {
		t.Fatal(err)
	}
	signer, err := tree.NewSigner(secret)
	if err != nil {
		t.Fatal(err)
	}
	in, err := tree.NewIntegrator(tree.IntegratorOptions{DB: w.DB, Signer: signer, StateFile: filepath.Join(folder, "state")})
	if err == nil {
		err = in.CatchUp(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
	policy := written(t, folder, "policy", []byte(signer.Policy("")))
	var index int64
	if err := w.Connect(t, w.Superuser).QueryRow(t.Context(), `select index from journal_leaf join journal_entry e on e.id = entry_id where action = 'mandate.signed' and mandate_id = $1`, m.ID).Scan(&index); err != nil {
		t.Fatal(err)
	}
	if err := (proveCmd{checker.Trust{Policy: policy}, auditors{w.Auditor}, index, folder}).Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := (proveCmd{checker.Trust{Policy: policy}, auditors{w.Auditor}, index + 1000, folder}).Run(t.Context()); err == nil || !strings.Contains(err.Error(), "not provable yet") {
		t.Errorf("an entry that is not there: %v", err)
	}
	proofs, err := filepath.Glob(filepath.Join(folder, "*"+checker.ProofSuffix))
	if err != nil || len(proofs) != 1 {
		t.Fatal(proofs, err)
	}
	authority, err := tsa.Open(t.TempDir(), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	unstamped := checker.Verify{Trust: checker.Trust{Policy: policy}, Proof: proofs[0], Authority: written(t, folder, "authority.pem", authority.PEM())}
	if err := unstamped.Run(t.Context()); err == nil || !strings.Contains(err.Error(), "Prove the entry again") {
		t.Errorf("a proof without a timestamp: %v", err)
	}
	to := t.TempDir()
	for name, c := range map[string]struct {
		command evidenceVerify
		fails   string
	}{
		"alone":             {evidenceVerify{File: file, To: to}, ""},
		"with its entry":    {evidenceVerify{File: file, Policy: policy, Proof: proofs[0]}, ""},
		"with another's":    {evidenceVerify{File: other, Policy: policy, Proof: proofs[0]}, "the file does not fit: entry: it is of another mandate"},
		"without a policy":  {evidenceVerify{File: file, Proof: proofs[0]}, "--policy and --proof go together"},
		"over other files":  {evidenceVerify{File: file, To: folder}, "exists"},
		"that is none":      {evidenceVerify{File: policy}, "the file does not fit: the file is no JSON"},
		"that is not there": {evidenceVerify{File: filepath.Join(folder, "none")}, "no such file"},
	} {
		if name == "over other files" {
			written(t, folder, "terms.json", nil)
		}
		if err := c.command.Run(); (err == nil) != (c.fails == "") || err != nil && !strings.Contains(err.Error(), c.fails) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if terms, err := os.ReadFile(filepath.Join(to, "terms.json")); err != nil || !strings.Contains(string(terms), fixture.Tax) {
		t.Errorf("%s, %v", terms, err)
	}
}

// What stands in a file does not command the terminal.
func TestSay_IsPrintable(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	say(&out, evidence.Report{Declared: []evidence.Claim{{Name: "agreement", Value: "\x1b[2Jok\nproven: all"}}}, "")
	if text := out.String(); strings.Contains(text, "\x1b") || strings.Contains(text, "\nproven: all") || !strings.HasPrefix(text, "proven: nothing") {
		t.Errorf("%q", text)
	}
}
