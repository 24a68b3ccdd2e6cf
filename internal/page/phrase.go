package page

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// phrase is a text cut at its values: what is said, the name of a value, what is said after it, and so on.
type phrase []string

// value is how a text names a value.
var value = regexp.MustCompile(`\{\{\s*\.([A-Za-z]+)\s*\}\}`)

// cut returns the phrase of a text, false when it has more in it than values.
func cut(text string) (phrase, bool) {
	var out phrase
	end := 0
	for _, at := range value.FindAllStringSubmatchIndex(text, -1) {
		out = append(out, text[end:at[0]], text[at[2]:at[3]])
		end = at[1]
	}
	out = append(out, text[end:])
	return out, !slices.ContainsFunc(out, func(part string) bool { return strings.Contains(part, "{{") })
}

// say puts the values in. One that is missing is an error.
func (p phrase) say(data map[string]any) (string, error) {
	if len(p) == 1 {
		return p[0], nil
	}
	var b strings.Builder
	for i, part := range p {
		if i%2 == 0 {
			b.WriteString(part)
			continue
		}
		v, ok := data[part]
		if !ok {
			return "", fmt.Errorf("the value %s is missing", part)
		}
		if text, ok := v.(string); ok {
			b.WriteString(text)
		} else {
			_, _ = fmt.Fprint(&b, v)
		}
	}
	return b.String(), nil
}
