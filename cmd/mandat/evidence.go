package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"mandat/internal/evidence"
	"mandat/internal/journal/checker"
	"mandat/internal/journal/verify"
)

type evidenceCmds struct {
	Verify evidenceVerify `cmd:"" help:"Say what the file proves, what it only declares, and fail with the first thing that does not fit. It asks nobody."`
}

type evidenceVerify struct {
	Policy string `type:"existingfile" help:"Policy file: whom to trust for the journal (C2SP tlog-policy). With --proof."`
	Proof  string `type:"existingfile" help:"The proof of the entry mandate.signed, as journal prove writes it: what the file declares was declared then, and is unchanged. The line is the file of the same name with .entry."`
	To     string `type:"existingdir" help:"Folder to write the terms and the texts that were shown into, to be read."`
	File   string `arg:"" type:"existingfile" help:"The evidence file."`
}

// Run prints what the file shows.
func (v evidenceVerify) Run() error {
	if (v.Policy == "") != (v.Proof == "") {
		return errors.New("--policy and --proof go together")
	}
	data, err := os.ReadFile(v.File)
	if err != nil {
		return err
	}
	r, err := evidence.Verify(data)
	if err != nil {
		return fmt.Errorf("the file does not fit: %w", err)
	}
	entry := ""
	if v.Proof != "" {
		if entry, err = v.entry(r); err != nil {
			return err
		}
	}
	if v.To != "" {
		if err := unpack(v.To, r.File); err != nil {
			return err
		}
	}
	say(os.Stdout, r, entry)
	return nil
}

// entry finds the entry of the file in the journal, and says where.
func (v evidenceVerify) entry(r evidence.Report) (string, error) {
	policy, err := checker.Trust{Policy: v.Policy}.Load()
	if err != nil {
		return "", err
	}
	text, err := os.ReadFile(v.Proof)
	if err != nil {
		return "", err
	}
	line, err := os.ReadFile(strings.TrimSuffix(v.Proof, checker.ProofSuffix) + checker.LineSuffix)
	if err != nil {
		return "", err
	}
	p, err := verify.Proof(text, line, policy)
	if err != nil {
		return "", err
	}
	if err := r.Fits([]byte(p.Body)); err != nil {
		return "", fmt.Errorf("the file does not fit: %w", err)
	}
	return fmt.Sprintf("entry %d of %s", p.Index, p.Checkpoint.Origin), nil
}

// say prints a report. What the file says itself may be anybody's: it does not command the terminal.
func say(out io.Writer, r evidence.Report, entry string) {
	list := func(claims []evidence.Claim) {
		for _, c := range claims {
			_, _ = fmt.Fprintf(out, "  %-14s %s\n", c.Name, strings.ReplaceAll(checker.Printable(c.Value), "\n", " "))
		}
	}
	if len(r.Proven) > 0 {
		_, _ = fmt.Fprintln(out, "proven by the signature:")
		list(r.Proven)
	} else {
		_, _ = fmt.Fprintln(out, "proven: nothing, it was confirmed by a code and not signed")
	}
	if entry == "" {
		_, _ = fmt.Fprintln(out, "declared by the service, and not proven by the file alone:")
	} else {
		_, _ = fmt.Fprintln(out, "declared by the service when it was signed, and unchanged since, as "+checker.Printable(entry)+" shows:")
	}
	list(r.Declared)
	_, _ = fmt.Fprintln(out, "this file has SHA-256 "+r.SHA256)
	if entry == "" {
		_, _ = fmt.Fprintln(out, "the entry mandate.signed of its mandate says the same as evidence_sha256: --proof compares it")
	}
}

// unpack writes the terms and the texts into files, and replaces none.
func unpack(to string, f evidence.File) error {
	files := map[string][]byte{"terms.json": f.Terms}
	for i, text := range f.Texts {
		end := ".txt"
		switch {
		case strings.HasPrefix(text.MediaType, "text/html"):
			end = ".html"
		case text.Form == evidence.Drawn:
			end = ".svg"
		}
		files[fmt.Sprintf("text-%d%s", i+1, end)] = text.Bytes
	}
	for name, data := range files {
		out, err := os.OpenFile(filepath.Join(to, name), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		if err != nil {
			return err
		}
		_, err = out.Write(data)
		if err = errors.Join(err, out.Close()); err != nil {
			return err
		}
	}
	return nil
}
