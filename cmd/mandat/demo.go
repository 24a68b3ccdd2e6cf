package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"mandat/internal/app"
	"mandat/internal/demo"
)

type demoCommand struct {
	Check bool   `help:"Walk a story on free ports with a fresh database, print a line per step, and end."`
	Story string `arg:"" optional:"" enum:"whole,people,mandates,provider,journal" default:"whole" help:"With --check: whole, from sign-in to audit; people, from an invitation to a signature; mandates, how they are agreed to, written, renewed and ended, and their documents; provider, what FranceConnect and a service that talks to Mandat directly are told; or journal, who watches and checks it, what tampering shows, what auditors do in it, and an erasure."`
	Dir   string `help:"Folder that keeps the data between runs." default:".data/demo" type:"path"`
	Twin  string `help:"Folder of the stand-ins' packages." default:".data/twin" type:"path"`
	Port  int    `help:"First port to try." default:"8080"`
}

// Run runs the demonstration until it is told to stop, or walks it.
func (d demoCommand) Run(ctx context.Context) error {
	if d.Check {
		return d.check(ctx)
	}
	log, err := logFile(d.Dir)
	if err != nil {
		return err
	}
	defer func() { _ = log.Close() }()
	running, err := demo.Start(ctx, demo.Options{Dir: d.Dir, Twin: d.Twin, Port: d.Port, Durable: true, Progress: os.Stdout,
		Log: slog.New(slog.NewJSONHandler(log, nil))})
	if err != nil {
		return interrupted(ctx, err)
	}
	running.Describe(os.Stdout, program(), log.Name())
	err = running.App.Wait(ctx)
	fmt.Println("\nStopping.")
	if errors.Is(err, app.ErrStopped) {
		err = nil
	}
	return errors.Join(err, running.Stop())
}

func (d demoCommand) check(ctx context.Context) error {
	path, err := os.Executable()
	if err != nil {
		return err
	}
	running, err := demo.Start(ctx, demo.Options{Twin: d.Twin, Program: path, Progress: os.Stdout, KeepEvery: 500 * time.Millisecond, Log: slog.New(slog.NewJSONHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))})
	if err != nil {
		return interrupted(ctx, err)
	}
	walk := map[string]func(context.Context, io.Writer) error{"whole": running.Check, "people": running.CheckPeople, "mandates": running.CheckMandates, "provider": running.CheckProvider, "journal": running.CheckJournal}[d.Story]
	return errors.Join(walk(ctx, os.Stdout), running.Stop())
}

// interrupted keeps Ctrl-C during the start from looking like a failure.
func interrupted(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// program is how to call this program from the repository, however it was called: `go run` builds it somewhere else.
func program() string {
	if strings.Contains(os.Args[0], "go-build") {
		return "go run ./cmd/mandat"
	}
	return os.Args[0]
}

// logFile keeps the site's log out of the terminal, where people read what to do.
func logFile(dir string) (*os.File, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil { //nolint:gosec // PostgreSQL's user must pass through
		return nil, err
	}
	return os.OpenFile(filepath.Join(dir, "site.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
}
