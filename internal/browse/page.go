package browse

import (
	"bytes"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"golang.org/x/net/html"
)

// excerptRunes is how much of a page an error shows.
const excerptRunes = 400

// Page is what a browser shows.
type Page struct {
	address *url.URL
	status  int
	header  http.Header
	body    []byte
	doc     *html.Node
	stopped bool
}

func newPage(resp *http.Response, body []byte) Page {
	p := Page{address: resp.Request.URL, status: resp.StatusCode, header: resp.Header, body: body}
	if strings.Contains(resp.Header.Get("Content-Type"), "html") {
		// Without scripts, what is inside noscript is part of the page.
		p.doc, _ = html.ParseWithOptions(bytes.NewReader(body), html.ParseOptionEnableScripting(false))
	}
	return p
}

// URL is the address of the page, or of the one the browser stopped before. It is empty, not nil, before the first page.
func (p *Page) URL() *url.URL {
	if p.address == nil {
		return &url.URL{}
	}
	u := *p.address
	return &u
}

// Status is the HTTP status; 0 when the browser stopped before the page.
func (p *Page) Status() int { return p.status }

// Header is the response's header.
func (p *Page) Header() http.Header { return p.header }

// Body is the response's body as it came.
func (p *Page) Body() []byte { return p.body }

// Stopped says whether the browser stopped before this page (StopAt).
func (p *Page) Stopped() bool { return p.stopped }

// Document is the parsed page; nil when it is not HTML.
func (p *Page) Document() *html.Node { return p.doc }

// Title is the text of <title>.
func (p *Page) Title() string { return p.firstText("title") }

// H1 is the text of the first <h1>.
func (p *Page) H1() string { return p.firstText("h1") }

// Text is the page as a reader sees it, without scripts, styles and hidden parts, words parted by single spaces.
func (p *Page) Text() string {
	if p.doc == nil {
		return strings.Join(strings.Fields(string(p.body)), " ")
	}
	return textOf(p.doc)
}

// Has says whether Text contains s.
func (p *Page) Has(s string) bool { return strings.Contains(p.Text(), s) }

// ByID returns the element with that id, or nil.
func (p *Page) ByID(id string) *html.Node {
	return p.first(func(n *html.Node) bool { return attr(n, "id") == id })
}

// TextByID returns the text of the element with that id, "" when there is none.
func (p *Page) TextByID(id string) string {
	n := p.ByID(id)
	if n == nil {
		return ""
	}
	return textOf(n)
}

// ByText returns the elements of that name whose whole text is text, e.g. ("dt", "Date de naissance").
func (p *Page) ByText(element, text string) []*html.Node {
	return p.all(func(n *html.Node) bool { return n.Data == element && textOf(n) == text })
}

// Links returns the href of every link, resolved, in order.
func (p *Page) Links() []string {
	var links []string
	for _, n := range p.all(isLink) {
		if u, err := p.base().Parse(attr(n, "href")); err == nil {
			links = append(links, u.String())
		}
	}
	return links
}

func (p *Page) firstText(element string) string {
	n := p.first(func(n *html.Node) bool { return n.Data == element })
	if n == nil {
		return ""
	}
	return textOf(n)
}

func (p *Page) first(fits func(*html.Node) bool) *html.Node {
	if found := p.all(fits); len(found) > 0 {
		return found[0]
	}
	return nil
}

func (p *Page) all(fits func(*html.Node) bool) []*html.Node {
	if p.doc == nil {
		return nil
	}
	var found []*html.Node
	for n := range p.doc.Descendants() {
		if n.Type == html.ElementNode && fits(n) {
			found = append(found, n)
		}
	}
	return found
}

// base is what relative addresses on the page refer to.
func (p *Page) base() *url.URL {
	if n := p.first(func(n *html.Node) bool { return n.Data == "base" && attr(n, "href") != "" }); n != nil {
		if u, err := p.URL().Parse(attr(n, "href")); err == nil {
			return u
		}
	}
	return p.URL()
}

// referrerPolicy is the page's own, the last one given winning; "" is the browser's default.
func (p *Page) referrerPolicy() string {
	policy := ""
	if p.header != nil {
		parts := strings.Split(strings.Join(p.header.Values("Referrer-Policy"), ","), ",")
		policy = strings.TrimSpace(parts[len(parts)-1])
	}
	for _, n := range p.all(func(n *html.Node) bool { return n.Data == "meta" && attr(n, "name") == "referrer" }) {
		policy = attr(n, "content")
	}
	return policy
}

func (p *Page) errorf(format string, args ...any) error {
	text := []rune(p.Text())
	if len(text) > excerptRunes {
		text = append(text[:excerptRunes], '…')
	}
	where := *p.URL()
	where.RawQuery = "" // codes and states have no business in a message
	return fmt.Errorf("browse: %w (at %s, status %d: %s)", fmt.Errorf(format, args...), &where, p.status, string(text))
}

// silent elements have text that nobody reads.
var silent = []string{"script", "style", "template", "head"}

func textOf(n *html.Node) string {
	var b strings.Builder
	write(&b, n)
	return strings.Join(strings.Fields(b.String()), " ")
}

func write(b *strings.Builder, n *html.Node) {
	if n.Type == html.TextNode {
		b.WriteString(n.Data)
		return
	}
	if n.Type == html.ElementNode && (has(n, "hidden") || slices.Contains(silent, n.Data)) {
		return
	}
	inline := n.Type == html.ElementNode && slices.Contains(inlineElements, n.Data)
	if !inline {
		b.WriteByte(' ')
	}
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		write(b, c)
	}
	if !inline {
		b.WriteByte(' ')
	}
}

// inlineElements do not part words.
var inlineElements = []string{"a", "abbr", "b", "bdi", "cite", "code", "em", "i", "mark", "q", "s", "small", "span", "strong", "sub", "sup", "time", "u", "wbr"}

func attr(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func has(n *html.Node, name string) bool {
	return slices.ContainsFunc(n.Attr, func(a html.Attribute) bool { return a.Key == name })
}
