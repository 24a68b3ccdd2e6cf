package main

import (
	"context"
	"fmt"

	"mandat/internal/db"
	"mandat/internal/journal"
	"mandat/internal/journal/format"
	"mandat/internal/journal/tree"
	"mandat/internal/keyring"
)

type journalKeyCmds struct {
	Announce announceKey `cmd:"" help:"Make the next key: from the servers' next start on, both sign."`
	Pass     passKey     `cmd:"" help:"End the key that signed until now: the next one goes on alone."`
	Replace  replaceKey  `cmd:"" help:"End a key that was lost or stolen at once, and make another. Who checks the journal sees the break."`
}

// journalKeys is what these commands need.
type journalKeys struct {
	acting
	keyEncryption
	Dir string `arg:"" help:"The folder (KEYS_DIR)."`
}

// open reads the keyset and opens the journal for an act.
func (k journalKeys) open(ctx context.Context) (kek string, j *journal.Journal, stop func(), err error) {
	if kek, err = k.text(); err != nil {
		return "", nil, nil, err
	}
	d, err := db.Open(ctx, db.Options{URL: k.URL, MaxConns: 2})
	if err != nil {
		return "", nil, nil, err
	}
	return kek, journal.New(d, nil), d.Close, nil
}

// say prints what remains to be done, with the policy as it is now.
func (k journalKeys) say(kek, todo string) error {
	s, err := keyring.LoadJournal(k.Dir, kek)
	if err != nil {
		return err
	}
	fmt.Print(todo, "\nThe policy of those who check the journal is now:\n\n", s.Policy(""))
	return nil
}

type announceKey struct{ journalKeys }

// Run makes the key and has the journal tell of it.
func (a announceKey) Run(ctx context.Context) error {
	unlock, err := keyring.Lock(a.Dir)
	if err != nil {
		return err
	}
	defer unlock()
	kek, j, stop, err := a.open(ctx)
	if err != nil {
		return err
	}
	defer stop()
	s, err := keyring.AnnounceJournal(a.Dir, kek)
	if err != nil {
		return err
	}
	if err := keyring.Announce(ctx, j, s); err != nil {
		return err
	}
	return a.say(kek, "Copy the folder to every server, restart them, and publish the policy. After a month: mandat admin journal-key pass.")
}

type passKey struct{ journalKeys }

// Run ends the key of before.
func (p passKey) Run(ctx context.Context) error {
	unlock, err := keyring.Lock(p.Dir)
	if err != nil {
		return err
	}
	defer unlock()
	kek, j, stop, err := p.open(ctx)
	if err != nil {
		return err
	}
	defer stop()
	if err := keyring.PassJournal(p.Dir, kek, func(s *tree.Signer) (format.End, error) { return keyring.Pass(ctx, j, s) }); err != nil {
		return err
	}
	return p.say(kek, "Copy the folder to every server, restart them, and publish the policy.")
}

type replaceKey struct {
	journalKeys
	Origin string `env:"JOURNAL_ORIGIN" required:"" help:"The journal's name."`
	Former string `help:"The key that was lost, as policy files name it after log. Without it: the one in the folder."`
}

// Run ends the key that was lost or stolen, and makes another.
func (r replaceKey) Run(ctx context.Context) error {
	unlock, err := keyring.Lock(r.Dir)
	if err != nil {
		return err
	}
	defer unlock()
	kek, j, stop, err := r.open(ctx)
	if err != nil {
		return err
	}
	defer stop()
	err = keyring.ReplaceJournal(r.Dir, kek, r.Former, r.Origin, func(before int, key format.Key) (format.End, error) { return keyring.Lose(ctx, j, before, key) })
	if err != nil {
		return err
	}
	return r.say(kek, "Copy the folder to every server and start them: those that ran have stopped. Bring the policy to everybody who checks the journal; they see a break.")
}
