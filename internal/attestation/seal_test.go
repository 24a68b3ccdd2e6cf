package attestation

import (
	"bytes"
	"encoding/pem"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/pdfcpu/pdfcpu/pkg/api"
	"github.com/pdfcpu/pdfcpu/pkg/pdfcpu/model"

	"mandat/internal/certs"
)

// authority is who certifies the seals of these tests. pdfcpu knows one set of roots for the whole process.
var authority certs.Pair

func TestMain(m *testing.M) { os.Exit(withAuthority(m)) }

func withAuthority(m *testing.M) int {
	dir, err := os.MkdirTemp("", "attestation-roots")
	if err == nil {
		defer func() { _ = os.RemoveAll(dir) }()
		authority, err = certs.NewAuthority(time.Now())
	}
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, "root.pem"), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: authority.Certificate().Raw}), 0o600)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	api.DisableConfigDir()
	model.TrustedCertDir = dir
	return m.Run()
}

// accepted asks two readers that nobody here wrote whether a file is whole and sealed: pdfsig and pdfcpu. Whether a certificate was revoked is all that pdfcpu
// misses in a seal that carries nothing about it.
func accepted(t *testing.T, name string) (pdfsig, pdfcpu bool) {
	t.Helper()
	out, _ := exec.Command("pdfsig", "-nocert", name).CombinedOutput() // it fails on what it refuses
	pdfsig = bytes.Contains(out, []byte("Signature is Valid")) && bytes.Contains(out, []byte("Total document signed"))
	results, err := api.ValidateSignatures(name, true, nil)
	pdfcpu = err == nil && len(results) == 1 && results[0].Reason == model.SignatureReasonCertRevocationUnknown && len(results[0].Problems) == 0
	return pdfsig, pdfcpu
}

var (
	contents = regexp.MustCompile(`/Contents <([0-9a-f]+)>`)
	updated  = regexp.MustCompile(`%%EOF\n`)
)

// spots are bytes to change: in the document, in its last revision, in the signature, and anywhere. The authority's certificate, which comes along with the signature, is
// no part of what is signed (RFC 5652 section 5.1), and who checks the seal has it from elsewhere.
func spots(t *testing.T, data []byte, chance *rand.Rand) map[string]int {
	t.Helper()
	hex := contents.FindSubmatchIndex(data)
	ends := updated.FindAllIndex(data, -1)
	if hex == nil || len(ends) != 2 {
		t.Fatalf("%d revisions", len(ends))
	}
	signature := len(bytes.TrimRight(data[hex[2]:hex[3]], "0"))
	out := map[string]int{"the version": 7, "the first revision's end": ends[0][0] + 2, "the last revision's first object": ends[0][1] + 8,
		"the claimed time": bytes.LastIndex(data, []byte("/M (D:")) + 9, "the seal's range": bytes.LastIndex(data, []byte("/ByteRange [")) + 15,
		"the signature's beginning": hex[2] + 9, "the signature's end": hex[2] + signature - 3,
		"the last table": bytes.LastIndex(data, []byte("xref\n")) - 20, "the last trailer": bytes.LastIndex(data, []byte("/Prev ")) + 7, "the last byte": len(data) - 2}
	for i := range 6 {
		at := chance.IntN(hex[0])
		out[fmt.Sprintf("byte %d, drawn as number %d", at, i)] = at
	}
	return out
}

// changed is a file with another byte at a place. In the signature a digit stays a digit.
func changed(data []byte, at int) []byte {
	out := bytes.Clone(data)
	switch c := out[at]; {
	case c >= '1' && c <= '9', c >= 'b' && c <= 'f':
		out[at] = c - 1
	default:
		out[at] ^= 1
	}
	return out
}

// Every kind of document, in each size and language, is taken by three readers that nobody here wrote; with one byte changed it is taken
// by neither of the two that check seals.
func TestSeal_OfEveryDocument(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, kind := range kinds {
		for _, size := range []Size{Normal, Large} {
			for _, lang := range Languages {
				t.Run(fmt.Sprint(kind, size, lang), func(t *testing.T) {
					t.Parallel()
					s := Sheet{Kind: kind, Size: size, Lang: lang}
					x := full(t, kind, lang, 10)
					data, err := w.press.paint(s, compose(kind, x, "Compte rendu", someReport), time.Now())
					if err != nil {
						t.Fatal(err)
					}
					name := file(t, "document.pdf", data)
					run(t, "qpdf", "--check", name)
					if err := api.ValidateFile(name, nil); err != nil {
						t.Errorf("pdfcpu: %v", err)
					}
					if pdfsig, pdfcpu := accepted(t, name); !pdfsig || !pdfcpu {
						t.Fatalf("as it was issued: pdfsig %v, pdfcpu %v", pdfsig, pdfcpu)
					}
					for what, at := range spots(t, data, rand.New(rand.NewPCG(uint64(len(data)), 1))) {
						name := file(t, "changed.pdf", changed(data, at))
						if pdfsig, pdfcpu := accepted(t, name); pdfsig || pdfcpu {
							t.Errorf("%s (%q) changed: pdfsig %v, pdfcpu %v", what, strings.ToValidUTF8(string(data[max(0, at-8):min(len(data), at+8)]), "?"), pdfsig, pdfcpu)
						}
					}
				})
			}
		}
	}
}
