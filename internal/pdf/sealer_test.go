package pdf

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"
)

func TestUnfitKeysAndChainsAreRefused(t *testing.T) {
	t.Parallel()
	key, chain := testChain(t)
	ca := root(t)
	with := func(k crypto.Signer, change func(*x509.Certificate)) []*x509.Certificate {
		return []*x509.Certificate{issue(t, "Cachet", k.Public(), ca, rootKey, change), ca}
	}
	small, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	p224, err := ecdsa.GenerateKey(elliptic.P224(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	_, edwards, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	strangerKey := newKey(t)
	stranger := issue(t, "Autre AC", strangerKey.Public(), nil, strangerKey, asAuthority)
	for what, c := range map[string]struct {
		key   crypto.Signer
		chain []*x509.Certificate
		name  string
		want  string
	}{
		"no key":         {nil, chain, "a", "needs a key"},
		"no chain":       {key, nil, "a", "needs a key"},
		"no name":        {key, chain, "", "needs the name"},
		"small RSA":      {small, with(small, nil), "a", "RSA from 2048"},
		"P-224":          {p224, with(p224, nil), "a", "ECDSA from P-256"},
		"Ed25519":        {edwards, with(edwards, nil), "a", "ECDSA from P-256"},
		"other key":      {newKey(t), chain, "a", "not that of the key"},
		"authority":      {rootKey, []*x509.Certificate{ca}, "a", "of an authority"},
		"wrong usage":    {key, with(key, func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageKeyEncipherment }), "a", "may not sign"},
		"wrong issuer":   {key, []*x509.Certificate{chain[0], stranger}, "a", "not signed by the next"},
		"chain reversed": {key, []*x509.Certificate{ca, chain[0]}, "a", "not that of the key"},
	} {
		if _, err := NewSealer(c.key, c.chain, c.name); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: want an error with %q, got %v", what, c.want, err)
		}
	}
}

func TestSealOutsideValidityIsRefused(t *testing.T) {
	t.Parallel()
	s, doc := testSealer(t), bytesOf(t, attestation(t, 1))
	leaf := s.chain[0]
	for _, at := range []time.Time{leaf.NotBefore.Add(-time.Second), leaf.NotAfter.Add(time.Second)} {
		if _, err := s.Seal(doc, "Essai", at); err == nil || !strings.Contains(err.Error(), "not valid at") {
			t.Errorf("sealed at %v: %v", at, err)
		}
	}
	if _, err := s.Seal(doc, "Essai", s.Until()); err != nil {
		t.Error(err)
	}
	if _, err := s.Seal(doc, "Essai", s.Until().Add(time.Second)); err == nil {
		t.Error("sealed after the end that it tells of")
	}
}

func TestForeignFilesAreNotSealed(t *testing.T) {
	t.Parallel()
	s := testSealer(t)
	doc := bytesOf(t, attestation(t, 1))
	for what, data := range map[string][]byte{
		"empty":          nil,
		"not a PDF":      []byte("bonjour"),
		"cut":            doc[:len(doc)-1],
		"already sealed": sealed(t, s, doc),
		"shifted":        append([]byte("%PDF-1.7\n"), doc...),
		"no first page":  []byte(strings.Replace(string(doc), " /Kids [", " /Kidz [", 1)),
		"no pages":       []byte(strings.Replace(string(doc), " /Pages ", " /Pagez ", 1)),
		"with a form":    []byte(strings.Replace(string(doc), "/MarkInfo", "/AcroForm", 1)),
		"with fields":    []byte(strings.Replace(string(doc), "/Tabs /S", "/Annots ", 1)),
		"other version":  []byte(strings.Replace(string(doc), "%PDF-1.7", "%PDF-1.4", 1)),
		"a huge table":   hugeTable(doc),
		"no table":       []byte(strings.Replace(string(doc), "startxref\n", "startxref\n999999", 1)),
		"root 0":         []byte(strings.Replace(string(doc), "/Root 1 ", "/Root 0 ", 1)),
		"no root":        []byte(strings.Replace(string(doc), "/Root 1 ", "/Root 9999 ", 1)),
		"root far away":  []byte(strings.Replace(string(doc), "f \n0000", "f \n9999", 1)),
	} {
		if _, err := s.Seal(data, "Essai", noon); !errors.Is(err, errForeign) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// hugeTable claims so many objects that their entries overflow an int.
func hugeTable(doc []byte) []byte {
	r, err := readRevision(doc)
	if err != nil {
		return nil
	}
	size, huge := len(r.offsets)+1, "6000000000000000000"
	return []byte(strings.NewReplacer(
		fmt.Sprintf("xref\n0 %d\n", size), "xref\n0 "+huge+"\n",
		fmt.Sprintf("/Size %d ", size), "/Size "+huge+" ").Replace(string(doc)))
}

// brokenKey signs something else, as a failing device might.
type brokenKey struct{ *ecdsa.PrivateKey }

func (k brokenKey) Sign(random io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	return k.PrivateKey.Sign(random, append([]byte{^digest[0]}, digest[1:]...), opts)
}

func TestFalseSignatureOfTheKeyIsNotHandedOut(t *testing.T) {
	t.Parallel()
	key, chain := testChain(t)
	s, err := NewSealer(brokenKey{key}, chain, "a")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Seal(bytesOf(t, attestation(t, 1)), "Essai", noon); err == nil || !strings.Contains(err.Error(), "own signature") {
		t.Errorf("got %v", err)
	}
}

func FuzzSeal(f *testing.F) {
	s := testSealer(f)
	doc := bytesOf(f, attestation(f, 1))
	f.Add(doc)
	f.Add(sealed(f, s, doc))
	f.Fuzz(func(t *testing.T, data []byte) {
		out, err := s.Seal(data, "Essai", noon)
		if err == nil && !strings.HasPrefix(string(out), string(data)) {
			t.Error("the document was changed")
		}
	})
}
