package page

import (
	"fmt"
	"html/template"
	"io/fs"
	"regexp"
	"strconv"
)

// A template's constant texts and addresses, alone in an action or as the argument of a function. None of them stands
// where escaping for HTML would not do (scripts, styles, unquoted attributes): the policy forbids those.
var (
	constantText  = regexp.MustCompile(`\{\{t "([a-z0-9_.]+)"\}\}`)
	constantArg   = regexp.MustCompile(`\(t "([a-z0-9_.]+)"\)`)
	constantAsset = regexp.MustCompile(`\{\{asset "([^"]+)"\}\}`)
)

// readFile reads a file of templates, with its constants written out in a language: most of what a page says is the same each
// time, and looking it up anew took two thirds of the time that rendering took.
func (p *Pages) readFile(files fs.FS, name, lang string) (string, error) {
	b, err := fs.ReadFile(files, name)
	if err != nil {
		return "", err
	}
	source, err := p.writeConstants(string(b), lang)
	if err != nil {
		return "", fmt.Errorf("%s: %w", name, err)
	}
	return source, nil
}

func (p *Pages) writeConstants(source, lang string) (string, error) {
	text := func(key string) (string, error) { return p.text(lang, key, nil) }
	var err error
	for _, c := range []struct {
		form  *regexp.Regexp
		value func(string) (string, error)
		write func(string) string
	}{
		{constantText, text, template.HTMLEscapeString},
		{constantArg, text, strconv.Quote},
		{constantAsset, p.static.url, template.HTMLEscapeString},
	} {
		source = c.form.ReplaceAllStringFunc(source, func(action string) string {
			value, failure := c.value(c.form.FindStringSubmatch(action)[1])
			if failure != nil {
				err = failure
			}
			return c.write(value)
		})
	}
	return source, err
}
