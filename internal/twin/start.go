package twin

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

// stopWait is how long Stop waits for the program to end by itself.
const stopWait = 20 * time.Second

// Twin is a running set of stand-ins.
type Twin struct {
	FranceConnect string // issuer, http://127.0.0.2:PORT/api/v2
	ProConnect    string // issuer, http://127.0.0.3:PORT/api/v2
	Service       string // origin of the public service, http://127.0.0.4:PORT
	Direct        string // origin of the services that talk to Mandat directly, http://127.0.0.6:PORT

	admin, secret string
	http          *http.Client
	cmd           *exec.Cmd
	stdin         io.Closer
	ended         chan struct{}
}

type readyLine struct {
	Ready         bool   `json:"ready"`
	FranceConnect string `json:"franceconnect"`
	ProConnect    string `json:"proconnect"`
	Service       string `json:"service"`
	Direct        string `json:"direct"`
	Admin         string `json:"admin"`
	Secret        string `json:"secret"`
}

// Start runs the program that Install put into dir and returns when everything listens; ctx bounds that wait only. The
// program ends at Stop, and in any case with this process: it watches its standard input, which the system closes even
// after a kill.
func Start(ctx context.Context, dir string, cfg Config) (*Twin, error) {
	_, source := layout(dir)
	if !exists(source) {
		return nil, fmt.Errorf("start twin: nothing installed in %s", dir)
	}
	node, err := exec.LookPath("node")
	if err != nil {
		return nil, fmt.Errorf("start twin: %w", ErrNode)
	}
	line, err := json.Marshal(cfg)
	if err != nil {
		return nil, fmt.Errorf("start twin: encode config: %w", err)
	}
	t := &Twin{cmd: exec.Command(node, filepath.Join(source, "main.mjs")), ended: make(chan struct{})}
	log := &tail{next: cfg.Log}
	t.cmd.Stderr = log
	stdin, err := t.cmd.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("start twin: %w", err)
	}
	t.stdin = stdin
	stdout, err := t.cmd.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("start twin: %w", err)
	}
	if err := t.run(); err != nil {
		return nil, fmt.Errorf("start twin: %w", err)
	}
	_, _ = stdin.Write(append(line, '\n')) // an error shows as an early end
	if err := t.await(ctx, stdout); err != nil {
		_ = t.Stop()
		return nil, fmt.Errorf("start twin: %w\n%s", err, log)
	}
	return t, nil
}

// run starts the process from a thread that stays until it ends: a Linux parent-death signal is sent when the thread that
// started the child ends, not the process.
func (t *Twin) run() error {
	tieToParent(t.cmd)
	started := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		err := t.cmd.Start()
		started <- err
		if err == nil {
			_ = t.cmd.Wait()
		}
		close(t.ended)
	}()
	return <-started
}

// await reads standard output up to the ready line; the libraries print notices before it.
func (t *Twin) await(ctx context.Context, stdout io.Reader) error {
	ready := make(chan readyLine, 1)
	go func() {
		lines := bufio.NewScanner(stdout)
		for lines.Scan() {
			var r readyLine
			if strings.HasPrefix(lines.Text(), `{"ready":true`) && json.Unmarshal(lines.Bytes(), &r) == nil {
				ready <- r
			}
		}
	}()
	select {
	case r := <-ready:
		t.FranceConnect, t.ProConnect, t.Service, t.Direct = r.FranceConnect, r.ProConnect, r.Service, r.Direct
		t.admin, t.secret = r.Admin, r.Secret
		t.http = &http.Client{Timeout: time.Minute, Transport: &http.Transport{}}
		return nil
	case <-t.ended:
		return errors.New("the program ended early")
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Ended is closed when the program is gone, whoever ended it.
func (t *Twin) Ended() <-chan struct{} { return t.ended }

// Stop ends the program and waits until it is gone. A second call does nothing.
func (t *Twin) Stop() error {
	_ = t.stdin.Close()
	select {
	case <-t.ended:
		return nil
	case <-time.After(stopWait):
	}
	err := t.cmd.Process.Kill()
	<-t.ended
	if err != nil {
		return fmt.Errorf("stop twin: %w", err)
	}
	return nil
}
