package browse

import (
	"net/http"
	"strings"

	"golang.org/x/net/html"
)

func isLink(n *html.Node) bool { return n.Data == "a" && has(n, "href") }

// Follow follows the link whose text (or aria-label), href or, with "#", id is what; when no text is the same, the one link
// whose text contains it.
func (b *Browser) Follow(what string) error {
	links := b.all(isLink)
	found := pick(links, what, func(n *html.Node) bool { return attr(n, "href") == what })
	switch len(found) {
	case 0:
		return b.errorf("no link %q", what)
	case 1:
	default:
		if !sameAttr(found, "href") {
			return b.errorf("%d links %q", len(found), what)
		}
	}
	to, err := b.resolve(attr(found[0], "href"))
	if err != nil {
		return err
	}
	from := b.initiator()
	if strings.Contains(attr(found[0], "rel"), "noreferrer") {
		from.referrer = "no-referrer"
	}
	if policy := attr(found[0], "referrerpolicy"); policy != "" {
		from.referrer = policy
	}
	return b.navigate(navigation{method: http.MethodGet, to: to, from: from})
}

// pick finds by id, by another exact test, by whole text, and only then by part of the text.
func pick(nodes []*html.Node, what string, exact func(*html.Node) bool) []*html.Node {
	tests := []func(*html.Node) bool{
		func(n *html.Node) bool { return strings.HasPrefix(what, "#") && attr(n, "id") == what[1:] },
		exact,
		func(n *html.Node) bool { return label(n) == what },
		func(n *html.Node) bool { return what != "" && strings.Contains(label(n), what) },
	}
	for _, fits := range tests {
		var found []*html.Node
		for _, n := range nodes {
			if fits(n) {
				found = append(found, n)
			}
		}
		if len(found) > 0 {
			return found
		}
	}
	return nil
}

// label is the name a reader knows a link or button by.
func label(n *html.Node) string {
	if l := attr(n, "aria-label"); l != "" {
		return l
	}
	if n.Data == "input" {
		return attr(n, "value")
	}
	return textOf(n)
}

func sameAttr(nodes []*html.Node, name string) bool {
	for _, n := range nodes[1:] {
		if attr(n, name) != attr(nodes[0], name) {
			return false
		}
	}
	return true
}
