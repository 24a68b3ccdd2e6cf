package web_test

import (
	"encoding/json"
	"io/fs"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"

	"mandat/web"
)

// texts reads every text of a language, by key, and checks that each stands in the file of its area.
func texts(t *testing.T, lang string) map[string]json.RawMessage {
	t.Helper()
	out := map[string]json.RawMessage{}
	names, err := fs.Glob(web.Files, "locales/"+lang+"/*.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		b, err := fs.ReadFile(web.Files, name)
		if err != nil {
			t.Fatal(err)
		}
		area := map[string]json.RawMessage{}
		if err := json.Unmarshal(b, &area); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for key, text := range area {
			if !strings.HasPrefix(key, strings.TrimSuffix(path.Base(name), ".json")+".") {
				t.Errorf("%s: %s does not begin with its area", name, key)
			}
			out[key] = text
		}
	}
	return out
}

// forms are the plural forms of a text: those a language has, and the values it names.
var values = regexp.MustCompile(`\{\{\s*\.[A-Za-z]+\s*\}\}`)

func TestTexts_SameInBothLanguages(t *testing.T) {
	t.Parallel()
	fr, en := texts(t, "fr"), texts(t, "en")
	for key, french := range fr {
		english, ok := en[key]
		if !ok {
			t.Errorf("%s is missing in English", key)
			continue
		}
		if french[0] != english[0] {
			t.Errorf("%s has plural forms in one language only", key)
		}
		f, e := values.FindAllString(string(french), -1), values.FindAllString(string(english), -1)
		slices.Sort(f)
		slices.Sort(e)
		if french[0] == '"' && !slices.Equal(slices.Compact(f), slices.Compact(e)) {
			t.Errorf("%s names %v in French and %v in English", key, f, e)
		}
	}
	for key := range en {
		if _, ok := fr[key]; !ok {
			t.Errorf("%s is missing in French", key)
		}
	}
}

// literal is a string in Go or in a template action that looks like a key or the beginning of keys.
var literal = regexp.MustCompile(`"((?:page|figures|opendata|checks|mydata|keep|public|mails|sign|aidant|login|account|franceconnect|idp|auditor|referent|admin|uses|refusals|telephone|list|recu|recap|ladder|ends|transfer|erasing|meaning|alerts|samples|cases|receiving)\.[a-z0-9_.]+)"`)

// TestTexts_UsedAndThere holds that every key that the program names exists, and that none is left over. A literal that is
// no key has to be the beginning of some, with or without its last dot: the rest is put behind it at run time.
func TestTexts_UsedAndThere(t *testing.T) {
	t.Parallel()
	fr := texts(t, "fr")
	used := map[string]bool{}
	root := os.DirFS("..")
	for _, dir := range []string{"internal", "web/templates", "cmd"} {
		err := fs.WalkDir(root, dir, func(name string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || strings.HasSuffix(name, "_test.go") || path.Ext(name) != ".go" && path.Ext(name) != ".html" {
				return err
			}
			b, err := fs.ReadFile(root, name)
			if err != nil {
				return err
			}
			for _, m := range literal.FindAllStringSubmatch(string(b), -1) {
				if !mark(fr, used, m[1]) {
					t.Errorf("%s: there is no text %q, nor one that begins so", name, m[1])
				}
			}
			return nil
		})
		if err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
	}
	for key := range fr {
		if !used[key] {
			t.Errorf("%s is used nowhere", key)
		}
	}
}

func mark(texts map[string]json.RawMessage, used map[string]bool, name string) bool {
	found := false
	if _, ok := texts[name]; ok {
		used[name], found = true, true
	}
	for key := range texts {
		if strings.HasPrefix(key, strings.TrimSuffix(name, ".")+".") {
			used[key], found = true, true
		}
	}
	return found
}

// A name that two partials define is whichever was read last, on pages of others too.
func TestPartials_DefinedOnce(t *testing.T) {
	t.Parallel()
	names, err := fs.Glob(web.Files, "templates/partial/*.html")
	if err != nil {
		t.Fatal(err)
	}
	defined := map[string]string{}
	for _, name := range names {
		b, err := fs.ReadFile(web.Files, name)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`\{\{\s*define "([^"]+)"`).FindAllStringSubmatch(string(b), -1) {
			if other, twice := defined[m[1]]; twice {
				t.Errorf("%s and %s define %q", other, name, m[1])
			}
			defined[m[1]] = name
		}
	}
}
