package browse

import (
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"golang.org/x/net/html"
)

// Press fills in the form that holds a button and presses it. The button is named by its text (or aria-label, or value of
// an input), by "name=value", or by "#id"; when no text is the same, by part of it. It must be one button, or several that
// do the same.
//
// values names what the person enters, by control name: text for a field, the value of a radio button or option (or the
// option's text), the values of the ticked checkboxes (none: all unticked), the content of a file. What is not named stays as the page has it.
// A name that the form lacks, or a choice that it does not offer, is an error: nobody could have entered it. Hidden fields
// go along; to change one, use Post.
func (b *Browser) Press(button string, values url.Values) error {
	pressed, err := b.button(button)
	if err != nil {
		return err
	}
	form := b.formOf(pressed)
	if form == nil {
		return b.errorf("button %q belongs to no form", button)
	}
	filled, err := b.fill(form, values)
	if err != nil {
		return err
	}
	if name := attr(pressed, "name"); name != "" {
		filled = append(filled, field{name: name, value: attr(pressed, "value")})
	}
	return b.submit(form, pressed, filled)
}

// Buttons lists the labels of the buttons that can be pressed, in order.
func (p *Page) Buttons() []string {
	var labels []string
	for _, n := range p.all(isButton) {
		labels = append(labels, label(n))
	}
	return labels
}

// HasButton says whether Press would find this button.
func (p *Page) HasButton(button string) bool {
	_, err := p.button(button)
	return err == nil
}

func isButton(n *html.Node) bool {
	if has(n, "disabled") {
		return false
	}
	kind := strings.ToLower(attr(n, "type"))
	return (n.Data == "button" && (kind == "" || kind == "submit")) || (n.Data == "input" && (kind == "submit" || kind == "image"))
}

func (p *Page) button(what string) (*html.Node, error) {
	name, value, named := strings.Cut(what, "=")
	found := pick(p.all(isButton), what, func(n *html.Node) bool {
		return named && attr(n, "name") == name && attr(n, "value") == value
	})
	if len(found) == 0 {
		return nil, p.errorf("no button %q among %q", what, p.Buttons())
	}
	same := func(n *html.Node) bool {
		return p.formOf(n) == p.formOf(found[0]) && attr(n, "name") == attr(found[0], "name") && attr(n, "value") == attr(found[0], "value")
	}
	if !slices.ContainsFunc(found, func(n *html.Node) bool { return !same(n) }) {
		return found[0], nil
	}
	return nil, p.errorf("%d buttons %q", len(found), what)
}

// formOf finds the form of a control: named by its form attribute, or around it.
func (p *Page) formOf(n *html.Node) *html.Node {
	if id := attr(n, "form"); id != "" {
		return p.first(func(f *html.Node) bool { return f.Data == "form" && attr(f, "id") == id })
	}
	for a := range n.Ancestors() {
		if a.Type == html.ElementNode && a.Data == "form" {
			return a
		}
	}
	return nil
}

func (b *Browser) submit(form, pressed *html.Node, filled []field) error {
	override := func(name string) string {
		if v := attr(pressed, "form"+name); v != "" {
			return v
		}
		return attr(form, name)
	}
	if strings.EqualFold(override("method"), "dialog") {
		return b.errorf("a dialog's form goes nowhere without a script")
	}
	to, err := b.resolve(override("action"))
	if err != nil {
		return err
	}
	if override("action") == "" { // the document's own address, query included
		to = b.URL()
	}
	n := navigation{method: http.MethodGet, to: to, from: b.initiator(), form: true}
	parts := strings.EqualFold(override("enctype"), "multipart/form-data")
	switch post := strings.EqualFold(override("method"), "post"); {
	case post && parts:
		n.method = http.MethodPost
		n.body, n.kind = encodeParts(filled)
	case slices.ContainsFunc(filled, func(f field) bool { return f.file }):
		return b.errorf("a file goes only with a form that is posted in parts")
	case post:
		n.method, n.body = http.MethodPost, encode(filled)
	default:
		n.to.RawQuery = encode(filled)
	}
	return b.navigate(n)
}

// newlines sends every line end as CR LF, whatever the page had (HTML §4.10.21.8).
var newlines = strings.NewReplacer("\r\n", "\r\n", "\n", "\r\n", "\r", "\r\n")

// encode keeps the order of the page, as browsers do and url.Values does not.
func encode(fields []field) string {
	var pairs []string
	for _, f := range fields {
		pairs = append(pairs, url.QueryEscape(newlines.Replace(f.name))+"="+url.QueryEscape(newlines.Replace(f.value)))
	}
	return strings.Join(pairs, "&")
}

// encodeParts writes a form as multipart/form-data (RFC 7578) and returns its content type. Files are called "file.csv".
func encodeParts(fields []field) (body, kind string) {
	var b strings.Builder
	w := multipart.NewWriter(&b)
	for _, f := range fields {
		var part io.Writer
		if f.file {
			part, _ = w.CreateFormFile(f.name, "file.csv") // a strings.Builder takes everything
			_, _ = io.WriteString(part, f.value)
			continue
		}
		part, _ = w.CreateFormField(f.name)
		_, _ = io.WriteString(part, newlines.Replace(f.value))
	}
	_ = w.Close()
	return b.String(), w.FormDataContentType()
}
