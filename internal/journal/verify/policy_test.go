package verify

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"strings"
	"testing"
	"time"

	"mandat/internal/journal/format"
	"mandat/internal/journal/tree"
)

func TestParsePolicy(t *testing.T) {
	t.Parallel()
	one, two := newSigner(t).VerifierKey(), newSigner(t).VerifierKey()
	_, other, err := tree.GenerateKey("other.test/journal")
	if err != nil {
		t.Fatal(err)
	}
	w := newWitness(t)
	root := base64.StdEncoding.EncodeToString(make([]byte, len(format.Hash{})))
	for _, good := range []string{
		"log " + one + "\nquorum none\n",
		"# trust\n\n \t log\t" + one + "  https://mandat.example/journal \n# none needed\nquorum none",
		"log " + one + "\nlog " + two + "\nquorum none",
		"log " + one + "\nformer " + two + " 7 " + root + "\nquorum none",
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
		"former " + two + " 7 " + root + "\nquorum none", "former " + two + " 7 " + root + "\nlog " + one + "\nquorum none", "log " + one + "\nformer " + two + " 7\nquorum none",
		"log " + one + "\nformer " + two + " -7 " + root + "\nquorum none", "log " + one + "\nformer " + two + " 7 AAAA\nquorum none", "log " + one + "\nformer " + one + " 7 " + root + "\nquorum none",
		"log " + other + "\nformer " + two + " 7 " + root + "\nquorum none", "log " + one + "\nformer x 7 " + root + "\nquorum none",
		"log " + one + "\nquorum none\n" + strings.Repeat("#", maxPolicy),
	} {
		if _, err := ParsePolicy([]byte(bad)); err == nil {
			t.Errorf("taken for a policy:\n%s", bad)
		}
	}
}

// One body is one witness, also when its key stands there twice: with another name, and as a key of another sort, which the library reads as the same one.
func TestParsePolicy_OneBodyIsOneWitness(t *testing.T) {
	t.Parallel()
	log, w := newSigner(t).VerifierKey(), newWitness(t)
	as := func(vkey string, sort byte) string {
		raw, err := base64.StdEncoding.DecodeString(strings.SplitN(vkey, "+", 3)[2])
		if err != nil {
			t.Fatal(err)
		}
		raw[0] = sort
		return "another.test+00000000+" + base64.StdEncoding.EncodeToString(raw)
	}
	for what, lines := range map[string]string{
		"a witness twice":                "witness a " + w.vkey + "\nwitness b " + as(w.vkey, 1) + "\ngroup both all a b\nquorum both",
		"a witness twice, the other way": "witness a " + as(w.vkey, 1) + "\nwitness b " + w.vkey + "\ngroup both all a b\nquorum both",
		"the log, as its own witness":    "witness a " + as(log, 4) + "\nquorum a",
	} {
		if _, err := ParsePolicy([]byte("log " + log + "\n" + lines + "\n")); err == nil {
			t.Errorf("%s is taken for a policy", what)
		}
	}
	if _, err := ParsePolicy([]byte("log " + log + "\nwitness a " + as(w.vkey, 1) + "\nquorum a\n")); err != nil {
		t.Errorf("a key of the other sort: %v", err)
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
	return strings.TrimSuffix(string(format.AppendLine(nil, n, nil, nil, nil)), "  - -\n")
}

func TestPolicy_AsksForItsQuorum(t *testing.T) {
	t.Parallel()
	s, w := newSigner(t), newWitness(t)
	p, err := ParsePolicy([]byte("log " + s.VerifierKey() + "\nwitness w " + w.vkey + "\nquorum w"))
	if err != nil {
		t.Fatal(err)
	}
	signed, err := s.Sign(7, format.Hash{1})
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := p.open(signed); err == nil {
		t.Error("a checkpoint without cosignature passed")
	}
	if c, _, err := p.open(w.cosign(t, signed)); err != nil || c.Size != 7 {
		t.Errorf("cosigned: %+v, %v", c, err)
	}
	if _, _, err := p.open(newWitness(t).cosign(t, signed)); err == nil {
		t.Error("a checkpoint cosigned by a stranger passed")
	}
}

func FuzzParsePolicy(f *testing.F) {
	f.Add([]byte(newSigner(f).Policy("https://a.example")))
	f.Fuzz(func(t *testing.T, text []byte) {
		if p, err := ParsePolicy(text); err == nil && len(p.names) == 0 {
			t.Errorf("%q trusts nobody", text)
		}
	})
}
