package pdf

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"strconv"
)

// errForeign says that a file was not written by Document.Bytes.
var errForeign = errors.New("not an unsealed document of this program")

// revision reads a file of ours: one cross-reference table, no update yet.
// Anything else is refused rather than guessed at.
type revision struct {
	data    []byte
	offsets []int // of object n at n-1
	table   int   // offset of the cross-reference table
	root    ref
	info    ref
	id      string
}

var (
	tailForm   = regexp.MustCompile(`trailer\n<< /Size (\d+) /Root (\d+) 0 R /Info (\d+) 0 R /ID (\[<[0-9a-f]{32}> <[0-9a-f]{32}>\]) >>\nstartxref\n(\d+)\n%%EOF\n$`)
	entryForm  = regexp.MustCompile(`^(\d{10}) 00000 n \n`)
	pagesEntry = regexp.MustCompile(` /Pages (\d+) 0 R`)
	firstKid   = regexp.MustCompile(` /Kids \[(\d+) 0 R`)
)

func readRevision(data []byte) (*revision, error) {
	tail := data[max(0, len(data)-512):]
	m := tailForm.FindSubmatch(tail)
	if m == nil || !bytes.HasPrefix(data, []byte("%PDF-1.7\n")) {
		return nil, errForeign
	}
	r := &revision{data: data, root: ref(number(m[2])), info: ref(number(m[3])), id: string(m[4]), table: number(m[5])}
	size := number(m[1])
	head := fmt.Sprintf("xref\n0 %d\n0000000000 65535 f \n", size)
	if r.table < 0 || r.table > len(data) || !bytes.HasPrefix(data[r.table:], []byte(head)) {
		return nil, errForeign
	}
	entries := data[r.table+len(head):]
	for range size - 1 {
		e := entryForm.FindSubmatch(entries)
		if e == nil {
			return nil, errForeign
		}
		r.offsets = append(r.offsets, number(e[1]))
		entries = entries[len(e[0]):]
	}
	return r, nil
}

// number reads digits; more than fit give -1, which no check lets through.
func number(digits []byte) int {
	n, err := strconv.Atoi(string(digits))
	if err != nil {
		return -1
	}
	return n
}

// dictionary returns what is between the outer << and >> of an object.
func (r *revision) dictionary(o ref) (string, error) {
	if o < 1 || int(o) > len(r.offsets) || r.offsets[o-1] > r.table {
		return "", errForeign
	}
	body, ok := bytes.CutPrefix(r.data[r.offsets[o-1]:r.table], fmt.Appendf(nil, "%d 0 obj\n<<", int(o)))
	if !ok {
		return "", errForeign
	}
	body, _, ok = bytes.Cut(body, []byte(">>\nendobj\n"))
	if !ok {
		return "", errForeign
	}
	return string(body), nil
}

// firstPage finds the first page and its dictionary.
func (r *revision) firstPage(catalog string) (ref, string, error) {
	m := pagesEntry.FindStringSubmatch(catalog)
	if m == nil {
		return 0, "", errForeign
	}
	pages, err := r.dictionary(ref(number([]byte(m[1]))))
	if err != nil {
		return 0, "", err
	}
	if m = firstKid.FindStringSubmatch(pages); m == nil {
		return 0, "", errForeign
	}
	page := ref(number([]byte(m[1])))
	dict, err := r.dictionary(page)
	return page, dict, err
}
