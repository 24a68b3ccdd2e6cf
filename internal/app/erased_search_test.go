package app_test

import (
	"bytes"
	"compress/zlib"
	"crypto/aes"
	"crypto/cipher"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/google/uuid"
	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/insecurecleartextkeyset"
	"github.com/tink-crypto/tink-go/v2/keyset"

	"mandat/internal/apptest"
)

// thief has a dump of the database, and every key that he could ever unwrap.
type thief struct {
	keys [][]byte // data keys
}

// dump is what pg_dump writes of all tables, in text.
func dump(t *testing.T, site *apptest.Site) string {
	t.Helper()
	programs, _ := filepath.Glob("/usr/lib/postgresql/*/bin/pg_dump")
	if len(programs) == 0 {
		t.Fatal("no pg_dump; run: apt-get install postgresql-client")
	}
	out, err := exec.CommandContext(t.Context(), programs[len(programs)-1], "--data-only", "--dbname="+site.Superuser).Output()
	must(t, err)
	return string(out)
}

// steal unwraps every data key of the tables, with the key-encryption key.
func (f *thief) steal(t *testing.T, site *apptest.Site) {
	t.Helper()
	handle, err := insecurecleartextkeyset.Read(keyset.NewJSONReader(strings.NewReader(site.KEK(t))))
	must(t, err)
	kek, err := aead.New(handle)
	must(t, err)
	rows, err := site.Connect(t, site.Superuser).Query(t.Context(), `select id, data_key from citizen union all select subject_id, data_key from mandate_draft where data_key is not null`)
	must(t, err)
	defer rows.Close()
	for rows.Next() {
		var owner uuid.UUID
		var wrapped []byte
		must(t, rows.Scan(&owner, &wrapped))
		raw, err := kek.Decrypt(wrapped, owner[:])
		must(t, err)
		f.keys = append(f.keys, raw)
	}
	must(t, rows.Err())
}

// open decrypts what may be a sealed value with every key, without asking whether it is of that key: counter mode under the nonce, as GCM begins it.
func (f *thief) open(value []byte) (out [][]byte) {
	const before, behind = 1 + 12, 16
	if len(value) < before+behind || value[0] != 1 {
		return nil
	}
	for _, key := range f.keys {
		block, err := aes.NewCipher(key)
		if err != nil {
			continue
		}
		counter := append(bytes.Clone(value[1:before]), 0, 0, 0, 2)
		plain := make([]byte, len(value)-before-behind)
		cipher.NewCTR(block, counter).XORKeyStream(plain, value[before:len(value)-behind])
		out = append(out, plain)
	}
	return out
}

var (
	copyOf  = regexp.MustCompile(`(?m)^COPY public\.(\w+) \(([^)]*)\) FROM stdin;$`)
	streams = regexp.MustCompile(`(?s)stream\r?\n(.*?)\r?\nendstream`)
)

// find looks for words in every column of every table of a dump, opened and decoded. The answer is the names of the columns.
func (f *thief) find(t *testing.T, dump string, words []string) []string {
	t.Helper()
	found := map[string]bool{}
	var table string
	var columns []string
	for line := range strings.Lines(dump) {
		if m := copyOf.FindStringSubmatch(line); m != nil {
			table, columns = m[1], strings.Split(strings.ReplaceAll(m[2], `"`, ""), ", ")
			continue
		}
		for i, value := range strings.Split(strings.TrimSuffix(line, "\n"), "\t") {
			place := table
			if i < len(columns) {
				place += "." + columns[i]
			}
			if !found[place] && f.holds(t, value, words) {
				found[place] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(found))
}

// holds looks into one value of a dump.
func (f *thief) holds(t *testing.T, value string, words []string) bool {
	t.Helper()
	if written(t, []byte(value), words) {
		return true
	}
	raw, ok := strings.CutPrefix(value, `\\x`)
	if !ok {
		return false
	}
	b, err := hex.DecodeString(raw)
	if err != nil {
		return false
	}
	return written(t, b, words) || slices.ContainsFunc(f.open(b), func(plain []byte) bool { return written(t, plain, words) })
}

// written looks for words in text, however it is encoded.
func written(t *testing.T, text []byte, words []string) bool {
	t.Helper()
	lower := bytes.ToLower(text)
	for _, w := range words {
		for _, form := range writtenAs(w) {
			if bytes.Contains(lower, form) {
				return true
			}
		}
		for _, form := range inBase64(w) {
			if bytes.Contains(text, form) {
				return true
			}
		}
	}
	if bytes.HasPrefix(text, []byte("%PDF-")) {
		return printed(t, text, words)
	}
	return false
}

// cased is a word as it may be written: in capitals, in small letters, as a name.
func cased(word string) []string {
	lower := strings.ToLower(word)
	return []string{strings.ToUpper(word), lower, strings.ToUpper(lower[:1]) + lower[1:]}
}

// writtenAs are the ways in which a word may stand in bytes, in small letters.
func writtenAs(word string) (out [][]byte) {
	for _, w := range cased(word) {
		var little, big []byte
		var escaped strings.Builder
		for _, u := range utf16.Encode([]rune(w)) {
			little, big = binary.LittleEndian.AppendUint16(little, u), binary.BigEndian.AppendUint16(big, u)
			_, _ = fmt.Fprintf(&escaped, `\u%04x`, u)
		}
		out = append(out, []byte(escaped.String()))
		for _, b := range [][]byte{[]byte(w), little, big} {
			out = append(out, bytes.ToLower(b), []byte(hex.EncodeToString(b)))
		}
	}
	return out
}

// inBase64 are the parts of a word's base64 that do not hang on what stands around it, at each of three positions.
func inBase64(word string) (out [][]byte) {
	for _, w := range cased(word) {
		for shift := range 3 {
			coded := base64.StdEncoding.EncodeToString(append(make([]byte, shift), w...))
			from, until := (shift*8+5)/6, (shift+len(w))*8/6
			out = append(out, []byte(coded[from:until]))
		}
	}
	return out
}

// printed looks into the streams of a PDF, inflated, and at the words that it shows.
func printed(t *testing.T, content []byte, words []string) bool {
	t.Helper()
	for _, m := range streams.FindAllSubmatch(content, -1) {
		z, err := zlib.NewReader(bytes.NewReader(m[1]))
		if err != nil {
			continue
		}
		if plain, _ := io.ReadAll(z); written(t, plain, words) {
			return true
		}
	}
	name := filepath.Join(t.TempDir(), "found.pdf")
	must(t, os.WriteFile(name, content, 0o600))
	shown, err := exec.CommandContext(t.Context(), "pdftotext", name, "-").Output()
	return err == nil && written(t, shown, words)
}

// The search finds a word in each of the ways in which one may be written.
func TestErasureSearch(t *testing.T) {
	t.Parallel()
	const word = "ZZMARQUEUR"
	var z bytes.Buffer
	w := zlib.NewWriter(&z)
	_, err := w.Write([]byte("(" + word + ") Tj"))
	must(t, err)
	must(t, w.Close())
	utf := func(order binary.AppendByteOrder) (b []byte) {
		for _, u := range utf16.Encode([]rune("x Zzmarqueur")) {
			b = order.AppendUint16(b, u)
		}
		return b
	}
	for name, value := range map[string]string{
		"plain":                     "x Zzmarqueur",
		"hexadecimal":               hex.EncodeToString([]byte("x " + word)),
		"bytes":                     `\\x` + hex.EncodeToString([]byte("x "+word)),
		"base64":                    base64.StdEncoding.EncodeToString([]byte("x " + word + " y")),
		"base64, one further":       base64.StdEncoding.EncodeToString([]byte("xy " + word + " y")),
		"base64, two further":       base64.URLEncoding.EncodeToString([]byte("xyz " + word)),
		"UTF-16, little end first":  `\\x` + hex.EncodeToString(utf(binary.LittleEndian)),
		"UTF-16, big end first":     `\\x` + hex.EncodeToString(utf(binary.BigEndian)),
		"UTF-16 in hexadecimal":     hex.EncodeToString(utf(binary.BigEndian)),
		"escapes of JSON":           `{"name":"\u005a\u005A\u004d\u0041\u0052\u0051\u0055\u0045\u0055\u0052"}`,
		"base64 of bytes in a dump": `\\x` + hex.EncodeToString([]byte(base64.StdEncoding.EncodeToString([]byte("a"+word)))),
		"a stream of a PDF":         `\\x` + hex.EncodeToString([]byte("%PDF-1.7\nstream\n"+z.String()+"\nendstream")),
	} {
		if !(&thief{}).holds(t, value, []string{word}) {
			t.Errorf("not found in %s", name)
		}
		if (&thief{}).holds(t, value, []string{"ZZAUTREMENT"}) {
			t.Errorf("found in %s what is not there", name)
		}
	}
}
