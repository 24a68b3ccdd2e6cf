package demo

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/google/uuid"

	"mandat/internal/evidence"
)

// documents are what is handed over, as programs read them that nobody here wrote, and the file that shows how it was signed.
func (m *mandates) documents() []step {
	steps := []step{
		{"the evidence file fits by itself and its entry, and one changed byte is refused wherever it is", func() error { _, err := m.verified(m.papers); return err }},
		{"the control word and the hash of each attestation open what it permits to anybody, and one changed byte does not", m.shown},
	}
	steps = append(steps, m.paper("attestation", "attestation")...)
	steps = append(steps, step{"the mandate is ended", func() error { return m.karim.End(m.papers, "completed") }})
	return slices.Concat(steps, m.paper("certificate of end", "attestation-de-fin"), m.paper("report", "compte-rendu"))
}

// paper looks at a document in both sizes of print.
func (m *mandates) paper(called, name string) []step {
	look := func(query string) func() error {
		return func() error {
			document, err := m.download(name + ".pdf" + query)
			if err != nil {
				return err
			}
			again, err := m.download(name + ".pdf" + query)
			if err == nil && !bytes.Equal(document, again) {
				err = errors.New("the second download has other bytes")
			}
			return errors.Join(err, m.inJournal(document), m.read(document))
		}
	}
	return []step{
		{called + ": its hash is in its entry, readers of PDF accept it and its seal, and one changed byte is refused", look("")},
		{called + " in large print: the same", look("?taille=grande")},
	}
}

func (m *mandates) download(name string) ([]byte, error) {
	if err := page(m.jeanne, &m.papers, name)(); err != nil {
		return nil, err
	}
	if kind := m.jeanne.Header().Get("Content-Type"); m.jeanne.Status() != 200 || kind != "application/pdf" {
		return nil, fmt.Errorf("%s: %d %s, want a PDF: %.200s", name, m.jeanne.Status(), kind, m.jeanne.Text())
	}
	return m.jeanne.Body(), nil
}

func hash(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// inJournal looks for the entry of a document, which is found some milliseconds after those of the documents before it.
func (m *mandates) inJournal(document []byte) error {
	return m.soon(func() error { return m.isInJournal(document) })()
}

func (m *mandates) isInJournal(document []byte) error {
	bodies, err := m.entries(m.papers, "attestation.issued")
	if err != nil {
		return err
	}
	for _, body := range bodies {
		var e struct {
			Detail struct {
				SHA256 string `json:"sha256"`
			} `json:"detail"`
		}
		if json.Unmarshal(body, &e) == nil && e.Detail.SHA256 == hash(document) {
			return nil
		}
	}
	return fmt.Errorf("none of %d entries has the hash %s", len(bodies), hash(document))
}

// readers are programs that read PDF, and what they answer about a file that is whole.
var readers = []struct {
	program string
	args    []string
	says    []string // all of these, and the program ends well
	seal    bool     // it judges the seal
}{
	{"pdfsig", []string{"-nocert"}, []string{"Signature is Valid", "Total document signed"}, true},
	{"qpdf", []string{"--check"}, nil, false},
	{"pdfcpu", []string{"validate"}, nil, false},
}

// read lets each of the readers that are installed judge a document as it is, and who judges seals one with another byte.
func (m *mandates) read(document []byte) error {
	changed := bytes.Clone(document)
	changed[bytes.LastIndex(changed, []byte("/M (D:"))+len("/M (D:")+3] ^= 1 // the last digit of the year of the seal
	whole, other := filepath.Join(m.dir, "whole.pdf"), filepath.Join(m.dir, "changed.pdf")
	if err := errors.Join(os.WriteFile(whole, document, 0o600), os.WriteFile(other, changed, 0o600)); err != nil {
		return err
	}
	var missing []string
	for _, r := range readers {
		if _, err := exec.LookPath(r.program); err != nil {
			missing = append(missing, "no "+r.program)
			continue
		}
		accepts := func(file string) (bool, string) {
			out, err := exec.CommandContext(m.ctx, r.program, append(slices.Clone(r.args), file)...).CombinedOutput() //nolint:gosec // programs named here
			return err == nil && !slices.ContainsFunc(r.says, func(words string) bool { return !strings.Contains(string(out), words) }), string(out)
		}
		if ok, out := accepts(whole); !ok {
			return fmt.Errorf("%s refuses the document: %s", r.program, out)
		}
		if ok, out := accepts(other); ok && r.seal {
			return fmt.Errorf("%s accepts the document with a changed byte: %s", r.program, out)
		}
	}
	if missing != nil {
		m.note = " (skipped: " + strings.Join(missing, ", ") + ")"
	}
	return nil
}

// shown lets anybody show the public page what is on the paper: the control word, and the hash of each of its files.
func (m *mandates) shown() error {
	if err := page(m.jeanne, &m.papers, "attestation")(); err != nil {
		return err
	}
	address, word, err := m.onPaper(m.jeanne)
	if err != nil {
		return err
	}
	w := m.browser()
	asks := func(fields url.Values) func() error {
		return all(func() error { return w.Get(address) }, func() error { return w.Post(address, fields) })
	}
	right := tells(w, "Ce mandat est en cours jusqu", "Déclaration de revenus")
	if err := all(func() error { return w.Get(address) }, press(w, "Vérifier", url.Values{"word": {word}}), right)(); err != nil {
		return err
	}
	for _, name := range []string{"attestation.pdf", "attestation.pdf?taille=grande"} {
		document, err := m.download(name)
		if err != nil {
			return err
		}
		changed := bytes.Clone(document)
		changed[len(changed)/2] ^= 1
		if err := all(asks(url.Values{"sha256": {hash(document)}}), right, asks(url.Values{"sha256": {hash(changed)}}), says(w, "Ce papier n’est pas reconnu."))(); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

// verified holds the file that shows how a mandate was signed to itself and to its entry, as `mandat evidence verify` does, and then each of
// many copies with one other byte.
func (m *mandates) verified(mandate uuid.UUID) (evidence.Report, error) {
	bodies, err := m.entries(mandate, "mandate.signed")
	if err != nil {
		return evidence.Report{}, err
	}
	if err := page(m.jeanne, &mandate, "preuve.json")(); err != nil {
		return evidence.Report{}, err
	}
	fits := func(file []byte) (evidence.Report, error) {
		r, err := evidence.Verify(file)
		return r, errors.Join(err, r.Fits(bodies[0]))
	}
	file := m.jeanne.Body()
	for at := 0; at < len(file); at += 7 {
		changed := bytes.Clone(file)
		changed[at] ^= 1
		if _, err := fits(changed); err == nil {
			return evidence.Report{}, fmt.Errorf("the file fits with another byte %d", at)
		}
	}
	return fits(file)
}
