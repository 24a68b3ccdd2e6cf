package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"mandat/internal/fixture"
	"mandat/internal/journal/tree"
)

// The program, built and run: it finds an export whole, names what was changed in it, and ends with a code that a script can rely on.
func TestProgram(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	program, policy, export := filepath.Join(folder, "mandat-verify"), filepath.Join(folder, "policy"), filepath.Join(folder, "export")
	if out, err := exec.Command("go", "build", "-o", program, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	trusted := exported(t, export, filepath.Join(folder, "state"))
	if err := os.WriteFile(policy, []byte(trusted), 0o600); err != nil {
		t.Fatal(err)
	}
	run := func(args ...string) (string, int) {
		c := exec.Command(program, append([]string{"--policy", policy}, args...)...)
		c.Env = []string{}
		out, err := c.CombinedOutput()
		if err != nil && c.ProcessState == nil {
			t.Fatal(err)
		}
		return string(out), c.ProcessState.ExitCode()
	}
	if out, code := run(export); code != 0 || !strings.HasPrefix(out, "whole: mandat.test/journal, ") {
		t.Errorf("%d: %s", code, out)
	}
	if out, code := run(filepath.Join(folder, "none")); code != 1 || !strings.Contains(out, "mandat-verify: ") {
		t.Errorf("an export that is not there: %d: %s", code, out)
	}
	checkpoint := filepath.Join(export, "checkpoint")
	text, err := os.ReadFile(checkpoint)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(checkpoint, []byte(strings.Replace(string(text), "\n", "\n1", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, code := run(export); code != 1 || !strings.Contains(out, "mandat-verify: ") || strings.Contains(out, "whole:") {
		t.Errorf("another size: %d: %s", code, out)
	}
}

// exported writes the journal of a small installation to a folder, and returns the policy that trusts it.
func exported(t *testing.T, folder, state string) string {
	t.Helper()
	w := fixture.New(t)
	w.Sign(t, w.Jeanne, fixture.Angela(), fixture.Tax)
	secret, _, err := tree.GenerateKey("mandat.test/journal")
	if err != nil {
		t.Fatal(err)
	}
	signer, err := tree.NewSigner(secret)
	if err != nil {
		t.Fatal(err)
	}
	in, err := tree.NewIntegrator(tree.IntegratorOptions{DB: w.DB, Signer: signer, StateFile: state})
	if err == nil {
		err = in.CatchUp(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	policy := signer.Policy("")
	if _, err := tree.ExportWanted(t.Context(), w.OpenAuditor(t), signer.Keys(), tree.Wanted{Policy: policy}, tree.Folder(folder)); err != nil {
		t.Fatal(err)
	}
	return policy
}
