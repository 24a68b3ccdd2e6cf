package e2e

import (
	"strings"

	"github.com/chromedp/cdproto/input"
)

const handBack = `form[action$="/recapitulatif"] button[type=submit]`

// inArabic reads the citizen's screen from right to left, draws a signature there with the mouse, clears it, and draws it again.
func (p *person) inArabic() {
	p.t.Helper()
	p.about("the citizen's screen in Arabic")
	p.press(`main button[lang=ar]`)
	if dir := ask[string](p, `getComputedStyle(document.querySelector("#recap-text")).direction + " " + getComputedStyle(document.querySelector("#recap-text bdi[lang=fr]")).direction`); dir != "rtl ltr" {
		p.fatalf("the text runs %s", dir)
	}
	p.look("screen-arabic")
	p.about("draw a signature")
	const drawn = `document.querySelector("[name=drawn]").value`
	p.click("canvas")
	if path := ask[string](p, drawn); path != "" {
		p.fatalf("a tap is a signature: %q", path)
	}
	p.draw()
	if path := ask[string](p, drawn); !strings.HasPrefix(path, "M") || strings.Count(path, "L") < 3 {
		p.fatalf("drawn: %q", path)
	}
	p.click(`[data-drawn-clear]`)
	if path := ask[string](p, drawn); path != "" {
		p.fatalf("cleared, and left: %q", path)
	}
	p.draw()
	p.look("screen-drawn")
}

// draw draws a zigzag on the field, as a mouse does.
func (p *person) draw() {
	p.t.Helper()
	at := ask[[]float64](p, `(r => [r.left, r.top, r.width, r.height])((c => { c.scrollIntoView({block: "center"}); return c.getBoundingClientRect(); })(document.querySelector("canvas")))`)
	if len(at) != 4 || at[2] < 200 {
		p.fatalf("the field is %v", at)
	}
	mouse := func(kind input.DispatchMouseEventType, x, y float64) {
		p.do(call(input.DispatchMouseEvent, input.DispatchMouseEventParams{Type: kind, X: at[0] + x*at[2], Y: at[1] + y*at[3], Button: input.MouseButtonLeft, Buttons: 1, ClickCount: 1}))
	}
	mouse("mousePressed", 0.1, 0.5)
	for i, y := range []float64{0.2, 0.8, 0.3, 0.7, 0.5} {
		mouse("mouseMoved", 0.2+float64(i)*0.15, y)
	}
	mouse("mouseReleased", 0.8, 0.5)
}
