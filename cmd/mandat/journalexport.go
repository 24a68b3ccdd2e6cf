package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"mandat/internal/db"
	"mandat/internal/journal/checker"
	"mandat/internal/journal/format"
	"mandat/internal/journal/tree"
)

type exportCmd struct {
	checker.Trust
	auditors
	From         string `placeholder:"INDEX|TIME" help:"The first entry: its index in the log, or a time such as 2026-11-21T10:00:00Z."`
	Until        string `name:"to" placeholder:"INDEX|TIME" help:"The first entry that is not wanted any more, likewise."`
	Action       string `help:"Only entries of this action."`
	Organisation string `placeholder:"ID" help:"Only entries of this organisation."`
	Person       string `placeholder:"ID" help:"Only entries of what this person did."`
	Citizen      string `placeholder:"ID" help:"Only entries about this citizen."`
	Mandate      string `placeholder:"ID" help:"Only entries about this mandate."`
	Form         string `name:"format" enum:"zst,jsonl,jsonl.zst" default:"zst" help:"How entries are written: lines with zstd (zst), JSON Lines (jsonl), the same with zstd (jsonl.zst)."`
	To           string `arg:"" help:"A folder, or a file that ends with .tar. An export to a folder that was interrupted goes on when it is begun again."`
}

// Run writes the export. Taking one on the site is an act with its entry; whoever has this login needs no permission of ours.
func (e exportCmd) Run(ctx context.Context) error {
	policy, err := os.ReadFile(e.Policy)
	if err != nil {
		return err
	}
	keys, err := e.Keys()
	if err != nil {
		return err
	}
	want, err := e.wanted()
	if err != nil {
		return err
	}
	auditor, err := e.open(ctx)
	if err != nil {
		return err
	}
	defer auditor.Close()
	p := newProgress(os.Stderr, time.Now())
	want.Policy, want.Progress = string(policy), p.tell
	out, err := e.write(ctx, auditor, keys, want)
	p.end()
	if errors.Is(err, tree.ErrExported) {
		return fmt.Errorf("%s: %w", e.To, err)
	}
	if err != nil {
		return err
	}
	if out.Resumed {
		fmt.Println("went on with the export that was begun here")
	}
	fmt.Printf("wrote %d of %d entries to %s\n", out.Lines, out.Size, e.To)
	if out.Late {
		fmt.Println("entries were forgotten since the checkpoint of this export: if verify names one as gone, take another export in a minute")
	}
	return nil
}

func (e exportCmd) wanted() (tree.Wanted, error) {
	w := tree.Wanted{Request: format.Request{Form: format.Form(e.Form), Filter: format.Filter{Action: e.Action, Organisation: e.Organisation, Person: e.Person, Citizen: e.Citizen, Mandate: e.Mandate}}}
	var err error
	if w.From, w.Since, err = indexOrTime(e.From); err != nil {
		return w, fmt.Errorf("--from: %w", err)
	}
	if w.To, w.Until, err = indexOrTime(e.Until); err != nil {
		return w, fmt.Errorf("--to: %w", err)
	}
	if e.Until != "" && w.Until == "" && w.To <= w.From {
		return w, errors.New("--to: has to be more than --from")
	}
	return w, nil
}

// indexOrTime reads what an export begins and ends with.
func indexOrTime(text string) (int64, string, error) {
	if text == "" {
		return 0, "", nil
	}
	if n, err := format.ParseIndex(text); err == nil {
		return n, "", nil
	}
	at, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return 0, "", fmt.Errorf("%q is neither the index of an entry nor a time such as 2026-11-21T10:00:00Z", text)
	}
	return 0, at.UTC().Format(time.RFC3339Nano), nil
}

func (e exportCmd) write(ctx context.Context, auditor *db.DB, keys *format.Keys, want tree.Wanted) (tree.Exported, error) {
	if !strings.HasSuffix(e.To, ".tar") {
		return tree.ExportWanted(ctx, auditor, keys, want, tree.Folder(e.To))
	}
	f, err := os.OpenFile(e.To, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return tree.Exported{}, err
	}
	tar := tree.NewTar(f, time.Now())
	out, err := tree.ExportWanted(ctx, auditor, keys, want, tar)
	if err = errors.Join(err, tar.Close(), f.Sync(), f.Close()); err != nil {
		return out, fmt.Errorf("%w; what there is of %s is of no use: an export to a .tar cannot be gone on with, one to a folder can", err, e.To)
	}
	return out, nil
}

// progress tells how far a long work has come: in one line that changes on a terminal, else in a line now and then.
type progress struct {
	to       io.Writer
	terminal bool
	begun    time.Time
	told     time.Time
	open     bool // a line on the terminal waits for its end
}

// Between two lines.
const (
	tellTerminal = 200 * time.Millisecond
	tellFile     = 30 * time.Second
)

func newProgress(to *os.File, now time.Time) *progress {
	info, err := to.Stat()
	return &progress{to: to, terminal: err == nil && info.Mode()&os.ModeCharDevice != 0, begun: now, told: now}
}

func (p *progress) tell(done, all int64) { p.at(time.Now(), done, all) }

func (p *progress) at(now time.Time, done, all int64) {
	every := tellFile
	if p.terminal {
		every = tellTerminal
	}
	if now.Sub(p.told) < every {
		return
	}
	p.told = now
	rate := float64(done) / max(now.Sub(p.begun).Seconds(), 0.001)
	left := time.Duration(float64(all-done) / max(rate, 1) * float64(time.Second)).Round(time.Second)
	line := fmt.Sprintf("%s of %s entries, %s a second, %v left", checker.Grouped(done), checker.Grouped(all), checker.Grouped(int64(rate)), left)
	if p.terminal {
		p.open = true
		_, _ = fmt.Fprintf(p.to, "\r\x1b[K%s", line)
		return
	}
	_, _ = fmt.Fprintln(p.to, line)
}

func (p *progress) end() {
	if p.open {
		_, _ = fmt.Fprint(p.to, "\r\x1b[K")
	}
}
