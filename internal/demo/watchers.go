package demo

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"os"
	"time"

	"mandat/internal/journal/verify"
	"mandat/internal/journal/witness"
	"mandat/internal/keyring"
	"mandat/internal/tsa"
)

// Who watches the journal of the demonstration: two witnesses, of whom both are asked for, and a timestamp authority. In life each is another
// body, on a machine of its own; here they share ours, and prove nothing.

// The files that name them.
const (
	witnessesFile = "witnesses.txt"
	authorityFile = "timestamps.pem"
)

func (d *Demo) startWatchers(ctx context.Context, p ports, log *slog.Logger) error {
	kek, err := os.ReadFile(d.path("key-encryption.json"))
	if err != nil {
		return fmt.Errorf("read the keyset: %w", err)
	}
	signer, err := keyring.LoadJournal(d.path("keys"), string(kek))
	if err != nil {
		return err
	}
	policy, err := verify.ParsePolicy([]byte(signer.Policy("")))
	if err != nil {
		return err
	}
	var lines string
	for _, w := range []struct{ name, address string }{{"premier", fmt.Sprintf("127.0.0.7:%d", p.FirstWitness)}, {"second", fmt.Sprintf("127.0.0.8:%d", p.SecondWitness)}} {
		key, err := d.startWitness(ctx, w.name, w.address, policy, log)
		if err != nil {
			return fmt.Errorf("the %s witness: %w", w.name, err)
		}
		d.witnesses = append(d.witnesses, "http://"+w.address+"/")
		lines += fmt.Sprintf("witness %s %s http://%s/\n", w.name, key.VerifierKey(), w.address)
	}
	if err := os.WriteFile(d.path(witnessesFile), []byte(lines+"group both 2 premier second\nquorum both\n"), 0o600); err != nil {
		return fmt.Errorf("name the witnesses: %w", err)
	}
	authority, err := tsa.Open(d.path(""), time.Now)
	if err != nil {
		return err
	}
	if err := os.WriteFile(d.path(authorityFile), authority.PEM(), 0o600); err != nil {
		return fmt.Errorf("name the timestamp authority: %w", err)
	}
	return d.serve(ctx, fmt.Sprintf("127.0.0.9:%d", p.Stamps), authority.Handler())
}

// startWitness makes the witness's folder when there is none, and serves.
func (d *Demo) startWitness(ctx context.Context, name, address string, policy *verify.Policy, log *slog.Logger) (witness.Key, error) {
	dir := d.path("witness-" + name)
	if _, err := witness.Init(dir, "temoin-"+name+".exemple.invalid/mandat"); err != nil && !errors.Is(err, fs.ErrExist) {
		return witness.Key{}, err
	}
	if _, err := witness.Begin(dir, policy.Keys()); err != nil {
		return witness.Key{}, err
	}
	w, err := witness.Open(witness.Options{Dir: dir, Logs: policy.Keys(), Log: log})
	if err != nil {
		return witness.Key{}, err
	}
	d.onStop(func() error { w.Close(); return nil })
	return w.Key(), d.serve(ctx, address, w.Handler())
}

func (d *Demo) serve(ctx context.Context, address string, h http.Handler) error {
	var c net.ListenConfig
	l, err := c.Listen(ctx, "tcp", address)
	if err != nil {
		return fmt.Errorf("listen on %s: %w", address, err)
	}
	s := &http.Server{Handler: h, ReadHeaderTimeout: 5 * time.Second}
	go func() { _ = s.Serve(l) }()
	d.onStop(s.Close)
	return nil
}
