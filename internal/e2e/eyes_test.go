package e2e

import (
	"context"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// TestEyes breaks a page, and sees that the checks which every page passes do find what is broken.
func TestEyes(t *testing.T) {
	t.Parallel()
	p := arrive(t, habits{lang: "fr"})
	p.about("break a page")
	p.open("/")
	ask[bool](p, `document.querySelector('main').append(document.createElement('img')) || true`)
	if found := strings.Join(p.violations(nil), " "); !strings.Contains(found, "image-alt") {
		t.Errorf("axe-core misses an image without text: %q", found)
	}
	p.do(chromedp.EmulateViewport(320, 640))
	ask[bool](p, `document.querySelector('main img').width = 600, document.querySelector('main img').style.maxWidth = 'none', true`)
	if p.wider(320) == "" {
		t.Error("a picture of 600 is not seen to be wider than 320")
	}
	ask[bool](p, `document.querySelector('a[href="/connexion"]').style.outline = '0', document.querySelector('a[href="/connexion"]').focus(), true`)
	if fault := ask[string](p, focusFault); !strings.HasPrefix(fault, "no visible focus") {
		t.Errorf("a focus that cannot be seen is not seen to be missing: %q", fault)
	}
	ask[bool](p, `window.wanted = [document.querySelector('footer a'), document.activeElement], true`)
	if said := ask[string](p, reached, 1); !strings.HasPrefix(said, "no visible focus") {
		t.Errorf("on the way with Tab it is not either: %q", said)
	}
	ask[bool](p, `window.wanted.reverse(), true`)
	if said := ask[string](p, reached, 1); !strings.HasPrefix(said, "does not reach") {
		t.Errorf("a control that Tab passes by is not seen to be missed: %q", said)
	}
}

// TestEyes_Policy breaks the policy of a page in the ways it is there for, and sees that the browser's complaints are heard.
func TestEyes_Policy(t *testing.T) {
	t.Parallel()
	for name, deed := range map[string]string{
		"script-src":  `document.body.append(Object.assign(document.createElement('script'), {textContent: '1'}))`,
		"style-src":   `document.body.append(Object.assign(document.createElement('style'), {textContent: 'p{}'}))`,
		"form-action": `(f => { f.method = 'post'; f.action = 'http://127.0.0.9:9/'; document.body.append(f); f.submit(); })(document.createElement('form'))`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := arrive(t, habits{lang: "fr"})
			p.about("break the policy")
			p.open("/")
			p.do(func(ctx context.Context, target *chromedp.Target) (chromedp.Void, error) {
				_, err := chromedp.Evaluate[any](deed+"; null")(ctx, target)
				return chromedp.Void{}, err
			})
			p.until("complaint", func() bool { return strings.Contains(strings.Join(p.said(), " "), name) })
			p.forgive()
		})
	}
}
