package e2e

import (
	"strings"
	"testing"
	"time"
)

const choices = `.fr-choice:has(input[name=procedures])`

// TestNarrow: the list of procedures narrows while somebody types, says how many it found, and hides nothing that is chosen; without scripts its button does the same.
func TestNarrow(t *testing.T) {
	t.Parallel()
	const record = "justice-casier"
	for name, h := range map[string]habits{"with scripts": {lang: "fr", album: "narrow"}, "without": {lang: "en", album: "narrow-plain", noScripts: true}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := arrive(t, h)
			p.signInAs(map[string]string{"fr": "demo-jeanne", "en": "demo-karim"}[h.lang])
			p.open("/mandats/nouveau")
			p.about("choose one, then look for others")
			p.unfold("details:has(#procedure-" + record + ")")
			p.tick("#procedure-" + record)
			p.write("#seek", map[string]string{"fr": "IMPÔT", "en": "tax"}[h.lang])
			if p.has("button[name=find]") != h.noScripts {
				t.Error("the button is there, or is not")
			}
			if h.noScripts {
				p.press("button[name=find]")
			}
			p.found(record, tax)
			if !h.noScripts {
				p.look("found")
				p.about("look for what there is not")
				p.write("#seek", "zzzz")
				p.status("aidant.terms.found_none")
				p.about("look for nothing")
				p.write("#seek", "\b")
				if p.has(".fr-accordion[hidden]") || p.has("#procedure-"+tax) || !p.has("#procedure-"+record+":checked") || !p.has("#theme-argent") {
					p.fatalf("the list is not as it was")
				}
				p.write("#seek", "impot")
				p.status("aidant.terms.found", "Number", p.shownChoices()-1)
				p.key("\r") // begins nothing
			}
			if p.path() != "/mandats/nouveau" {
				p.fatalf("left for %s", p.path())
			}
			p.tick("#procedure-" + tax)
		})
	}
}

// found sees what is looked for and what is chosen, and nothing else.
func (p *person) found(chosen, sought string) {
	p.t.Helper()
	if !p.has("#procedure-"+sought) || !p.has("#procedure-"+chosen+":checked") || p.has("#procedure-social-carte-europeenne") {
		p.fatalf("not found, or not narrowed")
	}
	p.status("aidant.terms.found", "Number", p.shownChoices()-1)
}

// shownChoices counts the procedures in sight.
func (p *person) shownChoices() int {
	p.t.Helper()
	return ask[int](p, `[...document.querySelectorAll(%q)].filter(e => e.checkVisibility()).length`, choices)
}

// status waits until the page's status says something.
func (p *person) status(key string, args ...any) {
	p.t.Helper()
	want := strings.Join(strings.Fields(p.text(key, args...)), " ")
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		if strings.Join(strings.Fields(p.read("[data-narrow-status]")), " ") == want {
			return
		}
	}
	p.fatalf("the status says %q, not %q", p.read("[data-narrow-status]"), want)
}
