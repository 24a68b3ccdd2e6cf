package main

import (
	"context"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"mandat/internal/journal/checker"
	"mandat/internal/journal/draw"
	"mandat/internal/journal/verify"
	"mandat/internal/token"
)

type sampleCmds struct {
	Check sampleCheckCmd `cmd:"" default:"withargs" help:"Draw a sample again from an export of everything, and say whether the journal says the same; before the site drew it too."`
	Share sampleShareCmd `cmd:"" help:"Make the secret to which an order may be bound, and print its SHA-256, which is what to order with."`
}

type sampleCheckCmd struct {
	checker.Trust
	Authority string `required:"" type:"existingfile" help:"PEM file of the certificate of the timestamp authority that you believe."`
	Order     int64  `required:"" help:"Place in the journal of the order's entry, as the auditors' pages show it."`
	Share     string `type:"existingfile" help:"File of the secret to which the order is bound, before the journal has it."`
	Site      string `help:"Address of the site, to check that it shows the same journal."`
	Export    string `arg:"" help:"An export of everything: a folder or a .tar file."`
}

// Run verifies the export, draws, and fails when the journal says something else.
func (s sampleCheckCmd) Run(ctx context.Context) error {
	t, err := s.trusted()
	if err != nil {
		return err
	}
	share, err := s.share()
	if err != nil {
		return err
	}
	files, closer, err := verify.OpenExport(s.Export)
	if err != nil {
		return err
	}
	defer func() { _ = closer.Close() }()
	roots := x509.NewCertPool()
	for _, c := range t.Authorities {
		roots.AddCert(c)
	}
	whole, err := verify.Log(ctx, verify.Options{Policy: t.Policy, Site: s.Site, Export: files, Authority: roots})
	if err != nil {
		return err
	}
	fmt.Printf("whole: %s, %d entries, root %x\n", whole.Origin, whole.Size, whole.Root)
	if whole.SiteSize >= 0 {
		fmt.Printf("  the site shows %d entries of the same journal\n", whole.SiteSize)
	}
	r, err := verify.NewReader(files, t.Policy)
	if err != nil {
		return err
	}
	defer r.Close()
	d, err := draw.Recompute(ctx, r, t, s.Order, share)
	return sayDrawn(d, err)
}

func (s sampleCheckCmd) trusted() (draw.Trust, error) {
	policy, err := s.Load()
	if err != nil {
		return draw.Trust{}, err
	}
	content, err := os.ReadFile(s.Authority)
	if err != nil {
		return draw.Trust{}, err
	}
	authorities, err := draw.ParseAuthorities(content)
	if err != nil {
		return draw.Trust{}, fmt.Errorf("%s: %w", s.Authority, err)
	}
	return draw.Trust{Policy: policy, Authorities: authorities}, nil
}

func (s sampleCheckCmd) share() (draw.Share, error) {
	if s.Share == "" {
		return "", nil
	}
	content, err := os.ReadFile(s.Share)
	return draw.Share(strings.TrimSpace(string(content))), err
}

// errDiffers says that what was drawn is not what the journal says.
var errDiffers = errors.New("what follows from the order is not what the journal says was drawn")

// sayDrawn tells what was found. An order that is still waited for is no failure.
func sayDrawn(d draw.Drawn, err error) error {
	if d.Sample != "" {
		fmt.Printf("order %s: entry %d, %d wanted, why: %s\n", d.Number, d.Place, d.Wanted, d.Reason)
	}
	for _, what := range d.Differences {
		fmt.Println("  DIFFERS:", what)
	}
	waits := errors.Is(err, draw.ErrUnwitnessed) || errors.Is(err, draw.ErrUndrawn) || errors.Is(err, draw.ErrShare)
	switch {
	case len(d.Differences) > 0:
		return errDiffers
	case waits:
		fmt.Println("not drawn yet:", err)
		return nil
	case err != nil:
		return err
	case d.State == draw.Lapsed:
		fmt.Println("lapsed: it is never drawn")
		return nil
	}
	fmt.Printf("  ordered under the checkpoint of %d entries, drawn from the one of %d, stamped at %s\n", d.Witnessed.Size, d.Drawn.Size, d.Stamp.At.Format(time.RFC3339))
	fmt.Printf("  population: %d entries before the order\n", d.Stated.Population)
	if d.Forgotten > 0 {
		fmt.Printf("  %d entries before the order are forgotten, and whether they were of it nobody can tell any more; %d of them would then be drawn\n", d.Forgotten, d.Unsure)
	}
	fmt.Println("drawn:", strings.Trim(fmt.Sprint(d.Stated.Places), "[]"))
	if !d.Said {
		fmt.Println("the journal does not say yet what was drawn")
		return nil
	}
	fmt.Printf("agrees with entry %d\n", d.SaidAt)
	return nil
}

type sampleShareCmd struct {
	File string `arg:"" help:"File to be made, for your eyes only until the checkpoint that is drawn from stands."`
}

// Run replaces no file.
func (s sampleShareCmd) Run() error {
	share := draw.Share(hex.EncodeToString(token.Bytes(32)))
	f, err := os.OpenFile(s.File, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.WriteString(string(share) + "\n")
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	fmt.Println(share.Sum())
	return nil
}
