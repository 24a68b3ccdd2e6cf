package pdf

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/hex"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/pdfcpu/pdfcpu/pkg/api"
	"github.com/pdfcpu/pdfcpu/pkg/pdfcpu/model"
)

// Three readers that nobody here wrote judge a seal: poppler, pdfcpu, OpenSSL.

func TestReadersAcceptTheSeal(t *testing.T) {
	t.Parallel()
	doc := bytesOf(t, attestation(t, 40))
	out := sealed(t, testSealer(t), doc)
	if !bytes.HasPrefix(out, doc) {
		t.Fatal("the sealed bytes do not begin with the document")
	}
	name := keep(t, out)
	mustRead(t, "qpdf", "--check", name)
	says := mustRead(t, "pdfsig", "-nocert", name)
	for _, want := range []string{"Signature is Valid", "Total document signed", "ETSI.CAdES.detached",
		"CN=Cachet d'essai", "Nov 26 2026 12:00:00", "SHA-256"} {
		if !strings.Contains(says, want) {
			t.Errorf("pdfsig does not say %q:\n%s", want, says)
		}
	}
	if err := api.ValidateFile(name, nil); err != nil {
		t.Errorf("pdfcpu: %v", err)
	}
	got := pdfcpuVerdict(t, name)
	if !sound(got) || !got.Certified() || got.Permissions() != 1 {
		t.Errorf("pdfcpu: %v, %v, permissions %d, %q", got.Status, got.Reason, got.Permissions(), got.Problems)
	}
	if tree := mustRead(t, "pdfinfo", "-struct-text", name); !strings.Contains(tree, sampleName) {
		t.Error("the seal hides the structure")
	}
}

func pdfcpuVerdict(t *testing.T, name string) *model.SignatureValidationResult {
	t.Helper()
	results, err := api.ValidateSignatures(name, true, nil)
	if err != nil || len(results) != 1 {
		t.Fatalf("pdfcpu: %d signatures, %v", len(results), err)
	}
	return results[0]
}

// sound: the signature is authentic, the document is unchanged and the chain
// ends at the trusted root. Revocation, which a baseline B-B seal carries
// nothing about, is all that pdfcpu still misses.
func sound(r *model.SignatureValidationResult) bool {
	return r.Reason == model.SignatureReasonCertRevocationUnknown && len(r.Problems) == 0
}

// split takes a sealed file apart by its own byte range.
func split(t *testing.T, out []byte) (signed, cms []byte) {
	t.Helper()
	m := regexp.MustCompile(`/ByteRange \[0 (\d+) (\d+) (\d+)\]`).FindSubmatch(out)
	if m == nil {
		t.Fatal("no byte range")
	}
	var n [3]int
	for i := range n {
		n[i], _ = strconv.Atoi(string(m[i+1]))
	}
	if n[1]+n[2] != len(out) || out[n[0]] != '<' || out[n[1]-1] != '>' {
		t.Fatalf("byte range %v of %d bytes", n, len(out))
	}
	cms, err := hex.DecodeString(string(out[n[0]+1 : n[1]-1]))
	if err != nil {
		t.Fatal(err)
	}
	return append(bytes.Clone(out[:n[0]]), out[n[1]:]...), cms
}

// OpenSSL's -cades demands a signing-certificate attribute that fits.
func TestOpenSSLAcceptsTheCMS(t *testing.T) {
	t.Parallel()
	signed, cms := split(t, sealed(t, testSealer(t), bytesOf(t, attestation(t, 2))))
	dir := t.TempDir()
	write := func(name string, data []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	content, sig, ca := write("content", signed), write("cms", cms), write("ca.pem", rootPEM)
	mustRead(t, "openssl", "cms", "-verify", "-cades", "-binary", "-inform", "DER", "-in", sig, "-content", content,
		"-CAfile", ca, "-purpose", "any", "-out", os.DevNull)
	says := mustRead(t, "openssl", "cms", "-cmsout", "-print", "-noout", "-inform", "DER", "-in", sig)
	var attributes []string
	for _, m := range regexp.MustCompile(`(?m)^ +object: (\S+) \(1\.2\.840\.113549\.1\.9\.`).FindAllStringSubmatch(says, -1) {
		attributes = append(attributes, m[1])
	}
	want := []string{"contentType", "messageDigest", "id-smime-aa-signingCertificateV2"}
	if diff := cmp.Diff(want, attributes); diff != "" {
		t.Errorf("attributes (-want +got):\n%s\n%s", diff, says)
	}
	other := write("other", append(signed, ' '))
	if out, err := read(t, "openssl", "cms", "-verify", "-cades", "-binary", "-inform", "DER", "-in", sig, "-content", other,
		"-CAfile", ca, "-purpose", "any", "-out", os.DevNull); err == nil {
		t.Errorf("openssl accepts other content: %s", out)
	}
}

// One changed byte anywhere a reader can still follow the file is seen.
func TestChangedByteIsSeen(t *testing.T) {
	t.Parallel()
	out := sealed(t, testSealer(t), bytesOf(t, attestation(t, 3)))
	for what, mark := range map[string]string{
		"creation date": "/CreationDate (D:2026",
		"metadata":      "<dc:title>",
		"scope":         "/Scope /Ro",
		"claimed time":  "/M (D:2026",
		"seal's name":   "/Name <FEFF004",
	} {
		changed := bytes.Clone(out)
		at := bytes.LastIndex(changed, []byte(mark))
		if at < 0 {
			t.Fatalf("no %s in the file", what)
		}
		changed[at+len(mark)-1] ^= 1
		name := keep(t, changed)
		// pdfsig also complains about what the change breaks.
		if says, _ := read(t, "pdfsig", "-nocert", name); !strings.Contains(says, "Digest Mismatch") {
			t.Errorf("%s: pdfsig says:\n%s", what, says)
		}
		if what == "metadata" || what == "scope" {
			continue // pdfcpu stops at the broken syntax
		}
		got := pdfcpuVerdict(t, name)
		if got.Status != model.SignatureStatusInvalid || got.Reason != model.SignatureReasonDocModified {
			t.Errorf("%s: pdfcpu: %v, %v, %q", what, got.Status, got.Reason, got.Problems)
		}
	}
}

func TestAppendedBytesAreSeen(t *testing.T) {
	t.Parallel()
	out := sealed(t, testSealer(t), bytesOf(t, attestation(t, 3)))
	name := keep(t, append(out, "% more\n"...))
	if says, _ := read(t, "pdfsig", "-nocert", name); strings.Contains(says, "Total document signed") {
		t.Errorf("pdfsig says:\n%s", says)
	}
}

func TestSealIsDeterministic(t *testing.T) {
	t.Parallel()
	s, doc := testSealer(t), bytesOf(t, attestation(t, 3))
	if !bytes.Equal(sealed(t, s, doc), sealed(t, s, doc)) {
		t.Error("two seals of the same document differ")
	}
}

func TestSealWithRSA(t *testing.T) {
	t.Parallel()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	leaf := issue(t, "Cachet RSA", key.Public(), root(t), rootKey, nil)
	// Without the root: readers have their own.
	s, err := NewSealer(key, []*x509.Certificate{leaf}, "Cachet RSA")
	if err != nil {
		t.Fatal(err)
	}
	name := keep(t, sealed(t, s, bytesOf(t, attestation(t, 3))))
	if says := mustRead(t, "pdfsig", "-nocert", name); !strings.Contains(says, "Signature is Valid") {
		t.Errorf("pdfsig says:\n%s", says)
	}
	if got := pdfcpuVerdict(t, name); !sound(got) {
		t.Errorf("pdfcpu: %v, %v, %q", got.Status, got.Reason, got.Problems)
	}
}
