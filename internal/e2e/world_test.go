package e2e

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"mandat/internal/demo"
	"mandat/internal/npm"
	"mandat/internal/page"
	"mandat/internal/twin/twintest"
	"mandat/web"
)

// startWait bounds the start of everything: the first run on a machine fetches packages.
const startWait = 5 * time.Minute

// world is what all tests share: the running program and the browser. Each test has windows of its own.
type world struct {
	*demo.Demo
	pages    *page.Pages // for the texts that pages must show
	browser  context.Context
	axe      string   // source of axe-core
	pictures string   // folder of the pictures
	examined sync.Map // shapes of the pages on which axe-core found nothing

	comparing sync.Mutex // of registers with the journal: held by who compares, and by who changes rows behind the program's back for a while

	stops []func() error
}

var shared = sync.OnceValues(open)

func TestMain(m *testing.M) {
	w, err := shared()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := m.Run()
	if err := w.stop(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

func open() (*world, error) {
	ctx, cancel := context.WithTimeout(context.Background(), startWait)
	defer cancel()
	w := &world{}
	for _, start := range []func(context.Context) error{w.findFolders, w.startBrowser, w.fetchAxe, w.startProgram} {
		if err := start(ctx); err != nil {
			return nil, errors.Join(err, w.stop())
		}
	}
	return w, nil
}

// findFolders finds the checkout's folders and empties the album, so that no picture is older than the run.
func (w *world) findFolders(context.Context) error {
	stand, err := twintest.Dir()
	if err != nil {
		return fmt.Errorf("find the checkout: %w", err)
	}
	w.pictures = filepath.Join(filepath.Dir(filepath.Dir(stand)), "screenshots")
	if err := os.RemoveAll(w.pictures); err != nil {
		return fmt.Errorf("empty the album: %w", err)
	}
	w.pages, err = page.Load(web.Files, page.Options{})
	return err
}

// axeCore checks a page against the rules of accessibility that a program can check.
var axeCore = npm.Package{
	Name: "axe-core", Version: "4.14.1",
	Integrity: "sha512-FHfa+lmNjQZfJz1q8wKqIDwC6DExcHt/pkjNQb09a3NPjCKg2rhu5qb2S4r76ASyFNNtuFooJpZe37OgudVGtQ==",
}

func (w *world) fetchAxe(ctx context.Context) error {
	folder, err := axeCore.Fetch(ctx, filepath.Join(filepath.Dir(w.pictures), ".data", "cache"), os.Stderr)
	if err != nil {
		return err
	}
	source, err := os.ReadFile(filepath.Join(folder, "axe.min.js"))
	if err != nil {
		return fmt.Errorf("read axe-core: %w", err)
	}
	w.axe = string(source)
	return nil
}

func (w *world) startProgram(ctx context.Context) (err error) {
	w.Demo, err = demo.Start(ctx, demo.Options{Twin: filepath.Join(filepath.Dir(w.pictures), ".data", "twin"), Progress: os.Stderr, KeepEvery: 500 * time.Millisecond, Log: slog.New(slog.DiscardHandler)})
	if err == nil {
		w.stops = append(w.stops, w.Stop)
	}
	return err
}

// browsers are the names under which Debian and others install it.
var browsers = []string{"chromium", "chromium-browser", "google-chrome"}

func findBrowser() (string, error) {
	for _, name := range browsers {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", errors.New("these tests need a browser: sudo apt-get install -y chromium")
}

func (w *world) startBrowser(context.Context) error {
	path, err := findBrowser()
	if err != nil {
		return err
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU, // the pages are our own
		chromedp.WSURLReadTimeout(2*time.Minute), chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true))
	// The browser lives as long as the tests, not as long as the start.
	ctx, cancelAllocator := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, cancel := chromedp.NewContext(ctx)
	w.stops = append(w.stops, func() error {
		err := chromedp.Cancel(ctx)
		cancel()
		cancelAllocator()
		return err
	})
	w.browser = ctx
	if err := chromedp.Do(ctx); err != nil {
		return fmt.Errorf("start %s: %w", path, err)
	}
	return nil
}

func (w *world) stop() error {
	var out []error
	for i := len(w.stops) - 1; i >= 0; i-- {
		out = append(out, w.stops[i]())
	}
	return errors.Join(out...)
}
