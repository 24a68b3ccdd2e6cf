package mutate

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestReadExplained(t *testing.T) {
	t.Parallel()
	got, err := ReadExplained(strings.NewReader("# why\n\nidp a.go f: x\n\tthe database says so too\n"))
	if err != nil || len(got) != 1 || got["idp a.go f: x"] != "the database says so too" {
		t.Errorf("%v %v", got, err)
	}
	for name, text := range map[string]string{
		"no reason": "idp a.go f: x\nidp a.go g: x\n\ty\n", "no reason at the end": "idp a.go f: x\n", "no mutant": "\ty\n",
		"twice": "idp a.go f: x\n\ty\nidp a.go f: x\n\ty\n",
	} {
		if _, err := ReadExplained(strings.NewReader(text)); err == nil {
			t.Errorf("%s is accepted", name)
		}
	}
}

// TestExplained_ThereIsSuchACondition keeps reasons from outliving what they explain.
func TestExplained_ThereIsSuchACondition(t *testing.T) {
	t.Parallel()
	file, err := os.Open("explained.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	explained, err := ReadExplained(file)
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{}
	for name := range explained {
		folder, _, _ := strings.Cut(name, " ")
		sources, _, err := read(filepath.Join("..", folder))
		if err != nil {
			t.Fatal(err)
		}
		p, err := find(sources)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range p.mutants {
			known[folder+" "+m.Name()] = true
		}
		if !known[name] {
			t.Errorf("%s is explained, and there is no such condition", name)
		}
	}
}
