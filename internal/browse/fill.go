package browse

import (
	"net/url"
	"slices"
	"strings"

	"golang.org/x/net/html"
)

type field struct {
	name, value string
	file        bool // value is the content of a file
}

// fill gives what the form sends apart from the button, in page order (HTML §4.10.21.4, "constructing the entry list").
func (b *Browser) fill(form *html.Node, values url.Values) ([]field, error) {
	controls := b.all(func(n *html.Node) bool {
		return slices.Contains([]string{"input", "select", "textarea"}, n.Data) && attr(n, "name") != "" && !disabled(n) && b.formOf(n) == form
	})
	f := filling{page: &b.Page, left: url.Values{}, values: values}
	for name, vs := range values {
		f.left[name] = slices.Clone(vs)
	}
	var entries []field
	for _, n := range controls {
		sent, err := f.control(n)
		if err != nil {
			return nil, err
		}
		for _, value := range sent {
			entries = append(entries, field{attr(n, "name"), value, strings.EqualFold(attr(n, "type"), "file")})
		}
	}
	for name := range values {
		if !slices.ContainsFunc(controls, func(n *html.Node) bool { return attr(n, "name") == name }) {
			return nil, b.errorf("the form has no field %q", name)
		}
		if len(f.left[name]) > 0 {
			return nil, b.errorf("field %q does not offer or take %q", name, f.left[name])
		}
	}
	return entries, nil
}

// filling is the state of one form: what the person wants to enter and what is still to be placed.
type filling struct {
	page         *Page
	values, left url.Values
}

func (f filling) control(n *html.Node) ([]string, error) {
	name, kind := attr(n, "name"), strings.ToLower(attr(n, "type"))
	_, entered := f.values[name]
	switch {
	case n.Data == "select":
		return f.choose(n, name, entered), nil
	case n.Data == "textarea":
		return f.write(name, entered, rawText(n)), nil
	case kind == "checkbox" || kind == "radio":
		return f.tick(n, name, entered), nil
	case slices.Contains([]string{"submit", "image", "button", "reset"}, kind):
		return nil, nil
	case kind == "file":
		if !entered {
			return nil, f.page.errorf("field %q wants a file", name)
		}
		return f.write(name, true, ""), nil
	case kind == "hidden" && entered:
		return nil, f.page.errorf("field %q is hidden", name)
	}
	return f.write(name, entered, attr(n, "value")), nil
}

func (f filling) write(name string, entered bool, before string) []string {
	if !entered || len(f.left[name]) == 0 {
		return []string{before}
	}
	value := f.left[name][0]
	f.left[name] = f.left[name][1:]
	return []string{value}
}

func (f filling) tick(n *html.Node, name string, entered bool) []string {
	value := attr(n, "value")
	if !has(n, "value") {
		value = "on"
	}
	if !entered {
		if has(n, "checked") {
			return []string{value}
		}
		return nil
	}
	if f.take(name, value) {
		return []string{value}
	}
	return nil
}

func (f filling) choose(n *html.Node, name string, entered bool) []string {
	var chosen []string
	var first *string
	multiple := has(n, "multiple")
	for o := range n.Descendants() {
		if o.Type != html.ElementNode || o.Data != "option" || disabled(o) {
			continue
		}
		text, value := textOf(o), attr(o, "value")
		if !has(o, "value") {
			value = text
		}
		if first == nil {
			first = &value
		}
		switch {
		case entered && (multiple || len(chosen) == 0) && (f.take(name, value) || f.take(name, text)):
			chosen = append(chosen, value)
		case !entered && has(o, "selected"):
			chosen = append(chosen, value)
		}
	}
	if !multiple && !entered {
		if len(chosen) > 1 {
			chosen = chosen[len(chosen)-1:]
		} else if len(chosen) == 0 && first != nil {
			chosen = []string{*first}
		}
	}
	return chosen
}

// take crosses a value off what is still to be placed.
func (f filling) take(name, value string) bool {
	i := slices.Index(f.left[name], value)
	if i < 0 {
		return false
	}
	f.left[name] = slices.Delete(f.left[name], i, i+1)
	return true
}

// disabled covers the control's own attribute and a disabled fieldset around it.
func disabled(n *html.Node) bool {
	if has(n, "disabled") {
		return true
	}
	for a := range n.Ancestors() {
		if a.Type == html.ElementNode && (a.Data == "fieldset" || a.Data == "optgroup") && has(a, "disabled") {
			return true
		}
	}
	return false
}

func rawText(n *html.Node) string {
	var b strings.Builder
	for c := range n.Descendants() {
		if c.Type == html.TextNode {
			b.WriteString(c.Data)
		}
	}
	return b.String()
}
