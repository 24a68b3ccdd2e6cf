package journal

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"
)

func TestParsePolicy(t *testing.T) {
	t.Parallel()
	one, two := newSigner(t).VerifierKey(), newSigner(t).VerifierKey()
	w := newWitness(t)
	for _, good := range []string{
		"log " + one + "\nquorum none\n",
		"# trust\n\n \t log\t" + one + "  https://mandat.example/journal \n# none needed\nquorum none",
		"log " + one + "\nlog " + two + "\nquorum none",
		"log " + one + "\nwitness w " + w.vkey + "\nquorum w",
		"log " + one + "\nwitness w " + w.vkey + " https://w.example\ngroup g 1 w\nquorum g",
	} {
		if _, err := ParsePolicy([]byte(good)); err != nil {
			t.Errorf("%s\n%v", good, err)
		}
	}
	for _, bad := range []string{
		"", "quorum none", "log " + one, "log " + one + "\nquorum none\nquorum none", "log " + one + "\nquorum w", "log\nquorum none", "log x\nquorum none",
		"log " + one + "\nlog " + one + "\nquorum none", "log " + one + " a b\nquorum none", "log " + one + "\nsomething\nquorum none", "log " + one + "\r\nquorum none",
		"log " + one + "\nwitness none " + w.vkey + "\nquorum none", "log " + one + "\nwitness w " + w.vkey + "\nwitness v " + w.vkey + "\nquorum w",
		"log " + one + "\nwitness w " + one + "\nquorum w", "log " + one + "\nwitness w " + w.vkey + "\ngroup g 2 w\nquorum g", "log " + one + "\nwitness w " + w.vkey + "\ngroup g 0 w\nquorum g",
		"log " + one + "\nwitness w " + w.vkey + "\ngroup g any w w\nquorum g", "log " + one + "\nwitness w " + w.vkey + "\ngroup g any none\nquorum g", "log " + one + "\nwitness w " + w.vkey + "\ngroup g any\nquorum g",
		"log " + one + "\nquorum none\n" + strings.Repeat("#", maxPolicy),
	} {
		if _, err := ParsePolicy([]byte(bad)); err == nil {
			t.Errorf("taken for a policy:\n%s", bad)
		}
	}
}

// witness cosigns checkpoints (C2SP tlog-cosignature v1).
type testWitness struct {
	vkey string
	key  ed25519.PrivateKey
	id   uint32
}

func newWitness(t *testing.T) testWitness {
	t.Helper()
	public, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	const name = "witness.test"
	typed := append([]byte{4}, public...)
	sum := sha256.Sum256(append([]byte(name+"\n"), typed...))
	id := binary.BigEndian.Uint32(sum[:])
	hex := func(n uint32) string {
		const digits = "0123456789abcdef"
		out := make([]byte, 8)
		for i := range out {
			out[i] = digits[n>>(28-4*i)&15]
		}
		return string(out)
	}
	return testWitness{name + "+" + hex(id) + "+" + base64.StdEncoding.EncodeToString(typed), key, id}
}

func (w testWitness) cosign(t *testing.T, signed []byte) []byte {
	t.Helper()
	text, _, _ := strings.Cut(string(signed), "\n\n")
	now := time.Now().Unix()
	sig := binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint32(nil, w.id), uint64(now))
	sig = append(sig, ed25519.Sign(w.key, []byte("cosignature/v1\ntime "+itoa(now)+"\n"+text+"\n"))...)
	return append(append([]byte{}, signed...), []byte("— witness.test "+base64.StdEncoding.EncodeToString(sig)+"\n")...)
}

func itoa(n int64) string {
	return strings.TrimSuffix(string(appendLine(nil, n, nil, nil, nil)), "  - -\n")
}

func TestPolicy_AsksForItsQuorum(t *testing.T) {
	t.Parallel()
	s, w := newSigner(t), newWitness(t)
	p, err := ParsePolicy([]byte("log " + s.VerifierKey() + "\nwitness w " + w.vkey + "\nquorum w"))
	if err != nil {
		t.Fatal(err)
	}
	signed, err := s.sign(7, Hash{1})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.open(signed); err == nil {
		t.Error("a checkpoint without cosignature passed")
	}
	if c, err := p.open(w.cosign(t, signed)); err != nil || c.Size != 7 {
		t.Errorf("cosigned: %+v, %v", c, err)
	}
	if _, err := p.open(newWitness(t).cosign(t, signed)); err == nil {
		t.Error("a checkpoint cosigned by a stranger passed")
	}
}

func TestCheckpoint_IsRefusedUnlessItsOwnLogSigned(t *testing.T) {
	t.Parallel()
	s := newSigner(t)
	for name, text := range map[string]string{
		"another origin": Checkpoint{"other.test/journal", 7, Hash{1}}.text(), "no origin": Checkpoint{"", 7, Hash{1}}.text(),
		"a zero too many": strings.Replace(Checkpoint{testOrigin, 7, Hash{1}}.text(), "\n7\n", "\n07\n", 1), "a negative size": Checkpoint{testOrigin, -7, Hash{1}}.text(),
		"no root": testOrigin + "\n7\n", "a short root": testOrigin + "\n7\nAAAA\n",
	} {
		signed, err := note.Sign(&note.Note{Text: text}, s.signer)
		if err != nil {
			t.Fatal(err)
		}
		if c, err := openCheckpoint(signed, note.VerifierList(s.verifier)); err == nil {
			t.Errorf("%s: taken for %+v", name, c)
		}
	}
}

func TestSigner_HidesItsKey(t *testing.T) {
	t.Parallel()
	secret, public, err := GenerateKey(testOrigin)
	if err != nil {
		t.Fatal(err)
	}
	s, err := NewSigner(" " + secret + "\n")
	if err != nil || s.VerifierKey() != public || s.Origin() != testOrigin || strings.Contains(s.GoString(), secret[20:]) {
		t.Errorf("%#v, %v", s, err)
	}
	if _, err := NewSigner("PRIVATE+KEY+x"); err == nil || strings.Contains(err.Error(), "PRIVATE") {
		t.Errorf("%v", err)
	}
}

func FuzzParsePolicy(f *testing.F) {
	s, _, _ := GenerateKey(testOrigin)
	signer, err := NewSigner(s)
	if err != nil {
		f.Fatal(err)
	}
	f.Add([]byte(signer.Policy("https://a.example")))
	f.Fuzz(func(t *testing.T, text []byte) {
		if p, err := ParsePolicy(text); err == nil && len(p.names) == 0 {
			t.Errorf("%q trusts nobody", text)
		}
	})
}
