package main

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"time"

	"mandat/internal/journal/checker"
	"mandat/internal/journal/witness"
)

type witnessCmds struct {
	Init  witnessInit  `cmd:"" help:"Make the folder of a new witness: its key, and a place for what it will see."`
	Begin witnessBegin `cmd:"" help:"Say of the logs of a policy of which nothing is known that this witness never cosigned them."`
	Serve witnessServe `cmd:"" help:"Cosign what continues what was seen (C2SP tlog-witness)."`
}

type witnessInit struct {
	Dir  string `arg:"" help:"The folder. It holds the key: readable by the witness' user alone, and never put back to an older copy."`
	Name string `required:"" help:"Name of the witness on its cosignatures, for ever: a host and path of yours."`
}

// Run makes the folder and prints what goes into policy files.
func (w witnessInit) Run() error {
	k, err := witness.Init(w.Dir, w.Name)
	if err != nil {
		return err
	}
	fmt.Printf("For the policy files of those whose logs you watch:\n\nwitness NAME %s https://YOUR.ADDRESS/\n", k.VerifierKey())
	return nil
}

type witnessBegin struct {
	checker.Trust
	Dir string `arg:"" type:"existingdir" help:"The witness' folder."`
}

// Run begins with the logs that are new.
func (w witnessBegin) Run() error {
	logs, err := w.Keys()
	if err != nil {
		return err
	}
	begun, err := witness.Begin(w.Dir, logs)
	for _, origin := range begun {
		fmt.Println("never cosigned here:", origin)
	}
	if err == nil && len(begun) == 0 {
		fmt.Println("something is known of every log of this policy")
	}
	return err
}

type witnessServe struct {
	checker.Trust
	Dir    string `arg:"" type:"existingdir" help:"The witness' folder."`
	Listen string `default:"127.0.0.1:8470" help:"Address to listen on, behind a proxy that ends TLS."`
}

// Run serves until it is told to stop.
func (w witnessServe) Run(ctx context.Context) error {
	logs, err := w.Keys()
	if err != nil {
		return err
	}
	log := slog.New(slog.NewJSONHandler(os.Stderr, nil))
	open, err := witness.Open(witness.Options{Dir: w.Dir, Logs: logs, Log: log})
	if err != nil {
		return err
	}
	defer open.Close()
	var c net.ListenConfig
	l, err := c.Listen(ctx, "tcp", w.Listen)
	if err != nil {
		return err
	}
	s := &http.Server{Handler: open.Handler(), ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second, WriteTimeout: 10 * time.Second, IdleTimeout: time.Minute, MaxHeaderBytes: 16 << 10}
	log.Info("ready", "listen", l.Addr().String(), "witness", open.Key().VerifierKey())
	failed := make(chan error, 1)
	go func() { failed <- s.Serve(l) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
		end, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
		defer cancel()
		return s.Shutdown(end) // requests under way finish
	}
}
