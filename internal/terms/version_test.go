package terms_test

import (
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
	"os"
	"testing"

	"mandat/internal/evidence"
	"mandat/internal/terms"
)

// What a version of the words says never changes: with every change of a file in recap/ the version changes too, and this line with it.
var wordsOfVersion = [2]string{"recap-2026-12-6", "0659ef927ce0d9d707f6360ca972c331d3a78b3d09a6f212cb1ae8aadff98509"}

func TestRecap_TheVersionNamesTheWords(t *testing.T) {
	t.Parallel()
	sum := sha256.New()
	err := fs.WalkDir(os.DirFS("recap"), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile("recap/" + name)
		sum.Write([]byte(name + "\x00"))
		sum.Write(b)
		return err
	})
	f := frozen(t)
	f.Agreement = &terms.Agreement{Lang: "uk", Form: evidence.Translation, Reading: "self"}
	texts, wrong := terms.Recap(f)
	if err != nil || wrong != nil {
		t.Fatal(err, wrong)
	}
	if is := [2]string{texts[0].Template, hex.EncodeToString(sum.Sum(nil))}; is != wordsOfVersion {
		t.Errorf("these words are %q: give them another version in recap.go, then write both here", is)
	}
}
