package stamp_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"mandat/internal/certs"
	"mandat/internal/journal/stamp"
	"mandat/internal/tsa"
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

var text = []byte("mandat.test/journal\n7\nAAAA\n")

// given asks an authority for a timestamp.
func given(t testing.TB, a *tsa.Authority, sum [32]byte) []byte {
	t.Helper()
	server := httptest.NewServer(a.Handler())
	defer server.Close()
	query, err := stamp.Request(sum, big.NewInt(4711))
	must(t, err)
	resp, err := http.Post(server.URL, stamp.QueryType, bytes.NewReader(query)) //nolint:noctx // in a test
	must(t, err)
	defer func() { _ = resp.Body.Close() }()
	reply, err := io.ReadAll(resp.Body)
	must(t, err)
	token, err := stamp.Token(reply)
	must(t, err)
	return token
}

func newAuthority(t testing.TB) *tsa.Authority {
	t.Helper()
	a, err := tsa.New(time.Now)
	must(t, err)
	return a
}

func TestVerify(t *testing.T) {
	t.Parallel()
	a := newAuthority(t)
	sum := stamp.Sum(text)
	token := given(t, a, sum)
	s, err := stamp.Verify(token, sum, a.Roots())
	if err != nil || time.Since(s.At) > time.Minute || s.Nonce.Int64() != 4711 || s.Authority == "" {
		t.Fatalf("%+v, %v", s, err)
	}
	if _, err := stamp.Verify(token, stamp.Sum([]byte("other")), a.Roots()); !errors.Is(err, stamp.ErrOther) {
		t.Errorf("over something else: %v", err)
	}
	if _, err := stamp.Verify(token, sum, newAuthority(t).Roots()); !errors.Is(err, stamp.ErrAuthority) {
		t.Errorf("by an authority that is not trusted: %v", err)
	}
	forged := bytes.Clone(token)
	forged[len(forged)-1] ^= 1 // the signature is the last that stands there
	if _, err := stamp.Verify(forged, sum, a.Roots()); !errors.Is(err, stamp.ErrSignature) {
		t.Errorf("with another signature: %v", err)
	}
	for n := range token {
		for _, bit := range []byte{1, 0x80} {
			changed := bytes.Clone(token)
			changed[n] ^= bit
			if got, err := stamp.Verify(changed, sum, a.Roots()); err == nil && (!got.At.Equal(s.At) || got.Nonce.Cmp(s.Nonce) != 0) {
				t.Fatalf("byte %d changed, and it says %+v", n, got)
			}
		}
		if _, err := stamp.Verify(token[:n], sum, a.Roots()); err == nil {
			t.Fatalf("the first %d bytes are a timestamp", n)
		}
	}
}

// Whose certificate is for something else is no authority, nor is one whose certificate was not valid at the time.
func TestVerify_TheCertificate(t *testing.T) {
	t.Parallel()
	root, err := certs.NewAuthority(time.Now())
	must(t, err)
	seal, err := certs.NewSeal(root, "Mandat", time.Now())
	must(t, err)
	right, err := certs.NewTimestamping(root, time.Now())
	must(t, err)
	sum := stamp.Sum(text)
	for name, c := range map[string]struct {
		pair certs.Pair
		ago  time.Duration
		want error
	}{
		"for timestamps":       {right, 0, nil},
		"for seals":            {seal, 0, stamp.ErrAuthority},
		"not valid yet":        {right, 48 * time.Hour, stamp.ErrAuthority},
		"not valid any longer": {right, -20 * 365 * 24 * time.Hour, stamp.ErrAuthority},
	} {
		a := tsa.With(c.pair, func() time.Time { return time.Now().Add(-c.ago) })
		if _, err := stamp.Verify(given(t, a, sum), sum, a.Roots()); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// issued makes a pair with a certificate of one's own making.
func issued(t testing.TB, root certs.Pair, key *ecdsa.PrivateKey, change func(*x509.Certificate)) certs.Pair {
	t.Helper()
	c := &x509.Certificate{SerialNumber: big.NewInt(7), Subject: pkix.Name{CommonName: "stamps"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), KeyUsage: x509.KeyUsageDigitalSignature}
	change(c)
	der, err := x509.CreateCertificate(rand.Reader, c, root.Certificate(), &key.PublicKey, root.Key)
	must(t, err)
	c, err = x509.ParseCertificate(der)
	must(t, err)
	return certs.Pair{Key: key, Chain: []*x509.Certificate{c, root.Certificate()}}
}

// usages is a critical extension of these usages (RFC 5280 section 4.2.1.12): 8 is timestamps, 4 mails.
func usages(t testing.TB, all ...int) []pkix.Extension {
	t.Helper()
	var ids []asn1.ObjectIdentifier
	for _, n := range all {
		ids = append(ids, asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 3, n})
	}
	value, err := asn1.Marshal(ids)
	must(t, err)
	return []pkix.Extension{{Id: asn1.ObjectIdentifier{2, 5, 29, 37}, Critical: true, Value: value}}
}

// The certificate says, critically, that it is for timestamps, and for nothing else; and it is the one that the signature names.
func TestVerify_TheUsage(t *testing.T) {
	t.Parallel()
	root, err := certs.NewAuthority(time.Now())
	must(t, err)
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	sum := stamp.Sum(text)
	verify := func(p certs.Pair) error {
		a := tsa.With(p, time.Now)
		_, err := stamp.Verify(given(t, a, sum), sum, a.Roots())
		return err
	}
	if err := verify(issued(t, root, key, func(c *x509.Certificate) { c.ExtraExtensions = usages(t, 8) })); err != nil {
		t.Error(err)
	}
	for name, change := range map[string]func(*x509.Certificate){
		"not critical":     func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageTimeStamping} },
		"for mails too":    func(c *x509.Certificate) { c.ExtraExtensions = usages(t, 8, 4) },
		"for strange uses": func(c *x509.Certificate) { c.ExtraExtensions = usages(t, 8, 999) },
		"for anything":     func(*x509.Certificate) {},
	} {
		if err := verify(issued(t, root, key, change)); !errors.Is(err, stamp.ErrAuthority) {
			t.Errorf("%s: %v", name, err)
		}
	}
	one := issued(t, root, key, func(c *x509.Certificate) { c.ExtraExtensions = usages(t, 8) })
	for {
		other := issued(t, root, key, func(c *x509.Certificate) { c.ExtraExtensions, c.NotAfter = usages(t, 8), c.NotAfter.Add(time.Hour) })
		if len(other.Certificate().Raw) != len(one.Certificate().Raw) {
			continue // signatures differ in length
		}
		a := tsa.With(one, time.Now)
		token := bytes.ReplaceAll(given(t, a, sum), one.Certificate().Raw, other.Certificate().Raw)
		if _, err := stamp.Verify(token, sum, a.Roots()); !errors.Is(err, stamp.ErrSignature) {
			t.Errorf("with another certificate for the same key: %v", err)
		}
		return
	}
}

// Timestamps that OpenSSL made: by RSA and ECDSA keys, with the signer's certificate named by SHA-256 and by SHA-1.
func TestVerify_OfAnotherProgram(t *testing.T) {
	t.Parallel()
	root, err := os.ReadFile(filepath.Join("testdata", "root.pem"))
	must(t, err)
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(root)
	for _, name := range []string{"rsa.tsr", "rsa-sha1-id.tsr", "ec.tsr"} {
		reply, err := os.ReadFile(filepath.Join("testdata", name))
		must(t, err)
		token, err := stamp.Token(reply)
		must(t, err)
		s, err := stamp.Verify(token, stamp.Sum(text), roots)
		if err != nil || s.At.Year() < 2026 {
			t.Errorf("%s: %+v, %v", name, s, err)
		}
		if _, err := stamp.Verify(token, stamp.Sum(text), newAuthority(t).Roots()); !errors.Is(err, stamp.ErrAuthority) {
			t.Errorf("%s under another root: %v", name, err)
		}
	}
}

func TestToken_RefusesWhatIsNone(t *testing.T) {
	t.Parallel()
	for name, reply := range map[string][]byte{"nothing": nil, "text": []byte("no"), "rejected": {0x30, 0x05, 0x30, 0x03, 0x02, 0x01, 0x02}, "granted and empty": {0x30, 0x05, 0x30, 0x03, 0x02, 0x01, 0x00},
		"rejected, with one": {0x30, 0x07, 0x30, 0x03, 0x02, 0x01, 0x02, 0x05, 0x00}, "granted, and more behind": {0x30, 0x07, 0x30, 0x03, 0x02, 0x01, 0x00, 0x05, 0x00, 0x05, 0x00}} {
		if _, err := stamp.Token(reply); err == nil {
			t.Errorf("%s was taken for a timestamp", name)
		}
	}
	for _, status := range []byte{0, 1} { // granted, and granted with changes
		if got, err := stamp.Token([]byte{0x30, 0x07, 0x30, 0x03, 0x02, 0x01, status, 0x05, 0x00}); err != nil || !bytes.Equal(got, []byte{5, 0}) {
			t.Errorf("status %d: %x, %v", status, got, err)
		}
	}
}

func FuzzVerify(f *testing.F) {
	root, err := os.ReadFile(filepath.Join("testdata", "root.pem"))
	if err != nil {
		f.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(root)
	for _, name := range []string{"rsa.tsr", "ec.tsr"} {
		reply, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(reply)
	}
	f.Fuzz(func(t *testing.T, reply []byte) {
		token, err := stamp.Token(reply)
		if err != nil {
			return
		}
		if _, err := stamp.Verify(token, stamp.Sum([]byte("other")), roots); err == nil {
			t.Error("a timestamp of something else")
		}
	})
}
