package e2e

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// page sees that this is the page with a heading, and that it came with status 200.
func (p *person) page(key string, args ...any) {
	p.t.Helper()
	p.refusal(200, key, args...)
}

// refusal sees that this is the page with a heading, and that it came with a status.
func (p *person) refusal(status int64, key string, args ...any) {
	p.t.Helper()
	want := p.text(key, args...)
	if got := p.read("h1"); got != want {
		p.fatalf("the heading is %q, not %q", got, want)
	}
	if _, got := p.where(); got != status {
		p.fatalf("the status is %d, not %d", got, status)
	}
}

// says sees a text of the pages somewhere on the page.
func (p *person) says(key string, args ...any) {
	p.t.Helper()
	p.saysWords(p.text(key, args...))
}

func (p *person) saysWords(words string) {
	p.t.Helper()
	if all := p.read("main"); !strings.Contains(all, words) {
		p.fatalf("the page does not say %q but\n%s", words, all)
	}
}

// photograph keeps a picture of the whole page as it is shown now.
func (p *person) photograph(name string) {
	p.t.Helper()
	ask[bool](p, `document.fonts.ready.then(() => { scrollTo(0, 0); return true; })`)
	picture, err := chromedp.Run(p.ctx, chromedp.FullScreenshot(100))
	if err != nil {
		p.fatalf("%v", err)
	}
	p.keep(filepath.Join(p.lang, fmt.Sprintf("%02d-%s.png", p.shown, name)), picture)
}

// look photographs a page of Mandat on a desktop, in the dark and on a small screen, and holds it against the rules for all pages.
func (p *person) look(name string) {
	p.t.Helper()
	p.shown++
	p.photograph(name)
	p.examine(nil)
	p.scheme("dark")
	p.photograph(name + "-dark")
	p.examine([]string{"color-contrast"})
	p.scheme("light")
	// 320 CSS pixels are a small telephone, and a window of 1280 at 400 % (WCAG 1.4.10).
	p.do(chromedp.EmulateViewport(320, 640))
	p.photograph(name + "-320")
	p.fits(320)
	p.do(chromedp.EmulateViewport(1280, 900))
}

func (p *person) scheme(name string) {
	p.t.Helper()
	p.do(call(emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: name}}}))
}

// fits sees that the page is not wider than the screen.
func (p *person) fits(width int) {
	p.t.Helper()
	const wide = `(width => document.documentElement.scrollWidth <= width ? '' :
		document.documentElement.scrollWidth + ': ' + [...document.querySelectorAll('body *')].filter(e => e.getBoundingClientRect().right > width)
			.map(e => e.tagName + '.' + e.className).slice(0, 5).join(' '))(%d)`
	if said := ask[string](p, wide, width); said != "" {
		p.t.Errorf("%s: %s scrolls sideways at %d: %s", p.step, p.path(), width, said)
	}
}

// notAsked are rules that axe-core has and that the pages do not promise: they are those of level AAA.
var notAsked = []string{"color-contrast-enhanced", "identical-links-same-purpose", "meta-refresh-no-exceptions"}

// examine runs axe-core on the page: every rule it has, or some.
func (p *person) examine(rules []string) {
	p.t.Helper()
	// The page's own policy, which allows no script, has no say in what the protocol evaluates.
	if _, err := chromedp.Run(p.ctx, chromedp.Evaluate[bool](p.axe+"\n;true")); err != nil {
		p.fatalf("axe-core: %v", err)
	}
	only, err := json.Marshal(rules)
	if err != nil {
		p.fatalf("%v", err)
	}
	const run = `((only, not) => axe.run(document, {resultTypes: ['violations'],
		runOnly: {type: 'rule', values: only ?? axe.getRules().map(r => r.ruleId).filter(r => !not.includes(r))}})
		.then(r => r.violations.map(v => v.id + ' (' + v.help + '): ' + v.nodes.map(n => n.html.slice(0, 200) + ' ' + n.failureSummary).slice(0, 3).join(' | '))))(%s, %s)`
	not, err := json.Marshal(notAsked)
	if err != nil {
		p.fatalf("%v", err)
	}
	for _, violation := range ask[[]string](p, run, only, not) {
		p.t.Errorf("%s: %s: axe-core finds %s", p.step, p.path(), violation)
	}
}

// quoted is a CSS attribute selector for a value.
func quoted(name, value string) string { return "[" + name + "=" + strconv.Quote(value) + "]" }
