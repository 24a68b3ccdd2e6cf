package e2e

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/page"
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

// photograph keeps a picture of the whole page as it is shown now, in runs whose pictures somebody looks at.
func (p *person) photograph(name string) {
	p.t.Helper()
	if os.Getenv("MANDAT_SCREENSHOTS") == "" {
		return
	}
	ask[bool](p, `document.fonts.ready.then(() => { scrollTo(0, 0); return true; })`)
	yes := true
	picture, err := chromedp.Call(p.ctx, page.CaptureScreenshot, page.CaptureScreenshotParams{CaptureBeyondViewport: &yes, OptimizeForSpeed: &yes})
	if err != nil {
		p.fatalf("%v", err)
	}
	p.keep(filepath.Join(p.lang, fmt.Sprintf("%s-%02d-%s.png", p.album, p.shown, name)), picture.Data)
}

// look takes pictures of a page of Mandat and holds it against the rules for all pages: with axe-core, and on a screen of
// 320 CSS pixels, which is a small telephone or a window of 1280 at 400 % (WCAG 1.4.10). The colours and the small screen
// are photographed in French only, where the other language differs in words; dark colours are looked at in the long runs.
func (p *person) look(name string) {
	p.t.Helper()
	p.shown++
	p.photograph(name)
	p.examine(nil)
	if p.lang == "fr" && long() {
		p.scheme("dark")
		p.photograph(name + "-dark")
		p.examine([]string{"color-contrast"})
		p.scheme("light")
	}
	p.do(chromedp.EmulateViewport(320, 640))
	p.fits(320)
	if p.lang == "fr" {
		p.photograph(name + "-320")
	}
	p.do(chromedp.EmulateViewport(1280, 900))
}

// narrow goes on, on a screen of 320 CSS pixels, and holds the page against the rules there, in light only: for stories that are told in a few seconds.
func (p *person) narrow(name string) {
	p.t.Helper()
	p.shown++
	p.do(chromedp.EmulateViewport(320, 640))
	p.photograph(name + "-320")
	p.examine(nil)
	p.fits(320)
}

// scheme chooses light or dark. Without motion, so that a picture does not show a colour on its way to another.
func (p *person) scheme(name string) {
	p.t.Helper()
	p.do(call(emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
		{Name: "prefers-color-scheme", Value: name}, {Name: "prefers-reduced-motion", Value: "reduce"},
	}}))
}

// fits sees that the page is not wider than the screen.
func (p *person) fits(width int) {
	p.t.Helper()
	if said := p.wider(width); said != "" {
		p.t.Errorf("%s: %s scrolls sideways at %d: %s", p.step, p.path(), width, said)
	}
}

// wider says how much wider than the screen the page is, and what sticks out; "" if nothing does.
func (p *person) wider(width int) string {
	p.t.Helper()
	const wide = `(width => document.documentElement.scrollWidth <= width ? '' :
		document.documentElement.scrollWidth + ': ' + [...document.querySelectorAll('body *')].filter(e => e.getBoundingClientRect().right > width)
			.map(e => e.tagName + '.' + e.className).slice(0, 5).join(' '))(%d)`
	return ask[string](p, wide, width)
}

// notPromised are rules that axe-core has and that the pages do not promise: those of level AAA.
var notPromised = []string{"color-contrast-enhanced", "identical-links-same-purpose", "meta-refresh-no-exceptions"}

// examine sees that axe-core finds nothing on the page by any rule, or by some. A page that differs in words and numbers alone from one that was examined on the same screen is
// not examined again: the stories come by the same pages often, and each examination takes longer than the page.
func (p *person) examine(rules []string) {
	p.t.Helper()
	if _, again := p.examined.LoadOrStore(p.lang+strings.Join(rules, " ")+ask[string](p, shape), true); again {
		return
	}
	for _, violation := range p.violations(rules) {
		p.t.Errorf("%s: %s: axe-core finds %s", p.step, p.path(), violation)
	}
}

// shape is the SHA-256 of all that axe-core looks at and rules are about: elements, what is shown of them, their attributes without the ids of things, where there are words, and the screen.
const shape = `(async () => {
	const without = text => text.replace(/[0-9a-f]{8}-[0-9a-f-]{27}/g, '').replace(/[0-9]+/g, '0'), out = [innerWidth, matchMedia('(prefers-color-scheme: dark)').matches];
	const go = e => {
		out.push(e.tagName, e.checkVisibility(), e.checked, e.disabled, e.value === '');
		for (const a of e.attributes) out.push(a.name, ['value', 'href', 'src', 'action', 'formaction', 'd'].includes(a.name) ? a.value === '' : without(a.value));
		for (const c of e.childNodes) c.nodeType === 1 ? go(c) : c.nodeType === 3 && out.push(c.data.trim() !== '');
		out.push('/');
	};
	go(document.documentElement);
	const sum = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(out.join('|')));
	return btoa(String.fromCharCode(...new Uint8Array(sum)));
})()`

// violations runs axe-core on the page. The page's own policy, which allows no script, has no say in what the protocol
// evaluates.
func (p *person) violations(rules []string) []string {
	p.t.Helper()
	if _, err := chromedp.Run(p.ctx, chromedp.Evaluate[bool](p.axe+"\n;true")); err != nil {
		p.fatalf("axe-core: %v", err)
	}
	const run = `((only, not) => axe.run(document, {resultTypes: ['violations'], preload: false,
		runOnly: {type: 'rule', values: only ?? axe.getRules().map(r => r.ruleId).filter(r => !not.includes(r))}})
		.then(r => r.violations.map(v => v.id + ' (' + v.help + '): ' + v.nodes.map(n => n.html.slice(0, 200) + ' ' + n.failureSummary).slice(0, 3).join(' | '))))(%s, %s)`
	return ask[[]string](p, run, encode(p, rules), encode(p, notPromised))
}

func encode(p *person, v any) []byte {
	p.t.Helper()
	out, err := json.Marshal(v)
	if err != nil {
		p.fatalf("%v", err)
	}
	return out
}

// quoted is a CSS attribute selector for a value.
func quoted(name, value string) string { return "[" + name + "=" + strconv.Quote(value) + "]" }
