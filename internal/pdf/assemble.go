package pdf

import (
	"errors"
	"fmt"
	"strings"
)

// Bytes lays the document out and returns the file. It may be called again
// after more blocks were added.
func (d *Document) Bytes() ([]byte, error) {
	if d.err == nil && len(d.strips) == 0 {
		d.fail(errors.New("pdf: the document is empty"))
	}
	if d.err != nil {
		return nil, d.err
	}
	f := &file{}
	root, tree, catalogPages := f.reserve(), f.reserve(), f.reserve()
	d.root.forget()
	clear(d.regular.used)
	clear(d.bold.used)
	painted, err := d.paint()
	if err != nil {
		return nil, err
	}
	pages := d.writePages(f, catalogPages, painted)
	d.writeTree(f, tree, pages, painted)
	info := f.add(fmt.Sprintf("<< /Title %s /Producer (Mandat) /CreationDate %s /ModDate %s >>",
		textString(d.title), dateString(d.at), dateString(d.at)))
	meta := f.rawStream("/Type /Metadata /Subtype /XML", d.metadata())
	f.set(root, fmt.Sprintf("<< /Type /Catalog /Pages %s /Metadata %s /Lang (%s) /MarkInfo << /Marked true >>"+
		" /StructTreeRoot %s /ViewerPreferences << /DisplayDocTitle true >> >>", catalogPages, meta, d.lang, tree))
	return f.bytes(root, info), nil
}

// Pages says how many pages there are so far.
func (d *Document) Pages() int { return len(paginate(d.strips, d.layout.height())) }

func (d *Document) paint() ([]*painter, error) {
	sheets := paginate(d.strips, d.layout.height())
	title, err := d.footerTitle()
	if err != nil {
		return nil, err
	}
	painters := make([]*painter, len(sheets))
	for i, strips := range sheets {
		p := &painter{page: i, bold: d.bold, layout: &d.layout}
		p.paintPage(strips)
		number, err := d.regular.shape(d.pageNumber(i+1, len(sheets)))
		if err != nil {
			return nil, err
		}
		p.footer(d.regular, title, number)
		painters[i] = p
	}
	return painters, nil
}

// footerTitle is the title, shortened to what fits beside the page number.
func (d *Document) footerTitle() ([]glyph, error) {
	gs, err := d.regular.shape(d.title)
	if err != nil {
		return nil, err
	}
	lines := wrap(gs, d.layout.footer.size, d.layout.width()*0.7)
	if len(lines) == 1 {
		return gs, nil
	}
	dots, err := d.regular.shape("…")
	return append(lines[0][:len(lines[0]):len(lines[0])], dots...), err
}

func (d *Document) pageNumber(n, of int) string {
	if d.lang == "fr" {
		return fmt.Sprintf("Page %d sur %d", n, of)
	}
	return fmt.Sprintf("Page %d of %d", n, of)
}

func (d *Document) writePages(f *file, parent ref, painted []*painter) []ref {
	resources := d.writeResources(f)
	var refs []ref
	var kids []string
	for i, p := range painted {
		content := f.stream("", p.out.Bytes())
		r := f.add(fmt.Sprintf("<< /Type /Page /Parent %s /MediaBox [0 0 %.2f %.2f] /Resources %s /Contents %s /StructParents %d /Tabs /S >>",
			parent, sheetWidth, sheetHeight, resources, content, i))
		refs = append(refs, r)
		kids = append(kids, r.String())
	}
	f.set(parent, fmt.Sprintf("<< /Type /Pages /Kids [%s] /Count %d >>", strings.Join(kids, " "), len(kids)))
	return refs
}

func (d *Document) writeResources(f *file) ref {
	return f.add(fmt.Sprintf("<< /Font << /F1 %s /F2 %s >> >>", d.regular.write(f), d.bold.write(f)))
}

func (d *Document) writeTree(f *file, tree ref, pages []ref, painted []*painter) {
	d.root.number(f)
	d.root.write(f, tree, pages)
	perPage := make([][]ref, len(painted))
	for i, p := range painted {
		perPage[i] = make([]ref, p.next)
	}
	d.root.owners(perPage)
	var nums strings.Builder
	for i, owners := range perPage {
		fmt.Fprintf(&nums, "%d [", i)
		for _, o := range owners {
			fmt.Fprintf(&nums, " %s", o)
		}
		nums.WriteString(" ] ")
	}
	f.set(tree, fmt.Sprintf("<< /Type /StructTreeRoot /K [%s] /ParentTree << /Nums [%s] >> /ParentTreeNextKey %d >>",
		d.root.ref, nums.String(), len(pages)))
}
