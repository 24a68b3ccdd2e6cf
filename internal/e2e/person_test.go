package e2e

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/audits"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
)

const (
	patience  = 90 * time.Second // until a page must be there
	wholeTest = 20 * time.Minute
)

// person is somebody at a window of their own, with cookies of its own. Each method is something a person does or sees; it
// ends the test when that is not possible.
type person struct {
	*world
	*watch
	t       *testing.T
	ctx     context.Context
	lang    string
	scripts bool
	album   string // the pictures' names begin with it
	step    string // what the person is about, for the report of a failure
	shown   int    // pictures so far
	letters int    // number of the last message read
}

// habits are how a person's browser is set up.
type habits struct {
	lang      string // "fr" or "en"
	album     string
	noScripts bool
}

// arrive opens a window that has been nowhere.
func arrive(t *testing.T, h habits) *person {
	t.Helper()
	return enter(t, h, chromedp.WithNewBrowserContext())
}

func enter(t *testing.T, h habits, in chromedp.ContextOption) *person {
	t.Helper()
	w, err := shared()
	if err != nil {
		t.Fatal(err)
	}
	p := &person{world: w, watch: &watch{site: w.Config.BaseURL, statuses: map[cdp.LoaderID]int64{}}, t: t, lang: h.lang, album: h.album, scripts: !h.noScripts}
	ctx, cancel := chromedp.NewContext(w.browser, in)
	t.Cleanup(cancel)
	if err := chromedp.Do(ctx); err != nil { // a limit in time on the first call would end the window with it
		t.Fatal(err)
	}
	p.ctx, cancel = context.WithTimeout(ctx, wholeTest)
	t.Cleanup(cancel)
	t.Cleanup(p.leave)
	if err := chromedp.Listen(p.ctx, p.note); err != nil {
		t.Fatal(err)
	}
	p.do(call(audits.Enable, cdp.Empty{}))
	p.do(call(network.Enable, network.EnableParams{}))
	p.do(call(network.SetExtraHTTPHeaders, network.SetExtraHTTPHeadersParams{Headers: network.Headers{"Accept-Language": h.lang}}))
	p.do(call(emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: h.noScripts}))
	p.do(chromedp.EmulateViewport(1280, 900))
	p.scheme("light")
	return p
}

// call makes an action of a command of the protocol.
func call[P, R any](command cdp.Command[P, R], params P) chromedp.Action[chromedp.Void] {
	return func(ctx context.Context, t *chromedp.Target) (chromedp.Void, error) {
		_, err := cdp.Call(ctx, t, command, params)
		return chromedp.Void{}, err
	}
}

// leave reports what the browser complained about, and leaves a picture behind when the test failed.
func (p *person) leave() {
	for _, complaint := range p.said() {
		p.t.Errorf("the browser complains %s", complaint)
	}
	if p.t.Failed() {
		name := strings.Trim(regexp.MustCompile(`[^\pL\pN]+`).ReplaceAllString(p.t.Name()+" "+p.step, "-"), "-") + ".png"
		if picture, err := chromedp.Run(p.ctx, chromedp.FullScreenshot(100)); err == nil {
			p.keep(filepath.Join("failed", name), picture)
		}
	}
}

func (p *person) keep(name string, content []byte) {
	path := filepath.Join(p.pictures, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		p.t.Error(err)
	}
	if err := os.WriteFile(path, content, 0o644); err != nil {
		p.t.Error(err)
	}
}

func (p *person) fatalf(format string, args ...any) {
	p.t.Helper()
	address, status := p.where()
	p.t.Fatalf("%s: %s\nat %s (%d)", p.step, fmt.Sprintf(format, args...), address, status)
}

func (p *person) do(actions ...chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	if err := chromedp.Do(p.ctx, actions...); err != nil {
		p.fatalf("%v", err)
	}
}

// ask evaluates an expression in the page: the test's own eyes, which work with scripts switched off too.
func ask[T any](p *person, expression string, args ...any) T {
	p.t.Helper()
	v, err := chromedp.Run(p.ctx, chromedp.Evaluate[T](fmt.Sprintf(expression, args...), chromedp.EvalAwaitPromise))
	if err != nil {
		p.fatalf("%v", err)
	}
	return v
}

// text is a text of the pages in the person's language.
func (p *person) text(key string, args ...any) string {
	p.t.Helper()
	out, err := p.pages.Text(p.lang, key, args...)
	if err != nil {
		p.fatalf("%v", err)
	}
	return out
}

// open types an address.
func (p *person) open(address string) {
	p.t.Helper()
	if strings.HasPrefix(address, "/") {
		address = p.Config.BaseURL + address
	}
	p.leads(func() { p.do(chromedp.Navigate(address)) })
}

// path is the path of the page.
func (p *person) path() string {
	address, _ := p.where()
	u, err := url.Parse(address)
	if err != nil {
		p.fatalf("%v", err)
	}
	return u.Path
}

// leads does something that leads to another page, and waits for that page.
func (p *person) leads(act func()) {
	p.t.Helper()
	before, _ := p.state()
	act()
	p.arrived(before)
}

// arrived waits for a complete document after a given one, and for what a stand-in's page submits by itself.
func (p *person) arrived(before int) {
	p.t.Helper()
	p.until("another page", func() bool {
		now, complete := p.state()
		return complete && now > before
	})
	// The event of the document before may come after this one is shown: the document itself says whether it is all there.
	p.until("whole page", func() bool {
		whole, err := chromedp.Run(p.ctx, chromedp.Evaluate[bool](`document.readyState === 'complete'`))
		return err != nil || whole
	})
	now, _ := p.state()
	passing, err := chromedp.Run(p.ctx, chromedp.Evaluate[bool](`document.querySelector('button#continue') !== null`))
	switch {
	case err != nil && p.scripts || passing && p.scripts: // it may have gone on while we asked
		p.arrived(now)
	case err != nil:
		p.fatalf("%v", err)
	case passing:
		p.press("button#continue")
	}
}

// until waits for something that happens soon.
func (p *person) until(what string, happened func() bool) {
	p.t.Helper()
	for deadline := time.Now().Add(patience); !happened(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			p.fatalf("no %s came", what)
		}
	}
}
