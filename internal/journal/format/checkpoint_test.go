package format

import (
	"crypto/rand"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"
)

func TestCheckpoint_IsRefusedUnlessItsOwnLogSigned(t *testing.T) {
	t.Parallel()
	const origin = "mandat.test/journal"
	secret, public, err := note.GenerateKey(rand.Reader, origin)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := note.NewSigner(secret)
	if err != nil {
		t.Fatal(err)
	}
	keys, err := NewKeys(Key{VKey: public})
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"another origin": Checkpoint{"other.test/journal", 7, Hash{1}}.Text(), "no origin": Checkpoint{"", 7, Hash{1}}.Text(),
		"a zero too many": strings.Replace(Checkpoint{origin, 7, Hash{1}}.Text(), "\n7\n", "\n07\n", 1), "a negative size": Checkpoint{origin, -7, Hash{1}}.Text(),
		"no root": origin + "\n7\n", "a short root": origin + "\n7\nAAAA\n",
	} {
		signed, err := note.Sign(&note.Note{Text: text}, signer)
		if err != nil {
			t.Fatal(err)
		}
		if c, err := OpenCheckpoint(signed, keys); err == nil {
			t.Errorf("%s: taken for %+v", name, c)
		}
	}
}
