package main

import (
	"context"
	"errors"
	"fmt"

	"mandat/internal/comparison"
	"mandat/internal/db"
	"mandat/internal/journal/checker"
	"mandat/internal/journal/tree"
)

type journalCmds struct {
	Verify  checker.Verify `cmd:"" help:"Check an export, a site, or both, trusting only a policy file."`
	Export  exportCmd      `cmd:"" help:"Write the journal to a folder, or to a .tar file."`
	Inspect inspectCmd     `cmd:"" help:"Verify the whole journal in the database where it lies, as the servers do every night."`
	Sample  sampleCmds     `cmd:"" help:"Draw a sample again that auditors ordered, or make the secret to which an order is bound (docs/samples.md)."`
	Prove   proveCmd       `cmd:"" help:"Write the proof of one entry, its line, and the timestamp if there is one: files that are checked offline."`
	Witness witnessCmds    `cmd:"" help:"Watch journals for other bodies, and cosign what continues what was seen (docs/witness.md)."`
	Compare compareCmd     `cmd:"" help:"Compare what decides something (mandates, powers, attestations, organisations, people, roles, certifications, factors, cards, charter, invitations) with what the entries say."`
}

type auditors struct {
	URL string `env:"DATABASE_URL_AUDITOR" required:"" help:"Connection string of the login mandat_auditor."`
}

func (a auditors) open(ctx context.Context) (*db.DB, error) {
	return db.Open(ctx, db.Options{URL: a.URL, MaxConns: 2})
}

type proveCmd struct {
	checker.Trust
	auditors
	Index int64  `arg:"" help:"Index of the entry in the log, as verify and the auditors' pages show it (rang)."`
	To    string `default:"." type:"existingdir" help:"Folder for the files."`
}

// Run writes the proof and the line it is about, and replaces no file.
func (p proveCmd) Run(ctx context.Context) error {
	keys, err := p.Keys()
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
	if err := errors.Join(out.Put(name+checker.ProofSuffix, text), out.Put(name+checker.LineSuffix, line)); err != nil {
		return err
	}
	if token != nil {
		if err := out.Put(name+checker.StampSuffix, token); err != nil {
			return err
		}
		fmt.Printf("wrote %s, the timestamp of the proof's checkpoint\n", name+checker.StampSuffix)
	}
	fmt.Printf("wrote %s and %s: check them with mandat journal verify --policy FILE --proof %s\n", name+checker.ProofSuffix, name+checker.LineSuffix, name+checker.ProofSuffix)
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
