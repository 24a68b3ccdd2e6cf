package pdf

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

var noon = time.Date(2026, time.November, 26, 12, 0, 0, 0, time.UTC)

const (
	sampleURL  = "https://mandat.example.org/verifier/Zk3v9Qe7RrXw2LmT5aHc8B"
	sampleName = "Anne-Élisabeth Marguerite-Éloïse LE GOFF-DE LA ROCHEFOUCAULD"
)

// attestation is a document of the kind the package is for, with n powers.
func attestation(t testing.TB, n int) *Document {
	t.Helper()
	d := New("fr", "Attestation de mandat", noon)
	d.Heading(1, "Attestation de mandat")
	d.Paragraph("Ce document atteste que la personne nommée ci-dessous a donné mandat à un organisme d’accomplir pour elle, et sous son contrôle, les démarches en ligne énumérées ; il se fonde sur les articles 1984 et suivants du Code civil.")
	d.Heading(2, "Les parties et la durée")
	d.Pairs([][2]string{
		{"Mandant", sampleName},
		{"Organisme mandataire", "Centre communal d’action sociale de Saint-Rémy-lès-Chevreuse, 14 rue de la République, 78470 Saint-Rémy-lès-Chevreuse"},
		{"Durée : du", "26 novembre 2026 à 14 h 05"},
		{"Jusqu’au", "26 décembre 2026 à 23:59:59, heure de Paris"},
		{"Modalité", "« en présence », à l’accueil — Ÿ œ Œ æ Ç ñ ß ł ş ő 12 € …"},
	})
	d.Heading(2, "Démarches permises")
	var powers []string
	for i := range n {
		powers = append(powers, fmt.Sprintf("Démarche %d : demande d’aide au logement (APL), déclaration trimestrielle de ressources et suivi du dossier auprès de la caisse d’allocations familiales", i+1))
	}
	d.List(powers)
	d.Heading(2, "Mettre fin au mandat")
	d.Paragraph("Le mandat peut prendre fin à tout moment, sans motif : au guichet, par lettre, ou par téléphone au 01 23 45 67 89. Toute personne peut vérifier s’il tient encore :")
	if err := d.QR(sampleURL, "Code QR : page publique qui dit si le mandat tient encore", nil, ""); err != nil {
		t.Fatal(err)
	}
	d.Note("Document scellé électroniquement. Les octets remis sont conservés. Toute modification du fichier rend le sceau invalide.")
	return d
}

func bytesOf(t testing.TB, d *Document) []byte {
	t.Helper()
	data, err := d.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// certificate makes one for a public key, signed by an authority or by itself.
func certificate(name string, public crypto.PublicKey, by *x509.Certificate, key crypto.Signer, change func(*x509.Certificate)) ([]byte, error) {
	serial, err := rand.Int(rand.Reader, big.NewInt(1<<62))
	if err != nil {
		return nil, err
	}
	tmpl := &x509.Certificate{
		SerialNumber: serial,
		Subject:      pkix.Name{CommonName: name, Organization: []string{"Essai"}},
		NotBefore:    noon.AddDate(-20, 0, 0),
		NotAfter:     noon.AddDate(20, 0, 0),
		KeyUsage:     x509.KeyUsageDigitalSignature | x509.KeyUsageContentCommitment,
	}
	if change != nil {
		change(tmpl)
	}
	if by == nil {
		by = tmpl
	}
	return x509.CreateCertificate(rand.Reader, tmpl, by, public, key)
}

func issue(t testing.TB, name string, public crypto.PublicKey, by *x509.Certificate, key crypto.Signer, change func(*x509.Certificate)) *x509.Certificate {
	t.Helper()
	der, err := certificate(name, public, by, key, change)
	if err != nil {
		t.Fatal(err)
	}
	return parse(t, der)
}

func parse(t testing.TB, der []byte) *x509.Certificate {
	t.Helper()
	c, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func asAuthority(c *x509.Certificate) {
	c.IsCA, c.BasicConstraintsValid, c.KeyUsage = true, true, x509.KeyUsageCertSign
}

func newKey(t testing.TB) *ecdsa.PrivateKey {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func root(t testing.TB) *x509.Certificate {
	t.Helper()
	block, _ := pem.Decode(rootPEM)
	return parse(t, block.Bytes)
}

// testChain is a seal certificate of P-256 and the authority.
func testChain(t testing.TB) (*ecdsa.PrivateKey, []*x509.Certificate) {
	t.Helper()
	key := newKey(t)
	leaf := issue(t, "Cachet d'essai", key.Public(), root(t), rootKey, nil)
	return key, []*x509.Certificate{leaf, root(t)}
}

func testSealer(t testing.TB) *Sealer {
	t.Helper()
	key, chain := testChain(t)
	s, err := NewSealer(key, chain, "Cachet de Saint-Rémy")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func sealed(t testing.TB, s *Sealer, doc []byte) []byte {
	t.Helper()
	out, err := s.Seal(doc, "Attestation émise", noon)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// keep writes data to a file of the test.
func keep(t testing.TB, data []byte) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "document.pdf")
	if err := os.WriteFile(name, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// read runs an independent reader and returns all it says. A reader that is
// not installed is a failure.
func read(t testing.TB, program string, args ...string) (string, error) {
	t.Helper()
	if _, err := exec.LookPath(program); err != nil {
		t.Fatalf("%v; run: apt-get install poppler-utils qpdf zbar-tools openssl", err)
	}
	out, err := exec.Command(program, args...).CombinedOutput()
	return string(out), err
}

func mustRead(t testing.TB, program string, args ...string) string {
	t.Helper()
	out, err := read(t, program, args...)
	if err != nil {
		t.Fatalf("%s: %v\n%s", program, err, out)
	}
	for _, bad := range []string{"Syntax Error", "Syntax Warning", "WARNING", "Internal Error"} {
		if strings.Contains(out, bad) {
			t.Fatalf("%s complains:\n%s", program, out)
		}
	}
	return out
}
