package dossier

import (
	"embed"
	"encoding/json"
	"fmt"
	"strings"
	"sync"

	"mandat/internal/prose"
)

//go:embed words
var wordFiles embed.FS

// texts are what a file says in one language, by key.
type texts map[string]string

// allTexts reads the words of both languages, once.
var allTexts = sync.OnceValues(func() (map[string]texts, error) {
	out := map[string]texts{}
	for _, lang := range []string{"fr", "en"} {
		data, err := wordFiles.ReadFile("words/" + lang + ".json")
		if err != nil {
			return nil, err
		}
		t := texts{}
		if err := json.Unmarshal(data, &t); err != nil {
			return nil, fmt.Errorf("words of files in %s: %w", lang, err)
		}
		for key, text := range t {
			t[key] = prose.Spaces(lang, text)
		}
		out[lang] = t
	}
	return out, nil
})

// say returns a text with values in place of {names}.
func (t texts) say(key string, pairs ...any) (string, error) {
	text, ok := t[key]
	if !ok {
		return "", fmt.Errorf("a file has no words for %q", key)
	}
	replace := make([]string, len(pairs))
	for i, p := range pairs {
		replace[i] = fmt.Sprint(p)
		if i%2 == 0 {
			replace[i] = "{" + replace[i] + "}"
		}
	}
	return strings.NewReplacer(replace...).Replace(text), nil
}

// or is say of a key, or else the last part of the key as it is: of what a newer version wrote.
func (t texts) or(prefix, value string) string {
	if text, ok := t[prefix+"."+value]; ok {
		return text
	}
	return value
}
