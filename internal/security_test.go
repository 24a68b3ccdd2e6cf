package internal_test

import (
	"maps"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// weaknesses are those that docs/security.md answers for, one line each.
var weaknesses = strings.Fields("W1 W2 W3 W5 W6 W8 W9 W10 W11 W12 W13 W17 W18 W19 W20 W21 W22 W23 W24 W25 W26 W28 W29 W30 W32 W33 W34 W35 W38 W40 W43 W44 W46 W48 W49")

// TestSecurity_NamesTestsThatExist holds that docs/security.md promises nothing that no test shows.
func TestSecurity_NamesTestsThatExist(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../docs/security.md")
	if err != nil {
		t.Fatal(err)
	}
	src, _ := read(os.DirFS(".."))
	named := regexp.MustCompile("`([a-z]+)\\.(Test\\w+)`")
	for _, name := range named.FindAllStringSubmatch(string(text), -1) {
		if !hasTest(src, name[1], name[2]) {
			t.Errorf("docs/security.md names %s.%s, which is not there", name[1], name[2])
		}
	}
	for _, w := range weaknesses {
		line := regexp.MustCompile(`(?m)^\| ` + w + ` \|.*$`).FindString(string(text))
		if !named.MatchString(line) {
			t.Errorf("docs/security.md shows %s by no test", w)
		}
	}
}

// TestSecurity_TheJournalPromisesWhatTestsShow holds the same of docs/journal.md, where each line of who could do what names one.
func TestSecurity_TheJournalPromisesWhatTestsShow(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../docs/journal.md")
	if err != nil {
		t.Fatal(err)
	}
	src, _ := read(os.DirFS(".."))
	named := regexp.MustCompile("`([a-z]+)\\.(Test\\w+)`")
	for _, name := range named.FindAllStringSubmatch(string(text), -1) {
		if !hasTest(src, name[1], name[2]) {
			t.Errorf("docs/journal.md names %s.%s, which is not there", name[1], name[2])
		}
	}
	_, table, _ := strings.Cut(string(text), "\n## Who could do what\n")
	table, _, _ = strings.Cut(table, "\n## ")
	lines := regexp.MustCompile(`(?m)^\| [^|]+ \|.*$`).FindAllString(table, -1)
	if len(lines) < 13 {
		t.Errorf("only %d lines of who could do what", len(lines))
	}
	for _, line := range lines[1:] {
		if !named.MatchString(line) {
			t.Errorf("no test shows this: %s", line)
		}
	}
}

// hasTest looks for a test in the files of a package, "internal" being this one.
func hasTest(src source, pkg, test string) bool {
	for name, content := range src.texts {
		dir := path.Dir(name)
		if strings.HasSuffix(name, "_test.go") && (strings.HasPrefix(name, "internal/") || strings.HasPrefix(name, "cmd/")) && path.Base(dir) == pkg && strings.Contains(content, "\nfunc "+test+"(t *testing.T)") {
			return true
		}
	}
	return false
}

// slowHashes are for passwords that people choose. We have none, and on a token each would be a way to burn a processor.
var slowHashes = []string{"pbkdf2", "bcrypt", "scrypt", "argon2"}

// TestSecurity_NoSlowHash holds that no package of ours imports one.
func TestSecurity_NoSlowHash(t *testing.T) {
	t.Parallel()
	src, _ := read(os.DirFS(".."))
	if len(src.packages) < 20 {
		t.Fatalf("only %d packages found", len(src.packages))
	}
	for _, dir := range slices.Sorted(maps.Keys(src.packages)) {
		for _, imported := range importsOf(src.packages[dir]) {
			if slices.Contains(slowHashes, path.Base(imported)) {
				t.Errorf("%s imports %s", dir, imported)
			}
		}
	}
}
