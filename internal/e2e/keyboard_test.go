package e2e

import (
	"strconv"
	"testing"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// TestKeyboard draws up and signs a mandate without the mouse.
func TestKeyboard(t *testing.T) {
	t.Parallel()
	p := arrive(t, habits{lang: "fr"})
	p.about("jump to the content")
	p.open("/connexion")
	p.key(kb.Tab)
	p.keyOn(`.fr-skiplinks a[href="#content"]`)
	if !ask[bool](p, `document.activeElement.getBoundingClientRect().top >= 0`) {
		p.fatalf("the skip link stays out of sight")
	}
	p.key(kb.Enter)
	p.keyTo(".fr-connect--pro")
	p.enter()
	p.keyTo("button" + quoted("value", "demo-karim"))
	p.enter()
	p.on("/espace")
	p.reaches()
	p.about("enter the terms")
	p.keyTo(`main a[href="/mandats/nouveau"]`)
	p.enter()
	p.reaches()
	p.keyTo("main form .fr-btn--lg")
	p.enter()
	p.about("go from a mistake to its field")
	p.refusal(422, "aidant.terms.title")
	p.reaches()
	p.jumpTo(`#errors a[href="#field-procedures"]`)
	p.keyTo("#field-procedures > details:first-of-type > summary")
	p.about("choose procedures")
	p.keyTo("details:has(#procedure-" + tax + ") > summary")
	p.key(kb.Enter)
	p.choose("#procedure-" + tax)
	p.keyTo("#field-days")
	p.key(kb.ArrowDown)
	p.choose("#field-no_protection")
	p.keyBackTo("#field-informed")
	p.key(" ")
	p.keyTo("main form .fr-btn--lg")
	p.enter()
	p.page("aidant.identity.title")
	p.reaches()
	p.about("identify")
	p.keyTo(toFranceConnect)
	p.enter()
	p.keyTo("button" + quoted("value", "naissance_Belgique"))
	p.enter()
	p.keyTo("button[name=continue]")
	p.enter()
	p.about("sign")
	p.page("aidant.recap.title")
	p.reaches()
	p.choose("#field-reading")
	p.keyTo("#field-understood") // a radio button
	for range 3 {
		if !p.has(rightAnswer + ":checked") {
			p.key(kb.ArrowDown)
		}
	}
	p.choose("#field-agreed")
	p.keyTo(`form[action$="/signature"] button[type=submit]`)
	p.enter()
	p.says("ends.confirmed")
	p.reaches()
}

func (p *person) key(keys string) {
	p.t.Helper()
	p.do(chromedp.KeyEvent(keys))
}

// enter presses Enter on what leads to another page.
func (p *person) enter() {
	p.t.Helper()
	p.leads(func() { p.key(kb.Enter) })
}

// jumpTo presses Enter on a link to a field of the page, and waits until that has the focus. The key's character belongs to the same event, as on a keyboard: sent by itself it
// would come to the field, and send its form.
func (p *person) jumpTo(selector string) {
	p.t.Helper()
	p.keyTo(selector)
	const enter = 13
	p.do(call(input.DispatchKeyEvent, input.DispatchKeyEventParams{Type: input.DispatchKeyEventTypeKeyDown, Key: "Enter", Code: "Enter", Text: "\r", WindowsVirtualKeyCode: enter}),
		call(input.DispatchKeyEvent, input.DispatchKeyEventParams{Type: input.DispatchKeyEventTypeKeyUp, Key: "Enter", Code: "Enter", WindowsVirtualKeyCode: enter}))
	p.until("jump", func() bool { return ask[bool](p, `document.querySelector(":target") !== null`) })
}

// choose goes to a box and ticks it with the space bar.
func (p *person) choose(selector string) {
	p.t.Helper()
	p.keyTo(selector)
	p.key(" ")
	if !ask[bool](p, `document.activeElement.checked`) {
		p.fatalf("%s is not chosen by the space bar", selector)
	}
}

const mostStops = 80

// keyTo presses Tab until a control has the focus.
func (p *person) keyTo(selector string) { p.t.Helper(); p.seek(selector, kb.Tab) }

// keyBackTo presses Shift and Tab until a control has the focus.
func (p *person) keyBackTo(selector string) { p.t.Helper(); p.seek(selector, kb.Tab, kb.ModifierShift) }

func (p *person) seek(selector, key string, with ...chromedp.Modifier) {
	p.t.Helper()
	for range mostStops {
		p.do(chromedp.KeyEvent(key, chromedp.KeyModifiers(with...)))
		switch fault := ask[string](p, `document.activeElement.matches(%s) ? `+focusFault+` : 'elsewhere'`, strconv.Quote(selector)); fault {
		case "elsewhere":
		case "":
			return
		default:
			p.fatalf("at %s: %s", selector, fault)
		}
	}
	p.fatalf("%d times Tab do not lead to %s", mostStops, selector)
}

// keyOn sees that a control has the focus, that it is in sight, and that the focus can be seen.
func (p *person) keyOn(selector string) {
	p.t.Helper()
	if fault := ask[string](p, focusFault); fault != "" || !ask[bool](p, `document.activeElement.matches(%s)`, strconv.Quote(selector)) {
		p.fatalf("at %s: %s", selector, fault)
	}
}

// focusFault says what is wrong with the focus: a ring is on the control, or on the card around it.
const focusFault = `(() => {
	const e = document.activeElement, name = e.outerHTML.slice(0, 120);
	const r = e.getBoundingClientRect();
	if (r.bottom <= 0 || r.top >= innerHeight || r.right <= 0 || r.left >= innerWidth) return 'out of sight: ' + name;
	const ring = e => { const s = getComputedStyle(e); return s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) >= 2; };
	return ring(e) || ring(e.parentElement) ? '' : 'no visible focus: ' + name;
})()`

// reaches goes through the whole page with Tab, and sees that every control is met once, in the order of the page.
func (p *person) reaches() {
	p.t.Helper()
	const mark = `(() => {
		document.body.tabIndex = -1; // from the top, as after an address was typed
		document.body.focus();
		document.body.removeAttribute('tabindex');
		const radio = new Set();
		window.wanted = [...document.querySelectorAll('a[href], button, input, select, textarea, summary, [tabindex="0"]')].filter(e => {
			if (!e.checkVisibility() || e.type === 'hidden' || e.tabIndex < 0) return false;
			if (e.type !== 'radio') return true;
			if (document.querySelector('[name="' + e.name + '"]:checked') !== null) return e.checked; // the group is entered there
			return !radio.has(e.name) && radio.add(e.name);
		});
		return window.wanted.length;
	})()`
	n := ask[int](p, mark)
	for i := range n {
		said := ""
		for range 4 { // a field for a date or an hour has a stop for each part of it, and one for the calendar or the clock
			p.key(kb.Tab)
			if said = ask[string](p, reached, i); said != "part" {
				break
			}
		}
		if said != "" {
			p.fatalf("Tab %d %s", i+1, said)
		}
	}
}

// reached says what is wrong with where the focus is, which ought to be on one of the controls that are wanted; "part" when it is still on a part of the one before.
const reached = `(i => {
	const e = document.activeElement, wanted = window.wanted;
	if (i > 0 && e === wanted[i-1] && ['date', 'time'].includes(e.type)) return 'part';
	if (e !== wanted[i]) return 'does not reach ' + wanted[i].outerHTML.slice(0, 120) + ' but ' + e.outerHTML.slice(0, 120);
	return ` + focusFault + `;
})(%d)`
