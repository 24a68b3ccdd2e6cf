// Package checker is the command that checks an export of the journal, a site or a proof, and says what it found: of the program mandat, and of the program
// mandat-verify, which does nothing else (docs/decisions/0032).
package checker

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"runtime/debug"
	"strings"
	"time"

	"mandat/internal/journal/format"
	"mandat/internal/journal/verify"
)

// Trust names whom to trust.
type Trust struct {
	Policy string `required:"" type:"existingfile" help:"Policy file: whom to trust (C2SP tlog-policy). The site shows its own at /journal/policy; keep the one you got first."`
}

// Load reads the policy.
func (t Trust) Load() (*verify.Policy, error) {
	text, err := os.ReadFile(t.Policy)
	if err != nil {
		return nil, err
	}
	return verify.ParsePolicy(text)
}

// Keys are the keys of the policy's logs.
func (t Trust) Keys() (*format.Keys, error) {
	policy, err := t.Load()
	if err != nil {
		return nil, err
	}
	return policy.Keys(), nil
}

// The files of a proof. The timestamp is there when there is one of a checkpoint over the entry.
const (
	ProofSuffix = ".tlog-proof"
	LineSuffix  = ".entry"
	StampSuffix = ".tsr"
)

// Verify is the command.
type Verify struct {
	Trust
	Site      string `help:"Address of the site, to check that it shows the same journal."`
	Authority string `type:"existingfile" help:"PEM file of the certificate of the timestamp authority that you believe: the timestamps of the export, of the site, or beside the proof (.tsr) are checked."`
	Proof     string `type:"existingfile" help:"A proof of one entry, as prove writes it; the line is the file of the same name with .entry."`
	Export    string `arg:"" optional:"" help:"An export: a folder or a .tar file."`
}

// Run prints what was checked, and fails with the first thing that does not fit.
func (v Verify) Run(ctx context.Context) error {
	policy, err := v.Load()
	if err != nil {
		return err
	}
	authority, err := v.authority()
	if err != nil {
		return err
	}
	if v.Proof != "" {
		return v.proof(policy, authority)
	}
	debug.SetGCPercent(verifyGarbage)
	debug.FreeOSMemory()
	o := verify.Options{Policy: policy, Site: v.Site, Authority: authority}
	if v.Export != "" {
		files, closer, err := verify.OpenExport(v.Export)
		if err != nil {
			return err
		}
		defer func() { _ = closer.Close() }()
		o.Export = files
	}
	begun := time.Now()
	r, err := verify.Log(ctx, o)
	if err != nil {
		return err
	}
	took := time.Since(begun).Round(time.Millisecond)
	if r.Asked != nil {
		sayPart(r, took)
		sayTimes(r)
		return nil
	}
	fmt.Printf("whole: %s, %d entries, root %x, checked in %v\n", r.Origin, r.Size, r.Root, took)
	if o.Export != nil {
		fmt.Printf("  %d entries fit their commitments, %d kept checkpoints are of the same tree\n", r.Entries, r.Checkpoints)
	}
	sayTimes(r)
	for _, b := range r.Breaks {
		fmt.Printf("  BREAK: from %d entries on (the last checkpoint before has %d) key %s signs, and no checkpoint is signed by it and by the one before: that it is the same journal, the policy says alone\n", b.Size, b.After, b.Key)
	}
	if r.SiteSize >= 0 {
		fmt.Printf("  the site shows %d entries of the same journal\n", r.SiteSize)
	}
	return nil
}

// authority reads whose timestamps are believed.
func (v Verify) authority() (*x509.CertPool, error) {
	if v.Authority == "" {
		return nil, nil
	}
	content, err := os.ReadFile(v.Authority)
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(content) {
		return nil, fmt.Errorf("%s: no certificate in it", v.Authority)
	}
	return roots, nil
}

// sayTimes tells by what others say the times were checked.
func sayTimes(r verify.Report) {
	if r.Dated > 0 {
		fmt.Printf("  the times of the entries fit those at which others saw %d of the checkpoints\n", r.Dated)
	}
	switch {
	case r.Stamps > 0:
		fmt.Printf("  %d timestamps are of kept checkpoints, the last of %s\n", r.Stamps, r.LastStamp.Format(time.RFC3339))
	case r.Unchecked > 0:
		fmt.Printf("  %d timestamps were not checked: name the authority that you believe with --authority\n", r.Unchecked)
	}
	if !r.SiteStamp.IsZero() {
		fmt.Printf("  the newest timestamp that the site shows is of %s\n", r.SiteStamp.Format(time.RFC3339))
	}
}

// verifyGarbage is how much garbage, in percent of what lives, waits for its collection while an export is verified: next to none is made, and what the
// start of the program left is not to be kept.
const verifyGarbage = 10

// proof checks one entry without server or database.
func (v Verify) proof(policy *verify.Policy, authority *x509.CertPool) error {
	text, err := os.ReadFile(v.Proof)
	if err != nil {
		return err
	}
	line, err := os.ReadFile(strings.TrimSuffix(v.Proof, ProofSuffix) + LineSuffix)
	if err != nil {
		return err
	}
	p, err := verify.Proof(text, line, policy)
	if err != nil {
		return err
	}
	fmt.Printf("proven: entry %d of %s, under its signature over %d entries\n%s\n", p.Index, p.Checkpoint.Origin, p.Checkpoint.Size, p.Body)
	if authority == nil {
		return nil
	}
	stamp := strings.TrimSuffix(v.Proof, ProofSuffix) + StampSuffix
	token, err := os.ReadFile(stamp)
	if errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("no timestamp was checked: there is no %s. Prove the entry again when the log has been stamped, within the hour, or leave --authority out", stamp)
	}
	if err != nil {
		return err
	}
	at, err := p.Stamped(token, authority)
	if err != nil {
		return err
	}
	fmt.Printf("  it was there at %s, by the timestamp\n", at.Format(time.RFC3339))
	return nil
}
