package pagetest

import (
	"fmt"
	"slices"
	"strings"

	"golang.org/x/net/html"
)

// void are the elements that have no end tag.
var void = []string{"br", "hr", "img", "input", "link", "meta", "path", "rect"}

// inspection is what is known of a page while it is read from top to bottom.
type inspection struct {
	faults   []string
	open     []string
	ids      map[string]bool
	labelled map[string]bool // ids that a label is for
	inputs   []string        // ids of fields that need a label
	wanted   []string        // ids that links and ARIA attributes point to
	mistakes []string        // fields whose mistake is told
	heading  int
	h1       int
	title    string
}

func (x *inspection) fault(format string, args ...any) {
	x.faults = append(x.faults, fmt.Sprintf(format, args...))
}

// Faults returns what is wrong with a page: tags that are not balanced, ids that are not unique or not there, fields
// without a label, a mistake that does not stand below its field or does not describe it, headings that skip a level, anything inline that the policy would block, more or less than one h1.
func Faults(page string) []string {
	x := &inspection{ids: map[string]bool{}, labelled: map[string]bool{}}
	z := html.NewTokenizer(strings.NewReader(page))
	for {
		kind := z.Next()
		token := z.Token()
		switch kind {
		case html.ErrorToken:
			x.finish()
			return x.faults
		case html.TextToken:
			if len(x.open) > 0 && x.open[len(x.open)-1] == "title" {
				x.title += token.Data
			}
			if len(x.open) > 0 && x.open[len(x.open)-1] == "script" && token.Data != "" {
				x.fault("<script> with something in it")
			}
			if strings.Contains(token.Data, "<no value>") || strings.Contains(token.Data, "%!") {
				x.fault("a value is missing: %q", token.Data)
			}
		case html.StartTagToken:
			x.start(token)
			if !slices.Contains(void, token.Data) {
				x.open = append(x.open, token.Data)
			}
		case html.SelfClosingTagToken:
			x.start(token)
		case html.EndTagToken:
			x.end(token.Data)
		}
	}
}

func (x *inspection) end(name string) {
	if len(x.open) == 0 || x.open[len(x.open)-1] != name {
		x.fault("</%s> closes %v", name, x.open)
		return
	}
	x.open = x.open[:len(x.open)-1]
}

func (x *inspection) start(token html.Token) {
	attributes := map[string]string{}
	for _, a := range token.Attr {
		attributes[a.Key] = a.Val
		if a.Key == "style" || strings.HasPrefix(a.Key, "on") || strings.HasPrefix(a.Val, "javascript:") {
			x.fault("<%s> has an inline %s", token.Data, a.Key)
		}
		if strings.Contains(a.Val, "ZgotmplZ") || strings.Contains(a.Val, "<no value>") {
			x.fault("<%s %s=%q>", token.Data, a.Key, a.Val)
		}
	}
	if id, ok := attributes["id"]; ok {
		if x.ids[id] || id == "" {
			x.fault("id %q is not unique", id)
		}
		x.ids[id] = true
		if field, ok := strings.CutPrefix(id, "error-"); ok {
			x.mistakes = append(x.mistakes, id)
			if !x.ids["field-"+field] {
				x.fault("%s stands above its field", id)
			}
		}
	}
	for _, name := range []string{"aria-describedby", "aria-labelledby", "aria-controls"} {
		x.wanted = append(x.wanted, strings.Fields(attributes[name])...)
	}
	x.element(token.Data, attributes)
}

func (x *inspection) element(name string, attributes map[string]string) {
	switch name {
	case "script":
		if attributes["type"] != "module" || !strings.HasPrefix(attributes["src"], "/static/js/") {
			x.fault("<script> that is no module of ours")
		}
	case "style", "iframe", "object":
		x.fault("<%s>", name)
	case "html":
		if attributes["lang"] == "" {
			x.fault("no language")
		}
	case "a":
		if href := attributes["href"]; strings.HasPrefix(href, "#") {
			x.wanted = append(x.wanted, href[1:])
		} else if href == "" {
			x.fault("a link to nowhere")
		}
		if attributes["target"] == "_blank" && !strings.Contains(attributes["rel"], "noopener") {
			x.fault("a new window without noopener")
		}
	case "label":
		x.labelled[attributes["for"]] = true
	case "input", "select", "textarea":
		if attributes["type"] != "hidden" && attributes["type"] != "submit" {
			x.inputs = append(x.inputs, attributes["id"])
		}
	case "img":
		if _, ok := attributes["alt"]; !ok {
			x.fault("an image without alt")
		}
	case "h1", "h2", "h3", "h4", "h5", "h6":
		level := int(name[1] - '0')
		if level == 1 {
			x.h1++
		}
		if level > x.heading+1 {
			x.fault("<%s> after <h%d>", name, x.heading)
		}
		x.heading = level
	}
}

func (x *inspection) finish() {
	if len(x.open) > 0 {
		x.fault("not closed: %v", x.open)
	}
	if x.h1 != 1 {
		x.fault("%d h1", x.h1)
	}
	if strings.TrimSpace(x.title) == "" {
		x.fault("no title")
	}
	for _, id := range x.inputs {
		if !x.labelled[id] {
			x.fault("field %q has no label", id)
		}
	}
	for _, id := range x.mistakes {
		if !slices.Contains(x.wanted, id) {
			x.fault("no field is described by %q", id)
		}
	}
	for _, id := range x.wanted {
		if !x.ids[id] {
			x.fault("nothing has the id %q", id)
		}
	}
}
