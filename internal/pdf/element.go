package pdf

import (
	"fmt"
	"strings"
)

// element is a node of the structure tree (ISO 32000-1, 14.7). It has either
// children, or marks: the pieces of page content that are its text.
type element struct {
	tag        string
	attributes string // body of its attribute dictionary, or ""
	alt        string // replacement text of a figure, or ""
	children   []*element
	marks      []mark
	ref        ref
}

// mark is one marked-content sequence: page and number on that page.
type mark struct{ page, id int }

func (e *element) child(tag string) *element {
	c := &element{tag: tag}
	e.children = append(e.children, c)
	return c
}

// forget drops the marks of an earlier layout.
func (e *element) forget() {
	e.marks = nil
	for _, c := range e.children {
		c.forget()
	}
}

// number reserves an object for the element and all below it, parents first.
func (e *element) number(f *file) {
	e.ref = f.reserve()
	for _, c := range e.children {
		c.number(f)
	}
}

// write sets the objects reserved by number.
func (e *element) write(f *file, parent ref, pages []ref) {
	var kids []string
	for _, c := range e.children {
		kids = append(kids, c.ref.String())
		c.write(f, e.ref, pages)
	}
	for _, m := range e.marks {
		kids = append(kids, fmt.Sprintf("<< /Type /MCR /Pg %s /MCID %d >>", pages[m.page], m.id))
	}
	var b strings.Builder
	fmt.Fprintf(&b, "<< /Type /StructElem /S /%s /P %s", e.tag, parent)
	if len(kids) > 0 {
		fmt.Fprintf(&b, " /K [%s]", strings.Join(kids, " "))
	}
	if e.attributes != "" {
		fmt.Fprintf(&b, " /A << %s >>", e.attributes)
	}
	if e.alt != "" {
		fmt.Fprintf(&b, " /Alt %s", textString(e.alt))
	}
	b.WriteString(" >>")
	f.set(e.ref, b.String())
}

// owners gathers, for each page, the elements its marks belong to, in the
// order of the marks: the parent tree.
func (e *element) owners(perPage [][]ref) {
	for _, m := range e.marks {
		perPage[m.page][m.id] = e.ref
	}
	for _, c := range e.children {
		c.owners(perPage)
	}
}
