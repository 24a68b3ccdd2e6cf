package main

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"runtime/debug"
	"strings"
	"time"

	"mandat/internal/comparison"
	"mandat/internal/db"
	"mandat/internal/journal/format"
	"mandat/internal/journal/tree"
	"mandat/internal/journal/verify"
)

type journalCmds struct {
	Verify  verifyCmd   `cmd:"" help:"Check an export, a site, or both, trusting only a policy file."`
	Export  exportCmd   `cmd:"" help:"Write the journal to a folder, or to a .tar file."`
	Inspect inspectCmd  `cmd:"" help:"Verify the whole journal in the database where it lies, as the servers do every night."`
	Sample  sampleCmds  `cmd:"" help:"Draw a sample again that auditors ordered, or make the secret to which an order is bound (docs/samples.md)."`
	Prove   proveCmd    `cmd:"" help:"Write the proof of one entry, its line, and the timestamp if there is one: files that are checked offline."`
	Witness witnessCmds `cmd:"" help:"Watch journals for other bodies, and cosign what continues what was seen (docs/witness.md)."`
	Compare compareCmd  `cmd:"" help:"Compare what decides something (mandates, powers, attestations, organisations, people, roles, certifications, factors, cards, charter, invitations) with what the entries say."`
}

type trust struct {
	Policy string `required:"" type:"existingfile" help:"Policy file: whom to trust (C2SP tlog-policy). The site shows its own at /journal/policy; keep the one you got first."`
}

func (t trust) load() (*verify.Policy, error) {
	text, err := os.ReadFile(t.Policy)
	if err != nil {
		return nil, err
	}
	return verify.ParsePolicy(text)
}

// keys are the keys of the policy's logs.
func (t trust) keys() (*format.Keys, error) {
	policy, err := t.load()
	if err != nil {
		return nil, err
	}
	return policy.Keys(), nil
}

type auditors struct {
	URL string `env:"DATABASE_URL_AUDITOR" required:"" help:"Connection string of the login mandat_auditor."`
}

func (a auditors) open(ctx context.Context) (*db.DB, error) {
	return db.Open(ctx, db.Options{URL: a.URL, MaxConns: 2})
}

type verifyCmd struct {
	trust
	Site      string `help:"Address of the site, to check that it shows the same journal."`
	Authority string `type:"existingfile" help:"PEM file of the certificate of the timestamp authority that you believe: the timestamps of the export, of the site, or beside the proof (.tsr) are checked."`
	Proof     string `type:"existingfile" help:"A proof of one entry, as prove writes it; the line is the file of the same name with .entry."`
	Export    string `arg:"" optional:"" help:"An export: a folder or a .tar file."`
}

// Run prints what was checked, and fails with the first thing that does not fit.
func (v verifyCmd) Run(ctx context.Context) error {
	policy, err := v.load()
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
func (v verifyCmd) authority() (*x509.CertPool, error) {
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
func (v verifyCmd) proof(policy *verify.Policy, authority *x509.CertPool) error {
	text, err := os.ReadFile(v.Proof)
	if err != nil {
		return err
	}
	line, err := os.ReadFile(strings.TrimSuffix(v.Proof, proofSuffix) + lineSuffix)
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
	stamp := strings.TrimSuffix(v.Proof, proofSuffix) + stampSuffix
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

// The files of a proof. The timestamp is there when there is one of a checkpoint over the entry.
const (
	proofSuffix = ".tlog-proof"
	lineSuffix  = ".entry"
	stampSuffix = ".tsr"
)

type proveCmd struct {
	trust
	auditors
	Index int64  `arg:"" help:"Index of the entry in the log, as verify and the auditors' pages show it (rang)."`
	To    string `default:"." type:"existingdir" help:"Folder for the files."`
}

// Run writes the proof and the line it is about, and replaces no file.
func (p proveCmd) Run(ctx context.Context) error {
	keys, err := p.keys()
	if err != nil {
		return err
	}
	auditor, err := p.open(ctx)
	if err != nil {
		return err
	}
	defer auditor.Close()
	log, err := tree.OpenLog(auditor, keys, "")
	if err != nil {
		return err
	}
	text, line, token, err := log.ProveStamped(ctx, p.Index)
	if errors.Is(err, db.ErrNotFound) {
		return fmt.Errorf("there is no entry %d, or it is not provable yet", p.Index)
	}
	if err != nil {
		return err
	}
	out := tree.Folder(p.To)
	name := fmt.Sprintf("entry-%d", p.Index)
	if err := errors.Join(out.Put(name+proofSuffix, text), out.Put(name+lineSuffix, line)); err != nil {
		return err
	}
	if token != nil {
		if err := out.Put(name+stampSuffix, token); err != nil {
			return err
		}
		fmt.Printf("wrote %s, the timestamp of the proof's checkpoint\n", name+stampSuffix)
	}
	fmt.Printf("wrote %s and %s: check them with mandat journal verify --policy FILE --proof %s\n", name+proofSuffix, name+lineSuffix, name+proofSuffix)
	return nil
}

type compareCmd struct{ auditors }

// Run names everything that is not what its entries say, and fails if there is one.
func (c compareCmd) Run(ctx context.Context) error {
	auditor, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer auditor.Close()
	found, err := comparison.Run(ctx, auditor)
	if err != nil {
		return err
	}
	for _, d := range found {
		fmt.Println(d)
	}
	if len(found) > 0 {
		return fmt.Errorf("%d differences between the tables and the journal", len(found))
	}
	fmt.Println("everything that decides something is what the journal says of it")
	return nil
}
