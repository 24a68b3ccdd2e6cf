package e2e

import (
	"context"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// spot is where a control is on the screen after it was scrolled into view.
type spot struct {
	X     float64 `json:"x"`
	Y     float64 `json:"y"`
	Fault string  `json:"fault"`
}

// find looks for the first control that can be seen, and that nothing covers.
const find = `(selector => {
	const all = [...document.querySelectorAll(selector)];
	const e = all.find(e => e.checkVisibility({visibilityProperty: true, opacityProperty: true}));
	if (!e) return {fault: all.length ? 'is hidden' : 'is not on the page'};
	e.scrollIntoView({block: 'center', behavior: 'instant'});
	const r = e.getClientRects()[0], x = r.x + r.width / 2, y = r.y + r.height / 2;
	const there = document.elementFromPoint(x, y);
	if (there === null || !(e.contains(there) || there.control === e)) return {fault: 'is covered by ' + there?.outerHTML.slice(0, 80)};
	return {x, y, fault: ''};
})(%s)`

// click presses the mouse on a control, named by a CSS selector.
func (p *person) click(selector string) {
	p.t.Helper()
	at := ask[spot](p, find, strconv.Quote(selector))
	if at.Fault != "" {
		p.fatalf("%s %s", selector, at.Fault)
	}
	p.do(chromedp.MouseClickXY(at.X, at.Y))
}

// press clicks what leads to another page.
func (p *person) press(selector string) {
	p.t.Helper()
	p.leads(func() { p.click(selector) })
}

// tick clicks a box or a radio button, and sees that it is chosen.
func (p *person) tick(selector string) {
	p.t.Helper()
	p.click(selector)
	if !ask[bool](p, `document.querySelector(%s).checked`, strconv.Quote(selector)) {
		p.fatalf("%s is not chosen after a click", selector)
	}
}

// rightAnswer is what shows on the recap that the citizen has understood.
const rightAnswer = "input[name=understood][value=until]"

// agree fills in the recap's form.
func (p *person) agree() {
	p.t.Helper()
	p.tick("#field-reading")
	p.tick(rightAnswer)
	if p.has("#field-private") {
		p.tick("#field-private")
	}
	p.tick("#field-agreed")
}

// write clicks into a field and types, in place of what is there.
func (p *person) write(selector, text string) {
	p.t.Helper()
	p.click(selector)
	ask[bool](p, `document.activeElement.select() || true`)
	p.do(chromedp.KeyEvent(text))
}

// has says whether a control can be seen.
func (p *person) has(selector string) bool {
	p.t.Helper()
	return ask[bool](p, `[...document.querySelectorAll(%s)].some(e => e.checkVisibility())`, strconv.Quote(selector))
}

// read returns the text of the first element, as a person reads it.
func (p *person) read(selector string) string {
	p.t.Helper()
	return ask[string](p, `document.querySelector(%s)?.innerText ?? ''`, strconv.Quote(selector))
}

// backTo goes back, as with the browser's button, to the last page that had a path.
func (p *person) backTo(path string) {
	p.t.Helper()
	history, err := chromedp.Call(p.ctx, page.GetNavigationHistory, cdp.Empty{})
	if err != nil {
		p.fatalf("%v", err)
	}
	for _, entry := range slices.Backward(history.Entries[:history.CurrentIndex]) {
		if u, err := url.Parse(entry.URL); err == nil && u.Path == path {
			p.leads(func() { p.do(call(page.NavigateToHistoryEntry, page.NavigateToHistoryEntryParams{EntryID: entry.ID})) })
			return
		}
	}
	p.fatalf("%s is not among the pages before", path)
}

// download clicks what gives a file, and returns the file.
func (p *person) download(selector string) []byte {
	p.t.Helper()
	dir := p.t.TempDir()
	events := true
	done := make(chan string, 1)
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	if err := chromedp.ListenBrowser(ctx, func(event any) {
		if e, ok := event.(*browser.EventDownloadProgress); ok && e.State == browser.DownloadProgressStateCompleted && filepath.Dir(e.FilePath) == dir {
			done <- e.FilePath
		}
	}); err != nil {
		p.fatalf("%v", err)
	}
	if _, err := chromedp.CallBrowser(ctx, browser.SetDownloadBehavior, browser.SetDownloadBehaviorParams{
		Behavior: browser.SetDownloadBehaviorBehaviorAllowAndName, BrowserContextID: chromedp.FromContext(p.ctx).BrowserContextID, DownloadPath: dir, EventsEnabled: &events,
	}); err != nil {
		p.fatalf("%v", err)
	}
	p.click(selector)
	select {
	case path := <-done:
		content, err := os.ReadFile(path)
		if err != nil {
			p.fatalf("%v", err)
		}
		return content
	case <-ctx.Done():
		p.fatalf("no file came")
		return nil
	}
}
