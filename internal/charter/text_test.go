package charter

import (
	"bytes"
	"encoding/hex"
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the fingerprint of this text to testdata")

// The text of a version never changes: whoever accepted it accepted these words.
func TestText_IsThatOfItsVersion(t *testing.T) {
	t.Parallel()
	const name = "testdata/versions.txt"
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	line := Version + " " + hex.EncodeToString(Sum()) + "\n"
	if strings.HasSuffix(string(b), "\n"+line) || string(b) == line {
		return
	}
	if !*update {
		t.Fatalf("the text is not that of version %s: give it another name, then run with -update", Version)
	}
	if bytes.Contains(append([]byte("\n"), b...), []byte("\n"+Version+" ")) {
		t.Fatalf("version %s was another text: give Version another name", Version)
	}
	if err := os.WriteFile(name, append(b, line...), 0o600); err != nil {
		t.Fatal(err)
	}
}

// Both languages say the same things in the same order.
func TestText_BlockForBlock(t *testing.T) {
	t.Parallel()
	type shape struct {
		Kind  Kind
		Items int
	}
	var shapes [2][]shape
	for i, lang := range []string{"fr", "en"} {
		blocks, err := Text(lang)
		if err != nil {
			t.Fatal(err)
		}
		for j, b := range blocks {
			shapes[i] = append(shapes[i], shape{b.Kind, len(b.Items)})
			if (b.Kind == Title) != (j == 0) || (b.Kind == List) != (len(b.Items) > 0) || (b.Kind == List) != (b.Text == "") {
				t.Errorf("%s, block %d: %+v", lang, j, b)
			}
		}
	}
	if diff := cmp.Diff(shapes[0], shapes[1]); diff != "" {
		t.Error(diff)
	}
	other, err := Text("de")
	french, _ := Text("fr")
	if err != nil || !cmp.Equal(other, french) {
		t.Error("another language is not in French")
	}
	if !strings.Contains(french[1].Text, "\u00a0:") {
		t.Errorf("without the spaces of French: %q", french[1].Text)
	}
}

func TestParse(t *testing.T) {
	t.Parallel()
	got, err := parse("# The\n  title\n\n## One\n\nText goes\non.\n\n- a\n- b\n  and c\n\n\n## Two\n")
	want := []Block{{Kind: Title, Text: "The title"}, {Kind: Heading, Text: "One"}, {Kind: Paragraph, Text: "Text goes on."}, {Kind: List, Items: []string{"a", "b and c"}}, {Kind: Heading, Text: "Two"}}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v %s", err, diff)
	}
	for _, wrong := range []string{"", "Text", "## One\n\n# The title"} {
		if _, err := parse(wrong); err == nil {
			t.Errorf("%q has a title", wrong)
		}
	}
}

// Next is the register of a program whose text is another one, of this version.
func (r *Register) Next(version string) (next *Register, sum []byte) {
	other := [32]byte{1}
	return &Register{db: r.db, journal: r.journal, version: version, sum: other[:]}, other[:]
}
