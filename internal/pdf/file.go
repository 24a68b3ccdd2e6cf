package pdf

import (
	"bytes"
	"compress/zlib"
	"crypto/sha256"
	"fmt"
	"time"
	"unicode/utf16"
)

// ref is the number of an indirect object; generations are always 0.
type ref int

// String is the reference as written inside another object.
func (r ref) String() string { return fmt.Sprintf("%d 0 R", int(r)) }

// file collects the objects of a new PDF.
type file struct{ objects [][]byte }

func (f *file) reserve() ref {
	f.objects = append(f.objects, nil)
	return ref(len(f.objects))
}

func (f *file) set(r ref, body string) { f.objects[r-1] = []byte(body) }

func (f *file) add(body string) ref {
	r := f.reserve()
	f.set(r, body)
	return r
}

// stream adds data, deflated, with further entries for its dictionary.
func (f *file) stream(entries string, data []byte) ref {
	var z bytes.Buffer
	w := zlib.NewWriter(&z)
	// A bytes.Buffer accepts every write.
	_, _ = w.Write(data)
	_ = w.Close()
	return f.rawStream(entries+" /Filter /FlateDecode", z.Bytes())
}

// rawStream adds data as it is.
func (f *file) rawStream(entries string, data []byte) ref {
	var b bytes.Buffer
	fmt.Fprintf(&b, "<< %s /Length %d >>\nstream\n", entries, len(data))
	b.Write(data)
	b.WriteString("\nendstream")
	r := f.reserve()
	f.objects[r-1] = b.Bytes()
	return r
}

// bytes writes the file. Its identifier is a hash of its content, so that the
// same content has the same one.
func (f *file) bytes(root, info ref) []byte {
	var b bytes.Buffer
	// The comment of high bytes tells transfer programs that this is binary.
	b.WriteString("%PDF-1.7\n%\xE2\xE3\xCF\xD3\n")
	offsets := make([]int, len(f.objects))
	for i, o := range f.objects {
		offsets[i] = b.Len()
		fmt.Fprintf(&b, "%d 0 obj\n%s\nendobj\n", i+1, o)
	}
	id := sha256.Sum256(b.Bytes())
	start := b.Len()
	fmt.Fprintf(&b, "xref\n0 %d\n0000000000 65535 f \n", len(offsets)+1)
	for _, o := range offsets {
		fmt.Fprintf(&b, "%010d 00000 n \n", o)
	}
	fmt.Fprintf(&b, "trailer\n<< /Size %d /Root %s /Info %s /ID [<%x> <%x>] >>\nstartxref\n%d\n%%%%EOF\n",
		len(offsets)+1, root, info, id[:16], id[:16], start)
	return b.Bytes()
}

// textString writes s as a text string object in UTF-16 (ISO 32000-1, 7.9.2.2).
func textString(s string) string {
	var b bytes.Buffer
	b.WriteString("<FEFF")
	for _, u := range utf16.Encode([]rune(s)) {
		fmt.Fprintf(&b, "%04X", u)
	}
	b.WriteByte('>')
	return b.String()
}

// dateString writes t as a date object (ISO 32000-1, 7.9.4).
func dateString(t time.Time) string { return t.UTC().Format("(D:20060102150405Z)") }
