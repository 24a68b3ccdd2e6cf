package paper_test

import (
	"testing"

	"mandat/internal/paper"
)

func TestMarked_IsolatesAndEscapes(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"a <b> & c": "a &lt;b&gt; &amp; c",
		"من " + paper.Isolated.Around("Ana <i>"+string(paper.French)) + " إلى":                 "من <bdi>Ana &lt;i&gt;</bdi> إلى",
		paper.LeftToRight.Around("+33 1") + ", " + paper.French.Around("Impôts (DGFiP)") + ".": `<bdi dir="ltr">+33 1</bdi>, <bdi lang="fr" dir="ltr">Impôts (DGFiP)</bdi>.`,
		string(paper.Isolated) + "a" + string(paper.LeftToRight) + "b":                         `<bdi>a</bdi><bdi dir="ltr">b</bdi>`,
		"": "",
	} {
		if got := string(paper.Block{}.Marked(text)); got != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
	// Who has a mark in their name opens and closes nothing.
	if got := string(paper.Block{}.Marked(paper.Isolated.Around("a\ue003b\ue001c"))); got != "<bdi>abc</bdi>" {
		t.Errorf("got %s", got)
	}
}
